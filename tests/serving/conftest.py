"""The commands of docs/serving.md, run as written but for the port, and servers to ask over HTTP."""

import base64
import io
import json
import os
import re
import shlex
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import torch
from PIL import Image

from fcotvl_hf.hub.models import load_model
from fcotvl_hf.modeling import FCoTVLForConditionalGeneration, FCoTVLProcessor

ROOT = Path(__file__).parents[2]
DOCUMENTED_PORT = "8000"
PATIENCE = 600  # seconds until a server answers; a busy machine imports slowly

Question = tuple[list[Image.Image], str]
Tokens = tuple[list[int], list[int]]


@dataclass(frozen=True)
class Server:
    """A server that is up."""

    port: int
    model: str

    def ask(self, images: Sequence[Image.Image], question: str, **fields: Any) -> dict[str, Any]:
        """The answer of ``/v1/chat/completions`` to a question about images, greedy."""
        content: list[dict[str, Any]] = [{"type": "image_url", "image_url": {"url": _as_url(im)}} for im in images]
        content.append({"type": "text", "text": question})
        body = {"model": self.model, "messages": [{"role": "user", "content": content}], "temperature": 0, **fields}
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.port}/v1/chat/completions",
            json.dumps(body).encode(),
            {"Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=PATIENCE) as response:
            return json.load(response)


@pytest.fixture(scope="session")
def documented() -> Callable[..., str]:
    """Find the block of docs/serving.md in a language that contains all of some words."""
    text = (ROOT / "docs" / "serving.md").read_text()

    def block(language: str, *words: str) -> str:
        blocks = re.findall(rf"^```{language}\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)
        (found,) = [block for block in blocks if all(word in block for word in words)]
        return found.replace("\\\n", "")

    return block


@pytest.fixture(scope="session")
def serve(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., AbstractContextManager[Server]]:
    """Run a documented server command on a free port for as long as the context lasts."""

    @contextmanager
    def run(command: str, model: str, **environment: str) -> Iterator[Server]:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        words = shlex.split(command.replace(DOCUMENTED_PORT, str(port)))
        assert words[0] == "python" and str(port) in words and model in words
        folder = tmp_path_factory.mktemp("server")
        own = {"HF_MODULES_CACHE": str(folder / "modules"), "OMP_NUM_THREADS": "1", **environment}
        with (folder / "log").open("w+b") as log:
            process = subprocess.Popen(
                [sys.executable, *words[1:]],
                cwd=ROOT,
                env=os.environ | own,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
            try:
                _wait_until_healthy(process, port, folder / "log")
                yield Server(port, model)
            finally:
                _stop(process)

    return run


@pytest.fixture(scope="session")
def reference() -> Callable[..., Tokens]:
    """What transformers itself makes of a question: the ids of the prompt and of the greedy answer."""
    loaded: dict[str, tuple[FCoTVLForConditionalGeneration, FCoTVLProcessor]] = {}

    def tokens(name: str, images: Sequence[Image.Image], question: str, max_new_tokens: int, **tiling: int) -> Tokens:
        if name not in loaded:
            loaded[name] = load_model(str(ROOT / name), torch.float32, "cpu")
        model, processor = loaded[name]
        content = [*({"type": "image"} for _ in images), {"type": "text", "text": question}]
        prompt = processor.apply_chat_template([{"role": "user", "content": content}], add_generation_prompt=True)
        inputs = processor(text=prompt, images=list(images), return_tensors="pt", **tiling)
        with torch.inference_mode():
            sequence = model.generate(**inputs, max_new_tokens=max_new_tokens, do_sample=False)[0].tolist()
        length = inputs["input_ids"].shape[1]
        return sequence[:length], sequence[length:]

    return tokens


def _wait_until_healthy(process: "subprocess.Popen[bytes]", port: int, log: Path) -> None:
    deadline = time.monotonic() + PATIENCE
    while process.poll() is None and time.monotonic() < deadline:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/health", timeout=5):
                return
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            time.sleep(0.5)
    pytest.fail(f"the server did not come up:\n{log.read_text()[-4000:]}")


def _stop(process: "subprocess.Popen[bytes]") -> None:
    """End the server and the processes it started."""
    try:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait(30)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    except ProcessLookupError:
        process.wait()


def _as_url(image: Image.Image) -> str:
    file = io.BytesIO()
    image.save(file, "PNG")
    return f"data:image/png;base64,{base64.b64encode(file.getvalue()).decode()}"
