"""Table 5: how much faster the students answer; of the packaged models and of InternVL2-2B's shape."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from fcotvl_hf.evaluation.bench import run_bench
from fcotvl_hf.evaluation.paper import paper_speedups
from fcotvl_hf.hub.models import PACKAGED
from fcotvl_hf.tiny.weights import weights_of

from .stage import Figures, Pictures, Stage

_SHAPE = "internvl2-2b"


class Speed(Stage):
    """The packaged models."""

    name = "speed"

    @property
    def settings(self) -> Figures:
        return {"tiles": list(self.plan.tiles), "repeats": self.plan.repeats, "models": weights_of()}

    def measure(self) -> Figures:
        return self._bench(list(PACKAGED), {})

    def draw(self, figures: Mapping[str, Any]) -> Pictures:
        return {}

    def _bench(self, models: list[str], asked: Mapping[str, Any]) -> Figures:
        self.plan.runs.mkdir(parents=True, exist_ok=True)
        file = self.plan.runs / f"{self.name}.json"
        run_bench(models, file, tiles=self.plan.tiles, repeats=self.plan.repeats, **asked)
        bench = json.loads(file.read_text(encoding="utf-8"))
        for contender in (contender for table in bench["results"] for contender in table["contenders"]):
            del contender["runs"]  # the medians are kept
        return {"asked": bench.pop("settings"), **bench}


class ShapeSpeed(Speed):
    """Random weights of InternVL2-2B's shape, with few layers; ``speed_rows`` puts the paper's ratios beside them."""

    name = "speed-2b"

    @property
    def settings(self) -> Figures:
        told = {"shape": _SHAPE, "layers": self.plan.shape_layers}
        return {"tiles": list(self.plan.tiles), "repeats": self.plan.repeats, **told}

    def measure(self) -> Figures:
        return self._bench([], {"shape": _SHAPE, "layers": self.plan.shape_layers})


def speed_rows(figures: Mapping[str, Any]) -> list[Figures]:
    """Every contender at every number of tiles, with what follows from its figures.

    Args:
        figures: of a stage.

    Returns:
        The contenders' figures, and: ``tiles``; ``gain``, the speed-up of prefill, in CPU time where a CPU computes,
        and ``reach``, its share of what FLOPs promise; ratios to the teacher: ``kv_ratio``, ``decode_ratio`` (of
        tokens per second), ``vision_ratio``, ``connector_ratio`` and ``connector_predicted`` (by FLOPs);
        as shares of the teacher's prefill: ``vision_share``, the teacher's vision tower, and ``language_change`` and
        ``connector_change``, what these parts take more than in the teacher; ``paper``, the paper's speed-ups.
    """
    clock = "speedup_cpu" if figures["device"] == "cpu" else "speedup"
    return [
        {
            "tiles": table["tiles"],
            **own,
            **_beside(own, table["contenders"][0]),
            "gain": own[clock],
            "reach": own[clock] / own["speedup_predicted"],
            "paper": paper_speedups(figures["shape"] or "", own["compression"]),
        }
        for table in figures["results"]
        for own in table["contenders"]
    ]


def at_most_tiles(rows: Sequence[Figures]) -> list[Figures]:
    """The rows of the longest prompt, the teacher's first."""
    return [row for row in rows if row["tiles"] == max(row["tiles"] for row in rows)]


def _beside(own: Mapping[str, Any], teacher: Mapping[str, Any]) -> Figures:
    whole = teacher["prefill_seconds"]
    return {
        "kv_ratio": own["kv_bytes"] / teacher["kv_bytes"],
        "decode_ratio": own["decode_tokens_per_second"] / teacher["decode_tokens_per_second"],
        "vision_ratio": own["vision_seconds"] / teacher["vision_seconds"],
        "connector_ratio": own["connector_seconds"] / teacher["connector_seconds"],
        "connector_predicted": _connector(own) / _connector(teacher),
        "vision_share": teacher["vision_seconds"] / whole,
        "language_change": (own["language_seconds"] - teacher["language_seconds"]) / whole,
        "connector_change": (own["connector_seconds"] - teacher["connector_seconds"]) / whole,
    }


def _connector(contender: Mapping[str, Any]) -> int:
    predicted: dict[str, int] = contender["multiply_adds"]
    return predicted["compressor"] + predicted["projector"]
