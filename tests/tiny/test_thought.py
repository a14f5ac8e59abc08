"""The exam of questions that take a step of thought: same questions in both forms, strict about what is stated."""

import pytest

from fcotvl_hf.dataset_builders.cot_mix.small_chart import TASKS, sample
from fcotvl_hf.dataset_builders.rendering import Domain
from fcotvl_hf.dataset_builders.texts import CHARACTERS
from fcotvl_hf.hub.models import load_model
from fcotvl_hf.tiny.studies import STUDIES
from fcotvl_hf.tiny.thought import THOUGHT, ask_thought
from fcotvl_hf.training.data import ocr_pages


@pytest.mark.parametrize("seed", range(30))
def test_both_forms_show_one_chart_and_the_tiny_models_can_write_them(seed: int) -> None:
    answer, steps = (TASKS[name](seed, Domain()) for name in ("chart-answer", "chart-steps"))
    assert answer.image.tobytes() == steps.image.tobytes()
    assert answer.meta["question"] == steps.meta["question"] and answer.meta["gold"] == steps.meta["gold"]
    assert steps.answer.endswith(f"Answer: {answer.answer}") and "\n" not in answer.answer
    assert set(answer.question + steps.question + steps.answer) <= set(CHARACTERS)


@pytest.mark.parametrize("seed", range(10))
def test_the_reference_is_right_and_a_slip_is_wrong(seed: int) -> None:
    for direct in (True, False):
        row = sample(seed, direct=direct).row()
        target = THOUGHT.target(row)
        (told,) = target["references"]
        assert THOUGHT.score(told, target) == 1
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


def test_half_of_the_post_training_are_questions_to_think_about() -> None:
    for variant in STUDIES["chains"].variants:
        option, *tasks = variant.tuning
        assert option == "--ocr_tasks" and tasks.count(str(variant.thinking)) == len(tasks) / 2
        sources = ocr_pages(tasks, len(tasks), 0)["source"]
        assert [source.split("/")[0] for source in sources[:2]] == ["cot_mix", "ocr_mix"]
    assert len({variant.end for variant in STUDIES["chains"].variants}) == 2
