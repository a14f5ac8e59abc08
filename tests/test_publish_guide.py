"""docs/publish.md: three commands come first, its collection is one; the workflow that publishes is pinned."""

import re
import shlex
from pathlib import Path
from typing import Any

import yaml

from fcotvl_hf import cli
from fcotvl_hf.hub.collection import read_collection
from tests.docs.pages import DOCS, ROOT, blocks

PAGE = DOCS / "publish.md"
WORKFLOW = ROOT / ".github" / "workflows" / "publish.yml"


def test_three_commands_come_first() -> None:
    assert [line.split()[2] for line in blocks(PAGE, "bash")[0].text.splitlines()] == ["model", "dataset", "space"]


def test_options_that_are_named_exist() -> None:
    kinds = (
        next(iter(cli.make_parser()._subparsers._group_actions)).choices["push"]._subparsers._group_actions[0].choices
    )
    known = {option for parser in kinds.values() for option in parser._option_string_actions}
    known |= {"--out", "--push", "--size"}  # of eval, bench and data
    assert set(re.findall(r"`(?:[^`\n]* )?(--[a-z-]+)", PAGE.read_text())) <= known


def test_the_collection_is_one(tmp_path: Path) -> None:
    (tmp_path / "collection.yaml").write_text(blocks(PAGE, "yaml")[0].text)
    collection = read_collection(tmp_path / "collection.yaml", "name")
    assert [item.type for item in collection.items] == ["model", "dataset", "space", "paper"]


def test_the_workflow_is_pinned_and_may_no_more_than_it_must() -> None:
    text = WORKFLOW.read_text()
    uses = re.findall(r"uses: (\S+)", text)
    assert len(uses) == 7 and all(re.fullmatch(r"[\w/-]+@[0-9a-f]{40}", use) for use in uses)
    ci = (ROOT / ".github" / "workflows" / "ci.yml").read_text()
    assert all(use in ci for use in uses if use.startswith(("actions/checkout", "actions/setup-python")))
    workflow: dict[str, Any] = yaml.safe_load(text)
    jobs = workflow["jobs"]
    assert workflow["permissions"] == {"contents": "read"} and "permissions" not in jobs["build"]
    assert jobs["pypi"]["permissions"] == {"id-token": "write"} and jobs["pypi"]["environment"]["name"] == "pypi"
    assert "secrets." not in text
    assert not any("${{" in step.get("run", "") for job in jobs.values() for step in job["steps"])


def test_the_workflows_command_parses() -> None:
    (line,) = (line for line in WORKFLOW.read_text().splitlines() if "fcotvl push" in line)
    words = shlex.split(line.replace('${TAG:+--tag "$TAG"}', "--tag v1").replace('"$KIND"', "model"))
    cli.make_parser().parse_args(words[1:])
