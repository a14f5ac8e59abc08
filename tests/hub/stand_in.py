"""A stand-in for the Hub on this machine: what ``huggingface_hub``, transformers and datasets ask of it over HTTP.

Written from the client's calls (huggingface_hub 2.4: ``hf_api``, ``_commit_api``, ``lfs``, ``file_download``); Xet is
not spoken, so clients need ``HF_HUB_DISABLE_XET=1``. Faults can be planted: a status, or a connection that drops.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Lock, Thread
from typing import Any
from urllib.parse import unquote, urlsplit

from .messages import Answer, Request, refusal
from .repositories import Repository, read_folder
from .routes import ROUTES

TOKENS = {"hf_write": "write", "hf_read": "read"}
"""Tokens of the user ``me`` → what they may do."""


@dataclass
class Fault:
    """Something that goes wrong on the way.

    Args:
        pattern: regular expression that is searched in ``METHOD /path``.
        status: what is answered; ``None`` drops the connection instead.
        times: how often, before it works again.
        headers: sent with the status.
        afterwards: the request is served, only its answer is lost.
    """

    pattern: str
    status: int | None = None
    times: int = 1
    headers: dict[str, str] = field(default_factory=dict)
    afterwards: bool = False


class StandIn(ThreadingHTTPServer):
    """Serves repositories at ``url`` and notes what it was asked.

    ``lfs_from`` is the size in bytes from which a file is kept by LFS, ``part_size`` the size of the parts in which
    such files are uploaded (``None``: whole).
    """

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.repositories: dict[tuple[str, str], Repository] = {}
        self.blobs: dict[str, bytes] = {}
        self.parts: dict[str, dict[int, bytes]] = {}
        self.collections: dict[str, dict[str, Any]] = {}
        self.requests: list[str] = []
        self.faults: list[Fault] = []
        self.lfs_from = 10_000
        self.part_size: int | None = None
        self.lock = Lock()

    @property
    def url(self) -> str:
        """What ``HF_ENDPOINT`` is to be set to."""
        return f"http://127.0.0.1:{self.server_port}"

    def environment(self, home: Path, token: str | None = "hf_write") -> dict[str, str]:
        """What a fresh process needs to talk to this Hub and to no other, with its caches in a folder."""
        told = {"HF_ENDPOINT": self.url, "HF_HOME": str(home), "HF_HUB_DISABLE_XET": "1", "HF_HUB_OFFLINE": "0"}
        quiet = {"HF_HUB_DISABLE_TELEMETRY": "1", "HF_MODULES_CACHE": str(home / "modules"), "OMP_NUM_THREADS": "1"}
        return {**told, **quiet, **({"HF_TOKEN": token} if token else {})}

    def add(self, repo_id: str, folder: Path, kind: str = "model") -> Repository:
        """Put a repository with a folder's files there."""
        repository = self.repositories[kind, repo_id] = Repository(kind, repo_id)
        repository.commit("main", "first", read_folder(folder))
        return repository

    def model(self, repo_id: str) -> Repository:
        """A model that is there."""
        return self.repositories["model", repo_id]

    def asked(self, pattern: str) -> list[str]:
        """The requests (``METHOD /path``) in which a regular expression is found."""
        return [request for request in self.requests if re.search(pattern, request)]

    def fault(self, request: str) -> Fault | None:
        """The fault that this request meets, used up by one."""
        with self.lock:
            for fault in self.faults:
                if fault.times and re.search(fault.pattern, request):
                    fault.times -= 1
                    return fault
        return None


@contextmanager
def serve() -> Iterator[StandIn]:
    """A running stand-in."""
    with StandIn() as hub:
        Thread(target=hub.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        yield hub
        hub.shutdown()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: StandIn

    def log_message(self, format: str, *args: Any) -> None:
        """Keep quiet."""

    def handle_any(self) -> None:
        """Serve a request, unless it meets a fault."""
        path = urlsplit(self.path).path
        self.server.requests.append(f"{self.command} {path}")
        fault = self.server.fault(f"{self.command} {path}")
        if fault and fault.status is None and not fault.afterwards:
            self.rfile.read(int(self.headers.get("Content-Length", 0)) // 2)
            self.close_connection = True
            return
        body = self._body()
        if fault and not fault.afterwards:
            self._send(Answer(fault.status or 500, b'{"error": "planted"}', fault.headers))
            return
        answer = self._answer(path, body)
        if fault:
            self.close_connection = True
            return
        self._send(answer)

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = handle_any  # noqa: N815

    def _answer(self, path: str, body: bytes) -> Answer:
        role = self._role()
        if isinstance(role, Answer):
            return role
        for method, pattern, respond in ROUTES:
            match = re.fullmatch(pattern, path)
            if match and self.command in method:
                parts = {name: unquote(part) for name, part in match.groupdict(default="").items()}
                request = Request(self.server, parts, urlsplit(self.path).query, self.headers, body, role)
                return respond(request)
        return refusal(404, None, f"no such page: {path}")

    def _role(self) -> str | None | Answer:
        """What the token allows; nothing for strangers."""
        scheme, _, token = self.headers.get("Authorization", "").partition(" ")
        if not scheme or self.path.startswith("/lfs/"):  # the addresses of LFS are signed
            return None
        if token not in TOKENS:
            return refusal(401, None, "Invalid credentials in Authorization header")
        return TOKENS[token]

    def _body(self) -> bytes:
        if "chunked" in self.headers.get("Transfer-Encoding", ""):
            chunks = []
            while size := int(self.rfile.readline(), 16):
                chunks.append(self.rfile.read(size))
                self.rfile.readline()
            self.rfile.readline()
            return b"".join(chunks)
        return self.rfile.read(int(self.headers.get("Content-Length", 0)))

    def _send(self, answer: Answer) -> None:
        self.send_response(answer.status)
        for name, value in ({"Content-Length": str(len(answer.content))} | dict(answer.headers)).items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(answer.content)
