"""A folder may be published if its card, links and files are what the Hub and its users expect."""

from pathlib import Path

import pytest

from fcotvl_hf.io.repo_folder import check_folder, contents, name_card, stage

CARD = "---\nlicense: mit\nlibrary_name: transformers\npipeline_tag: image-text-to-text\n---\n# A model\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "model"
    (folder / "checkpoint").mkdir(parents=True)
    (folder / "README.md").write_text(CARD + "[a](checkpoint/a.txt) ![b](b.png 'B') [c](https://x.y/z) [d](#d)\n")
    for name in ("checkpoint/a.txt", "b.png", ".git", ".hidden.part", "unfinished.part", ".gitattributes"):
        (folder / name).write_text(name)
    (folder / ".eval_results").mkdir()
    (folder / ".eval_results" / "docvqa.yaml").write_text("[]")
    return folder


def test_what_belongs_there(folder: Path) -> None:
    found = check_folder(folder, "model")
    assert found.paths == (".eval_results/docvqa.yaml", ".gitattributes", "README.md", "b.png", "checkpoint/a.txt")
    assert found.bytes == sum((folder / path).stat().st_size for path in found.paths)
    assert str(found) == "5 files, 0.0 MB"


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ("# no metadata", "does not say license, library_name, pipeline_tag"),
        (CARD.replace("mit", ""), "does not say license"),
        (CARD.replace("mit", "[mit"), "metadata of README.md cannot be read"),
        (CARD + "[x](absent.md) <img src='gone.svg'>", "links to absent.md, gone.svg, not in the folder"),
    ],
)
def test_cards_that_are_broken(folder: Path, change: str, told: str) -> None:
    (folder / "README.md").write_text(change)
    with pytest.raises(ValueError, match=told) as refusal:
        check_folder(folder, "model")
    assert "\n" not in str(refusal.value)


def test_links_in_code_are_no_links(folder: Path) -> None:
    (folder / "README.md").write_text(CARD + "```md\n[x](absent.md)\n```\nand `[y](gone.md)`\n")
    check_folder(folder, "model")


def test_pickles_are_refused_and_everything_is_told_at_once(folder: Path) -> None:
    (folder / "training_args.bin").write_bytes(b"")
    (folder / "README.md").write_text("# no metadata")
    with pytest.raises(ValueError, match=r"does not say license.*; training_args.bin may hold pickles"):
        check_folder(folder, "model")


def test_each_kind_has_its_metadata(folder: Path) -> None:
    for kind, told in (("dataset", "does not say configs"), ("space", "does not say title, sdk, app_file")):
        with pytest.raises(ValueError, match=told):
            check_folder(folder, kind)


def test_no_card_no_folder(folder: Path, tmp_path: Path) -> None:
    (folder / "README.md").unlink()
    with pytest.raises(FileNotFoundError, match=r"model has no README.md: it is no model, or an unfinished one"):
        check_folder(folder, "model")
    with pytest.raises(NotADirectoryError, match=r"absent is no folder"):
        contents(tmp_path / "absent")


def test_files_are_copied_or_linked_but_the_card_is_always_a_copy(folder: Path, tmp_path: Path) -> None:
    (folder / "README.md").write_text(CARD + "load PATH_OR_ID")
    paths = check_folder(folder, "model").paths
    for link in (False, True):
        out = tmp_path / f"out-{link}"
        stage(folder, paths, out, link)
        name_card(out, "me/model")
        assert (out / "README.md").read_text() == CARD + "load me/model"
        assert (out / "b.png").is_symlink() == link and contents(out).paths == paths
    assert (folder / "README.md").read_text().endswith("load PATH_OR_ID")
