"""Fused projections are split into the heads they were; names outside the maps are not guessed."""

import pytest
import torch

from fcotvl_hf.conversion.key_maps import map_native, original_key_map, split_grouped_qkv, split_qkv


@pytest.mark.parametrize(("heads", "kv_heads"), [(4, 2), (6, 2), (4, 4), (4, 1)])
def test_grouped_rows_go_to_their_heads(heads: int, kv_heads: int) -> None:
    per_group, head_width = heads // kv_heads, 3
    rows = [  # (kind, head) of every row, group by group
        *(
            label
            for g in range(kv_heads)
            for label in [*(("q", g * per_group + i) for i in range(per_group)), ("k", g), ("v", g)]
        )
    ]
    codes = {"q": 0, "k": 100, "v": 200}
    fused = torch.tensor([codes[kind] + head for kind, head in rows for _ in range(head_width)])[:, None].float()
    q, k, v = split_grouped_qkv(fused, heads, kv_heads)
    assert q.flatten().tolist() == [head for head in range(heads) for _ in range(head_width)]
    assert k.flatten().tolist() == [100 + head for head in range(kv_heads) for _ in range(head_width)]
    assert v.flatten().tolist() == [200 + head for head in range(kv_heads) for _ in range(head_width)]


def test_a_fused_bias_is_split_like_its_weight() -> None:
    weight = torch.randn(24, 5)
    for part, bias in zip(split_grouped_qkv(weight, 4, 2), split_grouped_qkv(weight[:, 0], 4, 2), strict=True):
        assert torch.equal(part[:, 0], bias)


def test_rows_that_do_not_divide_are_refused() -> None:
    with pytest.raises(ValueError, match="25 rows do not divide among 4 query and 2 key-value heads"):
        split_grouped_qkv(torch.zeros(25, 5), 4, 2)


def test_vision_rows_are_thirds() -> None:
    q, k, v = split_qkv(torch.arange(6.0))
    assert (q.tolist(), k.tolist(), v.tolist()) == ([0, 1], [2, 3], [4, 5])


@pytest.mark.parametrize(
    "name",
    [
        "mlp1.2.weight",
        "mlp2.0.weight",
        "vision_model.head.weight",
        "vision_model.encoder.layers.x.ls1",
        "qllama.weight",
        "language_model.model.layers.0.attention.wq.weight",
    ],
)
def test_unknown_names_map_to_nothing(name: str) -> None:
    assert original_key_map("internlm2", 4, 2)(name, torch.zeros(1)) == []


@pytest.mark.parametrize("old", ["language_model.lm_head.weight", "lm_head.weight"])
def test_native_names_of_both_generations(old: str) -> None:
    assert [name for name, _ in map_native(old, torch.zeros(1))] == ["lm_head.weight"]
    assert map_native("language_model.model.norm.weight", torch.zeros(1))[0][0] == "model.language_model.norm.weight"
    assert map_native("model.vision_tower.x", torch.zeros(1))[0][0] == "model.vision_tower.x"
