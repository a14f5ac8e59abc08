"""``python -m fcotvl_hf.scripts.serve`` is ``transformers serve`` that knows our class."""

import pytest
import transformers.cli.transformers
from transformers.cli.serving import model_manager
from transformers.models.auto.modeling_auto import MODEL_FOR_IMAGE_TEXT_TO_TEXT_MAPPING_NAMES

from fcotvl_hf.hub.names import resolve_model
from fcotvl_hf.modeling import FCoTVLForConditionalGeneration
from fcotvl_hf.scripts import serve

NAME = "FCoTVLForConditionalGeneration"


@pytest.fixture(autouse=True)
def forget_afterwards(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let transformers know as little after a test as before."""
    monkeypatch.setattr(model_manager.transformers, NAME, None, raising=False)
    monkeypatch.setitem(MODEL_FOR_IMAGE_TEXT_TO_TEXT_MAPPING_NAMES, "fcotvl", "")


def test_server_loads_our_class_and_sends_it_images(tiny_teacher: tuple) -> None:
    with pytest.raises(ValueError, match="Unknown modality"):
        model_manager.ModelManager.get_model_modality(*tiny_teacher)
    serve.introduce_to_transformers()
    assert model_manager.ModelManager.get_model_modality(*tiny_teacher).name == "VLM"
    assert getattr(model_manager.transformers, NAME) is FCoTVLForConditionalGeneration


def test_options_are_handed_on_and_packaged_names_resolved(monkeypatch: pytest.MonkeyPatch) -> None:
    called: list[list[str]] = []
    monkeypatch.setattr(transformers.cli.transformers, "app", called.append)
    serve.main(["tiny-50", "--port", "8123"])
    assert called == [["serve", resolve_model("tiny-50"), "--port", "8123"]]
