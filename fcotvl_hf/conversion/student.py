"""From a teacher to an untrained student: the same weights and a fresh compressor.

A ``conv1d`` student starts as mean pooling, so it is usable at once, only worse; re-alignment teaches it to read again.
A trained student may start one that compresses further; its compressor is lengthened instead of made anew.
Paper: https://arxiv.org/abs/2502.18512, section 3.2.
"""

import json
import logging
from itertools import chain
from pathlib import Path

import torch
from transformers import GenerationConfig

from fcotvl_hf.command import UsageError
from fcotvl_hf.hub.cards import model_card
from fcotvl_hf.hub.configs import load_config
from fcotvl_hf.hub.names import check_output, local_folder, resolve_model, shown_name
from fcotvl_hf.io.atomic import atomic_folder, atomic_write
from fcotvl_hf.io.tensors import TensorSpec, write_checkpoint
from fcotvl_hf.modeling import (
    Compressor,
    FCoTVLConfig,
    FCoTVLForConditionalGeneration,
    FCoTVLProcessor,
    build_compressor,
)

from .checkpoint import open_checkpoint
from .convert import WANTED, Source, common_dtype, mapped, plan
from .lengthening import check_lengthening, lengthened
from .output import save_settings

logger = logging.getLogger(__name__)

INIT_FILE = "init.json"
"""What ``init_student`` leaves in a fresh student's folder and no training copies: how the student was made."""

_NOTE = (
    "An untrained student of `{teacher}` with the compressor `{compressor}`, made by `fcotvl init`. "
    "It reads worse than its teacher until it is re-aligned (`fcotvl distill`) and post-trained (`fcotvl sft`)."
)


def student_config(
    teacher: FCoTVLConfig, compressor_type: str, stride: int, position: str = "before_projector"
) -> FCoTVLConfig:
    """The configuration of a teacher's student.

    Args:
        teacher: configuration of a model without compressor, or with one that can be lengthened; not changed.
        compressor_type: name of the compressor, e.g. ``"conv1d"``.
        stride: how many neighbouring visual tokens of an uncompressed model become one.
        position: where the compressor stands, see ``FCoTVLConfig.compressor_position``.

    Raises:
        ValueError: the teacher has a compressor that cannot be lengthened to this one, the stride does not divide a
            row of its tokens, or there is no such position.
    """
    settings = {"compressor_type": compressor_type, "compressor_stride": stride, "compressor_position": position}
    student = FCoTVLConfig.from_dict(teacher.to_dict() | settings | {"image_seq_length": None})
    if teacher.compressor_type != "none":
        check_lengthening(teacher, student)
    return student


def build_student(
    teacher: FCoTVLForConditionalGeneration, compressor_type: str, stride: int, position: str = "before_projector"
) -> FCoTVLForConditionalGeneration:
    """Copy a teacher in memory and give the copy a compressor, fresh or lengthened.

    Args:
        teacher: a model without compressor, or with one that can be lengthened; not changed.
        compressor_type: name of the compressor, e.g. ``"conv1d"``.
        stride: how many neighbouring visual tokens of an uncompressed model become one.
        position: where the compressor stands.

    Returns:
        A student with its own weights, in the teacher's dtype, on its device and in its mode.

    Raises:
        ValueError: the teacher's compressor cannot be lengthened, the stride does not fit, or there is no such
            compressor.
    """
    config = student_config(teacher.config, compressor_type, stride, position)
    student = FCoTVLForConditionalGeneration(config).to(teacher.device, teacher.dtype)
    key_map = lengthened(stride // teacher.config.compressor_stride)
    weights = dict(chain.from_iterable(key_map(*item) for item in teacher.state_dict().items()))
    missing, unexpected = student.load_state_dict(weights, strict=False)
    wrong = unexpected + [key for key in missing if not key.startswith("model.compressor.")]
    if wrong:
        raise ValueError(f"teacher and student differ in more than the compressor: {', '.join(wrong)}")
    student.generation_config = teacher.generation_config
    return student.train(teacher.training)


def init_student(
    teacher: str,
    out: Path,
    stride: int,
    compressor_type: str = "conv1d",
    overwrite: bool = False,
    position: str = "before_projector",
) -> FCoTVLConfig:
    """Write the folder of an untrained student: weights, processor, generation settings, chat template, code.

    The teacher's weights are copied tensor by tensor, so memory stays at one tensor and the fresh compressor.

    Args:
        teacher: packaged name, folder or Hub id of a model without compressor, or with one that can be lengthened.
        out: the folder to write.
        stride: how many neighbouring visual tokens of an uncompressed model become one.
        compressor_type: name of the compressor.
        overwrite: replace ``out`` if it exists.
        position: where the compressor stands.

    Returns:
        The student's configuration.

    Raises:
        FileExistsError: ``out`` exists and ``overwrite`` is false.
        OSError: there is no such teacher, a file of it is missing, or the disk is full.
        UsageError: ``out`` is the teacher's folder or holds it, the teacher's compressor cannot be lengthened, the
            stride does not divide a row of its tokens, or there is no such compressor or position; no weights were
            read by then.
        ValueError: the teacher's weights do not fit its configuration.
    """
    check_output(out, resolve_model(teacher))
    config = load_config(resolve_model(teacher))
    try:
        student = student_config(config, compressor_type, stride, position)
        compressor = build_compressor(student)
    except ValueError as error:
        raise UsageError(str(error)) from None
    with atomic_folder(out, overwrite) as folder:
        path, fresh = local_folder(teacher, WANTED), config.compressor_type == "none"
        key_map = lengthened(stride // config.compressor_stride)
        written = config if fresh else student  # what the mapped weights belong to
        source = Source(written, FCoTVLProcessor.from_pretrained(path), open_checkpoint(path), key_map)
        student.dtype = _write_weights(folder, source, compressor if fresh else None)
        source.processor.image_seq_length = student.image_seq_length
        save_settings(folder, student, GenerationConfig.from_pretrained(path), source.processor)
        note = _NOTE.format(teacher=shown_name(teacher), compressor=compressor_type)
        model_card(student, teacher, name=out.name, note=note).save(folder / "README.md")
        if fresh:
            kind = {"compressor": compressor_type, "stride": stride, "position": position}
            made = {"teacher": shown_name(teacher), **kind}
            atomic_write(folder / INIT_FILE, json.dumps(made, indent=2) + "\n")
    tokens = student.image_seq_length
    logger.info("%s: %d visual tokens per tile, %.4g %% fewer than its teacher", out, tokens, 100 * student.compression)
    return student


def is_untrained(model: str) -> bool:
    """Whether ``init_student`` made this folder from a model without compressor: its projector still is its teacher's.

    Args:
        model: packaged name, folder or Hub id; of a Hub id nothing is known.
    """
    return Path(resolve_model(model), INIT_FILE).is_file()


def _write_weights(folder: Path, teacher: Source, compressor: Compressor | None) -> torch.dtype:
    """Copy the teacher's weights and add a fresh compressor's, if any, in the type of the others, which is returned."""
    copied = plan(teacher)
    dtype = common_dtype(copied)
    state = compressor.state_dict() if compressor else {}
    fresh = {f"model.compressor.{name}": tensor.to(dtype) for name, tensor in state.items()}
    specs = copied | {name: TensorSpec(tuple(tensor.shape), dtype) for name, tensor in fresh.items()}
    write_checkpoint(folder, specs, chain(mapped(teacher), fresh.items()))
    return dtype
