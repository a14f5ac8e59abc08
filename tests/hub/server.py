"""A stand-in for the Hub on this machine: the part of its HTTP interface that downloads of models use.

A repository is a folder ``root/user/name``; every revision is the same.
"""

import hashlib
import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any
from urllib.parse import unquote, urlparse

COMMIT = "0" * 40
_REPOSITORY = r"(?P<repo>[^/]+/[^/]+)"


class Hub(ThreadingHTTPServer):
    """Serves the folders under ``root`` at ``url``, and counts what was asked for."""

    def __init__(self, root: Path) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.root = root
        self.requests: list[str] = []

    @property
    def url(self) -> str:
        """What ``HF_ENDPOINT`` is to be set to."""
        return f"http://127.0.0.1:{self.server_port}"


@contextmanager
def serve(root: Path) -> Iterator[Hub]:
    """A running stand-in."""
    with Hub(root) as hub:
        Thread(target=hub.serve_forever, daemon=True).start()
        yield hub
        hub.shutdown()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Hub

    def do_HEAD(self) -> None:  # noqa: N802
        self._answer()

    def do_GET(self) -> None:  # noqa: N802
        self._answer()

    def log_message(self, format: str, *args: Any) -> None:
        """Keep quiet."""

    def _answer(self) -> None:
        path = unquote(urlparse(self.path).path)
        self.server.requests.append(f"{self.command} {path}")
        routes = {
            rf"/api/models/{_REPOSITORY}(/revision/[^/]+)?": self._info,
            rf"/api/models/{_REPOSITORY}/tree/[^/]+": self._tree,
            rf"/{_REPOSITORY}/resolve/[^/]+/(?P<file>.+)": self._file,
        }
        for pattern, respond in routes.items():
            if match := re.fullmatch(pattern, path):
                parts = match.groupdict()
                repository = self.server.root / parts["repo"]
                if not repository.is_dir():
                    return self._send(404, b"{}", {"X-Error-Code": "RepoNotFound"})
                return respond(repository, parts.get("file", ""))
        return self._send(404, b"{}", {})

    def _info(self, repository: Path, file: str) -> None:
        siblings = [{"rfilename": entry["path"]} for entry in _entries(repository)]
        name = repository.relative_to(self.server.root)
        self._send_json({"id": str(name), "sha": COMMIT, "private": False, "tags": [], "siblings": siblings})

    def _tree(self, repository: Path, file: str) -> None:
        self._send_json(_entries(repository))

    def _file(self, repository: Path, file: str) -> None:
        path = repository / file
        if not path.is_file():
            return self._send(404, b"", {"X-Error-Code": "EntryNotFound", "X-Repo-Commit": COMMIT})
        content = path.read_bytes()
        return self._send(200, content, {"X-Repo-Commit": COMMIT, "ETag": f'"{_oid(content)}"'})

    def _send_json(self, content: Any) -> None:
        self._send(200, json.dumps(content).encode(), {"Content-Type": "application/json"})

    def _send(self, status: int, content: bytes, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in (headers | {"Content-Length": str(len(content))}).items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)


def _entries(repository: Path) -> list[dict[str, Any]]:
    files = sorted(path for path in repository.rglob("*") if path.is_file())
    return [
        {
            "type": "file",
            "path": path.relative_to(repository).as_posix(),
            "size": path.stat().st_size,
            "oid": _oid(path.read_bytes()),
        }
        for path in files
    ]


def _oid(content: bytes) -> str:
    return hashlib.sha1(content).hexdigest()
