"""Program-made problems: the same seed gives the same picture, and every chain arrives at its gold answer."""

import json
import re
from collections import Counter
from decimal import Decimal
from random import Random

import numpy as np
import pytest

from fcotvl_hf.dataset_builders.cot_mix import geometry, receipt, science, table
from fcotvl_hf.dataset_builders.cot_mix.drawing import FACES, Drawing
from fcotvl_hf.dataset_builders.cot_mix.mix import TASKS, problem_at, program_parts, share_out
from fcotvl_hf.dataset_builders.cot_mix.named_values import KINDS, NamedValues, ask
from fcotvl_hf.dataset_builders.cot_mix.problem import Problem, number_question
from fcotvl_hf.dataset_builders.cot_mix.verification import Gold, verify_response
from fcotvl_hf.dataset_builders.fonts import check_coverage

CHEAP = [task for task in TASKS if task != "chart"]


@pytest.mark.parametrize("task", TASKS)
def test_same_seed_same_problem_other_seed_other_problem(task: str) -> None:
    first, again, other = (TASKS[task](seed) for seed in (3, 3, 4))
    assert np.array_equal(first.image, again.image)
    assert first.question == again.question and first.meta == again.meta
    assert first.question.chain != other.question.chain


@pytest.mark.parametrize("task", CHEAP)
def test_chains_verify_and_end_with_the_answer(task: str) -> None:
    for seed in range(25):
        problem = TASKS[task](seed)
        assert verify_response(problem.question.chain, problem.question.gold), problem.question
        assert problem.question.chain.endswith(f"\nAnswer: {problem.question.answer}")
        assert len(problem.question.steps) >= 1


@pytest.mark.parametrize(("module", "fewest"), [(geometry, 6), (receipt, 6), (science, 7)])
def test_every_kind_comes_up(module, fewest: int) -> None:
    kinds = {module.sample(seed).meta["kind"] for seed in range(50)}
    assert len(kinds) == fewest == len(module.KINDS)


def test_steps_of_named_values_compute_what_they_say() -> None:
    values = NamedValues({"Mon": Decimal(12), "Tue": Decimal("7.5"), "Wed": Decimal(30), "Thu": Decimal("7.5")})
    asked, signs = Counter[str](), Counter[str]()
    for seed in range(200):
        question = ask(Random(seed), values, "Look at North only.")
        assert question.text.startswith("Look at North only. ")
        assert verify_response(question.chain, question.gold)
        asked[question.text] += 1
        for step in question.steps:
            worked = re.search(r"(\d[\d. +×/%-]*) ([=≈]) ([\d.]+)%?\.$", step)
            if worked:
                value = eval(worked[1].replace("×", "*").replace("%", ""))  # noqa: S307  (digits and signs only)
                assert abs(value - float(worked[3])) < (1e-9 if worked[2] == "=" else 0.051)
                signs[worked[2]] += 1
    assert signs["="] > 100 and signs["≈"] > 10
    assert not any("second largest" in text or "List all" in text for text in asked)  # two values are equal
    assert len(KINDS) == 9


def test_parts_of_a_whole_keep_their_unit_and_are_not_added_up_to_it() -> None:
    values = NamedValues({"Rent": Decimal(48), "Food": Decimal(32), "Fun": Decimal(20)}, parts_of_whole=True)
    for seed in range(60):
        question = ask(Random(seed), values)
        assert not any(word in question.text for word in ("total", "all values", "average"))
        if question.gold.kind == "number" and not question.text.startswith("How many"):
            assert question.answer.endswith("%")


def test_food_webs_are_of_animals_that_eat_such_food() -> None:
    for seed in range(40):
        _, question = science.KINDS["food web"](Random(seed), science.PAGES)
        for eater, eaten in re.findall(r"at (\w+) come from ([\w ]+)\.", " ".join(question.steps)):
            assert all(
                any(eater in level.get(food, "").split() for level in science._EATERS) for food in eaten.split(" and ")
            )


def test_receipts_add_up() -> None:
    for seed in range(40):
        bought = receipt._buy(Random(seed))
        assert bought.subtotal == sum(pieces * price for _, pieces, price in bought.lines)
        assert bought.total == bought.subtotal - bought.off + bought.duty <= bought.cash
        assert all(price.as_tuple().exponent == -2 for *_, price in bought.lines)


def test_tables_have_no_ties_that_would_leave_two_answers() -> None:
    for seed in range(40):
        records = table._records(Random(seed), table._TOPICS[seed % len(table._TOPICS)])
        products = [count * amount for _, _, count, amount in records.rows]
        assert len(set(products)) == len(products) == len({name for name, *_ in records.rows})


def test_samples_are_chains_or_now_and_then_bare_answers() -> None:
    forms = Counter[str]()
    for seed in range(40):
        sample = TASKS["science"](seed).sample()
        meta = json.loads(sample.row()["meta"])
        forms[meta["form"]] += 1
        gold = Gold.from_json(meta["gold"])
        said = sample.answer if meta["form"] == "chain" else f"Answer: {sample.answer}"
        assert verify_response(said, gold)
        assert (meta["question"] in sample.question) and sample.row()["source"] == "cot_mix/science"
    assert 3 <= forms["direct"] <= 20 and forms["chain"] >= 20


def test_a_chain_that_does_not_reach_its_answer_is_refused() -> None:
    made = TASKS["receipt"](1)
    wrong = number_question("How much?", "5", ["2 + 2 = 4."])
    broken = Problem("receipt", made.image, type(wrong)(wrong.text, "4", wrong.steps, wrong.gold), {"seed": 1})
    with pytest.raises(ValueError, match="receipt 1: .* does not verify"):
        broken.sample()


def test_faces_of_drawings_have_every_sign_that_is_drawn() -> None:
    for face in FACES:
        check_coverage("ΩπVA°²³=?xBCm0123456789 R1", [face])
    drawing = Drawing(Random(0), 50, 50)
    with pytest.raises(ValueError, match="no glyph for '水'"):
        drawing.label((20, 20), "水")


def test_seeds_of_data_sets_share_no_problem() -> None:
    assert problem_at("receipt", 0, 1).meta["seed"] != problem_at("receipt", 1, 0).meta["seed"]
    seeds = {problem_at("receipt", seed, number).meta["seed"] for seed in range(3) for number in range(3)}
    assert len(seeds) == 9


def test_sizes_are_shared_out() -> None:
    assert sum(share_out(502).values()) == 502 and set(share_out(500).values()) == {100}
    assert [part.config for part in program_parts(3, 0)] == ["chart", "table", "geometry"]
