"""A Hub id is downloaded, and only what conversion needs."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

from ..hub.stand_in import StandIn, serve
from .conftest import ORIGINALS


def _convert(hub: StandIn, source: str, folder: Path) -> subprocess.CompletedProcess[str]:
    environment = os.environ | hub.environment(folder / "cache", token=None)
    command = [sys.executable, "-m", "fcotvl_hf.cli", "convert", source, str(folder / "out")]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


def test_a_hub_id_is_converted(converted, tmp_path: Path) -> None:
    repository = Path(shutil.copytree(ORIGINALS / "qwen2", tmp_path / "InternVL2"))
    (repository / "modeling_internvl_chat.py").write_text("raise SystemExit('remote code was run')")
    (repository / "pytorch_model.bin").write_bytes(b"not wanted")
    with serve() as hub:
        hub.add("lab/InternVL2", repository)
        done = _convert(hub, "lab/InternVL2", tmp_path)
    assert done.returncode == 0, done.stderr
    assert hub.asked("GET /lab") and not hub.asked(r"GET /lab.*\.(py|bin)")
    fetched, local = (
        json.loads((folder / "config.json").read_text()) for folder in (tmp_path / "out", converted("qwen2"))
    )
    assert fetched == local
    assert (tmp_path / "out" / "model.safetensors").read_bytes() == (
        converted("qwen2") / "model.safetensors"
    ).read_bytes()


def test_an_id_that_does_not_exist_is_one_line(tmp_path: Path) -> None:
    with serve() as hub:
        done = _convert(hub, "lab/nothing", tmp_path)
    assert done.returncode == 1 and len(done.stderr.strip().splitlines()) == 1
    assert not (tmp_path / "out").exists()
