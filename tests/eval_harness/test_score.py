"""``fcotvl score``: rows in, lines out, one by one; errors name file and line."""

import io
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from fcotvl_hf import cli
from fcotvl_hf.eval_harness.metrics.catalogue import METRICS
from fcotvl_hf.eval_harness.score import score_lines

GOOD = {"metric": "anls", "inputs": {"prediction": "abxd", "references": ["abcd"]}}
DOCUMENTED = Path(__file__).parents[2] / "docs" / "metrics.md"

pytestmark = pytest.mark.usefixtures("own_process")


def _file(folder: Path, *rows: object) -> str:
    lines = [row if isinstance(row, str) else json.dumps(row) for row in rows]
    (folder / "rows.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return str(folder / "rows.jsonl")


def test_one_line_per_row_in_order(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    output = {"metric": "vqa_normalize", "inputs": {"text": "The Two 天"}}
    both = {"id": 7, "metric": "mcq", "inputs": {"prediction": "B", "choices": {"A": "x", "B": "y"}, "answer": "A"}}
    assert cli.main(["score", _file(tmp_path, GOOD, "", output, both)]) == 0
    captured = capsys.readouterr()
    assert [json.loads(line) for line in captured.out.splitlines()] == [
        {"score": 0.75},
        {"output": "2 天"},
        {"score": 0.0, "output": "B"},
    ]
    assert captured.err == ""


def test_stdin(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    lines = io.TextIOWrapper(io.BytesIO(json.dumps(GOOD).encode() + b"\n{"), encoding="ascii")
    monkeypatch.setattr(sys, "stdin", lines)
    assert cli.main(["score", "-"]) == 1
    captured = capsys.readouterr()
    assert captured.out == '{"score": 0.75}\n'
    assert captured.err.startswith("fcotvl score: error: stdin, line 2: Expecting property name")


def test_rows_are_read_when_they_are_due() -> None:
    read = []

    def endless() -> Iterator[bytes]:
        while True:
            read.append(1)
            yield json.dumps(GOOD).encode()

    results = score_lines(endless(), "endless")
    assert [next(results) for _ in range(3)] == [{"score": 0.75}] * 3
    assert len(read) == 3


@pytest.mark.parametrize(
    ("row", "told"),
    [
        ("{", "Expecting property name"),
        ("[]", 'a row is an object {"metric": …, "inputs": {…}}'),
        ({"metric": "anls"}, 'a row is an object {"metric": …, "inputs": {…}}'),
        ({"metric": "bleu", "inputs": {}}, f"there is no metric 'bleu'; known are {', '.join(METRICS)}"),
        ({"metric": "anls", "inputs": {"prediction": "a"}}, "missing 1 required positional argument: 'references'"),
        ({"metric": "anls", "inputs": GOOD["inputs"] | {"limit": 1}}, "unexpected keyword argument 'limit'"),
        ({"metric": "anls", "inputs": {"prediction": None, "references": ["a"]}}, "'prediction' must be a text"),
        ({"metric": "anls", "inputs": {"prediction": "a", "references": "a"}}, "must be a list of texts"),
        ({"metric": "anls", "inputs": {"prediction": "a", "references": [7]}}, "'int' object has no attribute"),
        ({"metric": "anls_mean", "inputs": {"items": [{"references": ["a"]}]}}, "'prediction' is missing"),
        ({"metric": "ocrbench_v2_vqa", "inputs": GOOD["inputs"]}, "missing 1 required positional argument: 'type'"),
    ],
)
def test_a_broken_row_is_named_and_those_before_are_written(
    row: object, told: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = _file(tmp_path, GOOD, GOOD, row, GOOD)
    assert cli.main(["score", file]) == 1
    captured = capsys.readouterr()
    assert captured.out == '{"score": 0.75}\n' * 2
    assert captured.err.startswith(f"fcotvl score: error: {file}, line 3: ")
    assert told in captured.err
    assert captured.err.count("\n") == 1


def test_bytes_that_are_no_text(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "rows.jsonl").write_bytes(json.dumps(GOOD).encode() + b'\n{"metric": "\xff"}\n')
    assert cli.main(["score", str(tmp_path / "rows.jsonl")]) == 1
    assert "rows.jsonl, line 2: 'utf-8' codec can't decode" in capsys.readouterr().err


def test_missing_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["score", str(tmp_path / "absent")]) == 1
    told = f"fcotvl score: error: no file at {tmp_path / 'absent'}; give a JSONL file, or - for stdin\n"
    assert capsys.readouterr().err == told


def test_packages_of_the_extra_are_told(tmp_path: Path) -> None:
    row = {"metric": "ocrbench_v2_vqa", "inputs": {"type": "math QA en", **GOOD["inputs"]}}
    program = (
        "import sys\n"
        "sys.modules['apted'] = None\n"
        "from fcotvl_hf.cli import main\n"
        f"sys.exit(main(['score', {_file(tmp_path, GOOD, row)!r}]))\n"
    )
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert (ran.returncode, ran.stdout) == (1, '{"score": 0.75}\n')
    needs = "ocrbench_v2_vqa needs apted; install it with pip install 'fcotvl-hf[eval]'"
    assert ran.stderr == f"fcotvl score: error: {needs}\n"


def test_a_reader_that_leaves_is_no_error(tmp_path: Path) -> None:
    file = _file(tmp_path, *[GOOD] * 20_000)
    with subprocess.Popen(
        [sys.executable, "-m", "fcotvl_hf.cli", "score", file], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdout is not None and process.stderr is not None
        assert process.stdout.readline() == b'{"score": 0.75}\n'
        process.stdout.close()
        assert process.stderr.read() == b""
    assert process.returncode == 0


def test_needs_neither_torch_nor_the_extra_for_plain_metrics(tmp_path: Path) -> None:
    program = (
        "import sys\n"
        "from fcotvl_hf.cli import main\n"
        f"assert main(['score', {_file(tmp_path, GOOD)!r}]) == 0\n"
        "heavy = {'torch', 'transformers', 'datasets', 'evaluate', 'nltk', 'jieba', 'lxml'} & set(sys.modules)\n"
        "assert not heavy, heavy\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True, stdout=subprocess.DEVNULL)


def test_documentation_shows_what_the_command_prints(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    pattern = r"\$ cat rows.jsonl\n(.*?)\$ fcotvl score rows.jsonl\n(.*?)```"
    shown = re.search(pattern, DOCUMENTED.read_text(encoding="utf-8"), re.DOTALL)
    assert shown is not None
    monkeypatch.chdir(tmp_path)
    Path("rows.jsonl").write_text(shown[1])
    assert cli.main(["score", "rows.jsonl"]) == 0
    assert capsys.readouterr().out == shown[2]


def test_every_metric_is_documented() -> None:
    text = DOCUMENTED.read_text(encoding="utf-8")
    assert [name for name in METRICS if f"`{name}`" not in text] == []
