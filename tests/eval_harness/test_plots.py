"""Charts that everybody can read: names do not overlap, colours follow the page, there are words for the blind."""

import re

import pytest

from fcotvl_hf.eval_harness.cost_plot import score_over_tokens
from fcotvl_hf.eval_harness.plots import curves, legibility_chart, radar


def test_charts_have_names_words_and_the_pages_colour() -> None:
    rows = [
        {"kind": "teacher", "label": "tiny", "tokens_over_layers": 40, "score": 0.9},
        {"kind": "student", "label": "tiny-50", "tokens_over_layers": 20, "score": 0.8},
        {"kind": "baseline", "label": "a < b", "tokens_over_layers": 20, "score": 0.7},
    ]
    charts = [
        score_over_tokens(rows),
        radar({"tiny": {"a": 1, "b": 1, "c": 1}, "tiny-50": {"a": 0.5, "b": 0.6, "c": 0.7}}),
        legibility_chart({"tiny": {8: 0.1, 24: 1.0}}, 0.9),
        curves({"run": ([1, 2], [3, 2.5])}, "step", "loss", "Losses"),
    ]
    for chart in charts:
        assert f"<title>{chart.title}</title>" in chart.svg and 'role="img"' in chart.svg
        assert "currentColor" in chart.svg and "prefers-color-scheme:dark" in chart.svg and "#808081" not in chart.svg
        ids = re.findall(r'id="([^"]+)"', chart.svg)
        assert len(ids) == len(set(ids))
    assert "tiny-50: 20.0 tokens, score 0.800" in charts[0].description
    assert ">tiny-50<" in charts[0].svg and "a &lt; b" in charts[0].svg
    assert charts[0] == score_over_tokens(rows)


def test_ids_of_two_charts_do_not_meet() -> None:
    one, two = (curves({"run": ([1, 2], [3, 2])}, "step", "loss", title).svg for title in ("One", "Two"))
    assert not set(re.findall(r'id="([^"]+)"', one)) & set(re.findall(r'id="([^"]+)"', two))


def test_lines_that_hide_each_other_are_one() -> None:
    chart = curves({"a": ([1, 2], [3, 2]), "b": ([1, 2], [3, 1]), "c": ([1, 2], [3, 2])}, "step", "loss", "Losses")
    assert ">a = c<" in chart.svg and ">b<" in chart.svg and ">c<" not in chart.svg
    assert "a = c ends at 2; b ends at 1" in chart.description


@pytest.mark.parametrize("count", [1, 2, 6])
def test_the_legend_of_curves_leaves_room_for_them(count: int) -> None:
    names = [f"control-mean-{number}-distill, everything trained" for number in range(count)]
    chart = curves(
        {name: ([1, 2], [3, end]) for end, name in enumerate(names)}, "step", "loss", "Losses"
    )  # matplotlib warns of no room
    assert all(f">{name}<" in chart.svg for name in names)
