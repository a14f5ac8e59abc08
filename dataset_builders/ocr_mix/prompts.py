"""What users ask, in several wordings; the first of each is the one that documents and demos use."""

from random import Random

RECOGNITION = ("Read the text.", "What does it say?", "Transcribe the image.")
TABLE = ("Convert this table to Markdown.", "Write the table as Markdown.", "Table to Markdown.")
CHART = ("Convert this chart to a python dict.", "Give the chart as a python dict.", "Chart to python dict.")
LOOKUP = ("What is the value of {}?", "How much is {}?", "Value of {}?")


def choose(prompts: tuple[str, ...], rng: Random) -> str:
    """The first wording half of the time, else any of the others."""
    return prompts[0] if rng.random() < 0.5 else rng.choice(prompts[1:])
