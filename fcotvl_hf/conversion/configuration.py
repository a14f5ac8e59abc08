"""The configuration of an original InternVL2 checkpoint (``internvl_chat``), read as plain JSON, turned into ours.

Its class defaults differ from what the released checkpoints say, so every setting that changes the answer must be
written in the file, and one that native InternVL cannot do is refused by name.
"""

from collections.abc import Callable, Mapping
from typing import Any

from transformers import AutoConfig, PreTrainedConfig

from fcotvl_hf.modeling import FCoTVLConfig, FCoTVLImageProcessor

Settings = Mapping[str, Any]

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

_VISION = {
    "hidden_size": "hidden_size",
    "num_hidden_layers": "num_hidden_layers",
    "num_attention_heads": "num_attention_heads",
    "intermediate_size": "intermediate_size",
    "hidden_act": "hidden_act",
    "norm_type": "norm_type",
    "layer_norm_eps": "layer_norm_eps",
    "qkv_bias": "attention_bias",
    "qk_normalization": "use_qk_norm",
    "dropout": "hidden_dropout_prob",
    "attention_dropout": "attention_dropout",
    "initializer_factor": "layer_scale_init_value",
    "image_size": "image_size",
    "patch_size": "patch_size",
    "num_channels": "num_channels",
}
"""The original ViT's settings → native InternVL's."""

_TEXT = (
    "vocab_size",
    "hidden_size",
    "intermediate_size",
    "num_hidden_layers",
    "num_attention_heads",
    "num_key_value_heads",
    "hidden_act",
    "max_position_embeddings",
    "rms_norm_eps",
)


def convert_config(settings: Settings, token_id: Callable[[str], int]) -> FCoTVLConfig:
    """Turn an ``internvl_chat`` configuration into a stride-1 FCoT-VL one.

    Args:
        settings: the content of ``config.json``.
        token_id: from a special token of the tokenizer to its id.

    Raises:
        ValueError: a setting is missing or not supported; the message names it.
    """
    for key, supported in _REQUIRED.items():
        if _get(settings, key) != supported:
            raise ValueError(f"config.json: {key}={settings[key]!r} is not supported, only {supported!r}")
    if settings.get("pad2square"):
        raise ValueError("config.json: pad2square=true is not supported")
    vision, llm = _get(settings, "vision_config"), _get(settings, "llm_config")
    size = settings.get("force_image_size") or _get(vision, "image_size")
    if size != _get(vision, "image_size"):
        raise ValueError(f"config.json: force_image_size={size} differs from vision_config.image_size")
    return FCoTVLConfig(
        vision_config={native: _get(vision, key) for key, native in _VISION.items()},
        text_config=_convert_text(llm, token_id),
        image_token_id=token_id("<IMG_CONTEXT>"),
        tie_word_embeddings=llm.get("tie_word_embeddings", False),
    )


def convert_image_processor(settings: Settings) -> FCoTVLImageProcessor:
    """The tiling that an ``internvl_chat`` configuration asks for."""
    side = _get(_get(settings, "vision_config"), "image_size")
    return FCoTVLImageProcessor(
        size={"height": side, "width": side},
        min_patches=_get(settings, "min_dynamic_patch"),
        max_patches=_get(settings, "max_dynamic_patch"),
    )


def llm_type(settings: Settings) -> str:
    """Which language model an ``internvl_chat`` configuration has: a key of ``LLMS``.

    Raises:
        ValueError: it is another one, such as Phi-3 (InternVL2-4B).
    """
    kind = _get(_get(settings, "llm_config"), "model_type")
    if kind not in LLMS:
        raise ValueError(f"config.json: llm_config.model_type={kind!r} is not supported, only {', '.join(LLMS)}")
    return str(kind)


def _convert_text(llm: Settings, token_id: Callable[[str], int]) -> PreTrainedConfig:
    kind = LLMS[llm_type({"llm_config": llm})]
    text = {key: _get(llm, key) for key in _TEXT}
    text["rope_parameters"] = _convert_rope(llm)
    text["eos_token_id"] = token_id("<|im_end|>")
    if kind == "llama":
        text["attention_bias"] = llm.get("bias", llm.get("attention_bias", False))
    elif llm.get("use_sliding_window"):
        raise ValueError("config.json: llm_config.use_sliding_window=true is not supported")
    return AutoConfig.for_model(
        kind, **text, bos_token_id=llm.get("bos_token_id"), pad_token_id=llm.get("pad_token_id")
    )


def _convert_rope(llm: Settings) -> dict[str, Any]:
    """Rotary settings; the original wrote ``type``, transformers 5 wants ``rope_type``."""
    scaling = dict(llm.get("rope_scaling") or {})
    kind = scaling.pop("type", None) or scaling.pop("rope_type", "default")
    if kind not in ("default", "dynamic", "linear"):
        raise ValueError(f"config.json: llm_config.rope_scaling of type {kind!r} is not supported")
    return {"rope_type": kind, "rope_theta": float(_get(llm, "rope_theta")), **scaling}


def _get(settings: Settings, key: str) -> Any:
    if key not in settings:
        raise ValueError(f"config.json lacks {key}")
    return settings[key]
