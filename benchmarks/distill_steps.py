"""The two steps that ``distill_step.py`` compares, on the same batch and with the same loss."""

import copy
import weakref
from collections.abc import Callable
from typing import Any

import torch
from datasets import Dataset
from PIL import Image
from torch import nn
from torch.nn import functional as F
from trl.trainer.sft_trainer import DataCollatorForVisionLanguageModeling

from fcotvl_hf.cost.shapes import Shape
from fcotvl_hf.hub.random_weights import random_model, shape_processor
from fcotvl_hf.modeling import FCoTVLForConditionalGeneration, FCoTVLProcessor
from fcotvl_hf.training.distillation_config import FCoTDistillationConfig
from fcotvl_hf.training.distillation_trainer import TRAINED, FCoTDistillationTrainer

Step = Callable[[], float]


def prepare(
    name: str, shape: Shape, grid: tuple[int, int], stride: int, answer: int
) -> tuple[Step, int, Callable[[], int]]:
    """Build what a step needs.

    Args:
        name: ``"ours"`` or ``"obvious"``.
        shape: of the teacher.
        grid: columns and rows of tiles of the page.
        stride: the student's.
        answer: response tokens.

    Returns:
        The step, which returns its loss; bytes of all weights; and bytes of the head's outputs that existed at one
        time, to be asked after the step.
    """
    processor = shape_processor(shape)
    student = _model(shape.at_stride(stride), processor)
    row = _row(shape.tile_size, grid, answer)
    seen = HeadOutputs(student.lm_head)
    if name == "ours":
        return _ours(student, processor, row), _bytes(student), lambda: seen.most
    teacher = _model(shape, processor)
    seen.watch(teacher.lm_head)
    return _obvious(student, teacher, processor, row), _bytes(student) + _bytes(teacher), lambda: seen.most


class HeadOutputs:
    """How many bytes of logits exist at one time.

    Args:
        head: the first head to watch.
    """

    def __init__(self, head: nn.Module) -> None:
        self.now = self.most = 0
        self.watch(head)

    def watch(self, head: nn.Module) -> None:
        """Count a head's outputs from now on, until each is freed."""
        head.register_forward_hook(self._count)

    def _count(self, module: nn.Module, inputs: Any, output: torch.Tensor) -> None:
        size = output.nbytes
        self.now += size
        self.most = max(self.most, self.now)
        weakref.finalize(output, self._free, size)

    def _free(self, size: int) -> None:
        self.now -= size


def _ours(student: FCoTVLForConditionalGeneration, processor: FCoTVLProcessor, row: dict[str, Any]) -> Step:
    args = FCoTDistillationConfig(
        output_dir="unused", use_cpu=True, bf16=False, disable_tqdm=True, activation_checkpointing=False
    )
    data = Dataset.from_dict({"index": [0]}).with_transform(lambda _: {key: [row[key]] for key in row})
    trainer = FCoTDistillationTrainer(student, args, data, processing_class=_processor_of(student, processor))
    batch = trainer.data_collator([copy.deepcopy(row)])
    optimizer = torch.optim.AdamW(p for p in student.parameters() if p.requires_grad)

    def step() -> float:
        loss = trainer.compute_loss(student, dict(batch))
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
        return loss.item()

    return step


def _obvious(
    student: FCoTVLForConditionalGeneration,
    teacher: FCoTVLForConditionalGeneration,
    processor: FCoTVLProcessor,
    row: dict[str, Any],
) -> Step:
    teacher.requires_grad_(False)
    student.requires_grad_(False)
    for part in TRAINED:
        student.model.get_submodule(part).requires_grad_(True)
    optimizer = torch.optim.AdamW(p for p in student.parameters() if p.requires_grad)
    batches = []
    for model in (student, teacher):
        collate = DataCollatorForVisionLanguageModeling(_processor_of(model, processor), assistant_only_loss=True)
        batches.append(dict(collate([copy.deepcopy(row)])))
    masks = [batch["labels"][:, 1:] != -100 for batch in batches]
    targets = batches[0].pop("labels")[:, 1:][masks[0]]
    batches[1].pop("labels")

    def step() -> float:
        with torch.no_grad():
            of_teacher = teacher(**batches[1], use_cache=False).logits  # [1, length, vocabulary]
        of_student = student(**batches[0], use_cache=False).logits
        of_student, of_teacher = of_student[:, :-1][masks[0]], of_teacher[:, :-1][masks[1]]  # [N, vocabulary]
        kl = F.kl_div(of_student.log_softmax(-1), of_teacher.log_softmax(-1), log_target=True, reduction="batchmean")
        loss = F.cross_entropy(of_student, targets) + kl
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
        return loss.item()

    return step


def _model(shape: Shape, processor: FCoTVLProcessor) -> FCoTVLForConditionalGeneration:
    return random_model(shape, processor, torch.float32, torch.device("cpu"))


def _bytes(model: nn.Module) -> int:
    return sum(parameter.nbytes for parameter in model.parameters())


def _processor_of(model: FCoTVLForConditionalGeneration, processor: FCoTVLProcessor) -> FCoTVLProcessor:
    own = copy.deepcopy(processor)
    own.image_seq_length = model.config.image_seq_length
    return own


def _row(tile: int, grid: tuple[int, int], answer: int) -> dict[str, Any]:
    page = Image.effect_noise((tile * grid[0], tile * grid[1]), 60).convert("RGB")
    question = {
        "role": "user",
        "content": [{"type": "image", "text": None}, {"type": "text", "text": "Read the text."}],
    }
    text = ("abcdefghij " * answer)[: answer - 1]  # a token for each character, and one that ends the answer
    return {
        "images": [page],
        "messages": [question, {"role": "assistant", "content": [{"type": "text", "text": text}]}],
    }
