"""Shapley values of checkpoints: what each adds to the score, averaged over all orders in which they could be added.

φ_i = Σ_{S ∌ i} |S|! (n − |S| − 1)! / n! · [v(S ∪ {i}) − v(S)]. Section 3.4 of https://arxiv.org/abs/2502.18512 weights
checkpoints by it; v(S) is the development score of the average of S, v(∅) that of the base. The merge takes
w_i = max(φ_i, 0) / Σ max(φ_j, 0).
"""

import logging
import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import combinations
from random import Random
from statistics import fmean, stdev

logger = logging.getLogger(__name__)

Subset = frozenset[int]
Value = Callable[[Subset], float]

EXACT_UP_TO = 8
"""Checkpoints for which all 2ⁿ subsets are scored; above, permutations are drawn."""
_FEWEST_PERMUTATIONS = 10


@dataclass(frozen=True)
class ShapleyResult:
    """Shapley values and what they were computed from.

    Args:
        phi: φ of each checkpoint; they add up to v(all) − v(∅).
        weights: what the merge takes, not negative, with sum 1.
        values: v of each subset that was scored.
        stderr: standard error of each φ where permutations were drawn, else zeros.
        permutations: those that were drawn; none if φ is exact.
        fallback: the checkpoint that was taken alone because no φ is positive.
    """

    phi: list[float]
    weights: list[float]
    values: dict[Subset, float]
    stderr: list[float]
    permutations: list[tuple[int, ...]]
    fallback: int | None = None

    def phi_of(self, value: Value) -> list[float]:
        """φ of another value function over the same subsets, one task's score say: nothing new is scored.

        Args:
            value: asked for subsets in ``values`` only.
        """
        n = len(self.phi)
        return _means(_contributions(value, p) for p in self.permutations) if self.permutations else exact(value, n)


def shapley_weights(
    value: Callable[[frozenset[int]], float],
    n: int,
    *,
    seed: int = 0,
    tolerance: float = 0.1,
    max_permutations: int = 100,
) -> ShapleyResult:
    """Weights of n checkpoints for a merge; exact for up to 8, beyond that by permutation sampling.

    Sampling (https://doi.org/10.1016/j.cor.2008.04.004) stops early, after 10 permutations or more, once every standard
    error is at most ``tolerance`` times the magnitude of the largest φ.

    Args:
        value: score of the merge of the checkpoints with these numbers, from 0; asked once for each subset.
        n: number of checkpoints.
        seed: of the permutations.
        tolerance: see above; for sampling only.
        max_permutations: stop here at the latest; for sampling only.

    Raises:
        ValueError: there are no checkpoints, or a score is not finite.
    """
    if n < 1:
        raise ValueError("no checkpoints to weigh; give at least one")
    table: dict[Subset, float] = {}
    permutations: list[tuple[int, ...]] = []

    def known(subset: Subset) -> float:
        if subset not in table:
            table[subset] = float(value(subset))
            if not math.isfinite(table[subset]):
                raise ValueError(f"checkpoints {sorted(subset)} together score {table[subset]}, which is no number")
        return table[subset]

    if n <= EXACT_UP_TO:
        phi, stderr = exact(known, n), [0.0] * n
    else:
        phi, stderr, permutations = _sample(known, n, seed, tolerance, max_permutations)
    positive = [max(value, 0.0) for value in phi]
    total = math.fsum(positive)
    if total > 0:
        return ShapleyResult(phi, [value / total for value in positive], table, stderr, permutations)
    best = max(range(n), key=lambda i: known(frozenset({i})))
    logger.warning("no checkpoint adds to the score (no φ is positive): the best single one, number %d, is taken", best)
    return ShapleyResult(phi, [float(i == best) for i in range(n)], table, stderr, permutations, fallback=best)


def exact(value: Value, n: int) -> list[float]:
    """φ from all 2ⁿ subsets, small ones first.

    Args:
        value: of a subset of 0 … n − 1.
        n: number of checkpoints.
    """
    subsets = [frozenset(chosen) for size in range(n + 1) for chosen in combinations(range(n), size)]
    table = {subset: value(subset) for subset in subsets}
    phi = []
    for i in range(n):
        terms = (_share(len(s), n) * (table[s | {i}] - table[s]) for s in subsets if i not in s)
        phi.append(math.fsum(terms))
    return phi


def _share(size: int, n: int) -> float:
    """Share of the orders in which just these ``size`` checkpoints come before a given one."""
    return 1 / (n * math.comb(n - 1, size))


def _sample(
    value: Value, n: int, seed: int, tolerance: float, most: int
) -> tuple[list[float], list[float], list[tuple[int, ...]]]:
    """φ, standard errors and the permutations they come from."""
    random = Random(seed)
    permutations: list[tuple[int, ...]] = []
    drawn: list[list[float]] = []
    phi, stderr = [0.0] * n, [math.inf] * n
    while len(drawn) < most:
        permutations.append(tuple(random.sample(range(n), n)))
        drawn.append(_contributions(value, permutations[-1]))
        if len(drawn) < min(_FEWEST_PERMUTATIONS, most):
            continue
        phi = _means(drawn)
        stderr = [stdev(column) / math.sqrt(len(drawn)) for column in zip(*drawn, strict=True)]
        if max(stderr) <= tolerance * max(map(abs, phi)):
            break
    logger.info("%d permutations: largest standard error of a φ %.4f", len(drawn), max(stderr))
    return phi, stderr, permutations


def _contributions(value: Value, permutation: Sequence[int]) -> list[float]:
    """What each checkpoint adds when they are added in this order."""
    added = [0.0] * len(permutation)
    before = value(frozenset())
    for position, i in enumerate(permutation):
        after = value(frozenset(permutation[: position + 1]))
        added[i] = after - before
        before = after
    return added


def _means(rows: Iterable[Sequence[float]]) -> list[float]:
    return [fmean(column) for column in zip(*rows, strict=True)]
