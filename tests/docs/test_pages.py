"""Every page is found, leads on, and shows nothing that its own language does not understand."""

import ast
import json
import re
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
import yaml

from .pages import DOCS, PAGES, ROOT, Block, anchors, blocks, links, tokens

CHECKED = {"python": ast.parse, "yaml": yaml.safe_load, "json": json.loads}
TYPED = ("bash", "console")
"""Languages whose blocks test_commands.py reads."""

FOLDERS = ("fcotvl_hf", "modeling", "dataset_builders", "eval_harness", "tests", "benchmarks", "docs", "notebooks")
"""Folders of the repository by which pages name its files."""

BLOCKS = [block for page in PAGES for block in blocks(page)]
INDEX = DOCS / "README.md"


def name_of(page: Path) -> str:
    return str(page.relative_to(ROOT))


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_links_lead_somewhere(page: Path) -> None:
    for link in links(page):
        where = urlsplit(link)
        if where.scheme:
            assert where.scheme in ("https", "http"), link
            continue
        target = (page.parent / unquote(where.path)).resolve() if where.path else page
        assert target.exists(), link
        assert ROOT in target.parents, f"{link} leads out of the repository"
        if where.fragment:
            assert where.fragment in anchors(target), link


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_pictures_have_a_description(page: Path) -> None:
    inline = [child for token in tokens(page) for child in token.children or ()]
    assert all(child.content for child in inline if child.type == "image")


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_files_that_are_named_exist(page: Path) -> None:
    spans = [child.content for token in tokens(page) for child in token.children or () if child.type == "code_inline"]
    named = [span.split("::")[0] for span in spans if re.match(rf"({'|'.join(FOLDERS)})/[\w./-]*(::\w+)?$", span)]
    assert not [name for name in named if not (ROOT / name).exists()]


@pytest.mark.parametrize("block", BLOCKS, ids=str)
def test_blocks_are_of_their_language(block: Block) -> None:
    if block.language in CHECKED:
        CHECKED[block.language](block.text)
    else:
        assert block.language in TYPED


@pytest.mark.parametrize("page", [page for page in DOCS.rglob("*.md") if page != INDEX], ids=name_of)
def test_the_index_leads_to_every_page_and_back(page: Path) -> None:
    assert page.relative_to(DOCS).as_posix() in links(INDEX)
    assert any((page.parent / link).resolve() == INDEX for link in links(page)[:1]), "the first link is to the index"
