"""Models behind an OpenAI-compatible endpoint: vLLM, SGLang, ``transformers serve``, TGI, or a provider.

The ``openai`` client does timeouts, pauses and retries. The key is read from ``OPENAI_API_KEY``; local servers need
none.
"""

import base64
import os
from collections.abc import Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from itertools import islice
from math import exp
from statistics import fmean
from typing import TYPE_CHECKING, Any

from .request import Failure, Outcome, Reply, Request, Settings

if TYPE_CHECKING:
    from openai import OpenAI

_MOST_IN_A_ROW = 20
"""Failures without a reply between them after which the endpoint counts as gone."""
_TYPES = {b"\x89PNG": "png", b"\xff\xd8\xff": "jpeg", b"RIFF": "webp", b"GIF8": "gif"}


class Endpoint:
    """A model behind an endpoint.

    Args:
        url: where it is, such as ``http://localhost:8000/v1``; with ``#name`` that model, else the only one served.
        settings: how it is asked.

    Raises:
        OSError: nothing answers there, the key is refused, or ``openai`` is not installed.
        ValueError: it serves several models, or not the one that is named.
    """

    def __init__(self, url: str, settings: Settings) -> None:
        address, _, name = url.partition("#")
        self._settings, self._url = settings, address
        self._client = _client(address, settings)
        self.name = _served(self._client, address, name)

    def answer(self, requests: Sequence[Request]) -> Iterator[tuple[Request, Outcome]]:
        """Answer requests, as many at a time as the settings say, each as soon as it is there.

        Raises:
            OSError: the endpoint refuses the key or does not know the model any more, or many requests in a row failed.
        """
        waiting = iter(requests)
        failed: list[str] = []
        pool = ThreadPoolExecutor(self._settings.parallel)
        running = {pool.submit(self._ask, request): request for request in islice(waiting, self._settings.parallel)}
        try:
            while running:
                for future in wait(running, return_when=FIRST_COMPLETED).done:
                    request, outcome = running.pop(future), future.result()
                    failed = [*failed, outcome.reason] if isinstance(outcome, Failure) else []
                    if len(failed) >= _MOST_IN_A_ROW:
                        raise OSError(f"{self._url} failed {len(failed)} times in a row, last: {failed[-1]}")
                    yield request, outcome
                    running |= {pool.submit(self._ask, following): following for following in islice(waiting, 1)}
        finally:
            pool.shutdown(wait=False, cancel_futures=True)

    def _ask(self, request: Request) -> Outcome:
        import openai

        settings = self._settings
        try:
            completion = self._client.chat.completions.create(
                model=self.name,
                messages=[{"role": "user", "content": _content(request)}],
                temperature=settings.temperature,
                max_tokens=settings.max_new_tokens,
                seed=request.draw,
                logprobs=True if settings.confidence else openai.omit,
            )
            return _reply(completion)
        except (openai.AuthenticationError, openai.PermissionDeniedError, openai.NotFoundError) as error:
            raise OSError(f"{self._url} refuses: {error.message}") from error
        except openai.APITimeoutError:
            return Failure("timeout")
        except openai.APIStatusError as error:
            return Failure(f"status {error.status_code}")
        except openai.APIConnectionError:
            return Failure("no connection")
        except (openai.APIError, ValueError, TypeError, AttributeError, IndexError):
            return Failure("malformed reply")


def _client(url: str, settings: Settings) -> "OpenAI":
    try:
        from openai import OpenAI
    except ModuleNotFoundError as error:
        raise OSError("asking an endpoint needs openai; install it with pip install 'fcotvl-hf[data]'") from error
    key = os.environ.get("OPENAI_API_KEY", "none")
    return OpenAI(base_url=url, api_key=key, timeout=settings.timeout, max_retries=settings.retries)


def _served(client: "OpenAI", url: str, name: str) -> str:
    """The name of the model that is served.

    Raises:
        OSError: nothing answers.
        ValueError: it is not clear which model is meant.
    """
    import openai

    try:
        names = [model.id for model in client.with_options(max_retries=1).models.list()]
    except (openai.APIError, ValueError, TypeError, AttributeError) as error:
        raise OSError(f"{url} does not answer as an OpenAI-compatible endpoint ({error})") from error
    if name and name not in names:
        raise ValueError(f"{url} does not serve {name!r} but {', '.join(names) or 'nothing'}")
    if not name and len(names) != 1:
        raise ValueError(f"{url} serves {', '.join(names) or 'nothing'}; name one as {url}#NAME")
    return name or names[0]


def _content(request: Request) -> Any:
    if request.image is None:
        return request.prompt
    kind = next((kind for magic, kind in _TYPES.items() if request.image.startswith(magic)), "png")
    url = f"data:image/{kind};base64,{base64.b64encode(request.image).decode()}"
    return [{"type": "image_url", "image_url": {"url": url}}, {"type": "text", "text": request.prompt}]


def _reply(completion: Any) -> Outcome:
    """What the first choice says.

    Raises:
        ValueError, TypeError, AttributeError, IndexError: it is not the answer that the interface promises.
    """
    choice = completion.choices[0]
    if not isinstance(choice.message.content, str):
        return Failure("malformed reply")
    scores = [token.logprob for token in choice.logprobs.content] if choice.logprobs and choice.logprobs.content else []
    return Reply(choice.message.content, choice.finish_reason == "stop", exp(fmean(scores)) if scores else None)
