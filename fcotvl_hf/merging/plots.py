"""Two pictures of a scored merge: the see-saw of the checkpoints (Figure 5 of the paper) and their Shapley values."""

from collections.abc import Mapping, Sequence
from pathlib import Path


def plot_seesaw(scores: Mapping[str, Mapping[str, float]], path: Path) -> None:
    """Draw each task's score over the checkpoints of a run, and at the right what merges of them reach.

    Args:
        scores: name of a model → task → score; checkpoints first, in the order of training, then merges.
        path: the PNG to write.
    """
    from matplotlib.figure import Figure  # a Figure of its own draws without a display

    names = list(scores)
    figure = Figure(figsize=(max(6, 1.1 * len(names)), 4), layout="constrained")
    axes = figure.subplots()
    for task in scores[names[0]]:
        axes.plot(names, [scores[name][task] for name in names], marker="o", label=task)
    axes.set(ylabel="score")
    axes.tick_params(axis="x", rotation=30)
    axes.legend()
    axes.grid(alpha=0.3)
    figure.savefig(path, dpi=120)


def plot_shapley(names: Sequence[str], phi: Mapping[str, Sequence[float]], stderr: Sequence[float], path: Path) -> None:
    """Draw what each checkpoint contributes to the mean score and to each task.

    Args:
        names: of the checkpoints.
        phi: ``"mean"`` or a task → φ of each checkpoint.
        stderr: standard errors of the mean's φ; zeros if it is exact.
        path: the PNG to write.
    """
    from matplotlib.figure import Figure

    figure = Figure(figsize=(max(6, 1.5 * len(names)), 4), layout="constrained")
    axes = figure.subplots()
    width = 0.8 / len(phi)
    for number, (label, values) in enumerate(phi.items()):
        places = [index + (number - (len(phi) - 1) / 2) * width for index in range(len(names))]
        bars = stderr if label == "mean" and any(stderr) else None
        axes.bar(places, values, width, yerr=bars, label=label)
    axes.axhline(0, color="black", linewidth=0.8)
    axes.set_xticks(range(len(names)), names, rotation=30)
    axes.set(ylabel="Shapley value φ")
    axes.legend()
    figure.savefig(path, dpi=120)
