"""A model's configuration, without its weights; a model of another kind is refused with what to do about it."""

from transformers import PreTrainedConfig

from fcotvl_hf.modeling import FCoTVLConfig

from .names import asking_hub


def load_config(path: str) -> FCoTVLConfig:
    """Read the configuration of an FCoT-VL model.

    Args:
        path: a folder or a Hub id.

    Raises:
        OSError: there is no model.
        ValueError: it is another kind of model, or does not say which.
    """
    with asking_hub(path):
        settings, _ = PreTrainedConfig.get_config_dict(path)
    if not settings:
        raise FileNotFoundError(f"{path} holds no model: there is no config.json in it")
    kind = settings.get("model_type")
    if kind is None:
        raise ValueError(f"config.json of {path} names no model_type; give a folder that fcotvl convert or init wrote")
    if kind != "fcotvl":
        raise ValueError(f"{path} is a model of type {kind}, not fcotvl; convert it first: fcotvl convert {path} OUT")
    return FCoTVLConfig.from_pretrained(path)
