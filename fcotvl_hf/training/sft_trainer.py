"""Supervised post-training of all parameters (https://arxiv.org/abs/2502.18512, section 3.3)."""

from collections.abc import Iterable
from typing import Any

import torch
from torch import nn

from .muon import MuonAdamW
from .packed_rows import RowOrder
from .packing_trainer import PackingTrainer
from .parameter_groups import parameter_groups, part_of
from .sampling_trainer import SamplingTrainer
from .sft_config import FCoTSFTConfig


class FCoTSFTTrainer(PackingTrainer, SamplingTrainer):
    """TRL's ``SFTTrainer`` on vision rows, with the loss on the assistant's answers.

    Args:
        model: an ``FCoTVLForConditionalGeneration``, a folder or a Hub id.
        args: options of the run.
        train_dataset: rows with ``images`` and ``messages``.
        **kwargs: everything else that ``trl.SFTTrainer`` takes, ``peft_config`` among it.
    """

    args: FCoTSFTConfig
    _tag_names = ["fcot-vl", "sft", "trl"]
    _name = "FCoT-VL SFT"

    def __init__(self, model: Any, args: FCoTSFTConfig, train_dataset: Any, **kwargs: Any) -> None:
        super().__init__(model, args, train_dataset, **kwargs)
        for name, parameter in self.model.named_parameters():
            if args.learning_rates[part_of(name)] == 0:
                parameter.requires_grad_(False)

    def row_order(self, size: int) -> RowOrder:
        """As the parent says; drawn by the probabilities of the data sets where ``sampling`` asks for it."""
        sampler = self._sampler
        if sampler is None:
            return super().row_order(size)

        def order(number: int) -> Iterable[int]:
            sampler.set_epoch(number)
            return sampler

        return order

    def create_optimizer(self, model: nn.Module | None = None) -> torch.optim.Optimizer:
        """Build the optimizer with a group per part of the model, by the Trainer's own way for custom groups."""
        if self.optimizer is None:
            trained: Any = self.model if model is None else model
            optimizer, options = self.get_optimizer_cls_and_kwargs(self.args, trained)
            groups = parameter_groups(
                trained.named_parameters(),
                self.args.learning_rates,
                self.args.weight_decay,
                set(self.get_decay_parameter_names(trained)),
                self.args.muon,
            )
            self.optimizer_cls_and_kwargs = (MuonAdamW if self.args.muon else optimizer, {**options, "params": groups})
        return super().create_optimizer(model)

    def log(self, logs: dict[str, float], start_time: float | None = None) -> None:
        for metrics in self._metrics.values():
            metrics.pop("num_tokens", None)  # TRL counts from zero again when a run resumes
        super().log(logs, start_time)
