"""Text and pages in, model inputs out: each ``<IMG_CONTEXT>`` becomes tiles × ``image_seq_length`` placeholders."""

import re
from pathlib import Path
from typing import Any

import torch
from transformers import BatchFeature, InternVLProcessor, ProcessorMixin

from .configuration_fcotvl import FCoTVLConfig


class FCoTVLProcessor(InternVLProcessor):
    """InternVL's processor without its video half, which would need torchvision.

    Args:
        image_processor: an ``FCoTVLImageProcessor``.
        tokenizer: a tokenizer that names ``start_image_token``, ``end_image_token`` and ``context_image_token``.
        image_seq_length: visual tokens per tile; must be what the model's compressor emits.
        chat_template: Jinja template that writes one ``<IMG_CONTEXT>`` per image.
    """

    def __init__(
        self,
        image_processor: Any = None,
        tokenizer: Any = None,
        image_seq_length: int = 256,
        chat_template: str | None = None,
        **kwargs: Any,
    ) -> None:
        ProcessorMixin.__init__(self, image_processor, tokenizer, chat_template=chat_template, **kwargs)
        self.image_seq_length = image_seq_length
        self.start_image_token = tokenizer.start_image_token
        self.end_image_token = tokenizer.end_image_token
        self.start_image_token_id = tokenizer.start_image_token_id
        self.end_image_token_id = tokenizer.end_image_token_id
        self.image_token = tokenizer.context_image_token
        self.image_token_id = tokenizer.context_image_token_id
        self.video_token = None
        self.multimodal_pattern = re.compile(f"(?P<image>{re.escape(self.image_token)})")

    def __call__(self, images: Any = None, text: Any = None, videos: Any = None, **kwargs: Any) -> BatchFeature:
        """Prepare pages and text; a rendered chat template that begins with BOS does not get a second one.

        Args:
            images: pages in the order of their placeholders.
            text: one text or a list of texts.
            videos: part of InternVL's interface; there is no video half.
            **kwargs: settings of tokenizer and image processor, such as ``max_patches`` or ``padding``.

        Raises:
            ValueError: there are videos.
        """
        if videos is not None:
            raise ValueError("videos are not supported; give their frames as images")
        bos = self.tokenizer.bos_token
        texts = [text] if isinstance(text, str) else text
        if bos is not None and texts is not None and any(item.startswith(bos) for item in texts):
            text = [item if item.startswith(bos) else bos + item for item in texts]
            kwargs["add_special_tokens"] = False
        tensors = kwargs.pop("return_tensors", None)
        inputs = super().__call__(images=images, text=text, videos=videos, **kwargs)
        return self._add_tile_counts(self._as_tensors(inputs, tensors))

    def _as_tensors(self, inputs: BatchFeature, kind: Any) -> BatchFeature:
        """Make tensors of everything but the notes on replacements.

        InternVL's processor tries these too, and fails if the first text has no image and another has.
        """
        notes = inputs.pop("text_replacement_offsets", None)
        converted = BatchFeature(dict(inputs), tensor_type=kind)
        if notes is not None:
            converted["text_replacement_offsets"] = notes
        return converted

    def _add_tile_counts(self, inputs: BatchFeature) -> BatchFeature:
        """Tell vLLM how many tiles each image has.

        vLLM counts them without the options of the request, so wrongly when ``max_patches`` is one of these; it
        believes ``image_grid_thw`` instead. Only vLLM asks for text replacements without token offsets.
        """
        if "text_replacement_offsets" in inputs and "pixel_values" in inputs and "offset_mapping" not in inputs:
            blocks = [entry["replacement"] for sample in inputs["text_replacement_offsets"] for entry in sample]
            tiles = [block.count(self.image_token) // self.image_seq_length for block in blocks]
            inputs["image_grid_thw"] = torch.tensor([[count, 1, 1] for count in tiles])
        return inputs

    @classmethod
    def from_pretrained(cls, pretrained_model_name_or_path: Any, *args: Any, **kwargs: Any) -> Any:
        """Load a processor and refuse one that disagrees with the model configuration beside it.

        Raises:
            ValueError: tokens per tile or tile size differ from ``config.json``'s.
        """
        processor = super().from_pretrained(pretrained_model_name_or_path, *args, **kwargs)
        folder = Path(pretrained_model_name_or_path)
        if folder.is_dir() and not (folder / "config.json").exists():  # a processor saved on its own
            return processor
        settings, _ = FCoTVLConfig.get_config_dict(pretrained_model_name_or_path, **kwargs)
        if settings.get("model_type") == FCoTVLConfig.model_type:
            processor.check_against(FCoTVLConfig.from_dict(settings))
        return processor

    def check_against(self, config: FCoTVLConfig) -> None:
        """Check that this processor makes what a model expects; serving engines would answer wrong in silence.

        Args:
            config: the model's.

        Raises:
            ValueError: tokens per tile or tile size differ.
        """
        emitted = config.image_seq_length
        if self.image_seq_length != emitted:
            raise ValueError(
                f"the processor writes {self.image_seq_length} placeholders per tile, the model emits {emitted} visual "
                f"tokens: set image_seq_length in processor_config.json to {emitted}"
            )
        cut, expected = self.image_processor.size["height"], config.vision_config.image_size[0]
        if cut != expected:
            raise ValueError(f"the processor cuts tiles of {cut} px, the model expects {expected} px")
