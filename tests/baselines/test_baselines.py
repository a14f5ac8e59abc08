"""Token counts, shared weights, and that what is generated is what a full forward over the reduced tokens says."""

import random
from typing import Any

import pytest
import torch
from PIL import Image
from torch import nn

from fcotvl_hf.baselines import mean_pooling, random_drop, smaller_tiles
from fcotvl_hf.baselines.mean_pooling import WindowMean
from fcotvl_hf.baselines.sharing import with_compressor, with_tokens
from fcotvl_hf.baselines.smaller_tiles import SmallerTiles
from fcotvl_hf.conversion.student import build_student
from fcotvl_hf.eval_harness.runner import evaluate
from fcotvl_hf.eval_harness.tasks import TASKS

TASK = TASKS["tiny-lookup"]


def rows(count: int) -> list[dict[str, Any]]:
    """Noise pages of random sizes; only their shape matters here."""
    rng = random.Random(0)
    question = {"role": "user", "content": [{"type": "image"}, {"type": "text", "text": "Read the text."}]}
    answer = {"role": "assistant", "content": [{"type": "text", "text": "?"}]}
    sizes = [(rng.randint(60, 400), rng.randint(60, 300)) for _ in range(count)]
    images = [Image.effect_noise(size, 90).convert("RGB") for size in sizes]
    return [{"id": str(i), "images": [image], "messages": [question, answer]} for i, image in enumerate(images)]


def test_row_means_equal_the_mean_student(tiny_teacher, page) -> None:
    teacher, processor = tiny_teacher
    tokens = torch.randn(3, 16, 8)
    for stride in (1, 2, 4):
        compressor = build_student(teacher, "mean", stride).model.compressor
        torch.testing.assert_close(WindowMean(1, stride)(tokens), compressor(tokens))
    reduced, matching = mean_pooling(teacher, processor, 2)
    student = build_student(teacher, "mean", 2)
    inputs = matching(text="<IMG_CONTEXT>", images=page, return_tensors="pt")
    assert (inputs["input_ids"] == processor.image_token_id).sum() == 3 * 8
    torch.testing.assert_close(reduced(**inputs).logits, student(**inputs).logits)


def test_square_windows_average_neighbours_in_both_directions() -> None:
    grid = torch.arange(16.0).reshape(1, 16, 1)
    assert WindowMean(2, 1)(grid).flatten().tolist() == [2, 3, 4, 5, 10, 11, 12, 13]
    assert WindowMean(2, 2)(grid).flatten().tolist() == [2.5, 4.5, 10.5, 12.5]


def test_random_drop_keeps_a_seeded_subset_in_order(tiny_teacher) -> None:
    teacher, processor = tiny_teacher
    reduced, matching = random_drop(teacher, processor, 4, seed=1)
    tokens = torch.arange(16.0).reshape(1, 16, 1).repeat(2, 1, 1)
    kept = reduced.model.compressor(tokens)
    assert kept.shape == (2, 4, 1)
    assert torch.equal(kept[0], kept[1])
    assert torch.equal(kept[0], kept[0].sort(dim=0).values)
    assert len(kept[0].unique()) == 4
    again, other = (random_drop(teacher, processor, 4, seed=seed)[0].model.compressor(tokens) for seed in (1, 2))
    assert torch.equal(kept, again)
    assert not torch.equal(kept, other)
    assert matching.image_seq_length == 4


def test_weights_are_shared_and_the_teacher_stays(tiny_teacher, page) -> None:
    teacher, processor = tiny_teacher
    inputs = processor(text="<IMG_CONTEXT>", images=page, return_tensors="pt")
    before = teacher(**inputs).logits
    reduced, matching = mean_pooling(teacher, processor, 4, "square")
    own, teachers = dict(reduced.named_parameters()), dict(teacher.named_parameters())
    assert own.keys() == teachers.keys()
    assert all(own[name] is teachers[name] for name in own)
    assert (teacher.config.image_seq_length, processor.image_seq_length) == (16, 16)
    assert (reduced.config.image_seq_length, matching.image_seq_length) == (4, 4)
    assert reduced.config.compression == 0.75
    assert not reduced.training
    assert torch.equal(teacher(**inputs).logits, before)


def test_identity_gives_the_teacher(tiny_teacher, page) -> None:
    teacher, processor = tiny_teacher
    same = with_compressor(teacher, nn.Identity(), "identity", 1)
    inputs = with_tokens(processor, 16)(text="<IMG_CONTEXT>", images=page, return_tensors="pt")
    assert torch.equal(same(**inputs).logits, teacher(**inputs).logits)


@pytest.mark.parametrize("stride", [2, 4])
def test_all_baselines_spend_the_same_tokens(tiny_teacher, stride: int) -> None:
    teacher, processor = tiny_teacher
    pages = rows(24)
    full = evaluate(teacher, processor, pages, TASK, progress=False).tokens_per_image
    for baseline in (
        mean_pooling(teacher, processor, stride),
        mean_pooling(teacher, processor, stride, "square"),
        random_drop(teacher, processor, stride),
    ):
        assert evaluate(*baseline, pages, TASK, progress=False).tokens_per_image == full / stride
    mixed = evaluate(*smaller_tiles(teacher, processor, pages, stride), pages, TASK, progress=False)
    assert mixed.tokens_per_image == pytest.approx(full / stride, rel=0.05)


def test_smaller_tiles_mixes_the_two_nearest_sizes_in_every_stretch_of_rows(tiny_teacher) -> None:
    teacher, processor = tiny_teacher
    pages = rows(40)
    model, chosen = smaller_tiles(teacher, processor, pages, 2)
    assert model is teacher
    assert {matching.image_processor.size["height"] for matching in chosen.values()} == {56, 84}
    assert {matching.image_seq_length for matching in chosen.values()} == {4, 9}
    for stretch in (pages[:20], pages[20:]):
        tiles = [_tiles(processor, row) for row in stretch]
        tokens = [_tiles(chosen[row["id"]], row) * chosen[row["id"]].image_seq_length for row in stretch]
        assert sum(tokens) == pytest.approx(8 * sum(tiles), rel=0.05)
    assert smaller_tiles(teacher, processor, pages, 2)[1].keys() == chosen.keys()
    assert _sizes(smaller_tiles(teacher, processor, pages, 2)[1]) == _sizes(chosen)


def test_smaller_tiles_keep_the_grid_of_the_teacher(tiny_teacher) -> None:
    teacher, processor = tiny_teacher
    whole = processor.image_processor
    _, chosen = smaller_tiles(teacher, processor, rows(1), 4)
    small = chosen["0"].image_processor
    assert isinstance(small, SmallerTiles)
    for size in [(112, 112), (120, 118), (300, 90), (90, 300), (224, 224), (40, 30), (500, 400)]:
        gradient = Image.linear_gradient("L").resize(size).convert("RGB")
        shapes = [tiling(gradient, return_tensors="pt")["pixel_values"] for tiling in (whole, small)]
        assert shapes[1].shape == (len(shapes[0]), 3, 56, 56)
        means = [pixels.mean(dim=(1, 2, 3)) for pixels in shapes]
        torch.testing.assert_close(means[0], means[1], atol=0.05, rtol=0)  # tile by tile the same part of the page


def test_reductions_that_do_not_fit_are_refused(tiny_teacher) -> None:
    teacher, processor = tiny_teacher
    with pytest.raises(ValueError, match="does not divide"):
        random_drop(teacher, processor, 3)
    with pytest.raises(ValueError, match="does not divide"):
        smaller_tiles(teacher, processor, [], 32)
    with pytest.raises(ValueError, match="no row windows"):
        mean_pooling(teacher, processor, 8)
    reduced, matching = mean_pooling(teacher, processor, 2)
    with pytest.raises(ValueError, match="stride 1"):
        random_drop(reduced, matching, 2)


def _tiles(processor, row) -> int:
    image = row["images"][0]
    return processor.image_processor.get_number_of_image_patches(image.height, image.width)


def _sizes(chosen) -> list[int]:
    return [processor.image_processor.size["height"] for processor in chosen.values()]
