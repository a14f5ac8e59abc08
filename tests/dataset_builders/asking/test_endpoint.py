"""An endpoint that is slow, busy, broken or gone: retries, failures by name, and nothing asked twice."""

import base64
import json
from pathlib import Path

import pytest

from fcotvl_hf.dataset_builders.asking.ask import Asked, ask, read_replies
from fcotvl_hf.dataset_builders.asking.request import Failure, Reply, Request, Settings

PNG = b"\x89PNG fake"
FAST = Settings(timeout=1.5, retries=1, parallel=2)
SOON = {"retry-after-ms": "1"}


def _requests(*prompts: str) -> list[Request]:
    return [Request(prompt, PNG) for prompt in prompts]


def test_a_picture_and_a_question_are_sent_as_the_interface_wants_them(scripted, said, tmp_path: Path) -> None:
    with scripted(lambda prompt, seed, attempt: said("Seven.")) as endpoint:
        settings = Settings(temperature=0.7, max_new_tokens=99)
        assert ask(Asked(endpoint.url, settings), [Request("How many?", PNG, 3)], tmp_path / "r") == [Reply("Seven.")]
        (payload,) = endpoint.payloads
    assert (payload["model"], payload["temperature"], payload["max_tokens"], payload["seed"]) == (
        "scripted",
        0.7,
        99,
        3,
    )
    image, text = payload["messages"][0]["content"]
    assert image["image_url"]["url"] == "data:image/png;base64," + base64.b64encode(PNG).decode()
    assert text == {"type": "text", "text": "How many?"}
    assert "logprobs" not in payload


def test_every_way_to_fail_has_a_name_and_the_others_go_on(scripted, said, tmp_path: Path) -> None:
    answers = {
        "right": said("ok"),
        "cut": said("o", finish="length"),
        "late": said("late", delay=5),
        "busy": said(status=429, headers=SOON),
        "broken": said(status=503, headers=SOON),
        "too large": said(status=400),
        "no json": said(body=b"<html>"),
        "no choices": said(body=b'{"id": "1", "choices": []}'),
        "null": said(None),
        "a number": said(body=b"5"),
    }
    with scripted(lambda prompt, seed, attempt: answers[prompt]) as endpoint:
        outcomes = ask(Asked(endpoint.url, FAST), _requests(*answers), tmp_path / "r")
    assert dict(zip(answers, outcomes, strict=True)) == {
        "right": Reply("ok"),
        "cut": Reply("o", finished=False),
        "late": Failure("timeout"),
        "busy": Failure("status 429"),
        "broken": Failure("status 503"),
        "too large": Failure("status 400"),
        **dict.fromkeys(("no json", "no choices", "null", "a number"), Failure("malformed reply")),
    }
    attempts = {prompt: count for (prompt, _), count in endpoint.attempts.items()}
    assert attempts["late"] == attempts["busy"] == attempts["broken"] == 2
    assert attempts["too large"] == attempts["no json"] == attempts["right"] == 1


def test_a_busy_or_slow_moment_is_waited_for(scripted, said, tmp_path: Path) -> None:
    def script(prompt: str, seed: int, attempt: int):
        first = said(status=500, headers=SOON) if prompt == "broken" else said(delay=5)
        return said("ok") if attempt else first

    with scripted(script) as endpoint:
        outcomes = ask(Asked(endpoint.url, FAST), _requests("broken", "slow"), tmp_path / "r")
    assert outcomes == [Reply("ok"), Reply("ok")]


def test_replies_are_kept_and_only_the_rest_is_asked_again(scripted, said, tmp_path: Path) -> None:
    path, down = tmp_path / "deep" / "replies.jsonl", True

    def script(prompt: str, seed: int, attempt: int):
        return said(status=400) if prompt == "c" and down else said(prompt.upper())

    with scripted(script) as endpoint:
        asked, requests = Asked(endpoint.url, FAST), _requests("a", "b", "c")
        assert ask(asked, requests, path) == [Reply("A"), Reply("B"), Failure("status 400")]
        path.write_bytes(path.read_bytes()[:-9])  # a kill in the middle of the last line
        down = False
        assert ask(asked, requests, path) == [Reply("A"), Reply("B"), Reply("C")]
        assert len(endpoint.payloads) == 5  # a, b, c, and again c and the one that was cut off
        assert ask(asked, [*requests, *requests], path) == [Reply("A"), Reply("B"), Reply("C")] * 2
        assert ask(Asked(endpoint.url, Settings(temperature=0.5)), _requests("a"), path) == [Reply("A")]
        assert len(endpoint.payloads) == 6
    assert len(read_replies(path)) == 4
    assert all(json.loads(line)["text"] for line in path.read_text().splitlines() if line.endswith("}"))


def test_confidence_is_the_mean_probability_of_the_tokens(scripted, said, tmp_path: Path) -> None:
    with scripted(lambda prompt, seed, attempt: said("x x", logprob=-0.5)) as endpoint:
        (reply,) = ask(Asked(endpoint.url, Settings(confidence=True)), _requests("q"), tmp_path / "r")
        assert endpoint.payloads[0]["logprobs"] is True
    assert reply == Reply("x x", confidence=pytest.approx(0.60653, abs=1e-5))


def test_an_endpoint_that_is_gone_ends_the_run_with_what_it_gave(scripted, said, tmp_path: Path) -> None:
    def script(prompt: str, seed: int, attempt: int):
        return said("ok") if prompt == "0" else said(status=400)

    with scripted(script) as endpoint, pytest.raises(OSError, match="failed 20 times in a row, last: status 400"):
        ask(Asked(endpoint.url, FAST), _requests(*map(str, range(40))), tmp_path / "r")
    assert len(read_replies(tmp_path / "r")) == 1 and endpoint.most_busy <= 2


def test_refusals_name_the_endpoint(scripted, said, tmp_path: Path) -> None:
    refused = said(status=401, body=b'{"error": {"message": "bad key"}}')
    with scripted(lambda *request: refused) as endpoint, pytest.raises(OSError, match=r"/v1 refuses: .*401"):
        ask(Asked(endpoint.url, FAST), _requests("q"), tmp_path / "r")
    with scripted(lambda prompt, seed, attempt: said(), ["a", "b"]) as endpoint:
        with pytest.raises(ValueError, match=r"serves a, b; name one as .*#NAME"):
            Asked(endpoint.url).open()
        with pytest.raises(ValueError, match="does not serve 'c' but a, b"):
            Asked(f"{endpoint.url}#c").open()
        assert Asked(f"{endpoint.url}#b").open().name == "b"
    with pytest.raises(OSError, match="does not answer as an OpenAI-compatible endpoint"):
        Asked("http://127.0.0.1:9/v1", FAST).open()
