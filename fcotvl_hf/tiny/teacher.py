"""The teacher: perceive, follow, read, then packaged in half precision with its curves."""

import argparse
import shutil
from collections.abc import Sequence
from pathlib import Path

from fcotvl_hf.hub.models import load_model, resolve_model
from fcotvl_hf.io.atomic import atomic_folder
from fcotvl_hf.modeling import FCoTVLForConditionalGeneration, FCoTVLProcessor
from fcotvl_hf.training.callbacks import plot_losses, read_log

from .architecture import build_config, build_model, build_processor
from .commands import note_command, read_commands, write_commands
from .loop import Schedule
from .perceive import perceive
from .read import follow, read

SEEDS_PER_STAGE = 1_000_000_000
"""Pages of different stages and runs never share a seed; evaluations stay below the first of these."""
_HALF = SEEDS_PER_STAGE // 2


def make_teacher(args: argparse.Namespace, command: Sequence[str]) -> None:
    """Run the teacher's stages, each from its last checkpoint, and package the model.

    Args:
        args: the options of ``train_tiny``.
        command: how it was called, for the card.
    """
    earlier = Path(resolve_model(args.warm_start)) if args.warm_start else None
    reading = args.out / _reading(earlier)
    note_command(reading, command)
    if earlier:
        model, processor = load_model(args.warm_start, device="cpu")
    else:
        processor = build_processor()
        model = build_model(build_config(processor.tokenizer), args.seed)
        first = args.seed * SEEDS_PER_STAGE
        perceive(model, args.out / "perceive", Schedule(args.perceive_steps, 64, 2e-3), first)
        follow(model, processor, args.out / "follow", Schedule(args.follow_steps, 64, 2e-3), first + _HALF)
    first = (args.seed + 1) * SEEDS_PER_STAGE
    read(model, processor, reading, Schedule(args.read_steps, 48, args.read_lr), first, bool(earlier))
    runs = [args.out / "perceive", args.out / "follow", reading]
    package(model, processor, args.assets / "fcot-vl-tiny", runs, earlier)


def _reading(earlier: Path | None) -> str:
    """Name of the reading run: ``read``, then ``read-2`` and so on for every warm start."""
    before = len(list(earlier.glob("read*.png"))) if earlier else 0
    return f"read-{before + 1}" if before else "read"


def package(
    model: FCoTVLForConditionalGeneration,
    processor: FCoTVLProcessor,
    folder: Path,
    runs: list[Path],
    earlier: Path | None = None,
) -> None:
    """Write a model in fp16 with the commands and the loss curves of the runs that made it.

    Args:
        model: turned to fp16 in place.
        processor: its processor.
        folder: replaced as a whole.
        runs: folders with ``log.jsonl`` and ``commands.txt``, in the order of training.
        earlier: the packaged model that the runs started from; its commands and curves come first.
    """
    before = [earlier] if earlier else []
    with atomic_folder(folder, overwrite=True) as unfinished:
        model.half().save_pretrained(unfinished)
        processor.save_pretrained(unfinished)
        write_commands(unfinished, [command for run in (*before, *runs) for command in read_commands(run)])
        for curve in (path for model_before in before for path in model_before.glob("*.png")):
            shutil.copy(curve, unfinished)
        for run in runs:
            if entries := read_log(run / "log.jsonl"):
                plot_losses(entries, unfinished / f"{run.name}.png", run.name)
