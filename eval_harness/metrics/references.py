"""One check that all metrics with several right answers share."""

from collections.abc import Sequence


def some(references: Sequence[str]) -> Sequence[str]:
    """Return the references.

    Raises:
        ValueError: there is none, or they are a single text, whose characters would be taken for answers.
    """
    if isinstance(references, str):
        raise ValueError(f"references must be a list of texts, not the text {references[:80]!r}")
    if not references:
        raise ValueError("there must be at least one reference")
    return references
