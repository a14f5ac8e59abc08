"""Re-alignment by self-distillation (https://arxiv.org/abs/2502.18512, section 3.2).

Teacher and student share one ViT and one language model, both frozen. The ViT runs once per batch; its features pass
the teacher's projector at full length and the student's compressor and projector, and the language model reads both.
The student's compressor and projector learn from the labels and from the teacher's distributions over the response.
"""

import copy
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import nn
from transformers.modeling_outputs import BaseModelOutputWithPooling

from .alignment import TextInputs, response_rows, teacher_inputs
from .base_trainer import FCoTTrainer
from .distillation_config import FCoTDistillationConfig
from .losses import distillation_sums

TRAINED = ("compressor", "multi_modal_projector")
"""Parts of the model that learn; the rest is frozen."""


class FCoTDistillationTrainer(FCoTTrainer):
    """Train compressor and projector of a student against the teacher inside it.

    Args:
        model: an untrained student, see ``fcotvl_hf.conversion.student``, or its folder.
        args: options of the run.
        train_dataset: rows with ``images`` and ``messages``.
        teacher_projector: the teacher's projector. By default a copy of the student's, which is the teacher's in an
            untrained student; a trainer that resumes copies it before the checkpoint is loaded. Give it when
            ``model`` has been trained before.
        **kwargs: everything else that ``trl.SFTTrainer`` takes.
    """

    args: FCoTDistillationConfig
    # compute_loss divides by the tokens of the whole optimizer step
    loss_is_scaled_for_ga = True  # type: ignore[assignment]  # TRL infers the type None
    _tag_names = ["fcot-vl", "distillation", "trl"]
    _name = "FCoT-VL re-alignment by self-distillation"

    def __init__(
        self,
        model: Any,
        args: FCoTDistillationConfig,
        train_dataset: Any,
        teacher_projector: nn.Module | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(model, args, train_dataset, **kwargs)
        core = self.model.model
        source = core.multi_modal_projector if teacher_projector is None else teacher_projector
        self.teacher_projector = copy.deepcopy(source).requires_grad_(False).eval()
        self.teacher_projector.to(self.accelerator.device, core.multi_modal_projector.linear_1.weight.dtype)
        self.model.requires_grad_(False)
        for name in TRAINED:
            core.get_submodule(name).requires_grad_(True)

    def compute_loss(
        self,
        model: nn.Module,
        inputs: dict[str, Any],
        return_outputs: bool = False,
        num_items_in_batch: torch.Tensor | int | None = None,
    ) -> torch.Tensor:
        """Sum both losses over the batch's responses and divide by the tokens of the whole optimizer step.

        Args:
            model: the student, maybe wrapped for distributed training.
            inputs: ``input_ids``, ``attention_mask``, ``labels`` ``[batch, length]``; ``pixel_values``
                ``[tiles, 3, size, size]`` unless no row has an image.
            return_outputs: must be false, logits are never built.
            num_items_in_batch: response tokens of the optimizer step over all processes; in evaluation, where it is
                ``None``, the batch's own.

        Returns:
            The scalar loss.

        Raises:
            ValueError: ``return_outputs`` is asked for.
        """
        if return_outputs:
            raise ValueError("distillation builds no logits; evaluate with prediction_loss_only=True")
        student = self.accelerator.unwrap_model(model)
        with self.accelerator.autocast(), _forward_as(student, self._loss_sums):
            cross_entropy, divergence, rows = model(inputs)
        args = self.args
        total = args.ce_weight * cross_entropy + args.kl_weight * args.temperature**2 * divergence
        if num_items_in_batch is None:
            divisor, micro_batches = rows.clamp(min=1), 1
        else:
            processes = self.accelerator.num_processes if args.average_tokens_across_devices else 1
            divisor = torch.as_tensor(num_items_in_batch).clamp(min=1) / processes  # DDP averages over processes
            micro_batches = self.current_gradient_accumulation_steps
        self._record(cross_entropy / divisor * micro_batches, divergence / divisor * micro_batches)
        return total / divisor

    def _loss_sums(self, inputs: dict[str, Any]) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """Σ CE, Σ KL and the number of response positions of one batch."""
        student = self.accelerator.unwrap_model(self.model)
        core = student.model
        text = TextInputs(inputs["input_ids"], inputs["attention_mask"], inputs["labels"])
        teacher_text = teacher_inputs(text, student.config.image_token_id, student.config.compressor_stride)
        student_images = teacher_images = None
        if "pixel_values" in inputs:
            with torch.no_grad():
                features = core.get_vit_features(inputs["pixel_values"]).pooler_output  # [tiles, N, 4 × vision width]
                teacher_images = self.teacher_projector(features)  # [tiles, N, width]
            student_images = core.multi_modal_projector(core.compressor(features))  # [tiles, N / stride, width]
        with torch.no_grad():
            teacher_rows, teacher_targets = _read(core, teacher_text, teacher_images)
        student_rows, targets = _read(core, text, student_images)
        if not torch.equal(targets, teacher_targets):
            raise RuntimeError("teacher and student rows predict different tokens; batches must be padded on the right")
        cross_entropy, divergence = distillation_sums(
            student_rows, teacher_rows, targets, student.lm_head, self.args.temperature
        )
        if student_images is None:  # nothing trained took part: a zero gradient keeps backward and DDP going
            cross_entropy = cross_entropy + 0.0 * sum(p.sum() for p in student.parameters() if p.requires_grad)
        return cross_entropy, divergence, torch.as_tensor(len(targets), device=targets.device)

    def _record(self, cross_entropy: torch.Tensor, divergence: torch.Tensor) -> None:
        """Keep both for the next log line, which averages over micro-batches."""
        values = torch.stack([cross_entropy.detach(), divergence.detach()])
        ce, kl = self.accelerator.reduce(values, "mean").tolist()
        metrics = self._metrics["train" if self.model.training else "eval"]
        metrics["ce"].append(ce)
        metrics["kl"].append(kl)


def _read(core: nn.Module, text: TextInputs, images: torch.Tensor | None) -> tuple[torch.Tensor, torch.Tensor]:
    """Let the language model read text and visual tokens; return response rows ``[N, width]`` and targets ``[N]``."""
    encoded = None if images is None else {"image": BaseModelOutputWithPooling(pooler_output=images)}
    hidden = core(
        input_ids=text.input_ids, attention_mask=text.attention_mask, mm_encoder_outputs=encoded, use_cache=False
    ).last_hidden_state  # [batch, length, width]
    return response_rows(hidden, text.labels)


@contextmanager
def _forward_as(module: nn.Module, function: Callable[..., Any]) -> Iterator[None]:
    """Let ``module(…)`` call ``function``, so that the hooks of a distributed wrapper around it still fire."""
    original = module.forward
    module.forward = function
    try:
        yield
    finally:
        module.forward = original
