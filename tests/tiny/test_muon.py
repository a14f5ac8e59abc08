"""The float32 Muon takes torch's own steps, up to bfloat16's rounding."""

import torch

from fcotvl_hf.tiny.muon import Float32Muon, orthogonalize


def test_orthogonalized_matrices_have_singular_values_near_one() -> None:
    torch.manual_seed(0)
    for shape in ((3, 8, 20), (3, 20, 8)):
        result = orthogonalize(torch.randn(shape), (3.4445, -4.775, 2.0315), 5, 1e-7)
        values = torch.linalg.svdvals(result)
        assert values.min() > 0.4 and values.max() < 1.4


def test_steps_equal_torchs_muon() -> None:
    torch.manual_seed(0)
    starts = [torch.randn(6, 10), torch.randn(6, 10), torch.randn(12, 5)]
    ours, theirs = ([start.clone().requires_grad_() for start in starts] for _ in range(2))
    optimizers = (
        Float32Muon(ours, lr=1e-2, weight_decay=0.1),
        torch.optim.Muon(theirs, lr=1e-2, weight_decay=0.1, adjust_lr_fn="match_rms_adamw"),
    )
    for _ in range(3):
        for mine, other in zip(ours, theirs, strict=True):
            mine.grad = torch.randn_like(mine)
            other.grad = mine.grad.clone()
        for optimizer in optimizers:
            optimizer.step()
    for mine, other, start in zip(ours, theirs, starts, strict=True):
        moved = (mine - start).norm()
        assert (mine - other).norm() < 0.02 * moved
    assert optimizers[0].state_dict()["state"].keys() == optimizers[1].state_dict()["state"].keys()
