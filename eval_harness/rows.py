"""What the runner reads from a row: the conversation to complete and the right answers.

A row is a dict with ``id``, ``images``, ``messages``; the last message is the assistant's and holds the reference.
"""

from collections.abc import Mapping
from typing import Any

Row = Mapping[str, Any]


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
    """The right answers of a row."""
    return [_text(row["messages"][-1])]


def _text(message: Mapping[str, Any]) -> str:
    return "".join(block["text"] for block in message["content"] if block["type"] == "text")
