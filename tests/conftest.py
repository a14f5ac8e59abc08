"""What every test may use: a tiny random teacher, its folder, a page with text; no network, one thread."""

import copy
import io
import json
import logging
import os
import resource
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

_cache = tempfile.TemporaryDirectory(prefix="fcotvl-tests-")
os.environ["HF_HUB_OFFLINE"] = "1"  # these are read when transformers is imported
os.environ["HF_HUB_DISABLE_TELEMETRY"] = "1"
os.environ["HF_HOME"] = _cache.name
os.environ["HF_MODULES_CACHE"] = f"{_cache.name}/modules"

import pyarrow
import pyarrow.parquet
import pytest
import torch
from huggingface_hub import constants
from PIL import Image
from transformers import BatchFeature

from fcotvl_hf.dataset_builders.fonts import load_font
from fcotvl_hf.dataset_builders.rendering import Page
from fcotvl_hf.eval_harness.tasks import get_task
from fcotvl_hf.modeling import FCoTVLConfig, FCoTVLForConditionalGeneration, FCoTVLProcessor
from fcotvl_hf.tiny.architecture import build_config, build_processor

from .hub.stand_in import StandIn, serve

torch.set_num_threads(1)

MADE_UP = Path(__file__).parent / "data" / "made_up_rows.json"
"""Rows of each benchmark in the columns that its data set has on the Hub, but the image; no row of any data set."""

_IMAGE_COLUMN = {"mathvista": "decoded_image"}

Teacher = tuple[FCoTVLForConditionalGeneration, FCoTVLProcessor]


@pytest.fixture(scope="session")
def session_teacher() -> Teacher:
    """A random stride-1 model of about 100 k parameters with the real tiny tokenizer. Do not change it."""
    return _random_teacher(2)


@pytest.fixture(scope="session")
def deep_teacher() -> Teacher:
    """``session_teacher`` with four layers in its language model. Do not change it."""
    return _random_teacher(4)


@pytest.fixture
def tiny_teacher(session_teacher: Teacher) -> Teacher:
    """A copy of ``session_teacher`` for one test to train, cut up or throw away."""
    return copy.deepcopy(session_teacher)


@pytest.fixture(scope="session")
def teacher_folder(session_teacher: Teacher, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """``session_teacher`` as a saved model folder with processor and code."""
    folder = tmp_path_factory.mktemp("models") / "teacher"
    for part in copy.deepcopy(session_teacher):  # saving notes things in the configuration
        part.save_pretrained(folder)
    return folder


@pytest.fixture(scope="session")
def page() -> Image.Image:
    """A page of two tiles side by side with two lines of text."""
    page = Page(224, 112)
    font = load_font("Roboto-Regular", 24)
    page.text(8, 12, "Invoice 4711", font)
    page.text(8, 56, "Total 128.50", font)
    return page.image


@pytest.fixture(scope="session")
def encode() -> Callable[..., BatchFeature]:
    """Turn (images, question) pairs into the inputs of one left-padded batch."""

    def inputs(processor: FCoTVLProcessor, *rows: tuple[Sequence[Image.Image], str]) -> BatchFeature:
        texts = []
        for images, question in rows:
            content = [*({"type": "image"} for _ in images), {"type": "text", "text": question}]
            texts.append(
                processor.apply_chat_template([{"role": "user", "content": content}], add_generation_prompt=True)
            )
        pages = [list(images) for images, _ in rows]
        return processor(text=texts, images=pages if any(pages) else None, padding=True, return_tensors="pt")

    return inputs


@pytest.fixture(scope="session")
def data_root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with four rows of each benchmark, laid out as downloads from the Hub are."""
    root = tmp_path_factory.mktemp("data")
    for name, rows in json.loads(MADE_UP.read_text()).items():
        source = get_task("ocrbench-v2-en" if name == "ocrbench-v2" else name).source
        folder = root / str(source.dataset) / (source.config or "data")
        folder.mkdir(parents=True, exist_ok=True)
        column = _IMAGE_COLUMN.get(name, "image")
        whole = [{**row, column: {"bytes": _png(number), "path": None}} for number, row in enumerate(rows)]
        pyarrow.parquet.write_table(pyarrow.Table.from_pylist(whole), folder / f"{source.split}-00000-of-00001.parquet")
    return root


@contextmanager
def _limited_files(size: int = 1000) -> Iterator[None]:
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.fixture
def full_disk() -> Callable[..., AbstractContextManager[None]]:
    """A limit on the size of files in bytes, which every library meets as it would meet the end of a disk.

    To be left before the test ends: pytest may be writing its report to a file.
    """
    return _limited_files


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> Iterator[StandIn]:
    """A stand-in for the Hub to which this process uploads as the user ``me``."""
    with serve() as running:
        monkeypatch.setenv("HF_TOKEN", "hf_write")
        for name, value in (("ENDPOINT", running.url), ("HF_HUB_OFFLINE", False), ("HF_HUB_DISABLE_XET", True)):
            monkeypatch.setattr(constants, name, value)
        yield running


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """The Chromium of this machine, at Debian's path; tests that need it are skipped where it is not."""
    from playwright.sync_api import sync_playwright  # the environments of vLLM and lmms-eval do without

    chromium = Path("/usr/bin/chromium")
    if not chromium.exists():
        pytest.skip(f"there is no {chromium}")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        yield browser
        browser.close()


@pytest.fixture
def waits(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """How long the process slept, without having slept."""
    slept: list[float] = []
    monkeypatch.setattr("time.sleep", slept.append)
    return slept


@pytest.fixture
def own_process(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Undo what a command does to the process it owns: logging and the environment."""
    root, package = logging.getLogger(), logging.getLogger("fcotvl_hf")
    before = root.level, package.level
    monkeypatch.setenv("TQDM_DISABLE", "1")
    monkeypatch.setenv("TRANSFORMERS_VERBOSITY", "error")
    monkeypatch.setenv("HF_HUB_VERBOSITY", "error")
    yield
    root.handlers.clear()
    root.setLevel(before[0])
    package.setLevel(before[1])


def _random_teacher(layers: int) -> Teacher:
    processor = build_processor()
    model = FCoTVLForConditionalGeneration(_small_config(processor, layers)).eval()
    _fill_with_noise(model)
    model.generation_config.eos_token_id = model.config.text_config.eos_token_id
    model.generation_config.pad_token_id = model.config.text_config.pad_token_id
    model.generation_config.max_new_tokens = 16
    return model, processor


def _small_config(processor: FCoTVLProcessor, layers: int) -> FCoTVLConfig:
    """The tiny teacher's shape at a fortieth of its size; grouped queries as in InternVL2."""
    settings = build_config(processor.tokenizer).to_dict()
    text = {"hidden_size": 48, "intermediate_size": 96, "num_hidden_layers": layers}
    heads = {"num_attention_heads": 4, "num_key_value_heads": 2, "head_dim": 12}
    vision = {"hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2, "num_attention_heads": 2}
    settings["text_config"] |= text | heads
    settings["vision_config"] |= vision
    return FCoTVLConfig.from_dict(settings)


def _fill_with_noise(model: FCoTVLForConditionalGeneration) -> None:
    """Noise wide enough that another picture gives another answer; a fresh model's differences drown in rounding."""
    generator = torch.Generator().manual_seed(0)
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if "norm" not in name and "lambda" not in name:
                parameter.copy_(torch.randn(parameter.shape, generator=generator) * 0.2)


def _png(number: int) -> bytes:
    page = Page(112 + 112 * (number % 2), 112)
    page.text(8, 12, f"Invoice {number}", load_font("Roboto-Regular", 20))
    buffer = io.BytesIO()
    page.image.save(buffer, format="PNG")
    return buffer.getvalue()
