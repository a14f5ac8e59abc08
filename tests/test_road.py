"""A user's whole road, command by command: from an original InternVL2 to a student that anybody loads from the Hub."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from huggingface_hub import ModelCard
from PIL import Image

from fcotvl_hf.cli import main
from fcotvl_hf.hub.models import load_model

from .hub.stand_in import StandIn

ORIGINAL = Path(__file__).parent / "data" / "internvl2" / "internlm2-gqa"
SHORT = "--max_steps 2 --per_device_train_batch_size 2 --ocr_tasks recognition --ocr_size 16 --max_tiles 1 "
SHORT += "--dataloader_num_workers 0 --disable_tqdm true"
ROAD = f"""
convert {ORIGINAL} teacher
init teacher student --compression 0.5
distill --student student --output_dir realigned {SHORT}
sft --student realigned --output_dir posttrained --save_steps 1 {SHORT}
merge realigned posttrained/checkpoint-1 posttrained/checkpoint-2 --out merged --method average
eval teacher --tasks tiny-recognition --limit 2 --out scores/teacher
eval merged --tasks tiny-recognition --limit 2 --out scores/merged
eval --compare scores/teacher scores/merged --out scores/kept
push model merged me/fcot-vl-2b --license mit --base-model OpenGVLab/InternVL2-2B --tag v1.0 \
  --scores scores/merged --compare scores/kept
"""
STRANGER = """
import sys

sys.modules["fcotvl_hf"] = None  # is not installed here
from PIL import Image
from transformers import AutoModel, AutoProcessor

model = AutoModel.from_pretrained("me/fcot-vl-2b", trust_remote_code=True)
processor = AutoProcessor.from_pretrained("me/fcot-vl-2b", trust_remote_code=True)
answer = model.chat(processor, Image.open(sys.argv[1]), "Read the text.", do_sample=False, max_new_tokens=12)
print(f"{model.config.compressor_stride} {answer!r}")
"""


@pytest.mark.usefixtures("own_process")
def test_from_an_original_checkpoint_to_the_hub_and_back(
    hub: StandIn, page: Image.Image, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for line in ROAD.strip().splitlines():
        assert main(line.split()) == 0, line

    model, processor = load_model("merged", device="cpu")
    answer = model.chat(processor, page, "Read the text.", do_sample=False, max_new_tokens=12)
    page.save("page.png")
    done = subprocess.run(
        [sys.executable, "-P", "-c", STRANGER, "page.png"],
        env=os.environ | hub.environment(tmp_path / "home"),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout.strip() == f"2 {answer!r}", done.stderr

    there = hub.model("me/fcot-vl-2b")
    assert there.tags == {"v1.0": there.branches["main"]} and len(there.messages) == 1
    files = there.files()
    card = ModelCard(files["README.md"].content.decode())
    assert card.data.base_model == "OpenGVLab/InternVL2-2B" and card.data["base_model_relation"] == "merge"
    kept = json.loads(Path("scores/kept/comparison.json").read_text())["rows"][1]
    assert f"| merged | {kept['tokens_per_image']:.1f} |" in card.text and "**average**" in card.text
    assert json.loads(files["merge.json"].content)["weights"] == [0.5, 0.5]
