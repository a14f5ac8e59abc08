"""Chat templates as the originals write prompts, in Jinja, with marks around the answers for training.

InternVL's conversations (https://github.com/OpenGVLab/InternVL, ``conversation.py``) are ChatML without a newline after
``<|im_end|>`` and with a Chinese system prompt; several images are numbered over the whole conversation.
"""

import json
from dataclasses import dataclass
from importlib import resources

_INTERNVL2 = (
    "你是由上海人工智能实验室联合商汤科技开发的书生多模态大模型，英文名叫InternVL, 是一个有用无害的人工智能助手。"
)
_INTERNVL2_5 = (
    "你是书生·万象，英文名是InternVL，是由上海人工智能实验室、清华大学及多家合作单位联合开发的多模态大语言模型。"
)

BOS_LINE = "{{- bos_token -}}\n"
"""What a template begins with if its tokenizer puts BOS in front."""


@dataclass(frozen=True)
class Conversation:
    """How an original writes a conversation.

    Args:
        system_prompt: what a conversation without a system message starts with, if with anything.
        separator: what follows each ``<|im_end|>``.
        numbered: write ``Image-1: ``, ``Image-2: `` … before several images.
    """

    system_prompt: str | None
    separator: str = ""
    numbered: bool = True


CONVERSATIONS = {
    "internlm2-chat": Conversation(_INTERNVL2),
    "Hermes-2": Conversation(_INTERNVL2),
    "internvl2_5": Conversation(_INTERNVL2_5, separator="\n"),
    "native": Conversation(None, separator="\n", numbered=False),
}
"""``template`` of an original configuration → its conversation; ``native`` is that of transformers' own folders."""


def build_chat_template(name: str, with_bos: bool, system_prompt: str | None = None) -> str:
    """The Jinja chat template of an original.

    Args:
        name: ``template`` in the original's ``config.json``.
        with_bos: begin with the BOS token, for tokenizers that add one.
        system_prompt: instead of the original's; a conversation's own system message still wins.

    Raises:
        ValueError: there is no such template.
    """
    if name not in CONVERSATIONS:
        raise ValueError(f"config.json: template={name!r} is not supported, only {', '.join(CONVERSATIONS)}")
    conversation = CONVERSATIONS[name]
    settings = {
        "system_prompt": conversation.system_prompt if system_prompt is None else system_prompt,
        "separator": conversation.separator,
        "numbered": conversation.numbered,
    }
    head = [f"{{%- set {key} = {_quote(value)} -%}}\n" for key, value in settings.items()]
    bos = [BOS_LINE] if with_bos else []
    body = (resources.files("fcotvl_hf.conversion") / "templates" / "chatml.jinja").read_text(encoding="utf-8")
    return "".join([*head, *bos, body])


def _quote(value: str | bool | None) -> str:
    """A value as Jinja writes it: like JSON, but ``none``."""
    return "none" if value is None else json.dumps(value, ensure_ascii=False)
