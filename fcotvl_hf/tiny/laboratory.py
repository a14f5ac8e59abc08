"""Where the students of studies are made, asked and compared.

Runs that studies share are made once, and what is there is not made again, so a stopped study goes on.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from fcotvl_hf.conversion.student import init_student
from fcotvl_hf.dataset_builders.cot_mix.small_chart import CHAINED
from fcotvl_hf.dataset_builders.ocr_mix.mix import TASKS
from fcotvl_hf.dataset_builders.rendering import Domain
from fcotvl_hf.eval_harness.result import TaskResult
from fcotvl_hf.hub.models import load_model
from fcotvl_hf.io.atomic import atomic_write
from fcotvl_hf.training.callbacks import read_log

from .scores import Scores, ask_all, figures, fresh_rows
from .students import SHARES, other_pages, post_train, realign
from .studies import STUDIES, Study, Variant
from .thought import THOUGHT, ask_thought
from .weights import weights_of

RESULTS = "ablations.json"
"""Holds the studies that are done, in the folder of their runs."""
_TEACHER = "teacher"


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
        """Whether the runs in the folder are of this teacher's weights and budget; a new folder becomes theirs."""
        path = self.out / "settings.json"
        text = json.dumps({"teacher": weights_of([self.teacher])[self.teacher], **asdict(self.budget)}, indent=2) + "\n"
        if path.exists():
            return path.read_text(encoding="utf-8") == text
        self.out.mkdir(parents=True, exist_ok=True)
        atomic_write(path, text)
        return True

    def results(self) -> dict[str, list[dict[str, Any]]]:
        """What is done: study → records of ``study``."""
        path = self.runs / RESULTS
        return json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}

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
            and ``pages``, the score of each page by task. If there are questions to think about, also ``thought``:
            ``n``, how many, the ``score`` on them, and the score of each as ``pages``.
        """
        reference = self._answers(self.teacher, _TEACHER)
        records = [{"label": _TEACHER, **figures(reference, reference), "losses": [], "pages": _pages(reference)}]
        for variant in study.variants:
            found = self._answers(*self._student(variant))
            log = self.runs / study.run / (variant.end if study.run == "tuned" else variant.start) / "log.jsonl"
            told = {"losses": read_log(log), "pages": _pages(found)}
            records.append({"label": variant.label, **figures(found, reference), **told})
        if study.has_thought:
            for record, thought in zip(records, self._think(study), strict=True):
                record["thought"] = thought
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

    def _think(self, study: Study) -> Iterator[dict[str, Any]]:
        """The teacher's and each variant's score on questions that take a step of thought."""
        asked = [self._thoughts(self.teacher, _TEACHER, steps=False)]
        for variant in study.variants:
            asked.append(self._thoughts(*self._student(variant), steps=variant.thinking == CHAINED))
        for result in asked:
            yield {"n": len(result.samples), "score": result.score, "pages": _pages({THOUGHT.name: result})}

    def _student(self, variant: Variant) -> tuple[str, str]:
        """Folder and name of a student; it is made first if it is not there."""
        folder = str(self.make(variant))
        return folder, _TEACHER if folder == self.teacher else str(Path(folder).relative_to(self.runs))

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

    def _thoughts(self, model: str, name: str, *, steps: bool) -> TaskResult:
        folder = self.runs / "answers" / name
        return ask_thought(*load_model(model), self.budget.per_task * len(TASKS), steps=steps, out=folder)


def _pages(results: Scores) -> dict[str, list[float]]:
    """Task → the score of each page."""
    return {task: [float(score) for score in result.scores] for task, result in results.items()}


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
