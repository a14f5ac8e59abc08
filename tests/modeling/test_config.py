"""A configuration says what the model emits, and refuses what cannot be."""

from pathlib import Path

import pytest

from fcotvl_hf.modeling import POSITIONS, FCoTVLConfig, build_compressor

VISION = {"image_size": 112, "hidden_size": 32, "num_hidden_layers": 1, "num_attention_heads": 2}


@pytest.mark.parametrize(("stride", "tokens"), [(1, 16), (2, 8), (4, 4)])
def test_tokens_per_tile_follow_the_stride(stride: int, tokens: int) -> None:
    config = FCoTVLConfig(vision_config=VISION, compressor_type="conv1d", compressor_stride=stride)
    assert config.image_seq_length == tokens
    assert config.compression == 1 - tokens / 16


def test_internvl2_has_256_tokens_by_default() -> None:
    config = FCoTVLConfig()
    assert (config.compressor_type, config.compressor_stride, config.image_seq_length) == ("none", 1, 256)


def test_stride_that_cuts_a_row_is_refused_with_the_choices() -> None:
    with pytest.raises(
        ValueError, match="compressor_stride=3 does not divide the 4 visual tokens of a row; .* 1, 2, 4"
    ):
        FCoTVLConfig(vision_config=VISION, compressor_type="conv1d", compressor_stride=3)


def test_contradicting_image_seq_length_is_refused() -> None:
    with pytest.raises(ValueError, match="image_seq_length=16, but a 4×4 grid at stride 2 gives 8"):
        FCoTVLConfig(vision_config=VISION, compressor_type="conv1d", compressor_stride=2, image_seq_length=16)


def test_groups_that_do_not_divide_the_width_are_refused() -> None:
    with pytest.raises(ValueError, match="compressor_groups=3 does not divide the width of a visual token, 128"):
        FCoTVLConfig(vision_config=VISION, compressor_type="conv2d", compressor_stride=2, compressor_groups=3)


def test_position_decides_the_width_that_is_compressed() -> None:
    settings = {
        "vision_config": VISION,
        "text_config": {"model_type": "llama", "hidden_size": 48, "num_attention_heads": 4},
    }
    widths = [FCoTVLConfig(**settings, compressor_position=place).compressor_width for place in POSITIONS]
    assert widths == [128, 48]
    with pytest.raises(ValueError, match="'inside'; choose from before_projector, after_projector"):
        FCoTVLConfig(**settings, compressor_position="inside")
    with pytest.raises(ValueError, match="compressor_groups=32 does not divide the width of a visual token, 48"):
        FCoTVLConfig(**settings, compressor_position="after_projector", compressor_groups=32)


def test_no_compressor_means_stride_one() -> None:
    with pytest.raises(ValueError, match='"none" needs compressor_stride=1'):
        FCoTVLConfig(vision_config=VISION, compressor_stride=2)


def test_unknown_compressor_is_refused_with_the_choices() -> None:
    with pytest.raises(ValueError, match="'magic'; choose from none, mean, conv1d, conv2d, qformer"):
        build_compressor(FCoTVLConfig(vision_config=VISION, compressor_type="magic"))


@pytest.mark.parametrize("kind", ["llama", "qwen2"])
def test_round_trip_keeps_nested_configurations(tmp_path: Path, kind: str) -> None:
    text = {"model_type": kind, "hidden_size": 48, "num_attention_heads": 4}
    config = FCoTVLConfig(
        vision_config=VISION, text_config=text, compressor_type="mean", compressor_stride=4, tie_word_embeddings=False
    )
    config.save_pretrained(tmp_path)
    for again in (FCoTVLConfig.from_pretrained(tmp_path), FCoTVLConfig.from_dict(config.to_dict())):
        assert again.to_dict() == config.to_dict()
        assert again.text_config.model_type == kind
        assert again.text_config.hidden_size == 48
        assert tuple(again.vision_config.image_size) == (112, 112)
        assert (again.compressor_type, again.compressor_stride, again.image_seq_length) == ("mean", 4, 4)
