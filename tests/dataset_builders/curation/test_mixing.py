"""Weights, caps and seeds decide a mix, and mistakes in its YAML are named."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from datasets import load_dataset
from PIL import Image

from fcotvl_hf.dataset_builders.card import About
from fcotvl_hf.dataset_builders.curation.build import build_mix
from fcotvl_hf.dataset_builders.curation.decontamination import KeptOut
from fcotvl_hf.dataset_builders.curation.mixing import Mixed, read_recipe, share_out
from fcotvl_hf.dataset_builders.curation.quality import TokenCounter
from fcotvl_hf.dataset_builders.parts import Drawn, Part
from fcotvl_hf.dataset_builders.publish import write_dataset
from fcotvl_hf.dataset_builders.rendering import encode
from fcotvl_hf.dataset_builders.rows import conversation_row

COUNTER = TokenCounter("characters", len)


@pytest.mark.parametrize(
    ("most", "weights", "size", "counts"),
    [
        ([100, 100], [1, 1], 10, [5, 5]),
        ([100, 100], [3, 1], 100, [75, 25]),
        ([10, 100], [1, 1], 100, [10, 90]),
        ([10, 20, 100], [1, 1, 2], 100, [10, 20, 70]),
        ([100, 100, 100], [1, 1, 1], 100, [34, 33, 33]),
        ([10, 100], [1, 2], None, [10, 20]),
        ([10, 10], [1, 1], 20, [10, 10]),
    ],
)
def test_shares_follow_weights_as_far_as_rows_last(most, weights, size, counts) -> None:
    assert share_out(most, weights, size) == counts


def test_too_large_a_mix_is_refused() -> None:
    with pytest.raises(ValueError, match="a mix of 21 rows cannot be made of sources that have 20"):
        share_out([10, 10], [1, 1], 21)


@pytest.fixture(scope="module")
def sources(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two data sets of 40 rows in two configurations each."""
    root = tmp_path_factory.mktemp("sources")
    for name in ("first", "second"):
        parts = [Part(config, "train", 40, Drawn(lambda i, c=config: _row(c, i))) for config in ("a", "b")]
        write_dataset(root / name, parts, About("x", "x", "x", {}, "x"))
    return root


def _row(config: str, index: int):
    image = Image.new("RGB", (16, 16), (index, 0, 0))
    return conversation_row(f"{config}{index}", image, "?", str(index), "s", config, {})


def _recipe(root: Path, text: str) -> Path:
    path = root / "recipe.yaml"
    path.write_text(text.replace("ROOT", str(root)))
    return path


GOOD = """\
seed: 3
size: 50
sources:
  - {path: ROOT/first, config: a, weight: 2}
  - {path: ROOT/first, config: b, cap: 5}
  - {path: ROOT/second, config: a}
"""


def test_a_mix_is_written_and_depends_on_its_seed_alone(sources: Path, tmp_path: Path) -> None:
    recipe = read_recipe(_recipe(sources, GOOD))
    assert recipe.counts() == [30, 5, 15]
    build_mix(recipe, tmp_path / "mix", COUNTER)
    mixed = load_dataset(str(tmp_path / "mix"), "mix", split="train", cache_dir=str(tmp_path / "cache"))
    assert Counter(name.rpartition("/")[0] for name in mixed["id"]) == {
        f"{sources}/first/a": 30,
        f"{sources}/first/b": 5,
        f"{sources}/second/a": 15,
    }
    assert len(set(mixed["id"])) == 50
    assert all(int(row["messages"][1]["content"][0]["text"]) == row["images"][0].getpixel((0, 0))[0] for row in mixed)
    assert mixed["task"][:20] != sorted(mixed["task"][:20])
    assert [row["id"] for row in Mixed(recipe)(range(20, 25))] == mixed["id"][20:25]
    assert (tmp_path / "mix" / "quality.html").is_file()
    other = read_recipe(_recipe(sources, GOOD.replace("seed: 3", "seed: 4")))
    assert [row["id"] for row in Mixed(other)(range(5))] != mixed["id"][:5]


def test_rows_whose_picture_is_damaged_are_left_out_and_counted(tmp_path: Path) -> None:
    def rows(indices: range) -> Iterator[dict[str, Any]]:
        for index in indices:
            row = _row("a", index)
            yield row if index != 2 else {**row, "images": [encode(row["images"][0])[:50]]}

    write_dataset(tmp_path / "set", [Part("a", "train", 4, rows)], About("x", "x", "x", {}, "x"))
    build_mix(read_recipe(_recipe(tmp_path, "sources: [{path: ROOT/set}]")), tmp_path / "mix", COUNTER)
    mixed = load_dataset(str(tmp_path / "mix"), "mix", split="train", cache_dir=str(tmp_path / "cache"))
    assert sorted(name.rpartition("/")[2] for name in mixed["id"]) == ["a0", "a1", "a3"]
    assert "picture cannot be read: 1" in (tmp_path / "mix" / "README.md").read_text()


def test_rows_like_test_data_are_kept_out(data_root: Path, tmp_path: Path) -> None:
    def rows(indices: range) -> Iterator[dict[str, Any]]:
        for index in indices:
            image = Image.effect_noise((64, 64), 40 + index).convert("RGB")
            question = "What is the value of B?" if index == 2 else "How many rows has it?"
            yield conversation_row(f"a{index}", image, question, "14", "s", "a", {})

    write_dataset(tmp_path / "set", [Part("a", "train", 4, rows)], About("x", "x", "x", {}, "x"))
    recipe = read_recipe(_recipe(tmp_path, "sources: [{path: ROOT/set}]"))
    build_mix(recipe, tmp_path / "mix", COUNTER, kept_out=KeptOut(["chartqa"], data_root))
    mixed = load_dataset(str(tmp_path / "mix"), "mix", split="train", cache_dir=str(tmp_path / "cache"))
    assert sorted(name.rpartition("/")[2] for name in mixed["id"]) == ["a0", "a1", "a3"]
    assert "text of chartqa's test data: 1" in (tmp_path / "mix" / "README.md").read_text()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("sources: []", "needs a list of sources"),
        ("[", "is no YAML"),
        ("sources: [{weight: 1}]", "source 1 needs a path"),
        ("sources: [{path: a}, {path: b, wieght: 1}]", "source 2: 'wieght' is unknown; known are cap, config"),
        ("sources: [{path: a, weight: 0}]", "its weight must be a number above 0, not 0"),
        ("sources: [{path: a, cap: 0.5}]", "its cap must be a whole number above 0, not 0.5"),
        ("sources: [{path: a}]\nsize: many", 'size and seed are whole numbers, not \\["many", 0\\]'),
        ("sources: [{path: a}]\nsizes: 4", "'sizes' is unknown"),
    ],
)
def test_mistakes_are_named(text: str, message: str, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=message):
        read_recipe(_recipe(tmp_path, text))


def test_sources_that_are_not_there_or_have_other_columns_are_named(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="nowhere cannot be loaded"):
        read_recipe(_recipe(tmp_path, "sources: [{path: ROOT/nowhere}]")).counts()
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "rows.jsonl").write_text('{"text": "x"}\n')
    with pytest.raises(ValueError, match="other lacks the column 'id'; it has text"):
        read_recipe(_recipe(tmp_path, "sources: [{path: ROOT/other}]")).counts()
