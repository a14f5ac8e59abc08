"""FCoT-VL as a model of lmms-eval, which makes the questions and scores the answers. Imported where lmms-eval is."""

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from lmms_eval.api.model import lmms
from lmms_eval.protocol import ChatMessages
from lmms_eval.utils import Collator
from PIL import Image

from fcotvl_hf.eval_harness.backend import TransformersBackend
from fcotvl_hf.eval_harness.processes import processes
from fcotvl_hf.eval_harness.processors import with_tile_limit
from fcotvl_hf.eval_harness.progress import shown_progress
from fcotvl_hf.hub.models import load_model
from fcotvl_hf.io.images import load_image

_LONGEST = 1024
"""Tokens of an answer if a task does not say, as for lmms-eval's other models."""

Arguments = tuple[Any, ...]
"""Of a request: context, function from a document to messages, generation settings, document's number, task, split."""


class FCoTVL(lmms):
    """Answers in batches, greedily unless a task sets a temperature. ``until`` is ignored, as by ``internvl_hf``.

    Args:
        pretrained: packaged name, folder or Hub id.
        batch_size: requests answered together; answers do not depend on it.
        device: where to put the model; by default each process's own.
        max_patches: most tiles of an image beside its thumbnail, instead of the processor's own limit.
        max_batch_size: part of lmms-eval's interface; there is no search for a batch size.

    Raises:
        OSError: there is no such model.
        ValueError: it cannot be used, or the batch size is no number.
    """

    is_simple = False

    def __init__(
        self,
        pretrained: str,
        batch_size: int | str = 1,
        device: str | None = None,
        max_patches: int | None = None,
        max_batch_size: int | None = None,
    ) -> None:
        super().__init__()
        state = processes()
        self._rank, self._world_size = state.process_index, state.num_processes
        self._batch_size = int(batch_size)
        model, processor = load_model(pretrained, device=device or state.device)
        self._backend, self._processor = TransformersBackend(model), with_tile_limit(processor, max_patches)

    @property
    def device(self) -> torch.device:
        """Where the model is."""
        return self._backend.model.device

    def generate_until(self, requests: Sequence[Any]) -> list[str]:
        """Answer requests, the longest contexts first; those with equal settings share batches.

        Args:
            requests: ``Instance`` objects of lmms-eval's chat interface.

        Returns:
            The answers in the order of the requests.

        Raises:
            ValueError: a message holds something else than text and images.
        """
        ordered = Collator(
            [request.args for request in requests],
            lambda arguments: -len(arguments[0]),
            group_fn=lambda arguments: arguments[2],
            grouping=True,
        )
        answers: list[str] = []
        with shown_progress("fcotvl", len(requests), self.rank == 0) as advance:
            for batch in ordered.get_batched(n=self._batch_size):
                answers += self._answer(batch)
                advance(len(batch))
        in_order: list[str] = ordered.get_original(answers)
        return in_order

    def _answer(self, batch: Sequence[Arguments]) -> list[str]:
        asked = [
            _conversation(ChatMessages(messages=to_messages(self.task_dict[task][split][number])))
            for _, to_messages, _, number, task, split in batch
        ]
        settings = batch[0][2]
        answers = self._backend.answer(
            self._processor,
            [talk for talk, _ in asked],
            [images for _, images in asked],
            settings.get("max_new_tokens", _LONGEST),
            **_decoding(settings),
        )
        for arguments, answer in zip(batch, answers, strict=True):
            self.cache_hook.add_partial("generate_until", (arguments[0], settings), answer.text)
        return [answer.text for answer in answers]

    def loglikelihood(self, requests: Sequence[Any]) -> list[tuple[float, bool]]:
        raise NotImplementedError("fcotvl generates answers; choose a task that scores generated text")

    def generate_until_multi_round(self, requests: Sequence[Any]) -> list[str]:
        raise NotImplementedError("fcotvl answers one question at a time; choose a task of one round")


def _decoding(settings: Mapping[str, Any]) -> dict[str, Any]:
    """A task's generation settings as arguments of ``generate``."""
    beams = {"num_beams": settings.get("num_beams") or 1}
    if not settings.get("temperature"):
        return beams
    return {**beams, "do_sample": True, "temperature": settings["temperature"], "top_p": settings.get("top_p")}


def _conversation(messages: ChatMessages) -> tuple[list[dict[str, Any]], list[Image.Image]]:
    """Messages as our chat template takes them, and their images."""
    talk, images = [], []
    for message in messages.messages:
        content: list[dict[str, str]] = []
        for block in message.content:
            if block.type == "image":
                images.append(load_image(block.url))
                content.append({"type": "image"})
            elif block.type == "text":
                content.append({"type": "text", "text": block.text})
            else:
                raise ValueError(f"FCoT-VL reads images and text, not {block.type}; choose a task without it")
        talk.append({"role": message.role, "content": content})
    return talk, images
