"""A visitor's last comparison goes on; one that is stopped, or overtaken, ends and leaves what was read."""

from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest

from fcotvl_hf.app.comparing import Asked, Comparison
from fcotvl_hf.app.visitor import Visitor


@pytest.fixture
def states(ask: Callable[..., Asked]) -> list[Comparison]:
    begun = Comparison(ask(), {"teacher": "all tokens"})
    return [begun, replace(begun, models={"teacher": "still"}), replace(begun, finished=True)]


def test_what_is_wanted_is_passed_on(states: list[Comparison]) -> None:
    visitor = Visitor()
    assert list(visitor.watch(visitor.ask(), iter(states))) == states


@pytest.mark.parametrize("end", [Visitor.stop, Visitor.ask])
def test_stopped_or_overtaken(states: list[Comparison], end: Callable[[Visitor], object]) -> None:
    visitor = Visitor()
    watched = visitor.watch(visitor.ask(), iter(states))
    assert next(watched) == states[0]
    end(visitor)
    assert list(watched) == [replace(states[1], stopped=True)]


def test_what_was_stopped_while_it_waited_is_not_begun() -> None:
    def states() -> Iterator[Comparison]:
        raise AssertionError("it was begun")
        yield

    visitor = Visitor()
    number = visitor.ask()
    visitor.stop()
    assert list(visitor.watch(number, states())) == []
    assert visitor.ask() != number


def test_too_late_to_stop(states: list[Comparison]) -> None:
    visitor = Visitor()
    watched = visitor.watch(visitor.ask(), iter(states))
    shown = [next(watched), next(watched)]
    visitor.stop()
    assert [*shown, *watched] == states


def test_nothing_is_begun_twice(states: list[Comparison]) -> None:
    visitor = Visitor()
    number = visitor.ask()
    assert list(visitor.watch(number, iter(states))) == states
    assert list(visitor.watch(number, iter(states))) == []
