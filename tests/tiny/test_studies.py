"""The studies' variants: what each is called, and with which options it is made."""

from fcotvl_hf.tiny.studies import STUDIES, Variant
from fcotvl_hf.training.data import ocr_pages


def test_half_of_the_post_training_are_questions_to_think_about() -> None:
    for variant in STUDIES["chains"].variants:
        option, *tasks = variant.tuning
        assert option == "--ocr_tasks" and tasks.count(str(variant.thinking)) == len(tasks) / 2
        sources = ocr_pages(tasks, len(tasks), 0)["source"]
        assert [source.split("/")[0] for source in sources[:2]] == ["cot_mix", "ocr_mix"]
    assert len({variant.end for variant in STUDIES["chains"].variants}) == 2


def test_what_differs_has_another_name() -> None:
    variants = [variant for study in STUDIES.values() for variant in study.variants]
    made = {(variant.end, variant.tuned): (variant.realigning, variant.tuning) for variant in variants}
    for variant in variants:
        assert made[variant.end, variant.tuned] == (variant.realigning, variant.tuning)


def test_sampling_and_thinking_go_together() -> None:
    both = Variant("both", sampling="auto", thinking="chart-steps")
    assert "--sampling" in both.tuning and "--ocr_tasks" in both.tuning
    assert both.end.endswith("auto-sampling-chart-steps")
