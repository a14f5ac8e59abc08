"""Each method is its paper's formula, written out plainly here, however a tensor is cut into blocks."""

import math
from functools import partial

import pytest
import torch

from fcotvl_hf.merging import methods

N, SIZE = 4, 1000


@pytest.fixture(scope="module")
def rows() -> torch.Tensor:
    """A base and four checkpoints near it and near each other, ``[5, 1000]``."""
    generator = torch.Generator().manual_seed(3)
    base = torch.randn(SIZE, generator=generator)
    shared = torch.randn(SIZE, generator=generator)
    own = torch.randn(N, SIZE, generator=generator)
    return torch.cat([base[None], base + 0.1 * (shared + own)])


def whole(method, rows: torch.Tensor) -> torch.Tensor:
    (merged,) = method([rows])
    return merged


def plain_ties(rows: torch.Tensor, weights: list[float], density: float, scale: float) -> torch.Tensor:
    """Number by number, as the paper's algorithm 1 reads."""
    base, deltas = rows[0], rows[1:] - rows[0]
    kept = torch.zeros_like(deltas)
    for i, delta in enumerate(deltas):
        for j in delta.abs().sort(descending=True).indices[: int(density * SIZE)]:
            kept[i, j] = weights[i] * delta[j]
    merged = base.clone()
    for j in range(SIZE):
        sign = math.copysign(1, kept[:, j].sum()) if kept[:, j].sum() != 0 else 0
        chosen = [i for i in range(N) if kept[i, j] * sign > 0]
        if chosen:
            merged[j] += scale * sum(kept[i, j] for i in chosen) / sum(weights[i] for i in chosen)
    return merged


@pytest.mark.parametrize(("weights", "density", "scale"), [([1.0] * 4, 0.2, 1.0), ([0.5, 1, 2, 0.1], 0.7, 0.4)])
def test_ties(rows: torch.Tensor, weights: list[float], density: float, scale: float) -> None:
    merged = whole(partial(methods.ties, weights=weights, density=density, scale=scale), rows)
    torch.testing.assert_close(merged, plain_ties(rows, weights, density, scale))


@pytest.mark.parametrize("density", [0.001, 0.2, 0.5, 0.9996, 1.0])
def test_thresholds_are_the_sorted_magnitudes(rows: torch.Tensor, density: float) -> None:
    rank = int(density * SIZE)
    expected = (rows[1:] - rows[0]).abs().sort(descending=True).values[:, rank - 1]
    assert torch.equal(methods.largest_magnitudes([rows], density), expected)


def test_thresholds_with_equal_magnitudes_and_zeros() -> None:
    deltas = torch.tensor([[0.0, 3, -3, 3, 0, 1], [0, 0, 0, 0, 0, -5]])
    found = methods.largest_magnitudes([torch.cat([torch.zeros(1, 6), deltas])], 1 / 3)
    assert found.tolist() == [3, 0]
    assert methods.largest_magnitudes([torch.zeros(3, 2)], 0.4).tolist() == [math.inf, math.inf]


def test_linear(rows: torch.Tensor) -> None:
    coefficients = [0.25, -0.5, 1.0, 0.0, 0.3]
    expected = torch.tensor(coefficients, dtype=torch.float64) @ rows.double()
    torch.testing.assert_close(whole(partial(methods.linear, coefficients=coefficients), rows).double(), expected)


@pytest.mark.parametrize("t", [0.0, 0.3, 1.0])
def test_slerp(rows: torch.Tensor, t: float) -> None:
    left, right = (row.double() for row in (rows[0], torch.flip(rows[1], (0,)) * 2))
    angle = torch.acos(left @ right / left.norm() / right.norm())
    expected = (torch.sin((1 - t) * angle) * left + torch.sin(t * angle) * right) / torch.sin(angle)
    merged = whole(partial(methods.slerp, t=t), torch.stack([left, right]))
    torch.testing.assert_close(merged, expected)


def test_slerp_of_parallel_tensors_is_linear() -> None:
    pair = torch.stack([torch.ones(10), torch.full((10,), 3.0)])
    assert whole(partial(methods.slerp, t=0.25), pair).tolist() == [1.5] * 10
    assert whole(partial(methods.slerp, t=0.5), torch.zeros(2, 4)).tolist() == [0] * 4


def test_model_stock(rows: torch.Tensor) -> None:
    base, deltas = rows[0].double(), (rows[1:] - rows[0]).double()
    cosines = [torch.cosine_similarity(deltas[i], deltas[j], dim=0) for i in range(N) for j in range(i)]
    cosine = sum(cosines) / len(cosines)
    t = N * cosine / (1 + (N - 1) * cosine)
    assert 0.5 < t < 1
    expected = t * rows[1:].double().mean(dim=0) + (1 - t) * base
    torch.testing.assert_close(whole(methods.model_stock, rows).double(), expected, rtol=1e-5, atol=1e-6)


def test_model_stock_keeps_the_base_where_checkpoints_disagree() -> None:
    base, delta = torch.ones(5), torch.arange(5.0)
    assert torch.equal(whole(methods.model_stock, torch.stack([base, base + delta, base - delta])), base)
    assert torch.equal(whole(methods.model_stock, torch.stack([base] * 3)), base)


def test_dare_drops_and_scales_up(rows: torch.Tensor) -> None:
    drop = partial(methods.dare, weights=[1.0], density=0.25)
    pair = rows[:2]
    change = (whole(drop, pair) - pair[0]) / (pair[1] - pair[0])
    kept = change.abs() > 1e-3
    torch.testing.assert_close(change[kept], torch.full_like(change[kept], 4.0), rtol=1e-3, atol=0)
    assert abs(kept.float().mean() - 0.25) < 0.05
    assert torch.equal(whole(drop, pair), whole(drop, pair))
    assert not torch.equal(whole(drop, pair), whole(partial(drop, seed=1), pair))


def test_dare_of_everything_is_task_arithmetic(rows: torch.Tensor) -> None:
    weights = [0.5, 0.1, -0.2, 0.3]
    merged = whole(partial(methods.dare, weights=weights, density=1.0), rows)
    torch.testing.assert_close(merged, rows[0] + torch.tensor(weights) @ (rows[1:] - rows[0]))


def test_dare_gives_each_checkpoint_its_own_mask_and_copies_the_same(rows: torch.Tensor) -> None:
    twice = torch.stack([rows[0], rows[1], rows[1]])
    one, other = (whole(partial(methods.dare, weights=w, density=0.5), twice) for w in ([1.0, 0], [0.0, 1]))
    assert not torch.equal(one, other)
    assert torch.equal(whole(partial(methods.dare, weights=[1.0, 0], density=0.5), twice.clone()), one)


@pytest.mark.parametrize(
    "method",
    [
        partial(methods.linear, coefficients=(0.1, 0.2, 0.3, 0.4, 0.5)),
        partial(methods.ties, weights=[1.0] * N, density=0.2),
        partial(methods.dare, weights=[0.5] * N, density=0.3),
        methods.model_stock,
    ],
    ids=["linear", "ties", "dare", "model-stock"],
)
def test_blocks_do_not_matter(method, rows: torch.Tensor) -> None:
    parts = torch.cat(list(method([rows[:, :300], rows[:, 300:301], rows[:, 301:]])))
    torch.testing.assert_close(parts, whole(method, rows), rtol=1e-6, atol=1e-6)
