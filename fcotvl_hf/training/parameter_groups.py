"""Learning rates of their own for the ViT and for compressor and projector, beside the language model's."""

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from torch import nn

from .muon import is_block_matrix

PARTS = {"vision_tower": "vit", "compressor": "connector", "multi_modal_projector": "connector"}
"""Module of the model → part; everything else is the part ``language_model``."""


def part_of(name: str) -> str:
    """The part that a parameter belongs to: ``vit``, ``connector`` or ``language_model``.

    Args:
        name: of the parameter, also inside a PEFT or distributed wrapper.
    """
    return next((part for module, part in PARTS.items() if module in name.split(".")), "language_model")


def parameter_groups(
    parameters: Iterable[tuple[str, nn.Parameter]],
    rates: Mapping[str, float],
    weight_decay: float,
    decayed: Collection[str],
    muon: bool = False,
) -> list[dict[str, Any]]:
    """Sort what is trained into an optimizer's groups, the language model first: its rate is the one that is logged.

    Args:
        parameters: names and parameters; frozen ones are left out.
        rates: part → peak learning rate.
        weight_decay: of the parameters in ``decayed``, the others get none.
        decayed: names of parameters with weight decay.
        muon: give the matrices inside the blocks groups of their own, for ``MuonAdamW``.

    Returns:
        Groups with ``params``, ``lr``, ``weight_decay`` and ``muon``, none of them empty.
    """
    groups: dict[tuple[str, bool, bool], list[nn.Parameter]] = {
        (part, decay, matrices): []
        for part in ("language_model", "connector", "vit")
        for decay in (True, False)
        for matrices in (True, False)
    }
    for name, parameter in parameters:
        if parameter.requires_grad:
            groups[part_of(name), name in decayed, muon and is_block_matrix(name, parameter)].append(parameter)
    return [
        {"params": chosen, "lr": rates[part], "weight_decay": weight_decay if decay else 0.0, "muon": matrices}
        for (part, decay, matrices), chosen in groups.items()
        if chosen
    ]
