"""datatrove's executors draw the same data set as one process does, and the configurations for them are theirs."""

from pathlib import Path

import pytest
from datatrove.executor import RayPipelineExecutor, SlurmPipelineExecutor

from fcotvl_hf.dataset_builders.card import About
from fcotvl_hf.dataset_builders.cluster import ShardWriter, make_executor
from fcotvl_hf.dataset_builders.ocr_mix.presets import PRESETS
from fcotvl_hf.dataset_builders.publish import write_dataset

ABOUT = About("tiny", "Tiny", "Small pages.", {"seed": 0}, "fcotvl data ocr")
PARTS = PRESETS["tiny"].parts(8, seed=0)


def test_tasks_share_the_shards_and_make_the_same_files(tmp_path: Path) -> None:
    write_dataset(tmp_path / "one", PARTS, ABOUT)
    for rank in (1, 0):
        ShardWriter(tmp_path / "many", PARTS, ABOUT).run(rank=rank, world_size=2)
        assert len(list(tmp_path.glob("many/*/*.parquet"))) == (2 if rank else 4)
    write_dataset(tmp_path / "many", PARTS, ABOUT)
    files = sorted(path.relative_to(tmp_path / "one") for path in (tmp_path / "one").rglob("*") if path.is_file())
    assert [(tmp_path / "many" / file).read_bytes() for file in files] == [
        (tmp_path / "one" / file).read_bytes() for file in files
    ]


def test_the_local_executor_runs(tmp_path: Path) -> None:
    config = tmp_path / "local.yaml"
    config.write_text(f"executor: local\ntasks: 2\nworkers: 1\nlogging_dir: {tmp_path / 'logs'}\n")
    make_executor(str(config), tmp_path / "set", PARTS, ABOUT).run()
    assert len(list(tmp_path.glob("set/*/*.parquet"))) == 4
    assert '"rows"' in (tmp_path / "logs" / "stats.json").read_text()


def test_slurm_and_ray_take_the_packaged_configurations(tmp_path: Path) -> None:
    slurm = make_executor("slurm", tmp_path / "set", PARTS, ABOUT)
    assert isinstance(slurm, SlurmPipelineExecutor)
    script = slurm.get_launch_file_contents({"array": "0-31"}, "run")
    assert "#SBATCH --array=0-31" in script
    assert isinstance(make_executor("ray", tmp_path / "set", PARTS, ABOUT), RayPipelineExecutor)


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("executor: pbs", "must say which executor, one of local, slurm, ray"),
        ("executor: local\nqueue: cpu", "unexpected keyword argument 'queue'"),
    ],
)
def test_bad_configurations_are_told(content: str, told: str, tmp_path: Path) -> None:
    (tmp_path / "c.yaml").write_text(content)
    with pytest.raises(ValueError, match=told):
        make_executor(str(tmp_path / "c.yaml"), tmp_path, PARTS, ABOUT)
    with pytest.raises(FileNotFoundError, match=r"no file absent.yaml; give a YAML file, or one of local, slurm, ray"):
        make_executor("absent.yaml", tmp_path, PARTS, ABOUT)
