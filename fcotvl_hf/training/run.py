"""From parsed arguments to a finished run: the model, the rows, and a training that survives being stopped."""

import logging
from pathlib import Path

from datasets import Dataset
from peft import PeftModel
from trl import DatasetMixtureConfig, get_dataset

from fcotvl_hf.command import UsageError
from fcotvl_hf.conversion.student import init_student
from fcotvl_hf.eval_harness.processes import processes
from fcotvl_hf.io.atomic import atomic_folder

from .base_config import FCoTConfig
from .base_trainer import FCoTTrainer
from .checkpoints import UNFINISHED_MODEL, last_checkpoint, remove_unfinished
from .data import ocr_pages

logger = logging.getLogger(__name__)


def student_of(
    student: str | None, teacher: str | None, stride: int, compressor: str, output_dir: Path, position: str
) -> str:
    """The model to train; made from the teacher, into ``output_dir/init``, if only that is given.

    Args:
        student: packaged name, folder or Hub id of an existing student.
        teacher: what a student is made from: a model of stride 1, or a student of a smaller stride.
        stride: compression of a student made here.
        compressor: compressor of a student made here.
        output_dir: the run's folder.
        position: where the compressor of a student made here stands.

    Raises:
        UsageError: neither is given.
    """
    if student is not None:
        return student
    if teacher is None:
        raise UsageError("nothing to train: give --student, or --teacher and --stride to make one")
    made = output_dir / "init"
    state = processes()
    with state.main_process_first():
        if state.is_main_process:
            init_student(teacher, made, stride, compressor, overwrite=True, position=position)
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

    Raises:
        ValueError: rows of ``mixture`` are no conversations.
    """
    if mixture.datasets:
        splits = get_dataset(mixture)
        names = splits["train"].column_names
        if names is not None and not {"messages", "prompt"} & set(names):  # a stream may not know its columns
            raise ValueError(f"rows to train on need the columns messages and images; these have {', '.join(names)}")
        return splits["train"], splits.get("test")
    return ocr_pages(tasks, size, seed, run_length), ocr_pages(tasks, eval_size, seed + size, run_length)


def starting_checkpoint(args: FCoTConfig) -> str | None:
    """Where a run goes on from, as ``resume_from_checkpoint`` says: the last checkpoint, a given one, the start.

    Args:
        args: options of the run.

    Returns:
        The checkpoint's folder; ``None`` to start anew.

    Raises:
        FileExistsError: it would start anew where another run's checkpoints are, and mix with them.
    """
    wanted, found = str(args.resume_from_checkpoint), last_checkpoint(Path(args.output_dir))
    if wanted.lower() == "true":  # a string on the command line, a boolean in YAML
        logger.info("resuming from %s", found or "the start: there is no checkpoint yet")
        return str(found) if found else None
    if wanted.lower() not in ("false", "none"):
        return wanted
    if found:
        raise FileExistsError(
            f"{args.output_dir} holds a run already, up to {found.name}; go on with --resume_from_checkpoint true, "
            "or choose another --output_dir"
        )
    return None


def run(trainer: FCoTTrainer) -> None:
    """Train, from the last checkpoint if ``resume_from_checkpoint`` says so, and save the model beside them.

    Raises:
        FileExistsError: see ``starting_checkpoint``.
        KeyboardInterrupt: the user stopped it; checkpoints and log stay usable.
    """
    args = trainer.args
    checkpoint = starting_checkpoint(args)
    if args.should_save:
        remove_unfinished(Path(args.output_dir))
    try:
        trainer.train(resume_from_checkpoint=checkpoint)
    except KeyboardInterrupt:
        logger.warning("stopped at step %d; go on with --resume_from_checkpoint true", trainer.state.global_step)
        raise
    save_trained(trainer)
    trainer.create_model_card()
    if args.should_save:
        logger.info("%s: the model, its card, log.jsonl and loss.png", args.output_dir)
    if args.push_to_hub:
        trainer.push_to_hub()
    trainer.accelerator.wait_for_everyone()  # no process may leave the group while another still saves
    trainer.end()


def save_trained(trainer: FCoTTrainer) -> None:
    """Save the trained model into the run's folder, each file whole or not at all.

    With LoRA that is the adapter; the model it gives goes to ``merged`` there, unless its weights are split over
    processes.
    """
    output_dir = Path(trainer.args.output_dir)
    unfinished = output_dir / UNFINISHED_MODEL
    trainer.save_model(str(unfinished), _internal_call=True)  # a push comes once, with the card
    trainer.accelerator.wait_for_everyone()
    if not trainer.args.should_save:
        return
    for file in unfinished.iterdir():
        file.replace(output_dir / file.name)
    unfinished.rmdir()
    if isinstance(trainer.model, PeftModel) and not (trainer.is_fsdp_enabled or trainer.is_deepspeed_enabled):
        with atomic_folder(output_dir / "merged", overwrite=True) as folder:
            trainer.model.merge_and_unload().save_pretrained(folder)
            trainer.processing_class.save_pretrained(folder)
