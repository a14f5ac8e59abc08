"""What the training scripts do alike: from their options to the model, the rows and what else a trainer is made of."""

from pathlib import Path
from typing import Any

import torch
from trl import DatasetMixtureConfig

from fcotvl_hf.command import UsageError
from fcotvl_hf.hub.models import load_model
from fcotvl_hf.training.base_config import FCoTConfig
from fcotvl_hf.training.run import rows_of, starting_checkpoint, student_of

from .arguments import DataArguments, ModelArguments


def trainer_arguments(
    which: ModelArguments, data: DataArguments, args: FCoTConfig, mixture: DatasetMixtureConfig
) -> dict[str, Any]:
    """Load the model and the rows; what is wrong is found before anything is written.

    Args:
        which: the model to train.
        data: pages drawn on the fly.
        args: options of the trainer; ``resume_from_checkpoint`` becomes the checkpoint's folder, or ``None``.
        mixture: data sets instead of those pages.

    Returns:
        Keyword arguments of either trainer.

    Raises:
        UsageError: no model is named, or no tile is allowed.
        FileExistsError: the output folder holds another run.
    """
    if which.max_tiles is not None and which.max_tiles < 1:
        raise UsageError(f"max_tiles must be at least 1, not {which.max_tiles}")
    args.resume_from_checkpoint = starting_checkpoint(args)
    folder = student_of(
        which.student,
        which.teacher,
        which.stride,
        which.compressor,
        Path(args.output_dir),
        which.compressor_position,
    )
    model, processor = load_model(folder, dtype=torch.float32, device="cpu")
    model.set_attn_implementation(which.attn_implementation)
    if which.max_tiles is not None:
        processor.image_processor.max_patches = which.max_tiles
    train_rows, eval_rows = rows_of(
        mixture, data.ocr_tasks, data.ocr_size, data.ocr_seed, data.ocr_run_length, data.eval_size
    )
    return {
        "model": model,
        "args": args,
        "train_dataset": train_rows,
        "eval_dataset": eval_rows if args.eval_strategy != "no" else None,
        "processing_class": processor,
    }
