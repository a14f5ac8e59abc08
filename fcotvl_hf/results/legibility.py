"""The eye test: the smallest type that each model still reads."""

from collections.abc import Mapping
from typing import Any

from fcotvl_hf.dataset_builders.ocr_mix.legibility import SIZES, samples
from fcotvl_hf.dataset_builders.ocr_mix.mix import FRESH
from fcotvl_hf.dataset_builders.rendering import Domain
from fcotvl_hf.eval_harness.plots import legibility_chart
from fcotvl_hf.eval_harness.runner import evaluate
from fcotvl_hf.eval_harness.tasks.legibility import LEGIBLE, TASK, score_by_size
from fcotvl_hf.hub.models import PACKAGED, load_model
from fcotvl_hf.tiny.weights import weights_of

from .stage import Figures, Pictures, Stage


class Legibility(Stage):
    """Pages of one tile with type of one size."""

    name = "legibility"

    @property
    def settings(self) -> Figures:
        return {"pages_per_size": self.plan.per_task // 8 or 1, "sizes": list(SIZES), "models": weights_of()}

    def measure(self) -> Figures:
        models = {}
        for name, weights in self.settings["models"].items():
            model, processor = load_model(name)
            tile = model.config.vision_config.image_size[0]
            rows = [page.row() for page in samples(self.settings["pages_per_size"] * len(SIZES), FRESH, tile)]
            result = evaluate(model, processor, rows, TASK, batch_size=64, out=self.runs / f"{name}-{weights}")
            metrics = result.metrics
            models[name] = {
                "tokens_per_tile": processor.image_seq_length,
                "smallest_px": metrics.get("smallest_px"),
                "by_size": {str(size): score for size, score in score_by_size(metrics).items()},
            }
        return {"threshold": LEGIBLE, "trained_on": list(Domain().text_height), "models": models}

    def draw(self, figures: Mapping[str, Any]) -> Pictures:
        scores = {
            name: {int(size): score for size, score in figures["models"][name]["by_size"].items()} for name in PACKAGED
        }
        return {"legibility.svg": legibility_chart(scores, figures["threshold"]).svg}
