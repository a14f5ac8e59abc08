"""Re-alignment by self-distillation (https://arxiv.org/abs/2502.18512, section 3.2).

Teacher and student share one ViT and one language model, both frozen. The ViT runs once per batch; its features pass
the teacher's projector at full length and the student's compressor and projector, and the language model reads both.
The student's compressor and projector learn from the labels and from the teacher's distributions over the response.
"""

import copy
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import torch
from torch import nn
from torch.utils.data import DataLoader

from fcotvl_hf.modeling import FCoTVLForConditionalGeneration

from .chunked_loss import LossSums, distillation_sums
from .distillation_config import FCoTDistillationConfig
from .packing_trainer import PackingTrainer
from .precompute import Precomputer, processor_hash
from .skipping import SkippingCollator
from .stored_rows import StoredCollator, StoredRows, row_keys
from .teacher_source import TeacherSource, separate_source, shared_source
from .teachers import Inputs, StoredTeacher, Teacher, read, text_of

TRAINED = ("compressor", "multi_modal_projector")
"""Parts of the model that learn; the rest is frozen."""


class FCoTDistillationTrainer(PackingTrainer):
    """Train compressor and projector of a student against the teacher inside it.

    Args:
        model: an untrained student, see ``fcotvl_hf.conversion.student``, or its folder.
        args: options of the run.
        train_dataset: rows with ``images`` and ``messages``.
        teacher_projector: the teacher's projector. By default a copy of the student's, which is the teacher's in an
            untrained student; a trainer that resumes copies it before the checkpoint is loaded. Give it when
            ``model`` has been trained before.
        teacher_model: a separate teacher, in place of ``args.teacher_model``. Needed when the student's language model
            or ViT is no longer the teacher's; only then is there a second model in memory.
        **kwargs: everything else that ``trl.SFTTrainer`` takes.

    Raises:
        ValueError: a projector and a separate teacher are given, teacher and student do not fit, the top k is the whole
            vocabulary, or the folder of ``args.precompute_teacher`` belongs to another teacher or other data.
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
        teacher_model: FCoTVLForConditionalGeneration | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(model, args, train_dataset, **kwargs)
        if (args.teacher_top_k or 0) >= (vocabulary := self.model.config.text_config.vocab_size):
            raise ValueError(
                f"teacher_top_k must be below the vocabulary's {vocabulary} tokens, not {args.teacher_top_k}"
            )
        source = self._source(teacher_projector, args.teacher_model if teacher_model is None else teacher_model)
        self.model.requires_grad_(False)
        for name in TRAINED:
            self.model.model.get_submodule(name).requires_grad_(True)
        self._stored = self._precompute(source, Path(args.precompute_teacher)) if args.precompute_teacher else []
        self.teacher: Teacher = StoredTeacher() if self._stored else source.load()

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
            inputs: ``input_ids``, ``labels`` and ``attention_mask``, in packs ``position_ids``, each
                ``[batch, length]``; ``pixel_values`` ``[tiles, 3, size, size]`` unless no row has an image.
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
            sums, rows = model(inputs)
        args = self.args
        if num_items_in_batch is None:
            divisor, micro_batches = rows.clamp(min=1), 1
        else:
            processes = self.accelerator.num_processes if args.average_tokens_across_devices else 1
            divisor = torch.as_tensor(num_items_in_batch).clamp(min=1) / processes  # DDP averages over processes
            micro_batches = self.current_gradient_accumulation_steps
        self._record(sums.cross_entropy / divisor * micro_batches, sums.divergence / divisor * micro_batches)
        return sums.total / divisor

    def _loss_sums(self, inputs: dict[str, Any]) -> tuple[LossSums, torch.Tensor]:
        """Sums over one batch, and the number of its response positions."""
        student = self.accelerator.unwrap_model(self.model)
        core = student.model
        features = self._vit_features(inputs)
        answer = self.teacher(student, inputs, features)
        images = None if features is None else core.connect(features)
        rows, targets = read(core, text_of(inputs), images)
        if not torch.equal(targets, answer.targets):
            raise RuntimeError("teacher and student rows predict different tokens; batches must be padded on the right")
        sums = distillation_sums(
            rows, targets, answer.outcomes, student.lm_head, self.args.objective, self.args.logits_chunk
        )
        if images is None:  # nothing trained took part: a zero gradient keeps backward and DDP going
            zero = 0.0 * sum(p.sum() for p in student.parameters() if p.requires_grad)
            sums = sums._replace(total=sums.total + zero)
        return sums, torch.as_tensor(len(targets), device=targets.device)

    @torch.no_grad()
    def _vit_features(self, inputs: Inputs) -> torch.Tensor | None:
        """What the frozen ViT makes of a batch's tiles, ``[tiles, N, 4 × vision width]``."""
        if "pixel_values" not in inputs:
            return None
        features: torch.Tensor = self.model.model.get_vit_features(inputs["pixel_values"]).pooler_output
        return features

    def _source(
        self, projector: nn.Module | None, teacher: FCoTVLForConditionalGeneration | str | None
    ) -> TeacherSource:
        if teacher is not None:
            if projector is not None:
                raise ValueError(
                    "give teacher_projector or teacher_model: a separate teacher has a projector of its own"
                )
            return separate_source(teacher, self.model, self.args, self.accelerator)
        own = self.model.model.multi_modal_projector
        projector = copy.deepcopy(own if projector is None else projector).requires_grad_(False).eval()
        projector.to(self.accelerator.device, own.linear_1.weight.dtype)
        return shared_source(self.model, projector, self.args)

    def _precompute(self, source: TeacherSource, folder: Path) -> list[StoredRows]:
        """Have the teacher's distributions written where they are not yet, and let batches bring them from now on."""
        config = self.model.config
        keys = partial(row_keys, image_token_id=config.image_token_id, tile_tokens=config.image_seq_length)
        base: Any = self.data_collator
        collate = SkippingCollator(base.collator, None)  # how long a row may be is the student's matter
        precompute = Precomputer(source, self._ask, collate, keys, processor_hash(self.processing_class), self.args)
        stored = [precompute(self.train_dataset, folder)]
        if self.eval_dataset is not None:
            stored.append(precompute(self.eval_dataset, folder / "eval"))
        self.data_collator = StoredCollator(base, keys, self.args.teacher_top_k or 0)
        return stored

    def _get_dataloader(self, dataset: Any, *args: Any, **kwargs: Any) -> DataLoader[Any]:
        known = [stored for stored in self._stored if stored.rows is dataset]
        return super()._get_dataloader(known[0] if known else dataset, *args, **kwargs)

    @torch.no_grad()
    def _ask(self, teacher: Teacher, inputs: dict[str, Any]) -> tuple[torch.Tensor, ...]:
        """A batch's response tokens ``[N]``, the teacher's top ids ``[N, k]`` and log-probabilities ``[N, k + 1]``."""
        device = self.accelerator.device
        inputs = {name: value.to(device) for name, value in inputs.items() if isinstance(value, torch.Tensor)}
        self.model.eval().to(device)
        with self.accelerator.autocast():
            answer = teacher(self.model, inputs, self._vit_features(inputs))
            return answer.targets, *answer.top_k(self.args.logits_chunk)

    def _record(self, cross_entropy: torch.Tensor, divergence: torch.Tensor) -> None:
        """Keep both for the next log line, which averages over micro-batches."""
        values = torch.stack([cross_entropy.detach(), divergence.detach()])
        ce, kl = self.accelerator.reduce(values, "mean").tolist()
        metrics = self._metrics["train" if self.model.training else "eval"]
        metrics["ce"].append(ce)
        metrics["kl"].append(kl)


@contextmanager
def _forward_as(module: nn.Module, function: Callable[..., Any]) -> Iterator[None]:
    """Let ``module(…)`` call ``function``, so that the hooks of a distributed wrapper around it still fire."""
    original = module.forward
    module.forward = function
    try:
        yield
    finally:
        module.forward = original
