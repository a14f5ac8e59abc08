"""The configuration of an original InternVL2 checkpoint (``internvl_chat``), read as plain JSON, turned into ours.

Its class defaults differ from what the released checkpoints say, so every setting that changes the answer must be
written in the file, and one that native InternVL cannot do is refused by name.
"""

from collections.abc import Callable
from typing import Any

from transformers import AutoConfig
from transformers.activations import ACT2FN

from fcotvl_hf.modeling import FCoTVLConfig, FCoTVLImageProcessor

from .settings import Settings, blamed_on

Reader = Callable[[Settings, str], Any]

LLMS = {"internlm2": "llama", "llama": "llama", "qwen2": "qwen2"}
"""``model_type`` of the original's language model → of the native one with the same mathematics."""

_REQUIRED = {
    "ps_version": "v2",
    "select_layer": -1,
    "downsample_ratio": 0.5,
    "dynamic_image_size": True,
    "use_thumbnail": True,
}
"""What every InternVL2 checkpoint says, and all that the native model and image processor do."""

NORMS = ("layer_norm", "rms_norm")
"""What a vision tower may normalise with."""

_QK_NORM_EPS = 1e-6
"""What native InternVL adds to the variance of queries and keys, whatever its ``layer_norm_eps``."""


def _activation(settings: Settings, key: str) -> str:
    return settings.choice(key, ACT2FN)


def _norm(settings: Settings, key: str) -> str:
    return settings.choice(key, NORMS)


_VISION: dict[str, tuple[str, Reader]] = {
    "hidden_size": ("hidden_size", Settings.whole),
    "num_hidden_layers": ("num_hidden_layers", Settings.whole),
    "num_attention_heads": ("num_attention_heads", Settings.whole),
    "intermediate_size": ("intermediate_size", Settings.whole),
    "hidden_act": ("hidden_act", _activation),
    "norm_type": ("norm_type", _norm),
    "layer_norm_eps": ("layer_norm_eps", Settings.number),
    "qkv_bias": ("attention_bias", Settings.flag),
    "qk_normalization": ("use_qk_norm", Settings.flag),
    "dropout": ("projection_dropout", Settings.number),
    "attention_dropout": ("attention_dropout", Settings.number),
    "initializer_factor": ("layer_scale_init_value", Settings.number),
    "image_size": ("image_size", Settings.whole),
    "patch_size": ("patch_size", Settings.whole),
    "num_channels": ("num_channels", Settings.whole),
}
"""The original ViT's settings → native InternVL's, and how to read them."""

_TEXT: dict[str, Reader] = {
    "vocab_size": Settings.whole,
    "hidden_size": Settings.whole,
    "intermediate_size": Settings.whole,
    "num_hidden_layers": Settings.whole,
    "num_attention_heads": Settings.whole,
    "num_key_value_heads": Settings.whole,
    "hidden_act": _activation,
    "max_position_embeddings": Settings.whole,
    "rms_norm_eps": Settings.number,
}
"""The original language model's settings, named as the native one's, and how to read them."""


def convert_config(settings: Settings, token_id: Callable[[str], int]) -> FCoTVLConfig:
    """Turn an ``internvl_chat`` configuration into a stride-1 FCoT-VL one.

    Args:
        settings: the content of ``config.json``.
        token_id: from a special token of the tokenizer to its id.

    Raises:
        ValueError: a setting is missing, damaged or not supported; the message names it.
    """
    for key, supported in _REQUIRED.items():
        settings.only(key, supported)
    settings.only("pad2square", False, default=False)
    llm = settings.section("llm_config")
    vision, text = _convert_vision(settings), _convert_text(llm, token_id)
    tied = llm.flag("tie_word_embeddings", default=False)
    with blamed_on(settings.file):
        return FCoTVLConfig(
            vision_config=vision,
            text_config=AutoConfig.for_model(LLMS[llm_type(settings)], **text),
            image_token_id=token_id("<IMG_CONTEXT>"),
            tie_word_embeddings=tied,
        )


def convert_image_processor(settings: Settings) -> FCoTVLImageProcessor:
    """The tiling that an ``internvl_chat`` configuration asks for.

    Raises:
        ValueError: it asks for no tiles, or for fewer at most than at least.
    """
    side = settings.section("vision_config").whole("image_size")
    fewest = settings.whole("min_dynamic_patch")
    most = settings.whole("max_dynamic_patch", least=fewest)
    return FCoTVLImageProcessor(size={"height": side, "width": side}, min_patches=fewest, max_patches=most)


def llm_type(settings: Settings) -> str:
    """Which language model an ``internvl_chat`` configuration has: a key of ``LLMS``.

    Raises:
        ValueError: it is another one, such as Phi-3 (InternVL2-4B).
    """
    return settings.section("llm_config").choice("model_type", LLMS)


def _convert_vision(settings: Settings) -> dict[str, Any]:
    vision = settings.section("vision_config")
    native = {name: read(vision, key) for key, (name, read) in _VISION.items()}
    side, patch = native["image_size"], native["patch_size"]
    if (forced := settings.whole("force_image_size", default=side)) != side:
        raise ValueError(f"config.json: force_image_size={forced} differs from vision_config.image_size={side}")
    if side % (2 * patch):
        raise ValueError(f"config.json: vision_config.image_size={side} is no multiple of two patches of {patch} px")
    if native["use_qk_norm"] and native["layer_norm_eps"] != _QK_NORM_EPS:
        raise ValueError(f"config.json: vision_config.qk_normalization needs layer_norm_eps={_QK_NORM_EPS}")
    return native


def _convert_text(llm: Settings, token_id: Callable[[str], int]) -> dict[str, Any]:
    text = {key: read(llm, key) for key, read in _TEXT.items()}
    text["rope_parameters"] = _convert_rope(llm)
    text["eos_token_id"] = token_id("<|im_end|>")
    text |= {key: llm.content.get(key) for key in ("bos_token_id", "pad_token_id")}
    match llm.content["model_type"]:
        case "internlm2":
            text["attention_bias"] = llm.flag("bias")
        case "llama":
            text["attention_bias"] = llm.flag("attention_bias", default=False)
        case "qwen2":
            llm.only("use_sliding_window", False, default=False)
            if text["rope_parameters"]["rope_type"] != "default":
                raise ValueError("config.json: llm_config.rope_scaling must be null: the original's Qwen2 ignores it")
    return text


def _convert_rope(llm: Settings) -> dict[str, Any]:
    """Rotary settings; the original wrote ``type``, transformers 5 wants ``rope_type``."""
    theta = {"rope_theta": llm.number("rope_theta", least=1)}
    if llm.content.get("rope_scaling") is None:
        return {"rope_type": "default", **theta}
    scaling = llm.section("rope_scaling")
    kind = scaling.choice("type", ("dynamic", "linear"))
    return {"rope_type": kind, "factor": scaling.number("factor", least=1), **theta}
