"""Which teacher a run has: made when it is needed, and told apart from others without making it."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import torch
from accelerate import Accelerator
from huggingface_hub import snapshot_download
from torch import nn

from fcotvl_hf.conversion.checkpoint import open_checkpoint
from fcotvl_hf.eval_harness.fingerprint import weights_hash
from fcotvl_hf.hub.models import load_model, resolve_model
from fcotvl_hf.modeling import FCoTVLForConditionalGeneration

from .distillation_config import FCoTDistillationConfig
from .packed_attention import attend_row_by_row
from .teachers import SeparateTeacher, SharedTeacher, Teacher, visual_ratio


@dataclass(frozen=True)
class TeacherSource:
    """A teacher that may not be in memory yet.

    Args:
        load: makes it.
        fingerprint: hashes its weights, without making it if they lie in a folder.
    """

    load: Callable[[], Teacher]
    fingerprint: Callable[[], str]


def shared_source(
    student: FCoTVLForConditionalGeneration, projector: nn.Module, args: FCoTDistillationConfig
) -> TeacherSource:
    """The teacher inside the student.

    Args:
        student: whose frozen ViT and language model the teacher uses.
        projector: the teacher's projector, no longer shared with the student.
        args: temperature and top k.
    """

    def fingerprint() -> str:
        core = student.model
        parts = {
            "vision_tower": core.vision_tower,
            "multi_modal_projector": projector,
            "language_model": core.language_model,
            "lm_head": student.lm_head,
        }
        return weights_hash(
            (f"{part}.{name}", tensor) for part, module in parts.items() for name, tensor in module.state_dict().items()
        )

    return TeacherSource(lambda: SharedTeacher(projector, args.temperature, args.teacher_top_k), fingerprint)


def separate_source(
    teacher: FCoTVLForConditionalGeneration | str,
    student: FCoTVLForConditionalGeneration,
    args: FCoTDistillationConfig,
    accelerator: Accelerator,
) -> TeacherSource:
    """A teacher that is a model of its own.

    Args:
        teacher: the model, or what ``hub.models.load_model`` loads, in bfloat16 where training is.
        student: the model that learns.
        args: temperature, top k and precision.
        accelerator: puts the teacher where the student is.
    """

    def load() -> Teacher:
        model = teacher
        if isinstance(model, str):
            model = load_model(model, torch.bfloat16 if args.bf16 else torch.float32, device="cpu")[0]
        visual_ratio(model.config, student.config)
        if args.packing:
            attend_row_by_row(model)
        model = accelerator.prepare_model(model.requires_grad_(False).eval(), evaluation_mode=True)
        return SeparateTeacher(model, args.temperature, args.teacher_top_k)

    def fingerprint() -> str:
        if not isinstance(teacher, str):
            return weights_hash(teacher.state_dict().items())
        folder = Path(resolve_model(teacher))
        if not folder.is_dir():
            folder = Path(snapshot_download(teacher, allow_patterns=["*.safetensors", "*.safetensors.index.json"]))
        checkpoint = open_checkpoint(folder)
        return weights_hash((name, checkpoint.tensor(name)) for name in checkpoint.specs)

    return TeacherSource(load, fingerprint)
