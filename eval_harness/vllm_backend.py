"""vLLM as what answers: the same prompts, pages and greedy decoding, batched continuously by the engine.

The engine runs in this process's environment, where this package's plugin tells it how to run FCoT-VL
(``fcotvl_hf.serving``). Tested with vLLM 0.32 on a CPU; see docs/serving.md.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from PIL import Image

from fcotvl_hf.io.tensors import read_specs
from fcotvl_hf.modeling import FCoTVLConfig, FCoTVLProcessor

from .backend import Answer, Backend, Conversation
from .fingerprint import settings_hash, weights_hash


class VllmBackend(Backend):
    """An engine of vLLM with one model.

    Args:
        folder: the model's, with safetensors weights.
        **options: arguments of ``vllm.LLM``. By default a CPU computes in float32, as transformers' backend does
            there, and uncompiled.

    Raises:
        ImportError: vLLM is not installed.
    """

    name = "vllm"

    def __init__(self, folder: Path, **options: Any) -> None:
        from vllm import LLM

        self._folder = folder
        self.config = FCoTVLConfig.from_pretrained(folder)
        accelerator = torch.accelerator.current_accelerator(check_available=True)
        self._device = "cpu" if accelerator is None else str(accelerator)
        on_cpu = {"dtype": "float32", "enforce_eager": True} if accelerator is None else {}
        self._engine = LLM(model=str(folder), **on_cpu | options)

    @property
    def fingerprint(self) -> str:
        config = (self._folder / "config.json").read_text(encoding="utf-8")
        files = sorted(self._folder.glob("*.safetensors"))
        specs = {name: spec for path in files for name, spec in read_specs(path).items()}
        weights = {name: weights_hash([(name, spec.read())]) for name, spec in specs.items()}  # one at a time in memory
        return settings_hash({"backend": self.name, "dtype": self.dtype, "config": config, "weights": weights})

    @property
    def device(self) -> str:
        return self._device

    @property
    def dtype(self) -> str:
        return str(self._engine.model_config.dtype).removeprefix("torch.")

    @property
    def versions(self) -> dict[str, str]:
        import vllm

        return {"vllm": vllm.__version__}

    def answer(
        self,
        processor: FCoTVLProcessor,
        conversations: Sequence[Conversation],
        images: Sequence[Sequence[Image.Image]],
        max_new_tokens: int,
    ) -> list[Answer]:
        from vllm import SamplingParams

        tiles = processor.image_processor
        tiling = {"min_patches": tiles.min_patches, "max_patches": tiles.max_patches}
        prompts = [
            {
                "prompt": processor.apply_chat_template(talk, add_generation_prompt=True),
                "multi_modal_data": {"image": list(pages)},
                "mm_processor_kwargs": tiling,
            }
            for talk, pages in zip(conversations, images, strict=True)
        ]
        how = SamplingParams(temperature=0, max_tokens=max_new_tokens)
        made = self._engine.generate(prompts, how, use_tqdm=False)
        image_token = self.config.image_token_id
        return [Answer(each.outputs[0].text, list(each.prompt_token_ids).count(image_token)) for each in made]
