"""``fcotvl tokens``: from files to a table or JSON, without torch, with the exit status the command promises."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

from fcotvl_hf import cli

PAGE = Path(__file__).parents[2] / "docs" / "how-it-works.md"

pytestmark = pytest.mark.usefixtures("own_process")


@pytest.fixture(autouse=True)
def _in_a_folder_of_its_own(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def page_file(tmp_path: Path) -> str:
    Image.new("L", (1700, 2200), "white").save(tmp_path / "page.png")
    return "page.png"


def test_the_page_shows_what_the_command_prints(page_file: str, capsys: pytest.CaptureFixture[str]) -> None:
    command, shown = re.search(r"```console\n\$ fcotvl (tokens .*)\n([^`]*)```", PAGE.read_text()).groups()
    assert cli.main(command.split()) == 0
    assert _without_trailing_spaces(capsys.readouterr().out) == _without_trailing_spaces(shown)


def test_default_is_said_on_stderr(page_file: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["tokens", page_file]) == 0
    captured = capsys.readouterr()
    assert captured.err == "no --model or --shape given: counting for internvl2-2b\n"
    assert captured.out.startswith("internvl2-2b: 256 tokens a tile of 448 px, at most 12 tiles + 1, 80 text tokens\n")


def test_json_and_options(page_file: str, page: Image.Image, capsys: pytest.CaptureFixture[str]) -> None:
    page.save("small.png")
    argv = ["tokens", page_file, "small.png", "--shape", "internvl2-8b", "--json", "--max-tiles", "6"]
    assert cli.main([*argv, "--text-tokens", "20", "--kv-dtype", "fp8", "--strides", "2"]) == 0
    captured = capsys.readouterr()
    told = json.loads(captured.out)
    assert captured.err == ""
    assert [told[key] for key in ("model", "max_tiles", "text_tokens", "kv_dtype")] == ["internvl2-8b", 6, 20, "fp8"]
    assert [(image["image"], image["width"], image["tiles"]) for image in told["images"]] == [
        (page_file, 1700, 7),
        ("small.png", 224, 3),
    ]
    cost = told["images"][0]["costs"][0]
    assert (cost["stride"], cost["visual_tokens"], cost["kv_bytes"]) == (2, 7 * 128, (7 * 128 + 20) * 65_536)
    assert told["together"][0]["prompt_tokens"] == told["separately"][0]["prompt_tokens"] - 20 == 10 * 128 + 20


def test_of_a_model(teacher_folder: Path, page_file: str, capsys: pytest.CaptureFixture[str]) -> None:
    for model, tokens in (("tiny-50", [80, 40, 20]), (str(teacher_folder), [80, 40, 20])):
        assert cli.main(["tokens", page_file, "--model", model, "--json"]) == 0
        told = json.loads(capsys.readouterr().out)
        assert (told["model"], told["tile_size"], told["images"][0]["tiles"]) == (model, 112, 5)
        assert [cost["visual_tokens"] for cost in told["images"][0]["costs"]] == tokens


def test_counts_what_the_processor_makes(tiny_teacher, page: Image.Image, capsys: pytest.CaptureFixture[str]) -> None:
    _, processor = tiny_teacher
    page.save("page.png")
    assert cli.main(["tokens", "page.png", "--model", "tiny", "--strides", "1", "--json"]) == 0
    image = json.loads(capsys.readouterr().out)["images"][0]
    inputs = processor(text="<IMG_CONTEXT>", images=page, return_tensors="pt")
    visual = int((inputs["input_ids"] == processor.image_token_id).sum())
    assert (image["tiles"], image["costs"][0]["visual_tokens"]) == (len(inputs["pixel_values"]), visual)


def test_hub_ids_fetch_settings_only(
    teacher_folder: Path, page_file: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    calls = []

    def download(repo: str, allow_patterns: list[str]) -> str:
        calls.append((repo, allow_patterns))
        return str(teacher_folder)

    monkeypatch.setattr("huggingface_hub.snapshot_download", download)
    assert cli.main(["tokens", page_file, "--model", "user/model", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["model"] == "user/model"
    assert calls == [("user/model", ["config.json", "processor_config.json", "preprocessor_config.json"])]


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["--shape", "gpt"], "(choose from 'internvl2-1b', 'internvl2-2b', 'internvl2-8b')"),
        (["--shape", "internvl2-1b", "--model", "tiny"], "not allowed with argument"),
        (["--kv-dtype", "int3"], "invalid choice: 'int3'"),
        (["--strides", "0"], "'0' is not a whole number of at least 1"),
    ],
)
def test_bad_arguments_leave_with_2(
    options: list[str], told: str, page_file: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as left:
        cli.main(["tokens", page_file, *options])
    assert left.value.code == 2
    captured = capsys.readouterr()
    assert told in captured.err
    assert (captured.out, captured.err.count("\n")) == ("", 1)


def test_a_stride_that_does_not_fit_leaves_with_2(page_file: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["tokens", page_file, "--shape", "internvl2-1b", "--strides", "3"]) == 2
    assert capsys.readouterr() == (
        "",
        "fcotvl tokens: error: stride 3 does not divide the 16 visual tokens in a row of internvl2-1b's tiles; "
        "choose one of 1, 2, 4, 8, 16\n",
    )


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("absent.png", None, "no image at absent.png"),
        ("notes.png", b"no picture at all", "notes.png is not an image in a format that Pillow knows"),
        ("empty.png", b"", "empty.png cannot be read as an image: it is empty"),
    ],
)
def test_bad_image_leaves_with_1(
    name: str, content: bytes | None, told: str, page_file: str, capsys: pytest.CaptureFixture[str]
) -> None:
    if content is not None:
        Path(name).write_bytes(content)
    assert cli.main(["tokens", page_file, name, "--shape", "internvl2-2b"]) == 1
    assert capsys.readouterr() == ("", f"fcotvl tokens: error: {told}\n")


def test_needs_no_torch(page_file: str) -> None:
    program = (
        "import sys\n"
        "from fcotvl_hf.cli import main\n"
        "for which in (['--shape', 'internvl2-2b'], ['--model', 'tiny-50']):\n"
        f"    assert main(['tokens', {page_file!r}, *which]) == 0\n"
        "heavy = {'torch', 'transformers', 'trl', 'datasets'} & set(sys.modules)\n"
        "assert not heavy, heavy\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True, stdout=subprocess.DEVNULL)


def _without_trailing_spaces(text: str) -> list[str]:
    return [line.rstrip() for line in text.splitlines()]
