"""What ``fcotvl data`` builds is trained on as it is: by our commands, and by TRL's own trainer."""

import copy
import json
from math import isfinite
from pathlib import Path

import pytest
from datasets import load_dataset
from trl import SFTConfig, SFTTrainer

from fcotvl_hf.dataset_builders.cot_mix.build import CotOptions, build_cot_mix
from fcotvl_hf.dataset_builders.curation.build import build_mix
from fcotvl_hf.dataset_builders.curation.mixing import read_recipe
from fcotvl_hf.dataset_builders.curation.quality import TokenCounter
from fcotvl_hf.dataset_builders.ocr_mix.build import build_ocr_mix
from fcotvl_hf.scripts import distill, sft

SHORT = "--max_steps 2 --per_device_train_batch_size 1 --dataloader_num_workers 0 --disable_tqdm true --max_tiles 2"


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a small OCR mix, a small CoT mix, and a mix of both."""
    root, counter = tmp_path_factory.mktemp("built"), TokenCounter("characters", len)
    build_ocr_mix(root / "ocr", 8, 0, "ocr-mix")
    build_cot_mix(root / "cot", 5, 0, CotOptions(), counter)
    recipe = root / "mix.yaml"
    recipe.write_text(f"sources: [{{path: {root}/ocr, config: formula}}, {{path: {root}/cot, config: receipt}}]")
    build_mix(read_recipe(recipe), root / "mix", counter)
    return root


@pytest.mark.parametrize(
    ("train", "data"),
    [
        (distill.main, (("ocr", "chart"), ("ocr", "document"))),
        (sft.main, (("cot", "science"), ("mix", "mix"))),
    ],
)
def test_our_commands_train_on_it(train, data, built: Path, teacher_folder: Path, tmp_path: Path) -> None:
    recipe, run = tmp_path / "recipe.yaml", tmp_path / "run"
    recipe.write_text(json.dumps({"datasets": [{"path": str(built / folder), "name": name} for folder, name in data]}))
    model = ["--student" if train is sft.main else "--teacher", str(teacher_folder)]
    train(["--config", str(recipe), *model, "--output_dir", str(run), *SHORT.split()])
    log = [json.loads(line) for line in (run / "log.jsonl").read_text().splitlines()]
    assert [entry["step"] for entry in log] == [1, 2] and all(isfinite(entry["loss"]) for entry in log)


def test_trls_trainer_takes_it_too(built: Path, session_teacher, tmp_path: Path) -> None:
    model, processor = copy.deepcopy(session_teacher)
    rows = load_dataset(str(built / "mix"), "mix", split="train")
    args = SFTConfig(
        str(tmp_path),
        max_steps=1,
        per_device_train_batch_size=2,
        max_length=None,
        bf16=False,
        use_cpu=True,
        activation_checkpointing=False,
        report_to="none",
        save_strategy="no",
        disable_tqdm=True,
    )
    result = SFTTrainer(model, args, train_dataset=rows, processing_class=processor).train()
    assert result.global_step == 1 and isfinite(result.training_loss)
