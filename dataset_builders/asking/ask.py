"""Asking with a memory: replies are appended to a file as they come, and what is in it is not asked again."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path

from fcotvl_hf.io.jsonl import append_json_lines, read_json_lines

from .request import Model, Outcome, Reply, Request, Settings, request_key


@dataclass(frozen=True)
class Asked:
    """Which model is asked, and how; opened where it is needed, so that it can be sent to other processes.

    Args:
        where: an endpoint's address (``http://…``, ``https://…``), or a folder or Hub id.
        settings: how it is asked.
        name: what rows and cards call it; an endpoint's own name for the model if empty.
    """

    where: str
    settings: Settings = Settings()
    name: str = ""

    @property
    def is_endpoint(self) -> bool:
        """Whether it answers many requests at a time, from any process."""
        return self.where.startswith(("http://", "https://"))

    def open(self) -> Model:
        """The model; each process opens it once.

        Raises:
            OSError: it is not there.
            ValueError: it is not clear which model is meant, or it cannot read pictures.
        """
        return _open(self)

    def label(self) -> str:
        """What rows and cards call it."""
        return self.name or self.open().name


def ask(asked: Asked, requests: Sequence[Request], replies: Path) -> list[Outcome]:
    """Get an outcome of every request.

    Args:
        asked: the model.
        requests: the questions.
        replies: JSONL file to which replies are appended; its folder is made if need be. Failures are not kept, so that
            the next run asks again.

    Returns:
        Outcomes in the order of the requests.

    Raises:
        OSError: the model cannot be opened or stops answering, or the file cannot be written. What came before is kept.
        ValueError: it is not clear which model is meant.
    """
    model = asked.open()
    keys = [request_key(model.name, asked.settings, request) for request in requests]
    found: dict[str, Outcome] = {**read_replies(replies)}
    missing = {key: request for key, request in zip(keys, requests, strict=True) if key not in found}
    if missing:
        found |= _ask_and_keep(model, missing, replies)
    return [found[key] for key in keys]


def read_replies(path: Path) -> dict[str, Reply]:
    """Key → reply of a file; none if it does not exist."""
    return {
        record["key"]: Reply(record["text"], record["finished"], record["confidence"])
        for record in read_json_lines(path)
    }


def _ask_and_keep(model: Model, missing: Mapping[str, Request], path: Path) -> dict[str, Outcome]:
    keys = {id(request): key for key, request in missing.items()}
    outcomes: dict[str, Outcome] = {}
    for request, outcome in model.answer(list(missing.values())):
        key = keys[id(request)]
        outcomes[key] = outcome
        if isinstance(outcome, Reply):
            append_json_lines(path, [{"key": key, **asdict(outcome)}])
    return outcomes


@cache
def _open(asked: Asked) -> Model:
    if asked.is_endpoint:
        from .endpoint import Endpoint

        return Endpoint(asked.where, asked.settings)
    from .local import LocalModel

    return LocalModel(asked.where, asked.settings)
