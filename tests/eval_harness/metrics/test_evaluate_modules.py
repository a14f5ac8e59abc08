"""Every metric is a module of Hugging Face ``evaluate``, loaded from its folder without a network."""

import json
import shutil
from pathlib import Path
from typing import Any

import evaluate
import pytest

from fcotvl_hf.eval_harness.metrics import evaluate_info

MODULES = sorted(file.stem for file in (Path(evaluate_info.__file__).parent / "modules").glob("*/*.py"))

COLUMNS: dict[str, dict[str, Any]] = {
    "anls": {"predictions": ["9 May", "x"], "references": [["May 9", "9 may"], ["yz"]]},
    "cell_f1": {"predictions": ["| a |"], "references": ["| a |"]},
    "cer": {"predictions": ["abxd"], "references": [["abcd", "zzzz"]]},
    "exact_match": {"predictions": ["a ", "b"], "references": [["x", "a"], ["c"]]},
    "mathvista": {
        "predictions": ["Answer: 1.23", "(B)"],
        "references": ["1.2", "red"],
        "question_type": ["free_form", "multi_choice"],
        "answer_type": ["float", "text"],
        "choices": [None, ["blue", "red"]],
        "precision": [1.0, None],
    },
    "mme": {"predictions": ["Yes", "No."], "references": ["Yes", "No"], "category": ["OCR"] * 2, "image": ["1"] * 2},
    "multiple_choice": {"predictions": ["B.", "C"], "references": ["B", "A"], "choices": [["x", "y"], ["x", "y", "z"]]},
    "ocrbench": {
        "predictions": ["It says STOP", "go"],
        "references": [["stop"], ["stop"]],
        "category": ["Regular Text Recognition", "Doc-oriented VQA"],
    },
    "ocrbench_v2": {
        "predictions": ["Paris", "[0, 0, 10, 10]", "文本", "红"],
        "references": [
            json.dumps({"type": "text recognition en", "references": ["paris"]}),
            json.dumps({"type": "text grounding en", "references": [0, 0, 10, 20]}),
            json.dumps({"type": "text translation cn", "references": [""]}),
            json.dumps({"type": "cognition VQA cn", "references": ["红"]}),
        ],
    },
    "pair_f1": {"predictions": ["{'a': 1}"], "references": ["{'a': 1, 'b': 2}"]},
    "relaxed_accuracy": {"predictions": ["13.3", "14.71"], "references": [["14"], ["14"]]},
    "repetition_rate": {"predictions": ["a b c d " * 4, "a b c d e"]},
    "vqa_accuracy": {"predictions": ["stop"], "references": [["stop", "Stop."] + ["go"] * 8]},
    "wer": {"predictions": ["a b"], "references": [["a b c d"]]},
}

SCORES: dict[str, dict[str, float]] = {
    "anls": {"anls": 0.5},
    "cell_f1": {"cell_f1": 1.0},
    "cer": {"cer": 0.25},
    "exact_match": {"exact_match": 0.5},
    "mathvista": {"accuracy": 1.0},
    "mme": {"mme": 200.0, "perception": 200.0, "cognition": 0, "OCR": 200.0},
    "multiple_choice": {"accuracy": 0.5},
    "ocrbench": {"ocrbench": 1.0, "Text Recognition": 1, "Doc-oriented VQA": 0, "Final Score Norm": 0.1},
    "ocrbench_v2": {"en_overall": 0.75, "cn_overall": 1.0},
    "pair_f1": {"pair_f1": 2 / 3},
    "relaxed_accuracy": {"relaxed_accuracy": 0.5},
    "repetition_rate": {"repetition_rate": (9 / 13) / 2},
    "vqa_accuracy": {"vqa_accuracy": (2 * 1 / 3 + 8 * 2 / 3) / 10},
    "wer": {"wer": 0.5},
}


@pytest.mark.parametrize("name", MODULES)
def test_module_loads_and_computes(name: str) -> None:
    metric = evaluate.load(evaluate_info.module_path(name), experiment_id=name)
    told = metric.compute(**COLUMNS[name])
    assert {key: told[key] for key in SCORES[name]} == pytest.approx(SCORES[name])
    assert metric.description.endswith(".") and metric.features.keys() == COLUMNS[name].keys()


def test_options_are_passed_on() -> None:
    relaxed = evaluate.load(evaluate_info.module_path("relaxed_accuracy"), experiment_id="options")
    columns: dict[str, Any] = {"predictions": ["13.3", "14", "14"], "references": [["14"]] * 3}
    assert relaxed.compute(**columns) == {"relaxed_accuracy": 1.0}
    assert relaxed.compute(**columns, convention="internvl") == pytest.approx({"relaxed_accuracy": 2 / 3})
    anls = evaluate.load(evaluate_info.module_path("anls"), experiment_id="options")
    assert anls.compute(predictions=["abxx"], references=[["abcd"]], threshold=0.6) == {"anls": 0.0}
    choice = evaluate.load(evaluate_info.module_path("multiple_choice"), experiment_id="options")
    columns = {"predictions": ["(b)"], "references": ["B"], "choices": [["x", "y"]]}
    assert choice.compute(**columns, rule="lmms_ai2d") == {"accuracy": 1.0}
    assert choice.compute(**columns, rule="internvl_ai2d") == {"accuracy": 0.0}


def test_a_folder_that_was_published_needs_nothing_beside_it(tmp_path: Path) -> None:
    folder = shutil.copytree(evaluate_info.module_path("wer"), tmp_path / "wer")
    metric = evaluate.load(str(folder), experiment_id="copy")
    assert metric.compute(**COLUMNS["wer"]) == {"wer": 0.5}


def test_batches_and_combination() -> None:
    names = ("anls", "exact_match")
    both = evaluate.combine([evaluate.load(evaluate_info.module_path(name), experiment_id="both") for name in names])
    both.add_batch(predictions=["a"], references=[["a"]])
    both.add_batch(predictions=["b"], references=[["c", "d"]])
    assert both.compute() == {"anls": 0.5, "exact_match": 0.5}


def test_unknown_module_is_named() -> None:
    with pytest.raises(ValueError, match="no module 'bleu'; known are anls, cell_f1, cer, "):
        evaluate_info.module_path("bleu")
