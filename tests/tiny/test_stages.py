"""Labels of the perceive stage lie where the characters are, and answers alone carry loss in the others."""

import torch

from fcotvl_hf.dataset_builders.ocr_mix import recognition
from fcotvl_hf.dataset_builders.ocr_mix.mix import sample_at
from fcotvl_hf.dataset_builders.rendering import Glyph
from fcotvl_hf.dataset_builders.texts import CHARACTERS
from fcotvl_hf.tiny.architecture import build_config, build_model, build_processor, build_tokenizer
from fcotvl_hf.tiny.loop import Schedule
from fcotvl_hf.tiny.perceive import cell_labels
from fcotvl_hf.tiny.read import POOL, answer_loss, collate, draw_lines, draw_mix, make_pool


def _class(character: str) -> int:
    return CHARACTERS.index(character) + 1


def test_cell_labels_are_left_to_right_and_cut_at_three() -> None:
    glyphs = [Glyph(c, x, 10) for c, x in zip("dcba", (40, 30, 20, 10), strict=True)] + [Glyph("z", 199, 99)]
    labels = cell_labels(glyphs, width=200, height=100)  # cells of 50 × 25 pixels
    assert labels.shape == (16, 3)
    assert labels[0].tolist() == [_class("a"), _class("b"), _class("c")]
    assert labels[15].tolist() == [_class("z"), 0, 0]
    assert labels[1:15].sum() == 0


def test_collate_asks_for_the_answer_and_its_end_only() -> None:
    processor = build_processor()
    samples = [sample_at(index, None, 3) for index in range(4)]
    batch = collate(samples, processor)
    for row, sample in zip(batch["labels"], samples, strict=True):
        assert processor.tokenizer.decode(row[row != -100]) == sample.answer + "<|im_end|>"
    assert batch["labels"].shape == batch["input_ids"].shape


def test_pools_are_pure_functions_of_their_number() -> None:
    processor, schedule = build_processor(), Schedule(steps=60, batch_size=2)
    first, again = (make_pool(2, draw=draw_mix, schedule=schedule, seed=5, processor=processor) for _ in range(2))
    assert len(first) == POOL
    assert all(torch.equal(a[key], b[key]) for a, b in zip(first, again, strict=True) for key in a)


def test_following_starts_with_one_line_on_one_tile() -> None:
    assert all("\n" not in draw_lines(seed, 0.0).answer for seed in range(20))
    assert any("\n" in draw_lines(seed, 1.0).answer for seed in range(20))


def test_tokenizer_spells_every_character_and_reads_back() -> None:
    tokenizer = build_tokenizer()
    text = CHARACTERS + "  two  spaces "
    ids = tokenizer(text)["input_ids"]
    assert len(ids) == len(text) and tokenizer.unk_token_id not in ids
    assert tokenizer.decode(ids) == text
    assert tokenizer("é")["input_ids"] == [tokenizer.unk_token_id]


def test_fresh_model_knows_where_its_patches_are() -> None:
    model = build_model(build_config(build_tokenizer()), seed=0)
    positions = model.model.vision_tower.embeddings.position_embeddings[0, 1:]
    assert len(torch.unique(positions, dim=0)) == 64
    assert 3e6 < sum(parameter.numel() for parameter in model.parameters()) < 6e6


def test_perceived_pages_fit_one_tile() -> None:
    processor = build_processor()
    tiles = processor.image_processor.get_number_of_image_patches
    pages = [recognition.sample(seed, max_tiles=1, dense=True).image for seed in range(20)]
    assert {tiles(page.height, page.width) for page in pages} == {1}


def test_short_answers_weigh_more_per_token(tiny_teacher) -> None:
    model, processor = tiny_teacher
    long, short = (sample_at(0, [task], 3) for task in ("table", "lookup"))
    alone = [answer_loss(model, collate([sample], processor))[0] for sample in (long, short)]
    together = answer_loss(model, collate([long, short], processor))[0]
    roots = [(len(sample.answer) + 1) ** 0.5 for sample in (long, short)]  # n tokens of weight 1/√n
    expected = sum(root * loss for root, loss in zip(roots, alone, strict=True)) / sum(roots)
    torch.testing.assert_close(together, expected, rtol=1e-4, atol=1e-5)
