"""A reduced model made of a teacher's own parts: no weight is copied, no class is patched."""

import copy
from itertools import chain
from typing import TypeVar

import torch
from torch import nn

from fcotvl_hf.modeling import FCoTVLForConditionalGeneration, FCoTVLModel, FCoTVLProcessor

M = TypeVar("M", bound=nn.Module)


def reduced_length(teacher: FCoTVLForConditionalGeneration, stride: int) -> int:
    """Visual tokens per tile that a reduction by ``stride`` leaves.

    Raises:
        ValueError: the teacher is compressed already, or the stride does not divide its tokens.
    """
    tokens = teacher.config.image_seq_length
    if teacher.config.compressor_stride != 1:
        raise ValueError(
            f"baselines reduce a model of stride 1, not {teacher.config.compressor_stride}: give the teacher"
        )
    if stride < 1 or tokens % stride:
        raise ValueError(f"stride {stride} does not divide the {tokens} visual tokens of a tile")
    return tokens // stride


def with_compressor(
    teacher: FCoTVLForConditionalGeneration,
    compressor: nn.Module,
    name: str,
    stride: int,
    model_class: type[FCoTVLModel] = FCoTVLModel,
) -> FCoTVLForConditionalGeneration:
    """Put another compressor between the teacher's vision tower and its projector.

    Args:
        teacher: a model of stride 1; not changed.
        compressor: maps ``[tiles, N, width]`` to ``[tiles, N / stride, width]``.
        name: goes into the configuration as ``compressor_type``; the model is for evaluation, not for saving.
        stride: how many tokens become one; divides N.
        model_class: of the part below the head; a method that changes more than the compressor brings its own.

    Returns:
        A new model object whose vision tower, projector, language model and head are the teacher's.

    Raises:
        ValueError: the teacher is compressed already, or the stride does not divide N.
    """
    tokens = reduced_length(teacher, stride)
    with torch.device("meta"):  # the shell takes no memory, its parts are exchanged at once
        reduced = FCoTVLForConditionalGeneration(copy.deepcopy(teacher.config))
        reduced.model = model_class(reduced.config)
    for part in ("vision_tower", "multi_modal_projector", "language_model"):
        setattr(reduced.model, part, getattr(teacher.model, part))
    reduced.lm_head = teacher.lm_head
    reduced.model.compressor = compressor.to(teacher.device)
    reduced.config.compressor_type = name
    reduced.config.compressor_stride = stride
    reduced.config.image_seq_length = tokens
    reduced.generation_config = teacher.generation_config
    return reduced.train(teacher.training)


def shared_copy(module: M) -> M:
    """A tree of modules of its own, to be hooked, cut or configured, whose parameters and buffers are ``module``'s."""
    return copy.deepcopy(module, {id(tensor): tensor for tensor in chain(module.parameters(), module.buffers())})


def with_tokens(processor: FCoTVLProcessor, image_seq_length: int) -> FCoTVLProcessor:
    """A processor like ``processor`` that writes ``image_seq_length`` placeholders per tile."""
    matching = copy.copy(processor)
    matching.image_seq_length = image_seq_length
    return matching
