"""What the scorers of OCRBench v2 read in a reply before they compare, under the names of the benchmark's script."""

from collections.abc import Callable
from typing import Any

from .boxes import last_box
from .charts import parse_chart
from .documents import outline
from .key_values import combinations, parse_pairs
from .spotting import parse_spots
from .tables import markdown_to_html, wrap_html
from .trees import Tree


def ocrbench_v2_parse(function: str, text: Any) -> Any:
    """Read a reply.

    Args:
        function: a key of ``FUNCTIONS``.
        text: a reply, or a reference where the function reads one.

    Raises:
        ValueError: there is no such function, or the reference cannot be read.
    """
    if function not in FUNCTIONS:
        raise ValueError(f"there is no function {function!r}; choose one of {', '.join(FUNCTIONS)}")
    return FUNCTIONS[function](text)


def _combinations(text: Any) -> Any:
    found = combinations(text)
    return {} if found is None else found


def _nested(tree: Tree) -> list[Any]:
    return [tree.label, [_nested(child) for child in tree.children]]


FUNCTIONS: dict[str, Callable[[Any], Any]] = {
    "convert_markdown_table_to_html": markdown_to_html,
    "convert_str_to_dict": parse_pairs,
    "convert_str_to_multi_dict": parse_chart,
    "extract_bounding_boxes_robust": lambda text: parse_spots(text) or None,
    "extract_coordinates": last_box,
    "generate_combinations": _combinations,
    "get_tree": lambda text: _nested(outline(text)),
    "wrap_html_table": wrap_html,
}
"""Name in the benchmark's script → the same here."""
