"""No number of README or docs/results.md is typed in: each stands in the file that it is said to come from."""

import json
import re
from pathlib import Path

import pytest

from fcotvl_hf.io.marks import marked
from fcotvl_hf.results.merging import best_in_all, widest
from fcotvl_hf.results.names import STAGES, STUDIED
from fcotvl_hf.results.page import render_page, same_sign, write_page
from fcotvl_hf.results.studies import loss_curves
from fcotvl_hf.tiny.cards import HEADLINE, SCORES, headline, results_table, sets_table
from fcotvl_hf.tiny.rivalry import trained
from fcotvl_hf.tiny.studies import STUDIES
from tests.results.number_check import NAMES, strangers, unsourced

ROOT = Path(__file__).parents[2]
TEMPLATES = sorted((ROOT / "fcotvl_hf" / "results" / "templates").glob("*.j2"))
ON_FILE = ROOT / "fcotvl_hf" / "assets" / "scores.json"


def test_the_page_is_what_the_files_say() -> None:
    assert (ROOT / "docs" / "results.md").read_text() == render_page(ROOT / "results")


def test_every_number_of_the_page_stands_in_the_file_that_its_section_names() -> None:
    assert not unsourced((ROOT / "docs" / "results.md").read_text(), ROOT / "results")


def test_every_number_of_the_readme_stands_in_the_scores() -> None:
    readme = (ROOT / "README.md").read_text()
    shown = marked(readme, SCORES)
    scores = json.loads(ON_FILE.read_text())
    assert scores["models"] == json.loads((ROOT / "results" / "scores.json").read_text())["models"]
    assert re.search(r"\d\.\d{3}", shown) and not strangers(shown, {**scores, "rivals shown": 3})
    assert results_table(scores) in shown and sets_table(scores) in shown
    assert marked(readme, HEADLINE) == headline(scores)


@pytest.mark.parametrize("name", STUDIED)
def test_a_studys_picture_is_drawn_from_its_file(name: str) -> None:
    variants = json.loads((ROOT / "results" / f"{name}.json").read_text())["variants"]
    drawn, there = loss_curves(variants, STUDIES[name].curve), (ROOT / "results" / f"{name}.svg").read_text()
    told = re.compile("<title>.*</desc>", re.DOTALL)
    assert told.findall(drawn) == told.findall(there) != []


def test_the_readmes_picture_is_that_of_the_results() -> None:
    there = (ROOT / "results" / "score-over-tokens.svg").read_text()
    assert (ROOT / "docs" / "images" / "score-over-tokens.svg").read_text() == there


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda path: path.name)
def test_a_template_holds_no_number(template: Path) -> None:
    words = re.sub(r"\{[{%#].*?[}%#]\}", " ", template.read_text(), flags=re.DOTALL)
    assert not re.findall(r"\d+", re.sub(NAMES, " ", words, flags=re.DOTALL))


def test_a_whole_page_has_every_table_and_each_number_has_its_file(results: Path) -> None:
    page = render_page(results)
    assert "Not run yet" not in page
    assert all(f"`results/{name}.json`" in page for name in STAGES)
    assert not unsourced(page, results)
    tables = [line for line in page.splitlines() if line.startswith("|")]
    assert len({line.count("|") for line in tables}) > 3
    for line, after in zip(tables, tables[1:], strict=False):
        if after.startswith(("| ---", "| |")) and line.startswith("| model"):
            assert line.count("|") == after.count("|")


def test_a_changed_digit_is_noticed(results: Path) -> None:
    page = render_page(results)
    figures = re.findall(r"\b\d\.\d{3}\b", page)
    assert len(figures) > 100
    noticed, chosen = 0, figures[::20]
    for figure in chosen:
        other = f"{figure[:-1]}{(int(figure[-1]) + 5) % 10}"
        noticed += bool(unsourced(page.replace(figure, other, 1), results))
    assert noticed > 0.7 * len(chosen)  # by chance some stand elsewhere in the file


def test_a_figure_of_another_row_is_noticed(results: Path) -> None:
    page = render_page(results)
    rows = re.findall(r"^\| tiny-(?:50|75) \| .*$", page, re.MULTILINE)[:2]
    swapped = [row.partition(" | ")[2] for row in reversed(rows)]
    for row, others in zip(rows, swapped, strict=True):
        page = page.replace(row, f"{row.partition(' | ')[0]} | {others}", 1)
    assert "## Who keeps what (Table 1, Figure 3)" in unsourced(page, results)


def test_a_changed_sign_is_noticed(results: Path) -> None:
    page = render_page(results)
    (row, sign), *_ = re.findall(r"(\| tiny-50 \| .* )([+-])\d\.\d{3} … ", page)
    other = {"+": "-", "-": "+"}[sign]
    assert unsourced(page.replace(f"{row}{sign}", f"{row}{other}"), results)


def test_what_is_missing_says_how_to_get_it(tmp_path: Path) -> None:
    (tmp_path / "docs").mkdir()
    write_page(tmp_path)
    page = (tmp_path / "docs" / "results.md").read_text()
    assert re.findall(r"results --stages ([\w-]+)`", page) == [
        *("scores", "strides", "compressors", "merging", "speed", "speed-2b", "attention"),
        *("controls", "tasks", "sampling", "re-alignment", "cross-entropy", "position", "chains", "legibility"),
    ]


def test_words_follow_the_figures(results: Path) -> None:
    page = render_page(results)
    assert (
        "Better than the last checkpoint by more than the pages explain: average. Worse by more than that: task-"
        in page
    )
    assert (
        "as few tokens, it beats ahead by more than the pages explain; it cannot be told from level; it scores below"
        in page
    )
    assert "as few tokens, it beats FastV by more than the pages explain." in page and "All look at ink more" in page
    path = results / "merging.json"
    merging = json.loads(path.read_text())
    merging["methods"]["average"]["difference"]["score"] = [-0.01, 0.02]
    path.write_text(json.dumps(merging))
    assert "No merge beats the last checkpoint by more than the pages explain." in render_page(results)


def test_words_on_attention_follow_its_figures(results: Path) -> None:
    path = results / "attention.json"
    attention = json.loads(path.read_text())
    teacher, student = attention["models"].values()
    student |= {"share_on_page": 0.2, "per_token_ratio": 1.5, "share_on_ink": 0.4}
    path.write_text(json.dumps(attention))
    page = render_page(results)
    assert "less attention together, and each gets more: the page of tiny-50 gets 20.0% instead of 40.0%" in page
    assert "an even spread would give it from tiny, less from tiny-50." in page
    assert "40.0% to 60.0% fall on ink; spread evenly it would be 50.0%.\nIt is more with tiny only." in page
    assert "![lookup: the page, and where tiny and tiny-50 look when they answer 98% of 12.5](" in page
    student |= {"share_on_page": 0.5, "per_token_ratio": 0.9}
    path.write_text(json.dumps(attention))
    page = render_page(results)
    assert "Fewer tokens do not get less attention together; one token of tiny-50 gets 0.90 times" in page
    assert "From all of them the page gets more than an even spread" in page


def test_words_on_speed_follow_its_figures(results: Path) -> None:
    page = render_page(results)
    assert (
        "- 50 %, 7 tiles: the first token comes 1.12 times as fast, 89.6% of the 1.25 that FLOPs promise.\n"
        "  The language model changes the teacher's prefill by -20.0%, the connector (compressor and projector) by "
        "+15.0%; it takes 2.50 times as long as the teacher's, by FLOPs 1.50 times."
    ) in page
    assert "in the language model alone as well (50 %); the connector takes more than its FLOPs, too (50 %)." in page
    assert "time is 1.05 to 1.05 times" in page and "| 3.0 | 75.0% |" in page and "| 1.31, 1.16, 1.41 |" in page
    assert "0.90 to 0.90 times as many tokens per second as the teacher: fewer, though" in page
    assert "7 tiles comes to its first token 1.12 times as fast with the 50 % student" in page
    for path in (results / "speed.json", results / "speed-2b.json"):
        bench = json.loads(path.read_text())
        bench["results"][0]["contenders"][1] |= {
            "speedup_cpu": 1.3,
            "decode_tokens_per_second": 21,
            "kv_bytes": 1 << 20,
        }
        bench["results"][0]["contenders"][1]["kv_bytes"] -= 1024
        path.write_text(json.dumps(bench))
    page = render_page(results)
    assert "FLOPs promise more than comes out" not in page and "as the teacher; their cache is shorter." in page
    assert "KV cache, KiB" in page and "| 1023.0 | 25.0% |" in page


def test_a_broken_file_is_one_line(results: Path) -> None:
    (results / "speed.json").write_text("{")
    with pytest.raises(ValueError, match="speed.json is no file of results .* remove it, and it is made again"):
        render_page(results)


@pytest.mark.parametrize(
    ("bounds", "words"),
    [
        ([0.02, 0.07], "*50 %* scores higher than *75 %*, by more than the pages explain (+0.020 … +0.070)"),
        ([-0.01, 0.07], "*50 %* scores higher than *75 %*, by no more than the pages explain (-0.010 … +0.070)"),
    ],
)
def test_two_students_are_told_apart_by_their_own_difference(results: Path, bounds: list[float], words: str) -> None:
    path = results / "strides.json"
    study = json.loads(path.read_text())
    study["settings"]["seeds"] = [0]
    for variant, value in zip(study["variants"][1:], (0.5, 0.4), strict=True):
        variant |= {"score": value, "by_seed": [value], "difference": [-0.5, 0.5]}
    study["variants"][1]["over"]["75 %"] = bounds
    path.write_text(json.dumps(study))
    page = render_page(results)
    assert words in page and "Each student was trained once." in page


def test_several_trainings_are_told(results: Path) -> None:
    path = results / "strides.json"
    study = json.loads(path.read_text())
    for variant, values in zip(study["variants"][1:], ([0.5, 0.6], [0.4, 0.45]), strict=True):
        variant |= {"score": sum(values) / 2, "by_seed": values}
    study["variants"][1]["over"]["75 %"] = [0.02, 0.07]
    path.write_text(json.dumps(study))
    page = render_page(results)
    assert (
        "*50 %* scores higher than *75 %*, by more than the pages explain (+0.020 … +0.070; in every training)" in page
    )
    assert "trained for each of the seeds 0 and 1" in page
    study["variants"][2]["by_seed"][1] = 0.65
    path.write_text(json.dumps(study))
    assert "by more than the pages explain (+0.020 … +0.070; not in every training)" in render_page(results)


def test_an_earlier_teacher_is_told(results: Path) -> None:
    assert "come from an earlier teacher than the packaged one" in render_page(results)
    for name in STUDIED:
        study = json.loads((results / f"{name}.json").read_text())
        study["settings"]["teacher"] = json.loads((results / "scores.json").read_text())["settings"]["models"]["tiny"]
        (results / f"{name}.json").write_text(json.dumps(study))
    assert "earlier teacher" not in render_page(results)


def test_who_guesses_without_reading_is_named(results: Path) -> None:
    path = results / "scores.json"
    scores = json.loads(path.read_text())
    for name in trained(scores["models"]):
        scores["models"][name]["shuffled"]["score"] = 0.0
    path.write_text(json.dumps(scores))
    assert "On shuffled pages next to nothing is left" in render_page(results)
    scores["models"]["tiny-75"]["shuffled"]["score"] = 1.0
    path.write_text(json.dumps(scores))
    assert "On shuffled pages something is left of tiny-75" in render_page(results)


def test_the_best_checkpoint_of_all_tasks() -> None:
    seesaw = {"checkpoint-1": {"a": 0.5, "b": 0.1}, "checkpoint-2": {"a": 0.2, "b": 0.3}}
    assert not best_in_all({"seesaw": seesaw}) and widest({"seesaw": seesaw}) == ("a", 0.2, 0.5)
    seesaw["checkpoint-2"]["a"] = 0.5
    assert best_in_all({"seesaw": seesaw})


def test_every_training_is_compared_with_its_own_pair() -> None:
    assert same_sign([0.5, 0.6, 0.7], [0.45, 0.55, 0.65]) and same_sign([0.1, 0.2], [0.3, 0.3])
    assert not same_sign([0.5, 0.6], [0.4, 0.6])


def test_a_file_of_an_earlier_version_is_told(results: Path) -> None:
    path = results / "strides.json"
    study = json.loads(path.read_text())
    for variant in study["variants"]:
        del variant["over"]
    path.write_text(json.dumps(study))
    with pytest.raises(ValueError, match="of another version of this code .* remove it, and it is made again"):
        render_page(results)
