"""Settings files of a model folder: JSON whose values are checked when read, so that errors name file and key."""

import json
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@contextmanager
def blamed_on(file: Path | str) -> Iterator[None]:
    """Turn what a library says about a file's content into an error that names the file.

    Args:
        file: the file that the library works on.

    Raises:
        ValueError: the library raised anything.
    """
    try:
        yield
    except Exception as error:  # each library has exceptions of its own, tokenizers even bare ones
        reason = " ".join(str(error).split())
        raise ValueError(f"{file} cannot be used ({type(error).__name__}: {reason})") from error


@dataclass(frozen=True)
class Settings:
    """A JSON object of settings. Each method reads one of them.

    A setting that is absent or ``null`` is an error unless the method is given a default.

    Args:
        content: the object.
        file: the name of the file that holds it.
        prefix: what leads to the object in that file, such as ``"llm_config."``.

    Raises:
        ValueError: from each method; a setting is missing or not of its kind.
    """

    content: Mapping[str, Any]
    file: str
    prefix: str = ""

    def section(self, key: str) -> "Settings":
        """An object within the object."""
        value = self._read(key)
        if not isinstance(value, dict):
            raise self.error(key, "an object")
        return Settings(value, self.file, f"{self.prefix}{key}.")

    def whole(self, key: str, default: int | None = None, least: int = 1) -> int:
        """A whole number of at least ``least``."""
        value = self._read(key, default)
        if isinstance(value, bool) or not isinstance(value, int) or value < least:
            raise self.error(key, f"a whole number of at least {least}")
        return value

    def number(self, key: str, default: float | None = None, least: float = 0.0) -> float:
        """A number of at least ``least``."""
        value = self._read(key, default)
        if isinstance(value, bool) or not isinstance(value, int | float) or not least <= value < float("inf"):
            raise self.error(key, f"a number of at least {least:g}")
        return float(value)

    def flag(self, key: str, default: bool | None = None) -> bool:
        """True or false."""
        value = self._read(key, default)
        if not isinstance(value, bool):
            raise self.error(key, "true or false")
        return value

    def choice(self, key: str, supported: Collection[str]) -> str:
        """One of several words."""
        value = self._read(key)
        if not isinstance(value, str) or value not in supported:
            raise ValueError(f"{self.file}: {self.prefix}{key}={value!r} is not supported, only {', '.join(supported)}")
        return value

    def only(self, key: str, supported: object, default: object = None) -> None:
        """Refuse all values but one."""
        value = self._read(key, default)
        if value != supported:
            raise ValueError(f"{self.file}: {self.prefix}{key}={value!r} is not supported, only {supported!r}")

    def error(self, key: str, wanted: str) -> ValueError:
        """The error that says what a setting must be."""
        return ValueError(f"{self.file}: {self.prefix}{key} must be {wanted}, not {json.dumps(self.content[key])}")

    def _read(self, key: str, default: Any = None) -> Any:
        if key not in self.content and default is None:
            raise ValueError(f"{self.file} lacks {self.prefix}{key}")
        value = self.content.get(key)
        return default if value is None else value
