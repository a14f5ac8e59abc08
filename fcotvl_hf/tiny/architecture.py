"""The tiny model's shape, its character tokenizer and how its weights start.

A native InternVL of 4.5 M parameters: 112 px tiles, patch 14, so 64 patches and 16 visual tokens of 28 × 28 px a tile.
"""

import math

import torch
from tokenizers import Tokenizer, decoders, models
from torch import nn
from transformers import PreTrainedTokenizerFast

from fcotvl_hf.dataset_builders.texts import CHARACTERS
from fcotvl_hf.modeling import FCoTVLConfig, FCoTVLForConditionalGeneration, FCoTVLImageProcessor, FCoTVLProcessor

TILE = 112
MAX_TILES = 4

_SPECIALS = ["<pad>", "<unk>", "<|user|>", "<|assistant|>", "<|im_end|>", "<img>", "</img>", "<IMG_CONTEXT>"]

_CHAT_TEMPLATE = """\
{%- for message in messages -%}
{%- set parts = namespace(text='') -%}
{%- if message.content is string -%}
{%- set parts.text = message.content -%}
{%- else -%}
{%- for block in message.content -%}
{%- if block.type == 'text' -%}
{%- set parts.text = parts.text + block.text -%}
{%- elif block.type == 'image' -%}
{%- set parts.text = parts.text + '<IMG_CONTEXT>' -%}
{%- else -%}
{{- raise_exception('content of type "' ~ block.type ~ '" is not supported, only text and image') -}}
{%- endif -%}
{%- endfor -%}
{%- endif -%}
{%- if message.role == 'assistant' -%}
<|assistant|>{% generation %}{{ parts.text }}<|im_end|>{% endgeneration %}
{%- else -%}
<|user|>{{ parts.text }}<|im_end|>
{%- endif -%}
{%- endfor -%}
{%- if add_generation_prompt -%}<|assistant|>{%- endif -%}
"""


def build_tokenizer() -> PreTrainedTokenizerFast:
    """A tokenizer with one token per printable ASCII character and newline, and the special tokens of the template.

    Characters, not word pieces: the model must spell strings it never saw.
    """
    vocabulary = {token: index for index, token in enumerate(_SPECIALS + sorted(CHARACTERS))}
    tokenizer = Tokenizer(models.BPE(vocab=vocabulary, merges=[], unk_token="<unk>"))
    tokenizer.decoder = decoders.Fuse()
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        pad_token="<pad>",
        unk_token="<unk>",
        eos_token="<|im_end|>",
        extra_special_tokens={
            "start_image_token": "<img>",
            "end_image_token": "</img>",
            "context_image_token": "<IMG_CONTEXT>",
            "user_token": "<|user|>",
            "assistant_token": "<|assistant|>",
        },
        clean_up_tokenization_spaces=False,
        padding_side="left",
    )


def build_processor(image_seq_length: int = 16) -> FCoTVLProcessor:
    """Tokenizer and tiling for 112 px tiles, at most 2 × 2 (or 1 × 4 …) and a thumbnail."""
    tiling = FCoTVLImageProcessor(size={"height": TILE, "width": TILE}, max_patches=MAX_TILES)
    return FCoTVLProcessor(tiling, build_tokenizer(), image_seq_length=image_seq_length, chat_template=_CHAT_TEMPLATE)


def build_config(tokenizer: PreTrainedTokenizerFast) -> FCoTVLConfig:
    """The shape of the tiny teacher: stride 1, no compressor."""
    end = tokenizer.convert_tokens_to_ids("<|im_end|>")
    text = {
        "model_type": "llama",
        "vocab_size": len(tokenizer),
        "hidden_size": 224,
        "intermediate_size": 576,
        "num_hidden_layers": 4,
        "num_attention_heads": 7,
        "num_key_value_heads": 7,
        "max_position_embeddings": 2048,
        "bos_token_id": None,
        "eos_token_id": end,
        "pad_token_id": tokenizer.pad_token_id,
    }
    vision = {
        "image_size": TILE,
        "patch_size": 14,
        "hidden_size": 192,
        "intermediate_size": 768,
        "num_hidden_layers": 4,
        "num_attention_heads": 6,
        "attention_bias": True,
        "layer_scale_init_value": 1.0,
    }
    image_token = tokenizer.convert_tokens_to_ids("<IMG_CONTEXT>")
    return FCoTVLConfig(
        vision_config=vision,
        text_config=text,
        image_token_id=image_token,
        tie_word_embeddings=False,
        compressor_groups=4,
    )


def build_model(config: FCoTVLConfig, seed: int) -> FCoTVLForConditionalGeneration:
    """A fresh model with a start that trains at this width.

    The native ViT starts with zero position embeddings and patches of standard deviation 0.02, from which it takes
    hours to find its grid. Sine-cosine positions, fan-in patches and Xavier matrices make it minutes.
    """
    torch.manual_seed(seed)
    model = FCoTVLForConditionalGeneration(config)
    vision = model.model.vision_tower
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if parameter.ndim == 2 and "embed_tokens" not in name:
                nn.init.xavier_uniform_(parameter)
        projection = vision.embeddings.patch_embeddings.projection
        nn.init.normal_(projection.weight, std=1 / math.sqrt(projection.weight[0].numel()))
        width, side = config.vision_config.hidden_size, TILE // config.vision_config.patch_size[0]
        vision.embeddings.position_embeddings[0, 1:] = 0.5 * _sine_cosine_grid(side, width)
    model.generation_config.eos_token_id = config.text_config.eos_token_id
    model.generation_config.pad_token_id = config.text_config.pad_token_id
    model.generation_config.max_new_tokens = 256
    return model


def _sine_cosine_grid(side: int, width: int) -> torch.Tensor:
    """2-D sine-cosine position embeddings, ``[side², width]`` (https://arxiv.org/abs/2104.02057, section 4.2)."""
    frequencies = 1.0 / 100 ** (torch.arange(width // 4) / (width // 4))
    angles = torch.arange(side)[:, None] * frequencies  # [side, width/4]
    waves = torch.cat([angles.sin(), angles.cos()], dim=1)  # [side, width/2]
    rows = waves[:, None].expand(side, side, -1)
    columns = waves[None, :].expand(side, side, -1)
    return torch.cat([rows, columns], dim=-1).reshape(side * side, width)
