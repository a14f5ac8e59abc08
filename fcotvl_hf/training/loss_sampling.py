"""Post-training sampling (https://arxiv.org/abs/2502.18512, section 3.3): easy data sets less often, hard ones more.

The paper gives no rule; ``sampling_probabilities`` is ours, the whole of it.
"""

from collections.abc import Collection, Mapping
from fnmatch import fnmatchcase

LOWEST, HIGHEST = 0.5, 2.0
"""Bounds of a data set's probability, as multiples of its share of the rows."""

GENERATION = ("*caption*", "*descri*", "*summar*", "*story*")
"""Patterns of sources whose answers are free text. Their loss is high because many answers are right, not because the
model is weak, so they are never drawn more often than their share."""


def sampling_probabilities(
    losses: Mapping[str, float], rows: Mapping[str, int], generation: Collection[str] = GENERATION
) -> dict[str, float]:
    """Turn the mean losses of a coarse run into the probabilities of the data sets.

    With n_s the rows and q_s = n_s / Σ n the share of data set s, and l_s its loss per response token, rounded to
    three decimals so that the order of additions does not matter, and at least 0.001:

        p_s = clip(c · q_s · l_s, 0.5 · q_s, h_s · q_s)      h_s = 2, or 1 for generation tasks

    and c is the one number that makes Σ p_s = 1. So a data set of twice the loss is drawn twice as often per row within
    the bounds, none vanishes, none is seen more than twice as often as without sampling, and generation tasks are never
    raised. Equal losses give the shares themselves.

    Args:
        losses: data set → mean loss per response token, not negative; one without a loss keeps its share.
        rows: data set → its number of rows, all positive.
        generation: names or patterns (``*`` and ``?``) of generation tasks.

    Returns:
        Data set → probability of a row to come from it; they sum to 1.

    Raises:
        ValueError: there are no rows, or a loss is negative or no number.
    """
    total = sum(rows.values())
    if not rows or min(rows.values()) < 1:
        raise ValueError(f"every data set needs rows to draw from, got {dict(rows)}")
    if bad := [source for source, loss in losses.items() if not loss >= 0]:
        raise ValueError(f"no loss to sample by: {bad[0]} has {losses[bad[0]]}")
    known = {source: max(round(losses[source], 3), 0.001) for source in rows if source in losses}
    if not known:
        return {source: count / total for source, count in rows.items()}
    average = sum(known[source] * rows[source] for source in known) / sum(rows[source] for source in known)
    factors = {source: known.get(source, average) / average for source in rows}
    exempt = {source for source in rows if any(fnmatchcase(source, pattern) for pattern in generation)}
    highest = {source: 1.0 if source in exempt else HIGHEST for source in rows}

    def drawn(scale: float) -> dict[str, float]:
        clipped = {source: min(max(scale * factors[source], LOWEST), highest[source]) for source in rows}
        return {source: clipped[source] * count / total for source, count in rows.items()}

    low, high = 0.0, HIGHEST / min(factors.values())
    for _ in range(100):  # the sum grows with the scale, from at most 1/2 to at least 1
        middle = (low + high) / 2
        low, high = (middle, high) if sum(drawn(middle).values()) < 1 else (low, middle)
    found = drawn(high)
    return {source: probability / sum(found.values()) for source, probability in found.items()}
