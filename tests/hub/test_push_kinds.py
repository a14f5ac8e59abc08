"""Spaces carry the wheel, metrics have a page, collections tie them together, data sets wait for nobody unknown."""

import json
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path
from zipfile import ZipFile

import pytest
import yaml
from huggingface_hub import SpaceCard

from fcotvl_hf.cli import main
from fcotvl_hf.hub.collection import read_collection
from fcotvl_hf.hub.push_space import build_wheel

from .stand_in import StandIn

pytestmark = pytest.mark.usefixtures("own_process")
CARD = "---\ntitle: Lab\nsdk: gradio\napp_file: app.py\n---\nRun [it](app.py).\n"
WHEEL = f"fcotvl_hf-{version('fcotvl-hf')}-py3-none-any.whl"


@pytest.fixture
def space(tmp_path: Path) -> Path:
    folder = tmp_path / "space"
    folder.mkdir()
    (folder / "README.md").write_text(CARD)
    (folder / "app.py").write_text("import fcotvl_hf\n")
    (folder / "requirements.txt").write_text("torch\nfcotvl-hf[demo]>=0.1\nspaces\n")
    (tmp_path / WHEEL).write_bytes(b"wheel")
    return folder


def test_a_space_installs_the_wheel_that_it_carries(hub: StandIn, space: Path, tmp_path: Path) -> None:
    assert main(["push", "space", str(space), "me/lab", "--wheel", str(tmp_path / WHEEL)]) == 0
    there = hub.repositories["space", "me/lab"]
    files = there.files()
    url = f"{hub.url}/spaces/me/lab/resolve/main/{WHEEL}"
    assert files["requirements.txt"].content.decode() == f"torch\nfcotvl-hf[demo] @ {url}\nspaces\n"
    assert files[WHEEL].content == b"wheel" and there.sdk == "gradio" and len(there.messages) == 1


def test_the_wheel_of_an_earlier_version_goes(hub: StandIn, space: Path, tmp_path: Path) -> None:
    older = tmp_path / "fcotvl_hf-0.0.1-py3-none-any.whl"
    older.write_bytes(b"older")
    for wheel in (older, tmp_path / WHEEL):
        assert main(["push", "space", str(space), "me/lab", "--wheel", str(wheel)]) == 0
    assert [path for path in hub.repositories["space", "me/lab"].files() if path.endswith(".whl")] == [WHEEL]


def test_a_space_of_other_things_carries_no_wheel(hub: StandIn, space: Path) -> None:
    (space / "requirements.txt").write_text("torch\n")
    assert main(["push", "space", str(space), "me/lab"]) == 0
    assert set(hub.repositories["space", "me/lab"].files()) == {"README.md", "app.py", "requirements.txt"}


def test_a_space_without_its_app_is_refused(hub: StandIn, space: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (space / "README.md").write_text(CARD.replace("[it](app.py)", "it"))
    (space / "app.py").unlink()
    assert main(["push", "space", str(space), "me/lab"]) == 1
    assert "starts app.py, which is not there" in capsys.readouterr().err
    assert not hub.repositories


@pytest.mark.slow
def test_the_wheel_is_built_from_the_sources(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PIP_NO_BUILD_ISOLATION", "0")  # pip's way to say: with the setuptools that is here
    wheel = build_wheel(tmp_path)
    assert wheel.name == WHEEL
    names = set(ZipFile(wheel).namelist())
    assert {"fcotvl_hf/cli.py", "fcotvl_hf/modeling/modeling_fcotvl.py", "fcotvl_hf/hub/templates/model.md.j2"} <= names
    assert "fcotvl_hf/assets/fcot-vl-tiny/model.safetensors" in names and not any(
        "__pycache__" in name for name in names
    )
    listed = subprocess.run(
        [sys.executable, "-m", "zipfile", "-t", str(wheel)], capture_output=True, text=True, check=True
    )
    assert "Done testing" in listed.stdout


def test_a_metric_has_a_page(tmp_path: Path) -> None:
    assert main(["push", "metric", "anls", "me/anls", "--dry-run", str(tmp_path / "out")]) == 0
    card = SpaceCard.load(tmp_path / "out" / "README.md")
    assert (card.data.sdk, card.data.app_file, card.data.tags) == ("static", "index.html", ["evaluate", "metric"])
    page = (tmp_path / "out" / "index.html").read_text()
    assert 'evaluate.load("me/anls")' in page and "edits per character" in page
    assert {path.name for path in (tmp_path / "out").iterdir()} == {
        "README.md",
        "anls.py",
        "index.html",
        "requirements.txt",
    }


def test_other_peoples_metrics_are_escaped(tmp_path: Path) -> None:
    folder = tmp_path / "mine"
    folder.mkdir()
    (folder / "mine.py").write_text('"""Counts <b>tags</b>."""\n')
    assert main(["push", "metric", str(folder), "me/mine", "--dry-run", str(tmp_path / "out")]) == 0
    assert "&lt;b&gt;tags" in (tmp_path / "out" / "index.html").read_text()


def _collection(tmp_path: Path, content: object) -> Path:
    path = tmp_path / "collection.yaml"
    path.write_text(content if isinstance(content, str) else yaml.safe_dump(content))
    return path


def test_a_collection_is_made_once_and_grows(hub: StandIn, space: Path, tmp_path: Path) -> None:
    hub.add("me/fcot", space)
    hub.add("me/lab", space, "space")
    items: list[object] = ["me/fcot", {"id": "papers/2502.18512", "note": "The paper"}]
    path = _collection(tmp_path, {"title": "FCoT-VL", "description": "All of it.", "items": items})
    assert main(["push", "collection", str(path), "me/fcot-vl"]) == 0
    _collection(tmp_path, {"title": "FCoT-VL", "items": [*items, "spaces/me/lab"]})
    assert main(["push", "collection", str(path), "me/fcot-vl"]) == 0
    (made,) = hub.collections.values()
    assert made["owner"] == "me" and made["description"] == "All of it."
    assert [(item["type"], item["id"]) for item in made["items"]] == [
        ("model", "me/fcot"),
        ("paper", "2502.18512"),
        ("space", "me/lab"),
    ]
    assert made["items"][1]["note"] == {"text": "The paper"}


def test_a_member_that_is_not_there_is_named(hub: StandIn, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["push", "collection", str(_collection(tmp_path, ["datasets/me/pages"])), "me/fcot-vl"]) == 1
    assert "there is no dataset me/pages on http" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("", "has no items: write a list of repositories"),
        ("[a", "is no YAML"),
        ({"items": ["me/x"], "titel": "x"}, "says titel; known are title, description, items"),
        (["model"], "'model' names no owner"),
        ([{"id": "me/x", "why": "?"}], "has an item"),
        ([5], "has an item 5"),
        ({"title": "x" * 61, "items": ["me/x"]}, "title has 61 characters, the Hub takes 60"),
    ],
)
def test_collections_that_are_none(content: object, told: str, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=told) as refusal:
        read_collection(_collection(tmp_path, content), "name")
    assert str(tmp_path) in str(refusal.value) or "names no owner" in told


def test_a_dry_run_of_a_collection(tmp_path: Path) -> None:
    path = _collection(tmp_path, ["me/fcot"])
    assert main(["push", "collection", str(path), "me/fcot-vl", "--dry-run", str(tmp_path / "out")]) == 0
    told = json.loads((tmp_path / "out" / "collection.json").read_text())
    assert told["title"] == "fcot-vl" and told["items"] == [{"id": "me/fcot", "type": "model", "note": None}]


def test_data_is_not_drawn_for_a_hub_that_does_not_know_us(
    hub: StandIn, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    data = ["data", "ocr", "--out", str(tmp_path / "pages"), "--size", "8", "--preset", "tiny-test", "--push"]
    assert main([*data, "pages"]) == 2
    assert "'pages' names no owner" in capsys.readouterr().err
    monkeypatch.setenv("HF_TOKEN", "hf_wrong")
    assert main([*data, "me/pages"]) == 1
    assert "does not accept the token" in capsys.readouterr().err
    assert not (tmp_path / "pages").exists()
