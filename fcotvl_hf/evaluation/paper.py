"""Figures of the paper (https://arxiv.org/abs/2502.18512) that ours are put beside."""

TASKS = (
    "DocVQA", "ChartQA", "TextVQA", "InfoVQA", "OCRBench", "OCRBench v2 En", "OCRBench v2 Ch",
    "AI2D", "MathVista", "ScienceQA",
)  # fmt: skip
"""Columns of Table 1."""

TABLE_1: dict[str, dict[float, tuple[float, ...]]] = {
    "internvl2-2b": {
        0.0: (85.90, 76.24, 73.36, 57.66, 78.4, 35.7, 34.5, 74.09, 46.30, 94.25),
        0.5: (86.21, 78.46, 72.90, 56.01, 80.2, 35.6, 34.8, 85.80, 58.96, 90.68),
        0.75: (83.60, 75.84, 72.37, 52.52, 81.2, 33.5, 34.4, 84.20, 52.90, 91.72),
    },
    "internvl2-8b": {
        0.0: (91.6, 83.3, 77.4, 74.8, 79.4, 39.6, 36.3, 83.77, 58.3, 97.22),
        0.5: (91.88, 85.52, 78.95, 71.71, 83.9, 42.1, 40.1, 93.80, 63.3, 95.14),
        0.75: (89.91, 84.16, 77.80, 67.11, 82.0, 41.8, 36.7, 93.48, 62.00, 93.40),
    },
}
"""Shape → compression → scores in the order of ``TASKS``; 0.0 is InternVL2 itself."""

TABLE_1_KEPT = {
    "internvl2-2b": {0.5: 104.20, 0.75: 100.91},
    "internvl2-8b": {0.5: 103.43, 0.75: 100.84},
}
"""Shape → compression → the table's average, in per cent of InternVL2's."""

TABLE_6 = {
    "Trainable": ("projector, compress module", "full parameters"),
    "Packed batch size": ("512", "512"),
    "Context length": ("4096", "5120"),
    "Image tile threshold": ("12", "12"),
    "ViT drop path": ("0.1", "0.1"),
    "Weight decay": ("0.01", "0.01"),
    "Epochs": ("1", "3"),
}
"""Setting → its value in re-alignment and in post-training. The rows whose values our copy of the paper lost are not
here: learning rate and number of examples."""

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
