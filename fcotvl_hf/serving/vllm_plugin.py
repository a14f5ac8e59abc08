"""A vLLM plugin: where this package is installed, vLLM serves FCoT-VL models and trusts no code in their folders.

vLLM finds it by the entry point ``vllm.general_plugins`` and calls it in each of its processes. Its backend for
transformers models builds the model without a head from ``AutoModel`` and adds a head of its own; here ``AutoModel``
gives the class that generates, so in vLLM's processes, and only there, it is told otherwise.
https://docs.vllm.ai/en/latest/design/plugin_system.html
"""

BACKEND = "vllm.model_executor.models.transformers:TransformersMultiModalForCausalLM"
"""vLLM's class that runs a multimodal model of transformers, as ``module:name`` for its registry."""


def register() -> None:
    """Tell vLLM which of its classes runs FCoT-VL, and ``AutoModel`` which of ours has no head."""
    from transformers import AutoModel
    from vllm import ModelRegistry

    from fcotvl_hf.modeling import FCoTVLConfig, FCoTVLForConditionalGeneration, FCoTVLModel

    AutoModel.register(FCoTVLConfig, FCoTVLModel, exist_ok=True)
    ModelRegistry.register_model(FCoTVLForConditionalGeneration.__name__, BACKEND)
