"""VisionZip, PruMerge+, ToMe and DivPrune against slow references, a tile at a time, written from the papers' rules."""

import math
from collections.abc import Sequence

import numpy as np
import pytest
import torch
from torch import nn

from fcotvl_hf.baselines import divprune, prumerge, tome, visionzip
from fcotvl_hf.baselines.divprune import Diverse
from fcotvl_hf.baselines.divprune import choose as choose_diverse
from fcotvl_hf.baselines.prumerge import PruMerge
from fcotvl_hf.baselines.prumerge import choose as choose_outliers
from fcotvl_hf.baselines.tome import ToMe
from fcotvl_hf.baselines.visionzip import VisionZip
from fcotvl_hf.baselines.visionzip import choose as choose_dominant

Tile = tuple[np.ndarray, np.ndarray, np.ndarray]


def tiles(seed: int, count: int = 3, length: int = 64) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Tokens, scores with a few outliers, and keys."""
    generator = torch.Generator().manual_seed(seed)
    tokens, keys = (torch.randn(count, length, width, generator=generator) for width in (12, 8))
    scores = torch.rand(count, length, generator=generator)
    scores[:, :: 5 + 4 * seed] += 3
    return tokens, scores / scores.sum(1, keepdim=True), keys


def each_tile(*batches: torch.Tensor) -> list[Tile]:
    return list(zip(*(batch.double().numpy() for batch in batches), strict=True))


def cosine(a: np.ndarray, b: np.ndarray) -> float:
    return float(a @ b / np.sqrt((a @ a) * (b @ b)))


def best(scores: np.ndarray, count: int) -> list[int]:
    return sorted(sorted(range(len(scores)), key=lambda place: -scores[place])[:count])


def slow_visionzip(tokens: np.ndarray, scores: np.ndarray, keys: np.ndarray, length: int) -> dict[int, np.ndarray]:
    contextual = max(1, round(length * 10 / 64))
    kept = {place: tokens[place] for place in best(scores, length - contextual)}
    rest = [place for place in range(len(tokens)) if place not in kept]
    targets = rest[:: len(rest) // contextual][:contextual]
    groups = {target: [target] for target in targets}
    for place in rest:
        if place not in groups:
            groups[max(targets, key=lambda target: cosine(keys[place], keys[target]))].append(place)
    kept |= {target: np.mean([tokens[place] for place in group], axis=0) for target, group in groups.items()}
    return kept


@pytest.mark.parametrize("length", [1, 8, 16, 32])
def test_visionzip(length: int) -> None:
    batch = tiles(0)
    compressed = VisionZip(length)(*batch)
    dominant, targets, _ = choose_dominant(batch[1], length)
    for number, tile in enumerate(each_tile(*batch)):
        kept = slow_visionzip(*tile, length)
        assert sorted(dominant[number].tolist() + targets[number].tolist()) == sorted(kept)
        expected = np.stack([kept[place] for place in sorted(kept)])
        np.testing.assert_allclose(compressed[number].numpy(), expected, rtol=1e-4, atol=1e-5)


def test_visionzip_has_as_many_contextual_tokens_as_published() -> None:
    for length, contextual in ((64, 10), (128, 20), (192, 30)):
        dominant, targets, members = choose_dominant(torch.rand(1, 576), length)
        assert (dominant.shape[1], targets.shape[1]) == (length - contextual, contextual)
        assert members.shape[1] == 576 - length


def slow_prumerge(
    tokens: np.ndarray, scores: np.ndarray, keys: np.ndarray, length: int
) -> tuple[list[int], np.ndarray]:
    low, high = np.quantile(scores, [0.25, 0.75])
    outliers = [place for place in range(len(scores)) if scores[place] > high + 1.5 * (high - low)]
    kept = sorted(outliers, key=lambda place: -scores[place])[: length - 1]
    rest = [place for place in range(len(scores)) if place not in kept]
    need = length - 1 - len(kept)
    kept += [rest[math.ceil((turn + 0.5) * len(rest) / need) - 1] for turn in range(need)]  # middles of stretches
    pruned = [place for place in range(len(scores)) if place not in kept]
    rows = []
    for place in sorted(kept):
        near = sorted(pruned, key=lambda other: -cosine(keys[place], keys[other]))[:32]
        rows.append(tokens[place] + sum(scores[other] * tokens[other] for other in near))
    rows.append(sum(scores[other] * tokens[other] for other in pruned))
    return sorted(kept), np.stack(rows)


@pytest.mark.parametrize("length", [1, 8, 16, 32])
@pytest.mark.parametrize("seed", [0, 1])
def test_prumerge(seed: int, length: int) -> None:
    batch = tiles(seed)
    compressed = PruMerge(length)(*batch)
    kept, _ = choose_outliers(batch[1], length - 1)
    for number, tile in enumerate(each_tile(*batch)):
        places, expected = slow_prumerge(*tile, length)
        assert kept[number].tolist() == places
        np.testing.assert_allclose(compressed[number].numpy(), expected, rtol=1e-4, atol=1e-5)


def test_prumerge_fills_up_evenly_without_outliers() -> None:
    kept, _ = choose_outliers(torch.full((1, 16), 1 / 16), 4)
    gaps = kept[0].diff()
    assert gaps.tolist() == [4, 4, 4]
    assert 0 < kept[0, 0] < 4


def slow_tome(tokens: np.ndarray, keys: np.ndarray, length: int) -> list[tuple[set[int], np.ndarray]]:
    """What each token of the result stands for, and its value: the mean of these."""
    parts = [({place}, tokens[place], keys[place]) for place in range(len(tokens))]
    while len(parts) > length:
        odd = list(range(1, len(parts), 2))
        partner = {a: max(odd, key=lambda b: cosine(parts[a][2], parts[b][2])) for a in range(0, len(parts), 2)}
        alike = sorted(partner, key=lambda a: -cosine(parts[a][2], parts[partner[a]][2]))
        goes = alike[: min(len(parts) - length, len(parts) // 2)]
        merged = []
        for place, part in enumerate(parts):
            if place not in goes:
                group = [part] + [parts[a] for a in goes if partner[a] == place]
                weights = [len(each[0]) for each in group]
                means = [np.average([each[side] for each in group], axis=0, weights=weights) for side in (1, 2)]
                merged.append((set().union(*(each[0] for each in group)), *means))
        parts = merged
    return [(part[0], part[1]) for part in parts]


@pytest.mark.parametrize("length", [8, 16, 24, 32, 63])
def test_tome(length: int) -> None:
    tokens, scores, keys = tiles(0)
    compressed = ToMe(length)(tokens, scores, keys)
    for number, (tile, _, key) in enumerate(each_tile(tokens, scores, keys)):
        parts = slow_tome(tile, key, length)
        np.testing.assert_allclose(compressed[number].numpy(), [part[1] for part in parts], rtol=1e-4, atol=1e-5)
        assert set().union(*(part[0] for part in parts)) == set(range(64))


def slow_divprune(tokens: np.ndarray, count: int) -> list[int]:
    distance = [[1 - cosine(a, b) for b in tokens] for a in tokens]
    everybody = range(len(tokens))
    picked = [max(everybody, key=lambda a: min(distance[a][b] for b in everybody if b != a))]
    while len(picked) < count:
        left = [place for place in everybody if place not in picked]
        picked.append(max(left, key=lambda a: min(distance[a][b] for b in picked)))
    return picked


@pytest.mark.parametrize("count", [1, 8, 32])
def test_divprune(count: int) -> None:
    tokens, _, _ = tiles(0)
    kept = Diverse(count)(tokens)
    for number, tile in enumerate(tokens.double().numpy()):
        places = slow_divprune(tile, count)
        assert choose_diverse(tokens, count)[number].tolist() == places
        assert torch.equal(kept[number], tokens[number, sorted(places)])


def test_cues_are_the_rows_of_the_attention_map_pooled_as_the_pixel_shuffle_does(tiny_teacher, page) -> None:
    teacher, processor = tiny_teacher
    pixels = processor.image_processor(page, return_tensors="pt")["pixel_values"]
    reduced, _ = visionzip(teacher, processor, 2)

    class Spy(nn.Module):
        def forward(self, tokens: torch.Tensor, scores: torch.Tensor, keys: torch.Tensor) -> torch.Tensor:
            self.seen = tokens, scores, keys
            return tokens

    reduced.model.compressor = Spy()
    features = reduced.model.get_image_features(pixels).pooler_output
    torch.testing.assert_close(features, teacher.model.get_image_features(pixels).pooler_output)
    tokens, scores, keys = reduced.model.compressor.seen
    assert torch.equal(tokens, teacher.model.get_vit_features(pixels).pooler_output)

    tower = teacher.model.vision_tower
    tower.set_attn_implementation("eager")
    output = tower(pixels, output_attentions=True, output_hidden_states=True)
    layer = tower.encoder.layer[-1]
    every_key = layer.attention.k_proj(layer.layernorm_before(output.hidden_states[-2]))[:, 1:]
    for tile in range(len(pixels)):
        attention = output.attentions[-1][tile].mean(0)[0, 1:].reshape(8, 8)  # 64 patches
        key = every_key[tile].unflatten(1, (2, -1)).mean(1).reshape(8, 8, -1)
        for place in range(16):
            row, column = place // 4 * 2, place % 4 * 2
            square = attention[row : row + 2, column : column + 2]
            torch.testing.assert_close(scores[tile, place], square.sum())
            side_by_side = key[row : row + 2, column : column + 2].reshape(4, -1)
            assert _same_rows(keys[tile, place].reshape(4, -1), side_by_side)


@pytest.mark.parametrize("method", [visionzip, prumerge, tome, divprune])
def test_tiles_do_not_see_each_other_and_the_teacher_stays(tiny_teacher, page, method) -> None:
    teacher, processor = tiny_teacher
    pixels = processor.image_processor(page, return_tensors="pt")["pixel_values"]
    before, hooks = teacher.model.get_image_features(pixels).pooler_output, _hooked(teacher)
    for stride in (2, 4):
        reduced, matching = method(teacher, processor, stride)
        features = reduced.model.get_image_features(pixels).pooler_output
        assert features.shape == (3, 16 // stride, 48)
        assert matching.image_seq_length == reduced.config.image_seq_length == 16 // stride
        alone = [reduced.model.get_image_features(pixel[None]).pooler_output for pixel in pixels]
        torch.testing.assert_close(features, torch.cat(alone))
    assert torch.equal(teacher.model.get_image_features(pixels).pooler_output, before)
    assert _hooked(teacher) == hooks  # other tests make transformers set some


def _hooked(model: torch.nn.Module) -> list[str]:
    return [name for name, module in model.named_modules() if module._forward_hooks]


def _same_rows(left: torch.Tensor, right: torch.Tensor) -> bool:
    """Whether both have the same rows in any order."""
    ordered: Sequence[list[list[float]]] = [sorted(side.tolist()) for side in (left, right)]
    return bool(np.allclose(*ordered, atol=1e-5))
