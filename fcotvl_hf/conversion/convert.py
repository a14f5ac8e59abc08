"""``fcotvl convert``: an original InternVL2 folder, or a native one, becomes an FCoT-VL folder of stride 1, losslessly.

Raw tensors are renamed and split one at a time, so memory stays at one tensor; no code of the source is run. Names,
shapes and settings are checked against an empty model of the target's shape before the first value is read.
"""

import logging
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import reduce
from pathlib import Path

import torch
from rich.console import Console
from rich.progress import track
from transformers import GenerationConfig

from fcotvl_hf.hub.cards import model_card
from fcotvl_hf.hub.names import check_output, local_folder, shown_name
from fcotvl_hf.io.atomic import atomic_folder
from fcotvl_hf.io.json_object import read_json
from fcotvl_hf.io.tensors import TensorSpec, write_checkpoint
from fcotvl_hf.modeling import FCoTVLConfig, FCoTVLForConditionalGeneration, FCoTVLProcessor

from .chat_templates import CONVERSATIONS, build_chat_template
from .checkpoint import Checkpoint, open_checkpoint
from .configuration import convert_config, convert_image_processor, llm_type
from .key_maps import KeyMap, map_native, original_key_map
from .native import native_config, native_processor
from .output import save_settings
from .settings import Settings, blamed_on
from .tokenizer import adds_bos, convert_tokenizer

logger = logging.getLogger(__name__)

WANTED = ["*.json", "*.safetensors", "*.jinja", "tokenizer.model", "merges.txt"]
"""What is downloaded of a Hub repository; pickles only if they are allowed."""

_HEAD = "lm_head.weight"

_WEIGHT_TYPES = (torch.float64, torch.float32, torch.bfloat16, torch.float16)

_NOTE = "Converted from `{source}` by `fcotvl convert`: its weights, tokenizer and chat template, and its answers."


@dataclass(frozen=True)
class Source:
    """An opened source: everything but the values of its weights.

    Args:
        config: of the target.
        processor: of the target.
        checkpoint: the source's weights.
        key_map: from the source's tensors to the target's.
    """

    config: FCoTVLConfig
    processor: FCoTVLProcessor
    checkpoint: Checkpoint
    key_map: KeyMap


def convert(
    source: str,
    out: Path,
    *,
    dtype: torch.dtype | None = None,
    allow_pickle: bool = False,
    system_prompt: str | None = None,
    overwrite: bool = False,
) -> FCoTVLConfig:
    """Write an FCoT-VL folder of stride 1 with the source's weights, tokenizer and chat template.

    Args:
        source: folder or Hub id of an original InternVL2 (``internvl_chat``) or a native InternVL (``internvl``).
        out: folder to write.
        dtype: of the weights; the source's by default.
        allow_pickle: read ``.bin`` files if there are no safetensors, weights only.
        system_prompt: the chat template's, instead of the original's.
        overwrite: replace ``out`` if it exists.

    Returns:
        The new folder's configuration.

    Raises:
        FileExistsError: ``out`` exists and ``overwrite`` is false.
        OSError: a file is missing, or the disk is full.
        UsageError: ``out`` is the source or holds it.
        ValueError: a file is damaged, or a setting or tensor is not supported; the message names it.
    """
    check_output(out, source)
    with atomic_folder(out, overwrite) as folder:
        wanted = [*WANTED, "*.bin"] if allow_pickle else WANTED
        opened = open_source(local_folder(source, wanted), allow_pickle, system_prompt)
        specs = plan(opened, dtype)
        opened.config.dtype = common_dtype(specs)
        write_checkpoint(folder, specs, mapped(opened))
        save_settings(folder, opened.config, _generation(opened), opened.processor)
        note = _NOTE.format(source=shown_name(source))
        model_card(opened.config, source, name=out.name, note=note).save(folder / "README.md")
    tokens = opened.config.image_seq_length
    logger.info("%s: %d visual tokens per tile; next: fcotvl init %s STUDENT --compression 0.5", out, tokens, out)
    return opened.config


def open_source(folder: Path, allow_pickle: bool = False, system_prompt: str | None = None) -> Source:
    """Read a source's settings, tokenizer and tensor names, and nothing large.

    Args:
        folder: original or native.
        allow_pickle: see ``convert``.
        system_prompt: see ``convert``.

    Raises:
        OSError, ValueError: see ``convert``.
    """
    settings = read_json(folder / "config.json")
    match settings.get("model_type"):
        case "internvl_chat":
            return _open_original(folder, Settings(settings, "config.json"), allow_pickle, system_prompt)
        case "internvl":
            config = native_config(settings)
            processor = native_processor(folder, config, system_prompt)
            return Source(config, processor, open_checkpoint(folder, allow_pickle), map_native)
        case kind:
            raise ValueError(f"{folder} is of type {kind!r}; internvl_chat (InternVL2) and internvl can be converted")


def plan(source: Source, dtype: torch.dtype | None = None) -> dict[str, TensorSpec]:
    """What will be written, in order; checked against the model that ``source.config`` describes.

    Args:
        source: an opened source.
        dtype: of the weights; the source's by default.

    Raises:
        ValueError: a tensor is unknown, missing, quantised, or of another shape than the configuration says; or the
            tokenizer has more ids than the model has embeddings.
    """
    vocabulary = source.config.text_config.vocab_size
    if (largest := max(source.processor.tokenizer.get_vocab().values())) >= vocabulary:
        raise ValueError(f"the tokenizer has ids up to {largest}, but vocab_size={vocabulary} in config.json")
    targets = {name: _targets(source, name, spec) for name, spec in source.checkpoint.specs.items()}
    if any(target == _HEAD for parts in targets.values() for target, _ in parts):
        source.config.tie_word_embeddings = False  # older native folders do not say so, and .bin files store both
    wanted = _wanted(source.config)
    planned: dict[str, TensorSpec] = {}
    for name, parts in targets.items():
        for target, part in parts:
            if target in planned:
                raise ValueError(f"tensor {name} of the checkpoint is there twice, under another name too: {target}")
            if target not in wanted:
                raise ValueError(f"tensor {name} of the checkpoint has no place in the model")
            if tuple(part.shape) != wanted[target]:
                got, shape = list(part.shape), list(wanted[target])
                raise ValueError(f"tensor {name}: {target} would have shape {got}, config.json says {shape}")
            planned[target] = TensorSpec(wanted[target], dtype or source.checkpoint.specs[name].dtype)
    if missing := sorted(wanted.keys() - planned.keys()):
        raise ValueError(f"the checkpoint lacks tensors for {', '.join(missing[:3])} ({len(missing)} in all)")
    return planned


def mapped(source: Source) -> Iterator[tuple[str, torch.Tensor]]:
    """All target tensors in the order of ``plan``; a source tensor is let go before the next is read.

    Args:
        source: an opened source.
    """
    names, console = list(source.checkpoint.specs), Console(stderr=True)
    for name in track(names, "copying weights", console=console, transient=True, disable=not console.is_terminal):
        yield from source.key_map(name, source.checkpoint.tensor(name))


def common_dtype(specs: Mapping[str, TensorSpec]) -> torch.dtype:
    """The type that loses none of the weights'.

    Args:
        specs: of all weights.
    """
    return reduce(torch.promote_types, (spec.dtype for spec in specs.values()))


def _wanted(config: FCoTVLConfig) -> dict[str, tuple[int, ...]]:
    """Names and shapes of the weights that a model of this configuration reads."""
    with blamed_on("config.json"), torch.device("meta"):
        model = FCoTVLForConditionalGeneration(config)
    tied = {_HEAD} if config.tie_word_embeddings else set()
    return {name: tuple(tensor.shape) for name, tensor in model.state_dict().items() if name not in tied}


def _open_original(folder: Path, settings: Settings, allow_pickle: bool, system_prompt: str | None) -> Source:
    llm = llm_type(settings)
    tokenizer = convert_tokenizer(folder)
    template = build_chat_template(settings.choice("template", CONVERSATIONS), adds_bos(tokenizer), system_prompt)
    config = convert_config(settings, tokenizer.get_vocab().__getitem__)
    processor = FCoTVLProcessor(
        convert_image_processor(settings), tokenizer, image_seq_length=config.image_seq_length, chat_template=template
    )
    text = config.text_config
    key_map = original_key_map(llm, text.num_attention_heads, text.num_key_value_heads)
    return Source(config, processor, open_checkpoint(folder, allow_pickle), key_map)


def _targets(source: Source, name: str, spec: TensorSpec) -> list[tuple[str, torch.Tensor]]:
    if spec.dtype not in _WEIGHT_TYPES:
        raise ValueError(f"tensor {name} is of type {spec.dtype}; quantised checkpoints are not supported")
    tensor = torch.empty(spec.shape, device="meta")
    try:
        targets = source.key_map(name, tensor)
    except ValueError as error:
        raise ValueError(f"tensor {name}: {error}") from None
    if not targets:
        raise ValueError(f"tensor {name} of the checkpoint is unknown")
    return targets


def _generation(source: Source) -> GenerationConfig:
    """Greedy answers that end where a turn does."""
    tokenizer = source.processor.tokenizer
    return GenerationConfig(
        bos_token_id=tokenizer.bos_token_id,
        eos_token_id=source.config.text_config.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
        max_new_tokens=1024,
        do_sample=False,
    )
