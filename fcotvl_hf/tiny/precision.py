"""Which number format trains fastest on this machine's CPU."""

import torch


def has_bfloat16() -> bool:
    """Whether the CPU multiplies in bfloat16 by itself; where it has to emulate it, float32 is faster.

    The names are x86's and ARM's: https://docs.pytorch.org/docs/main/generated/torch.cpu.get_capabilities.html
    """
    capabilities = torch.cpu.get_capabilities()
    return any(capabilities.get(name, False) for name in ("avx512_bf16", "amx_bf16", "bf16"))


def fastest_attention() -> str:
    """Attention that trains fastest beside it: PyTorch's fused one is slow in bfloat16 on CPUs."""
    return "eager" if has_bfloat16() else "sdpa"
