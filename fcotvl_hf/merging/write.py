"""From a recipe to a model folder, tensor by tensor."""

import shutil
from pathlib import Path

from fcotvl_hf.io.tensors import write_checkpoint

from .pool import Pool, Recipe

_CARRIED = (".json", ".jinja", ".py", ".model", ".txt")
_NOT_CARRIED = (
    "trainer_state.json",
    "sampling_state.json",
    "merge.json",
    "init.json",
    "commands.txt",
    "adapter_config.json",
)
_INDEX = ".index.json"


def write_model(pool: Pool, recipe: Recipe, folder: Path) -> None:
    """Write a merge with the configuration, tokenizer, processor and code of the last checkpoint that has them.

    Args:
        pool: the checkpoints.
        recipe: what to make of them.
        folder: an empty folder; give ``atomic_folder``'s, for nothing is renamed here.

    Raises:
        OSError: the disk is full, or a checkpoint cannot be read.
    """
    for path in sorted(pool.model_folder.iterdir()):
        carried = path.suffix in _CARRIED and path.name not in _NOT_CARRIED and not path.name.endswith(_INDEX)
        if carried and path.is_file():
            shutil.copyfile(path, folder / path.name)
    write_checkpoint(folder, pool.specs, pool.merged(recipe))
