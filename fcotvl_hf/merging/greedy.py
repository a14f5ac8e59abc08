"""Greedy soup (https://arxiv.org/abs/2203.05482, recipe 1): checkpoints are added while the average gets no worse."""

from .shapley import Subset, Value


def greedy_soup(value: Value, n: int) -> tuple[list[float], dict[Subset, float]]:
    """Choose checkpoints for an average, the best single one first.

    Args:
        value: score of the average of the checkpoints with these numbers, from 0.
        n: number of checkpoints.

    Returns:
        Weights, equal for the chosen and 0 for the others, and the scores that were asked for.

    Raises:
        ValueError: there are no checkpoints.
    """
    if n < 1:
        raise ValueError("no checkpoints to choose from; give at least one")
    values = {frozenset({i}): value(frozenset({i})) for i in range(n)}
    first, *others = sorted(range(n), key=lambda i: values[frozenset({i})], reverse=True)
    chosen = frozenset({first})
    for i in others:
        wider = chosen | {i}
        values[wider] = value(wider)
        if values[wider] >= values[chosen]:
            chosen = wider
    return [(i in chosen) / len(chosen) for i in range(n)], values
