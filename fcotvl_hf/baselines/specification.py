"""``METHOD:KEEP[,OPTION=VALUE…]``: what ``--reduce`` takes, such as ``fastv:0.5,layer=3``."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from fcotvl_hf.command import UsageError

Value: TypeAlias = int | str


@dataclass(frozen=True)
class Method:
    """What can be asked of a method.

    Args:
        options: option → its default, whose type a given value must have.
        choices: option → the values it may have.
        any_share: keeps any share of the tokens, not only one of a whole number.
        needs_rows: chooses its tiles with the rows at hand.
    """

    options: Mapping[str, Value] = field(default_factory=dict)
    choices: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    any_share: bool = False
    needs_rows: bool = False


METHODS: dict[str, Method] = {
    "mean": Method({"window": "row"}, {"window": ("row", "square")}),
    "random": Method({"seed": 0}),
    "smaller-tiles": Method(needs_rows=True),
    "fewer-tiles": Method(any_share=True, needs_rows=True),
    "divprune": Method(),
    "tome": Method(),
    "prumerge": Method(),
    "visionzip": Method(),
    "fastv": Method({"layer": 2}, any_share=True),
}
"""Name → method, in the order of tables."""


@dataclass(frozen=True)
class Specification:
    """A method at a share of visual tokens.

    Args:
        method: a key of ``METHODS``.
        keep: share of the visual tokens that stay, between 0 and 1.
        options: all of the method's options.
    """

    method: str
    keep: float
    options: Mapping[str, Value]

    @property
    def stride(self) -> int:
        """How many tokens become one, where that is a whole number."""
        return round(1 / self.keep)

    def __str__(self) -> str:
        """As it is written, options only where they are not the default."""
        defaults = METHODS[self.method].options
        told = (f",{name}={value}" for name, value in self.options.items() if value != defaults[name])
        return f"{self.method}:{self.keep:g}{''.join(told)}"


def parse_specification(text: str) -> Specification:
    """Read a specification.

    Args:
        text: ``METHOD:KEEP[,OPTION=VALUE…]``.

    Raises:
        UsageError: it is not one; the message says what may stand there.
    """
    name, _, rest = text.partition(":")
    if name not in METHODS:
        raise UsageError(f"there is no method {name!r}; write METHOD:KEEP with one of {', '.join(METHODS)}")
    share, *assignments = rest.split(",")
    method = METHODS[name]
    options = dict(method.options)
    for assignment in assignments:
        option, _, value = assignment.partition("=")
        options[option] = _value(name, method, option, value)
    return Specification(name, _keep(name, method, share), options)


def _keep(name: str, method: Method, share: str) -> float:
    """The share that stays.

    Raises:
        UsageError: it is none that the method can keep.
    """
    try:
        keep = float(share)
    except ValueError:
        keep = 0.0
    if not 0 < keep < 1:
        raise UsageError(f"{name}:{share} does not say which share of the visual tokens stays; write {name}:0.5")
    if not method.any_share and abs(1 / keep - round(1 / keep)) > 1e-6:
        raise UsageError(f"{name} keeps one of a whole number of tokens: 0.5, 0.25, 0.125 …, not {share}")
    return keep


def _value(name: str, method: Method, option: str, value: str) -> Value:
    """The value of an option.

    Raises:
        UsageError: the method has no such option, or the option no such value.
    """
    if option not in method.options:
        known = ", ".join(method.options)
        raise UsageError(f"{name} has no option {option!r}; {f'there is {known}' if known else 'it has none'}")
    if isinstance(method.options[option], int):
        if not value.isdecimal():
            raise UsageError(f"{name} needs a whole number after {option}=, not {value!r}")
        return int(value)
    if value not in method.choices[option]:
        raise UsageError(f"{name} needs one of {', '.join(method.choices[option])} after {option}=, not {value!r}")
    return value
