"""What a compressor costs, counted by running it on the meta device: no formula has to be kept for each of them.

``fcotvl_hf.cost`` has formulas for everything else, and knows no compressor.
"""

import torch
from torch.utils.flop_counter import FlopCounterMode

from fcotvl_hf.modeling import FCoTVLConfig, build_compressor


def compressor_tile(config: FCoTVLConfig) -> int:
    """Multiply-adds of the compressor for one tile; nothing is stored or computed.

    Args:
        config: the model's.

    Raises:
        ValueError: no compressor has the name in ``config``.
    """
    with torch.device("meta"), torch.no_grad(), FlopCounterMode(display=False) as counter:
        build_compressor(config)(torch.empty(1, config.tokens_per_row**2, config.compressor_width))
    return counter.get_total_flops() // 2
