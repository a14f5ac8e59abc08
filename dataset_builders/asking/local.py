"""A model of this machine, loaded by transformers: any image-text-to-text model, ours among them."""

from collections.abc import Iterator, Sequence
from typing import Any

import torch
from transformers import AutoModelForImageTextToText, AutoProcessor, set_seed

import fcotvl_hf.modeling  # noqa: F401  (registers our classes)
from fcotvl_hf.eval_harness.confidence import TokenScores
from fcotvl_hf.eval_harness.processes import processes
from fcotvl_hf.io.images import load_image

from .request import Outcome, Reply, Request, Settings


class LocalModel:
    """A model in memory, where accelerate puts it.

    Args:
        path: a folder or a Hub id.
        settings: how it is asked; ``parallel`` is the size of a batch.

    Raises:
        OSError: there is no such model.
        ValueError: it is no image-text-to-text model.
    """

    def __init__(self, path: str, settings: Settings) -> None:
        self.name, self._settings = path, settings
        self._processor: Any = AutoProcessor.from_pretrained(path)
        device = processes().device
        dtype = torch.float32 if device.type == "cpu" else "auto"  # half precision is slow on CPU
        self._model = AutoModelForImageTextToText.from_pretrained(path, dtype=dtype).to(device).eval()

    def answer(self, requests: Sequence[Request]) -> Iterator[tuple[Request, Outcome]]:
        """Answer requests in batches."""
        for start in range(0, len(requests), self._settings.parallel):
            batch = requests[start : start + self._settings.parallel]
            yield from zip(batch, self._batch(batch), strict=True)

    def _batch(self, requests: Sequence[Request]) -> list[Outcome]:
        settings, processor = self._settings, self._processor
        talks = [_talk(request) for request in requests]
        prompts = [processor.apply_chat_template(talk, add_generation_prompt=True) for talk in talks]
        images = [load_image(request.image) for request in requests if request.image]
        inputs = processor(text=prompts, images=images or None, padding=True, padding_side="left", return_tensors="pt")
        inputs = inputs.to(self._model.device)
        set_seed(requests[0].draw)
        sampling = (
            {"do_sample": True, "temperature": settings.temperature} if settings.temperature else {"do_sample": False}
        )
        scores = TokenScores()
        with torch.inference_mode():
            output = self._model.generate(
                **inputs,
                **sampling,
                max_new_tokens=settings.max_new_tokens,
                num_beams=1,
                logits_processor=[scores] if settings.confidence else [],
            )
        tokens = output[:, inputs["input_ids"].shape[1] :]  # [requests, new tokens]
        lengths, ended = _lengths(tokens, self._model.generation_config.eos_token_id)
        confidences = _confidences(scores.of(tokens), lengths) if settings.confidence else [None] * len(requests)
        said = processor.batch_decode(tokens, skip_special_tokens=True)
        return [Reply(*each) for each in zip(said, ended, confidences, strict=True)]


def _confidences(scores: torch.Tensor, lengths: Sequence[int]) -> list[float]:
    """The geometric mean of each row's probabilities, from log probabilities ``[rows, new tokens]``."""
    return [scores[row, :length].mean().exp().item() for row, length in enumerate(lengths)]


def _lengths(tokens: torch.Tensor, end: int | list[int]) -> tuple[list[int], list[bool]]:
    """Tokens of each row up to and with its end, and whether it has one."""
    ends = torch.isin(tokens, torch.tensor(end, device=tokens.device))  # [rows, new tokens]
    ended = ends.any(dim=1).tolist()
    first = ends.int().argmax(dim=1).tolist()
    return [place + 1 if has else tokens.shape[1] for place, has in zip(first, ended, strict=True)], ended


def _talk(request: Request) -> list[dict[str, Any]]:
    text = {"type": "text", "text": request.prompt}
    return [{"role": "user", "content": [{"type": "image"}, text] if request.image else [text]}]
