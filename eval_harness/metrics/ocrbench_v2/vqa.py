"""Questions with a text as answer: a short one must be contained in the reply, a long one is compared by edits.

Short is fewer than five words; in Chinese, where spaces do not count, fewer than four pieces between commas. A long
answer scores its similarity from 0.5 on, so one that a wordy reply contains may score 0.
"""

from collections.abc import Callable, Sequence

from rapidfuzz.distance import Levenshtein

References = str | Sequence[str | int | float]
"""Right answers. A single text instead of a list is scored by other rules, see ``vqa``."""

_WORDS = 5
_PIECES = 4
_LEAST = 0.5


def vqa(prediction: str, references: References) -> float:
    """Score a reply to an English question; case does not count.

    Args:
        prediction: what the model wrote.
        references: right answers; the best match counts. Given as a text, not a list, a short answer may also be
            near the reply, and a long one never scores: the benchmark's script does so.
    """
    return _best(prediction, references, lambda text: _clean(text.lower()), _few_words)


def vqa_case_sensitive(prediction: str, references: References) -> float:
    """Score a reply to an English question by the rules of ``vqa``, but case counts."""
    return _best(prediction, references, _clean, _few_words)


def vqa_chinese(prediction: str, references: References) -> float:
    """Score a reply to a Chinese question by the rules of ``vqa``; neither case nor spaces count."""
    return _best(prediction, references, lambda text: _clean(text.lower()).replace(" ", ""), _few_pieces)


def option(prediction: str, references: References) -> float:
    """Score a reply to a multiple-choice question: its letters, run together, are the right option.

    Raises:
        ValueError: there is not exactly one right option.
    """
    right = [references] if isinstance(references, str) else references
    if len(right) != 1:
        raise ValueError(f"a multiple-choice question has one right option, not {len(right)}")
    return float("".join(filter(str.isalpha, prediction)) == right[0])


def similarity(first: str, second: str) -> float:
    """Return 1 − edits / length of the longer text; 1 for two empty ones."""
    return Levenshtein.normalized_similarity(first, second)


def _best(
    prediction: str, references: References, clean: Callable[[str], str], is_short: Callable[[str], bool]
) -> float:
    answer = clean(prediction)
    if isinstance(references, str):
        return _single(answer, clean(references), is_short)
    wanted = [clean(str(reference)) for reference in references]
    return max((float(text in answer) if is_short(text) else _near(answer, text) for text in wanted), default=0.0)


def _single(answer: str, wanted: str, is_short: Callable[[str], bool]) -> float:
    if not is_short(wanted):
        return 0.0
    return 1.0 if wanted in answer else _near(answer, wanted)


def _near(answer: str, wanted: str) -> float:
    score = similarity(answer, wanted)
    return score if score >= _LEAST else 0.0


def _clean(text: str) -> str:
    return text.strip().replace("\n", " ")


def _few_words(text: str) -> bool:
    return len(text.split()) < _WORDS


def _few_pieces(text: str) -> bool:
    return len(text.split(",")) < _PIECES
