"""Scores in the loop: each merge is scored once, what was scored survives, and the model scored is the one written."""

import json
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from fcotvl_hf.command import UsageError
from fcotvl_hf.eval_harness.runner import evaluate
from fcotvl_hf.eval_harness.tasks import get_task
from fcotvl_hf.hub.models import load_model
from fcotvl_hf.merging import merge_checkpoints
from fcotvl_hf.merging.pool import Pool, Recipe
from fcotvl_hf.merging.scorers import CommandScorer, TaskScorer, parse_tasks
from fcotvl_hf.merging.scoring import ScoreBook, Scores, describe, mean_score, subset_recipe, task_means

FIRST_NUMBER = """
import json, struct, sys
with open(sys.argv[1] + "/model.safetensors", "rb") as file:
    file.seek(8 + int.from_bytes(file.read(8), "little"))
    print("reading")
    print(struct.unpack("<f", file.read(4))[0])
"""


class Fake:
    """Scores a merge by its first tensor; fails when told to."""

    def __init__(self, identity: str = "fake", fail_after: int = 1000) -> None:
        self.asked: list[Recipe] = []
        self._identity, self._fail_after = identity, fail_after

    def identity(self) -> str:
        return self._identity

    def score(self, pool: Pool, recipe: Recipe) -> Scores:
        if len(self.asked) == self._fail_after:
            raise KeyboardInterrupt
        self.asked.append(recipe)
        _, tensor = next(pool.merged(recipe))
        return {"a": [float(tensor.flatten()[0]), 1.0], "b": [0.0]}


@pytest.fixture
def pool(session_folders: list[Path]) -> Pool:
    return Pool(session_folders[0], session_folders[1:])


@pytest.fixture
def book_of(pool: Pool, tmp_path: Path) -> Callable[..., ScoreBook]:
    return lambda scorer, pool=pool: ScoreBook(pool, scorer, tmp_path / "scores")


def test_a_merge_is_scored_once(book_of, pool: Pool, session_folders: list[Path]) -> None:
    first, second = Fake(), Fake()
    scores = [book_of(scorer).subset({0, 2}) for scorer in (first, second)]
    assert scores[0] == scores[1] and len(first.asked) == 1 and second.asked == []
    swapped = Pool(session_folders[0], [session_folders[i] for i in (3, 2, 1)])
    assert book_of(second, swapped).subset({0, 2}) == scores[0]  # the same weights, whatever their order
    assert second.asked == []
    other_base = Pool(session_folders[1], session_folders[1:])
    assert book_of(second, other_base).subset({0, 2}) == scores[0]  # the base cancels
    assert second.asked == []
    book_of(second, other_base).subset(())  # which is checkpoint 0
    assert book_of(second).subset({0}) == book_of(second, other_base).subset(())
    assert len(second.asked) == 1
    book_of(second).subset(())
    book_of(second).scores(Recipe((0.5, 0, 0.5), "ties", {"density": 0.2, "scale": 1.0}))
    assert len(second.asked) == 3
    other = Fake("another question")
    book_of(other).subset({0, 2})
    assert len(other.asked) == 1


def test_what_was_scored_survives_an_interruption(book_of) -> None:
    interrupted, resumed = Fake(fail_after=2), Fake()
    with pytest.raises(KeyboardInterrupt):
        for i in range(3):
            book_of(interrupted).subset({i})
    for i in range(3):
        book_of(resumed).subset({i})
    assert [recipe.weights for recipe in resumed.asked] == [(0, 0, 1)]


def test_spoilt_scores_are_scored_again(book_of, tmp_path: Path) -> None:
    book_of(Fake()).subset({0})
    (path,) = (tmp_path / "scores").iterdir()
    path.write_text('{"scores"')
    again = Fake()
    book_of(again).subset({0})
    assert len(again.asked) == 1 and json.loads(path.read_text())["scores"]


def test_means_and_names() -> None:
    scores = {"a": [0.0, 1.0], "b": [0.25]}
    assert task_means(scores) == {"a": 0.5, "b": 0.25}
    assert mean_score(scores) == 0.375
    assert subset_recipe((), 3).terms() == {-1: 1}
    assert subset_recipe({1, 2}, 3).terms() == {1: 0.5, 2: 0.5}
    told = [describe(Recipe(w)) for w in ((0.0, 0.0), (0.0, 1.0), (0.5, 0.5), (0.2, 0.0))]
    assert told == ["base", "checkpoint 2", "average of 1, 2", "0.2 × 1"]


def test_the_model_in_memory_scores_what_would_be_written(
    pool: Pool, session_folders: list[Path], tmp_path: Path
) -> None:
    scorer = TaskScorer({"tiny-recognition": 3, "tiny-lookup": 2})
    weights = (0.5, 0.2, 0.3)
    scorer.score(pool, Recipe((1.0, 0.0, 0.0)))  # leaves nothing behind
    found = scorer.score(pool, Recipe(weights))
    base, *checkpoints = session_folders
    merge_checkpoints(base, checkpoints, weights, tmp_path / "out")
    written, processor = load_model(str(tmp_path / "out"), device="cpu")
    loaded = scorer._loaded[0].state_dict()
    assert all(torch.equal(loaded[name], tensor) for name, tensor in written.state_dict().items())
    rows = scorer._rows["tiny-recognition"]
    expected = evaluate(written, processor, rows, get_task("tiny-recognition"), progress=False)
    assert found["tiny-recognition"] == pytest.approx(expected.scores.tolist())
    assert len(found["tiny-lookup"]) == 2


def test_questions_have_an_identity() -> None:
    first, second, third = (TaskScorer({"tiny-chart": n}, seed).identity() for n, seed in ((2, 1), (2, 1), (2, 2)))
    assert first == second != third


def test_a_command_scores_a_folder(pool: Pool, tmp_path: Path) -> None:
    program = tmp_path / "my eval.py"
    program.write_text(FIRST_NUMBER)
    scorer = CommandScorer(f"{sys.executable} '{program}' {{model}}")
    (_, tensor) = next(pool.merged(Recipe((0.5, 0.5, 0.0))))
    assert scorer.score(pool, Recipe((0.5, 0.5, 0.0)))["score"] == pytest.approx([float(tensor.flatten()[0])])


@pytest.mark.parametrize(
    ("command", "told"),
    [
        ("echo so {model} good", r"its last line is 'so .* good', not a number"),
        ("true {model}", "its last line is '', not a number"),
        ("sh -c 'echo nan' {model}", "its last line is nan, which is no score"),
        ("false {model}", "false '{model}' failed with status 1"),
        ("no-such-program {model}", "cannot be run: No such file or directory"),
    ],
)
def test_a_command_that_gives_no_number_is_named(pool: Pool, command: str, told: str) -> None:
    with pytest.raises(ValueError, match=told):
        CommandScorer(command).score(pool, Recipe((1.0, 0.0, 0.0)))


@pytest.mark.parametrize("command", ["python eval.py", "python 'eval.py {model}"])
def test_a_command_that_cannot_be_meant_is_a_bad_argument(command: str) -> None:
    with pytest.raises(UsageError, match="--score-command"):
        CommandScorer(command)


def test_tasks_and_their_limit() -> None:
    assert parse_tasks("tiny-table, tiny-chart:7") == {"tiny-table": 7, "tiny-chart": 7}
    assert parse_tasks("tiny-table") == {"tiny-table": 64}
    for text, told in (
        ("tiny-tabel", "try tiny-table"),
        (":3", "names no task"),
        ("tiny-table:x", "'x' is not a whole"),
    ):
        with pytest.raises(UsageError, match=told):
            parse_tasks(text)
