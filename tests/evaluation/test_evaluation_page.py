"""docs/evaluation.md: its commands are run or parsed, its Python is run, its table is what the tasks say."""

import shlex
from pathlib import Path

import pytest

from fcotvl_hf.cli import main, make_parser
from fcotvl_hf.eval_harness.tasks import TASKS
from fcotvl_hf.evaluation.chosen import chosen_tasks
from tests.docs.pages import DOCS, blocks

PATH = DOCS / "evaluation.md"
PAGE = PATH.read_text()

pytestmark = pytest.mark.usefixtures("own_process")


def _commands(number: int) -> list[list[str]]:
    """The lines of a shell block."""
    return [shlex.split(line) for line in blocks(PATH, "bash")[number].text.splitlines()]


def test_first_commands_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for command in _commands(0):
        assert main(command[1:]) == 0
    assert Path("runs/report/report.html").is_file()


def test_other_commands_are_understood() -> None:
    (pinned,), (_, local), (launched,), (vllm,), (lmms,), (asked,) = map(_commands, range(1, 7))
    assert launched[:4] == ["accelerate", "launch", "-m", "fcotvl_hf.cli"]
    for arguments in (local[1:], launched[4:]):
        assert make_parser().parse_args(arguments).tasks == "textvqa"
    revisions = make_parser().parse_args(pinned[1:]).revision
    assert [task.source.revision for task in chosen_tasks(pinned[4], revisions)] == ["COMMIT", "COMMIT"]
    assert make_parser().parse_args(vllm[1:]).backend == "vllm"
    assert lmms[:3] == ["lmms-eval", "--model", "fcotvl"]
    assert make_parser().parse_args(asked[1:]).attention == Path("look.png")


def test_python_runs(data_root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (code,) = blocks(PATH, "python")
    exec(code.text, {"data_root": data_root})
    score, stderr, tokens = map(float, capsys.readouterr().out.split())
    assert 0 <= score <= 1 and stderr >= 0 and tokens >= 8


@pytest.mark.parametrize("name", TASKS)
def test_table_is_what_the_tasks_say(name: str) -> None:
    task = TASKS[name]
    (line,) = (line for line in PAGE.splitlines() if line.startswith("|") and f"`{name}`" in line.split("|")[1])
    names, data, tiles, longest, _ = (cell.strip() for cell in line.strip("|").split("|"))
    assert data.startswith(task.source.dataset or "drawn") and (task.source.split in data or data == "drawn")
    assert tiles == str(task.max_tiles or "the model's")
    each = longest.split(", ")
    assert each[names.split(", ").index(f"`{name}`") if len(each) > 1 else 0] == str(task.max_new_tokens)
