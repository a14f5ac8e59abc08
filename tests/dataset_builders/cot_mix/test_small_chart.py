"""Charts with questions that take a step of thought: one chart and question in two forms."""

from decimal import Decimal
from random import Random

import pytest

from fcotvl_hf.dataset_builders.cot_mix.named_values import NamedValues, ask
from fcotvl_hf.dataset_builders.cot_mix.small_chart import BARE, CHAINED, TASKS, problem
from fcotvl_hf.dataset_builders.rendering import Domain
from fcotvl_hf.dataset_builders.texts import CHARACTERS


@pytest.mark.parametrize("seed", range(30))
def test_both_forms_show_one_chart_and_the_tiny_models_can_write_them(seed: int) -> None:
    answer, steps = (TASKS[name](seed, Domain()) for name in (BARE, CHAINED))
    assert answer.image.tobytes() == steps.image.tobytes()
    assert answer.meta["question"] == steps.meta["question"] and answer.meta["gold"] == steps.meta["gold"]
    assert steps.answer.endswith(f"Answer: {answer.answer}") and "\n" not in answer.answer
    assert set(answer.question + steps.question + steps.answer) <= set(CHARACTERS)


def test_another_seed_is_another_chart() -> None:
    assert problem(0).image.tobytes() == problem(0).image.tobytes() != problem(1).image.tobytes()


def test_only_the_kinds_that_are_wanted_are_asked() -> None:
    values = NamedValues({"A": Decimal(3), "B": Decimal(5), "C": Decimal(8)})
    asked = [ask(Random(seed), values, among=["order"]) for seed in range(20)]
    assert {question.text for question in asked} == {"List all names from the largest to the smallest value."}
    assert len({ask(Random(seed), values).text for seed in range(40)}) > 5
