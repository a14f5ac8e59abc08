"""What was pushed is there for strangers: transformers, datasets and evaluate load it by its name, from the Hub."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from PIL import Image
from safetensors.torch import load_file, save_file

from fcotvl_hf.cli import main
from fcotvl_hf.hub import push_model
from fcotvl_hf.hub.models import load_model

from .stand_in import StandIn

pytestmark = pytest.mark.usefixtures("own_process")

STRANGER = """
import json, sys

sys.modules["fcotvl_hf"] = None  # is not installed here
from datasets import load_dataset
from PIL import Image
from transformers import AutoModel, AutoProcessor

page = Image.open(sys.argv[1])
told = {}
for revision in ("v1", "main"):
    model = AutoModel.from_pretrained("me/fcot-vl-tiny", trust_remote_code=True, revision=revision).eval()
    processor = AutoProcessor.from_pretrained("me/fcot-vl-tiny", trust_remote_code=True, revision=revision)
    told[revision] = model.chat(processor, page, "Read the text.", do_sample=False, max_new_tokens=12)
told["module"] = type(model).__module__
rows = load_dataset("me/pages", "chart", split="test")
told["rows"], told["size"] = len(rows), rows[0]["images"][0].size
told["streamed"] = next(iter(load_dataset("me/pages", "table", split="test", streaming=True)))["task"]
del sys.modules["fcotvl_hf"]  # metrics need it
import evaluate

anls = evaluate.load("me/anls")
told["anls"] = anls.compute(predictions=["9 May"], references=[["9 May", "May 9"]])
print(json.dumps(told))
"""


def _push(*command: str) -> None:
    assert main(["push", *command]) == 0


def _with_other_weights(folder: Path, out: Path) -> Path:
    shutil.copytree(folder, out)
    weights = load_file(out / "model.safetensors")
    weights["lm_head.weight"] = torch.flip(weights["lm_head.weight"], [0])
    save_file(weights, out / "model.safetensors", metadata={"format": "pt"})
    return out


def _said(folder: Path, page: Image.Image) -> str:
    model, processor = load_model(str(folder), device="cpu")
    return model.chat(processor, page, "Read the text.", do_sample=False, max_new_tokens=12)


def test_models_data_sets_and_metrics_load_by_name(
    hub: StandIn, teacher_folder: Path, page: Image.Image, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(push_model, "check_reload", lambda source, written: "")  # test_push_model has it
    newer = _with_other_weights(teacher_folder, tmp_path / "newer")
    _push("model", str(teacher_folder), "me/fcot-vl-tiny", "--license", "mit", "--tag", "v1")
    _push("model", str(newer), "me/fcot-vl-tiny", "--license", "mit", "--tag", "v2")
    assert len(hub.model("me/fcot-vl-tiny").messages) == 2
    data = ["data", "ocr", "--out", str(tmp_path / "pages"), "--size", "8", "--preset", "tiny-test", "--num-proc", "1"]
    assert main([*data, "--push", "me/pages"]) == 0
    _push("metric", "anls", "me/anls")
    page.save(tmp_path / "page.png")
    done = subprocess.run(
        [sys.executable, "-P", "-c", STRANGER, str(tmp_path / "page.png")],
        env=os.environ | hub.environment(tmp_path / "home"),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout.splitlines()[-1])
    assert told["v1"] == _said(teacher_folder, page) != told["main"] == _said(newer, page)
    assert told["module"].startswith("transformers_modules.me.")
    assert told["rows"] == 2 and min(told["size"]) > 50 and told["streamed"] == "table"
    assert told["anls"] == {"anls": 1.0}
    card = hub.repositories["dataset", "me/pages"].files()["README.md"].content.decode()
    assert 'load_dataset("me/pages", "recognition"' in card
