"""Muon for the matrices inside the blocks, AdamW for everything else, as one optimizer that a Trainer can hold.

Muon (https://kellerjordan.github.io/posts/muon/) takes fewer pages to the same loss where a small model has much to
learn. torch's own iterates in bfloat16, which a CPU without it emulates at a hundredth of the speed, and knows matrices
only; this one works in float32, on all matrices of one shape at a time.
"""

from collections.abc import Callable
from typing import Any

import torch

_COEFFICIENTS, _STEPS, _MOMENTUM = (3.4445, -4.775, 2.0315), 5, 0.95


class MuonAdamW(torch.optim.AdamW):
    """AdamW, but for groups with ``"muon": True`` the update of ``torch.optim.Muon`` with Nesterov's momentum of 0.95.

    Updates of matrices are scaled to AdamW's size (https://arxiv.org/abs/2502.16982, section 2.2), so one learning rate
    serves both.

    Args:
        params: groups; those with ``"muon": True`` hold matrices, ``[rows, columns]`` each.
        **options: AdamW's.
    """

    def __init__(self, params: list[dict[str, Any]], **options: Any) -> None:
        super().__init__([{"muon": False, **group} for group in params], **options)

    @torch.no_grad()
    def step(self, closure: Callable[[], float] | None = None) -> float | None:  # type: ignore[override]
        """Update every parameter that has a gradient."""
        loss = None if closure is None else torch.enable_grad()(closure)()
        groups = self.param_groups
        for group in groups:
            if group["muon"]:
                self._step_matrices(group)
        self.param_groups = [group for group in groups if not group["muon"]]
        try:
            super().step()
        finally:
            self.param_groups = groups
        return loss

    def _step_matrices(self, group: dict[str, Any]) -> None:
        shapes: dict[torch.Size, list[torch.Tensor]] = {}
        for parameter in group["params"]:
            if parameter.grad is not None:
                shapes.setdefault(parameter.shape, []).append(parameter)
        for (rows, columns), parameters in shapes.items():
            updates = orthogonalize(torch.stack([self._momentum(parameter) for parameter in parameters]))
            torch._foreach_mul_(parameters, 1 - group["lr"] * group["weight_decay"])
            scale = 0.2 * max(rows, columns) ** 0.5
            torch._foreach_add_(parameters, list(updates.unbind()), alpha=-group["lr"] * scale)

    def _momentum(self, parameter: torch.Tensor) -> torch.Tensor:
        state, gradient = self.state[parameter], parameter.grad
        assert gradient is not None
        if "momentum_buffer" not in state:
            state["step"] = torch.zeros(())  # AdamW looks for it in every state that it loads
            state["momentum_buffer"] = torch.zeros_like(gradient)
        return gradient.lerp(state["momentum_buffer"].lerp_(gradient, 1 - _MOMENTUM), _MOMENTUM)


def is_block_matrix(name: str, parameter: torch.Tensor) -> bool:
    """Whether Muon is for this parameter: a matrix, but no embedding and no head."""
    return parameter.ndim == 2 and "embed" not in name and "head" not in name


def orthogonalize(matrices: torch.Tensor) -> torch.Tensor:
    """Move all singular values towards 1 by a quintic Newton-Schulz iteration, X → aX + bX³ + cX⁵.

    Args:
        matrices: ``[count, rows, columns]``.

    Returns:
        ``[count, rows, columns]``.
    """
    tall = matrices.shape[1] > matrices.shape[2]
    x = matrices.mT if tall else matrices
    x = x / x.norm(dim=(1, 2), keepdim=True).clamp(min=1e-7)
    a, b, c = _COEFFICIENTS
    for _ in range(_STEPS):
        gram = x @ x.mT  # [count, smaller side, smaller side]
        x = torch.baddbmm(x, torch.baddbmm(gram, gram, gram, beta=b, alpha=c), x, beta=a)
    return x.mT if tall else x
