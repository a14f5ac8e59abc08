"""Small files in the columns of the public sets become rows of ours; bad ones are left out and counted."""

import io
import json
from pathlib import Path
from typing import Any

import pyarrow
import pytest
from datasets import load_dataset
from huggingface_hub import DatasetCard
from PIL import Image
from pyarrow import parquet

from fcotvl_hf.cli import main
from fcotvl_hf.dataset_builders.hub_sets.build import build_hub_sets
from fcotvl_hf.dataset_builders.hub_sets.catalogue import SETS
from fcotvl_hf.dataset_builders.hub_sets.rows import Streamed, to_row
from fcotvl_hf.dataset_builders.parts import Dropped
from fcotvl_hf.dataset_builders.publish import Writing

ROWS: dict[str, dict[str, Any]] = {
    "iam-line": {"text": "a move to stop"},
    "latex-ocr": {"text": "x ^ { 2 }"},
    "websight": {"text": "<html></html>", "llm_generated_idea": "a shop"},
    "synthdog-en": {"ground_truth": json.dumps({"gt_parse": {"text_sequence": "Rain fell."}})},
    "synthdog-zh": {"ground_truth": json.dumps({"gt_parse": {"text_sequence": "下雨了。"}})},
    "chartqa": {"query": "How much?", "label": ["12"], "human_or_machine": 0},
    "iiit5k": {"texts": [{"user": "Which word?", "assistant": "EXIT", "source": "iiit5k"}]},
    "chart2text": {"texts": [{"user": "Describe.", "assistant": "Prices rose.", "source": "chart2text"}]},
    "rendered-text": {"texts": [{"user": "Read.", "assistant": "hello", "source": "rendered_text"}]},
    "pubtabnet": {"html_table": "<table></table>", "imgid": 1},
    "hme100k": {
        "id": "1",
        "conversations": [{"from": "human", "value": "<image>\nWrite LaTeX."}, {"from": "gpt", "value": "a + b"}],
    },
    "cosyn-chart": {"id": "1", "qa_pairs": {"question": ["Sum?"], "explanation": ["1 + 2"], "answer": ["3"]}},
    "cosyn-document": {"id": "1", "qa_pairs": {"question": ["Who?"], "explanation": ["top"], "answer": ["Ann"]}},
}
ONEVISION = [name for name, chosen in SETS.items() if chosen.id == "lmms-lab/LLaVA-OneVision-Data"]
ROWS |= {name: ROWS["hme100k"] for name in ONEVISION}
SAID = {
    **{"iam-line": "a move to stop", "latex-ocr": "x ^ { 2 }", "websight": "<html></html>"},
    **{"synthdog-en": "Rain fell.", "synthdog-zh": "下雨了。", "chartqa": "12", "iiit5k": "EXIT"},
    **{"chart2text": "Prices rose.", "rendered-text": "hello", "hme100k": "a + b"},
    **{"cosyn-chart": "3", "cosyn-document": "Ann", "pubtabnet": "<table></table>"},
    **dict.fromkeys(ONEVISION, "a + b"),
}


def _png(colour: str = "red") -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", (40, 20), colour).save(buffer, format="PNG")
    return buffer.getvalue()


def _copy(root: Path, name: str, rows: list[dict[str, Any]], pictures: list[bytes] | None = None) -> None:
    """A repository as ``hf download`` leaves it."""
    chosen = SETS[name]
    files = [{"bytes": data, "path": None} for data in pictures or [_png()] * len(rows)]
    whole = [
        {**row, chosen.pictures: [file] if chosen.pictures == "images" else file}
        for row, file in zip(rows, files, strict=True)
    ]
    folder = root / chosen.id / (chosen.config or "data")
    folder.mkdir(parents=True)
    parquet.write_table(pyarrow.Table.from_pylist(whole), folder / f"{chosen.split}-00000-of-00001.parquet")
    files_of = [{"split": chosen.split, "path": f"{folder.name}/{chosen.split}-*.parquet"}]
    configs = [{"config_name": chosen.config or "default", "data_files": files_of}]
    (root / chosen.id / "README.md").write_text(f"---\nconfigs: {json.dumps(configs)}\n---\n")


@pytest.mark.parametrize("name", SETS)
def test_every_set_becomes_rows(name: str, tmp_path: Path) -> None:
    _copy(tmp_path, name, [ROWS[name]])
    (row,) = Streamed(name, "main", tmp_path)(range(10))
    assert isinstance(row, dict)
    question, answer = row["messages"]
    assert [block["type"] for block in question["content"]] == ["image", "text"] and question["content"][1]["text"]
    assert answer["content"] == [{"type": "text", "text": SAID[name]}]
    assert row["images"] == [_png()] and row["source"] == SETS[name].id
    assert json.loads(row["meta"])["licence"] == SETS[name].licence


def test_bad_rows_are_left_out_and_counted(tmp_path: Path) -> None:
    rows = [{"text": "one"}, {"text": ""}, {"text": "three"}, {"text": "four"}]
    _copy(tmp_path, "iam-line", rows, [_png(), _png(), b"no picture", _png()[:60]])
    build_hub_sets(tmp_path / "out", ["iam-line"], 4, data_root=tmp_path)
    assert load_dataset(str(tmp_path / "out"), "iam-line", split="train")["id"] == ["iam-line-0"]
    card = (tmp_path / "out" / "README.md").read_text()
    assert "no answer: 1" in card and "picture cannot be read: 2" in card


@pytest.mark.parametrize(
    ("name", "columns"),
    [
        ("hme100k", {"conversations": [{"from": "human", "value": None}, {"from": "gpt", "value": "a + b"}]}),
        ("iiit5k", {"texts": [{"user": "Which word?", "assistant": None}]}),
        ("synthdog-en", {"ground_truth": '{"gt_parse": ["Rain fell."]}'}),
    ],
)
def test_dialogues_of_another_form_are_left_out(name: str, columns: dict[str, Any]) -> None:
    row = to_row(name, "main", {**columns, SETS[name].pictures: {"bytes": _png(), "path": None}}, 0)
    assert row == Dropped("dialogue not in the form of its card")


def test_a_stream_goes_on_where_the_last_shard_ended(tmp_path: Path) -> None:
    _copy(tmp_path, "iam-line", [{"text": str(number)} for number in range(6)])
    maker = Streamed("iam-line", "main", tmp_path)
    ids = [[row["id"] for row in maker(indices)] for indices in (range(2), range(2, 4), range(1, 3))]  # type: ignore[index]
    assert ids == [["iam-line-0", "iam-line-1"], ["iam-line-2", "iam-line-3"], ["iam-line-1", "iam-line-2"]]


def test_licences_go_into_the_card_and_forbid_uploads(tmp_path: Path) -> None:
    _copy(tmp_path, "chartqa", [ROWS["chartqa"]])
    with pytest.raises(ValueError, match="chartqa may be downloaded, but not passed on"):
        build_hub_sets(tmp_path / "out", ["chartqa"], 1, Writing(push="me/charts"), data_root=tmp_path)
    assert not (tmp_path / "out").exists()
    build_hub_sets(tmp_path / "out", ["chartqa"], 1, data_root=tmp_path)
    card = DatasetCard.load(tmp_path / "out" / "README.md")
    assert "| HuggingFaceM4/ChartQA | gpl-3.0 |" in card.text and "Download only" in card.text


@pytest.mark.usefixtures("own_process")
def test_wrong_columns_and_names_are_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _copy(tmp_path, "iam-line", [{"line": "text has another name"}])
    command = ["data", "hub", "--out", str(tmp_path / "out"), "--size", "1", "--data-root", str(tmp_path), "--sets"]
    assert main([*command, "iam-line"]) == 1
    assert "Teklia/IAM-line has no column text; it has line, image" in capsys.readouterr().err
    assert main([*command, ","]) == 2
    assert "name sets with --sets; there are iam-line" in capsys.readouterr().err
    assert main([*command, "iam-line, iam"]) == 2
    assert "there is no set 'iam'; choose from iam-line, latex-ocr" in capsys.readouterr().err
