"""Whether a model folder loads and computes, seen by a process that knows nothing of the one that wrote it.

    python -m fcotvl_hf.merging.verify FOLDER

loads it through ``AutoModel`` with the code in the folder (a model of transformers' own: by the class that its
configuration names), refuses missing or left-over weights, and runs a forward pass: of a picture and a few words where
the folder has a processor for them, else of a few tokens.
"""

import subprocess
import sys
from pathlib import Path
from typing import Any

from fcotvl_hf.command import run_command

_UNREAL = "the forward pass gives numbers that are not finite"


def verify(folder: Path) -> None:
    """Check a folder in a process of its own.

    Args:
        folder: a model folder; code in it is run.

    Raises:
        ValueError: it does not load, or does not compute; the message says what that process said.
    """
    command = [sys.executable, "-m", __name__, str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        said = done.stderr.strip().splitlines() or [f"status {done.returncode}"]
        raise ValueError(f"{folder} was written, but cannot be used: {said[-1].removeprefix('verify: error: ')}")


def check(folder: str) -> None:
    """Load a folder and run a forward pass here.

    Args:
        folder: a model folder; code in it is run.

    Raises:
        ValueError: weights are missing or left over, or the forward pass gives numbers that are not finite.
        OSError: it holds no model.
    """
    import torch

    model, info = _model_class(folder).from_pretrained(folder, trust_remote_code=True, output_loading_info=True)
    for problem in ("missing_keys", "mismatched_keys", "unexpected_keys"):
        if keys := sorted(map(str, info[problem])):
            raise ValueError(f"{problem.replace('_', ' ')}: {', '.join(keys[:3])}")
    model.eval()
    with torch.inference_mode():
        output = model(**_inputs(folder, model.config.get_text_config().vocab_size))
    if not torch.isfinite(output[0]).all():
        raise ValueError(_UNREAL)


def _model_class(folder: str) -> Any:
    """``AutoModel``, or the class of transformers with the head that the weights have."""
    import transformers

    config, _ = transformers.PreTrainedConfig.get_config_dict(folder)
    named = [] if "auto_map" in config else config.get("architectures") or []
    return getattr(transformers, named[0]) if named else transformers.AutoModel


def _inputs(folder: str, vocabulary: int) -> dict[str, object]:
    """A picture and a word for models that see, a few tokens for others."""
    import torch
    from PIL import Image
    from transformers import AutoProcessor

    if not (Path(folder) / "processor_config.json").is_file():
        return {"input_ids": torch.arange(8)[None] % vocabulary}
    processor = AutoProcessor.from_pretrained(folder, trust_remote_code=True)
    content = [{"type": "image"}, {"type": "text", "text": "Read the text."}]
    text = processor.apply_chat_template([{"role": "user", "content": content}], add_generation_prompt=True)
    return dict(processor(text=text, images=Image.new("RGB", (64, 64), "white"), return_tensors="pt"))


if __name__ == "__main__":
    sys.exit(run_command("verify", lambda: check(sys.argv[1])))
