"""Tree edit distance with APTED, https://github.com/DatabaseGroup/apted: deleting or inserting a node costs 1."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from apted import APTED, Config


class Tree:
    """An ordered tree.

    Args:
        label: what a node is compared by.
        children: its subtrees.
    """

    def __init__(self, label: Any, children: list[Tree] | None = None) -> None:
        self.label = label
        self.children = [] if children is None else children

    def __iter__(self) -> Iterator[Tree]:
        """All nodes, a parent before its children."""
        waiting = [self]
        while waiting:
            node = waiting.pop()
            yield node
            waiting.extend(reversed(node.children))


def tree_edit_distance(first: Tree, second: Tree, rename: Callable[[Any, Any], float]) -> float:
    """The least cost that makes one tree the other.

    Args:
        first: a tree.
        second: another tree.
        rename: the cost of giving a node with the first label the second one.
    """
    return float(APTED(first, second, _Costs(rename)).compute_edit_distance())


class _Costs(Config):
    """APTED's way of asking for costs."""

    def __init__(self, rename: Callable[[Any, Any], float]) -> None:
        self._rename = rename

    def rename(self, node1: Tree, node2: Tree) -> float:
        return self._rename(node1.label, node2.label)
