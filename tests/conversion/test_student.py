"""A student is its teacher with fewer tokens, usable before any training."""

import copy
import shutil
from pathlib import Path

import pytest
import torch
from PIL import Image
from safetensors.torch import load_file, save_file

from fcotvl_hf.cli import main
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


@pytest.mark.parametrize("stride", [2, 4])
def test_untrained_student_with_its_compressor_last_is_the_mean_of_the_teachers_tokens(
    tiny_teacher, page: Image.Image, stride: int
) -> None:
    teacher, processor = tiny_teacher
    pixels = _inputs(processor, page)["pixel_values"]
    student = build_student(teacher, "conv1d", stride, "after_projector").model
    tokens = teacher.model.get_image_features(pixels).pooler_output  # [3, 16, 48]
    assert student.compressor.weight.shape == (48, 48 // 4, stride)
    expected = tokens.unflatten(1, (16 // stride, stride)).mean(dim=2)
    torch.testing.assert_close(student.get_image_features(pixels).pooler_output, expected, rtol=1e-5, atol=1e-5)
    torch.nn.init.normal_(student.compressor.weight, std=0.3)
    features = student.get_vit_features(pixels).pooler_output
    last = student.compressor(student.multi_modal_projector(features))
    assert torch.equal(student.get_image_features(pixels).pooler_output, last)


@pytest.mark.parametrize("kind", ["mean", "conv2d", "qformer"])
def test_every_compressor_may_stand_last(
    teacher_folder: Path, tmp_path: Path, page: Image.Image, kind: str, own_process: None
) -> None:
    argv = ["init", str(teacher_folder), str(tmp_path / "student"), "--stride", "4", "--compressor", kind]
    assert main([*argv, "--position", "after_projector"]) == 0
    model, processor = load_model(str(tmp_path / "student"), device="cpu")
    assert model.config.compressor_position == "after_projector"
    assert model.get_image_features(_inputs(processor, page)["pixel_values"]).pooler_output.shape == (3, 4, 48)


def test_written_student_loads_and_answers(teacher_folder: Path, tmp_path: Path, page: Image.Image) -> None:
    init_student(str(teacher_folder), tmp_path / "student", stride=2)
    model, processor = load_model(str(tmp_path / "student"), device="cpu")
    assert (processor.image_seq_length, model.config.image_seq_length) == (8, 8)
    inputs = _inputs(processor, page)
    assert (inputs["input_ids"] == model.config.image_token_id).sum() == 3 * 8  # two tiles and the thumbnail
    answer = model.generate(**inputs, max_new_tokens=3)
    assert answer.shape[1] > inputs["input_ids"].shape[1]
    assert model.generation_config.eos_token_id == model.config.text_config.eos_token_id


def test_written_weights_are_those_built_in_memory_also_from_shards(
    session_teacher, teacher_folder: Path, tmp_path: Path
) -> None:
    shards = Path(shutil.copytree(teacher_folder, tmp_path / "shards"))
    (shards / "model.safetensors").unlink()
    copy.deepcopy(session_teacher[0]).save_pretrained(shards, max_shard_size="100KB")
    assert len(list(shards.glob("*.safetensors"))) > 2
    expected = build_student(session_teacher[0], "conv1d", 2).state_dict()
    for teacher in (teacher_folder, shards):
        init_student(str(teacher), tmp_path / "student", stride=2, overwrite=True)
        written = load_file(tmp_path / "student" / "model.safetensors")
        assert written.keys() == expected.keys()
        assert all(torch.equal(weight, expected[name]) for name, weight in written.items())


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"lm_head.weight": None}, r"the checkpoint lacks tensors for lm_head\.weight \(1 in all\)"),
        ({"lm_head.bias": torch.zeros(2)}, r"tensor lm_head\.bias of the checkpoint has no place in the model"),
        ({"lm_head.weight": torch.zeros(2)}, r"tensor lm_head\.weight: .* would have shape \[2\]"),
    ],
    ids=["missing", "left over", "another shape"],
)
def test_a_teacher_that_does_not_fit_its_configuration_is_refused(
    teacher_folder: Path, tmp_path: Path, change: dict[str, torch.Tensor | None], told: str
) -> None:
    teacher = Path(shutil.copytree(teacher_folder, tmp_path / "teacher"))
    weights = load_file(teacher / "model.safetensors") | change
    save_file({name: weight for name, weight in weights.items() if weight is not None}, teacher / "model.safetensors")
    with pytest.raises(ValueError, match=told):
        init_student(str(teacher), tmp_path / "student", stride=2)
    assert [path.name for path in tmp_path.iterdir()] == ["teacher"]


def test_what_init_wrote_is_untrained_until_it_is_saved_again(teacher_folder: Path, tmp_path: Path) -> None:
    init_student(str(teacher_folder), tmp_path / "student", stride=2)
    assert is_untrained(str(tmp_path / "student"))
    for part in load_model(str(tmp_path / "student"), device="cpu"):
        part.save_pretrained(tmp_path / "trained")
    assert not is_untrained(str(tmp_path / "trained"))
    assert not is_untrained("user/model")


@pytest.mark.parametrize(
    ("kind", "shorter", "wanted", "longer"),
    [("conv1d", 2, "conv1d", 2), ("conv1d", 4, "conv1d", 2), ("conv1d", 2, "mean", 4), ("qformer", 2, "qformer", 4)],
)
def test_refuses_what_cannot_be_lengthened(tiny_teacher, kind: str, shorter: int, wanted: str, longer: int) -> None:
    student = build_student(tiny_teacher[0], kind, shorter)
    with pytest.raises(ValueError, match=f"a {kind} compressor of stride {shorter}; .* a model without"):
        build_student(student, wanted, longer)


def test_a_longer_student_starts_as_the_mean_of_its_teachers_tokens(tiny_teacher, page: Image.Image) -> None:
    teacher, processor = tiny_teacher
    shorter = build_student(teacher, "conv1d", 2)
    for parameter in shorter.model.compressor.parameters():
        torch.nn.init.normal_(parameter)
    longer = build_student(shorter, "conv1d", 4)
    tokens = torch.randn(3, 16, shorter.config.shuffled_width)
    means = shorter.model.compressor(tokens).unflatten(1, (4, 2)).mean(2)  # [tiles, 8, width] → [tiles, 4, width]
    torch.testing.assert_close(longer.model.compressor(tokens), means, rtol=1e-5, atol=1e-5)


def test_writes_a_longer_student_which_counts_as_trained(teacher_folder: Path, tmp_path: Path) -> None:
    init_student(str(teacher_folder), tmp_path / "half", stride=2)
    init_student(str(tmp_path / "half"), tmp_path / "quarter", stride=4)
    (shorter, _), (longer, processor) = (load_model(str(tmp_path / name), device="cpu") for name in ("half", "quarter"))
    assert (longer.config.compressor_stride, processor.image_seq_length) == (4, 4)
    built = build_student(shorter, "conv1d", 4).state_dict()
    assert built.keys() == longer.state_dict().keys()
    assert all(torch.equal(weight, built[name]) for name, weight in longer.state_dict().items())
    assert not is_untrained(str(tmp_path / "quarter"))


def test_bad_stride_leaves_nothing_behind(teacher_folder: Path, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="choose one of 1, 2, 4"):
        init_student(str(teacher_folder), tmp_path / "student", stride=3)
    assert not list(tmp_path.iterdir())
