"""Dynamic tiling: a page becomes up to ``max_patches`` square tiles and a thumbnail of the whole.

The same pixels as InternVL2's original preprocessing. The PIL backend is pinned: torchvision's bicubic filter gives
other pixels, so scores would depend on whether it is installed.
"""

from transformers import GotOcr2ImageProcessorPil


class FCoTVLImageProcessor(GotOcr2ImageProcessorPil):
    """InternVL's tiling with InternVL2's defaults: 448 px tiles, ImageNet statistics, at most 12 tiles."""

    size = {"height": 448, "width": 448}
    image_mean = [0.485, 0.456, 0.406]
    image_std = [0.229, 0.224, 0.225]
    crop_to_patches = True
    min_patches = 1
    max_patches = 12
