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
from transformers import AutoModelForImageTextToText, InternVLConfig, InternVLForConditionalGeneration

from fcotvl_hf.command import UsageError
from fcotvl_hf.conversion import convert as module
from fcotvl_hf.conversion.convert import convert
from fcotvl_hf.hub.models import load_model
from fcotvl_hf.modeling import FCoTVLProcessor

from .conftest import ORIGINALS


def _edit(path: Path, change) -> None:
    content = json.loads(path.read_text())
    change(content)
    path.write_text(json.dumps(content))


def _set(*path_and_value: object):
    *path, last, value = path_and_value

    def change(content):
        for key in path:
            content = content[key]
        content[last] = value

    return change


def _shard(folder: Path, shards: int) -> None:
    """Cut a folder's weights into files with an index."""
    tensors = load_file(folder / "model.safetensors")
    (folder / "model.safetensors").unlink()
    weight_map = {}
    for shard in range(shards):
        name = f"model-{shard + 1:05d}-of-{shards:05d}.safetensors"
        part = dict(list(tensors.items())[shard::shards])
        save_file(part, folder / name, {"format": "pt"})
        weight_map |= dict.fromkeys(part, name)
    (folder / "model.safetensors.index.json").write_text(json.dumps({"metadata": {}, "weight_map": weight_map}))


def _pickle(folder: Path, content=None) -> None:
    weights = folder / "model.safetensors"
    torch.save(content or load_file(weights), folder / "pytorch_model.bin")
    weights.unlink()


def _weights(folder: Path) -> dict[str, torch.Tensor]:
    files = sorted(folder.glob("*.safetensors"))
    return {name: tensor for file in files for name, tensor in load_file(file).items()}


def test_shards_and_pickles_give_the_same_weights(converted, original: Path, tmp_path: Path) -> None:
    expected = _weights(converted("internlm2-gqa"))
    _shard(original, 3)
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


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (_set("ps_version", "v1"), "ps_version='v1' is not supported"),
        (_set("select_layer", -4), "select_layer=-4 is not supported"),
        (_set("downsample_ratio", 0.25), "downsample_ratio=0.25 is not supported"),
        (_set("use_thumbnail", False), "use_thumbnail=False is not supported"),
        (_set("template", "phi3-chat"), "template='phi3-chat' is not supported"),
        (_set("llm_config", "model_type", "phi3"), "model_type='phi3' is not supported"),
        (_set("llm_config", "rope_scaling", {"type": "yarn", "factor": 2.0}), r"rope_scaling\.type='yarn' is not supported"),
        (_set("force_image_size", 112), "force_image_size=112 differs"),
        (_set("model_type", "llava"), "is of type 'llava'"),
        (_set("llm_config", "intermediate_size", 160), r"gate_proj.weight would have shape \[128, 64\]"),
        (_set("llm_config", "num_hidden_layers", 4), "the checkpoint lacks tensors for model.language_model.layers.3"),
        (_set("llm_config", "num_hidden_layers", 2), "has no place in the model"),
        (lambda content: content.pop("ps_version"), "config.json lacks ps_version"),
    ],
)
def test_settings_that_cannot_be_kept_are_named(original: Path, tmp_path: Path, change, message: str) -> None:
    _edit(original / "config.json", change)
    out = tmp_path / "out"
    with pytest.raises(ValueError, match=message):
        convert(str(original), out)
    assert not out.exists() and {path.name for path in tmp_path.iterdir()} == {"original"}


def _truncate(folder: Path) -> None:
    weights = folder / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-1000])


def _lose_a_shard(folder: Path) -> None:
    _shard(folder, 3)
    (folder / "model-00002-of-00003.safetensors").unlink()


def _misplace_a_tensor(folder: Path) -> None:
    _shard(folder, 2)
    index = "model.safetensors.index.json"
    _edit(
        folder / index,
        lambda content: content["weight_map"].update({"mlp1.9.weight": content["weight_map"]["mlp1.0.bias"]}),
    )


def _add_a_tensor(folder: Path) -> None:
    weights = load_file(folder / "model.safetensors")
    save_file(weights | {"vision_model.head.weight": torch.zeros(2)}, folder / "model.safetensors")


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (_truncate, r"model\.safetensors is cut short"),
        (_lose_a_shard, r"model-00002-of-00003\.safetensors is missing"),
        (_misplace_a_tensor, r"lists mlp1\.9\.weight in model-.*, which does not hold it"),
        (_add_a_tensor, r"tensor vision_model\.head\.weight of the checkpoint is unknown"),
        (_pickle, "pickled weights only"),
        (lambda folder: (folder / "model.safetensors").unlink(), "holds no weights"),
        (lambda folder: (folder / "tokenizer.model").unlink(), "holds no tokenizer"),
        (lambda folder: (folder / "config.json").write_text("{"), r"config\.json is no valid JSON"),
        (lambda folder: (folder / "config.json").unlink(), r"config\.json is missing"),
    ],
)
def test_damaged_files_are_named(original: Path, tmp_path: Path, spoil, message: str) -> None:
    spoil(original)
    with pytest.raises((ValueError, OSError), match=message):
        convert(str(original), tmp_path / "out")
    assert {path.name for path in tmp_path.iterdir()} == {"original"}


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


def _save_native(folder: Path, teacher) -> InternVLForConditionalGeneration:
    """A native InternVL with the teacher's weights, saved the way transformers saves one."""
    model, processor = teacher
    ours = ("model_type", "auto_map", "architectures", "compressor_type", "compressor_stride", "compressor_groups")
    settings = {key: value for key, value in model.config.to_dict().items() if key not in ours}
    native = InternVLForConditionalGeneration(InternVLConfig.from_dict(settings)).eval()
    native.load_state_dict(model.state_dict())
    native.save_pretrained(folder)
    processor.save_pretrained(folder)
    _edit(folder / "processor_config.json", _set("image_processor", "image_processor_type", "GotOcr2ImageProcessor"))
    return native


def test_a_native_folder_keeps_its_answers(tiny_teacher, page, tmp_path: Path) -> None:
    native = _save_native(tmp_path / "native", tiny_teacher)
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
    _save_native(tmp_path / "native", tiny_teacher)
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
    native = _save_native(tmp_path / "native", tiny_teacher)
    _edit(tmp_path / "native" / "config.json", lambda content: content.pop("tie_word_embeddings"))
    convert(str(tmp_path / "native"), tmp_path / "out")
    model, _ = load_model(str(tmp_path / "out"), device="cpu")
    assert torch.equal(model.lm_head.weight, native.lm_head.weight)


def test_tied_weights_that_are_stored_twice_are_kept(original: Path, tmp_path: Path) -> None:
    weights = load_file(original / "model.safetensors")
    weights["language_model.output.weight"] = weights["language_model.model.tok_embeddings.weight"].clone()
    save_file(weights, original / "model.safetensors")
    _edit(original / "config.json", _set("llm_config", "tie_word_embeddings", True))
    convert(str(original), tmp_path / "out")
    model, _ = load_model(str(tmp_path / "out"), device="cpu")
    assert torch.equal(model.lm_head.weight, weights["language_model.output.weight"])


def test_a_tensor_under_two_names_is_refused(tiny_teacher, tmp_path: Path) -> None:
    _save_native(tmp_path / "native", tiny_teacher)
    weights = load_file(tmp_path / "native" / "model.safetensors")
    weights["model.language_model.norm.weight"] = weights["language_model.model.norm.weight"] + 1
    save_file(weights, tmp_path / "native" / "model.safetensors")
    with pytest.raises(ValueError, match="is there twice"):
        convert(str(tmp_path / "native"), tmp_path / "out")


@pytest.mark.parametrize("out", [".", ".."])
def test_the_source_is_never_replaced(original: Path, out: str) -> None:
    with pytest.raises(UsageError, match="which it is made from"):
        convert(str(original), original / out, overwrite=True)
    assert (original / "tokenizer.model").exists()
