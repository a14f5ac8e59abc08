"""Pages, translations and written answers: the mean of BLEU, METEOR, the F-measure of words, and 1 − edit distance.

Words are what white space parts, or if there is Chinese in either text, what jieba finds. BLEU is not smoothed: without
a common sequence of four words it is practically 0, so one to three words score 0.75 at most.
"""

import re
import warnings
from collections.abc import Sequence
from statistics import fmean

from nltk.translate.bleu_score import sentence_bleu
from nltk.translate.meteor_score import meteor_score

from .chinese import chinese_words
from .synonyms import Synonyms
from .vqa import similarity

_HAN = re.compile("[\u4e00-\u9fa5]")
_SYNONYMS = Synonyms()


def page(prediction: str, reference: str) -> float:
    """Score a text.

    Args:
        prediction: what the model wrote; an empty one scores 0.
        reference: what stands on the page.
    """
    return fmean(page_parts(prediction, reference).values()) if prediction else 0.0


def page_parts(prediction: str, reference: str) -> dict[str, float]:
    """The four scores of a text: ``bleu``, ``meteor``, ``f_measure``, ``edit_similarity``."""
    wanted, written = _words(reference, prediction)
    return {
        "bleu": _bleu(written, wanted),
        "meteor": float(meteor_score([wanted], written, wordnet=_SYNONYMS)),
        "f_measure": _f_measure(set(written), set(wanted)),
        "edit_similarity": similarity(prediction, reference),
    }


def _words(*texts: str) -> list[list[str]]:
    chinese = any(map(_HAN.search, texts))
    return [chinese_words(text) if chinese else text.split() for text in texts]


def _bleu(written: Sequence[str], wanted: Sequence[str]) -> float:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about n-grams without overlap, which are no news here
        return float(sentence_bleu([wanted], written))


def _f_measure(written: set[str], wanted: set[str]) -> float:
    return 2 * len(written & wanted) / (len(written) + len(wanted)) if written or wanted else 0.0
