"""Adapters and activation checkpointing: what was trained is what is saved, merged and loaded."""

import copy
import re
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from peft import LoraConfig, PeftModel, get_peft_model
from PIL import Image
from transformers import BatchFeature

from fcotvl_hf.conversion.student import build_student
from fcotvl_hf.hub.models import load_model
from fcotvl_hf.modeling import FCoTVLForConditionalGeneration, FCoTVLProcessor
from tests.docs.pages import DOCS, blocks

Model = tuple[FCoTVLForConditionalGeneration, FCoTVLProcessor]

PAGE = DOCS / "training" / "lora.md"

pytestmark = pytest.mark.filterwarnings("ignore:`is_gradient_checkpointing` is deprecated:FutureWarning")  # PEFT's


@pytest.fixture
def batch(session_student: Model, page: Image.Image, encode: Callable[..., BatchFeature]) -> BatchFeature:
    """One row for the student to learn, the text after the image as its labels."""
    model, processor = session_student
    inputs = encode(processor, ([page], "Read the text."))
    inputs["labels"] = inputs["input_ids"].masked_fill(inputs["input_ids"] == model.config.image_token_id, -100)
    return inputs


def test_activation_checkpointing_changes_no_gradient(session_student: Model, batch: BatchFeature) -> None:
    plain, saving = (copy.deepcopy(session_student[0]).train() for _ in range(2))
    saving.activation_checkpointing_enable()
    runs = {"vision": 0, "text": 0}

    def count(name: str) -> Callable[..., None]:
        def hook(*_: object) -> None:
            runs[name] += 1

        return hook

    saving.model.vision_tower.encoder.layer[0].mlp.register_forward_pre_hook(count("vision"))
    saving.model.language_model.layers[0].mlp.register_forward_pre_hook(count("text"))
    for model in (plain, saving):
        model(**batch, use_cache=False).loss.backward()
    assert runs == {"vision": 2, "text": 2}
    for (name, expected), found in zip(plain.named_parameters(), saving.parameters(), strict=True):
        assert (expected.grad is None) == (found.grad is None), name
        if expected.grad is not None:
            torch.testing.assert_close(found.grad, expected.grad, msg=name)


@pytest.mark.parametrize("compressor", ["mean", "conv1d", "conv2d", "qformer"])
def test_adapter_is_saved_loaded_and_merged(
    session_teacher: Model, session_student: Model, batch: BatchFeature, compressor: str, tmp_path: Path
) -> None:
    student = build_student(session_teacher[0], compressor, 2)
    start = {name: weight.clone() for name, weight in student.state_dict().items()}
    settings = LoraConfig(r=4, target_modules=r".*\.language_model\..*_proj", modules_to_save=["compressor"])
    adapted = get_peft_model(copy.deepcopy(student), settings)
    learning = [parameter for parameter in adapted.parameters() if parameter.requires_grad]
    optimizer = torch.optim.SGD(learning, lr=1e-2)
    adapted(**batch).loss.backward()
    optimizer.step()
    adapted.eval().save_pretrained(tmp_path / "adapter")
    expected = _logits(adapted, batch)
    assert (expected - _logits(student, batch)).abs().max() > 1e-2

    again = PeftModel.from_pretrained(copy.deepcopy(student), tmp_path / "adapter")
    torch.testing.assert_close(_logits(again, batch), expected, rtol=0, atol=1e-5)

    merged = again.merge_and_unload()
    changed = {name for name, weight in merged.state_dict().items() if not torch.equal(weight, start[name])}
    compressors = {name for name in start if name.startswith("model.compressor.")}
    projections = {name for name in start if re.search(r"language_model.*_proj\.", name)}
    assert changed == projections | compressors
    merged.save_pretrained(tmp_path / "merged")
    session_student[1].save_pretrained(tmp_path / "merged")
    loaded, _ = load_model(str(tmp_path / "merged"), device="cpu")
    torch.testing.assert_close(_logits(loaded, batch), expected, rtol=0, atol=1e-5)


@pytest.mark.filterwarnings("ignore:.*multi-threaded, use of fork:DeprecationWarning")
def test_the_page_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    names: dict[str, object] = {}
    for snippet in blocks(PAGE, "python"):
        exec(compile(snippet.text, PAGE.name, "exec"), names)
    loaded, before = (load_model(name)[0].state_dict() for name in ("runs/lora-merged", "tiny-50"))
    changed = {name for name, weight in loaded.items() if not torch.equal(weight, before[name])}
    assert "model.compressor.weight" in changed
    assert "model.language_model.layers.0.self_attn.q_proj.weight" in changed
    assert not {name for name in changed if "vision_tower" in name}


@torch.no_grad()
def _logits(model: torch.nn.Module, batch: BatchFeature) -> torch.Tensor:
    return model.eval()(**batch).logits
