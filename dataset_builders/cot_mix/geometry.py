"""Plane geometry: a figure with its measures, one of which follows from the others."""

from collections.abc import Callable, Sequence
from math import cos, radians, sin
from random import Random

from ..rendering import Colour, Domain
from .drawing import Drawing, Point, between, outside
from .problem import Problem, Question, as_choices, number_question
from .verification import Gold

PAGES = Domain(text_height=(17, 25))

_TRIPLES = ((3, 4, 5), (5, 12, 13), (8, 15, 17), (7, 24, 25), (20, 21, 29), (9, 40, 41))
_UNITS = ("cm", "m", "mm", "km", "in")
_FILLS: tuple[Colour | None, ...] = (None, (214, 229, 245), (253, 232, 205), (222, 241, 219), (240, 222, 243))
_NAMES = ("ABCDEF", "PQRSTU", "KLMNOP", "UVWXYZ")

Figure = tuple[Drawing, Question]


def sample(seed: int, domain: Domain = PAGES) -> Problem:
    """Draw a figure and ask for a length, an angle or an area.

    Args:
        seed: the same seed and domain give the same picture and question.
        domain: text heights to use.
    """
    rng = Random(f"cot-geometry-{seed}")
    kind = rng.choice(list(KINDS))
    drawing, question = KINDS[kind](rng, domain)
    return Problem("geometry", drawing.image(), question, {"seed": seed, "kind": kind, **drawing.style, "clean": True})


def _right_triangle(rng: Random, domain: Domain) -> Figure:
    """Pythagoras, for the hypotenuse or for a leg."""
    scale, unit = rng.randint(1, 4), rng.choice(_UNITS)
    a, b, c = (scale * side for side in rng.choice(_TRIPLES))
    drawing, names = _drawing(rng, domain), rng.choice(_NAMES)
    left, top = 110.0, 90.0
    width, height = rng.uniform(190, 270), rng.uniform(150, 230)
    corners = [(left, top + height), (left + width, top + height), (left, top)]  # the first has the right angle
    _polygon(rng, drawing, corners, names)
    drawing.lines([(left + 14, top + height), (left + 14, top + height - 14), (left, top + height - 14)])
    missing = rng.choice((0, 1, 2))
    labels = [f"{side} {unit}" if number != missing else "?" for number, side in enumerate((a, b, c))]
    _sides(drawing, corners, [labels[0], labels[2], labels[1]])
    side = (names[0] + names[1], names[0] + names[2], names[1] + names[2])[missing]
    if missing == 2:
        steps = [
            f"The right angle is at {names[0]}, so {side} is the hypotenuse: {side}² = {a}² + {b}².",
            f"{a}² + {b}² = {a * a} + {b * b} = {c * c}.",
            f"√{c * c} = {c}.",
        ]
    else:
        known = b if missing == 0 else a
        result = a if missing == 0 else b
        steps = [
            f"The right angle is at {names[0]}, so {names[1]}{names[2]} = {c} is the hypotenuse.",
            f"{side}² = {c}² - {known}².",
            f"{c}² - {known}² = {c * c} - {known * known} = {result * result}.",
            f"√{result * result} = {result}.",
        ]
    answer = f"{(a, b, c)[missing]} {unit}"
    question = number_question(f"What is the length of {side}?", answer, steps)
    slips = [f"{number} {unit}" for number in (a + b, c - 1, c + scale, abs(c - a))]
    return drawing, as_choices(rng, question, slips) if rng.random() < 0.25 else question


def _angle_sum(rng: Random, domain: Domain) -> Figure:
    """The third angle of a triangle, drawn with its true angles."""
    alpha, beta = rng.randint(35, 80), rng.randint(35, 70)
    gamma = 180 - alpha - beta
    drawing, names = _drawing(rng, domain), rng.choice(_NAMES)
    base, left, bottom = 300.0, 70.0, 330.0
    reach = base * sin(radians(beta)) / sin(radians(gamma))
    apex = (left + reach * cos(radians(alpha)), bottom - reach * sin(radians(alpha)))
    shrink = min(1.0, 260 / (bottom - apex[1]))
    apex = (left + (apex[0] - left) * shrink, bottom - (bottom - apex[1]) * shrink)
    corners = [(left, bottom), (left + base * shrink, bottom), apex]
    _polygon(rng, drawing, corners, names)
    angles, missing = (alpha, beta, gamma), rng.randrange(3)
    centre = _centre(corners)
    for number, (corner, angle) in enumerate(zip(corners, angles, strict=True)):
        text = "x" if number == missing else f"{angle}°"
        drawing.label(outside(corner, centre, -52 - (8 if angle < 45 else 0)), text)
    known = [angle for number, angle in enumerate(angles) if number != missing]
    steps = [
        "The angles of a triangle add up to 180°.",
        f"{known[0]}° + {known[1]}° = {sum(known)}°.",
        f"x = 180° - {sum(known)}° = {angles[missing]}°.",
    ]
    question = number_question(f"What is the size of the angle at {names[missing]}?", f"{angles[missing]}°", steps)
    slips = [f"{angle}°" for angle in (sum(known), 180 - known[0], angles[missing] + 10, angles[missing] - 5)]
    return drawing, as_choices(rng, question, slips) if rng.random() < 0.25 else question


def _rectangle(rng: Random, domain: Domain) -> Figure:
    """Area or perimeter of a rectangle; or a side from the area."""
    a, b, unit = rng.randint(6, 30), rng.randint(3, 20), rng.choice(_UNITS)
    if a == b:
        b += 1
    drawing, names = _drawing(rng, domain), rng.choice(_NAMES)
    width, height = rng.uniform(210, 290), rng.uniform(110, 200)
    corners = [(90.0, 100.0), (90 + width, 100.0), (90 + width, 100 + height), (90.0, 100 + height)]
    _polygon(rng, drawing, corners, names)
    if rng.random() < 0.35:
        _sides(drawing, corners, [f"{a} {unit}", "?", "", ""])
        drawing.label(_centre(corners), f"{a * b} {unit}²")
        steps = [
            f"The area is {a * b} {unit}² and {names[0]}{names[1]} = {a} {unit}.",
            f"{names[1]}{names[2]} = {a * b} / {a} = {b}.",
        ]
        text = f"{names[:4]} is a rectangle. How long is {names[1]}{names[2]}?"
        return drawing, number_question(text, f"{b} {unit}", steps)
    _sides(drawing, corners, [f"{a} {unit}", f"{b} {unit}", "", ""])
    if rng.random() < 0.5:
        steps = [f"The sides are {a} {unit} and {b} {unit}.", f"{a} × {b} = {a * b}."]
        question = number_question(f"What is the area of the rectangle {names[:4]}?", f"{a * b} {unit}²", steps)
    else:
        steps = [f"The sides are {a} {unit} and {b} {unit}.", f"2 × ({a} + {b}) = 2 × {a + b} = {2 * (a + b)}."]
        question = number_question(
            f"What is the perimeter of the rectangle {names[:4]}?", f"{2 * (a + b)} {unit}", steps
        )
    return drawing, question


def _circle(rng: Random, domain: Domain) -> Figure:
    """Area or circumference in terms of π, from the radius or the diameter."""
    radius, unit = rng.randint(2, 20), rng.choice(_UNITS)
    drawing, centre, drawn = _drawing(rng, domain), (210.0, 210.0), rng.uniform(110, 150)
    drawing.circle(centre, drawn, rng.choice(_FILLS))
    drawing.circle(centre, 2, drawing.ink)
    by_diameter = rng.random() < 0.5
    start = (centre[0] - drawn, centre[1]) if by_diameter else centre
    drawing.lines([start, (centre[0] + drawn, centre[1])])
    measure = 2 * radius if by_diameter else radius
    drawing.label((between(start, (centre[0] + drawn, centre[1]))[0], centre[1] - 20), f"{measure} {unit}")
    steps = [f"The {'diameter' if by_diameter else 'radius'} is {measure} {unit}."]
    if by_diameter:
        steps.append(f"The radius is half of it: r = {measure} / 2 = {radius}.")
    if rng.random() < 0.5:
        steps.append(f"The area is πr² = π × {radius}² = {radius * radius}π.")
        text, answer = "What is the area of the circle in terms of π, without its unit?", f"{radius * radius}π"
    else:
        steps.append(f"The circumference is 2πr = 2 × π × {radius} = {2 * radius}π.")
        text, answer = "What is the circumference in terms of π, without its unit?", f"{2 * radius}π"
    return drawing, Question(text, answer, steps, Gold("expression", (answer,)))


def _l_shape(rng: Random, domain: Domain) -> Figure:
    """Area of a rectangle without one corner."""
    a, b, unit = rng.randint(8, 20), rng.randint(8, 16), rng.choice(_UNITS)
    c, d = rng.randint(2, a - 4), rng.randint(2, b - 4)
    drawing = _drawing(rng, domain)
    scale = 260 / max(a, b)
    left, top, right, bottom = 80.0, 80.0, 80 + a * scale, 80 + b * scale
    inner = (right - c * scale, top + d * scale)
    corners = [(left, top), (inner[0], top), inner, (right, inner[1]), (right, bottom), (left, bottom)]
    drawing.lines(corners, closed=True, fill=rng.choice(_FILLS))
    drawing.label((left - 40, (top + bottom) / 2), f"{b} {unit}")
    drawing.label(((left + right) / 2, bottom + 24), f"{a} {unit}")
    drawing.label((inner[0] + 36, (top + inner[1]) / 2), f"{d} {unit}")
    drawing.label(((inner[0] + right) / 2, inner[1] - 18 if d * scale > 60 else inner[1] + 18), f"{c} {unit}")
    steps = [
        f"The whole rectangle would be {a} × {b} = {a * b}.",
        f"The missing corner is {c} × {d} = {c * d}.",
        f"{a * b} - {c * d} = {a * b - c * d}.",
    ]
    text = "All angles are right angles. What is the area of the figure?"
    question = number_question(text, f"{a * b - c * d} {unit}²", steps)
    slips = [f"{number} {unit}²" for number in (a * b, a * b + c * d, (a - c) * (b - d), a * b - c)]
    return drawing, as_choices(rng, question, slips) if rng.random() < 0.25 else question


def _parallels(rng: Random, domain: Domain) -> Figure:
    """An angle where a line crosses two parallels: equal to the given one, or its supplement."""
    angle = rng.randint(40, 75)
    drawing = _drawing(rng, domain)
    rows, names = (140.0, 290.0), rng.sample("ghklmn", 2)
    for y, name in zip(rows, names, strict=True):
        drawing.lines([(40, y), (380, y)])
        drawing.label((395, y), name)
    slope = cos(radians(angle)) / sin(radians(angle))
    crossings = [(210 - (y - 215) * slope, y) for y in rows]
    drawing.lines([(210 - (y - 215) * slope, y) for y in (70.0, 360.0)])
    drawing.arc(crossings[0], 26, 360 - angle, 360)
    drawing.label((crossings[0][0] + 58, rows[0] - 18), f"{angle}°")
    equal = rng.random() < 0.5
    x, y = crossings[1]
    if equal:
        drawing.arc((x, y), 26, 180 - angle, 180)
        drawing.label((x - 46, y + 18), "x")
        steps = [
            f"Since {names[0]} and {names[1]} are parallel, the crossing line makes the same angles with both.",
            f"x lies vertically opposite the angle that corresponds to {angle}°, so x = {angle}°.",
        ]
    else:
        drawing.arc((x, y), 26, 180, 360 - angle)
        drawing.label((x - 40, y - 26), "x")
        steps = [
            f"Since {names[0]} and {names[1]} are parallel, the angle that corresponds to {angle}° lies next to x.",
            "Together they make a straight angle of 180°.",
            f"x = 180° - {angle}° = {180 - angle}°.",
        ]
    result = angle if equal else 180 - angle
    text = f"The lines {names[0]} and {names[1]} are parallel. What is the size of the angle x?"
    return drawing, number_question(text, f"{result}°", steps)


KINDS: dict[str, Callable[[Random, Domain], Figure]] = {
    "right triangle": _right_triangle,
    "angle sum": _angle_sum,
    "rectangle": _rectangle,
    "circle": _circle,
    "l-shape": _l_shape,
    "parallels": _parallels,
}
"""Kind of figure → what draws it and asks about it."""


def _drawing(rng: Random, domain: Domain) -> Drawing:
    return Drawing(rng, 420, 420, domain.text_height)


def _centre(corners: Sequence[Point]) -> Point:
    return sum(x for x, _ in corners) / len(corners), sum(y for _, y in corners) / len(corners)


def _polygon(rng: Random, drawing: Drawing, corners: Sequence[Point], names: str) -> None:
    """A filled shape with its corners' names outside."""
    drawing.lines(corners, closed=True, fill=rng.choice(_FILLS))
    for corner, name in zip(corners, names, strict=False):
        drawing.label(outside(corner, _centre(corners), 22), name)


def _sides(drawing: Drawing, corners: Sequence[Point], labels: Sequence[str]) -> None:
    """Labels beside the sides, from the first corner on; an empty one leaves its side bare."""
    for number, label in enumerate(labels):
        middle = between(corners[number], corners[(number + 1) % len(corners)])
        beside = outside(middle, _centre(corners), 14 + drawing.width_of(label) / 3)
        if label:
            drawing.label(beside, label)
