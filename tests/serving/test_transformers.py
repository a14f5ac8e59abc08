"""transformers' own server answers as transformers' ``generate`` does; the commands are those of docs/serving.md."""

import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from transformers import AutoTokenizer

MODEL = "fcotvl_hf/assets/fcot-vl-tiny-50"
ROOT = Path(__file__).parents[2]

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def server(serve: Callable[..., Any], documented: Callable[..., str]) -> Iterator[Any]:
    with serve(documented("bash", "fcotvl_hf.scripts.serve"), MODEL) as running:
        yield running


@pytest.fixture(scope="module")
def expected(reference: Callable[..., Any]) -> Callable[..., str]:
    def text(*question: Any) -> str:
        _, answer = reference(MODEL, *question)
        return AutoTokenizer.from_pretrained(ROOT / MODEL).decode(answer, skip_special_tokens=True)

    return text


def test_documented_client_gets_the_answer_of_generate(
    server: Any, documented: Callable[..., str], expected: Callable[..., str], page: Image.Image, tmp_path: Path
) -> None:
    page.save(tmp_path / "page.png")
    client = documented("python", "OpenAI(").replace(":8000", f":{server.port}")
    assert MODEL in client
    run = subprocess.run(
        [sys.executable, "-c", client], cwd=tmp_path, capture_output=True, text=True, check=False, timeout=200
    )
    assert run.returncode == 0, run.stderr
    assert run.stdout.removesuffix("\n") == expected([page], "Read the text.", 256)


def test_several_images_in_one_question(server: Any, expected: Callable[..., str], page: Image.Image) -> None:
    images = [page.crop((0, 0, 112, 112)), page]
    answer = server.ask(images, "Read the text.", max_tokens=24)
    assert answer["usage"]["prompt_tokens"] > (1 + 3) * 8
    assert answer["choices"][0]["message"]["content"] == expected(images, "Read the text.", 24)
