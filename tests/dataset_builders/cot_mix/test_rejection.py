"""Of a scripted model's chains, the verified ones become rows; everything else is counted by its fault."""

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from datasets import Dataset, Image
from PIL import Image as Pillow

from fcotvl_hf.dataset_builders.asking.ask import Asked
from fcotvl_hf.dataset_builders.asking.request import Failure, Reply, Settings
from fcotvl_hf.dataset_builders.cot_mix.questions import DatasetQuestions, ProgramQuestions
from fcotvl_hf.dataset_builders.cot_mix.rejection import Sampled, Sifting, sift
from fcotvl_hf.dataset_builders.cot_mix.verification import Gold
from fcotvl_hf.dataset_builders.curation.opening import Origin
from fcotvl_hf.dataset_builders.parts import Dropped

SEVEN = Gold("number", ("7",))


def _chain(words: str, answer: str = "7") -> Reply:
    return Reply(f"{words} three plus four makes that number.\nAnswer: {answer}")


def test_each_fault_is_counted_by_its_name() -> None:
    outcomes = [
        _chain("First,"),
        _chain("First, "),
        _chain("Wrong:", "8"),
        Reply("It is surely seven, I would say, no doubt."),
        Reply("Three plus four is seven, so\nAnswer: 7", finished=False),
        Reply("Answer: 7"),
        Failure("timeout"),
        _chain("Adding the two numbers in the left column by hand,"),
        _chain("Nobody would doubt that the sum which is asked for here is easily found:"),
    ]
    kept, dropped = sift(outcomes, SEVEN, Sifting(keep=2))
    assert kept == [outcomes[0].text, outcomes[7].text]  # type: ignore[union-attr]
    assert dropped == {
        "said before": 1,
        "wrong answer": 1,
        "no final answer": 1,
        "cut off at the limit of tokens": 1,
        "no reasoning": 1,
        "no reply (timeout)": 1,
        "above the cap per question": 1,
    }


def test_program_questions_become_verified_rows_and_resume_without_asking(scripted, said, tmp_path: Path) -> None:
    questions = ProgramQuestions(4, 1)
    golds = {questions[index].question: questions[index].gold.answers[0] for index in range(4)}

    def script(prompt: str, seed: int, attempt: int):
        answer = next(gold for question, gold in golds.items() if question in prompt)
        chains = (
            f"I look at the picture and think hard.\nAnswer: {answer}",
            "I guess what it may be.\nAnswer: 123456789",
        )
        return said(chains[seed % 2])

    with scripted(script) as endpoint:
        maker = Sampled(questions, Asked(endpoint.url, Settings(parallel=2)), Sifting(draws=2), tmp_path)
        made = list(maker(range(4)))
        assert len(endpoint.payloads) == 8
        assert list(maker(range(4))) == made
        assert len(endpoint.payloads) == 8
    rows: list[Any] = [row for row in made if not isinstance(row, Dropped)]
    lists = sum(questions[index].gold.kind == "list" for index in range(4))
    assert Counter(row.reason for row in made if isinstance(row, Dropped))["wrong answer"] >= 4
    assert len(rows) >= 4 - lists
    meta = json.loads(rows[0]["meta"])
    assert meta["chain_by"] == "scripted" and meta["draws"] == 2 and meta["form"] == "chain"
    assert rows[0]["source"].startswith("cot_mix/sampled/") and rows[0]["id"].endswith("-draw0")
    assert rows[0]["messages"][1]["content"][0]["text"].startswith("I look at the picture")


def _dataset(tmp_path: Path, rows: list[dict[str, Any]]) -> str:
    folder = tmp_path / "questions"
    picture = Pillow.new("RGB", (8, 8), "red")
    data = Dataset.from_list([{**row, "image": picture} for row in rows]).cast_column("image", Image())
    folder.mkdir()
    data.to_parquet(folder / "train.parquet")
    return str(folder)


def test_questions_of_a_data_set_are_read_with_their_options(tmp_path: Path) -> None:
    rows = [
        {"question": "Which colour?", "answer": "1", "choices": ["blue", "red"]},
        {"question": "Which colour?", "answer": "red", "choices": ["blue", "red"]},
        {"question": "Which colour?", "answer": "B", "choices": ["blue", "red"]},
        {"question": "How wide?", "answer": "8 px", "choices": None},
        {"question": "Which colour?", "answer": "green", "choices": ["blue", "red"]},
    ]
    questions = DatasetQuestions(Origin(_dataset(tmp_path, rows)))
    assert len(questions) == 5
    assert questions[1].gold == questions[2].gold == Gold("choice", ("B",), {"A": "blue", "B": "red"})
    assert questions[1].question == "Which colour?\nA. blue\nB. red"
    assert questions[3].gold == Gold("number", ("8 px",)) and questions[3].image.startswith(b"\x89PNG")
    with pytest.raises(ValueError, match="'green' is not among A, B"):
        questions[4]


def test_a_data_set_without_the_columns_says_which_is_missing(tmp_path: Path) -> None:
    questions = DatasetQuestions(Origin(_dataset(tmp_path, [{"query": "?", "answer": "1"}])))
    with pytest.raises(ValueError, match="lacks the column 'question'"):
        len(questions)
