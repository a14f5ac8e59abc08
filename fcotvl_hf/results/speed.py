"""Table 5: how much faster the students answer; of the packaged models and of InternVL2-2B's shape."""

import json
from collections.abc import Mapping
from typing import Any

from fcotvl_hf.evaluation.bench import run_bench
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
        bench = json.loads(file.read_text())
        for contender in (contender for table in bench["results"] for contender in table["contenders"]):
            del contender["runs"]  # the medians are kept
        return {"asked": bench.pop("settings"), **bench}


class ShapeSpeed(Speed):
    """Random weights of InternVL2-2B's shape, with few layers: the paper's ratios stand beside them."""

    name = "speed-2b"

    @property
    def settings(self) -> Figures:
        told = {"shape": _SHAPE, "layers": self.plan.shape_layers}
        return {"tiles": list(self.plan.tiles), "repeats": self.plan.repeats, **told}

    def measure(self) -> Figures:
        return self._bench([], {"shape": _SHAPE, "layers": self.plan.shape_layers})


def best_speedup(figures: Mapping[str, Any], kind: str = "speedup_cpu") -> float:
    """The largest speed-up of prefill.

    Args:
        figures: of a stage.
        kind: of the ways to tell it.
    """
    return max(contender[kind] for table in figures["results"] for contender in table["contenders"])
