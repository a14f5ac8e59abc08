"""A teacher's confident replies become rows; the others are counted by what was wrong with them."""

import json
from collections import Counter
from pathlib import Path

import pytest
from datasets import load_dataset
from PIL import Image

from fcotvl_hf.dataset_builders.asking.ask import Asked
from fcotvl_hf.dataset_builders.asking.request import Settings
from fcotvl_hf.dataset_builders.curation.build import build_labels
from fcotvl_hf.dataset_builders.curation.labelling import Labelled, find_images
from fcotvl_hf.dataset_builders.parts import Dropped

SURE = Settings(temperature=0, confidence=True, parallel=1, retries=0)


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    folder = tmp_path / "scans"
    (folder / "deep").mkdir(parents=True)
    for number, name in enumerate(("a.png", "b.jpg", "deep/c.png", "d.png", "e.png", "f.png")):
        Image.new("RGB", (20 + number, 20), "white").save(folder / name)
    (folder / "broken.png").write_bytes(b"\x89PNG nonsense")
    (folder / "notes.txt").write_text("no picture")
    return folder


def _script(said):
    replies = iter(
        [
            said("Invoice 1", logprob=-0.01),
            said("Invoice 2", logprob=-2.0),
            said("Invoice 3", finish="length", logprob=-0.01),
            said(" ", logprob=-0.01),
            said("again and again and " * 20, logprob=-0.01),
            said(status=400),
        ]
    )
    return lambda prompt, seed, attempt: next(replies)


def test_replies_are_kept_by_confidence(
    scripted, said, pictures: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(pictures)
    with scripted(_script(said)) as endpoint:
        build_labels(Path(), tmp_path / "out", Asked(endpoint.url, SURE), "Read the text.", "document", 0.9)
        assert [payload["temperature"] for payload in endpoint.payloads] == [0] * 6
    rows = load_dataset(str(tmp_path / "out"), "document", split="train", cache_dir=str(tmp_path / "cache"))
    (row,) = rows
    meta = json.loads(row["meta"])
    assert row["id"] == meta["file"] == "a.png" and row["source"] == "labelled/scans"
    assert row["messages"][1]["content"][0]["text"] == "Invoice 1"
    assert meta["confidence"] == pytest.approx(0.99005, abs=1e-5) and meta["labelled_by"] == "scripted"
    card = (tmp_path / "out" / "README.md").read_text()
    for reason in ("low confidence", "cut off", "empty reply", "loop", "no reply (status 400)", "unreadable picture"):
        assert reason in card


def test_a_teacher_that_keeps_its_confidence_to_itself_is_refused(
    scripted, said, pictures: Path, tmp_path: Path
) -> None:
    files = find_images(pictures)
    with scripted(lambda *request: said("Invoice")) as endpoint:
        maker = Labelled(files, pictures, Asked(endpoint.url, SURE), "Read.", "document", 0.9, tmp_path / "replies")
        with pytest.raises(ValueError, match="gives no log probabilities"):
            list(maker(range(len(files))))


def test_pictures_are_found_below_a_folder(pictures: Path, tmp_path: Path) -> None:
    assert [path.name for path in find_images(pictures)] == [
        "a.png",
        "b.jpg",
        "broken.png",
        "d.png",
        "c.png",
        "e.png",
        "f.png",
    ]
    (tmp_path / "empty").mkdir()
    with pytest.raises(FileNotFoundError, match="empty holds no pictures"):
        find_images(tmp_path / "empty")
    for path in (tmp_path / "absent", pictures / "a.png"):
        with pytest.raises(NotADirectoryError, match=f"there is no folder {path} with pictures"):
            find_images(path)


def test_a_model_of_this_machine_reads_and_says_how_sure_it_is(
    teacher_folder: Path, pictures: Path, tmp_path: Path
) -> None:
    settings = Settings(temperature=0, confidence=True, parallel=4, max_new_tokens=6)
    maker = Labelled(
        find_images(pictures), pictures, Asked(str(teacher_folder), settings, "tiny"), "Read.", "x", 0.0, tmp_path
    )
    made = list(maker(range(7)))
    dropped = Counter(row.reason for row in made if isinstance(row, Dropped))
    assert dropped["unreadable picture"] == 1
    replies = [json.loads(line) for line in (tmp_path / "labels-000000000.jsonl").read_text().splitlines()]
    assert len(replies) == 6 and all(0 < reply["confidence"] <= 1 for reply in replies)
