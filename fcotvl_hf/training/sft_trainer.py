"""Supervised post-training of all parameters (https://arxiv.org/abs/2502.18512, section 3.3)."""

from .base_trainer import FCoTTrainer


class FCoTSFTTrainer(FCoTTrainer):
    """TRL's ``SFTTrainer`` on vision rows, with the loss on the assistant's answers."""

    _tag_names = ["fcot-vl", "sft", "trl"]
    _name = "FCoT-VL SFT"

    def log(self, logs: dict[str, float], start_time: float | None = None) -> None:
        for metrics in self._metrics.values():
            metrics.pop("num_tokens", None)  # TRL counts from zero again when a run resumes
        super().log(logs, start_time)
