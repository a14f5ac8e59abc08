"""Configuration of FCoT-VL: an InternVL whose visual tokens pass a compressor before, or after, the projector.

Paper: https://arxiv.org/abs/2502.18512, section 3. Compression is 1 − 1/stride: stride 2 halves the visual tokens of a
tile, stride 4 quarters them, stride 1 with ``"none"`` is InternVL itself.
"""

from typing import TYPE_CHECKING, Any

from huggingface_hub.dataclasses import strict
from transformers import InternVLConfig

AUTO_MAP = {
    "AutoConfig": "configuration_fcotvl.FCoTVLConfig",
    "AutoModel": "modeling_fcotvl.FCoTVLForConditionalGeneration",
    "AutoModelForImageTextToText": "modeling_fcotvl.FCoTVLForConditionalGeneration",
    "AutoProcessor": "processing_fcotvl.FCoTVLProcessor",
    "AutoImageProcessor": "image_processing_fcotvl.FCoTVLImageProcessor",
}

POSITIONS = ("before_projector", "after_projector")
"""Where the compressor may stand."""


@strict
class FCoTVLConfig(InternVLConfig):
    """Everything ``InternVLConfig`` has, and the compressor.

    Args:
        compressor_type: a key of ``COMPRESSORS`` in ``compression_fcotvl.py``, such as ``"conv1d"``, the paper's.
        compressor_stride: how many visual tokens become one; divides the tokens of a row, so that windows of 1 × stride
            tokens tile the grid, and so do the squarer ones of ``"conv2d"`` (1 × 2, 2 × 2, 2 × 4, 4 × 4).
        compressor_groups: groups of ``"conv1d"`` and ``"conv2d"``, the others ignore it; 1 is the paper's full
            convolution, 4 keeps the four patches that the pixel shuffle joins apart until the projector, with a quarter
            of the weights.
        compressor_position: ``"before_projector"``, on tokens as wide as the pixel shuffle emits; or
            ``"after_projector"``, on tokens as wide as the language model's.
        image_seq_length: visual tokens per tile that the language model sees. Follows from the tile size and the
            stride; a given value is checked, not believed.

    Raises:
        ValueError: the stride does not divide a row of tokens, the groups do not divide a token's width, there is no
            such position, or ``image_seq_length`` contradicts the stride.
    """

    model_type = "fcotvl"

    compressor_type: str = "none"
    compressor_stride: int = 1
    compressor_groups: int = 1
    compressor_position: str = "before_projector"
    image_seq_length: int | None = None  # type: ignore[assignment]
    if TYPE_CHECKING:  # dictionaries, until the parent has made configurations of them
        vision_config: Any
        text_config: Any

    def __post_init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("auto_map", dict(AUTO_MAP))
        super().__post_init__(**kwargs)
        row = self.tokens_per_row
        if self.compressor_stride < 1 or row % self.compressor_stride:
            divisors = ", ".join(str(stride) for stride in range(1, row + 1) if row % stride == 0)
            raise ValueError(
                f"compressor_stride={self.compressor_stride} does not divide the {row} visual tokens of a row; "
                f"choose one of {divisors}"
            )
        if self.compressor_type == "none" and self.compressor_stride != 1:
            raise ValueError(f'compressor_type="none" needs compressor_stride=1, not {self.compressor_stride}')
        if self.compressor_position not in POSITIONS:
            raise ValueError(f"compressor_position={self.compressor_position!r}; choose from {', '.join(POSITIONS)}")
        if self.compressor_groups < 1 or self.compressor_width % self.compressor_groups:
            raise ValueError(
                f"compressor_groups={self.compressor_groups} does not divide the width of a visual token, "
                f"{self.compressor_width}; choose 1, 2 or 4"
            )
        emitted = row * row // self.compressor_stride
        if self.image_seq_length is None:
            self.image_seq_length = emitted
        elif self.image_seq_length != emitted:
            raise ValueError(
                f"image_seq_length={self.image_seq_length}, but a {row}×{row} grid at stride "
                f"{self.compressor_stride} gives {emitted} tokens"
            )

    @property
    def tokens_per_row(self) -> int:
        """Tokens in one row of a tile after the pixel shuffle (16 at 448 px, patch 14, downsample 0.5)."""
        return int(self.vision_config.image_size[0] // self.vision_config.patch_size[0] * self.downsample_ratio)

    @property
    def shuffled_width(self) -> int:
        """Width of a visual token after the pixel shuffle, before the projector."""
        return self.vision_config.hidden_size * int(1 / self.downsample_ratio) ** 2

    @property
    def compressor_width(self) -> int:
        """Width of a visual token where the compressor stands."""
        after = self.compressor_position == "after_projector"
        return self.text_config.hidden_size if after else self.shuffled_width

    @property
    def compression(self) -> float:
        """Share of visual tokens removed, 1 − 1/stride."""
        return 1 - 1 / self.compressor_stride
