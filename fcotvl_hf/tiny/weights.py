"""Models by what is in their folders, so that figures of earlier weights are told apart."""

import hashlib
from collections.abc import Iterable
from pathlib import Path

from fcotvl_hf.hub.models import PACKAGED
from fcotvl_hf.hub.names import resolve_model


def weights_of(models: Iterable[str] = PACKAGED) -> dict[str, str]:
    """Name → hash of its configuration and weights.

    Args:
        models: packaged names or folders.

    Raises:
        FileNotFoundError: there is no such model.
    """
    return {name: _hash(Path(resolve_model(name))) for name in models}


def _hash(folder: Path) -> str:
    digest = hashlib.sha256()
    for file in (folder / "config.json", *sorted(folder.glob("*.safetensors"))):
        digest.update(file.read_bytes())
    return digest.hexdigest()[:16]
