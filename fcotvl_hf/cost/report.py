"""What pictures cost at several strides, before anything is run: visual tokens, KV bytes and FLOPs by part.

Rows of plain numbers; ``fcotvl tokens`` shows them as a table or as JSON, the benchmark sets them beside what it
measures. FLOPs are twice the multiply-adds of ``flops.py``, whose conventions hold here too. The compressor is left
out, for what it costs is known to its class alone; it is small beside the vision tower.
"""

from collections.abc import Sequence
from dataclasses import astuple, dataclass

from .flops import language_prefill, prefill, standard_prefill
from .kv import VALUE_BYTES, kv_bytes
from .shapes import Shape
from .tokens import tiling_of, visual_tokens


@dataclass(frozen=True)
class Cost:
    """A prompt at one stride, from pixels to the first answer token.

    Args:
        stride: neighbouring visual tokens merged into one.
        visual_tokens: tokens of the pictures in the language model.
        prompt_tokens: those and the tokens of the text.
        kv_bytes: key-value cache of the prompt.
        vision_flops: the vision tower, whatever the stride.
        projector_flops: from vision width to text width.
        language_flops: the language model with its own heads and FFN, full attention square.
        language_flops_causal: the same with half of the attention square.
        language_flops_standard: the layers as papers count them, 4Ld² + 2L²d + 2Ldm multiply-adds.
    """

    stride: int
    visual_tokens: int
    prompt_tokens: int
    kv_bytes: int
    vision_flops: int
    projector_flops: int
    language_flops: int
    language_flops_causal: int
    language_flops_standard: int


@dataclass(frozen=True)
class ImageCost:
    """One picture in a prompt of its own.

    Args:
        image: its name.
        width: in pixels.
        height: in pixels.
        columns: tiles side by side.
        rows: tiles above each other.
        tiles: all tiles, the thumbnail included.
        costs: one per stride.
    """

    image: str
    width: int
    height: int
    columns: int
    rows: int
    tiles: int
    costs: list[Cost]


@dataclass(frozen=True)
class Report:
    """All pictures; ``dataclasses.asdict`` makes it JSON.

    Args:
        model: the shape's name.
        tile_size: side of a tile in pixels.
        tokens_per_tile: visual tokens of a tile at stride 1.
        max_tiles: most tiles of a picture, the thumbnail not counted.
        text_tokens: tokens of each prompt that are no visual tokens.
        kv_dtype: type of the KV cache's values.
        images: one entry per picture.
        tiles: of all pictures.
        separately: sums over the pictures, one prompt each; one per stride.
        together: all pictures in one prompt; one per stride.
    """

    model: str
    tile_size: int
    tokens_per_tile: int
    max_tiles: int
    text_tokens: int
    kv_dtype: str
    images: list[ImageCost]
    tiles: int
    separately: list[Cost]
    together: list[Cost]


def cost_of(shape: Shape, tiles: int, text_tokens: int, kv_dtype: str = "bfloat16") -> Cost:
    """What one prompt costs.

    Args:
        shape: the model, at the stride to count.
        tiles: tiles of all its pictures, thumbnails included.
        text_tokens: all other tokens of the prompt: template, tags around pictures, question.
        kv_dtype: a key of ``VALUE_BYTES``.
    """
    visual = visual_tokens(tiles, shape.image_seq_length)
    length = visual + text_tokens
    parts = prefill(shape, tiles, text_tokens)
    return Cost(
        stride=shape.compressor_stride,
        visual_tokens=visual,
        prompt_tokens=length,
        kv_bytes=kv_bytes(shape, tiles, text_tokens, VALUE_BYTES[kv_dtype]),
        vision_flops=2 * parts.vision,
        projector_flops=2 * parts.projector,
        language_flops=2 * parts.language,
        language_flops_causal=2 * language_prefill(shape.text_config, length, causal=True),
        language_flops_standard=2 * standard_prefill(shape.text_config, length),
    )


def report(
    shape: Shape,
    sizes: Sequence[tuple[str, int, int]],
    *,
    strides: Sequence[int] | None = None,
    max_tiles: int | None = None,
    text_tokens: int = 80,
    kv_dtype: str = "bfloat16",
) -> Report:
    """Count pictures, each for itself and all together.

    Args:
        shape: the model.
        sizes: name, width and height of each picture.
        strides: what to compare; ``shape.default_strides()`` by default.
        max_tiles: most tiles of a picture, the thumbnail not counted; the model's by default.
        text_tokens: tokens of each prompt that are no visual tokens.
        kv_dtype: a key of ``VALUE_BYTES``.

    Raises:
        ValueError: a stride does not divide a row of visual tokens, or ``max_tiles`` is below the model's fewest.
    """
    most = shape.max_tiles if max_tiles is None else max_tiles
    students = [shape.at_stride(stride) for stride in strides or shape.default_strides()]

    def costs(tiles: int) -> list[Cost]:
        return [cost_of(student, tiles, text_tokens, kv_dtype) for student in students]

    images = []
    for name, width, height in sizes:
        grid = tiling_of(width, height, tile_size=shape.tile_size, min_tiles=shape.min_tiles, max_tiles=most)
        images.append(ImageCost(name, width, height, grid.columns, grid.rows, grid.tiles, costs(grid.tiles)))
    tiles = sum(image.tiles for image in images)
    return Report(
        model=shape.name,
        tile_size=shape.tile_size,
        tokens_per_tile=shape.tokens_per_row**2,
        max_tiles=most,
        text_tokens=text_tokens,
        kv_dtype=kv_dtype,
        images=images,
        tiles=tiles,
        separately=[_sum(same) for same in zip(*(image.costs for image in images), strict=True)],
        together=costs(tiles),
    )


def _sum(costs: Sequence[Cost]) -> Cost:
    """Costs at one stride, added up."""
    _, *amounts = zip(*(astuple(cost) for cost in costs), strict=True)
    return Cost(costs[0].stride, *(sum(amount) for amount in amounts))
