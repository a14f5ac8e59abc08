"""Shapley values on value tables: the axioms, a brute-force oracle, sampling, and the weights that follow."""

import math
from collections.abc import Callable
from itertools import combinations, permutations
from random import Random

import pytest

from fcotvl_hf.merging import ShapleyResult, greedy_soup, shapley_weights

Table = dict[frozenset[int], float]


def subsets(n: int) -> list[frozenset[int]]:
    return [frozenset(chosen) for size in range(n + 1) for chosen in combinations(range(n), size)]


def random_table(n: int, seed: int) -> Table:
    random = Random(seed)
    return {subset: random.random() for subset in subsets(n)}


def oracle(table: Table, n: int) -> list[float]:
    """The mean contribution over all n! orders."""
    phi = [0.0] * n
    for order in permutations(range(n)):
        for position, i in enumerate(order):
            phi[i] += table[frozenset(order[: position + 1])] - table[frozenset(order[:position])]
    return [value / math.factorial(n) for value in phi]


def counted(table: Table) -> tuple[Callable[[frozenset[int]], float], list[frozenset[int]]]:
    asked: list[frozenset[int]] = []

    def value(subset: frozenset[int]) -> float:
        asked.append(subset)
        return table[subset]

    return value, asked


@pytest.mark.parametrize("n", [1, 2, 3, 5, 6])
def test_exact_values_are_the_mean_over_all_orders(n: int) -> None:
    table = random_table(n, seed=n)
    value, asked = counted(table)
    result = shapley_weights(value, n)
    assert result.phi == pytest.approx(oracle(table, n))
    assert sorted(map(sorted, asked)) == sorted(map(sorted, subsets(n)))  # each once
    assert result.values == table and result.stderr == [0] * n and result.permutations == []


def test_efficiency_symmetry_dummy_linearity() -> None:
    n = 5
    first, second = random_table(n, 1), random_table(n, 2)
    phi = [shapley_weights(table.__getitem__, n).phi for table in (first, second)]
    assert sum(phi[0]) == pytest.approx(first[frozenset(range(n))] - first[frozenset()])
    mixed = {subset: 2 * first[subset] - 3 * second[subset] for subset in first}
    expected = [2 * a - 3 * b for a, b in zip(*phi, strict=True)]
    assert shapley_weights(mixed.__getitem__, n).phi == pytest.approx(expected)
    swap = {0: 1, 1: 0}
    symmetric = {s: first[s] + first[frozenset(swap.get(i, i) for i in s)] for s in first}
    found = shapley_weights(symmetric.__getitem__, n).phi
    assert found[0] == pytest.approx(found[1])
    dummy = {s: first[s - {3}] + (0.125 if 3 in s else 0) for s in first}
    assert shapley_weights(dummy.__getitem__, n).phi[3] == pytest.approx(0.125)


def test_weights_are_the_positive_part_normalized() -> None:
    gains = [0.3, -0.2, 0.1]
    result = shapley_weights(lambda subset: sum(gains[i] for i in subset), 3)
    assert result.phi == pytest.approx(gains)
    assert result.weights == pytest.approx([0.75, 0, 0.25])
    assert result.fallback is None


def test_best_single_checkpoint_where_no_phi_is_positive(caplog: pytest.LogCaptureFixture) -> None:
    gains = [-0.3, -0.1, -0.2]
    result = shapley_weights(lambda subset: 1 + sum(gains[i] for i in subset), 3)
    assert (result.weights, result.fallback) == ([0, 1, 0], 1)
    assert "no φ is positive" in caplog.text


def test_other_tables_over_the_same_subsets_score_nothing_new() -> None:
    table = random_table(4, 5)
    result = shapley_weights(random_table(4, 4).__getitem__, 4)
    assert result.phi_of(table.__getitem__) == pytest.approx(oracle(table, 4))


def additive(n: int, noise: float) -> tuple[Callable[[frozenset[int]], float], list[float]]:
    gains = [(i + 1) / n for i in range(n)]

    def value(subset: frozenset[int]) -> float:
        wobble = Random(str(sorted(subset))).uniform(-noise, noise) if 0 < len(subset) < n else 0
        return sum(gains[i] for i in subset) + wobble

    return value, gains


def test_sampling_stops_early_and_tells_its_error() -> None:
    value, gains = additive(9, noise=0.05)
    result = shapley_weights(value, 9, seed=1)
    assert 10 <= len(result.permutations) < 100
    assert max(result.stderr) <= 0.1 * max(result.phi)
    assert min(result.stderr) > 0
    assert all(abs(a - b) < 5 * e for a, b, e in zip(result.phi, gains, result.stderr, strict=True))
    assert sum(result.phi) == pytest.approx(value(frozenset(range(9))) - value(frozenset()))
    assert result.phi_of(value) == pytest.approx(result.phi)
    again: ShapleyResult = shapley_weights(value, 9, seed=1)
    assert again == result


def test_sampling_ends_at_its_limit() -> None:
    value, _ = additive(9, noise=1.0)
    assert len(shapley_weights(value, 9, tolerance=0, max_permutations=12).permutations) == 12


def test_what_is_no_score_is_refused() -> None:
    with pytest.raises(ValueError, match=r"checkpoints \[0\] together score nan"):
        shapley_weights(lambda subset: math.nan if subset else 0.0, 2)
    with pytest.raises(ValueError, match="no checkpoints"):
        shapley_weights(lambda subset: 0.0, 0)


def test_greedy_adds_while_the_average_gets_no_worse() -> None:
    table = {(1,): 0.9, (0,): 0.8, (2,): 0.7, (0, 1): 0.85, (1, 2): 0.9}
    weights, values = greedy_soup(lambda subset: table[tuple(sorted(subset))], 3)
    assert weights == [0, 0.5, 0.5]
    assert {tuple(sorted(subset)): value for subset, value in values.items()} == table
    with pytest.raises(ValueError, match="no checkpoints"):
        greedy_soup(lambda subset: 0.0, 0)
