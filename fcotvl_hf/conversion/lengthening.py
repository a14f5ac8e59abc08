"""A compressed model as the start of one that compresses further: 50 % on the way to 75 %.

A convolution over windows of r tokens becomes one over windows of k · r whose output is the mean of the k old ones, so
the longer student starts from tokens that its language model can read already. The same holds for mean pooling, which
has no weights.
"""

from collections.abc import Callable

import torch

from fcotvl_hf.modeling import FCoTVLConfig

from .key_maps import Mapped

LENGTHENED = ("conv1d", "mean")
"""Compressors whose windows follow one another in the tokens, so that neighbours can be joined."""


def check_lengthening(model: FCoTVLConfig, student: FCoTVLConfig) -> None:
    """Whether a compressed model can start a student.

    Args:
        model: configuration of the compressed model.
        student: of the student.

    Raises:
        ValueError: the compressors differ or cannot be lengthened, or the stride is not a larger multiple.
    """
    kind, shorter, stride = model.compressor_type, model.compressor_stride, student.compressor_stride
    alike = (kind, model.compressor_position) == (student.compressor_type, student.compressor_position)
    if not alike or kind not in LENGTHENED or stride % shorter or stride <= shorter:
        raise ValueError(
            f"the teacher has a {kind} compressor of stride {shorter}; a student is made from a model without, or, if "
            f"both have the same {' or '.join(LENGTHENED)} compressor, from one of half or a quarter of its stride"
        )


def lengthened(times: int) -> Callable[[str, torch.Tensor], Mapped]:
    """The key map that joins ``times`` neighbouring windows and changes nothing else.

    Args:
        times: new stride / old stride; 1 changes nothing.
    """

    def key_map(name: str, tensor: torch.Tensor) -> Mapped:
        if name != "model.compressor.weight":
            return [(name, tensor)]
        return [(name, tensor.repeat(1, 1, times) / times)]  # [width, width / groups, r] → [..., times · r]

    return key_map
