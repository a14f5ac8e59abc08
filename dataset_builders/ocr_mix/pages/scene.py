"""Signs on walls, seen at an angle: shop signs, plates, posters in display fonts, in any light.

The answer is the text of the signs from top to bottom, a line for each line.
"""

from random import Random

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from ...degradation import scan
from ...fonts import check_coverage, in_case, load_font
from ...rendering import Colour
from ...rows import Sample
from ..prompts import SCENE, choose
from ..prose import Writer
from .languages import choose_language

TASK = "scene"
_FACES = {
    "en": (
        *("Lobster-Regular", "BebasNeue-Regular", "Anton-Regular", "PermanentMarker-Regular", "Pacifico-Regular"),
        *("AbrilFatface-Regular", "Oswald[wght]", "PlayfairDisplay[wght]", "DejaVuSans-Bold", "Lato-Bold"),
    ),
    "zh": ("NotoSansSC-Regular", "NotoSerifSC-Regular"),
}
_BOARDS: tuple[tuple[Colour, Colour], ...] = (
    ((20, 60, 120), (255, 255, 255)),
    ((160, 25, 30), (255, 240, 200)),
    ((250, 245, 230), (40, 30, 25)),
    ((20, 90, 60), (250, 250, 240)),
    ((30, 30, 34), (245, 200, 80)),
    ((240, 190, 40), (20, 20, 20)),
    ((235, 235, 235), (150, 30, 30)),
    ((90, 55, 35), (245, 225, 190)),
)
"""Colours of the board and of what is written on it."""


def sample(seed: int) -> Sample:
    """Draw one to three signs on a wall.

    Args:
        seed: the same seed gives the same page.
    """
    rng = Random(f"{TASK}-{seed}")
    language = choose_language(rng)
    writer = Writer(rng, language)
    width, height = rng.choice(((1280, 960), (960, 1280), (1600, 900), (1024, 1024)))
    scene = _wall(rng, width, height)
    count = rng.choices((1, 2, 3), (5, 4, 2))[0]
    texts, faces = [], []
    for number in range(count):
        face = rng.choice(_FACES[language])
        lines = [in_case(line, face) for line in _text(rng, writer)]
        check_coverage("".join(lines), [face])
        slot = (0, height * number // count, width, height * (number + 1) // count)
        _hang(rng, scene, _sign(rng, lines, face, (width, height // count)), slot)
        texts += lines
        faces.append(face)
    page, degradations = scan(_lit(rng, scene), rng, clean_share=0.3)
    meta = {
        "seed": seed,
        "language": language,
        "font": ", ".join(faces),
        "signs": count,
        "clean": not degradations,
        **degradations,
    }
    return Sample(TASK, page, choose(SCENE[language], rng), "\n".join(texts), meta)


def _text(rng: Random, writer: Writer) -> list[str]:
    """What a sign says: a word, a shop with what it sells, a direction, hours."""
    english = writer.language == "en"
    kind = rng.random()
    if kind < 0.4:
        return [writer.word_of(rng.choice(("signs", "shops")))]
    if kind < 0.6:
        return [writer.slot("company"), writer.word_of("shops")]
    if kind < 0.8:
        return [writer.slot("street" if english else "road"), f"{rng.randint(1, 40)}.{rng.randint(0, 9)} km"]
    hours = f"{rng.randint(7, 10)}:00 - {rng.randint(17, 22)}:{rng.choice(('00', '30'))}"
    return [writer.word_of("shops"), hours, writer.slot("phone")]


def _wall(rng: Random, width: int, height: int) -> Image.Image:
    """Plaster, bricks, planks or tiles."""
    kind = rng.choice(("plaster", "bricks", "planks", "tiles"))
    base = np.array([rng.randint(70, 215) for _ in range(3)], dtype=np.float32)
    noise = np.random.default_rng(rng.getrandbits(32))
    base = 0.22 * base + 0.78 * base.mean()  # walls are seldom colourful
    pixels = np.broadcast_to(base, (height, width, 3)).copy()
    rows, columns = np.arange(height)[:, None], np.arange(width)[None, :]
    tall, wide = {"bricks": (44, 110), "planks": (90, 4000), "tiles": (150, 150), "plaster": (4000, 4000)}[kind]
    row = rows // tall
    shift = (row % 2) * wide // 2 if kind == "bricks" else 0
    column = (columns + shift) // wide
    shades = noise.normal(0, 0 if kind == "plaster" else 13, 4096)
    pixels += shades[(row * 131 + column * 17) % 4096][..., None]
    if kind != "plaster":
        joint = (rows % tall < 4) | ((columns + shift) % wide < 4)
        pixels[joint] = pixels[joint] * 0.4 + 0.6 * (210 if kind == "bricks" else 60)
    coarse = Image.fromarray((noise.random((9, 9)) * 255).astype(np.uint8)).resize((width, height), 3)
    stains = np.asarray(coarse, dtype=np.float32)[..., None] / 255 - 0.5
    pixels += 44 * stains + noise.normal(0, 6, (height, width, 1))
    return Image.fromarray(pixels.clip(0, 255).astype(np.uint8)).filter(ImageFilter.GaussianBlur(1.2))


def _sign(rng: Random, lines: list[str], face: str, room: tuple[int, int]) -> Image.Image:
    """A board with text, RGBA, seen from the front."""
    board, ink = rng.choice(_BOARDS)
    if rng.random() < 0.2:
        board, ink = ink, board
    size = round(min(room) * rng.uniform(0.12, 0.24) * (1.0 if len(lines) < 3 else 0.75))
    while size > 18 and max(load_font(face, size).getlength(line) for line in lines) > 0.72 * room[0]:
        size = round(size * 0.9)
    font = load_font(face, size)
    ascent, descent = font.getmetrics()
    step = ascent + descent
    pad = round(size * rng.uniform(0.4, 0.9))
    width = round(max(font.getlength(line) for line in lines)) + 2 * pad
    sign = Image.new("RGBA", (width, step * len(lines) + 2 * pad))
    draw = ImageDraw.Draw(sign)
    radius = rng.choice((0, 0, size // 4, size // 2))
    edge = rng.choice((0, max(2, size // 16)))
    draw.rounded_rectangle((0, 0, width - 1, sign.height - 1), radius, fill=board, outline=ink, width=edge)
    shadow = rng.random() < 0.35
    for number, line in enumerate(lines):
        x, y = (width - font.getlength(line)) / 2, pad + number * step
        if shadow:
            offset = max(2, size // 22)
            draw.text((x + offset, y + offset), line, font=font, fill=tuple(round(c * 0.55) for c in board))
        draw.text((x, y), line, font=font, fill=ink)
    return sign


def _hang(rng: Random, scene: Image.Image, sign: Image.Image, slot: tuple[int, int, int, int]) -> None:
    """Put a sign somewhere into its slot, at an angle, with a shadow on the wall."""
    left, top, right, bottom = slot
    scale = min(1.0, 0.86 * (right - left) / sign.width, 0.8 * (bottom - top) / sign.height)
    width, height = round(sign.width * scale), round(sign.height * scale)
    x = left + rng.uniform(0.04, 0.96 - width / (right - left)) * (right - left)
    y = top + rng.uniform(0.06, 0.94 - height / (bottom - top)) * (bottom - top)
    bend = rng.choice((0.0, 0.06, 0.1)) * height
    corners = [(x, y), (x + width, y), (x + width, y + height), (x, y + height)]
    moved = [(cx + rng.uniform(-bend, bend), cy + rng.uniform(-bend, bend)) for cx, cy in corners]
    offset, blur = max(3, height // 30), max(2.0, height / 40)
    around = offset + round(3 * blur)
    place = (round(min(cx for cx, _ in moved)) - around, round(min(cy for _, cy in moved)) - around)
    local = [(cx - place[0], cy - place[1]) for cx, cy in moved]
    size = (round(max(cx for cx, _ in local)) + around, round(max(cy for _, cy in local)) + around)
    warped = sign.transform(size, Image.Transform.PERSPECTIVE, _coefficients(local, sign.size), 3)
    mask = warped.getchannel("A")
    shade = Image.new("L", size)
    shade.paste(mask, (offset, offset))
    shade = shade.filter(ImageFilter.GaussianBlur(blur)).point(lambda level: round(level * 0.55))
    scene.paste(Image.new("RGB", size, (15, 15, 18)), place, shade)
    scene.paste(warped.convert("RGB"), place, mask)


def _coefficients(corners: list[tuple[float, float]], size: tuple[int, int]) -> list[float]:
    """Pillow's eight numbers of the perspective from ``corners`` in the scene to those of a picture of ``size``."""
    width, height = size
    rows, targets = [], []
    for (x, y), (u, v) in zip(corners, ((0, 0), (width, 0), (width, height), (0, height)), strict=True):
        rows += [[x, y, 1, 0, 0, 0, -u * x, -u * y], [0, 0, 0, x, y, 1, -v * x, -v * y]]
        targets += [u, v]
    return [float(value) for value in np.linalg.solve(np.array(rows), np.array(targets))]


def _lit(rng: Random, scene: Image.Image) -> Image.Image:
    """Light from one side, warm or cold."""
    width, height = scene.size
    across = np.linspace(rng.uniform(0.75, 1.0), rng.uniform(0.75, 1.0), width)[None, :, None]
    down = np.linspace(rng.uniform(0.85, 1.08), rng.uniform(0.7, 1.0), height)[:, None, None]
    warmth = rng.uniform(-0.06, 0.06)
    colour = np.array([1 + warmth, 1.0, 1 - warmth])
    pixels = np.asarray(scene, dtype=np.float32) * across * down * colour
    return Image.fromarray(pixels.clip(0, 255).astype(np.uint8))
