"""Students, rows and short runs for the trainers' tests."""

import copy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from datasets import Dataset
from PIL import Image

from fcotvl_hf.conversion.student import build_student
from fcotvl_hf.modeling import FCoTVLForConditionalGeneration, FCoTVLProcessor
from fcotvl_hf.training.base_trainer import FCoTTrainer
from fcotvl_hf.training.data import ocr_pages
from fcotvl_hf.training.distillation_config import FCoTDistillationConfig
from fcotvl_hf.training.distillation_trainer import FCoTDistillationTrainer
from fcotvl_hf.training.sft_config import FCoTSFTConfig
from fcotvl_hf.training.sft_trainer import FCoTSFTTrainer

Student = tuple[FCoTVLForConditionalGeneration, FCoTVLProcessor]
Row = dict[str, Any]
KINDS = {
    "distill": (FCoTDistillationConfig, FCoTDistillationTrainer),
    "sft": (FCoTSFTConfig, FCoTSFTTrainer),
}


@pytest.fixture
def student(session_teacher: Student) -> Student:
    """An untrained stride-2 student and its processor."""
    teacher, processor = session_teacher
    model = build_student(teacher, "conv1d", 2)
    processor = copy.deepcopy(processor)
    processor.image_seq_length = model.config.image_seq_length
    return model, processor


@pytest.fixture
def mixed_rows() -> list[Row]:
    """One tile, several tiles, two images, no image."""
    small, wide = Image.new("RGB", (112, 112), "white"), Image.effect_noise((336, 112), 60).convert("RGB")
    return [
        row([small], "Read the text.", "x"),
        row([wide], "Read.", "a longer answer of other length"),
        row([small, wide], "Compare.", "two"),
        row([], "Say hello.", "hello"),
    ]


def row(images: list[Image.Image], question: str, answer: str) -> Row:
    """A row in the form that all trainers take."""
    blocks = [{"type": "image", "text": None} for _ in images]
    user = {"role": "user", "content": [*blocks, {"type": "text", "text": question}]}
    return {"images": images, "messages": [user, {"role": "assistant", "content": [{"type": "text", "text": answer}]}]}


def dataset_of(rows: list[Row]) -> Dataset:
    """Rows with live images as a data set."""

    def pick(batch: dict[str, list[int]]) -> dict[str, list[Any]]:
        return {key: [copy.deepcopy(rows[index][key]) for index in batch["index"]] for key in ("images", "messages")}

    return Dataset.from_dict({"index": range(len(rows))}).with_transform(pick)


@pytest.fixture
def make_trainer(student: Student, tmp_path: Path) -> Callable[..., FCoTTrainer]:
    """Build a trainer of ``kind`` for a copy of the student; keywords are options of its configuration, ``others``
    arguments of the trainer itself.
    """

    def make(
        kind: str,
        rows: list[Row] | Dataset | None = None,
        model: FCoTVLForConditionalGeneration | None = None,
        others: dict[str, Any] | None = None,
        **options: Any,
    ) -> FCoTTrainer:
        config, trainer = KINDS[kind]
        settings = {"output_dir": str(tmp_path / "run"), "max_steps": 2, "per_device_train_batch_size": 4}
        settings |= {"learning_rate": 1e-2, "save_strategy": "no", "disable_tqdm": True, "dataloader_num_workers": 0}
        data = ocr_pages(["recognition", "lookup"], 64, 0) if rows is None else rows
        if isinstance(data, list):
            data = dataset_of(data)
        processor = copy.deepcopy(student[1])
        processor.image_seq_length = (model or student[0]).config.image_seq_length
        return trainer(
            copy.deepcopy(model or student[0]),
            config(**(settings | options)),
            data,
            processing_class=processor,
            **(others or {}),
        )

    return make
