"""What cannot be converted exactly is refused in one line that names the file and the key; nothing is left behind."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file

from fcotvl_hf.conversion.convert import convert

from .conftest import ORIGINALS, edit_json, save_native, set_at, split_weights

Change = Callable[[Any], object]


def _refused(source: Path, message: str) -> None:
    out = source.parent / "out"
    with pytest.raises((ValueError, OSError), match=message):
        convert(str(source), out)
    assert {path.name for path in source.parent.iterdir()} == {source.name}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (set_at("ps_version", "v1"), "ps_version='v1' is not supported"),
        (set_at("select_layer", -4), "select_layer=-4 is not supported"),
        (set_at("downsample_ratio", 0.25), "downsample_ratio=0.25 is not supported"),
        (set_at("use_thumbnail", False), "use_thumbnail=False is not supported"),
        (set_at("pad2square", True), "pad2square=True is not supported"),
        (set_at("template", "phi3-chat"), "template='phi3-chat' is not supported"),
        (set_at("template", None), "template=None is not supported"),
        (set_at("model_type", "llava"), "is of type 'llava'"),
        (set_at("model_type", ["internvl_chat"]), r"is of type \['internvl_chat'\]"),
        (lambda content: content.pop("ps_version"), "config.json lacks ps_version"),
        (set_at("force_image_size", 112), "force_image_size=112 differs"),
        (set_at("max_dynamic_patch", 0), "max_dynamic_patch must be a whole number of at least 1, not 0"),
        (set_at("min_dynamic_patch", -2), "min_dynamic_patch must be a whole number of at least 1, not -2"),
        (set_at("min_dynamic_patch", 20), "max_dynamic_patch must be a whole number of at least 20, not 12"),
        (set_at("llm_config", None), "config.json: llm_config must be an object, not null"),
        (set_at("vision_config", [1]), r"vision_config must be an object, not \[1\]"),
        (set_at("vision_config", "patch_size", 16), "image_size=56 is no multiple of two patches of 16 px"),
        (set_at("vision_config", "norm_type", "batch_norm"), "vision_config.norm_type='batch_norm' is not supported"),
        (set_at("vision_config", "layer_norm_eps", -1e-6), "layer_norm_eps must be a number of at least 0"),
        (set_at("vision_config", "qk_normalization", True), "lacks tensors for .*k_norm"),
        (set_at("llm_config", "model_type", "phi3"), "llm_config.model_type='phi3' is not supported"),
        (set_at("llm_config", "hidden_act", ["silu"]), r"llm_config.hidden_act=\['silu'\] is not supported"),
        (set_at("llm_config", "hidden_size", "64"), 'hidden_size must be a whole number of at least 1, not "64"'),
        (set_at("llm_config", "num_hidden_layers", True), "num_hidden_layers must be a whole number .* not true"),
        (set_at("llm_config", "rope_theta", float("nan")), "rope_theta must be a number of at least 1, not NaN"),
        (set_at("llm_config", "rope_scaling", 2.0), "rope_scaling must be an object, not 2.0"),
        (set_at("llm_config", "rope_scaling", {"factor": 2.0}), "config.json lacks llm_config.rope_scaling.type"),
        (set_at("llm_config", "rope_scaling", {"type": "yarn", "factor": 2.0}), "type='yarn' is not supported"),
        (
            set_at("llm_config", "rope_scaling", {"type": "linear", "factor": 0}),
            "factor must be a number of at least 1",
        ),
        (set_at("llm_config", "bias", "no"), 'llm_config.bias must be true or false, not "no"'),
        (set_at("llm_config", "num_attention_heads", 7), "config.json cannot be used .*multiple of the number of att"),
        (set_at("llm_config", "bos_token_id", "one"), "config.json cannot be used .*'bos_token_id'"),
        (set_at("llm_config", "pad_token_id", 9999), "config.json cannot be used .*Padding_idx"),
        (set_at("llm_config", "vocab_size", 500), "the tokenizer has ids up to 574, but vocab_size=500"),
        (set_at("llm_config", "intermediate_size", 160), r"gate_proj.weight would have shape \[128, 64\]"),
        (set_at("llm_config", "num_hidden_layers", 4), "lacks tensors for model.language_model.layers.3"),
        (set_at("llm_config", "num_hidden_layers", 2), "has no place in the model"),
    ],
)
def test_settings_that_cannot_be_kept_are_named(original: Path, change: Change, message: str) -> None:
    edit_json(original / "config.json", change)
    _refused(original, message)


def test_scaled_rotations_of_qwen2_are_refused(tmp_path: Path) -> None:
    source = Path(shutil.copytree(ORIGINALS / "qwen2", tmp_path / "original"))
    edit_json(source / "config.json", set_at("llm_config", "rope_scaling", {"type": "dynamic", "factor": 2.0}))
    _refused(source, "llm_config.rope_scaling must be null")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (set_at("add_eos_token", True), "tokenizer_config.json: add_eos_token=True is not supported, only False"),
        (set_at("add_bos_token", "yes"), 'add_bos_token must be true or false, not "yes"'),
        (set_at("tokenizer_class", "XLNetTokenizer"), "tokenizer_class='XLNetTokenizer' is not supported"),
        (set_at("bos_token", 1), "tokenizer_config.json: bos_token must be a token, not 1"),
        (set_at("eos_token", {"text": "</s>"}), "tokenizer_config.json: eos_token must be a token, not {"),
        (set_at("bos_token", "<bos>"), "puts bos_token in front of a text, but bos_token='<bos>' is no token"),
        (set_at("added_tokens_decoder", []), r"added_tokens_decoder must be an object, not \[\]"),
        (set_at("added_tokens_decoder", "564", "<|im_end|>"), "added_tokens_decoder cannot be used"),
        (set_at("added_tokens_decoder", "one", {"content": "<|im_end|>"}), "added_tokens_decoder cannot be used"),
        (set_at("model_max_length", "long"), 'model_max_length must be a number of at least 0, not "long"'),
        (
            lambda content: content.update(tokenizer_class="LlamaTokenizer", legacy=False),
            "legacy=False is not supported",
        ),
    ],
)
def test_tokenizer_settings_that_would_give_other_ids_are_named(original: Path, change: Change, message: str) -> None:
    edit_json(original / "tokenizer_config.json", change)
    _refused(original, message)


def _truncate(folder: Path) -> None:
    weights = folder / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-1000])


def _lose_a_shard(folder: Path) -> None:
    split_weights(folder, 3)
    (folder / "model-00002-of-00003.safetensors").unlink()


def _misplace_a_tensor(folder: Path) -> None:
    split_weights(folder, 2)
    edit_json(
        folder / "model.safetensors.index.json",
        lambda content: content["weight_map"].update({"mlp1.9.weight": content["weight_map"]["mlp1.0.bias"]}),
    )


def _spoil_the_index(folder: Path) -> None:
    split_weights(folder, 2)
    edit_json(folder / "model.safetensors.index.json", set_at("weight_map", {"mlp1.0.bias": 1}))


def _add_a_tensor(folder: Path) -> None:
    weights = load_file(folder / "model.safetensors")
    save_file(weights | {"vision_model.head.weight": torch.zeros(2)}, folder / "model.safetensors")


def _quantise(folder: Path) -> None:
    weights = load_file(folder / "model.safetensors")
    save_file(weights | {"mlp1.1.weight": weights["mlp1.1.weight"].char()}, folder / "model.safetensors")


def _spoil_tokenizer_json(folder: Path) -> None:
    (folder / "tokenizer.model").unlink()
    (folder / "tokenizer.json").write_text("{}")


def _spoil_added_tokens(folder: Path) -> None:
    edit_json(folder / "tokenizer_config.json", lambda content: content.pop("added_tokens_decoder"))
    edit_json(folder / "added_tokens.json", set_at("<img>", "566"))


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (_truncate, r"model\.safetensors is cut short"),
        (_lose_a_shard, r"model-00002-of-00003\.safetensors is missing"),
        (_misplace_a_tensor, r"lists mlp1\.9\.weight in model-.*, which does not hold it"),
        (_spoil_the_index, r"index\.json is no index of shards: weight_map must say"),
        (_add_a_tensor, r"tensor vision_model\.head\.weight of the checkpoint is unknown"),
        (_quantise, r"tensor mlp1\.1\.weight is of type torch\.int8; quantised"),
        (_spoil_tokenizer_json, r"tokenizer\.json cannot be used"),
        (_spoil_added_tokens, r'added_tokens\.json: <img> must be a whole number of at least 0, not "566"'),
        (lambda folder: (folder / "model.safetensors").unlink(), "holds no weights"),
        (lambda folder: (folder / "tokenizer.model").unlink(), "holds no tokenizer"),
        (lambda folder: (folder / "config.json").write_text("{"), r"config\.json is no valid JSON"),
        (lambda folder: (folder / "config.json").write_text("[1]"), r"config\.json holds no JSON object"),
        (lambda folder: (folder / "config.json").write_bytes(b"\xff\xfe{}"), r"config\.json is no valid JSON"),
        (lambda folder: (folder / "config.json").unlink(), r"config\.json is missing"),
        (
            lambda folder: (folder / "tokenizer_config.json").write_text("7"),
            r"tokenizer_config\.json holds no JSON object",
        ),
    ],
)
def test_damaged_files_are_named(original: Path, spoil: Callable[[Path], None], message: str) -> None:
    spoil(original)
    _refused(original, message)


@pytest.fixture
def native(tiny_teacher, tmp_path: Path) -> Path:
    save_native(tmp_path / "native", tiny_teacher)
    return tmp_path / "native"


def _edited(file: str, *keys_and_value: Any) -> Callable[[Path], None]:
    return lambda folder: edit_json(folder / file, set_at(*keys_and_value))


def _written(file: str, text: str) -> Callable[[Path], object]:
    return lambda folder: (folder / file).write_text(text)


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (_edited("config.json", "text_config", None), "config.json: text_config must be an object, not null"),
        (
            _edited("config.json", "text_config", "hidden_size", "48"),
            "config.json .*'hidden_size' expected",
        ),
        (
            _edited("config.json", "vision_config", "hidden_act", "new"),
            "hidden_act='new' is not supported",
        ),
        (_edited("config.json", "vision_config", "patch_size", 0), "config.json cannot be used"),
        (_edited("config.json", "vision_feature_layer", 9), "vision_feature_layer=9 is none of the .* 2 layers"),
        (_edited("config.json", "image_token_id", 3), "<IMG_CONTEXT> has id 7, but image_token_id=3 in config.json"),
        (_edited("processor_config.json", "image_processor", "max_patches", 0), "max_patches must be a whole number"),
        (
            _edited("processor_config.json", "image_processor", "image_mean", [0.5]),
            "image processor's .* cannot be",
        ),
        (_written("processor_config.json", "{"), "processor_config.json' is not a valid JSON"),
        (_written("tokenizer.json", "{}"), "tokenizer.json or .* cannot be used"),
        (_written("tokenizer.json", "junk"), "tokenizer.json is no valid JSON"),
        (_written("chat_template.jinja", "{% if"), "the chat template in .* cannot be used"),
    ],
)
def test_damaged_native_folders_are_named(native: Path, spoil: Callable[[Path], object], message: str) -> None:
    spoil(native)
    _refused(native, message)
