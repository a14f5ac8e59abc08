"""docs/data.md says what the commands and catalogues say, and its snippets run."""

from pathlib import Path

import pytest
import yaml
from datasets import load_dataset
from trl import DatasetMixtureConfig
from trl.scripts.utils import DatasetConfig

from fcotvl_hf.dataset_builders.card import About
from fcotvl_hf.dataset_builders.cluster import make_executor
from fcotvl_hf.dataset_builders.hub_sets.catalogue import SETS
from fcotvl_hf.dataset_builders.ocr_mix.presets import PRESETS
from tests.docs.pages import DOCS, blocks

PATH = DOCS / "data.md"
GUIDE = PATH.read_text()


def _snippets(language: str) -> list[str]:
    return [block.text for block in blocks(PATH, language)]


def test_the_recipe_names_a_data_set_as_trl_does() -> None:
    recipe = yaml.safe_load(_snippets("yaml")[0])
    mixture = DatasetMixtureConfig(datasets=[DatasetConfig(**entry) for entry in recipe["datasets"]])
    assert (mixture.datasets[0].path, mixture.datasets[0].name) == ("ocr-mix", "chart")


def test_the_cluster_configuration_is_the_packaged_one(tmp_path: Path) -> None:
    config = tmp_path / "slurm.yaml"
    config.write_text(_snippets("yaml")[1])
    about = About("ocr-mix", "OCR mix", "", {"seed": 0}, "")
    told, packaged = (make_executor(each, tmp_path, [], about) for each in (str(config), "slurm"))
    for name in ("tasks", "tasks_per_job", "partition", "time", "mem_per_cpu_gb", "job_name"):
        assert getattr(told, name) == getattr(packaged, name)


def test_presets_configurations_and_sets_are_all_told() -> None:
    for name in (*PRESETS, *PRESETS["ocr-mix"].configs):
        assert f"| `{name}`" in GUIDE
    for name, each in SETS.items():
        where = f"{each.id}, `{each.config}`" if each.config else each.id
        may = "" if each.redistributable else "download only "
        assert f"| `{name}` | {where} | {each.licence} | {may}|" in GUIDE


def test_own_rows_are_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    exec(_snippets("python")[1], {})
    assert load_dataset("formulas", "formula", split="train").num_rows == 4
