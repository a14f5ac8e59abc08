"""What the runner reads from a row: the conversation to complete, and what the answer is scored against.

A row is a dict with ``id``, ``images``, ``messages``; the last message is the assistant's and holds the reference.
Images are open pictures, or the bytes of image files, which are decoded when they are asked about.
"""

from collections.abc import Mapping, Sequence
from typing import Any

Row = Mapping[str, Any]

Target = Mapping[str, Any]
"""What an answer is scored against: ``references``, all right answers, and what else the task's metric takes."""


def conversation(row: Row, prompt: str) -> list[dict[str, Any]]:
    """The messages before the reference answer, the last question put into ``prompt``.

    Args:
        row: a row whose last message is the assistant's.
        prompt: a task's prompt; ``{question}`` stands for the row's own question.

    Raises:
        ValueError: the row does not end with a question and its answer.
    """
    messages = [dict(message) for message in row["messages"]]
    if [message["role"] for message in messages[-2:]] != ["user", "assistant"]:
        raise ValueError(f"row {row['id']} must end with a user's question and the assistant's answer")
    question = messages[-2]
    blocks = [block for block in question["content"] if block["type"] != "text"]
    text = prompt.format(question=_text(question))
    return [*messages[:-2], {"role": "user", "content": [*blocks, {"type": "text", "text": text}]}]


def references(row: Row) -> list[str]:
    """The right answer of a row that has one, which is what the assistant says."""
    return [_text(row["messages"][-1])]


def spoken_target(row: Row) -> Target:
    """The target of a row that has nothing but its conversation."""
    return {"references": references(row)}


def question_row(name: str, image: Any, question: str, answers: Sequence[Any], /, **columns: Any) -> dict[str, Any]:
    """A row that asks one question about one image, with its target under ``target``.

    Args:
        name: the row's id.
        image: an open picture, or an image file's bytes.
        question: what is asked.
        answers: the right answers; the assistant gives the first.
        **columns: what else the metric takes.
    """
    user = [{"type": "image"}, {"type": "text", "text": question}]
    spoken = [{"type": "text", "text": str(answers[0]) if answers else ""}]
    messages = [{"role": "user", "content": user}, {"role": "assistant", "content": spoken}]
    return {
        "id": name,
        "images": [image],
        "messages": messages,
        "target": {"references": list(answers), **columns},
    }


def _text(message: Mapping[str, Any]) -> str:
    return "".join(block["text"] for block in message["content"] if block["type"] == "text")
