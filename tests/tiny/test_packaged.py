"""The packaged models: small, loadable by anybody, honest about their scores, and they read."""

import json
from pathlib import Path

import pytest
import torch
from safetensors import safe_open

from fcotvl_hf.dataset_builders.rendering import Domain
from fcotvl_hf.hub.models import PACKAGED, load_model, resolve_model
from fcotvl_hf.tiny.architecture import build_processor
from fcotvl_hf.tiny.cards import results_table, sets_table
from fcotvl_hf.tiny.scores import ask_all, figures, fresh_rows

ROOT = Path(__file__).parents[2]
ASSETS = ROOT / "fcotvl_hf" / "assets"


def test_weights_are_half_precision_and_small() -> None:
    files = [Path(resolve_model(name)) / "model.safetensors" for name in PACKAGED]
    assert sum(path.stat().st_size for path in ASSETS.rglob("*") if path.is_file()) < 30e6
    for file in files:
        with safe_open(file, framework="pt") as tensors:
            assert all(tensors.get_tensor(key).dtype == torch.float16 for key in tensors.keys())  # noqa: SIM118


@pytest.mark.parametrize("name", PACKAGED)
def test_code_beside_the_weights_is_the_code_of_the_package(name: str) -> None:
    for file in (ROOT / "modeling").glob("*_fcotvl.py"):
        assert (Path(resolve_model(name)) / file.name).read_text() == file.read_text(), file.name


@pytest.mark.parametrize("name", PACKAGED)
def test_chat_template_beside_the_weights_is_the_one_of_the_package(name: str) -> None:
    assert (Path(resolve_model(name)) / "chat_template.jinja").read_text() == build_processor().chat_template


def test_cards_and_readme_show_the_scores_on_file() -> None:
    scores = json.loads((ASSETS / "scores.json").read_text())
    for page in [ROOT / "README.md", *(ASSETS / folder / "README.md" for folder in PACKAGED.values())]:
        text = page.read_text()
        assert results_table(scores) in text and sets_table(scores) in text, page


def test_scores_on_file_are_what_the_models_reach() -> None:
    """A smaller sample of other pages must land near the figures on file, and shuffled pages near nothing."""
    on_file = json.loads((ASSETS / "scores.json").read_text())["models"]
    rows = fresh_rows(24, seed=1, domain=Domain())
    for name in ("tiny", "tiny-50"):
        model, processor = load_model(name)
        answers = ask_all(model, processor, rows)
        found = figures(answers, answers)["score"]
        assert found == pytest.approx(on_file[name]["fresh"]["score"], abs=0.12)
        assert found > 3 * on_file[name]["shuffled"]["score"]
