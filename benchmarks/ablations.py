"""The paper's ablations of the re-alignment on the tiny model: Table 2, Table 3, Figure 4, and four that it lacks.

    python benchmarks/ablations.py --out runs/ablations                    # everything; hours on two CPU cores
    python benchmarks/ablations.py --out runs/ablations --studies strides  # one of them

compressors: each compressor at 50 %, re-aligned and post-trained briefly (Table 3; the losses are Figure 4) ·
strides: 50 % and 75 %, re-aligned only (Table 2) · cross-entropy: re-aligned with it, and by the divergence alone ·
re-alignment: post-trained with it and without · position: the convolution before the projector, and after it ·
controls: the same post-training for the teacher itself and for plain mean pooling, which tells what the data gives and
what compression costs. Every run is the tiny recipe with a few options changed. Called again, the script goes on where
it was stopped; runs that studies share are made once. Each study writes the losses as a picture;
``ablations.json`` holds scores and losses.
"""

import argparse
import json
import logging
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from fcotvl_hf.conversion.student import init_student
from fcotvl_hf.dataset_builders.ocr_mix.mix import TASKS
from fcotvl_hf.dataset_builders.rendering import Domain
from fcotvl_hf.eval_harness.runner import evaluate
from fcotvl_hf.eval_harness.tasks import get_task
from fcotvl_hf.hub.models import load_model
from fcotvl_hf.io.atomic import atomic_write
from fcotvl_hf.tiny.scores import Rows, Scores, figures, fresh_rows
from fcotvl_hf.tiny.students import post_train, realign
from fcotvl_hf.training.callbacks import Entry, read_log


@dataclass(frozen=True)
class Variant:
    """One student.

    Args:
        label: what to call it in its study.
        share: per cent of the visual tokens that it does without, 50 or 75; 0 is the teacher itself.
        compressor: what merges them.
        cross_entropy: whether re-alignment looks at the labels as well.
        realigned: whether it is re-aligned.
        tuned: whether it is post-trained.
        position: where the compressor stands.
    """

    label: str
    share: int = 50
    compressor: str = "conv1d"
    cross_entropy: bool = True
    realigned: bool = True
    tuned: bool = False
    position: str = "before_projector"

    @property
    def start(self) -> str:
        """Name of what there is before post-training."""
        if not self.share:
            return "teacher"
        name = f"{self.compressor}-{self.share}"
        if self.position != "before_projector":
            name += f"-{self.position.replace('_', '-')}"
        if not self.realigned:
            return f"{name}-untrained"
        return name if self.cross_entropy else f"{name}-without-ce"


@dataclass(frozen=True)
class Study:
    """Students that differ in one thing.

    Args:
        variants: the students.
        run: whose losses tell them apart, ``"realigned"`` or ``"tuned"``.
        curve: which of the logged losses.
    """

    variants: tuple[Variant, ...]
    run: str = "realigned"
    curve: str = "loss"


STUDIES = {
    "compressors": Study(tuple(Variant(c, compressor=c, tuned=True) for c in ("conv1d", "conv2d", "mean", "qformer"))),
    "strides": Study((Variant("50 %"), Variant("75 %", share=75))),
    "cross-entropy": Study((Variant("with"), Variant("without", cross_entropy=False)), curve="kl"),
    "position": Study((Variant("before"), Variant("after", position="after_projector"))),
    "re-alignment": Study((Variant("with", tuned=True), Variant("without", realigned=False, tuned=True)), run="tuned"),
    "controls": Study(
        (
            Variant("teacher + SFT", share=0, realigned=False, tuned=True),
            Variant("mean 50 %", compressor="mean", tuned=True),
            Variant("conv1d 50 %", tuned=True),
        ),
        run="tuned",
    ),
}


@dataclass(frozen=True)
class Budget:
    """How much is trained and asked.

    Args:
        distill_steps: optimizer steps of a re-alignment.
        sft_steps: of a post-training.
        per_task: pages of each task to score on.
        extra: further options of both commands.
    """

    distill_steps: int
    sft_steps: int
    per_task: int
    extra: tuple[str, ...] = ()


def main(argv: Sequence[str] | None = None) -> None:
    """Run studies, write ``ablations.json`` and a picture each, print a table.

    Args:
        argv: arguments; ``sys.argv``'s by default.
    """
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, required=True, help="folder for runs and results")
    parser.add_argument("--teacher", default="tiny", help="packaged name or folder of the teacher (default: tiny)")
    parser.add_argument("--studies", nargs="+", choices=STUDIES, default=list(STUDIES), help="default: all")
    parser.add_argument("--distill-steps", type=int, default=300, help="steps of a re-alignment (default: 300)")
    parser.add_argument("--sft-steps", type=int, default=100, help="steps of a post-training (default: 100)")
    parser.add_argument("--per-task", type=int, default=64, help="pages of each task to score on (default: 64)")
    args, extra = parser.parse_known_args(argv)
    logging.basicConfig(format="%(message)s", level=logging.WARNING)
    logging.getLogger("fcotvl_hf").setLevel(logging.INFO)
    budget = Budget(args.distill_steps, args.sft_steps, args.per_task, tuple(extra))
    if not claim(args.out, {"teacher": args.teacher, **asdict(budget)}):
        parser.error(f"{args.out} holds runs with other settings; give another --out")
    results = run_studies({name: STUDIES[name] for name in args.studies}, args.teacher, args.out, budget)
    print(table(results))


def claim(out: Path, settings: Mapping[str, Any]) -> bool:
    """Whether the runs in a folder have these settings; a new folder gets them."""
    path, text = out / "settings.json", json.dumps(settings, indent=2) + "\n"
    if path.exists():
        return path.read_text() == text
    out.mkdir(parents=True, exist_ok=True)
    atomic_write(path, text)
    return True


def run_studies(
    studies: Mapping[str, Study], teacher: str, out: Path, budget: Budget
) -> dict[str, list[dict[str, Any]]]:
    """Make, score and compare students.

    Args:
        studies: by name.
        teacher: the model that they come from.
        out: folder for runs and results.
        budget: how long.

    Returns:
        Study → a record of each variant, the teacher's first.
    """
    rows = fresh_rows(budget.per_task, 0, Domain())
    reference = answers(teacher, rows, out / "answers" / "teacher")
    baseline = {"label": "teacher", **figures(reference, reference), "losses": []}
    results = {}
    for name, study in studies.items():
        records = [baseline]
        for variant in study.variants:
            folder = make(variant, teacher, out, budget)
            scores = answers(str(folder), rows, out / "answers" / folder.relative_to(out))
            losses = read_log(out / study.run / variant.start / "log.jsonl")
            records.append({"label": variant.label, **figures(scores, reference), "losses": losses})
        draw(records, study.curve, out / f"{name}.png", name)
        results[name] = records
    atomic_write(out / "ablations.json", json.dumps(results, indent=2) + "\n")
    return results


def make(variant: Variant, teacher: str, out: Path, budget: Budget) -> Path:
    """Train one student, as far as it is not there yet.

    Args:
        variant: what it is.
        teacher: the model that it comes from.
        out: folder for all runs.
        budget: how long.

    Returns:
        Its folder.
    """
    start = out / "realigned" / variant.start
    if not variant.share:
        start = Path(teacher)
    elif not variant.realigned:
        if not start.exists():
            stride = 100 // (100 - variant.share)
            init_student(teacher, start, stride, variant.compressor, position=variant.position)
    else:
        ce_weight = "1" if variant.cross_entropy else "0"
        options = ("--ce_weight", ce_weight, "--compressor_position", variant.position, *budget.extra)
        realign(teacher, start, variant.share, variant.compressor, budget.distill_steps, options)
    if not variant.tuned:
        return start
    return post_train(str(start), out / "tuned" / variant.start, variant.share, budget.sft_steps, budget.extra)


def answers(model: str, rows: Rows, out: Path) -> Scores:
    """Ask a model what it was not asked before.

    Args:
        model: packaged name or folder.
        rows: the questions.
        out: keeps the answers.
    """
    loaded, processor = load_model(model)
    return {
        f"tiny-{task}": evaluate(
            loaded,
            processor,
            [row for row in rows if row["task"] == task],
            get_task(f"tiny-{task}"),
            batch_size=32,
            out=out,
        )
        for task in TASKS
    }


def draw(records: list[dict[str, Any]], curve: str, path: Path, title: str) -> None:
    """Draw the losses of a study's runs, averaged over some ten steps.

    Args:
        records: of ``run_studies``.
        curve: which of the losses.
        path: the PNG to write.
        title: the study.
    """
    from matplotlib.figure import Figure

    figure = Figure(figsize=(7, 4), layout="constrained")
    axes = figure.subplots()
    for record in records:
        if losses := record["losses"]:
            axes.plot(*smooth(losses, curve), label=record["label"])
    axes.set(xlabel="optimizer step", ylabel=f"{curve} per response token", title=title)
    axes.legend()
    figure.savefig(path, dpi=120)


def smooth(entries: list[Entry], curve: str, window: int = 10) -> tuple[list[float], list[float]]:
    """Steps, and the mean of up to ``window`` losses that end there."""
    losses = [entry[curve] for entry in entries]
    recent = [losses[max(0, end - window) : end] for end in range(1, len(losses) + 1)]
    return [entry["step"] for entry in entries], [sum(part) / len(part) for part in recent]


def table(results: dict[str, list[dict[str, Any]]]) -> str:
    """Scores of all studies as text."""
    lines = [f"{'study':14} {'variant':13} {'tokens':>7} {'score':>6} {'kept':>7}  difference to the teacher, 95 %"]
    for study, records in results.items():
        for record in records:
            low, high = record["difference"]
            figures_of = f"{record['tokens_per_image']:7.1f} {record['score']:6.3f} {record['retention']:7.1%}"
            lines.append(f"{study:14} {record['label']:13} {figures_of}  {low:+.3f} … {high:+.3f}")
    return "\n".join(lines)


if __name__ == "__main__":
    main()
