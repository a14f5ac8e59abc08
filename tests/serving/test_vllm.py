"""vLLM gives the tokens that transformers' ``generate`` gives, with the code of the model's folder and with our plugin.

``make serve-test`` runs it in an environment that has vLLM. Everything is computed in float32, where rounding does not
decide between tokens.
"""

import urllib.error
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from PIL import Image

MODEL = "fcotvl_hf/assets/fcot-vl-tiny-50"
LENGTH = 32
QUIET = {"VLLM_NO_USAGE_STATS": "1", "DO_NOT_TRACK": "1", "VLLM_CPU_KVCACHE_SPACE": "1"}

pytestmark = pytest.mark.vllm


@pytest.fixture(scope="module", params=["remote code", "plugin"])
def server(
    request: pytest.FixtureRequest,
    serve: Callable[..., Any],
    documented: Callable[..., str],
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Any]:
    """Without this package's plugin, told to trust the folder's code; then with the plugin, trusting nothing."""
    environment = QUIET | {"VLLM_CACHE_ROOT": str(tmp_path_factory.mktemp("vllm"))}
    if request.param == "remote code":
        command = documented("bash", "api_server", "--trust-remote-code")
        environment["VLLM_PLUGINS"] = ""
    else:
        command = documented("bash", "--trust-request-mm-kwargs")
        assert "remote" not in command and "overrides" not in command
    with serve(command, MODEL, **environment) as running:
        yield running


def _tokens(server: Any, images: list[Image.Image], question: str, **fields: Any) -> tuple[list[int], list[int]]:
    answer = server.ask(images, question, max_tokens=LENGTH, return_token_ids=True, **fields)
    return answer["prompt_token_ids"], answer["choices"][0]["token_ids"]


@pytest.mark.parametrize("tiles", [(1,), (3,), (5,), (1, 3), (3, 5)], ids=str)
def test_same_tokens_as_generate(
    server: Any, reference: Callable[..., Any], page: Image.Image, tiles: tuple[int, ...]
) -> None:
    pages = {1: page.crop((0, 0, 112, 112)), 3: page, 5: page.resize((224, 224))}
    images = [pages[count] for count in tiles]
    prompt, answer = _tokens(server, images, "Read the text.")
    assert (prompt, answer) == reference(MODEL, images, "Read the text.", LENGTH)
    image_token = max(set(prompt), key=prompt.count)
    assert prompt.count(image_token) == sum(tiles) * 8


def test_a_request_may_limit_its_tiles_where_the_server_allows_it(
    server: Any, reference: Callable[..., Any], page: Image.Image, request: pytest.FixtureRequest
) -> None:
    images = [page, page.resize((224, 224))]
    limit = {"mm_processor_kwargs": {"max_patches": 1}}
    if request.node.callspec.params["server"] == "remote code":
        with pytest.raises(urllib.error.HTTPError, match="400") as refused:
            _tokens(server, images, "Read the text.", **limit)
        refused.value.close()
    else:
        found = _tokens(server, images, "Read the text.", **limit)
        assert found == reference(MODEL, images, "Read the text.", LENGTH, max_patches=1)
