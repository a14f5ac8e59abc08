"""Ways to merge one tensor: from blocks of it in several checkpoints to blocks of the result.

Each method is a pure function. It gets an iterable of blocks ``[rows, numbers]``, float32 or float64, and yields a
merged ``[numbers]`` for each. Rows are θ_base, θ_1 … θ_n unless said otherwise, and δ_i = θ_i − θ_base. Methods that
need a figure of the whole tensor first, an angle or a threshold, go through the blocks twice; how a tensor is cut does
not change what comes out.
"""

import hashlib
import math
from collections.abc import Iterable, Iterator, Sequence

import torch

Blocks = Iterable[torch.Tensor]

_NEARLY_PARALLEL = 0.9995


def linear(blocks: Blocks, coefficients: Sequence[float]) -> Iterator[torch.Tensor]:
    """Σ c_i row_i; the average of checkpoints (https://arxiv.org/abs/2203.05482), task arithmetic
    (https://arxiv.org/abs/2212.04089) and FCoT-VL's fusion (https://arxiv.org/abs/2502.18512) are of this kind.

    Args:
        blocks: any rows.
        coefficients: one for each row.
    """
    for block in blocks:
        merged = block[0] * coefficients[0]
        for row, coefficient in zip(block[1:], coefficients[1:], strict=True):
            merged.add_(row, alpha=coefficient)
        yield merged


def ties(blocks: Blocks, weights: Sequence[float], density: float, scale: float = 1.0) -> Iterator[torch.Tensor]:
    """TIES (https://arxiv.org/abs/2306.01708): trim each δ to its largest numbers, elect a sign for each number by the
    larger sum, and average the numbers that agree with it. Trimmed per tensor, as mergekit and PEFT do.

    Args:
        blocks: rows θ_base, θ_1 … θ_n.
        weights: of the δ, in the election and in the average.
        density: share of each δ that is kept; of equal magnitudes at the border all are.
        scale: λ of θ_base + λ · average.
    """
    thresholds = largest_magnitudes(blocks, density)[:, None]  # [n, 1]
    for block in blocks:
        base, deltas = block[0], block[1:] - block[0]
        factors = torch.tensor(weights, dtype=block.dtype)[:, None]
        kept = torch.where(deltas.abs() >= thresholds, deltas, 0) * factors  # [n, numbers]
        agreeing = (kept.sign() == kept.sum(dim=0).sign()) & (kept != 0)
        total = (agreeing * factors).sum(dim=0)
        mean = (kept * agreeing).sum(dim=0) / torch.where(total == 0, 1, total)
        yield base + scale * mean


def dare(blocks: Blocks, weights: Sequence[float], density: float, seed: int = 0) -> Iterator[torch.Tensor]:
    """DARE (https://arxiv.org/abs/2311.03099): drop numbers of each δ at random, scale up the rest, add.

    θ_base + Σ w_i m_i δ_i / density, where m_i is 1 with probability ``density``. The masks follow from the seed and
    from the tensor's own first numbers: a tied copy of a tensor gets the same ones.

    Args:
        blocks: rows θ_base, θ_1 … θ_n.
        weights: of the δ.
        density: share of numbers that is kept, above 0.
        seed: of the masks.
    """
    generators: list[torch.Generator] = []
    for block in blocks:
        deltas = block[1:] - block[0]
        generators = generators or [_generator(seed, index, block) for index in range(len(deltas))]
        merged = block[0].clone()
        for delta, weight, generator in zip(deltas, weights, generators, strict=True):
            kept = torch.rand(delta.shape, generator=generator) < density
            merged.add_(delta * kept, alpha=weight / density)
        yield merged


def slerp(blocks: Blocks, t: float) -> Iterator[torch.Tensor]:
    """Spherical interpolation (https://doi.org/10.1145/325165.325242) of two checkpoints' tensors, as mergekit does it:
    the angle is that between the directions, and nearly parallel tensors are interpolated linearly.

    Args:
        blocks: rows θ_1, θ_2.
        t: 0 gives θ_1, 1 gives θ_2.
    """
    cosine = float(_cosines(_products(blocks))[0, 1])
    first, second = 1 - t, t
    if abs(cosine) < _NEARLY_PARALLEL:
        angle = math.acos(cosine)
        first, second = (math.sin(part * angle) / math.sin(angle) for part in (first, second))
    yield from linear(blocks, (first, second))


def model_stock(blocks: Blocks) -> Iterator[torch.Tensor]:
    """Model Stock (https://arxiv.org/abs/2403.19522): from the base towards the average, the further the better the
    checkpoints agree.

    t = n cos α / (1 + (n − 1) cos α) with the mean cosine of the angles between the δ of this tensor; where they agree
    in nothing (cos α ≤ 0) the base is kept.

    Args:
        blocks: rows θ_base, θ_1 … θ_n with n ≥ 2.
    """
    cosines = _cosines(_products(block[1:] - block[0] for block in blocks))
    n = len(cosines)
    cosine = max(0.0, float((cosines.sum() - cosines.diagonal().sum()) / (n * (n - 1))))
    t = n * cosine / (1 + (n - 1) * cosine)
    yield from linear(blocks, (1 - t, *[t / n] * n))


def largest_magnitudes(blocks: Blocks, density: float) -> torch.Tensor:
    """The smallest magnitude that belongs to the largest ``density`` share of each δ, exactly, without sorting.

    The bits of non-negative floats sort as the floats do: the upper half of the bits is counted first, then the lower
    half among those that share the upper half of the one looked for.

    Args:
        blocks: rows θ_base, θ_1 … θ_n.
        density: share of the numbers, above 0; of 10 numbers, 0.25 are 2.

    Returns:
        ``[n]`` in float32; infinity where the share is less than one number.
    """
    total = sum(block.shape[1] for block in blocks)
    rank = int(density * total)
    rows = len(next(iter(blocks))) - 1
    if rank == 0:
        return torch.full((rows,), math.inf)
    upper = torch.zeros(rows, 1 << 16, dtype=torch.int64)
    for block in blocks:
        for row, bits in zip(upper, _magnitude_bits(block), strict=True):
            row += torch.bincount(bits >> 16, minlength=1 << 16)
    chosen = [_from_the_top(counts, rank) for counts in upper]  # per row: (upper half, rank left within it)
    lower = torch.zeros(rows, 1 << 16, dtype=torch.int64)
    for block in blocks:
        for row, bits, (high, _) in zip(lower, _magnitude_bits(block), chosen, strict=True):
            row += torch.bincount(bits[bits >> 16 == high] & 0xFFFF, minlength=1 << 16)
    lows = [_from_the_top(counts, left)[0] for counts, (_, left) in zip(lower, chosen, strict=True)]
    found = torch.tensor([high << 16 | low for (high, _), low in zip(chosen, lows, strict=True)], dtype=torch.int32)
    return found.view(torch.float32)


def _magnitude_bits(block: torch.Tensor) -> torch.Tensor:
    """|δ| as the bits of float32, ``[n, numbers]``."""
    return (block[1:] - block[0]).abs().float().view(torch.int32)


def _from_the_top(counts: torch.Tensor, rank: int) -> tuple[int, int]:
    """The value that the ``rank``-th largest number has, and its rank among those of that value."""
    above = counts.flip(0).cumsum(0)  # numbers of the largest value, of the two largest …
    index = int(torch.searchsorted(above, rank))
    before = int(above[index - 1]) if index else 0
    return len(counts) - 1 - index, rank - before


def _products(blocks: Blocks) -> torch.Tensor:
    """Scalar products of all pairs of rows over all blocks, ``[rows, rows]`` in float64."""
    total: torch.Tensor | None = None
    for block in blocks:
        products = (block @ block.T).double()
        total = products if total is None else total + products
    assert total is not None, "a tensor has at least one block"
    return total


def _cosines(products: torch.Tensor) -> torch.Tensor:
    """Cosines from scalar products; 0 to a row that is zero."""
    norms = products.diagonal().sqrt()
    lengths = torch.outer(norms, norms)
    return torch.where(lengths == 0, 0, products / lengths).clamp(-1, 1)


def _generator(seed: int, index: int, block: torch.Tensor) -> torch.Generator:
    """A generator for one δ of one tensor."""
    told = f"{seed} {index} ".encode() + block[:, :64].double().numpy().tobytes()
    return torch.Generator().manual_seed(int.from_bytes(hashlib.sha256(told).digest()[:7], "little"))
