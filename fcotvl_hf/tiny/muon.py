"""Muon for CPUs: torch's own iterates in bfloat16, which a CPU without it emulates at a hundredth of the speed."""

from collections.abc import Callable
from typing import Any

import torch


class Float32Muon(torch.optim.Muon):
    """``torch.optim.Muon`` with AdamW-sized updates, orthogonalised in float32, matrices of one shape at a time.

    Options, state and result are the parent's (https://kellerjordan.github.io/posts/muon/), up to bfloat16's rounding.

    Args:
        params: matrices, ``[rows, columns]`` each.
        **options: the parent's; ``adjust_lr_fn`` is fixed to ``"match_rms_adamw"`` (https://arxiv.org/abs/2502.16982).
    """

    def __init__(self, params: Any, **options: Any) -> None:
        super().__init__(params, adjust_lr_fn="match_rms_adamw", **options)

    @torch.no_grad()
    def step(self, closure: Callable[[], float] | None = None) -> float | None:  # type: ignore[override]
        """Update every matrix that has a gradient."""
        loss = None if closure is None else torch.enable_grad()(closure)()
        for group in self.param_groups:
            shapes: dict[torch.Size, list[torch.Tensor]] = {}
            for parameter in group["params"]:
                if parameter.grad is not None:
                    shapes.setdefault(parameter.shape, []).append(parameter)
            for (rows, columns), parameters in shapes.items():
                updates = torch.stack([self._momentum(parameter, group) for parameter in parameters])
                directions = orthogonalize(updates, group["ns_coefficients"], group["ns_steps"], group["eps"])
                torch._foreach_mul_(parameters, 1 - group["lr"] * group["weight_decay"])
                scale = 0.2 * max(rows, columns) ** 0.5
                torch._foreach_add_(parameters, list(directions.unbind()), alpha=-group["lr"] * scale)
        return loss

    def _momentum(self, parameter: torch.Tensor, group: dict[str, Any]) -> torch.Tensor:
        state, gradient = self.state[parameter], parameter.grad
        assert gradient is not None
        if "momentum_buffer" not in state:
            state["momentum_buffer"] = torch.zeros_like(gradient)
        buffer = state["momentum_buffer"].lerp_(gradient, 1 - group["momentum"])
        return gradient.lerp(buffer, group["momentum"]) if group["nesterov"] else buffer


def orthogonalize(
    matrices: torch.Tensor, coefficients: tuple[float, float, float], steps: int, eps: float
) -> torch.Tensor:
    """Move all singular values towards 1 by a quintic Newton-Schulz iteration.

    Args:
        matrices: ``[count, rows, columns]``.
        coefficients: (a, b, c) of the polynomial aX + bX³ + cX⁵.
        steps: iterations.
        eps: smallest norm to divide by.

    Returns:
        ``[count, rows, columns]``.
    """
    tall = matrices.shape[1] > matrices.shape[2]
    x = matrices.mT if tall else matrices
    x = x / x.norm(dim=(1, 2), keepdim=True).clamp(min=eps)
    a, b, c = coefficients
    for _ in range(steps):
        gram = x @ x.mT  # [count, smaller side, smaller side]
        x = torch.baddbmm(x, torch.baddbmm(gram, gram, gram, beta=b, alpha=c), x, beta=a)
    return x.mT if tall else x
