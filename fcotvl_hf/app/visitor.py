"""Which of a visitor's comparisons goes on: the last one that was asked for, until it is stopped.

Gradio's ``cancels`` is no help where another comparison may follow at once: as long as a cancelled event has not ended,
the browser drops the next one of its kind, or, with another ``trigger_mode``, forgets it together with the first, so
that it cannot be cancelled. And a cancelled event cannot say on the page that it was stopped. So comparisons are
numbered, and one whose number is no longer the last ends itself.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from .comparing import Comparison


@dataclass
class Visitor:
    """Somebody at an open page; kept as that page's ``gr.State``.

    Args:
        last: number of the comparison that is wanted.
        begun: number of the last one that began.
    """

    last: int = 0
    begun: int = 0

    def ask(self) -> int:
        """The number of another comparison, which takes over from the one before."""
        self.stop()
        return self.last

    def stop(self) -> None:
        """Nothing that was asked for so far is wanted any more."""
        self.last += 1

    def watch(self, number: int, states: Iterator[Comparison]) -> Iterator[Comparison]:
        """A comparison as long as it is wanted; not begun at all if it no longer is when its turn comes.

        Nor is it begun twice: of two clicks at once, the browser may send the number of the second with both.

        Args:
            number: which one it is.
            states: the comparison as it grows.

        Yields:
            What ``states`` yields; the last one is ``finished`` or ``stopped``.
        """
        if number != self.last or number == self.begun:
            return
        self.begun = number
        for state in states:
            if number != self.last and not state.finished:
                yield replace(state, stopped=True)
                return
            yield state
