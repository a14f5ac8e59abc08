"""Pages are pure functions of their seed, and labels are what was drawn."""

import ast
import json
from collections import Counter
from random import Random

import numpy as np
import pytest

from fcotvl_hf.dataset_builders.ocr_mix import recognition
from fcotvl_hf.dataset_builders.ocr_mix.mix import TASKS, sample_at, samples
from fcotvl_hf.dataset_builders.ocr_mix.prompts import LOOKUP
from fcotvl_hf.dataset_builders.ocr_mix.table import to_markdown
from fcotvl_hf.dataset_builders.rendering import Domain
from fcotvl_hf.dataset_builders.texts import CHARACTERS, Lexicon

SEEDS = range(40)


@pytest.mark.parametrize("task", TASKS)
def test_same_seed_same_page_other_seed_other_page(task: str) -> None:
    first, again, other = (TASKS[task](seed, Domain()) for seed in (3, 3, 4))
    assert np.array_equal(first.image, again.image)
    assert first.messages == again.messages and first.meta == again.meta
    assert first.answer != other.answer


@pytest.mark.parametrize("task", TASKS)
def test_answers_use_only_characters_that_the_tokenizer_knows(task: str) -> None:
    for seed in SEEDS:
        sample = TASKS[task](seed, Domain())
        assert set(sample.question + sample.answer) <= set(CHARACTERS)


@pytest.mark.parametrize("task", TASKS)
def test_every_character_is_drawn_on_the_page(task: str) -> None:
    for seed in SEEDS:
        sample = TASKS[task](seed, Domain())
        assert sample.glyphs
        for glyph in sample.glyphs:
            assert 0 <= glyph.x <= sample.image.width and 0 <= glyph.y <= sample.image.height, (seed, glyph)


def test_recognition_answers_are_the_drawn_glyphs() -> None:
    for seed in SEEDS:
        sample = recognition.sample(seed)
        assert "".join(glyph.character for glyph in sample.glyphs) == "".join(sample.answer.split())


def test_table_answers_hold_exactly_the_drawn_glyphs() -> None:
    for seed in SEEDS:
        sample = TASKS["table"](seed, Domain())
        header, rule, *body = sample.answer.splitlines()
        cells = "".join("".join(line.split("|")) for line in (header, *body))
        assert Counter(cells.replace(" ", "")) == Counter(glyph.character for glyph in sample.glyphs)
        assert set(rule) == set("| -")


def test_chart_answers_are_python_dicts_of_the_drawn_values() -> None:
    for seed in SEEDS:
        sample = TASKS["chart"](seed, Domain())
        values = ast.literal_eval(sample.answer)
        assert len(values) >= 2 and all(isinstance(value, int | float) for value in values.values())
        drawn = Counter(glyph.character for glyph in sample.glyphs)
        assert Counter("".join(f"{label}{value}" for label, value in values.items())) == drawn


def test_lookups_ask_for_a_name_that_stands_on_the_page() -> None:
    kinds = set()
    for seed in SEEDS:
        sample = TASKS["lookup"](seed, Domain())
        drawn = "".join(glyph.character for glyph in sample.glyphs)
        assert sample.answer in drawn
        name = sample.question.rstrip("?").split()[-1]
        assert name in drawn and sample.question in [prompt.format(name) for prompt in LOOKUP]
        kinds.add(sample.meta["kind"])
    assert len(kinds) >= 3


def test_a_page_of_text_may_be_filled_and_limited() -> None:
    lines = [recognition.sample(seed, max_lines=1).answer.count("\n") for seed in SEEDS]
    assert set(lines) == {0}
    sparse = sum(len(recognition.sample(seed, max_tiles=1).answer) for seed in SEEDS)
    dense = sum(len(recognition.sample(seed, max_tiles=1, dense=True).answer) for seed in SEEDS)
    assert dense > 1.5 * sparse


def test_held_out_words_never_appear_in_training_pages() -> None:
    train, held = Lexicon(random_share=0), Lexicon(held_out=True, random_share=0)
    words = [{lexicon.word(Random(seed)).lower() for seed in range(2000)} for lexicon in (train, held)]
    assert len(words[1]) > 100
    assert not words[0] & words[1]


def test_domain_decides_fonts_and_sizes() -> None:
    domain = Domain(fonts=("Roboto-Regular",), text_height=(20, 22))
    for seed in SEEDS:
        meta = TASKS["recognition"](seed, domain).meta
        assert meta["font"] == "Roboto-Regular" and 20 <= meta["size"] <= 22


def test_rows_have_the_columns_of_every_data_set() -> None:
    row = next(iter(samples(["chart"], 1, seed=7))).row()
    assert set(row) == {"id", "images", "messages", "source", "task", "meta"}
    assert row["id"] == "chart-7" and row["task"] == "chart"
    assert json.loads(row["meta"])["seed"] == 7
    assert [message["role"] for message in row["messages"]] == ["user", "assistant"]


def test_sample_at_gives_what_the_sequence_gives() -> None:
    drawn = list(samples(["recognition", "chart"], 4, seed=11))
    assert [s.task for s in drawn] == ["recognition", "chart", "recognition", "chart"]
    assert sample_at(3, ["recognition", "chart"], 11).answer == drawn[3].answer


def test_unknown_task_is_named() -> None:
    with pytest.raises(ValueError, match="unknown task 'tabel'; choose from recognition, table, chart, lookup"):
        next(iter(samples(["tabel"], 1)))


def test_markdown_has_outer_pipes_and_a_rule() -> None:
    markdown = to_markdown([["A", "B"], ["1", "2"]])
    assert markdown == "| A | B |\n| --- | --- |\n| 1 | 2 |"
