"""What a run leaves behind: log, plot, card, loadable checkpoints; and that a resumed run equals a straight one."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from transformers import TrainerCallback
from trl import DatasetMixtureConfig
from trl.scripts.utils import DatasetConfig

from fcotvl_hf.training.callbacks import read_log
from fcotvl_hf.training.checkpoints import last_checkpoint
from fcotvl_hf.training.run import rows_of, run


@pytest.fixture(params=["distill", "sft"])
def kind(request) -> str:
    return request.param


def test_resumed_run_equals_straight_run(make_trainer, kind, tmp_path) -> None:
    straight, resumed = str(tmp_path / "straight"), str(tmp_path / "resumed")
    options = {"save_strategy": "steps", "save_steps": 2, "lr_scheduler_type": "constant"}
    run(make_trainer(kind, output_dir=straight, max_steps=4, **options))
    run(make_trainer(kind, output_dir=resumed, max_steps=3, **options))
    shutil.rmtree(tmp_path / "resumed" / "checkpoint-3")  # as if killed: the log knows step 3, no checkpoint does
    run(make_trainer(kind, output_dir=resumed, max_steps=4, resume_from_checkpoint="true", **options))

    logs = [read_log(Path(folder) / "log.jsonl") for folder in (straight, resumed)]
    assert [entry["step"] for entry in logs[1]] == [1, 2, 3, 4]
    for entry in (*logs[0], *logs[1]):
        assert all(entry.pop(f"{what}_per_second") > 0 for what in ("tokens", "samples", "visual_tokens"))
    assert logs[0] == logs[1]


def test_interrupted_run_keeps_its_log_and_says_how_to_go_on(make_trainer, tmp_path, caplog) -> None:
    class Interrupt(TrainerCallback):
        def on_log(self, args, state, control, **kwargs: object) -> None:
            if state.global_step == 3:
                raise KeyboardInterrupt

    trainer = make_trainer("distill", max_steps=5, save_strategy="steps", save_steps=2)
    trainer.add_callback(Interrupt())
    with pytest.raises(KeyboardInterrupt):
        run(trainer)
    assert "stopped at step 3; go on with --resume_from_checkpoint true" in caplog.text
    assert [entry["step"] for entry in read_log(tmp_path / "run" / "log.jsonl")] == [1, 2, 3]
    assert last_checkpoint(tmp_path / "run") == tmp_path / "run" / "checkpoint-2"


def test_resuming_without_a_checkpoint_starts_anew(make_trainer, tmp_path, caplog) -> None:
    caplog.set_level("INFO")
    run(make_trainer("distill", max_steps=1, resume_from_checkpoint="true"))
    assert f"{tmp_path / 'run'}: the model, its card, log.jsonl and loss.png" in caplog.text
    assert {"README.md", "log.jsonl", "loss.png"} <= {path.name for path in (tmp_path / "run").iterdir()}
    assert [entry["step"] for entry in read_log(tmp_path / "run" / "log.jsonl")] == [1]


def test_a_fresh_run_does_not_mix_with_an_older_one(make_trainer, tmp_path) -> None:
    run(make_trainer("sft", save_strategy="steps", save_steps=2))
    log = (tmp_path / "run" / "log.jsonl").read_text()
    with pytest.raises(FileExistsError, match="holds a run already, up to checkpoint-2"):
        run(make_trainer("sft", max_steps=1))
    assert (tmp_path / "run" / "log.jsonl").read_text() == log


def test_half_written_checkpoint_is_not_resumed(tmp_path) -> None:
    for step, state in ((2, "{}"), (10, '{"epoch": 0.5, "glob'), (12, None)):
        folder = tmp_path / f"checkpoint-{step}"
        folder.mkdir()
        if state is not None:
            (folder / "trainer_state.json").write_text(state)
    assert last_checkpoint(tmp_path) == tmp_path / "checkpoint-2"


def test_log_survives_a_cut_line_and_a_fresh_run_starts_a_fresh_log(make_trainer, tmp_path) -> None:
    log = tmp_path / "run" / "log.jsonl"
    log.parent.mkdir()
    log.write_text('{"step": 7, "loss": 1.0}\n{"step": 8, "lo')
    assert read_log(log) == [{"step": 7, "loss": 1.0}]
    make_trainer("distill").train()
    entries = [json.loads(line) for line in log.read_text().splitlines()]
    assert [entry["step"] for entry in entries] == [1, 2]
    assert all(entry["loss"] == pytest.approx(entry["ce"] + entry["kl"], rel=1e-4) for entry in entries)


def test_run_leaves_plot_and_an_honest_card(make_trainer, kind, tmp_path) -> None:
    run(make_trainer(kind))
    assert (tmp_path / "run" / "loss.png").read_bytes().startswith(b"\x89PNG")
    card = (tmp_path / "run" / "README.md").read_text()
    assert "None" not in card
    assert "16 visual tokens per tile are compressed to 8 (50 % fewer)" in card
    assert "2 optimizer steps" in card


def test_checkpoint_is_a_model_folder_for_people_without_the_package(make_trainer, kind, tmp_path) -> None:
    run(make_trainer(kind, save_strategy="steps", save_steps=2))
    script = f"""
import sys
class NoPackage:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] == "fcotvl_hf":
            raise ModuleNotFoundError(name)
sys.meta_path.insert(0, NoPackage())
from transformers import AutoModel, AutoProcessor
from PIL import Image
folder = {str(tmp_path / "run" / "checkpoint-2")!r}
model, info = AutoModel.from_pretrained(folder, trust_remote_code=True, output_loading_info=True)
assert not any(info[key] for key in ("missing_keys", "unexpected_keys", "mismatched_keys")), info
processor = AutoProcessor.from_pretrained(folder, trust_remote_code=True)
message = {{"role": "user", "content": [{{"type": "image", "image": Image.new("RGB", (112, 112))}}]}}
inputs = processor.apply_chat_template(
    [message], tokenize=True, return_dict=True, return_tensors="pt", add_generation_prompt=True
)
print(model.generate(**inputs, max_new_tokens=2).shape[0])
"""
    environment = os.environ | {"HF_MODULES_CACHE": str(tmp_path / "modules")}
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
    )
    assert done.stdout.strip() == "1", done.stderr


def test_rows_that_are_no_conversations_are_told_by_their_columns(tmp_path: Path) -> None:
    (tmp_path / "rows.jsonl").write_text('{"image": "a.png", "text": "A"}\n')
    mixture = DatasetMixtureConfig(datasets=[DatasetConfig(path=str(tmp_path))])
    with pytest.raises(ValueError, match="need the columns messages and images; these have image, text"):
        rows_of(mixture, [], 1, 0, 1, 1)
