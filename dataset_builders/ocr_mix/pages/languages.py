"""Which language a page is in."""

from random import Random

CHINESE_SHARE = 0.4


def choose_language(rng: Random) -> str:
    """``"zh"`` for 40 % of the pages, else ``"en"``."""
    return "zh" if rng.random() < CHINESE_SHARE else "en"
