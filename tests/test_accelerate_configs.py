"""Each configuration for ``accelerate launch`` is one that accelerate reads, and says what it is for."""

from importlib import resources
from pathlib import Path

import pytest
from accelerate.commands.config.config_args import load_config_from_file

CONFIGS = sorted(Path(str(resources.files("fcotvl_hf") / "accelerate_configs")).glob("*.yaml"))


@pytest.mark.parametrize("path", CONFIGS, ids=lambda path: path.stem)
def test_accelerate_reads_it(path: Path) -> None:
    config = load_config_from_file(str(path))
    assert config.num_processes >= 1
    assert config.mixed_precision in (None, "no")  # the recipes say bf16; a second place could contradict them
    assert path.read_text().startswith("# ")


def test_all_ways_of_running_are_there() -> None:
    names = {path.stem for path in CONFIGS}
    assert {"single", "ddp", "multi_node", "fsdp2", "zero2", "zero3", "npu", "cpu2"} <= names
