"""Checkpoints are whole or not there, and those to be merged stay."""

from contextlib import nullcontext

import pytest

from fcotvl_hf.training.checkpoints import complete_checkpoints, last_checkpoint, pool_steps, remove_old
from fcotvl_hf.training.run import run
from tests.training.conftest import dataset_of


def names(folder) -> list[str]:
    return [checkpoint.name for checkpoint in complete_checkpoints(folder)]


def test_copies_with_names_of_their_own_are_left_alone(tmp_path) -> None:
    for name in ("checkpoint-2", "checkpoint-10", "checkpoint-10-best", "checkpoint-old"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "trainer_state.json").write_text("{}")
    assert names(tmp_path) == ["checkpoint-2", "checkpoint-10"]
    remove_old(tmp_path, 1, [])
    assert sorted(path.name for path in tmp_path.iterdir()) == ["checkpoint-10", "checkpoint-10-best", "checkpoint-old"]


@pytest.mark.parametrize(
    ("steps", "size", "start", "expected"),
    [(100, 5, 0, [20, 40, 60, 80, 100]), (100, 5, 0.5, [60, 70, 80, 90, 100]), (7, 2, 0.5, [5, 7]), (9, 0, 0.5, [])],
)
def test_the_pool_is_evenly_spaced_and_ends_with_the_run(steps, size, start, expected) -> None:
    assert pool_steps(steps, size, start) == expected


def test_a_run_too_short_for_its_pool_is_told(make_trainer) -> None:
    with pytest.raises(ValueError, match="merge_pool 5 does not fit into 4 steps"):
        run(make_trainer("sft", max_steps=4, merge_pool=5))


def test_the_pool_stays_when_old_checkpoints_go(make_trainer, tmp_path) -> None:
    options = {"save_strategy": "steps", "save_steps": 1, "save_total_limit": 1, "max_steps": 6}
    run(make_trainer("sft", merge_pool=2, merge_pool_start=0, **options))
    assert names(tmp_path / "run") == ["checkpoint-3", "checkpoint-5", "checkpoint-6"]


def test_the_best_checkpoint_keeps_its_name_and_stays(make_trainer, mixed_rows, tmp_path) -> None:
    options = {"save_strategy": "steps", "save_steps": 1, "save_total_limit": 1, "eval_strategy": "steps"}
    options |= {"eval_steps": 1, "metric_for_best_model": "loss", "load_best_model_at_end": True, "max_steps": 3}
    rows = dataset_of(mixed_rows)
    trainer = make_trainer("sft", mixed_rows, learning_rate=0.5, others={"eval_dataset": rows}, **options)
    run(trainer)
    best = tmp_path / "run" / f"checkpoint-{trainer.state.best_global_step}"
    assert trainer.state.best_model_checkpoint == str(best)
    assert best.is_dir()


def test_a_full_disk_leaves_the_previous_checkpoint_whole(make_trainer, tmp_path, full_disk) -> None:
    options = {"save_strategy": "steps", "save_steps": 2, "max_steps": 4}
    trainer = make_trainer("sft", **options)
    save = trainer.save_model

    def save_little(folder: str, **kwargs: bool) -> None:
        with full_disk(50_000) if trainer.state.global_step == 4 else nullcontext():
            save(folder, **kwargs)

    trainer.save_model = save_little
    with pytest.raises(OSError, match="checkpoint-4 could not be saved, earlier ones are as they were"):
        run(trainer)
    assert sorted(path.name for path in (tmp_path / "run").iterdir()) == ["checkpoint-2", "log.jsonl"]
    run(make_trainer("sft", resume_from_checkpoint="true", **options))
    assert last_checkpoint(tmp_path / "run") == tmp_path / "run" / "checkpoint-4"


def test_what_a_killed_run_left_half_written_is_cleared_away(make_trainer, tmp_path) -> None:
    for name in (".checkpoint-3.part", ".model.part"):
        (tmp_path / "run" / name / "checkpoint-3").mkdir(parents=True)
    run(make_trainer("sft", max_steps=1))
    assert not [path for path in (tmp_path / "run").iterdir() if path.name.startswith(".")]
