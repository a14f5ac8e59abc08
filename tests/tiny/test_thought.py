"""The exam of questions that take a step of thought: same questions in both forms, strict about what is stated."""

import pytest

from fcotvl_hf.dataset_builders.cot_mix.small_chart import sample
from fcotvl_hf.hub.models import load_model
from fcotvl_hf.tiny.thought import THOUGHT, ask_thought


@pytest.mark.parametrize("seed", range(10))
def test_the_reference_is_right_and_a_slip_is_wrong(seed: int) -> None:
    for direct in (True, False):
        row = sample(seed, direct=direct).row()
        target = THOUGHT.target(row)
        (told,) = target["references"]
        assert THOUGHT.score(told, target) == 1 and len(told) < THOUGHT.max_new_tokens
        assert THOUGHT.score("Answer: 123456" if not direct else "123456", target) == 0
        assert THOUGHT.score("", target) == 0


def test_a_chain_that_states_no_answer_is_wrong() -> None:
    row = sample(0, direct=False).row()
    target = THOUGHT.target(row)
    unfinished = target["references"][0].rpartition("Answer:")[0]
    assert unfinished and THOUGHT.score(unfinished, target) == 0


def test_a_model_is_asked_for_what_it_was_trained_to_say() -> None:
    model, processor = load_model("tiny", device="cpu")
    for steps in (False, True):
        asked = ask_thought(model, processor, 2, steps=steps)
        assert len(asked.samples) == 2 and all(
            target["form"] == ("chain" if steps else "direct") for target in asked.targets
        )
