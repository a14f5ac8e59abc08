r"""Finding what a response says its final answer is: ``Answer: …``, ``The answer is …``, ``\boxed{…}``, ``<answer>``.

A response may state its answer more than once; all of them are returned, so that one that contradicts itself can be
told from one that repeats itself. What is not announced as the answer is none: the last number of a chain is often a
step.
"""

import re

_TAGGED = re.compile(r"<answer>(.*?)</answer>", re.IGNORECASE | re.DOTALL)
_ANNOUNCED = re.compile(r"\banswer(?:\s+is)?\s*(?::|(?<=is)\s)[ \t]*\n?[ \t]*([^\n]+)", re.IGNORECASE)
_BOXED = "\\boxed{"
_MARKDOWN = re.compile(r"\*\*|__|`|^#+\s*", re.MULTILINE)
_SPACES = re.compile(r"[^\S\n]+")
_TEX_TEXT = re.compile(r"\\(?:text|mathrm|textbf|mathbf)\{([^{}]*)\}")
_TEX_SPACES = re.compile(r"\\[,;:! ]")
_TEX_SIGNS = {r"\%": "%", r"\$": "$", r"^\circ": "°", r"^{\circ}": "°", "{,}": ",", r"\times": "×"}
_QUOTES = "\"'“”‘’"


def stated_answers(response: str) -> list[str]:
    """Everything that a response announces as its answer, in order, cleaned of markup.

    Args:
        response: the whole text of a response.
    """
    text = _MARKDOWN.sub("", response)
    tagged = [match[1] for match in _TAGGED.finditer(text)]
    rest = _TAGGED.sub("", text)
    boxed = _boxed(rest)
    announced = [match[1] for match in _ANNOUNCED.finditer(rest) if _BOXED not in match[1]]
    return [answer for answer in map(clean_answer, [*tagged, *boxed, *announced]) if answer]


def clean_answer(text: str) -> str:
    r"""An answer without Markdown, quotes, dollars of mathematics, LaTeX's spaces, ``\text{}`` and a last full stop."""
    text = _TEX_TEXT.sub(r"\1", _MARKDOWN.sub("", text).strip())
    for sign, plain in _TEX_SIGNS.items():
        text = text.replace(sign, plain)
    text = _TEX_SPACES.sub(" ", text).strip()
    text = text.removeprefix(r"\(").removesuffix(r"\)").strip()
    text = text.rstrip(".") if not text.endswith("..") else text
    if len(text) > 2 and text.startswith("$") and text.endswith("$"):
        text = text.strip("$")
    if len(text) > 1 and text[0] in _QUOTES and text[-1] in _QUOTES:
        text = text[1:-1]
    return _SPACES.sub(" ", text).strip()


def _boxed(text: str) -> list[str]:
    r"""The contents of every ``\boxed{…}``, inner braces kept; an unclosed one is none."""
    found = []
    start = text.find(_BOXED)
    while start >= 0:
        depth, end = 1, start + len(_BOXED)
        while end < len(text) and depth:
            depth += {"{": 1, "}": -1}.get(text[end], 0)
            end += 1
        if not depth:
            found.append(text[start + len(_BOXED) : end - 1])
        start = text.find(_BOXED, end)
    return found
