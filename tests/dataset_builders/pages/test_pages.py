"""Pages are pure functions of their seed, and their labels say what was drawn."""

import ast
import json
import re
from collections.abc import Callable
from html.parser import HTMLParser
from random import Random

import numpy as np
import pytest

from fcotvl_hf.cost.tokens import tiling_of
from fcotvl_hf.dataset_builders.fonts import check_coverage, load_font
from fcotvl_hf.dataset_builders.ocr_mix.expressions import formula as draw_formula
from fcotvl_hf.dataset_builders.ocr_mix.pages import (
    chart,
    diagram,
    document,
    formula,
    gui,
    handwritten,
    recognition,
    scene,
    table,
    web,
)
from fcotvl_hf.dataset_builders.ocr_mix.presets import PRESETS
from fcotvl_hf.dataset_builders.ocr_mix.prose import Writer, common_hanzi
from fcotvl_hf.dataset_builders.rendering import break_lines
from fcotvl_hf.dataset_builders.rows import Sample

SAMPLERS: dict[str, Callable[[int], Sample]] = {
    module.TASK: module.sample
    for module in (recognition, document, web, table, chart, handwritten, scene, formula, gui, diagram)
}
SEEDS = range(4)


class _Cells(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.rows: list[int] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "tr":
            self.rows.append(0)
        if tag in ("td", "th"):
            self.rows[-1] += int(dict(attrs).get("colspan") or 1)


@pytest.mark.parametrize("task", SAMPLERS)
def test_same_seed_same_page_other_seed_other_page(task: str) -> None:
    first, again, other = (SAMPLERS[task](seed) for seed in (3, 3, 4))
    assert np.array_equal(first.image, again.image)
    assert (first.messages, first.meta) == (again.messages, again.meta)
    assert (first.question, first.answer) != (other.question, other.answer)
    assert first.task == task and {"seed", "language", "font", "clean"} <= first.meta.keys()


def test_pages_need_many_tiles() -> None:
    tiles = [tiling_of(*document.sample(seed).image.size).tiles for seed in SEEDS]
    assert min(tiles) >= 5


def test_both_languages_are_there() -> None:
    samples = [recognition.sample(seed) for seed in range(12)]
    hanzi = [bool(re.search("[一-鿿]", sample.answer)) for sample in samples]
    assert hanzi == [sample.meta["language"] == "zh" for sample in samples]
    assert 0 < sum(hanzi) < 12
    assert len(common_hanzi()) == 3755


def test_a_clean_page_is_black_and_white_where_it_should_be() -> None:
    clean = next(sample for sample in map(document.sample, range(20)) if sample.meta["clean"])
    assert clean.image.format is None  # as drawn, not a JPEG
    degraded = next(sample for sample in map(recognition.sample, range(20)) if not sample.meta["clean"])
    assert degraded.image.format == "JPEG" and 55 <= degraded.meta["jpeg"] <= 92


def test_tables_have_the_rows_and_columns_that_meta_tells() -> None:
    for seed in range(12):
        sample = table.sample(seed)
        if sample.answer.startswith("<table>"):
            cells = _Cells()
            cells.feed(sample.answer)
            assert set(cells.rows) == {sample.meta["columns"]}
            assert len(cells.rows) in (sample.meta["rows"], sample.meta["rows"] + 1)
        else:
            lines = sample.answer.splitlines()
            assert len(lines) == sample.meta["rows"] + 1
            assert {line.count("|") for line in lines} == {sample.meta["columns"] + 1}


@pytest.mark.parametrize("task", ["chart", "diagram"])
def test_charts_and_diagrams_are_python_dicts(task: str) -> None:
    for seed in SEEDS:
        answer = ast.literal_eval(SAMPLERS[task](seed).answer)
        assert answer["title"]
        assert answer.keys() & {"values", "arrows", "parts"}


def test_shares_of_a_pie_make_a_whole() -> None:
    pies = (chart.sample(seed) for seed in range(60))
    pie = next(sample for sample in pies if sample.meta["kind"] == "pie")
    shares = ast.literal_eval(pie.answer)["values"].values()
    assert sum(int(share.rstrip("%")) for share in shares) == 100


def test_values_that_are_not_written_lie_on_the_grid() -> None:
    bars = [chart.sample(seed) for seed in range(40)]
    unwritten = [s for s in bars if s.meta["kind"] == "bars" and not s.meta["values_written"]]
    assert unwritten
    for sample in unwritten:
        values = list(ast.literal_eval(sample.answer)["values"].values())
        assert any(all(value % step == 0 for value in values) for step in (100, 50, 20, 10, 5, 1))
        assert all(isinstance(value, int) for value in values)


def test_clicks_hit_the_element_and_boxes_lie_on_the_screen() -> None:
    for seed in range(10):
        sample = gui.sample(seed)
        numbers = [int(number) for number in re.findall(r"\d+", sample.answer)]
        if sample.answer.startswith(("click(", "[")):
            assert len(numbers) == (2 if sample.answer.startswith("click") else 4)
            assert all(0 <= number <= 1000 for number in numbers)


def test_a_screen_draws_its_switch_where_it_says() -> None:
    samples = (gui.sample(seed) for seed in range(40))
    sample = next(s for s in samples if s.meta["element"] == "switch" and s.answer.startswith("click"))
    x, y = (int(number) for number in re.findall(r"\d+", sample.answer))
    width, height = sample.image.size
    around = np.asarray(sample.image.crop((0, y * height // 1000, width, y * height // 1000 + 1)))[0]
    ground = around[width // 2]
    assert not np.array_equal(around[x * width // 1000], ground)


def test_formulas_have_matching_braces_and_two_spellings() -> None:
    for seed in range(60):
        expression = draw_formula(Random(seed))
        assert expression.latex.count("{") == expression.latex.count("}")
        assert expression.latex.count("\\left") == expression.latex.count("\\right")
        assert expression.typst.count("(") == expression.typst.count(")")
        assert "\\" not in expression.typst


def test_lines_break_between_words_and_between_hanzi() -> None:
    font = load_font("NotoSansSC-Regular", 20)
    text = "小路穿过树林，缓缓上升。The path climbs gently through beech woods."
    lines = break_lines(text, font, 200)
    assert len(lines) > 3 and "".join(lines).replace(" ", "") == text.replace(" ", "")
    assert not any(line[0] in "，。" for line in lines)
    assert max(font.getlength(line) for line in lines) <= 220  # a full stop may hang over
    assert all(
        word in text.split(" ")[-4:] or not word.isascii() or word in text for line in lines for word in line.split()
    )


def test_a_character_without_a_glyph_is_refused() -> None:
    check_coverage("Größe 小路", ["Lato-Regular", "NotoSansSC-Regular"])
    with pytest.raises(ValueError, match="no glyph for '小路' in Lato-Regular"):
        check_coverage("Größe 小路", ["Lato-Regular"])


@pytest.mark.parametrize("language", ["en", "zh"])
def test_writers_fill_every_slot(language: str) -> None:
    for seed in range(30):
        writer = Writer(Random(seed), language)
        text = writer.title() + writer.heading() + writer.paragraph(12, 12)
        assert "{" not in text and "\n" not in text


def test_the_mix_has_disjoint_splits_and_all_configurations() -> None:
    parts = PRESETS["ocr-mix"].parts(1000, seed=0)
    assert {part.config for part in parts} == {
        *("recognition", "document", "web", "table", "chart", "handwritten", "scene", "formula"),
    }
    assert sum(part.size for part in parts) == pytest.approx(1000, abs=16)
    seeds = {}
    for part in parts:
        if part.config == "formula":
            (row,) = part.rows(range(1))
            seeds[part.split] = json.loads(row["meta"])["seed"]  # type: ignore[index]
    assert seeds == {"train": 0, "test": 500_000_000}
