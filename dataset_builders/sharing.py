"""Data sets whose rows a model makes: from an endpoint by any process, from memory by one process for each model."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from fcotvl_hf.eval_harness.processes import processes

from .card import About
from .parts import Part
from .publish import Writing, claim, missing_shards, write_dataset
from .shards import write_shard


def write_with_model(out: Path, parts: Sequence[Part], about: About, writing: Writing, in_memory: bool) -> bool:
    """Write a data set whose rows come from a model.

    Where the model is in memory, the processes of ``torchrun`` or ``accelerate launch``, each with its own, share the
    missing shards, and the first one writes the card.

    Args:
        out: see ``write_dataset``.
        parts: its splits.
        about: what the card says.
        writing: how; of a model in memory its ``num_proc`` does not count, since each process would load it again.
        in_memory: whether the model is.

    Returns:
        Whether this process wrote the card, and is to do what comes then.

    Raises:
        FileExistsError, OSError, ValueError: see ``write_dataset``.
    """
    if not in_memory:
        write_dataset(out, parts, about, writing)
        return True
    state = processes()
    if state.num_processes > 1:
        claim(out, parts, about)
        missing = missing_shards(out, parts)
        state.wait_for_everyone()  # all have seen the same ones missing
        for shard in missing[state.process_index :: state.num_processes]:
            write_shard(out, shard)
        state.wait_for_everyone()
        state.destroy_process_group()
    if state.is_main_process:
        write_dataset(out, parts, about, replace(writing, num_proc=1))
    return bool(state.is_main_process)
