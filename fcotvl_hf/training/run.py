"""From parsed arguments to a finished run: the model, the rows, and a training that survives being stopped."""

import json
import logging
from pathlib import Path

from accelerate import PartialState
from datasets import Dataset
from transformers import TrainerState
from trl import DatasetMixtureConfig, get_dataset

from fcotvl_hf.conversion.student import init_student

from .base_trainer import FCoTTrainer
from .data import ocr_pages

logger = logging.getLogger(__name__)


def student_of(student: str | None, teacher: str | None, stride: int, compressor: str, output_dir: Path) -> str:
    """The model to train; made from the teacher, into ``output_dir/init``, if only that is given.

    Args:
        student: packaged name, folder or Hub id of an existing student.
        teacher: a model of stride 1.
        stride: compression of a student made here.
        compressor: compressor of a student made here.
        output_dir: the run's folder.

    Raises:
        ValueError: neither is given.
    """
    if student is not None:
        return student
    if teacher is None:
        raise ValueError("nothing to train: give --student, or --teacher and --stride to make one")
    made = output_dir / "init"
    state = PartialState()
    with state.main_process_first():
        if state.is_main_process:
            init_student(teacher, made, stride, compressor, overwrite=True)
    return str(made)


def rows_of(
    mixture: DatasetMixtureConfig, tasks: list[str], size: int, seed: int, run_length: int, eval_size: int
) -> tuple[Dataset, Dataset | None]:
    """Rows for training and evaluation: ``mixture`` if it names data sets, else pages drawn on the fly.

    Args:
        mixture: TRL's list of Hub or local data sets, with ``test_split_size`` for the evaluation rows.
        tasks: tasks of the OCR mix.
        size: pages to train on.
        seed: first seed of the pages.
        run_length: consecutive pages of one task.
        eval_size: pages to evaluate on, with the seeds after those.
    """
    if mixture.datasets:
        splits = get_dataset(mixture)
        return splits["train"], splits.get("test")
    return ocr_pages(tasks, size, seed, run_length), ocr_pages(tasks, eval_size, seed + size, run_length)


def last_checkpoint(output_dir: Path) -> Path | None:
    """The newest checkpoint that was written to its end; the trainer writes ``trainer_state.json`` last."""
    folders = sorted(output_dir.glob("checkpoint-*"), key=lambda folder: int(folder.name.removeprefix("checkpoint-")))
    return next((folder for folder in reversed(folders) if _is_complete(folder)), None)


def run(trainer: FCoTTrainer) -> None:
    """Train, from the last checkpoint if ``resume_from_checkpoint`` says so, and save the model beside them.

    Raises:
        KeyboardInterrupt: the user stopped it; checkpoints and log stay usable.
    """
    args = trainer.args
    checkpoint = args.resume_from_checkpoint
    if checkpoint is not None and checkpoint.lower() == "true":
        found = last_checkpoint(Path(args.output_dir))
        logger.info("resuming from %s", found or "the start: there is no checkpoint yet")
        checkpoint = str(found) if found else None
    try:
        trainer.train(resume_from_checkpoint=checkpoint)
    except KeyboardInterrupt:
        logger.warning("stopped at step %d; go on with --resume_from_checkpoint true", trainer.state.global_step)
        raise
    trainer.save_model()
    trainer.create_model_card()
    if args.push_to_hub:
        trainer.push_to_hub()
    trainer.accelerator.wait_for_everyone()  # no process may leave the group while another still saves
    trainer.end()


def _is_complete(checkpoint: Path) -> bool:
    try:
        TrainerState.load_from_json(str(checkpoint / "trainer_state.json"))
    except (OSError, json.JSONDecodeError):
        return False
    return True
