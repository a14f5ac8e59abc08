"""The commands from end to end on a random teacher."""

import json

import pytest

from fcotvl_hf.command import UsageError
from fcotvl_hf.conversion.student import init_student
from fcotvl_hf.hub.models import load_model
from fcotvl_hf.scripts import distill, sft

SHORT = ["--max_steps", "2", "--per_device_train_batch_size", "2", "--ocr_tasks", "recognition", "--ocr_size", "16"]
SHORT += ["--dataloader_num_workers", "0", "--disable_tqdm", "true"]


def steps_of(folder) -> list[int]:
    return [json.loads(line)["step"] for line in (folder / "log.jsonl").read_text().splitlines()]


def test_distill_makes_the_student_and_sft_goes_on_from_it(teacher_folder, tmp_path) -> None:
    first, second = tmp_path / "distill", tmp_path / "sft"
    distill.main(["--teacher", str(teacher_folder), "--stride", "4", "--output_dir", str(first), *SHORT])
    options = ["--save_steps", "1", "--max_tiles", "3"]
    sft.main(["--student", str(first), "--output_dir", str(second), *options, *SHORT])
    for folder in (first / "init", first, second, second / "checkpoint-1"):
        model, processor = load_model(str(folder))
        assert (model.config.compressor_stride, processor.image_seq_length) == (4, 4)
    assert load_model(str(second))[1].image_processor.max_patches == 3
    assert steps_of(first) == steps_of(second) == [1, 2]


def test_evaluation_during_training(teacher_folder, tmp_path) -> None:
    options = ["--eval_strategy", "steps", "--eval_steps", "1", "--eval_size", "4", "--save_steps", "2"]
    distill.main(["--teacher", str(teacher_folder), "--output_dir", str(tmp_path), *options, *SHORT])
    state = json.loads((tmp_path / "checkpoint-2" / "trainer_state.json").read_text())
    assert sum("eval_loss" in entry for entry in state["log_history"]) == 2


def test_a_trained_student_needs_its_teacher_named(teacher_folder, tmp_path) -> None:
    untrained, first, second = tmp_path / "student", tmp_path / "first", tmp_path / "second"
    init_student(str(teacher_folder), untrained, stride=2)
    distill.main(["--student", str(untrained), "--output_dir", str(first), *SHORT])
    again = ["--student", str(first), "--output_dir", str(second), *SHORT]
    with pytest.raises(UsageError, match="name the teacher with --teacher"):
        distill.main(again)
    assert not second.exists()
    distill.main([*again, "--teacher", str(teacher_folder)])
    assert steps_of(second) == [1, 2]


def test_a_student_is_compressed_further_with_a_whole_teacher_only(teacher_folder, tmp_path) -> None:
    init_student(str(teacher_folder), tmp_path / "half", stride=2)
    further = ["--teacher", str(tmp_path / "half"), "--stride", "4", "--output_dir", str(tmp_path / "quarter"), *SHORT]
    with pytest.raises(UsageError, match="itself compressed.*name a whole teacher with --teacher_model"):
        distill.main(further)
    distill.main([*further, "--teacher_model", str(teacher_folder)])
    assert steps_of(tmp_path / "quarter") == [1, 2]


def test_a_used_folder_is_refused_before_anything_in_it_changes(teacher_folder, tmp_path) -> None:
    options = ["--teacher", str(teacher_folder), "--output_dir", str(tmp_path / "run"), "--save_steps", "2", *SHORT]
    distill.main(options)
    before = {path: path.stat().st_mtime_ns for path in (tmp_path / "run").rglob("*")}
    with pytest.raises(FileExistsError, match="up to checkpoint-2; go on with --resume_from_checkpoint true, or"):
        distill.main(options)
    assert {path: path.stat().st_mtime_ns for path in (tmp_path / "run").rglob("*")} == before
    distill.main([*options, "--resume_from_checkpoint", "true", "--max_steps", "3"])
    assert steps_of(tmp_path / "run") == [1, 2, 3]


def test_a_senseless_number_of_tiles_is_refused(tmp_path) -> None:
    with pytest.raises(UsageError, match="max_tiles must be at least 1, not 0"):
        sft.main(["--student", "tiny-50", "--output_dir", str(tmp_path / "run"), "--max_tiles", "0", *SHORT])
    assert not (tmp_path / "run").exists()


@pytest.mark.filterwarnings("ignore:`is_gradient_checkpointing` is deprecated:FutureWarning")  # PEFT's
def test_lora_from_the_command_line_leaves_a_merged_model(teacher_folder, tmp_path) -> None:
    options = ["--teacher", str(teacher_folder), "--output_dir", str(tmp_path / "run"), "--use_peft", "true"]
    sft.main([*options, "--lora_r", "2", *SHORT])
    assert load_model(str(tmp_path / "run" / "merged"))[0].config.compressor_stride == 2
    assert (tmp_path / "run" / "adapter_config.json").exists()


def test_nothing_to_train_is_said(tmp_path) -> None:
    with pytest.raises(UsageError, match="give --student, or --teacher and --stride"):
        sft.main(["--output_dir", str(tmp_path), *SHORT])
