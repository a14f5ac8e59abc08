"""Rivals keep the share they say, and are counted by the tokens that papers quote and by those that layers see."""

import pytest

from fcotvl_hf.baselines import parse_specification, reduced
from fcotvl_hf.dataset_builders.rendering import Domain
from fcotvl_hf.hub.models import load_model
from fcotvl_hf.tiny.rivals import RIVALS, rival_name, rivals
from fcotvl_hf.tiny.scores import ask_all, figures, fresh_rows


def test_only_who_can_keep_so_few_is_asked_unless_tokens_may_differ() -> None:
    assert list(rivals(0.5)) == list(RIVALS) == list(rivals(0.25, exact=False))
    assert set(RIVALS) - set(rivals(0.25)) == {"fewer tiles"}
    assert all(specification.keep == 0.25 for specification in rivals(0.25).values())


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("mean:0.5,window=square", "mean pooling 2-D, 50 %"),
        ("fastv:0.25", "FastV, 75 %"),
        ("tome:0.5", "ToMe, 50 %"),
        ("fastv:0.5,layer=1", "fastv:0.5,layer=1"),
    ],
)
def test_tables_call_rivals_by_their_names(text: str, name: str) -> None:
    assert rival_name(parse_specification(text)) == name


@pytest.mark.parametrize(("label", "share", "over_layers"), [("FastV", 0.5, 0.75), ("DivPrune", 1.0, 1.0)])
def test_fastv_is_counted_by_what_stays_and_by_what_layers_see(label: str, share: float, over_layers: float) -> None:
    rows = fresh_rows(1, 0, Domain())
    rival = reduced(*load_model("tiny"), rivals(0.5)[label])
    asked = ask_all(rival.model, rival.processor, rows)
    placeholders = sum(record["tokens"] for result in asked.values() for record in result.samples) / len(rows)
    found = figures(asked, asked, rival.tokens_per_layer)
    assert found["tokens_per_image"] == share * placeholders
    assert found["tokens_over_layers"] == over_layers * placeholders
