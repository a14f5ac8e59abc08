"""A family of random models for the parts, and one server with the tiny models for browser and clients."""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"  # read when gradio is imported

from fcotvl_hf.app.comparing import Asked
from fcotvl_hf.app.family import Family, Member
from fcotvl_hf.baselines import mean_pooling

Teacher = Any


@pytest.fixture(scope="session")
def family(session_teacher: Teacher) -> Family:
    """A random teacher and its mean pooling at strides 2 and 4."""
    students = [Member(f"student-{stride}", *mean_pooling(*session_teacher, stride), (1, stride)) for stride in (2, 4)]
    return Family(Member("teacher", *session_teacher, (1, 1)), students)


@pytest.fixture
def ask(page: Image.Image) -> Callable[..., Asked]:
    """A question about the page of two tiles."""

    def asked(threshold: float = 0.0, students: tuple[str, ...] = ("student-2", "student-4")) -> Asked:
        return Asked(page, "Read the text.", students, threshold, 8)

    return asked


@pytest.fixture(scope="session")
def encode_as() -> Callable[..., bytes]:
    """A picture as the bytes of a file."""

    def encoded(image: Image.Image, kind: str = "PNG", **options: Any) -> bytes:
        buffer = BytesIO()
        image.save(buffer, kind, **options)
        return buffer.getvalue()

    return encoded


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator["Server"]:
    """``fcotvl app`` with the packaged models, at a port of its own."""
    home = tmp_path_factory.mktemp("app")
    log = home / "log"
    environment = os.environ | {"OMP_NUM_THREADS": "1", "TMPDIR": str(home)}
    with log.open("w") as stream:
        command = [sys.executable, "-m", "fcotvl_hf.cli", "app"]
        process = subprocess.Popen(command, stdout=stream, stderr=stream, env=environment)
    try:
        yield Server(process, log, home)
    finally:
        process.terminate()
        assert process.wait(timeout=60) == 128 + signal.SIGTERM
    assert not list(home.glob("fcotvl-app-*"))  # what visitors sent is gone with the server


class Server:
    """A running app.

    Args:
        process: of the server.
        log: its output.
        home: folder of its temporary files.
    """

    def __init__(self, process: subprocess.Popen[bytes], log: Path, home: Path) -> None:
        self.process, self.log, self.home = process, log, home
        self.url = self._wait()

    def _wait(self) -> str:
        for _ in range(1800):
            if found := re.search(r"open at (\S+);", self.log.read_text()):
                return found.group(1)
            assert self.process.poll() is None, self.log.read_text()
            time.sleep(0.1)
        raise TimeoutError(self.log.read_text())
