"""Models as a few numbers: what the cost formulas need, without weights and without torch.

A ``Shape`` answers to the same attribute names as an ``FCoTVLConfig``, so every function of this folder takes either.
The named ones are InternVL2 (https://internvl.github.io/blog/2024-07-02-InternVL-2.0/), whose sizes share one vision
tower, InternViT-300M-448px. Numbers are those of the original ``config.json`` files.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

DEFAULT_STRIDES = (1, 2, 4)
"""The teacher, and the students of the paper: 50 % and 75 % compression."""


@dataclass(frozen=True)
class VisionShape:
    """The vision tower; InternViT-300M-448px by default.

    Args:
        hidden_size: width of the patches' hidden states.
        intermediate_size: width inside the FFN.
        num_hidden_layers: layers.
        num_attention_heads: heads.
        image_size: height and width of a tile in pixels.
        patch_size: height and width of a patch in pixels.
        num_channels: colours.
    """

    hidden_size: int = 1024
    intermediate_size: int = 4096
    num_hidden_layers: int = 24
    num_attention_heads: int = 16
    image_size: tuple[int, int] = (448, 448)
    patch_size: tuple[int, int] = (14, 14)
    num_channels: int = 3


@dataclass(frozen=True)
class TextShape:
    """A language model with grouped queries and a gated FFN.

    Args:
        hidden_size: width of the hidden states.
        intermediate_size: width inside the FFN.
        num_hidden_layers: layers.
        num_attention_heads: query heads.
        num_key_value_heads: key-value heads.
        vocab_size: tokens it can tell apart.
        head_dim: width of a head; an even split of the width if ``None``.
    """

    hidden_size: int
    intermediate_size: int
    num_hidden_layers: int
    num_attention_heads: int
    num_key_value_heads: int
    vocab_size: int
    head_dim: int | None = None


@dataclass(frozen=True)
class Shape:
    """A whole model, and how it cuts pictures.

    Args:
        name: what to call it.
        text_config: the language model.
        vision_config: the vision tower.
        downsample_ratio: of the pixel shuffle, per side.
        compressor_stride: as in ``FCoTVLConfig``.
        compressor_position: likewise.
        min_tiles: fewest tiles of a picture.
        max_tiles: most tiles of a picture, the thumbnail not counted.

    Raises:
        ValueError: the stride does not divide a row of visual tokens.
    """

    name: str
    text_config: TextShape
    vision_config: VisionShape = VisionShape()
    downsample_ratio: float = 0.5
    compressor_stride: int = 1
    compressor_position: str = "before_projector"
    min_tiles: int = 1
    max_tiles: int = 12

    def __post_init__(self) -> None:
        row = self.tokens_per_row
        if row % self.compressor_stride:
            divisors = ", ".join(str(stride) for stride in range(1, row + 1) if row % stride == 0)
            raise ValueError(
                f"stride {self.compressor_stride} does not divide the {row} visual tokens in a row of {self.name}'s "
                f"tiles; choose one of {divisors}"
            )

    @property
    def tile_size(self) -> int:
        """Side of a tile in pixels."""
        return self.vision_config.image_size[0]

    @property
    def tokens_per_row(self) -> int:
        """Visual tokens in one row of a tile after the pixel shuffle."""
        return int(self.tile_size // self.vision_config.patch_size[0] * self.downsample_ratio)

    @property
    def image_seq_length(self) -> int:
        """Visual tokens of a tile in the language model."""
        return self.tokens_per_row**2 // self.compressor_stride

    def at_stride(self, stride: int) -> "Shape":
        """The same model with another stride; 1 is the teacher.

        Raises:
            ValueError: ``stride`` does not divide a row of visual tokens.
        """
        return replace(self, compressor_stride=stride)

    def with_layers(self, layers: int) -> "Shape":
        """The same widths with fewer layers, as many of them in the vision tower as keep the ratio of both.

        Args:
            layers: of the language model.

        Raises:
            ValueError: that would be no whole number of vision layers.
        """
        of_text, of_vision = self.text_config.num_hidden_layers, self.vision_config.num_hidden_layers
        step = of_text // math.gcd(of_text, of_vision)
        if layers < 1 or layers % step:
            raise ValueError(
                f"{self.name} has {of_vision} vision layers and {of_text} language layers; to keep their ratio, "
                f"choose a multiple of {step} language layers, not {layers}"
            )
        return replace(
            self,
            vision_config=replace(self.vision_config, num_hidden_layers=layers * of_vision // of_text),
            text_config=replace(self.text_config, num_hidden_layers=layers),
        )

    def default_strides(self) -> Sequence[int]:
        """Strides worth comparing: the usual ones that fit a row, and the model's own."""
        usual = {stride for stride in DEFAULT_STRIDES if self.tokens_per_row % stride == 0}
        return sorted(usual | {self.compressor_stride})


_QWEN2_0_5B = TextShape(896, 4864, 24, 14, 2, 151655)
_INTERNLM2_1_8B = TextShape(2048, 8192, 24, 16, 8, 92553)
_INTERNLM2_5_7B = TextShape(4096, 14336, 32, 32, 8, 92553)

SHAPES = {
    "internvl2-1b": Shape("internvl2-1b", _QWEN2_0_5B),
    "internvl2-2b": Shape("internvl2-2b", _INTERNLM2_1_8B),
    "internvl2-8b": Shape("internvl2-8b", _INTERNLM2_5_7B),
}
"""Name → shape, usable without any file."""

DEFAULT_SHAPE = "internvl2-2b"
"""The paper's smaller model."""
