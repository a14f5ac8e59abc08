"""A shape becomes a model of exactly these numbers, the same at every call."""

from types import SimpleNamespace

import psutil
import pytest
import torch

from fcotvl_hf.cost.flops import prefill
from fcotvl_hf.cost.shapes import SHAPES, Shape, TextShape, VisionShape
from fcotvl_hf.hub.random_weights import random_model, shape_config, shape_processor

SMALL = Shape("small", TextShape(32, 64, 2, 4, 2, 128), VisionShape(32, 64, 2, 2, (112, 112)))
CPU = torch.device("cpu")


def test_weights_of_a_name_are_the_same_whatever_the_stride() -> None:
    processor = shape_processor(SMALL)
    teacher, student = (random_model(SMALL.at_stride(r), processor, torch.float32, CPU) for r in (1, 2))
    weights = student.state_dict()
    assert all(torch.equal(tensor, weights[name]) for name, tensor in teacher.state_dict().items())
    assert set(weights) - set(teacher.state_dict()) == {"model.compressor.weight", "model.compressor.bias"}
    assert teacher.lm_head.weight.std() > 0.01
    assert not teacher.training


def test_what_does_not_fit_is_refused_before_it_is_built(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(psutil, "virtual_memory", lambda: SimpleNamespace(available=10**9))
    shape = SHAPES["internvl2-8b"].with_layers(4)
    with pytest.raises(ValueError, match=r"internvl2-8b takes \d+\.\d GB, .* GB are free; give it fewer layers"):
        random_model(shape, shape_processor(shape), torch.float32, CPU)


def test_buffers_and_type() -> None:
    model = random_model(SMALL, shape_processor(SMALL), torch.bfloat16, CPU)
    assert {parameter.dtype for parameter in model.parameters()} == {torch.bfloat16}
    assert model.model.language_model.rotary_emb.inv_freq[0] == 1  # what is no parameter is as it should be


def test_configuration_costs_what_its_shape_costs() -> None:
    for shape in SHAPES.values():
        student = shape.at_stride(4)
        config = shape_config(student, image_token_id=7)
        assert prefill(config, 13, 80, causal=True) == prefill(student, 13, 80, causal=True)
        assert (config.image_seq_length, config.image_token_id) == (64, 7)
        assert shape_processor(student).image_seq_length == 64
