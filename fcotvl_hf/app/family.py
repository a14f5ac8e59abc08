"""The models of the lab: one that reads with all visual tokens, and others to compare with it.

They share a tokenizer, so their distributions over the next token can be compared.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from fcotvl_hf.eval_harness.attention import token_window
from fcotvl_hf.hub.models import load_model, resolve_model
from fcotvl_hf.hub.names import shown_name
from fcotvl_hf.modeling import FCoTVLConfig, FCoTVLForConditionalGeneration, FCoTVLProcessor

from .zero_gpu import DEVICE


@dataclass(frozen=True)
class Member:
    """A loaded model.

    Args:
        name: what to call it; of a folder its own name.
        model: in eval mode.
        processor: the model's.
        window: height and width of what a visual token stands for, in tokens of stride 1; ``None`` if the tokens of its
            compressor have no place on the page.
    """

    name: str
    model: FCoTVLForConditionalGeneration
    processor: FCoTVLProcessor
    window: tuple[int, int] | None

    @property
    def label(self) -> str:
        """How many of the visual tokens it sees, in words."""
        stride = self.model.config.compressor_stride
        return "All tokens" if stride == 1 else f"{1 - 1 / stride:.0%} fewer".replace("%", " %")


@dataclass(frozen=True)
class Family:
    """Models that are compared.

    Args:
        reference: what the others are compared with.
        students: the others.
    """

    reference: Member
    students: Sequence[Member]

    @property
    def members(self) -> list[Member]:
        """All of them, the reference first."""
        return [self.reference, *self.students]

    def member(self, name: str) -> Member:
        """The model of this name.

        Raises:
            KeyError: there is none.
        """
        return {member.name: member for member in self.members}[name]


def load_family(names: Sequence[str]) -> Family:
    """Load the models.

    Args:
        names: packaged names, folders or Hub ids, the reference first.

    Raises:
        OSError: a model is not there.
        ValueError: two are called the same, or a model cannot be used or has another tokenizer than the reference.
    """
    for name in names:
        resolve_model(name)  # say what is missing before anything slow begins
    shown = [shown_name(name) for name in names]
    if repeated := next((name for name in shown if shown.count(name) > 1), None):
        raise ValueError(f"two models are called {repeated}; give one of the folders another name")
    reference, *students = [_load(name) for name in names]
    vocabulary = reference.processor.tokenizer.get_vocab()
    for student in students:
        if student.processor.tokenizer.get_vocab() != vocabulary:
            raise ValueError(f"{student.name} has another tokenizer than {reference.name}, so they cannot be compared")
    return Family(reference, students)


def _load(name: str) -> Member:
    model, processor = load_model(name, device=DEVICE)
    return Member(shown_name(name), model, processor, _window(model.config))


def _window(config: FCoTVLConfig) -> tuple[int, int] | None:
    try:
        return token_window(config)
    except ValueError:
        return None
