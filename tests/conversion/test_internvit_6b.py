"""InternViT-6B's kind of vision tower (InternVL2-26B, -40B, -76B), against its description written out below.

RMSNorm instead of LayerNorm, queries and keys normalised over the full width before they are cut into heads, no bias
for them (https://github.com/OpenGVLab/InternVL, ``modeling_intern_vit.py``). 45 layers of 3,200 there, 4 of 40 here.
"""

from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file
from torch.nn import functional as F

from fcotvl_hf.conversion.convert import convert
from fcotvl_hf.hub.models import load_model

from .conftest import edit_json

WIDTH, HEADS, INNER, LAYERS, PATCH, SIDE, LLM_WIDTH = 40, 5, 72, 4, 14, 56, 64
EPS = 1e-6
SETTINGS = {
    "hidden_size": WIDTH,
    "num_attention_heads": HEADS,
    "intermediate_size": INNER,
    "num_hidden_layers": LAYERS,
    "norm_type": "rms_norm",
    "qk_normalization": True,
    "qkv_bias": False,
    "layer_norm_eps": EPS,
}
Weights = dict[str, torch.Tensor]


def _shapes() -> dict[str, tuple[int, ...]]:
    patches = (SIDE // PATCH) ** 2
    shapes: dict[str, tuple[int, ...]] = {
        "vision_model.embeddings.class_embedding": (1, 1, WIDTH),
        "vision_model.embeddings.position_embedding": (1, patches + 1, WIDTH),
        "vision_model.embeddings.patch_embedding.weight": (WIDTH, 3, PATCH, PATCH),
        "vision_model.embeddings.patch_embedding.bias": (WIDTH,),
        "mlp1.0.weight": (4 * WIDTH,),
        "mlp1.0.bias": (4 * WIDTH,),
        "mlp1.1.weight": (LLM_WIDTH, 4 * WIDTH),
        "mlp1.1.bias": (LLM_WIDTH,),
    }
    for layer in range(LAYERS):
        stem = f"vision_model.encoder.layers.{layer}"
        shapes[f"{stem}.attn.qkv.weight"] = (3 * WIDTH, WIDTH)
        for name, out, into in (("attn.proj", WIDTH, WIDTH), ("mlp.fc1", INNER, WIDTH), ("mlp.fc2", WIDTH, INNER)):
            shapes |= {f"{stem}.{name}.weight": (out, into), f"{stem}.{name}.bias": (out,)}
        for name in ("norm1.weight", "norm2.weight", "attn.q_norm.weight", "attn.k_norm.weight", "ls1", "ls2"):
            shapes[f"{stem}.{name}"] = (WIDTH,)
    return shapes


@pytest.fixture
def weights(original: Path) -> Weights:
    """The InternLM2 original with such a vision tower, of noise, instead of its own."""
    generator = torch.Generator().manual_seed(0)
    kept = {
        name: tensor
        for name, tensor in load_file(original / "model.safetensors").items()
        if name.startswith(("language_model.", "mlp1.3."))
    }
    weights = kept | {name: torch.randn(shape, generator=generator) * 0.3 for name, shape in _shapes().items()}
    save_file(weights, original / "model.safetensors")
    edit_json(original / "config.json", lambda content: content["vision_config"].update(SETTINGS))
    return weights


def _rms(x: torch.Tensor, weight: torch.Tensor) -> torch.Tensor:
    return weight * x / (x.pow(2).mean(-1, keepdim=True) + EPS).sqrt()


def _layer(w: Weights, stem: str, x: torch.Tensor) -> torch.Tensor:
    def linear(name: str, values: torch.Tensor) -> torch.Tensor:
        return F.linear(values, w[f"{stem}.{name}.weight"], w.get(f"{stem}.{name}.bias"))

    def heads(values: torch.Tensor) -> torch.Tensor:
        return values.unflatten(-1, (HEADS, -1)).transpose(1, 2)  # [T, N, width] → [T, heads, N, head width]

    q, k, v = linear("attn.qkv", _rms(x, w[f"{stem}.norm1.weight"])).chunk(3, -1)
    q, k = _rms(q, w[f"{stem}.attn.q_norm.weight"]), _rms(k, w[f"{stem}.attn.k_norm.weight"])
    scores = heads(q) @ heads(k).transpose(-1, -2) / (WIDTH // HEADS) ** 0.5
    mixed = (scores.softmax(-1) @ heads(v)).transpose(1, 2).flatten(2)
    x = x + w[f"{stem}.ls1"] * linear("attn.proj", mixed)
    inner = F.gelu(linear("mlp.fc1", _rms(x, w[f"{stem}.norm2.weight"])))
    return x + w[f"{stem}.ls2"] * linear("mlp.fc2", inner)


def _features(w: Weights, pixels: torch.Tensor) -> torch.Tensor:
    """Tiles ``[T, 3, SIDE, SIDE]`` → visual tokens ``[T, 4, LLM_WIDTH]``."""
    stem = "vision_model.embeddings"
    patches = F.conv2d(pixels, w[f"{stem}.patch_embedding.weight"], w[f"{stem}.patch_embedding.bias"], PATCH)
    tokens = torch.cat([w[f"{stem}.class_embedding"].expand(len(pixels), -1, -1), patches.flatten(2).mT], 1)
    x = tokens + w[f"{stem}.position_embedding"]
    for layer in range(LAYERS):
        x = _layer(w, f"vision_model.encoder.layers.{layer}", x)
    row = SIDE // PATCH // 2
    blocks = x[:, 1:].unflatten(1, (row, 2, row, 2)).transpose(2, 3)  # [T, row, row, 2, 2, width]: 2 × 2 patches
    shuffled = blocks.reshape(len(x), row * row, 4 * WIDTH)
    normed = F.layer_norm(shuffled, (4 * WIDTH,), w["mlp1.0.weight"], w["mlp1.0.bias"])
    hidden = F.gelu(F.linear(normed, w["mlp1.1.weight"], w["mlp1.1.bias"]))
    return F.linear(hidden, w["mlp1.3.weight"], w["mlp1.3.bias"])


@torch.no_grad()
def test_its_features_are_those_of_the_description(original: Path, weights: Weights, tmp_path: Path) -> None:
    convert(str(original), tmp_path / "out")
    model, _ = load_model(str(tmp_path / "out"), device="cpu")
    pixels = torch.randn(3, 3, SIDE, SIDE, generator=torch.Generator().manual_seed(1))
    features = model.model.get_image_features(pixels).pooler_output
    torch.testing.assert_close(features, _features(weights, pixels), rtol=0, atol=1e-5)


def test_another_epsilon_is_refused(original: Path, weights: Weights, tmp_path: Path) -> None:
    edit_json(original / "config.json", lambda content: content["vision_config"].update(layer_norm_eps=1e-5))
    with pytest.raises(ValueError, match="qk_normalization needs layer_norm_eps=1e-06"):
        convert(str(original), tmp_path / "out")
