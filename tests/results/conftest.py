"""Made-up results of every stage, in the shape that the stages write."""

import json
from pathlib import Path
from random import Random
from typing import Any

import pytest

from fcotvl_hf.results.names import STUDIED
from fcotvl_hf.tiny.studies import STUDIES

TASKS = ("tiny-recognition", "tiny-table", "tiny-chart", "tiny-lookup")
_MADE = {"on": "2026-01-02", "seconds": 5.0, "commit": None, "machine": "x86_64", "threads": 2, "versions": {}}


@pytest.fixture
def results(tmp_path: Path) -> Path:
    """A folder with a file of each stage."""
    folder = tmp_path / "results"
    folder.mkdir()
    rng = Random(0)
    files = {"scores": _scores(rng), "legibility": _legibility(rng), "attention": _attention(rng)}
    files |= {"speed": speed(None), "speed-2b": speed("internvl2-2b"), "merging": _merging(rng)}
    for name, content in {**files, **{name: _study(rng, name) for name in STUDIED}}.items():
        (folder / f"{name}.json").write_text(json.dumps({"made": _MADE, **content}))
    return folder


def _figures(rng: Random) -> dict[str, Any]:
    low = rng.random() - 0.5
    return {
        "n": 96,
        "tasks": {
            task: {key: rng.random() for key in ("score", "corpus_one_minus_cer", "exact_lines")} for task in TASKS
        },
        "score": rng.random(),
        "tokens_per_image": 10 + rng.random(),
        "tokens_over_layers": 10.5,
        "retention": rng.random(),
        "retention_interval": sorted((rng.random(), rng.random())),
        "difference": [low, low + 0.1],
    }


def _scores(rng: Random) -> dict[str, Any]:
    sets = ("fresh", "plain words", "unseen fonts", "unseen strings", "shuffled")
    models: dict[str, Any] = {}
    for name, kind in (("tiny", "teacher"), ("tiny-50", "student"), ("tiny-75", "student"), ("tuned", "control")):
        models[name] = {"kind": kind, **{part: _figures(rng) for part in sets}}
    over = {"ahead, 50 %": [0.1, 0.2], "level, 50 %": [-0.1, 0.2], "behind, 50 %": [-0.3, -0.1]}
    models["tiny-50"]["over"] = over
    models["tiny-75"]["over"] = {"FastV, 75 %": [0.1, 0.2]}
    for name in ("tiny-50", "tiny-75"):
        models[name]["over_by_task"] = {rival: dict.fromkeys(TASKS, [0.1, 0.2]) for rival in models[name]["over"]}
    for rival in (*over, "FastV, 75 %"):
        models[rival] = {"kind": "baseline", "fresh": _figures(rng)}
    models["tiny"]["fresh"]["difference"] = [0, 0]
    return {"settings": {"per_task": 12, "seeds": [0, 1], "models": {"tiny": "4567"}}, "models": models}


def _legibility(rng: Random) -> dict[str, Any]:
    models = {
        name: {"tokens_per_tile": tokens, "smallest_px": smallest, "by_size": {str(s): rng.random() for s in (8, 24)}}
        for name, tokens, smallest in (("tiny", 16, 8.0), ("tiny-50", 8, None))
    }
    return {"settings": {"pages_per_size": 3}, "threshold": 0.9, "trained_on": [16, 40], "models": models}


def _attention(rng: Random) -> dict[str, Any]:
    shares = {"share_on_page": 0.4, "page_by_chance": 0.3, "share_on_ink": 0.6, "per_token_ratio": 1.0}
    models = {name: {"tokens": 40 * rng.random(), **shares} for name in ("tiny", "tiny-50")}
    pictures = [{"task": "lookup", "question": "What is A?", "answer": "[98%] of\n12.5"}]
    return {"settings": {"drawn": 1}, "pages": 8, "shown": pictures, "ink_by_chance": 0.5, "models": models}


def speed(shape: str | None) -> dict[str, Any]:
    """A bench of a teacher and a 50 % student with a third of its time in each part."""
    teacher = {
        **{"name": "tiny", "visual_tokens": 1792, "compression": 0.0, "kv_bytes": 4 << 20},
        **{"vision_seconds": 0.8, "connector_seconds": 0.2, "language_seconds": 1.0, "prefill_seconds": 2.0},
        "decode_tokens_per_second": 20.0,
        "multiply_adds": {"vision": 80, "compressor": 0, "projector": 20, "language": 100},
        **dict.fromkeys(("speedup", "speedup_cpu", "speedup_predicted"), 1.0),
        **dict.fromkeys(("language_speedup", "language_speedup_predicted"), 1.0),
    }
    student = {
        **{"name": "50 %", "visual_tokens": 896, "compression": 0.5, "kv_bytes": 3 << 20},
        **{"vision_seconds": 0.84, "connector_seconds": 0.5, "language_seconds": 0.6, "prefill_seconds": 1.96},
        "decode_tokens_per_second": 18.0,
        "multiply_adds": {"vision": 80, "compressor": 20, "projector": 10, "language": 50},
        **{"speedup": 1.03, "speedup_cpu": 1.12, "speedup_predicted": 1.25},
        **{"language_speedup": 1.7, "language_speedup_predicted": 2.0},
    }
    about = {"shape": shape, "device": "cpu", "dtype": "float32", "machine": "x86_64"}
    about |= {"language_layers": 4, "vision_layers": 3, "paper": {"0.5": [598]} if shape else None}
    asked = {"repeats": 5, "text_tokens": 80}
    return {"settings": {}, **about, "asked": asked, "results": [{"tiles": 7, "contenders": [teacher, student]}]}


def _merging(rng: Random) -> dict[str, Any]:
    bounds = {"last": [0, 0], "average": [0.01, 0.02], "task-arithmetic": [-0.3, -0.2], "shapley": [-0.1, 0.1]}
    methods = {
        name: {
            "weights": [rng.random(), rng.random()],
            "tasks": {task: rng.random() for task in TASKS[:3]},
            "score": rng.random(),
            "difference": {"score": difference},
        }
        for name, difference in bounds.items()
    }
    seesaw = {f"checkpoint-{step}": {task: rng.random() for task in TASKS[:3]} for step in (10, 20)}
    return {"settings": {"dev": 64, "test": 128}, "steps": [10, 20], "methods": methods, "seesaw": seesaw}


def _study(rng: Random, name: str) -> dict[str, Any]:
    labels = ["teacher", *(variant.label for variant in STUDIES[name].variants)]
    variants = []
    for label in labels:
        record = _figures(rng)
        record["tasks"] = {task: entry["score"] for task, entry in record["tasks"].items()}
        record["over"] = {other: [-0.1, 0.1] for other in labels[1:] if label not in ("teacher", other)}
        variants.append({"label": label, **record, "by_seed": [record["score"], record["score"] + 0.01], "losses": {}})
    if name == "chains":
        for record in variants:
            record["thought"] = {"n": 256, "score": rng.random(), "by_seed": [], "over": {}}
        variants[2]["thought"]["over"] = {"bare answers": [0.12, 0.34]}
    budget = {"distill_steps": 300, "sft_steps": 100, "per_task": 64}
    return {"settings": {**budget, "seeds": [0, 1], "teacher": "0123"}, "variants": variants}
