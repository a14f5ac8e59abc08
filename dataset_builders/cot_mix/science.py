"""Science diagrams: circuits, levers, food webs, thermometers and measuring cylinders."""

from collections.abc import Callable
from decimal import Decimal
from math import cos, pi, sin
from random import Random

from ..rendering import Domain
from .drawing import Drawing, outside
from .problem import Problem, Question, as_choices, choice_question, list_question, number_question, plain, rounded

PAGES = Domain(text_height=(16, 22))

Diagram = tuple[Drawing, Question]


def sample(seed: int, domain: Domain = PAGES) -> Problem:
    """Draw a diagram and ask for what follows from it.

    Args:
        seed: the same seed and domain give the same picture and question.
        domain: text heights to use.
    """
    rng = Random(f"cot-science-{seed}")
    kind = rng.choice(list(KINDS))
    drawing, question = KINDS[kind](rng, domain)
    return Problem("science", drawing.image(), question, {"seed": seed, "kind": kind, **drawing.style, "clean": True})


def _series(rng: Random, domain: Domain) -> Diagram:
    """Resistors in a row: total resistance, current, or the voltage across one."""
    count, current = rng.choice((2, 3)), rng.choice((1, 2, 3, 4))
    ohms = [rng.choice((2, 3, 4, 5, 6, 8, 10, 12, 15, 20)) for _ in range(count)]
    total = sum(ohms)
    volts = current * total
    drawing = Drawing(rng, 640, 330, domain.text_height)
    drawing.lines([(60, 250), (60, 80), (580, 80), (580, 250), (280, 250)])
    drawing.lines([(60, 250), (250, 250)])
    drawing.lines([(250, 225), (250, 275)])
    drawing.lines([(280, 238), (280, 262)])
    drawing.label((265, 298), f"{volts} V")
    for number, value in enumerate(ohms):
        x = 60 + 520 * (number + 1) / (count + 1)
        drawing.box(x - 36, 66, x + 36, 94, drawing.paper)
        drawing.label((x, 44), f"R{number + 1} = {value} Ω")
    added = f"The resistors are in series: {' + '.join(map(str, ohms))} = {total} Ω."
    flows = f"I = U / R = {volts} / {total} = {current} A."
    kind = rng.randrange(3)
    if kind == 0:
        return drawing, number_question("What is the total resistance of the circuit?", f"{total} Ω", [added])
    if kind == 1:
        question = number_question("What current flows in the circuit?", f"{current} A", [added, flows])
        slips = [
            f"{current + 1} A",
            f"{plain(rounded(Decimal(volts) / ohms[0]))} A",
            f"{2 * current + 1} A",
            f"{total} A",
        ]
        return drawing, as_choices(rng, question, slips) if rng.random() < 0.4 else question
    which = rng.randrange(count)
    steps = [added, flows, f"U{which + 1} = R{which + 1} × I = {ohms[which]} × {current} = {ohms[which] * current} V."]
    return drawing, number_question(f"What is the voltage across R{which + 1}?", f"{ohms[which] * current} V", steps)


def _parallel(rng: Random, domain: Domain) -> Diagram:
    """Two resistors side by side: the current of the battery."""
    currents = rng.sample((1, 2, 3, 4, 5), 2)
    volts = rng.choice((60, 120))
    ohms = [volts // current for current in currents]
    drawing = Drawing(rng, 520, 360, domain.text_height)
    drawing.lines([(80, 300), (80, 70), (440, 70), (440, 300), (275, 300)])
    drawing.lines([(80, 300), (245, 300)])
    drawing.lines([(245, 275), (245, 325)])
    drawing.lines([(275, 288), (275, 312)])
    drawing.label((320, 330), f"{volts} V")
    drawing.lines([(80, 170), (440, 170)])
    for y, name, value in ((70, "R1", ohms[0]), (170, "R2", ohms[1])):
        drawing.box(220, y - 14, 300, y + 14, drawing.paper)
        drawing.label((260, y - 34), f"{name} = {value} Ω")
    steps = [
        f"Both resistors are in parallel, so each has {volts} V.",
        f"I1 = {volts} / {ohms[0]} = {currents[0]} A and I2 = {volts} / {ohms[1]} = {currents[1]} A.",
        f"I = I1 + I2 = {currents[0]} + {currents[1]} = {sum(currents)} A.",
    ]
    return drawing, number_question("What current does the battery supply?", f"{sum(currents)} A", steps)


def _lever(rng: Random, domain: Domain) -> Diagram:
    """A balanced lever: force times distance is the same on both sides."""
    near, far = rng.sample(range(2, 9), 2)
    step = rng.choice((1, 2, 5))
    forces = (far * step, near * step)  # at distance near on the left, far on the right
    drawing = Drawing(rng, 560, 300, domain.text_height)
    pivot, scale = 280.0, 27.0
    drawing.lines([(pivot - 8 * scale - 20, 160), (pivot + 8 * scale + 20, 160)])
    drawing.lines([(pivot, 160), (pivot - 26, 215), (pivot + 26, 215)], closed=True, fill=(205, 205, 205))
    missing = rng.randrange(2)
    for side, (force, distance) in enumerate(zip(forces, (near, far), strict=True)):
        x = pivot + (distance * scale if side else -distance * scale)
        drawing.box(x - 22, 116, x + 22, 160, (176, 200, 228))
        drawing.label((x, 92), "F = ?" if side == missing else f"{force} N")
        drawing.arrow(((pivot + x) / 2, 240), (x, 240))
        drawing.arrow(((pivot + x) / 2, 240), (pivot, 240))
        drawing.label(((pivot + x) / 2, 266), f"{distance} m")
    known, arms = forces[1 - missing], (near, far)
    steps = [
        "In balance, force times distance is the same on both sides.",
        f"{known} × {arms[1 - missing]} = F × {arms[missing]}.",
        f"F = {known * arms[1 - missing]} / {arms[missing]} = {forces[missing]} N.",
    ]
    return drawing, number_question("The lever is in balance. What is the force F?", f"{forces[missing]} N", steps)


_EATERS = (
    {"grass": "rabbit mouse grasshopper", "wheat": "mouse grasshopper rabbit", "lettuce": "snail rabbit grasshopper"},
    {
        "rabbit": "fox weasel",
        "mouse": "snake weasel fox",
        "grasshopper": "frog snake",
        "snail": "frog hedgehog",
    },
    {"fox": "eagle", "weasel": "eagle owl", "snake": "hawk eagle owl", "frog": "hawk owl", "hedgehog": "owl eagle"},
)
"""Level by level from the plants up: what may eat what."""


def _food_web(rng: Random, domain: Domain) -> Diagram:
    """A food web drawn with arrows from the eaten to the eater."""
    levels = [rng.sample(list(_EATERS[0]), 2)]
    eats: dict[str, list[str]] = {name: [] for name in levels[0]}
    for level, count in zip(_EATERS, (2, 2, 1), strict=True):
        possible = list(dict.fromkeys(eater for food in levels[-1] for eater in level[food].split()))
        eaters = rng.sample(possible, min(count, len(possible)))
        for eater in eaters:
            eaten = [name for name in levels[-1] if eater in level[name].split()]
            eats[eater] = sorted(rng.sample(eaten, rng.randint(1, len(eaten))), key=levels[-1].index)
        levels.append(eaters)
    drawing = Drawing(rng, 560, 520, domain.text_height)
    places = {
        name: (560 * (column + 1) / (len(level) + 1), 470 - 140.0 * row)
        for row, level in enumerate(levels)
        for column, name in enumerate(level)
    }
    for eater, eaten in eats.items():
        for food in eaten:
            drawing.arrow(outside(places[food], places[eater], -26), outside(places[eater], places[food], -26))
    for name, place in places.items():
        drawing.label(place, name)
    names = list(places)
    arrows = "Arrows point from what is eaten to what eats it."
    eater = rng.choice([name for name in names if eats[name]])
    if rng.random() < 0.5:
        steps = [arrows, f"Arrows that end at {eater} come from {' and '.join(eats[eater])}."]
        text = f"In the food web, what does the {eater} eat?"
        if len(eats[eater]) > 1:
            return drawing, list_question(text, eats[eater], steps)
        wrong = [name for name in names if name not in (*eats[eater], eater)]
        return drawing, choice_question(rng, text, eats[eater][0], rng.sample(wrong, 3), steps)
    food = rng.choice(eats[eater])
    eaters = [name for name in names if food in eats[name]]
    steps = [arrows, f"Arrows that start at {food} lead to {' and '.join(eaters)}, so {len(eaters)}."]
    return drawing, number_question(
        f"In the food web, how many kinds of animals eat the {food}?", str(len(eaters)), steps
    )


def _thermometers(rng: Random, domain: Domain) -> Diagram:
    """Two thermometers without numbers at their columns: the difference has to be read off the scales."""
    low = rng.randrange(-18, 31, 2)
    readings = rng.sample((low, low + 2 * rng.randint(2, min(12, (40 - low) // 2))), 2)
    drawing = Drawing(rng, 420, 420, domain.text_height)
    names = rng.choice((("morning", "noon"), ("inside", "outside"), ("Monday", "Friday"), ("before", "after")))
    bottom, top = 340.0, 50.0

    def height(degrees: float) -> float:
        return bottom - (degrees + 20) / 60 * (bottom - top)

    for column, (reading, name) in enumerate(zip(readings, names, strict=True)):
        x = 120.0 + 190 * column
        drawing.box(x - 9, top - 12, x + 9, bottom + 6, drawing.paper)
        drawing.box(x - 6, height(reading), x + 6, bottom + 6, (208, 42, 42))
        drawing.circle((x, bottom + 18), 17, (208, 42, 42))
        for degrees in range(-20, 41, 2):
            drawing.lines([(x + 12, height(degrees)), (x + (24 if degrees % 10 == 0 else 17), height(degrees))])
            if degrees % 10 == 0:
                drawing.label((x + 46, height(degrees)), str(degrees))
        drawing.label((x, 388), f"{name} (°C)")
    high = max(readings)
    second = f"{high} - ({low})" if low < 0 else f"{high} - {low}"
    steps = [
        f"The thermometer labelled {names[0]} shows {readings[0]} °C, that labelled {names[1]} {readings[1]} °C.",
        f"{second} = {high - low}.",
    ]
    text = "By how many degrees Celsius do the two temperatures differ?"
    return drawing, number_question(text, str(high - low), steps)


def _density(rng: Random, domain: Domain) -> Diagram:
    """A body on a scale and in a measuring cylinder: density from mass and displaced water."""
    volume, density = rng.choice((10, 20, 30, 40)), Decimal(rng.choice((15, 20, 25, 27, 30, 45, 79, 89))) / 10
    before = rng.choice((30, 40, 50))
    mass = volume * density
    drawing = Drawing(rng, 560, 400, domain.text_height)
    water = (170, 206, 240)
    for column, level in enumerate((before, before + volume)):
        x = 60.0 + 150 * column
        surface = 330 - level * 2.7
        drawing.box(x, 50, x + 60, 330, drawing.paper)
        drawing.box(x, surface, x + 60, 330, water)
        if column:
            drawing.circle((x + 30, 308), 19, (150, 150, 150))
        for mark in range(0, 101, 10):
            drawing.lines([(x + 48, 330 - mark * 2.7), (x + 60, 330 - mark * 2.7)])
            if mark % 20 == 0:
                drawing.label((x + 80, 330 - mark * 2.7), str(mark))
        drawing.label((x + 30, 30), "mL")
        drawing.label((x + 30, 354), ("before", "after")[column])
    drawing.circle((440, 220), 22, (150, 150, 150))
    drawing.box(375, 242, 505, 254, (205, 205, 205))
    drawing.box(390, 254, 490, 310, (232, 232, 232))
    drawing.label((440, 282), f"{plain(mass)} g")
    steps = [
        f"The water rises from {before} mL to {before + volume} mL.",
        f"So the volume is {before + volume} - {before} = {volume} mL.",
        f"The mass is {plain(mass)} g.",
        f"{plain(mass)} / {volume} = {plain(density)} g/mL.",
    ]
    text = "The ball is put into the measuring cylinder. What is its density in g/mL?"
    return drawing, number_question(text, f"{plain(density)} g/mL", steps)


def _planets(rng: Random, domain: Domain) -> Diagram:
    """Bodies on orbits around a star: order and counting."""
    names = rng.sample(("Aro", "Bel", "Cyra", "Dune", "Eos", "Fara", "Gano", "Hel"), rng.randint(3, 5))
    drawing = Drawing(rng, 520, 520, domain.text_height)
    centre = (260.0, 260.0)
    drawing.circle(centre, 16, (250, 200, 60))
    radii = [60 + number * 170 / (len(names) - 1) for number in range(len(names))]
    for radius in radii:
        drawing.circle(centre, radius)
    for number, (name, radius) in enumerate(zip(names, radii, strict=True)):
        angle = 2 * pi * (number / len(names) + rng.uniform(0, 0.1))
        place = (centre[0] + radius * cos(angle), centre[1] + radius * sin(angle))
        drawing.circle(place, 8, (90, 130, 190))
        drawing.label((place[0], place[1] - 22), name, on_paper=True)
    steps = [f"From the star outwards the planets are {', '.join(names)}."]
    if rng.random() < 0.5:
        return drawing, list_question("List the planets from the star outwards.", names, steps, ordered=True)
    which = rng.randrange(len(names))
    steps.append(f"Nearer to the star than {names[which]}: {', '.join(names[:which]) or 'none'}.")
    text = f"How many planets are nearer to the star than {names[which]}?"
    return drawing, number_question(text, str(which), steps)


KINDS: dict[str, Callable[[Random, Domain], Diagram]] = {
    "series circuit": _series,
    "parallel circuit": _parallel,
    "lever": _lever,
    "food web": _food_web,
    "thermometers": _thermometers,
    "density": _density,
    "planets": _planets,
}
"""Kind of diagram → what draws it and asks about it."""
