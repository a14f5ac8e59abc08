"""Asks a model about a page and prints the tokens of its answer, in a process that cannot import this package.

Run as a file by ``reload.py``: what is published must work for people who have transformers only.

    python -P stranger.py MODEL PAGE DEVICE DTYPE
"""

import json
import sys
from typing import Any

QUESTION = "Read the text."
FEWEST, MOST = 8, 32
"""Tokens of an answer: enough to tell models apart, also ones that would end at once."""


def tokens_of_answer(model: Any, processor: Any, page: Any) -> list[int]:
    """The tokens of a greedy answer.

    Args:
        model: a loaded model.
        processor: its processor.
        page: a PIL image.
    """
    content = [{"type": "image"}, {"type": "text", "text": QUESTION}]
    prompt = processor.apply_chat_template([{"role": "user", "content": content}], add_generation_prompt=True)
    inputs = processor(text=prompt, images=[page], return_tensors="pt").to(model.device, model.dtype)
    answer = model.generate(**inputs, do_sample=False, min_new_tokens=FEWEST, max_new_tokens=MOST)[0]
    tokens: list[int] = answer[inputs["input_ids"].shape[1] :].tolist()
    return tokens


def main(folder: str, page: str, device: str, dtype: str) -> None:
    """Load a folder as a stranger would, and print the answer's tokens as JSON.

    Args:
        folder: of the model.
        page: an image file.
        device: where to run it.
        dtype: of the weights in memory.
    """
    sys.modules["fcotvl_hf"] = None  # type: ignore[assignment]  # any import of it fails
    import torch
    from PIL import Image
    from transformers import AutoModel, AutoProcessor

    model = AutoModel.from_pretrained(folder, trust_remote_code=True, dtype=getattr(torch, dtype)).to(device).eval()
    processor = AutoProcessor.from_pretrained(folder, trust_remote_code=True)
    answer = tokens_of_answer(model, processor, Image.open(page).convert("RGB"))
    sys.stdout.write(json.dumps(answer) + "\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
