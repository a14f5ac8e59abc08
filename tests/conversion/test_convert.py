"""Converting folders: shards, types, native sources, and refusals that leave nothing behind."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from safetensors import safe_open
from safetensors.torch import load_file, save_file
from transformers import AutoModelForImageTextToText

from fcotvl_hf.command import UsageError
from fcotvl_hf.conversion import convert as module
from fcotvl_hf.conversion.convert import convert
from fcotvl_hf.hub.models import load_model
from fcotvl_hf.modeling import FCoTVLProcessor

from .conftest import ORIGINALS, edit_json, save_native, set_at, split_weights


def _pickle(folder: Path, content=None) -> None:
    weights = folder / "model.safetensors"
    torch.save(content or load_file(weights), folder / "pytorch_model.bin")
    weights.unlink()


def _weights(folder: Path) -> dict[str, torch.Tensor]:
    files = sorted(folder.glob("*.safetensors"))
    return {name: tensor for file in files for name, tensor in load_file(file).items()}


def test_shards_and_pickles_give_the_same_weights(converted, original: Path, tmp_path: Path) -> None:
    expected = _weights(converted("internlm2-gqa"))
    split_weights(original, 3)
    convert(str(original), tmp_path / "from-shards")
    pickled = Path(shutil.copytree(ORIGINALS / "internlm2-gqa", tmp_path / "pickled"))
    _pickle(pickled)
    convert(str(pickled), tmp_path / "from-pickle", allow_pickle=True)
    for name in ("from-shards", "from-pickle"):
        weights = _weights(tmp_path / name)
        assert weights.keys() == expected.keys()
        assert all(torch.equal(weights[key], expected[key]) for key in expected)


def test_output_is_sharded_with_an_index_that_transformers_reads(
    converted, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write = module.write_checkpoint
    monkeypatch.setattr(module, "write_checkpoint", lambda *args: write(*args, max_shard_bytes=300_000))
    convert(str(ORIGINALS / "llama"), tmp_path / "sharded")
    assert len(list((tmp_path / "sharded").glob("model-*-of-*.safetensors"))) > 2
    sharded = AutoModelForImageTextToText.from_pretrained(tmp_path / "sharded")
    whole = AutoModelForImageTextToText.from_pretrained(converted("llama"))
    assert all(torch.equal(a, b) for a, b in zip(sharded.parameters(), whole.parameters(), strict=True))


def test_dtype_is_kept_or_changed(converted, tmp_path: Path) -> None:
    convert(str(ORIGINALS / "qwen2"), tmp_path / "half", dtype=torch.bfloat16)
    half, full = _weights(tmp_path / "half"), _weights(converted("qwen2"))
    assert {tensor.dtype for tensor in full.values()} == {torch.float32}
    assert all(torch.equal(half[name], full[name].bfloat16()) for name in full)
    assert json.loads((tmp_path / "half" / "config.json").read_text())["dtype"] == "bfloat16"


def test_mixed_types_are_loaded_without_loss(original: Path, tmp_path: Path) -> None:
    weights = load_file(original / "model.safetensors")
    halves = {name: value.bfloat16() if name.startswith("vision") else value.half() for name, value in weights.items()}
    save_file(halves, original / "model.safetensors")
    convert(str(original), tmp_path / "out")
    model, _ = load_model(str(tmp_path / "out"), device="cpu")
    assert model.dtype == torch.float32  # neither half holds all values of the other
    assert torch.equal(model.lm_head.weight, halves["language_model.output.weight"].float())


def test_generation_stops_where_a_turn_ends(converted) -> None:
    for kind in ("internlm2-gqa", "qwen2"):
        settings = json.loads((converted(kind) / "generation_config.json").read_text())
        processor = FCoTVLProcessor.from_pretrained(converted(kind))
        assert settings["eos_token_id"] == processor.tokenizer.convert_tokens_to_ids("<|im_end|>")


def test_system_prompt_can_be_replaced(tmp_path: Path) -> None:
    convert(str(ORIGINALS / "qwen2"), tmp_path / "out", system_prompt='Say "yes".')
    processor = FCoTVLProcessor.from_pretrained(tmp_path / "out")
    text = processor.apply_chat_template([{"role": "user", "content": "Hi"}])
    assert text.startswith('<|im_start|>system\nSay "yes".<|im_end|><|im_start|>user\nHi')


class _Trap:
    def __reduce__(self) -> tuple:
        return Path.touch, (Path("trap"),)


def test_a_pickle_that_runs_code_is_refused_even_if_pickles_are_allowed(
    original: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    _pickle(original, {"mlp1.0.weight": _Trap()})
    with pytest.raises(ValueError, match="cannot be read as weights only"):
        convert(str(original), tmp_path / "out", allow_pickle=True)
    assert not (tmp_path / "trap").exists()


def test_an_existing_folder_is_kept(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(FileExistsError):
        convert(str(ORIGINALS / "qwen2"), tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["notes.txt"]


def test_a_native_folder_keeps_its_answers(tiny_teacher, page, tmp_path: Path) -> None:
    native = save_native(tmp_path / "native", tiny_teacher)
    with safe_open(tmp_path / "native" / "model.safetensors", "pt") as file:
        assert any(name.startswith("language_model.model.") for name in file.keys())  # noqa: SIM118
    convert(str(tmp_path / "native"), tmp_path / "out")
    model, processor = load_model(str(tmp_path / "out"), device="cpu")
    messages = [{"role": "user", "content": [{"type": "image"}, {"type": "text", "text": "Read the text."}]}]
    text = processor.apply_chat_template(messages, add_generation_prompt=True)
    assert text == tiny_teacher[1].apply_chat_template(messages, add_generation_prompt=True)
    inputs = processor(text=text, images=page, return_tensors="pt")
    with torch.no_grad():
        assert torch.equal(model(**inputs).logits, native(**inputs).logits)


def test_a_native_chat_template_gets_answer_marks(tiny_teacher, tmp_path: Path) -> None:
    save_native(tmp_path / "native", tiny_teacher)
    plain = (
        "{% for message in messages %}{{ '<|im_start|>' + message.role + '\\n' }}"
        "{% if message.content is string %}{{ message.content }}{% else %}{% for block in message.content %}"
        "{% if block.type == 'image' %}{{ '<IMG_CONTEXT>\\n' }}{% else %}{{ block.text }}{% endif %}"
        "{% endfor %}{% endif %}{{ '<|im_end|>\\n' }}{% endfor %}"
        "{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}"
    )
    (tmp_path / "native" / "chat_template.jinja").write_text(plain)
    convert(str(tmp_path / "native"), tmp_path / "out")
    assert "{% generation %}" in (tmp_path / "out" / "chat_template.jinja").read_text()


def test_the_command_says_in_one_line_what_is_wrong(original: Path, tmp_path: Path) -> None:
    (original / "model.safetensors").write_bytes(b"nothing")
    command = [sys.executable, "-m", "fcotvl_hf.cli", "convert", str(original), str(tmp_path / "out")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 1 and done.stdout == ""
    assert len(done.stderr.strip().splitlines()) == 1 and "model.safetensors" in done.stderr


def test_its_card_says_what_it_is_and_how_to_serve_it(converted) -> None:
    card = (converted("qwen2") / "README.md").read_text()
    assert "4 visual tokens per tile" in card and "`qwen2` by `fcotvl convert`" in card and "--hf-overrides" in card


def test_a_native_folder_need_not_say_that_it_is_untied(tiny_teacher, tmp_path: Path) -> None:
    native = save_native(tmp_path / "native", tiny_teacher)
    edit_json(tmp_path / "native" / "config.json", lambda content: content.pop("tie_word_embeddings"))
    convert(str(tmp_path / "native"), tmp_path / "out")
    model, _ = load_model(str(tmp_path / "out"), device="cpu")
    assert torch.equal(model.lm_head.weight, native.lm_head.weight)


def test_tied_weights_that_are_stored_twice_are_kept(original: Path, tmp_path: Path) -> None:
    weights = load_file(original / "model.safetensors")
    weights["language_model.output.weight"] = weights["language_model.model.tok_embeddings.weight"].clone()
    save_file(weights, original / "model.safetensors")
    edit_json(original / "config.json", set_at("llm_config", "tie_word_embeddings", True))
    convert(str(original), tmp_path / "out")
    model, _ = load_model(str(tmp_path / "out"), device="cpu")
    assert torch.equal(model.lm_head.weight, weights["language_model.output.weight"])


def test_a_tensor_under_two_names_is_refused(tiny_teacher, tmp_path: Path) -> None:
    save_native(tmp_path / "native", tiny_teacher)
    weights = load_file(tmp_path / "native" / "model.safetensors")
    weights["model.language_model.norm.weight"] = weights["language_model.model.norm.weight"] + 1
    save_file(weights, tmp_path / "native" / "model.safetensors")
    with pytest.raises(ValueError, match="is there twice"):
        convert(str(tmp_path / "native"), tmp_path / "out")


def test_a_full_disk_is_named_and_keeps_the_old_folder(tmp_path: Path, full_disk) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "notes.txt").write_text("mine")
    message = rf"{tmp_path}/out could not be written: .*; free some space"
    with full_disk(), pytest.raises(OSError, match=message):
        convert(str(ORIGINALS / "qwen2"), tmp_path / "out", overwrite=True)
    assert [path.name for path in tmp_path.rglob("*")] == ["out", "notes.txt"]


@pytest.mark.parametrize("out", [".", ".."])
def test_the_source_is_never_replaced(original: Path, out: str) -> None:
    with pytest.raises(UsageError, match="which it is made from"):
        convert(str(original), original / out, overwrite=True)
    assert (original / "tokenizer.model").exists()
