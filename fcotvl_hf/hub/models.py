"""One way to load a model: by a packaged name, a folder or a Hub id, with everything checked that could be wrong.

transformers fills missing weights with random ones and only warns; serving a processor that writes the wrong number
of placeholders is silent. Both are errors here.
"""

from pathlib import Path

import torch
from huggingface_hub import hf_hub_download
from safetensors import SafetensorError

from fcotvl_hf.modeling import FCoTVLForConditionalGeneration, FCoTVLProcessor

from .configs import load_config
from .names import PACKAGED as PACKAGED
from .names import resolve_model as resolve_model


def load_model(
    name: str, dtype: torch.dtype | None = None, device: str | torch.device | None = None
) -> tuple[FCoTVLForConditionalGeneration, FCoTVLProcessor]:
    """Load a model and its processor for inference.

    Args:
        name: see ``resolve_model``.
        dtype: of the weights in memory; by default the checkpoint's, but float32 on CPU, where half precision is slow.
        device: where to put the model; by default an accelerator if there is one, else the CPU.

    Returns:
        The model in eval mode, and the processor.

    Raises:
        FileNotFoundError: there is no such model.
        OSError: the folder or repository holds no model, or no processor.
        ValueError: weights are missing, left over or of the wrong shape, the model is no FCoT-VL model, or the
            processor writes another number of placeholders than the model emits visual tokens.
    """
    path = resolve_model(name)
    target = torch.device(device) if device is not None else _default_device()
    if dtype is None and target.type == "cpu":
        dtype = torch.float32
    load_config(path)  # what is wrong with small files is found before large ones are read
    try:
        processor = FCoTVLProcessor.from_pretrained(path)
    except OSError as error:
        raise OSError(
            f"{name} has no processor: processor_config.json and the tokenizer's files must lie beside its weights"
        ) from error
    model = load_weights(path, dtype)
    processor.check_against(model.config)
    return model.to(target).eval(), processor


def load_weights(path: str, dtype: torch.dtype | None = None) -> FCoTVLForConditionalGeneration:
    """Load a model and refuse a checkpoint that does not fill it exactly.

    Args:
        path: a folder or a Hub id.
        dtype: of the weights in memory; by default the checkpoint's.

    Raises:
        OSError: there is no model.
        ValueError: keys are missing, unexpected or of another shape, weights are cut short, or it is another kind of
            model.
    """
    load_config(path)  # a model of another kind is told apart before its weights are read
    try:
        model, info = FCoTVLForConditionalGeneration.from_pretrained(
            path, dtype="auto" if dtype is None else dtype, output_loading_info=True, ignore_mismatched_sizes=True
        )
    except SafetensorError as error:
        raise ValueError(f"weights of {path} are cut short or no safetensors ({error}); get them again") from None
    for problem in ("unexpected_keys", "mismatched_keys"):  # the class itself refuses missing ones
        if keys := sorted(str(key) for key in info[problem]):
            shown = ", ".join(keys[:3]) + (f" and {len(keys) - 3} more" if len(keys) > 3 else "")
            raise ValueError(f"{path} does not fit its config.json: {problem.replace('_', ' ')} {shown}")
    return model


def revision_of(name: str) -> str | None:
    """The commit of a Hub repository that is loaded by ``name``; ``None`` for folders and packaged models.

    Args:
        name: see ``resolve_model``.
    """
    path = resolve_model(name)
    return None if Path(path).is_dir() else Path(hf_hub_download(path, "config.json")).parent.name


def _default_device() -> torch.device:
    accelerator = torch.accelerator.current_accelerator(check_available=True)
    return accelerator if accelerator is not None else torch.device("cpu")
