"""The contract of a compressor, for every entry of ``COMPRESSORS``: a new one is tested as soon as it is listed."""

from pathlib import Path

import pytest
import torch
from PIL import Image
from safetensors.torch import load_file, save_file
from torch.nn.functional import avg_pool2d, conv2d
from transformers import AutoModel

from fcotvl_hf.baselines import mean_pooling
from fcotvl_hf.conversion.student import build_student
from fcotvl_hf.hub.models import load_model
from fcotvl_hf.modeling import (
    COMPRESSORS,
    Compressor,
    FCoTVLConfig,
    FCoTVLForConditionalGeneration,
    FCoTVLProcessor,
    build_compressor,
    by_window,
    square_window,
)

Model = tuple[FCoTVLForConditionalGeneration, FCoTVLProcessor]
STRIDES = [1, 2, 4, 8, 16]
WIDTH = 32

every_compressor = pytest.mark.parametrize("kind", COMPRESSORS)
every_stride = pytest.mark.parametrize(
    ("kind", "stride"),
    [(kind, stride) for kind in COMPRESSORS for stride in STRIDES if (kind, stride > 1) != ("none", 1)],
)


def config_of(kind: str, stride: int, groups: int = 1, size: int = 448) -> FCoTVLConfig:
    """InternVL2's grid of 16 × 16 tokens, each only 32 wide."""
    vision = {"image_size": size, "hidden_size": WIDTH // 4, "num_hidden_layers": 1, "num_attention_heads": 2}
    return FCoTVLConfig(vision_config=vision, compressor_type=kind, compressor_stride=stride, compressor_groups=groups)


def some_stride(kind: str) -> int:
    return 1 if kind == "none" else 2


every_learned_compressor = pytest.mark.parametrize(
    "kind", [kind for kind in COMPRESSORS if build_compressor(config_of(kind, some_stride(kind))).state_dict()]
)


def noisy(compressor: Compressor) -> Compressor:
    """As if it were trained: no parameter is where it started."""
    torch.manual_seed(1)
    for parameter in compressor.parameters():
        torch.nn.init.normal_(parameter, std=0.3)
    return compressor


def tokens_of(config: FCoTVLConfig, tiles: int = 3) -> torch.Tensor:
    torch.manual_seed(0)
    return torch.randn(tiles, config.tokens_per_row**2, config.shuffled_width)


@every_stride
def test_emits_what_the_configuration_says(kind: str, stride: int) -> None:
    config = config_of(kind, stride)
    compressed = build_compressor(config)(tokens_of(config))
    assert compressed.shape == (3, 256 // stride, WIDTH) == (3, config.image_seq_length, WIDTH)


@every_compressor
@pytest.mark.parametrize("stride", [3, 4, 6, 12])
def test_strides_of_a_row_of_twelve(kind: str, stride: int) -> None:
    if kind == "none":
        stride = 1
    config = config_of(kind, stride, size=336)
    assert build_compressor(config)(tokens_of(config)).shape == (3, 144 // stride, WIDTH)


@every_compressor
def test_a_stride_that_cuts_a_row_is_refused(kind: str) -> None:
    with pytest.raises(ValueError, match="does not divide the 16 visual tokens of a row"):
        config_of(kind, 32)


@every_compressor
def test_a_tile_does_not_depend_on_its_batch(kind: str) -> None:
    config = config_of(kind, some_stride(kind))
    compressor, tokens = noisy(build_compressor(config)), tokens_of(config, tiles=5)
    for tile, together in enumerate(compressor(tokens)):
        torch.testing.assert_close(compressor(tokens[tile : tile + 1])[0], together, rtol=1e-5, atol=1e-5)


@every_compressor
def test_a_token_makes_a_difference_wherever_it_is(kind: str) -> None:
    config = config_of(kind, some_stride(kind))
    compressor, tokens = noisy(build_compressor(config)), tokens_of(config, tiles=1).requires_grad_()
    compressor(tokens).square().sum().backward()
    assert tokens.grad.abs().amax(dim=2).min() > 0


@every_learned_compressor
def test_gradients_reach_every_parameter_from_the_start(kind: str) -> None:
    config = config_of(kind, some_stride(kind))
    compressor = build_compressor(config)
    compressor(tokens_of(config)).pow(3).sum().backward()
    for name, parameter in compressor.named_parameters():
        assert parameter.grad.abs().max() > 1e-6, name


@every_compressor
@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16], ids=str)
def test_half_precision_stays_half_precision(kind: str, dtype: torch.dtype) -> None:
    config = config_of(kind, some_stride(kind))
    compressor, tokens = noisy(build_compressor(config)), tokens_of(config)
    exact = compressor(tokens)
    rounded = compressor.to(dtype)(tokens.to(dtype))
    assert rounded.dtype == dtype
    assert (rounded - exact).norm() < 0.02 * exact.norm()


@every_compressor
def test_is_built_on_the_meta_device_and_saved_whole(kind: str) -> None:
    config = config_of(kind, some_stride(kind))
    with torch.device("meta"):
        compressor = build_compressor(config)
        assert compressor(torch.empty(2, 256, WIDTH)).shape == (2, config.image_seq_length, WIDTH)
    tensors = dict(compressor.named_parameters()) | dict(compressor.named_buffers())
    assert all(tensor.is_meta for tensor in tensors.values())
    assert tensors.keys() == compressor.state_dict().keys()  # a non-persistent buffer would come back as garbage


@every_compressor
def test_comes_back_bit_for_bit_from_a_folder(
    tiny_teacher: Model, page: Image.Image, tmp_path: Path, kind: str
) -> None:
    model, processor = _student(tiny_teacher, kind, some_stride(kind))
    for part in (model, processor):
        part.save_pretrained(tmp_path)
    again, _ = load_model(str(tmp_path), device="cpu")
    weights = model.state_dict()
    assert weights.keys() == again.state_dict().keys()
    assert all(torch.equal(weight, weights[name]) for name, weight in again.state_dict().items())
    pixels = processor.image_processor(page, return_tensors="pt")["pixel_values"]
    assert torch.equal(*(part.get_image_features(pixels).pooler_output for part in (model, again)))


@every_learned_compressor
def test_a_weight_missing_from_the_checkpoint_is_an_error(tiny_teacher: Model, tmp_path: Path, kind: str) -> None:
    model, processor = _student(tiny_teacher, kind, some_stride(kind))
    for part in (model, processor):
        part.save_pretrained(tmp_path)
    weights = load_file(tmp_path / "model.safetensors")
    own = [name for name in weights if name.startswith("model.compressor.")]
    assert len(own) == len(list(model.model.compressor.parameters()))
    for name in own:
        rest = {key: weight for key, weight in weights.items() if key != name}
        save_file(rest, tmp_path / "model.safetensors", metadata={"format": "pt"})
        with pytest.raises(ValueError, match=rf"does not fit its config\.json: missing keys {name}$"):
            AutoModel.from_pretrained(tmp_path)
    with pytest.raises(ValueError, match=rf"does not fit its config\.json: missing keys {own[-1]}$"):
        load_model(str(tmp_path))


@every_learned_compressor
def test_transformers_starts_it_as_building_it_does(tiny_teacher: Model, kind: str) -> None:
    student = build_student(tiny_teacher[0], kind, some_stride(kind))
    started = build_compressor(student.config).state_dict()
    for name, weight in student.model.compressor.state_dict().items():
        assert weight.mean().item() == pytest.approx(started[name].mean().item(), abs=2e-3), name
        assert weight.std().item() == pytest.approx(started[name].std().item(), rel=0.1, abs=1e-6), name


@pytest.mark.parametrize("groups", [1, 4])
@pytest.mark.parametrize("stride", STRIDES)
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16], ids=str)
def test_fresh_convolutions_are_mean_pooling_bit_for_bit(stride: int, groups: int, dtype: torch.dtype) -> None:
    config = config_of("conv1d", stride, groups)
    tokens = tokens_of(config).to(dtype)
    mean = build_compressor(config_of("mean", stride))(tokens)
    conv1d = build_compressor(config).to(dtype)
    assert conv1d.weight.shape == (WIDTH, WIDTH // groups, stride)
    assert torch.equal(conv1d(tokens), mean)
    squares = build_compressor(config_of("conv2d", stride, groups)).to(dtype)
    assert torch.equal(squares(tokens), by_window(tokens, *square_window(stride)).mean(dim=2))


def test_fresh_convolution_students_answer_like_mean_pooled_ones(tiny_teacher: Model, page: Image.Image) -> None:
    teacher, processor = tiny_teacher
    for kind, stride, window in (("conv1d", 2, "row"), ("conv1d", 4, "row"), ("conv2d", 4, "square")):
        pooled, matching = mean_pooling(teacher, processor, stride, window)
        inputs = matching(text="<IMG_CONTEXT>Read the text.", images=page, return_tensors="pt")
        student = build_student(teacher, kind, stride)
        assert torch.equal(student(**inputs).logits, pooled(**inputs).logits)


@pytest.mark.parametrize("stride", STRIDES)
def test_fresh_qformer_is_close_to_mean_pooling(stride: int) -> None:
    config = config_of("qformer", stride)
    tokens = tokens_of(config)
    mean = build_compressor(config_of("mean", stride))(tokens)
    assert (build_compressor(config)(tokens) - mean).norm() < 0.03 * mean.norm()


@pytest.mark.parametrize(("stride", "window"), [(1, (1, 1)), (2, (1, 2)), (4, (2, 2)), (8, (2, 4)), (16, (4, 4))])
def test_conv2d_is_the_convolution_over_two_dimensional_windows(stride: int, window: tuple[int, int]) -> None:
    assert square_window(stride) == window
    config = config_of("conv2d", stride, groups=2)
    compressor, tokens = noisy(build_compressor(config)), tokens_of(config)
    grid = tokens.transpose(1, 2).unflatten(2, (16, 16))
    expected = conv2d(grid, compressor.weight.unflatten(2, window), compressor.bias, stride=window, groups=2)
    torch.testing.assert_close(compressor(tokens), expected.flatten(2).transpose(1, 2), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("window", [(1, 4), (4, 1), (2, 2), (2, 8), (12, 6)])
def test_windows_tile_the_grid_row_by_row(window: tuple[int, int]) -> None:
    tokens = torch.randn(2, 24 * 24, 3)
    grid = tokens.transpose(1, 2).unflatten(2, (24, 24))
    expected = avg_pool2d(grid, window).flatten(2).transpose(1, 2)
    torch.testing.assert_close(by_window(tokens, *window).mean(dim=2), expected)


def _student(teacher: Model, kind: str, stride: int) -> Model:
    """A student with a compressor that was not left as it started."""
    model, processor = build_student(teacher[0], kind, stride), teacher[1]
    noisy(model.model.compressor)
    processor.image_seq_length = model.config.image_seq_length
    return model, processor
