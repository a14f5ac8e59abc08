"""The model ``fcotvl`` of lmms-eval: where this package is installed, its tasks run on FCoT-VL models.

    lmms-eval --model fcotvl --model_args pretrained=tiny-50 --tasks ocrbench --batch_size 8

lmms-eval finds it by the entry point ``lmms_eval.models`` and calls it whenever it is imported, so the class itself is
only named here. https://github.com/EvolvingLMMs-Lab/lmms-eval, ``models/registry_v2.py``.
"""

from typing import Any

MODEL = "fcotvl_hf.evaluation.lmms_eval_model.FCoTVL"


def manifest() -> Any:
    """What lmms-eval's registry wants to know: the model's name and the path of its class."""
    from lmms_eval.models.registry_v2 import ModelManifest

    return ModelManifest(model_id="fcotvl", chat_class_path=MODEL)
