"""The text normaliser of the VQA challenges on EvalAI, which TextVQA's scores are defined with.

Lower case, no punctuation, no articles, digits for number words, apostrophes where writers leave them out. The oddities
are kept, because scores depend on them: a possessive is cut off ("john's" → "john 's"), whether a mark of punctuation
becomes a space or nothing depends on all other places where it stands in the text, and only the first 32 full stops go.
https://github.com/GT-Vision-Lab/VQA, in the variant of https://github.com/facebookresearch/mmf.
"""

import re

PUNCTUATION = ';/[]"{}()=+\\_-><@`,?!'
"""What is taken out; apostrophes, colons, full stops and other signs are not among it."""

_FULL_STOP = re.compile(r"\.(?!\d)")
_MOST_FULL_STOPS = 32

NUMBER_WORDS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
_NUMBERS = {"none": "0"} | {word: str(number) for number, word in enumerate(NUMBER_WORDS)}
_ARTICLES = {"a", "an", "the"}
_CONTRACTED = """
    ain't aren't can't could've couldn't couldn't've didn't doesn't don't hadn't hadn't've hasn't haven't he'd he'd've
    he's how'd how'll how's isn't it'd it'd've it'll ma'am might've mightn't mightn't've must've mustn't needn't not've
    o'clock oughtn't 'ow's'at shan't she'd've should've shouldn't shouldn't've somebody'd've somebody'll somebody's
    someone'd someone'd've someone'll someone's something'd something'd've something'll that's there'd there'd've
    there're there's they'd they'd've they'll they're they've 'twas wasn't we'd've we've weren't what'll what're what's
    what've when's where'd where's where've who'd who'd've who'll who's who've why'll why're why's won't would've
    wouldn't wouldn't've y'all y'all'd've y'all'll you'd you'd've you'll you're you've
"""
_CONTRACTIONS = {
    word[:place] + word[place + 1 :]: word
    for word in _CONTRACTED.split()
    for place, character in enumerate(word)
    if character == "'"
} | {"somebody'd": "somebodyd"}
"""Contractions that lack one apostrophe → the contractions, and one slip of the original."""


def vqa_normalize(text: str) -> str:
    """Normalise an answer.

    Args:
        text: a prediction or a human answer.

    Returns:
        Words with single spaces between them.
    """
    text = text.lower().replace(",", "").replace("?", "").replace("'s", " 's").strip()
    text = strip_punctuation(text.replace("\n", " ").replace("\t", " ").strip())
    text = _FULL_STOP.sub("", text, count=_MOST_FULL_STOPS)
    words = [_NUMBERS.get(word, word) for word in text.lower().split()]
    return " ".join(_CONTRACTIONS.get(word, word) for word in words if word not in _ARTICLES)


def strip_punctuation(text: str, everywhere: bool = False) -> str:
    """Take punctuation out of a text.

    Args:
        text: the text.
        everywhere: every mark goes without leaving a space; otherwise only marks that somewhere stand beside one do.
    """
    stripped = text
    for mark in PUNCTUATION:
        at_space = f"{mark} " in text or f" {mark}" in text
        stripped = stripped.replace(mark, "" if everywhere or at_space else " ")
    return stripped
