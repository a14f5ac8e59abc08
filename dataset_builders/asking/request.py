"""What is asked and what comes back, whichever model answers."""

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol


@dataclass(frozen=True)
class Request:
    """One question.

    Args:
        prompt: the text.
        image: an image file's bytes; none for a text model.
        draw: number of the draw, where the same question is asked several times.
    """

    prompt: str
    image: bytes | None = field(default=None, repr=False)
    draw: int = 0


@dataclass(frozen=True)
class Reply:
    """One answer.

    Args:
        text: what the model wrote.
        finished: whether it ended by itself rather than at the limit of tokens.
        confidence: geometric mean of its tokens' probabilities, in (0, 1]; None if the model does not tell.
    """

    text: str
    finished: bool = True
    confidence: float | None = None


@dataclass(frozen=True)
class Failure:
    """No answer, after all retries.

    Args:
        reason: a few words, the same for the same cause.
    """

    reason: str


Outcome = Reply | Failure


@dataclass(frozen=True)
class Settings:
    """How a model is asked.

    Args:
        temperature: of sampling; 0 takes the likeliest token.
        max_new_tokens: where a reply is cut.
        confidence: also ask for the tokens' probabilities.
        timeout: seconds after which an endpoint's reply is given up and asked for again.
        retries: how often, with growing pauses, after a timeout, a lost connection, and the statuses 408, 409, 429 and
            5xx.
        parallel: requests that an endpoint gets at the same time, or questions of a batch of a local model.
    """

    temperature: float = 1.0
    max_new_tokens: int = 1024
    confidence: bool = False
    timeout: float = 120.0
    retries: int = 4
    parallel: int = 16


class Model(Protocol):
    """Something that answers requests."""

    @property
    def name(self) -> str:
        """What replies are stored and cards written under."""
        ...

    def answer(self, requests: Sequence[Request]) -> Iterator[tuple[Request, Outcome]]:
        """Answer requests, in any order, each as soon as it is there."""
        ...


def request_key(model: str, settings: Settings, request: Request) -> str:
    """A hash of everything that a reply depends on."""
    facts: dict[str, Any] = {
        "model": model,
        "temperature": settings.temperature,
        "max_new_tokens": settings.max_new_tokens,
        "confidence": settings.confidence,
        "prompt": request.prompt,
        "image": hashlib.sha256(request.image).hexdigest() if request.image else None,
        "draw": request.draw,
    }
    return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()[:32]
