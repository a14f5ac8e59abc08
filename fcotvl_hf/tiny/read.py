"""Stage 2, read: the whole model answers questions, from one line of text to tables, charts and look-ups.

Next-token cross-entropy on the answers only. The curriculum starts with one short line on one tile, so that the
language model first learns to go through the visual tokens in order, and widens to the full mix.
"""

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from random import Random

import torch
from torch.nn import functional as F

from fcotvl_hf.dataset_builders.ocr_mix import recognition
from fcotvl_hf.dataset_builders.ocr_mix.mix import TASKS
from fcotvl_hf.dataset_builders.rendering import Domain
from fcotvl_hf.dataset_builders.rows import Sample
from fcotvl_hf.modeling import FCoTVLForConditionalGeneration, FCoTVLProcessor

from .loop import Schedule, train
from .pages import Batch, stream

POOL = 6
"""Batches drawn together and sorted by length, so that few placeholders and characters are padding."""

_SHARES = {"recognition": 0.4, "table": 0.25, "chart": 0.15, "lookup": 0.2}


def draw(seed: int, progress: float) -> Sample:
    """The training page of ``seed`` when a share ``progress`` (0 to 1) of the stage is done."""
    rng = Random(f"read-{seed}")
    if progress < 0.1:
        return recognition.sample(seed, Domain(), max_tiles=1, max_lines=1 + int(progress * 30))
    if progress < 0.3 and rng.random() < 0.6:
        return recognition.sample(seed, Domain(), max_tiles=1)
    task = rng.choices(list(_SHARES), list(_SHARES.values()))[0]
    return TASKS[task](seed, Domain())


def collate(samples: Sequence[Sample], processor: FCoTVLProcessor) -> Batch:
    """Right-padded ``input_ids`` and ``labels`` ``[batch, length]`` (−100 off the answers) and the tiles.

    Right padding behind a causal model needs no attention mask.
    """
    texts = [processor.apply_chat_template(sample.messages, tokenize=False) for sample in samples]
    images = [sample.image for sample in samples]
    inputs = processor(images=images, text=texts, padding=True, padding_side="right", return_tensors="pt")
    ids = inputs["input_ids"]
    start = processor.tokenizer.convert_tokens_to_ids("<|assistant|>")
    answered = (ids == start).cumsum(dim=1).bool() & (ids != start) & inputs["attention_mask"].bool()
    return {"input_ids": ids, "labels": ids.where(answered, -100), "pixel_values": inputs["pixel_values"]}


def make_pool(pool: int, *, schedule: Schedule, seed: int, progress: float | None, processor: FCoTVLProcessor) -> list[Batch]:
    """``POOL`` batches of pages sorted by how long they are, in a shuffled order."""
    count = POOL * schedule.batch_size
    done = progress if progress is not None else pool * POOL / schedule.steps
    samples = [draw(seed + pool * count + index, done) for index in range(count)]

    def length(sample: Sample) -> tuple[int, int]:
        tiles = processor.image_processor.get_number_of_image_patches(sample.image.height, sample.image.width)
        return tiles, len(sample.question) + len(sample.answer)

    samples.sort(key=length)
    size = schedule.batch_size
    batches = [samples[start : start + size] for start in range(0, count, size)]
    Random(pool).shuffle(batches)
    return [collate(batch, processor) for batch in batches]


def answer_loss(model: FCoTVLForConditionalGeneration, batch: Batch) -> tuple[torch.Tensor, torch.Tensor]:
    """Mean cross-entropy of the answers' tokens and the share predicted right; only their rows meet the head."""
    hidden = model.model(input_ids=batch["input_ids"], pixel_values=batch["pixel_values"]).last_hidden_state
    targets = batch["labels"][:, 1:]
    asked = targets != -100
    logits = model.lm_head(hidden[:, :-1][asked])  # [answer tokens, vocabulary]
    right = (logits.argmax(-1) == targets[asked]).float().mean()
    return F.cross_entropy(logits, targets[asked]), right


def read(
    model: FCoTVLForConditionalGeneration,
    processor: FCoTVLProcessor,
    folder: Path,
    schedule: Schedule,
    seed: int,
    *,
    progress: float | None = None,
) -> None:
    """Run the stage; all of ``model`` is trained in place.

    Args:
        model: a teacher whose vision half has perceived, or one that reads already.
        processor: its processor.
        folder: checkpoints and log.
        schedule: length, batch size, learning rate.
        seed: first page.
        progress: where on the curriculum to stay; from 0 to 1 over the stage if ``None``.
    """
    model.model.vision_tower.compile(dynamic=True)
    model.model.language_model.compile(dynamic=True)

    def loss_of(batch: Batch) -> tuple[torch.Tensor, dict[str, float]]:
        loss, right = answer_loss(model, batch)
        return loss, {"accuracy": right.item(), "tiles": batch["pixel_values"].shape[0]}

    pool = partial(make_pool, schedule=schedule, seed=seed, progress=progress, processor=processor)
    train(model, loss_of, lambda first: stream(pool, POOL, first), schedule, folder)
