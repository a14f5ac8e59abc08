"""Supervised post-training of all parameters (https://arxiv.org/abs/2502.18512, section 3.3)."""

from .base_trainer import FCoTTrainer


class FCoTSFTTrainer(FCoTTrainer):
    """TRL's ``SFTTrainer`` on vision rows, with the loss on the assistant's answers."""

    _tag_names = ["fcot-vl", "sft", "trl"]
    _name = "FCoT-VL SFT"
