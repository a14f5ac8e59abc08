"""A student is its teacher with fewer tokens, usable before any training."""

from pathlib import Path

import pytest
import torch
from PIL import Image

from fcotvl_hf.conversion.student import build_student, init_student, is_untrained
from fcotvl_hf.hub.models import load_model


def _inputs(processor, page):
    text = processor.apply_chat_template(
        [{"role": "user", "content": [{"type": "image"}, {"type": "text", "text": "Read the text."}]}],
        add_generation_prompt=True,
    )
    return processor(text=text, images=page, return_tensors="pt")


@pytest.mark.parametrize("stride", [2, 4])
def test_student_shares_every_weight_and_emits_fewer_tokens(tiny_teacher, page: Image.Image, stride: int) -> None:
    teacher, processor = tiny_teacher
    student = build_student(teacher, "conv1d", stride)
    weights = student.state_dict()
    for name, weight in teacher.state_dict().items():
        assert torch.equal(weight, weights[name])
        assert weight.data_ptr() != weights[name].data_ptr()
    pixels = _inputs(processor, page)["pixel_values"]
    assert student.model.get_image_features(pixels).pooler_output.shape == (3, 16 // stride, 48)


def test_untrained_conv1d_student_is_mean_pooling(tiny_teacher, page: Image.Image) -> None:
    teacher, processor = tiny_teacher
    pixels = _inputs(processor, page)["pixel_values"]
    conv1d, mean = (build_student(teacher, kind, 2).model for kind in ("conv1d", "mean"))
    features = [model.get_image_features(pixels).pooler_output for model in (conv1d, mean)]
    torch.testing.assert_close(*features, rtol=1e-5, atol=1e-5)


def test_written_student_loads_and_answers(teacher_folder: Path, tmp_path: Path, page: Image.Image) -> None:
    init_student(str(teacher_folder), tmp_path / "student", stride=2)
    model, processor = load_model(str(tmp_path / "student"), device="cpu")
    assert (processor.image_seq_length, model.config.image_seq_length) == (8, 8)
    inputs = _inputs(processor, page)
    assert (inputs["input_ids"] == model.config.image_token_id).sum() == 3 * 8  # two tiles and the thumbnail
    answer = model.generate(**inputs, max_new_tokens=3)
    assert answer.shape[1] > inputs["input_ids"].shape[1]
    assert model.generation_config.eos_token_id == model.config.text_config.eos_token_id


def test_what_init_wrote_is_untrained_until_it_is_saved_again(teacher_folder: Path, tmp_path: Path) -> None:
    init_student(str(teacher_folder), tmp_path / "student", stride=2)
    assert is_untrained(str(tmp_path / "student"))
    for part in load_model(str(tmp_path / "student"), device="cpu"):
        part.save_pretrained(tmp_path / "trained")
    assert not is_untrained(str(tmp_path / "trained"))
    assert not is_untrained("user/model")


def test_refuses_to_compress_a_student(tiny_teacher) -> None:
    student = build_student(tiny_teacher[0], "conv1d", 2)
    with pytest.raises(ValueError, match="stride 1"):
        build_student(student, "conv1d", 2)


def test_bad_stride_leaves_nothing_behind(teacher_folder: Path, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="choose one of 1, 2, 4"):
        init_student(str(teacher_folder), tmp_path / "student", stride=3)
    assert not list(tmp_path.iterdir())
