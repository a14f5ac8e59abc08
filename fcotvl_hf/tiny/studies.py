"""Students that differ in one thing: which there are, and how each is made.

Every run is the tiny recipe with a few options changed; ``laboratory.py`` makes and scores them. Paper:
https://arxiv.org/abs/2502.18512, Tables 2 and 3, Figure 4; the controls are ours.
"""

from dataclasses import dataclass

from fcotvl_hf.dataset_builders.cot_mix.small_chart import BARE, CHAINED
from fcotvl_hf.dataset_builders.ocr_mix import mix


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
        thinking: task of the questions to think about which are half of post-training, ``CHAINED`` or ``BARE``; by
            default there are none.
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
    thinking: str | None = None

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
        parts = (self.start, self.sampling and f"{self.sampling}-sampling", self.thinking)
        return "-".join(filter(None, parts))

    @property
    def realigning(self) -> tuple[str, ...]:
        """Options of ``fcotvl distill`` beyond the recipe's."""
        told = ("--ce_weight", "1" if self.cross_entropy else "0", "--compressor_position", self.position)
        return (*told, "--ocr_tasks", *self.tasks) if self.tasks else told

    @property
    def tuning(self) -> tuple[str, ...]:
        """Options of ``fcotvl sft`` beyond the recipe's."""
        told: list[str] = []
        if self.sampling:
            told += ["--sampling", self.sampling, "--train_sampling_strategy", "random", "--coarse_share", _COARSE]
        if self.thinking:
            told += ["--ocr_tasks", *(name for task in mix.TASKS for name in (self.thinking, task))]
        return tuple(told)


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

    @property
    def has_thought(self) -> bool:
        """Whether students are asked what takes a step of thought."""
        return any(variant.thinking for variant in self.variants)


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
    "chains": Study(
        tuple(
            Variant(label, share=0, realigned=False, tuned=True, thinking=thinking)
            for label, thinking in (("bare answers", BARE), ("chains", CHAINED))
        ),
        run="tuned",
    ),
}
"""Name → study."""
