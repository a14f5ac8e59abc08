"""What the app accepts of strangers, in one place."""

from fcotvl_hf.io.images import Limits

UPLOAD_BYTES = 12 * 2**20
"""Largest file. A page scanned at 300 dpi is a few MB as JPEG or PNG."""

PICTURES = Limits(formats=("PNG", "JPEG", "WEBP", "GIF", "TIFF", "BMP", "PPM"), pixels=40_000_000, shortest_side=8)
"""Pictures; an A4 page at 600 dpi has 35 million pixels."""

QUESTION_CHARACTERS = 500
"""Longest question."""

NEW_TOKENS = 512
"""Most tokens of an answer."""

QUEUE = 48
"""Visitors that may wait; the next one is told that the queue is full."""

KEPT_SECONDS = 900
"""How long an uploaded picture stays on disk, for its own visitor to look at."""
