"""The paper's models have cards before they have weights; its figures are marked and stay out of the metadata."""

from pathlib import Path

import pytest
from huggingface_hub import ModelCard

from fcotvl_hf.cost.shapes import SHAPES
from fcotvl_hf.evaluation.paper import TABLE_1, TABLE_1_KEPT, TASKS
from fcotvl_hf.hub.publication import paper_section
from fcotvl_hf.io.repo_folder import check_folder
from fcotvl_hf.scripts import paper_cards


@pytest.fixture(scope="module")
def cards(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("cards") / "out"
    paper_cards.main([str(out), "--owner", "lab"])
    return out


@pytest.mark.parametrize(("size", "percent"), [("2b", 50), ("2b", 75), ("8b", 50), ("8b", 75)])
def test_cards(cards: Path, size: str, percent: int) -> None:
    folder = cards / f"fcot-vl-{size}-{percent}"
    check_folder(folder, "model")
    card = ModelCard.load(folder / "README.md")
    assert card.data.base_model == f"OpenGVLab/InternVL2-{size.upper()}" and card.data.license == "mit"
    assert card.data.eval_results is None and not (folder / ".eval_results").exists()
    assert f'from_pretrained("lab/{folder.name}"' in card.text
    own, _, reported = card.text.partition("## Reported in the paper")
    figures = TABLE_1[f"internvl2-{size}"][percent / 100]
    assert reported.startswith("\n\n**Not of this checkpoint, and not reproduced by us**")
    row = f"| {percent} % fewer tokens | {' | '.join(map(str, figures))} | {_kept(size, percent):.2f} % |"
    assert row in reported and row not in own
    assert reported.count("paper-reported, Table") == 3


def _kept(size: str, percent: int) -> float:
    return TABLE_1_KEPT[f"internvl2-{size}"][percent / 100]


@pytest.mark.parametrize("name", TABLE_1)
@pytest.mark.parametrize("compression", [0.5, 0.75])
def test_the_papers_average_is_that_of_its_scores(name: str, compression: float) -> None:
    """A check of the transcription: mean over the ten columns of student / teacher, as the table's last column."""
    teacher, student = TABLE_1[name][0.0], TABLE_1[name][compression]
    assert len(teacher) == len(student) == len(TASKS)
    kept = sum(100 * own / whole for own, whole in zip(student, teacher, strict=True)) / len(TASKS)
    assert kept == pytest.approx(TABLE_1_KEPT[name][compression], abs=0.75)


@pytest.mark.parametrize(("name", "stride"), [("internvl2-1b", 2), ("internvl2-2b", 1), ("internvl2-8b", 8)])
def test_of_other_models_the_paper_says_nothing(name: str, stride: int) -> None:
    assert paper_section(SHAPES[name].at_stride(stride)) == ""
