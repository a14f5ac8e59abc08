"""Options of re-alignment by self-distillation."""

from dataclasses import dataclass, field

from .base_config import FCoTConfig


@dataclass
class FCoTDistillationConfig(FCoTConfig):
    """Weights of the two losses and the temperature; everything else is TRL's ``SFTConfig``.

    Raises:
        ValueError: a weight is negative, both are zero, the temperature is not positive, or packing is on.
    """

    ce_weight: float = field(default=1.0, metadata={"help": "Weight of the cross-entropy with the labels."})
    kl_weight: float = field(
        default=1.0, metadata={"help": "Weight of the divergence KL(teacher || student), times temperature squared."}
    )
    temperature: float = field(default=1.0, metadata={"help": "Softens both distributions in the divergence."})
    learning_rate: float = field(
        default=1e-4, metadata={"help": "Peak learning rate of compressor and projector; all the rest is frozen."}
    )

    def __post_init__(self) -> None:
        if min(self.ce_weight, self.kl_weight) < 0 or self.ce_weight + self.kl_weight == 0:
            raise ValueError("ce_weight and kl_weight must not be negative, nor both zero")
        if self.temperature <= 0:
            raise ValueError(f"temperature must be positive, not {self.temperature}")
        if self.packing:
            raise ValueError("packing is for supervised fine-tuning; leave it out of distillation")
        super().__post_init__()
        self.prediction_loss_only = True  # full logits never exist
