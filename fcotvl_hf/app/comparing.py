"""The experiment of the lab: everybody reads the same page, one after the other, and is compared with the reference."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from PIL import Image

from .family import Family, Member
from .lost import Loss, what_was_lost
from .reading import Reading, read


@dataclass(frozen=True)
class Asked:
    """A page and what is wanted of it; all checked (``checks.py``).

    Args:
        page: RGB.
        question: what to ask.
        students: names of those that are compared with the reference.
        threshold: a student less confident than this is replaced by the reference; 0 for never.
        max_new_tokens: where an answer is cut.
    """

    page: Image.Image
    question: str
    students: Sequence[str]
    threshold: float
    max_new_tokens: int


@dataclass(frozen=True)
class Comparison:
    """What is known so far.

    Args:
        asked: page and question.
        models: names and labels of all that are asked, the reference first.
        readings: name → what it said so far.
        losses: student → what it lost.
        finished: everybody has read.
        stopped: nothing more will come, although not everybody has read.
    """

    asked: Asked
    models: dict[str, str]
    readings: dict[str, Reading] = field(default_factory=dict)
    losses: dict[str, Loss] = field(default_factory=dict)
    finished: bool = False
    stopped: bool = False

    @property
    def reference(self) -> str:
        """The name of the model that the others are compared with."""
        return next(iter(self.models))

    def falls_back(self, name: str) -> bool:
        """Whether a student was so unsure that the reference's answer stands in for its own."""
        reading = self.readings.get(name)
        unsure = reading is not None and reading.finished and reading.confidence < self.asked.threshold
        return unsure and name != self.reference


def compare(family: Family, asked: Asked) -> Iterator[Comparison]:
    """Let the reference and the chosen students read, in turn, so that nobody's time is shared.

    The reference has answered by the time a student falls back on it: decoding is greedy, so asking again would give
    the same answer.

    Args:
        family: the models.
        asked: page and question.

    Yields:
        The comparison as it grows.
    """
    members = [family.reference, *map(family.member, asked.students)]
    state = Comparison(asked, {member.name: member.label for member in members})
    yield state
    for member in members:
        for reading in read(member, asked.page, asked.question, asked.max_new_tokens):
            state = replace(state, readings={**state.readings, member.name: reading})
            yield state
    said = state.readings[family.reference.name]
    for student in members[1:]:
        loss = what_was_lost(family.reference, student, asked.page, asked.question, said)
        state = replace(state, losses={**state.losses, student.name: loss})
    yield replace(state, finished=True)


def answer(family: Family, member: Member, asked: Asked) -> Comparison:
    """One model's answer; the reference is asked only if that model is a student below the threshold.

    Args:
        family: the models.
        member: who is asked.
        asked: page and question.
    """
    state = Comparison(asked, {family.reference.name: family.reference.label, member.name: member.label})
    state = replace(state, readings={member.name: _finished(member, asked)})
    if state.falls_back(member.name):
        reference = family.reference
        state = replace(state, readings={**state.readings, reference.name: _finished(reference, asked)})
    return replace(state, finished=True)


def _finished(member: Member, asked: Asked) -> Reading:
    *_, last = read(member, asked.page, asked.question, asked.max_new_tokens)
    return last
