"""What can go wrong with the Hub, in one line that says what to do, and which of it passes by itself."""

from collections.abc import Iterator
from contextlib import contextmanager

from huggingface_hub import constants
from huggingface_hub.errors import (
    HfHubHTTPError,
    HTTPError,
    LocalTokenNotFoundError,
    OfflineModeIsEnabled,
    RepositoryNotFoundError,
    RevisionNotFoundError,
)

_PASSING = (408, 429, 500, 502, 503, 504)
_LOG_IN = "log in with `hf auth login`, or set HF_TOKEN to a token that may write"


def passes(error: BaseException) -> bool:
    """Whether the same request may well succeed later: the connection dropped, or the Hub is busy or ill."""
    cause = _from_the_hub(error)
    return isinstance(cause, HTTPError) and (
        not isinstance(cause, HfHubHTTPError) or cause.response.status_code in _PASSING
    )


def seconds_asked(error: BaseException) -> int:
    """How long the Hub asks to wait (``Retry-After``), 0 if it does not say."""
    cause = _from_the_hub(error)
    asked = cause.response.headers.get("Retry-After", "") if isinstance(cause, HfHubHTTPError) else ""
    return int(asked) if asked.isdecimal() else 0


@contextmanager
def explained(what: str) -> Iterator[None]:
    """Turn the Hub's errors into ones that a user understands.

    Args:
        what: what is read or written, such as ``model me/fcot-vl``.

    Raises:
        OSError: the Hub cannot be reached, refuses, or does not know it.
    """
    try:
        yield
    except (HTTPError, OfflineModeIsEnabled, LocalTokenNotFoundError, RuntimeError) as error:
        cause = _from_the_hub(error)
        if cause is None:
            raise
        raise OSError(_explanation(cause, what)) from error


def _from_the_hub(error: BaseException | None) -> Exception | None:
    """The Hub's error behind an error; uploads wrap it."""
    while error is not None:
        if isinstance(error, HTTPError | OfflineModeIsEnabled | LocalTokenNotFoundError):
            return error
        error = error.__cause__
    return None


def _explanation(error: Exception, what: str) -> str:
    hub = constants.ENDPOINT
    if isinstance(error, OfflineModeIsEnabled):
        return "HF_HUB_OFFLINE is set, so nothing can be uploaded; unset it, or write a folder with --dry-run DIR"
    if isinstance(error, LocalTokenNotFoundError):
        return f"no token for {hub}: {_LOG_IN}"
    if not isinstance(error, HfHubHTTPError):
        return f"{hub} cannot be reached ({error}); run the same command again: what is uploaded is not sent twice"
    status = error.response.status_code
    if isinstance(error, RevisionNotFoundError):
        return f"{what} has no such branch, tag or commit"
    if isinstance(error, RepositoryNotFoundError):
        return f"there is no {what} on {hub}, or the token may not see it"
    if status == 401:
        return f"{hub} does not accept the token: {_LOG_IN}"
    if status == 403:
        return f"the token may not write {what}: it needs write access to that account, or choose another name"
    if status in _PASSING:
        return f"{hub} answers {status} again and again; run the same command later: what is uploaded is not sent twice"
    return f"{what}: {hub} answers {status}: {error.server_message or error}"
