"""The card of a training run: data, settings, versions and the commit of the code, as far as they are known."""

import dataclasses
from importlib.metadata import version
from typing import Any

from huggingface_hub import ModelCard
from transformers import PreTrainedConfig
from trl import SFTConfig

from fcotvl_hf.eval_harness.results import code_commit
from fcotvl_hf.hub.cards import checkpoint_card

from .base_config import FCoTConfig

_COMMON = (
    "learning_rate",
    "lr_scheduler_type",
    "warmup_steps",
    "weight_decay",
    "num_train_epochs",
    "max_steps",
    "bf16",
)
_PACKAGES = ("fcotvl-hf", "torch", "transformers", "trl", "peft", "accelerate", "datasets")


def run_card(config: PreTrainedConfig, args: FCoTConfig, *, data: str, **parts: Any) -> ModelCard:
    """Write the card of a run's output.

    Args:
        config: of the trained model.
        args: options of the run.
        data: what it was trained on.
        **parts: name, stage, steps, tags and datasets of ``checkpoint_card``.
    """
    versions = ", ".join(f"{package} {version(package)}" for package in _PACKAGES)
    facts = {"data": data, **settings_of(args), "versions": versions}
    commit = code_commit()
    return checkpoint_card(config, settings=facts | ({"code": f"commit {commit}"} if commit else {}), **parts)


def settings_of(args: FCoTConfig) -> dict[str, Any]:
    """The settings that make the result: the usual ones, and each option of ours that is not at its default.

    Args:
        args: options of the run.
    """
    inherited = {field.name for field in dataclasses.fields(SFTConfig)}
    ours = [field for field in dataclasses.fields(args) if field.name not in inherited]
    changed = [field.name for field in ours if getattr(args, field.name) != _default(field)]
    batch = args.train_batch_size * args.gradient_accumulation_steps * args.world_size
    values = {name: getattr(args, name) for name in (*_COMMON, *changed)}
    named = {name.replace("_", " "): getattr(value, "value", value) for name, value in values.items()}
    return named | {"packs per step" if args.packing else "rows per step": batch, "seed": args.seed}


def _default(field: "dataclasses.Field[Any]") -> Any:
    return field.default if field.default_factory is dataclasses.MISSING else field.default_factory()
