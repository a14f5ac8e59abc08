"""Notes in fonts made from handwriting, each word at its own angle and height, on paper that people write on.

English only: no wheel has a Chinese hand. https://arxiv.org/abs/2502.18512 uses handwriting among its seven categories.
"""

from random import Random

from PIL import Image, ImageDraw

from ...degradation import scan
from ...fonts import check_coverage, in_case, load_font
from ...rendering import Colour
from ...rows import Sample
from ..prompts import HANDWRITTEN, choose
from ..prose import Writer

TASK = "handwritten"
_HANDS = {
    "Caveat[wght]": 1.0,
    "Kalam-Regular": 0.8,
    "Kalam-Light": 0.8,
    "ShadowsIntoLight": 1.0,
    "IndieFlower-Regular": 0.8,
    "Zeyada": 1.25,
    "AmaticSC-Bold": 1.1,
}
"""Font → its size relative to the others, which makes them about equally large."""

_INKS: tuple[Colour, ...] = ((25, 25, 30), (28, 40, 110), (20, 60, 140), (60, 60, 66), (110, 25, 30))
_PAPERS: tuple[Colour, ...] = ((255, 255, 255), (252, 250, 240), (255, 247, 180), (240, 244, 250))


def sample(seed: int) -> Sample:
    """Write a note.

    Args:
        seed: the same seed gives the same page.
    """
    rng = Random(f"{TASK}-{seed}")
    writer = Writer(rng, "en")
    hand = rng.choice(tuple(_HANDS))
    size = round(rng.randint(38, 64) * _HANDS[hand])
    width = rng.randint(700, 1500)
    ink, paper = rng.choice(_INKS), rng.choice(_PAPERS)
    step = round(size * rng.uniform(1.25, 1.7) / _HANDS[hand])
    note = [in_case(paragraph, hand) for paragraph in _note(rng, writer)]
    lines = _wrap(note, hand, size, width - 3 * step)
    check_coverage("".join(lines), [hand])
    page = Image.new("RGB", (width, step * (len(lines) + 2)), paper)
    ruling = _rule(rng, page, step)
    for number, line in enumerate(lines):
        _write(rng, page, line, hand, size, ink, (1.5 * step, step * (number + 1.75)))
    page, degradations = scan(page, rng)
    meta = {
        "seed": seed,
        "language": "en",
        "font": hand,
        "size": size,
        "ruling": ruling,
        "clean": not degradations,
        **degradations,
    }
    return Sample(TASK, page, choose(HANDWRITTEN["en"], rng), "\n".join(lines), meta)


def _note(rng: Random, writer: Writer) -> list[str]:
    """Paragraphs: a letter, a list of things to do, or notes of a talk."""
    kind = rng.random()
    if kind < 0.35:
        return [f"Dear {writer.slot('person')},", writer.paragraph(2, 4), writer.slot("person")]
    if kind < 0.65:
        things = [f"- {task}" for task in writer.words_of("tasks", rng.randint(3, 7))]
        return [writer.slot("date"), *things, f"Call {writer.slot('phone')}"]
    return [writer.heading(), *(writer.sentence() for _ in range(rng.randint(2, 5)))]


def _wrap(paragraphs: list[str], hand: str, size: int, room: float) -> list[str]:
    font = load_font(hand, size)
    lines = []
    for paragraph in paragraphs:
        line = ""
        for word in paragraph.split():
            longer = f"{line} {word}" if line else word
            if line and font.getlength(longer) > room:
                lines.append(line)
                longer = word
            line = longer
        lines.append(line)
    return lines


def _rule(rng: Random, page: Image.Image, step: int) -> str:
    kind = rng.choice(("lines", "lines", "grid", "plain"))
    draw = ImageDraw.Draw(page)
    colour = rng.choice(((170, 190, 225), (205, 205, 205), (190, 220, 225)))
    if kind != "plain":
        for y in range(2 * step, page.height, step if kind == "lines" else step // 2):
            draw.line((0, y, page.width, y), fill=colour, width=2)
    if kind == "grid":
        for x in range(0, page.width, step // 2):
            draw.line((x, 0, x, page.height), fill=colour, width=1)
    if kind == "lines" and rng.random() < 0.6:
        draw.line((1.2 * step, 0, 1.2 * step, page.height), fill=(225, 150, 150), width=2)
    return kind


def _write(
    rng: Random, page: Image.Image, line: str, hand: str, size: int, ink: Colour, baseline: tuple[float, float]
) -> None:
    """Write a line word by word: a baseline that drifts, words that tilt, ink that varies."""
    x, y = baseline
    drift = rng.uniform(-0.012, 0.012)
    for word in line.split(" "):
        font = load_font(hand, max(12, size + rng.randint(-2, 2)))
        ascent, descent = font.getmetrics()
        margin = size // 2
        length = round(font.getlength(word))
        layer = Image.new("L", (length + 2 * margin, ascent + descent + 2 * margin))
        ImageDraw.Draw(layer).text((margin, margin), word, font=font, fill=rng.randint(205, 255))
        layer = layer.rotate(rng.uniform(-1.6, 1.6), Image.Resampling.BICUBIC)
        top = y - ascent - margin + rng.uniform(-0.04, 0.04) * size
        page.paste(Image.new("RGB", layer.size, ink), (round(x) - margin, round(top)), layer)
        advance = length + font.getlength(" ") * rng.uniform(0.85, 1.4)
        x += advance
        y += advance * drift
