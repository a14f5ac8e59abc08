"""``docs/results.md`` from ``results/*.json``: the template holds words, every number comes from a file."""

import re
from collections.abc import Sequence
from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined, UndefinedError

from fcotvl_hf.eval_harness.lead import spent
from fcotvl_hf.io.atomic import atomic_write
from fcotvl_hf.tiny import rivalry
from fcotvl_hf.tiny.studies import STUDIES

from .merging import best_in_all, merges_apart, widest
from .names import STAGES
from .plan import Plan
from .speed import at_most_tiles, speed_rows
from .stage import read_figures

PAGE = Path("docs/results.md")


def write_page(root: Path) -> None:
    """Write ``docs/results.md``.

    Args:
        root: the repository.

    Raises:
        ValueError: a file of results is broken.
    """
    atomic_write(root / PAGE, render_page(root / "results"))


def render_page(folder: Path) -> str:
    """The page as it follows from the files of a folder.

    Args:
        folder: holds ``STAGE.json`` of the stages that were run.

    Raises:
        ValueError: a file is broken, or lacks what the page shows.
    """
    environment = Environment(
        loader=PackageLoader("fcotvl_hf.results", "templates"),
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        undefined=StrictUndefined,
    )
    environment.filters |= {
        "between": between,
        "interval": interval,
        "kept": kept,
        "listed": listed,
        "named": named,
        "score": score,
        "short": short,
        "spent": spent,
        "alt": alt,
        "changed": changed,
    }
    environment.globals |= {
        "as_cheap": rivalry.as_cheap,
        "at_most_tiles": at_most_tiles,
        "best_in_all": best_in_all,
        "best_of": rivalry.best_of,
        "dearer": rivalry.dearer,
        "full": Plan(folder, folder),
        "kept_by_task": rivalry.kept_by_task,
        "merges_apart": merges_apart,
        "same_sign": same_sign,
        "speed_rows": speed_rows,
        "studies": STUDIES,
        "told_apart": rivalry.told_apart,
        "trained": rivalry.trained,
        "widest": widest,
        "with_rivals": rivalry.with_rivals,
    }
    files = {name: read_figures(folder / f"{name}.json") for name in STAGES}
    try:
        return environment.get_template("results.md.j2").render(files=files)
    except (UndefinedError, KeyError) as error:
        raise ValueError(
            f"a file of {folder} is of another version of this code ({error}); remove it, and it is made again"
        ) from error


def kept(share: float) -> str:
    """A share in per cent."""
    return f"{share:.1%}"


def changed(share: float) -> str:
    """A change in per cent, with its sign."""
    return f"{share:+.1%}"


def score(value: float) -> str:
    """A score, 0 to 1."""
    return f"{value:.3f}"


def interval(bounds: Sequence[float]) -> str:
    """The bounds of a difference; a dash for the model itself."""
    low, high = bounds
    return f"{low:+.3f} … {high:+.3f}" if (low, high) != (0, 0) else "–"


def between(shares: Sequence[float]) -> str:
    """The bounds of a share in per cent."""
    low, high = shares
    return f"{kept(low)} … {kept(high)}"


def listed(names: Sequence[object]) -> str:
    """Names, or numbers, as one lists them in a sentence."""
    told = [str(name) for name in names]
    return " and ".join(filter(None, [", ".join(told[:-1]), *told[-1:]]))


def named(rival: str) -> str:
    """A rival's name without the share it is measured at."""
    return rival.partition(",")[0]


def same_sign(ones: Sequence[float], others: Sequence[float]) -> bool:
    """Whether the same side is ahead in every pair."""
    differences = [one - other for one, other in zip(ones, others, strict=True)]
    return all(difference > 0 for difference in differences) or all(difference < 0 for difference in differences)


def short(task: str) -> str:
    """A task's name without what all have."""
    return task.removeprefix("tiny-")


def alt(text: str) -> str:
    """A text that may stand in the brackets of a Markdown picture."""
    return re.sub(r"[\[\]|`\s]+", " ", text).strip()
