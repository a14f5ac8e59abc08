"""Options of re-alignment by self-distillation."""

from dataclasses import dataclass, field

from .chunked_loss import Objective
from .losses import DIVERGENCES, DivergenceName
from .packing_config import PackingConfig

STORED_TOP_K = 64
"""Tokens per position that ``precompute_teacher`` keeps by default."""


@dataclass
class FCoTDistillationConfig(PackingConfig):
    """The loss, and where the teacher comes from; everything else is TRL's ``SFTConfig``.

    Raises:
        ValueError: an option is out of its range, or options exclude each other.
    """

    ce_weight: float = field(default=1.0, metadata={"help": "Weight of the cross-entropy with the labels."})
    kl_weight: float = field(
        default=1.0, metadata={"help": "Weight of the divergence from the teacher, times temperature squared."}
    )
    temperature: float = field(default=1.0, metadata={"help": "Softens both distributions in the divergence."})
    divergence: DivergenceName = field(
        default="forward_kl",
        metadata={
            "help": "forward_kl, KL(teacher || student), is the paper's; reverse_kl; jsd: both to their mixture."
        },
    )
    jsd_beta: float = field(
        default=0.5,
        metadata={"help": "The teacher's share in jsd's mixture: near 0 like forward_kl, near 1 reverse_kl."},
    )
    teacher_top_k: int | None = field(
        default=None,
        metadata={
            "help": "Compare the teacher's k likeliest tokens and the sum of all others, not the whole vocabulary. "
            f"Default: the whole; {STORED_TOP_K} with precompute_teacher."
        },
    )
    logits_chunk: int = field(
        default=256,
        metadata={
            "help": "Response tokens whose logits exist at one time. Each takes 28 bytes per entry of the vocabulary, "
            "44 with jsd."
        },
    )
    teacher_model: str | None = field(
        default=None,
        metadata={
            "help": "A separate teacher: packaged name, folder or Hub id. Needed once the student's language model or "
            "vision tower has been trained; it is a second model in memory."
        },
    )
    precompute_teacher: str | None = field(
        default=None,
        metadata={
            "help": "Folder for the teacher's top-k log-probabilities of all rows, written once, before training; runs "
            "that find them there, also of other strides and compressors, need no teacher."
        },
    )
    learning_rate: float = field(
        default=1e-4, metadata={"help": "Peak learning rate of compressor and projector; all the rest is frozen."}
    )

    def __post_init__(self) -> None:
        if min(self.ce_weight, self.kl_weight) < 0 or self.ce_weight + self.kl_weight == 0:
            raise ValueError("ce_weight and kl_weight must not be negative, nor both zero")
        if self.temperature <= 0:
            raise ValueError(f"temperature must be positive, not {self.temperature}")
        if self.packing and self.precompute_teacher:
            raise ValueError("precompute_teacher stores rows one by one; leave packing out")
        if self.divergence not in DIVERGENCES:
            raise ValueError(f"divergence must be one of {', '.join(DIVERGENCES)}, not {self.divergence!r}")
        if not 0 < self.jsd_beta < 1:
            raise ValueError(f"jsd_beta must lie between 0 and 1, not be {self.jsd_beta}")
        if self.logits_chunk < 1:
            raise ValueError(f"logits_chunk must be at least 1, not {self.logits_chunk}")
        if self.teacher_top_k is not None and self.teacher_top_k < 1:
            raise ValueError(f"teacher_top_k must be at least 1, not {self.teacher_top_k}; leave it out for all tokens")
        if self.precompute_teacher is not None and self.teacher_top_k is None:
            self.teacher_top_k = STORED_TOP_K
        super().__post_init__()
        self.prediction_loss_only = True  # full logits never exist

    @property
    def objective(self) -> Objective:
        """What is minimised."""
        return Objective(self.ce_weight, self.kl_weight, self.temperature, self.divergence, self.jsd_beta)
