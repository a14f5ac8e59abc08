"""Reading answers that are a number with or without a unit: "1,250", "$1.2 million", "12.5 %", "3 × 10^8 m/s".

A text counts only as a whole: "12 or 13", "3rd" and "about 5, maybe 6" are no quantities. Units are compared and
converted by Pint (https://pint.readthedocs.io); words that it does not know ("apples") are compared as words.
"""

import re
from dataclasses import dataclass
from functools import cache
from typing import Any

from .vqa_normalize import NUMBER_WORDS

PERCENT = "%"

_MAGNITUDES = {"thousand": 1e3, "million": 1e6, "mn": 1e6, "billion": 1e9, "bn": 1e9, "trillion": 1e12}
_GLUED = {"k": 1e3, "K": 1e3, "M": 1e6, "B": 1e9}
"""Letters right behind the digits; with a space between, "5 K" are kelvins and "5 M" is nothing."""

_CURRENCIES = {
    "USD": ("$", "US$", "usd", "dollar", "dollars"),
    "EUR": ("€", "eur", "euro", "euros"),
    "GBP": ("£", "gbp", "pound sterling", "pounds sterling"),
    "CNY": ("¥", "cny", "rmb", "yuan"),
    "INR": ("₹", "inr", "rs", "rupee", "rupees"),
}
_CURRENCY = {name: code for code, names in _CURRENCIES.items() for name in names}
_PERCENT = {PERCENT, "percent", "per cent", "percentage points"}
_PINT_NAMES = {"degrees celsius": "degC", "degrees fahrenheit": "degF", "°": "degree"}

_QUANTITY = re.compile(
    r"""(?:(?:about|approximately|approx\.?|around|roughly|[~≈=])\s*)?
    (?P<sign>[-+−]?)\s*(?:(?P<currency>US\$|[$€£¥₹])\s*(?P<inner>[-−]?))?
    (?P<digits>(?:\d{1,3}(?:[,\u00a0\u202f]\d{3})+|\d+)(?:\.\d+)?|\.\d+)
    (?:[eE](?P<exponent>[-+]?\d{1,3})|\s*[×x]\s*10\s*\^\s*\{?(?P<power>[-−+]?\d{1,3})\}?)?
    (?:(?P<glued>[kKMB])(?![A-Za-z])|\s*(?P<magnitude>thousand|million|mn|billion|bn|trillion)\b)?
    \s*(?P<unit>[^\W\d_](?:[^\d=,;:!?()]|\^-?\d|(?<=[a-z])[23]\b){0,39}|[%°](?:\s?[CF])?)?""",
    re.VERBOSE,
)
_NO_UNITS = {"st", "nd", "rd", "th", "or", "and", "to", "x", "of"}
_SUPERSCRIPTS = str.maketrans({"²": "^2", "³": "^3", "·": "*", "μ": "µ"})


@dataclass(frozen=True)
class Quantity:
    """A number as an answer states it.

    Args:
        value: the number, magnitude words multiplied in; of "12 %" it is 12.
        unit: its unit as written, ``%``, a currency's code, or nothing.
        decimals: digits after the point, which tell how far it may be rounded; 0 with a magnitude or an exponent.
    """

    value: float
    unit: str = ""
    decimals: int = 0


def read_quantity(text: str) -> Quantity | None:
    """Read a text that is one quantity.

    Args:
        text: an answer without anything around it; number words up to ten count.

    Returns:
        The quantity; None if the text is anything else.
    """
    text = text.strip().rstrip(".")
    word, _, rest = text.partition(" ")
    if word.lower() in NUMBER_WORDS:
        text = f"{NUMBER_WORDS.index(word.lower())} {rest}".strip()
    match = _QUANTITY.fullmatch(text)
    if match is None:
        return None
    unit = (match["unit"] or "").strip()
    if unit.lower().split()[:1] and unit.lower().split()[0] in _NO_UNITS:
        return None
    digits = re.sub(r"[,\u00a0\u202f]", "", match["digits"])
    exponent = match["exponent"] or (match["power"] or "0").replace("−", "-")
    scale = _GLUED.get(match["glued"] or "", 1.0) * _MAGNITUDES.get(match["magnitude"] or "", 1.0)
    value = float(f"{digits}e{exponent}") * scale
    if (match["sign"] in ("-", "−")) != (match["inner"] in ("-", "−")):
        value = -value
    plain = scale == 1.0 and exponent == "0"
    return Quantity(value, _unit(unit, match["currency"]), len(digits.partition(".")[2]) if plain else 0)


def convert(quantity: Quantity, unit: str) -> float | None:
    """The value of a quantity in another unit.

    Args:
        quantity: what was read.
        unit: a unit as ``Quantity.unit`` holds it. A unit that is missing on either side is taken for the other's.

    Returns:
        The value; None if the units do not measure the same.

    Raises:
        OSError: the units differ and Pint is not installed.
    """
    if not quantity.unit or not unit or quantity.unit == unit:
        return quantity.value
    special = {PERCENT, *_CURRENCIES}
    if quantity.unit in special or unit in special:
        return None
    try:
        return float(_registry().Quantity(quantity.value, _pint(quantity.unit)).to(_pint(unit)).magnitude)
    except _pint_errors():
        same = quantity.unit.lower().removesuffix("s") == unit.lower().removesuffix("s")
        return quantity.value if same and not (_known(quantity.unit) and _known(unit)) else None


def _unit(written: str, currency: str | None) -> str:
    folded = " ".join(written.lower().split())
    if folded in _PERCENT:
        return PERCENT
    code = _CURRENCY.get(currency or folded) or _CURRENCY.get(written)
    return code or written


def _known(unit: str) -> bool:
    try:
        _pint(unit)
    except _pint_errors():
        return False
    return True


@cache
def _pint(unit: str) -> Any:
    text = _PINT_NAMES.get(unit.lower(), unit).translate(_SUPERSCRIPTS)
    return _registry().parse_units(text)


@cache
def _registry() -> Any:
    try:
        from pint import UnitRegistry
    except ModuleNotFoundError as error:
        raise OSError("comparing units needs pint; install it with pip install 'fcotvl-hf[data]'") from error
    return UnitRegistry(cache_folder=None)


def _pint_errors() -> tuple[type[Exception], ...]:
    """What Pint raises on units that it does not know, that differ in dimension, or that are no units at all."""
    from tokenize import TokenError

    from pint.errors import PintError

    return PintError, TokenError, SyntaxError, ValueError, TypeError, AttributeError, AssertionError, ZeroDivisionError
