"""Options of supervised post-training."""

from dataclasses import dataclass

from .base_config import FCoTConfig


@dataclass
class FCoTSFTConfig(FCoTConfig):
    """Supervised fine-tuning of all parameters; every option of TRL's ``SFTConfig`` works."""
