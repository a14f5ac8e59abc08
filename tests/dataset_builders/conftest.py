"""A scripted OpenAI-compatible endpoint on this machine: it answers as told, right, wrong, malformed or late."""

import json
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Lock, Thread
from typing import Any

import pytest


@dataclass(frozen=True)
class Said:
    """One response of the endpoint.

    Args:
        text: content of the message.
        finish: why it ended.
        status: of HTTP.
        headers: further ones.
        delay: seconds before it comes.
        body: sent instead of a completion.
        logprob: of each of two tokens.
    """

    text: str | None = ""
    finish: str = "stop"
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    delay: float = 0.0
    body: bytes | None = None
    logprob: float | None = None


Script = Callable[[str, int, int], Said]
"""From prompt, seed of the draw and number of the attempt at it (from 0) to what is said."""


class ScriptedEndpoint(ThreadingHTTPServer):
    """Answers by a script and remembers what it was asked."""

    daemon_threads = True

    def __init__(self, script: Script, models: list[str]) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.script, self.models = script, models
        self.payloads: list[dict[str, Any]] = []
        self.attempts: Counter[tuple[str, int]] = Counter()
        self.lock = Lock()
        self.busy = self.most_busy = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/v1"

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that gave up is no error here."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: ScriptedEndpoint

    def do_GET(self) -> None:  # noqa: N802
        self._send(200, json.dumps({"object": "list", "data": [{"id": name} for name in self.server.models]}).encode())

    def do_POST(self) -> None:  # noqa: N802
        payload = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        content = payload["messages"][0]["content"]
        prompt = content if isinstance(content, str) else content[-1]["text"]
        with self.server.lock:
            self.server.payloads.append(payload)
            attempt = self.server.attempts[prompt, payload["seed"]]
            self.server.attempts[prompt, payload["seed"]] += 1
            self.server.busy += 1
            self.server.most_busy = max(self.server.busy, self.server.most_busy)
        said = self.server.script(prompt, payload["seed"], attempt)
        time.sleep(said.delay)
        with self.server.lock:
            self.server.busy -= 1
        self._send(said.status, said.body if said.body is not None else _completion(said), said.headers)

    def log_message(self, format: str, *args: Any) -> None:
        """Keep quiet."""

    def _send(self, status: int, content: bytes, headers: dict[str, str] | None = None) -> None:
        self.send_response(status)
        everything = {"Content-Type": "application/json", "Content-Length": str(len(content))} | (headers or {})
        for name, value in everything.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)


def _completion(said: Said) -> bytes:
    tokens = [{"token": "x", "logprob": said.logprob, "top_logprobs": []}] * 2
    choice = {
        "index": 0,
        "message": {"role": "assistant", "content": said.text},
        "finish_reason": said.finish,
        "logprobs": None if said.logprob is None else {"content": tokens},
    }
    return json.dumps(
        {"id": "1", "object": "chat.completion", "created": 0, "model": "m", "choices": [choice]}
    ).encode()


@contextmanager
def _serve(script: Script, models: list[str] | None = None) -> Iterator[ScriptedEndpoint]:
    with ScriptedEndpoint(script, models or ["scripted"]) as endpoint:
        Thread(target=endpoint.serve_forever, args=(0.01,), daemon=True).start()
        yield endpoint
        endpoint.shutdown()


@pytest.fixture
def scripted() -> Callable[..., Any]:
    """A context manager that runs an endpoint by a script; it has a ``url`` and remembers what it was asked."""
    return _serve


@pytest.fixture
def said() -> type[Said]:
    """What scripts return."""
    return Said
