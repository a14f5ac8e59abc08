"""From a teacher to an untrained student: the same weights and a fresh compressor before the projector.

A ``conv1d`` student starts as mean pooling, so it is usable at once, only worse; re-alignment teaches it to read again.
Paper: https://arxiv.org/abs/2502.18512, section 3.2.
"""

import json
import logging
from pathlib import Path

from fcotvl_hf.command import UsageError
from fcotvl_hf.hub.cards import model_card
from fcotvl_hf.hub.configs import load_config
from fcotvl_hf.hub.models import load_weights, resolve_model
from fcotvl_hf.hub.names import shown_name
from fcotvl_hf.io.atomic import atomic_folder
from fcotvl_hf.modeling import FCoTVLConfig, FCoTVLForConditionalGeneration, FCoTVLProcessor

from .output import check_output

logger = logging.getLogger(__name__)

INIT_FILE = "init.json"
"""What ``init_student`` leaves in the student's folder and no training copies: how the student was made."""

_NOTE = (
    "An untrained student of `{teacher}` with the compressor `{compressor}`, made by `fcotvl init`. "
    "It reads worse than its teacher until it is re-aligned (`fcotvl distill`) and post-trained (`fcotvl sft`)."
)


def student_config(teacher: FCoTVLConfig, compressor_type: str, stride: int) -> FCoTVLConfig:
    """The configuration of a teacher's student.

    Args:
        teacher: configuration of a model of stride 1; not changed.
        compressor_type: name of the compressor, e.g. ``"conv1d"``.
        stride: how many neighbouring visual tokens become one.

    Raises:
        ValueError: the teacher is itself compressed, or the stride does not divide a row of its tokens.
    """
    if teacher.compressor_stride != 1:
        raise ValueError(
            f"the teacher has stride {teacher.compressor_stride}; students are made from a model of stride 1"
        )
    settings = {"compressor_type": compressor_type, "compressor_stride": stride, "image_seq_length": None}
    return FCoTVLConfig.from_dict(teacher.to_dict() | settings)


def build_student(
    teacher: FCoTVLForConditionalGeneration, compressor_type: str, stride: int
) -> FCoTVLForConditionalGeneration:
    """Copy a teacher in memory and give the copy a fresh compressor.

    Args:
        teacher: a model of stride 1; not changed.
        compressor_type: name of the compressor, e.g. ``"conv1d"``.
        stride: how many neighbouring visual tokens become one.

    Returns:
        A student with its own weights, in the teacher's dtype, on its device and in its mode.

    Raises:
        ValueError: the teacher is itself compressed, the stride does not fit, or there is no such compressor.
    """
    config = student_config(teacher.config, compressor_type, stride)
    student = FCoTVLForConditionalGeneration(config).to(teacher.device, teacher.dtype)
    missing, unexpected = student.load_state_dict(teacher.state_dict(), strict=False)
    wrong = unexpected + [key for key in missing if not key.startswith("model.compressor.")]
    if wrong:
        raise ValueError(f"teacher and student differ in more than the compressor: {', '.join(wrong)}")
    student.generation_config = teacher.generation_config
    return student.train(teacher.training)


def init_student(
    teacher: str, out: Path, stride: int, compressor_type: str = "conv1d", overwrite: bool = False
) -> FCoTVLConfig:
    """Write the folder of an untrained student: weights, processor, generation settings, chat template, code.

    Args:
        teacher: packaged name, folder or Hub id of a stride-1 model.
        out: the folder to write.
        stride: how many neighbouring visual tokens become one.
        compressor_type: name of the compressor.
        overwrite: replace ``out`` if it exists.

    Returns:
        The student's configuration.

    Raises:
        FileExistsError: ``out`` exists and ``overwrite`` is false.
        UsageError: ``out`` is the teacher's folder or holds it, the teacher is itself compressed, or the stride does
            not divide a row of its tokens; its weights have not been read by then.
        ValueError: see ``build_student``.
    """
    path = resolve_model(teacher)
    check_output(out, path)
    config = load_config(path)
    try:
        student_config(config, compressor_type, stride)
    except ValueError as error:
        raise UsageError(str(error)) from None
    with atomic_folder(out, overwrite) as folder:
        student = build_student(load_weights(path), compressor_type, stride)
        processor = FCoTVLProcessor.from_pretrained(path)
        processor.image_seq_length = student.config.image_seq_length
        student.save_pretrained(folder)
        processor.save_pretrained(folder)
        note = _NOTE.format(teacher=shown_name(teacher), compressor=compressor_type)
        model_card(student.config, teacher, name=out.name, note=note).save(folder / "README.md")
        made = {"teacher": shown_name(teacher), "compressor": compressor_type, "stride": stride}
        (folder / INIT_FILE).write_text(json.dumps(made, indent=2) + "\n")
    tokens, compression = student.config.image_seq_length, student.config.compression
    logger.info("%s: %d visual tokens per tile, %.4g %% fewer than its teacher", out, tokens, 100 * compression)
    return student.config


def is_untrained(model: str) -> bool:
    """Whether ``init_student`` wrote this folder, so that its projector still is its teacher's.

    Args:
        model: packaged name, folder or Hub id; of a Hub id nothing is known.
    """
    return Path(resolve_model(model), INIT_FILE).is_file()
