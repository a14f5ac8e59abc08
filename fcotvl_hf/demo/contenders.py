"""Who is measured: the teacher, students at every stage, controls, and baselines that were not trained."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Literal

from fcotvl_hf.baselines import Reduced, reduced
from fcotvl_hf.eval_harness.rows import Row
from fcotvl_hf.hub.models import load_model
from fcotvl_hf.modeling import FCoTVLForConditionalGeneration, FCoTVLProcessor
from fcotvl_hf.tiny.rivals import rivals

from .live import LiveModel

Kind = Literal["teacher", "control", "student", "baseline"]
Loaded = tuple[FCoTVLForConditionalGeneration, FCoTVLProcessor] | Reduced


@dataclass(frozen=True)
class Contender:
    """One line of the demo's table.

    Args:
        name: what the table calls it.
        kind: what it is compared as.
        stage: how far its training is (``"start"``, ``"realigned"``, ``"posttrained"``, ``"merged"``), if any.
        compression: share of the visual tokens that it removes.
        live: trained during this demo.
        path: its folder, if it has one.
        load: gives model and processor, or a reduced model.
    """

    name: str
    kind: Kind
    stage: str | None
    compression: float
    live: bool
    path: Path | None
    load: Callable[[], Loaded]


def packaged() -> Iterator[Contender]:
    """The teacher and the students that come with the package."""
    yield _from_folder("teacher", "teacher", None, 0.0, False, "tiny")
    yield _from_folder("student 50 %", "student", "merged", 0.5, False, "tiny-50")
    yield _from_folder("student 75 %", "student", "merged", 0.75, False, "tiny-75")


def from_live(model: LiveModel) -> Iterator[Contender]:
    """A live model, at each of its stages if it is a student, at its end if it is a control."""
    stages = model.stages if model.kind == "student" else dict([list(model.stages.items())[-1]])
    for stage, folder in stages.items():
        yield _from_folder(model.name, model.kind, stage, model.compression, True, str(folder))


def baselines(
    model: FCoTVLForConditionalGeneration, processor: FCoTVLProcessor, rows: Sequence[Row]
) -> Iterator[Contender]:
    """Ways to spend as few visual tokens as the students without any training."""
    for keep in (0.5, 0.25):
        for name, specification in rivals(keep).items():
            load = partial(reduced, model, processor, specification, rows)
            yield Contender(name, "baseline", None, 1 - keep, False, None, load)


def _from_folder(name: str, kind: Kind, stage: str | None, compression: float, live: bool, model: str) -> Contender:
    folder = Path(model) if live else None
    return Contender(name, kind, stage, compression, live, folder, partial(load_model, model))
