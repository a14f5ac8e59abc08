"""The documented API: JSON for programs, one clear line for mistakes, and a queue that never leaves anybody hanging."""

import os
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest
from gradio_client import Client, handle_file
from gradio_client.exceptions import AppError
from PIL import Image

from fcotvl_hf.app.limits import QUEUE

FIELDS = {"tiles", "visual_tokens", "text_tokens", "kv_bytes", "vision_flops", "connector_flops", "language_flops"}


@pytest.fixture(scope="module")
def client(server: Any) -> Iterator[Client]:
    client = Client(server.url, verbose=False, download_files=False)
    yield client
    client.close()


@pytest.fixture(scope="module")
def page_file(page: Image.Image, tmp_path_factory: pytest.TempPathFactory) -> str:
    path = tmp_path_factory.mktemp("pages") / "page.png"
    page.save(path)
    return str(path)


def test_what_is_documented(client: Client) -> None:
    told = client.view_api(return_format="dict", print_info=False)["named_endpoints"]
    names = {name: [parameter["parameter_name"] for parameter in end["parameters"]] for name, end in told.items()}
    assert names == {
        "/compare": ["page", "question", "students", "threshold", "new_tokens"],
        "/answer": ["page", "question", "model", "threshold", "new_tokens"],
        "/costs": ["page", "question"],
    }


def test_compare_and_answer_and_costs(client: Client, page_file: str) -> None:
    page = handle_file(page_file)
    found = client.predict(page, "Read the text.", ["tiny-75"], 1.0, 32, api_name="/compare")
    assert [model["model"] for model in found["models"]] == ["tiny", "tiny-75"]
    reference, student = found["models"]
    assert student["falls_back"] and student["answer"] == reference["answer"]
    assert len(student["divergences"]) == len(reference["tokens"])
    alone = client.predict(page, "Read the text.", "tiny-75", 0.0, 32, api_name="/answer")["models"]
    assert [model["own_answer"] for model in alone] == [student["own_answer"]]
    costs = client.predict(page, "Read the text.", api_name="/costs")
    assert [cost["visual_tokens"] for cost in costs] == [48, 24, 12]
    assert set(costs[0]) == FIELDS | {"model", "label"}
    assert {name: costs[2][name] for name in FIELDS} == {name: student[name] for name in FIELDS}


def test_mistakes_are_one_line_without_paths(client: Client, page_file: str, tmp_path: Path) -> None:
    notes = tmp_path / "<script>alert(1)<.png"
    notes.write_text("no picture")
    wrong: dict[str, tuple[Any, ...]] = {
        "this file is not an image": (handle_file(str(notes)), "Read.", [], 0, 8),
        "upload a page first": (None, "Read.", [], 0, 8),
        "ask something": (handle_file(page_file), " ", [], 0, 8),
        "600 characters": (handle_file(page_file), "x" * 600, [], 0, 8),
        "choose from tiny-50, tiny-75": (handle_file(page_file), "Read.", ["<b>gone</b>"], 0, 8),
        "1 to 512 tokens": (handle_file(page_file), "Read.", [], 0, 10**9),
    }
    for told, request in wrong.items():
        with pytest.raises(AppError, match=told) as error:
            client.predict(*request, api_name="/compare")
        assert not {"\n", "<", str(tmp_path), "Traceback"} & set(str(error.value).split())


@pytest.mark.parametrize(
    "image", [{"path": "/etc/passwd"}, {"path": "../../etc/passwd"}, {"url": "data:image/png;base64,AAAA"}, "x", 7]
)
def test_only_uploads_are_read(server: Any, image: Any) -> None:
    data = image | {"meta": {"_type": "gradio.FileData"}} if isinstance(image, dict) else image
    told = _call(server.url, [data, "Read.", "tiny", 0, 1])
    assert "event: error" in told and not any(
        leak in told for leak in ("root:", "/etc", str(Path(__file__).parents[2]))
    )


def test_fifty_at_once_get_an_answer_or_are_told_that_it_is_full(server: Any, page_file: str) -> None:
    page = _upload(server.url, page_file)
    with ThreadPoolExecutor(QUEUE + 12) as visitors:
        told = list(visitors.map(lambda _: _call(server.url, [page, "Read.", "tiny-75", 0, 1]), range(QUEUE + 12)))
    answered = [each for each in told if "event: complete" in each]
    full = [each for each in told if "Queue is full" in each]
    assert len(answered) + len(full) == QUEUE + 12
    assert len(answered) >= QUEUE
    assert "event: complete" in _call(server.url, [page, "Read.", "tiny-75", 0, 1])  # and it goes on


@pytest.mark.slow
def test_a_long_day_takes_no_more_memory_in_the_end(
    server: Any, page: Image.Image, tmp_path: Path, encode_as: Callable[..., bytes]
) -> None:
    """Half an hour, or FCOTVL_SOAK_SECONDS, of comparisons, refusals and visitors who leave."""
    seconds = float(os.environ.get("FCOTVL_SOAK_SECONDS", "1800"))
    process, memory = psutil.Process(server.process.pid), []
    started, number = time.monotonic(), 0
    while (passed := time.monotonic() - started) < seconds:
        path = tmp_path / "page.png"
        path.write_bytes(encode_as(page.rotate(number % 7, fillcolor="white")))
        upload = _upload(server.url, str(path))
        assert "event: complete" in _call(server.url, [upload, "Read.", ["tiny-50", "tiny-75"], 0.5, 24], "compare")
        path.write_bytes(b"no picture")
        assert "event: error" in _call(server.url, [_upload(server.url, str(path)), "Read.", [], 0, 24], "compare")
        _join(server.url, [upload, "Read.", ["tiny-50"], 0, 400], "compare")  # who asks does not wait
        number += 1
        if passed > seconds / 4:
            memory.append(process.memory_info().rss)
    third = len(memory) // 3
    early, late = (sum(part) / len(part) for part in (memory[:third], memory[-third:]))
    assert late < early + 24 * 2**20, [round(value / 2**20) for value in memory]


def _upload(url: str, path: str) -> dict[str, Any]:
    with open(path, "rb") as file:
        stored = httpx.post(f"{url}gradio_api/upload", files={"files": file}, timeout=60).raise_for_status().json()
    return {"path": stored[0], "meta": {"_type": "gradio.FileData"}}


def _join(url: str, data: list[Any], endpoint: str) -> httpx.Response:
    return httpx.post(f"{url}gradio_api/call/{endpoint}", json={"data": data}, timeout=300)


def _call(url: str, data: list[Any], endpoint: str = "answer") -> str:
    """What an endpoint says: its stream of events, or why the request was not taken."""
    joined = _join(url, data, endpoint)
    if joined.status_code != 200:
        return joined.text
    return httpx.get(f"{url}gradio_api/call/{endpoint}/{joined.json()['event_id']}", timeout=300).text
