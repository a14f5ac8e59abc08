"""Steps that the selecting methods share: take, rank and compare the tokens of each tile."""

import torch
from torch.nn.functional import normalize


def take(tokens: torch.Tensor, index: torch.Tensor) -> torch.Tensor:
    """``tokens`` at ``index``: ``[tiles, N, C]`` and ``[tiles, K]`` → ``[tiles, K, C]``."""
    return tokens.gather(1, index[..., None].expand(-1, -1, tokens.shape[2]))


def split(scores: torch.Tensor, count: int) -> tuple[torch.Tensor, torch.Tensor]:
    """The places of the ``count`` highest scores and of the others, each in ascending order.

    Args:
        scores: ``[tiles, N]``; of equals the earlier one is higher.
        count: how many.

    Returns:
        ``[tiles, count]`` and ``[tiles, N − count]``.
    """
    order = scores.argsort(dim=1, descending=True, stable=True)
    return order[:, :count].sort(dim=1).values, order[:, count:].sort(dim=1).values


def cosine(left: torch.Tensor, right: torch.Tensor) -> torch.Tensor:
    """Cosine of each pair: ``[tiles, A, C]`` and ``[tiles, B, C]`` → ``[tiles, A, B]``, in float32."""
    return normalize(left.float(), dim=-1) @ normalize(right.float(), dim=-1).mT


def add_to_groups(sums: torch.Tensor, members: torch.Tensor, group: torch.Tensor) -> torch.Tensor:
    """Add each member to its group's sum.

    Args:
        sums: ``[tiles, G, C]``.
        members: ``[tiles, M, C]``.
        group: which one each belongs to, ``[tiles, M]``.

    Returns:
        ``[tiles, G, C]``.
    """
    return sums.scatter_add(1, group[..., None].expand_as(members), members)


def in_reading_order(tokens: torch.Tensor, places: torch.Tensor) -> torch.Tensor:
    """Sort ``tokens`` ``[tiles, K, C]`` by their places in the tile ``[tiles, K]``."""
    return take(tokens, places.argsort(dim=1))
