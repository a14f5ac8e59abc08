"""Options of supervised post-training."""

from dataclasses import dataclass, field

from .packing_config import PackingConfig
from .sampling_config import SamplingConfig


@dataclass
class FCoTSFTConfig(PackingConfig, SamplingConfig):
    """Supervised fine-tuning of all parameters; every option of TRL's ``SFTConfig`` works.

    Raises:
        ValueError: a learning rate is negative, or options exclude each other.
    """

    drop_path: float = field(
        default=0.1, metadata={"help": "Drop path of the last ViT layer, rising from 0 in the first; 0 turns it off."}
    )
    learning_rate: float = field(
        default=2e-5, metadata={"help": "Peak learning rate of the language model, and of every part without its own."}
    )
    vit_learning_rate: float | None = field(
        default=None, metadata={"help": "Peak learning rate of the ViT; 0 freezes it. Default: learning_rate."}
    )
    connector_learning_rate: float | None = field(
        default=None,
        metadata={"help": "Peak learning rate of compressor and projector; 0 freezes them. Default: learning_rate."},
    )

    muon: bool = field(
        default=False,
        metadata={
            "help": "Muon for the matrices inside the blocks, AdamW for everything else: fewer rows to the same loss "
            "where a small model has much to learn."
        },
    )

    def __post_init__(self) -> None:
        if self.muon and not str(self.optim).startswith("adamw_torch"):
            raise ValueError(f"muon goes with AdamW, not with optim {self.optim}; leave one of them out")
        if min(self.learning_rates.values()) < 0:
            raise ValueError("learning_rate, vit_learning_rate and connector_learning_rate must not be negative")
        if self.packing and self.sampling_update:
            raise ValueError("packing makes one epoch of the whole run: sampling_update would never come about")
        super().__post_init__()

    @property
    def learning_rates(self) -> dict[str, float]:
        """Part of the model → its peak learning rate."""
        own = {"vit": self.vit_learning_rate, "connector": self.connector_learning_rate}
        return {"language_model": self.learning_rate} | {
            part: self.learning_rate if rate is None else rate for part, rate in own.items()
        }
