"""docs/training/packing.md: its command parses, its Python runs, its table is what the benchmark counts."""

import json
import re
import shlex
import subprocess
import sys
from typing import Any

import pytest
import torch

from fcotvl_hf.scripts import distill, sft
from tests.docs.pages import DOCS, ROOT, blocks

PATH = DOCS / "training" / "packing.md"
PAGE = PATH.read_text()
COMMANDS = [shlex.split(block.text) for block in blocks(PATH, "bash")]


def test_command_parses_and_options_exist() -> None:
    assert COMMANDS[0][:2] == ["fcotvl", "sft"]
    args = sft.make_parser().parse([*COMMANDS[0][2:], "--use_cpu", "true"])[2]
    assert args.packing
    named = set(re.findall(r"`(--\w+)", PAGE)) - {"--batch"}  # the benchmark's
    assert named <= {option for script in (sft, distill) for option in script.make_parser()._option_string_actions}


def test_python_runs_and_keeps_rows_apart() -> None:
    (block,) = blocks(PATH, "python")
    names: dict[str, Any] = {}
    with torch.no_grad():
        exec(block.text, names)
    model, rows = names["model"], names["rows"]
    alone = model.model(**rows).last_hidden_state[rows["attention_mask"].bool()]
    torch.testing.assert_close(names["hidden"].last_hidden_state[0], alone, rtol=1e-4, atol=1e-4)


@pytest.fixture(scope="module")
def counted(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    """What the page's benchmark command counts."""
    assert COMMANDS[1][0] == "python"
    out = tmp_path_factory.mktemp("benchmark") / "packing.json"
    command = [sys.executable, str(ROOT / COMMANDS[1][1]), *COMMANDS[1][2:], "--out", str(out)]
    subprocess.run(command, check=True, capture_output=True, timeout=300)
    return json.loads(out.read_text())["fill"]


def test_table_is_what_the_benchmark_counts(counted) -> None:
    for entry in counted:
        shares = " | ".join(f"{100 * entry[way]:.1f} %" for way in ("packed", "padded", "grouped"))
        line = f"| {entry['stride']} | {entry['context_length']:,} | {shares} | {entry['left_out']} |"
        assert line in PAGE.splitlines()


def test_packs_fill_95_percent_at_stride_2_and_4(counted) -> None:
    assert min(entry["packed"] for entry in counted if entry["stride"] > 1) >= 0.95
    assert all(entry["tiles_per_pack"] <= 64 for entry in counted)
