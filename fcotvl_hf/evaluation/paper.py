"""Figures of the paper (https://arxiv.org/abs/2502.18512) that ours are put beside."""

TABLE_5 = {
    "internvl2-2b": {0.0: (782, 544, 868), 0.5: (598, 467, 614), 0.75: (553, 346, 600)},
    "internvl2-8b": {0.0: (1279, 704, 1457), 0.5: (838, 544, 857), 0.75: (673, 474, 614)},
}
"""Shape → compression → time of DocVQA, ChartQA and InfoVQA on one Ascend 910B4; the paper names no unit."""


def paper_speedups(shape: str, compression: float) -> list[float]:
    """How much faster the paper's students answer DocVQA, ChartQA and InfoVQA, decoding included.

    Args:
        shape: a name of ``TABLE_5``; of others nothing is known.
        compression: 0.5 or 0.75; likewise.
    """
    times = TABLE_5.get(shape, {})
    if compression not in times:
        return []
    return [teacher / student for teacher, student in zip(times[0.0], times[compression], strict=True)]
