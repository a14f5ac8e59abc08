"""The repository of a model: weights, the code that loads them, processor, card, and the proof that it works alone."""

import json
import shutil
from pathlib import Path

from transformers import GenerationConfig

from fcotvl_hf.conversion.output import save_settings
from fcotvl_hf.cost.configs import read_shape
from fcotvl_hf.io.atomic import atomic_write
from fcotvl_hf.io.json_object import read_json
from fcotvl_hf.io.repo_folder import README, name_card, stage
from fcotvl_hf.io.tensors import INDEX, WEIGHTS
from fcotvl_hf.modeling import FCoTVLProcessor

from .cards import model_card
from .configs import load_config
from .names import PACKAGED, resolve_model
from .publication import MERGE, Publication, complete_card
from .reload import check_reload

_CARRIED = ("*.png", "*.svg", "LICENSE*", "NOTICE*", "commands.txt", "log.jsonl")
"""What else of a model's folder tells how it was made."""
STALE = ("*.safetensors", INDEX, "*_fcotvl.py")
"""Files of an earlier version that would be loaded, or taken for parts of this one."""


def model_folder(name: str) -> Path:
    """The folder of a model that can be published.

    Args:
        name: a folder, or the name of a packaged model.

    Raises:
        FileNotFoundError: there is none; a Hub id is published already.
    """
    path = Path(resolve_model(name))
    if not path.is_dir():
        raise FileNotFoundError(f"no folder {name}; give a model's folder or one of {', '.join(PACKAGED)}")
    return path


def write_model(source: Path, out: Path, about: Publication, link: bool = False) -> None:
    """Write a model's repository, and ask it a question in a fresh process.

    Args:
        source: a model's folder; checkpoints, optimizer states and pickles in it are left behind.
        out: an empty folder.
        about: what the folder does not say.
        link: leave the weights where they are.

    Raises:
        OSError: there is no model, or it cannot be written.
        ValueError: it is another kind of model, its parts do not fit, or it answers differently once it is reloaded.
    """
    config = load_config(str(source))
    weights = _weights(source)
    processor = FCoTVLProcessor.from_pretrained(source)
    processor.check_against(config)
    shape = read_shape(source, source.name)
    save_settings(out, config, GenerationConfig.from_pretrained(source), processor)
    stage(source, weights, out, link)
    stage(source, [path.name for pattern in _CARRIED for path in sorted(source.glob(pattern))], out)
    _write_provenance(source, out)
    if (source / README).is_file():
        shutil.copyfile(source / README, out / README)
    else:
        model_card(config, None, name=about.repo_id.partition("/")[2], note="").save(out / README)
    if (source / ".eval_results").is_dir():
        shutil.copytree(source / ".eval_results", out / ".eval_results")
    complete_card(out, shape, about)
    name_card(out, about.repo_id)
    check_reload(source, out)


def _weights(source: Path) -> list[str]:
    """Names of the weight files, the index among them."""
    if (source / INDEX).is_file():
        return [INDEX, *sorted(set(read_json(source / INDEX)["weight_map"].values()))]
    if (source / WEIGHTS).is_file():
        return [WEIGHTS]
    raise FileNotFoundError(f"{source} has no safetensors ({WEIGHTS} or {INDEX}); save the model again to have them")


def _write_provenance(source: Path, out: Path) -> None:
    """Copy the account of a merge without this machine's paths."""
    if not (source / MERGE).is_file():
        return
    report = read_json(source / MERGE)
    if Path(report["base"]).exists() or report["base"].count("/") != 1:  # anything else is a Hub id
        report["base"] = Path(report["base"]).name
    for checkpoint in report["checkpoints"]:
        checkpoint["path"] = Path(checkpoint["path"]).name
    atomic_write(out / MERGE, json.dumps(report, indent=2, ensure_ascii=False) + "\n")
