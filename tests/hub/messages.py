"""What the stand-in for the Hub is asked and what it answers, before anybody says what about."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs

if TYPE_CHECKING:
    from .stand_in import StandIn

NOW = datetime(2026, 1, 1, tzinfo=UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")
NAMESPACES = ("me", "team")
"""Where the user ``me`` may write."""


@dataclass(frozen=True)
class Answer:
    """Status, content and headers."""

    status: int
    content: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Request:
    """A request whose address was understood.

    ``parts`` are the named parts of the address, ``role`` what the token allows (``None``: there is none).
    """

    hub: "StandIn"
    parts: dict[str, str]
    query: str
    headers: Mapping[str, str]
    body: bytes
    role: str | None

    def json(self) -> Any:
        """The body."""
        return json.loads(self.body)

    def asks(self, name: str) -> bool:
        """Whether an option of the address is on."""
        return parse_qs(self.query).get(name, [""])[0].lower() in ("1", "true")


def refusal(status: int, code: str | None, message: str) -> Answer:
    """An error as the Hub words it."""
    headers = {"X-Error-Message": message} | ({"X-Error-Code": code} if code else {})
    return Answer(status, json.dumps({"error": message}).encode(), headers)


def told(content: Any, status: int = 200, **headers: str) -> Answer:
    """JSON."""
    return Answer(status, json.dumps(content).encode(), {"Content-Type": "application/json", **headers})


def prefix(kind: str) -> str:
    """What stands before the name of a repository in an address."""
    return "" if kind == "model" else f"{kind}s/"
