"""A student beside the teacher, both to be left as they are."""

import copy
from pathlib import Path

import pytest
import torch

from fcotvl_hf.baselines.sharing import with_tokens
from fcotvl_hf.conversion.student import build_student
from fcotvl_hf.modeling import FCoTVLForConditionalGeneration, FCoTVLProcessor

Model = tuple[FCoTVLForConditionalGeneration, FCoTVLProcessor]


@pytest.fixture(scope="session")
def session_student(session_teacher: Model) -> Model:
    """A stride-2 student whose compressor is no longer the mean. Do not change it."""
    model = build_student(session_teacher[0], "conv1d", 2)
    generator = torch.Generator().manual_seed(0)
    torch.nn.init.normal_(model.model.compressor.weight, std=0.1, generator=generator)
    return model, with_tokens(session_teacher[1], model.config.image_seq_length)


@pytest.fixture(scope="session", params=["teacher", "student"])
def reader(request: pytest.FixtureRequest) -> Model:
    """The teacher, then the student. Do not change them."""
    return request.getfixturevalue(f"session_{request.param}")


@pytest.fixture(scope="session")
def reader_folder(reader: Model, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """``reader`` as a saved model folder."""
    folder = tmp_path_factory.mktemp("readers") / "reader"
    for part in copy.deepcopy(reader):  # saving notes things in the configuration
        part.save_pretrained(folder)
    return folder
