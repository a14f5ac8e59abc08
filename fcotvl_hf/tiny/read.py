"""Stages 2 and 3: the whole model answers questions by next-token cross-entropy on the answers.

``follow`` trains projector and language model to go through the visual tokens in order, from one short line on: its
first gradients are noise that would only spoil what the vision tower has learnt. ``read`` then trains everything on the
mix of text, tables, charts and look-ups.
"""

from collections.abc import Callable, Sequence
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
from .precision import fastest_attention

POOL = 6
"""Batches drawn together and sorted by length, so that few placeholders and characters are padding."""

_SHARES = {"recognition": 0.4, "table": 0.2, "chart": 0.15, "lookup": 0.25}


Draw = Callable[[int, float], Sample]
"""From a seed and the share of the stage that is done (0 to 1) to a training page."""


def draw_lines(seed: int, done: float) -> Sample:
    """One-tile pages of text: a single line at first, up to five lines from a third of the stage on."""
    return recognition.sample(seed, Domain(), max_tiles=1, max_lines=1 + int(min(1.0, done * 3) * 4))


def draw_mix(seed: int, done: float) -> Sample:
    """Pages of all tasks and sizes; in the first fifth of the stage, half of them still one-tile text."""
    rng = Random(f"read-{seed}")
    if done < 0.2 and rng.random() < 0.5:
        return draw_lines(seed, 1.0)
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


def make_pool(pool: int, *, draw: Draw, schedule: Schedule, seed: int, processor: FCoTVLProcessor) -> list[Batch]:
    """``POOL`` batches of pages sorted by how long they are, in a shuffled order."""
    count = POOL * schedule.batch_size
    done = pool * POOL / schedule.steps
    samples = [draw(seed + pool * count + index, done) for index in range(count)]

    def length(sample: Sample) -> int:
        tiles = processor.image_processor.get_number_of_image_patches(sample.image.height, sample.image.width)
        return tiles * processor.image_seq_length + len(sample.question) + len(sample.answer)

    samples.sort(key=length)  # by what the language model sees; the vision tower pads nothing
    size = schedule.batch_size
    batches = [samples[start : start + size] for start in range(0, count, size)]
    Random(pool).shuffle(batches)
    return [collate(batch, processor) for batch in batches]


def answer_loss(model: FCoTVLForConditionalGeneration, batch: Batch) -> tuple[torch.Tensor, torch.Tensor]:
    """Weighted cross-entropy of the answers' tokens and the share predicted right; only their rows meet the head.

    A token of an answer of n tokens weighs 1/√n, as in InternVL's training: a look-up's three characters would drown
    among a table's hundred.
    """
    hidden = model.model(input_ids=batch["input_ids"], pixel_values=batch["pixel_values"]).last_hidden_state
    targets = batch["labels"][:, 1:]
    asked = targets != -100
    logits = model.lm_head(hidden[:, :-1][asked])  # [answer tokens, vocabulary]
    right = (logits.argmax(-1) == targets[asked]).float().mean()
    weights = asked.sum(dim=1, keepdim=True).rsqrt().expand_as(asked)[asked]  # [answer tokens]
    losses = F.cross_entropy(logits.float(), targets[asked], reduction="none")
    return (losses * weights).sum() / weights.sum(), right


def follow(
    model: FCoTVLForConditionalGeneration, processor: FCoTVLProcessor, folder: Path, schedule: Schedule, seed: int
) -> None:
    """Run the stage; all of ``model`` but its vision tower is trained in place.

    Args:
        model: its vision half has perceived.
        processor: its processor.
        folder: checkpoints and log.
        schedule: length, batch size, learning rate.
        seed: first page.
    """
    model.model.vision_tower.requires_grad_(False)
    _run(model, processor, folder, schedule, seed, draw_lines)
    model.model.vision_tower.requires_grad_(True)


def read(
    model: FCoTVLForConditionalGeneration,
    processor: FCoTVLProcessor,
    folder: Path,
    schedule: Schedule,
    seed: int,
    reads_already: bool = False,
) -> None:
    """Run the stage; all of ``model`` is trained in place.

    Args:
        model: has followed, or read before.
        processor: its processor.
        folder: checkpoints and log.
        schedule: length, batch size, learning rate.
        seed: first page.
        reads_already: the model needs no easy pages at the start.
    """
    draw = (lambda number, done: draw_mix(number, 1.0)) if reads_already else draw_mix
    _run(model, processor, folder, schedule, seed, draw)


def _run(
    model: FCoTVLForConditionalGeneration,
    processor: FCoTVLProcessor,
    folder: Path,
    schedule: Schedule,
    seed: int,
    draw: Draw,
) -> None:
    model.set_attn_implementation(fastest_attention())
    for part in (model.model.vision_tower, model.model.language_model):
        part.compile(dynamic=True)  # minutes once, then a step takes less than half

    def loss_of(batch: Batch) -> tuple[torch.Tensor, dict[str, float]]:
        loss, right = answer_loss(model, batch)
        return loss, {"accuracy": right.item(), "tiles": batch["pixel_values"].shape[0]}

    pool = partial(make_pool, draw=draw, schedule=schedule, seed=seed, processor=processor)
    train(model, loss_of, lambda first: stream(pool, POOL, first), schedule, folder)
