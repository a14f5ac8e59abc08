"""``--backend``: a model loaded by transformers, or run by vLLM."""

from importlib.util import find_spec
from pathlib import Path

from fcotvl_hf.command import UsageError
from fcotvl_hf.eval_harness.attention import token_window
from fcotvl_hf.eval_harness.backend import Backend, TransformersBackend
from fcotvl_hf.eval_harness.processes import processes
from fcotvl_hf.hub.models import load_model
from fcotvl_hf.hub.names import local_folder
from fcotvl_hf.modeling import FCoTVLConfig, FCoTVLProcessor

_FILES = ["*.json", "*.safetensors", "*.jinja", "*.model", "*.txt"]


def check_backend(kind: str) -> None:
    """Say what a backend lacks before anything slow begins.

    Args:
        kind: ``transformers`` or ``vllm``.

    Raises:
        UsageError: vLLM is not installed here, or several processes were started for it.
    """
    if kind != "vllm":
        return
    if find_spec("vllm") is None:
        raise UsageError("--backend vllm needs vLLM, which lives in an environment of its own: see docs/serving.md")
    if processes().num_processes > 1:
        raise UsageError("--backend vllm takes all devices by itself: start it without accelerate launch")


def check_attention(config: FCoTVLConfig, backend: str) -> None:
    """Say before anything slow begins that attention cannot be drawn.

    Args:
        config: the model's.
        backend: what will answer.

    Raises:
        UsageError: the backend does not tell attention, or the model's visual tokens have no place on the page.
    """
    if backend != "transformers":
        raise UsageError(f"--attention needs --backend transformers, for {backend} does not tell attention")
    try:
        token_window(config)
    except ValueError as error:
        raise UsageError(f"--attention: {error}") from None


def check_confidence(backend: str) -> None:
    """Say before anything slow begins that confidence cannot be kept.

    Args:
        backend: what will answer.

    Raises:
        UsageError: it does not tell probabilities.
    """
    if backend != "transformers":
        raise UsageError(f"--confidence needs --backend transformers, for {backend} is not asked for probabilities")


def open_backend(kind: str, name: str, confidence: bool = False) -> tuple[Backend, FCoTVLProcessor]:
    """Load a model.

    Args:
        kind: ``transformers`` or ``vllm``.
        name: packaged name, folder or Hub id.
        confidence: keep how sure the model is of each piece of its answers.

    Returns:
        What answers, and the model's processor.

    Raises:
        OSError: model or processor are not there.
        ValueError: it is another kind of model, or its processor does not fit.
    """
    if kind == "transformers":
        model, processor = load_model(name, device=processes().device)
        return TransformersBackend(model, confidence), processor
    from fcotvl_hf.eval_harness.vllm_backend import VllmBackend

    folder = Path(local_folder(name, _FILES))
    processor = FCoTVLProcessor.from_pretrained(folder)  # checks that it fits the model
    return VllmBackend(folder), processor
