"""Rivals keep the share they say, and are counted by the tokens that papers quote."""

import pytest

from fcotvl_hf.baselines import parse_specification, reduced
from fcotvl_hf.dataset_builders.rendering import Domain
from fcotvl_hf.hub.models import load_model
from fcotvl_hf.tiny.rivals import RIVALS, at_nominal_tokens, rival_name, rivals
from fcotvl_hf.tiny.scores import ask_all, fresh_rows


def test_only_who_can_keep_so_few_is_asked() -> None:
    assert list(rivals(0.5)) == list(RIVALS)
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


@pytest.mark.parametrize(("label", "share"), [("FastV", 0.5), ("DivPrune", 1.0)])
def test_fastv_is_counted_by_what_stays(label: str, share: float) -> None:
    rows = fresh_rows(1, 0, Domain())
    rival = reduced(*load_model("tiny"), rivals(0.5)[label])
    counted = ask_all(rival.model, rival.processor, rows)
    for task, result in at_nominal_tokens(counted, rival).items():
        placeholders = [record["tokens"] for record in counted[task].samples]
        assert [record["tokens"] for record in result.samples] == [share * number for number in placeholders]
