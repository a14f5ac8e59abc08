"""Students that differ in one thing: which, how they are made, and what they are asked.

Every run is the tiny recipe with a few options changed. Runs that studies share are made once, and what is there is
not made again, so a stopped study goes on. Paper: https://arxiv.org/abs/2502.18512, Tables 2 and 3, Figure 4; the
controls are ours.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from fcotvl_hf.conversion.student import init_student
from fcotvl_hf.dataset_builders.rendering import Domain
from fcotvl_hf.hub.models import load_model
from fcotvl_hf.io.atomic import atomic_write
from fcotvl_hf.training.callbacks import read_log

from .scores import Scores, ask_all, figures, fresh_rows, paired
from .students import SHARES, other_pages, post_train, realign
from .weights import weights_of


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
        tasks: of re-alignment; by default the recipe's.
        sampling: of post-training, see ``SamplingConfig``; by default the recipe's order of pages.
    """

    label: str
    share: int = 50
    compressor: str = "conv1d"
    cross_entropy: bool = True
    realigned: bool = True
    tuned: bool = False
    position: str = "before_projector"
    tasks: tuple[str, ...] = ()
    sampling: str | None = None

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
        name = "-".join([name, *self.tasks])
        return name if self.cross_entropy else f"{name}-without-ce"

    @property
    def end(self) -> str:
        """Name of what there is after post-training."""
        return f"{self.start}-{self.sampling}-sampling" if self.sampling else self.start

    @property
    def realigning(self) -> tuple[str, ...]:
        """Options of ``fcotvl distill`` beyond the recipe's."""
        told = ("--ce_weight", "1" if self.cross_entropy else "0", "--compressor_position", self.position)
        return (*told, "--ocr_tasks", *self.tasks) if self.tasks else told

    @property
    def tuning(self) -> tuple[str, ...]:
        """Options of ``fcotvl sft`` beyond the recipe's."""
        if not self.sampling:
            return ()
        return ("--sampling", self.sampling, "--train_sampling_strategy", "random", "--coarse_share", _COARSE)


_COARSE = "0.002"
"""Share of the recipe's pages in the coarse run of post-training sampling: eight steps."""


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


_READING = ("recognition", "table", "chart")
_ASKING = ("lookup",)
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
    "tasks": Study((Variant("reading", tasks=_READING), Variant("questions", tasks=_ASKING))),
    "sampling": Study(
        (Variant("uniform", tuned=True, sampling="uniform"), Variant("by loss", tuned=True, sampling="auto")),
        run="tuned",
    ),
}
"""Name → study."""

RESULTS = "ablations.json"
"""Holds the studies that are done, in the folder of their runs."""


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


@dataclass(frozen=True)
class Laboratory:
    """Where studies are made.

    Args:
        teacher: packaged name or folder of the model that all students come from.
        out: folder for runs, answers and results.
        budget: how long.
        seed: of the training pages; the pages that students are asked are the same for all seeds.
    """

    teacher: str
    out: Path
    budget: Budget
    seed: int = 0

    def claim(self) -> bool:
        """Whether the runs in the folder are of this teacher and budget; a new folder becomes theirs."""
        path = self.out / "settings.json"
        text = json.dumps({"teacher": weights_of([self.teacher]), **asdict(self.budget)}, indent=2) + "\n"
        if path.exists():
            return path.read_text() == text
        self.out.mkdir(parents=True, exist_ok=True)
        atomic_write(path, text)
        return True

    def results(self) -> dict[str, list[dict[str, Any]]]:
        """What is done: study → records of ``study``."""
        path = self.runs / RESULTS
        return json.loads(path.read_text()) if path.exists() else {}

    def needs_training(self, name: str) -> bool:
        """Whether a study lacks students.

        Args:
            name: in ``STUDIES``.
        """
        lacking = (not self._folder(variant).exists() for variant in STUDIES[name].variants)
        return name not in self.results() and any(lacking)

    def study(self, study: Study) -> list[dict[str, Any]]:
        """Make, score and compare the students of a study.

        Args:
            study: which.

        Returns:
            A record of each variant, the teacher's first: ``label``, ``scores.figures``, ``losses`` (the run's log)
            and, under ``over``, the paired differences to the other variants.
        """
        reference = self._answers(self.teacher, "teacher")
        asked = {variant.label: self._ask(variant) for variant in study.variants}
        records = [{"label": "teacher", **figures(reference, reference), "losses": [], "over": {}}]
        for variant in study.variants:
            found = asked[variant.label]
            others = {label: paired(found, other) for label, other in asked.items() if label != variant.label}
            log = self.runs / study.run / (variant.end if study.run == "tuned" else variant.start) / "log.jsonl"
            told = {"label": variant.label, **figures(found, reference), "losses": read_log(log), "over": others}
            records.append(told)
        return records

    def make(self, variant: Variant) -> Path:
        """Train one student, as far as it is not there yet.

        Args:
            variant: what it is.

        Returns:
            Its folder.
        """
        start, extra = self._start(variant), self.budget.extra
        if variant.share and not variant.realigned:
            if not start.exists():
                stride = 100 // (100 - variant.share)
                init_student(self.teacher, start, stride, variant.compressor, position=variant.position)
        elif variant.share:
            options = (*variant.realigning, *other_pages("distill", self.seed), *extra)
            realign(self.teacher, start, variant.share, variant.compressor, self.budget.distill_steps, options)
        if not variant.tuned:
            return start
        options = (*variant.tuning, *other_pages("sft", self.seed), *extra)
        share = variant.share or SHARES[0]  # whose recipe; they differ in their folders only
        return post_train(str(start), self._tuned(variant), share, self.budget.sft_steps, options)

    @property
    def runs(self) -> Path:
        """Folder of this seed."""
        return self.out / f"seed-{self.seed}" if self.seed else self.out

    def _ask(self, variant: Variant) -> Scores:
        """A student's answers; it is made first if it is not there."""
        folder = str(self.make(variant))
        return self._answers(folder, "teacher" if folder == self.teacher else str(Path(folder).relative_to(self.runs)))

    def _start(self, variant: Variant) -> Path:
        return self.runs / "realigned" / variant.start if variant.share else Path(self.teacher)

    def _tuned(self, variant: Variant) -> Path:
        return self.runs / "tuned" / variant.end

    def _folder(self, variant: Variant) -> Path:
        """What is written last of a variant."""
        if variant.tuned:
            return self._tuned(variant) / "merged"
        return self._start(variant) / ("README.md" if variant.realigned else "config.json")

    def _answers(self, model: str, name: str) -> Scores:
        rows = fresh_rows(self.budget.per_task, 0, Domain())
        return ask_all(*load_model(model), rows, self.runs / "answers" / name)


def run_studies(
    names: Sequence[str], laboratory: Laboratory
) -> Iterator[tuple[str, Mapping[str, list[dict[str, Any]]]]]:
    """Run studies that are not done, one after the other; ``ablations.json`` in the folder holds what is done.

    Args:
        names: in ``STUDIES``.
        laboratory: where and how long.

    Yields:
        The study's name, and all that ``ablations.json`` holds by now: study → records.
    """
    results = laboratory.results()
    for name in names:
        if name not in results:
            results[name] = laboratory.study(STUDIES[name])
            atomic_write(laboratory.runs / RESULTS, json.dumps(results, indent=2) + "\n")
        yield name, results
