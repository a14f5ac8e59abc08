"""Chinese words, as jieba finds them: the benchmark counts those."""

import logging
import warnings

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # jieba's last release is older than what Python and setuptools now warn about
    import jieba


def chinese_words(text: str) -> list[str]:
    """All words of a text, marks and spaces too; its dictionary is read on the first call, which takes a second."""
    jieba.setLogLevel(logging.WARNING)
    words: list[str] = jieba.lcut(text)
    return words
