"""Numbers with units are read as a whole, and units convert only where they measure the same."""

import pytest

from fcotvl_hf.eval_harness.metrics.quantity import convert, read_quantity


@pytest.mark.parametrize(
    ("text", "value", "unit"),
    [
        ("12", 12, ""),
        ("-12.50", -12.5, ""),
        ("−3", -3, ""),
        (".5", 0.5, ""),
        ("1,234,567.8", 1234567.8, ""),
        ("about 7", 7, ""),
        ("≈ 3.14", 3.14, ""),
        ("seven", 7, ""),
        ("three apples", 3, "apples"),
        ("12 %", 12, "%"),
        ("12 percent", 12, "%"),
        ("$1.2 million", 1.2e6, "USD"),
        ("-$5", -5, "USD"),
        ("$-5", -5, "USD"),
        ("5 dollars", 5, "USD"),
        ("€3.4B", 3.4e9, "EUR"),
        ("16k", 16e3, ""),
        ("5 K", 5, "K"),
        ("3 x 10^8 m/s", 3e8, "m/s"),
        ("6.02e23", 6.02e23, ""),
        ("25 °C", 25, "°C"),
        ("90°", 90, "°"),
        ("12 cm^2", 12, "cm^2"),
        ("12 cm²", 12, "cm²"),
        ("5 km/h.", 5, "km/h"),
    ],
)
def test_quantities_are_read(text: str, value: float, unit: str) -> None:
    quantity = read_quantity(text)
    assert quantity is not None
    assert (quantity.value, quantity.unit) == (pytest.approx(value), unit)


@pytest.mark.parametrize(
    "text",
    ["", "cm", "12 or 13", "12-13", "3rd", "1 2", "1,23", "12,5", "2019-01-02", "3/4", "5 and 6", "x = 5", "5 = 6",
     "1.2.3", "not 5", "5, maybe", "5 to 7", "1.234,5", "0x10", "5 of them", "5!", "١٢ x", "5 (or 6)", "--5"],
)  # fmt: skip
def test_anything_else_is_no_quantity(text: str) -> None:
    assert read_quantity(text) is None


@pytest.mark.parametrize(
    ("text", "unit", "value"),
    [
        ("1.5 m", "cm", 150),
        ("150 cm", "centimetres", 150),
        ("5 apples", "Apple", 5),
        ("5", "kg", 5),
        ("5 kg", "", 5),
        ("36 km/h", "m/s", 10),
        ("2 square meters", "m²", 2),
        ("3 Ω", "ohm", 3),
        ("20 degrees Celsius", "°C", 20),
        ("90 degrees", "°", 90),
    ],
)
def test_units_convert(text: str, unit: str, value: float) -> None:
    quantity = read_quantity(text)
    assert quantity is not None and convert(quantity, unit) == pytest.approx(value)


@pytest.mark.parametrize(
    ("text", "unit"),
    [("5 g", "cm"), ("5 m²", "m"), ("5 %", "USD"), ("5 euros", "USD"), ("5 apples", "pears"), ("5 mW", "volt")],
)
def test_other_units_do_not(text: str, unit: str) -> None:
    quantity = read_quantity(text)
    assert quantity is not None and convert(quantity, unit) is None


def test_prefixes_keep_their_case() -> None:
    quantity = read_quantity("5 mW")
    assert quantity is not None and convert(quantity, "MW") == pytest.approx(5e-9)


def test_decimals_tell_how_far_a_number_may_be_rounded() -> None:
    decimals = [
        quantity.decimals for text in ("3", "3.30", "1,000.5", "1.25 million") if (quantity := read_quantity(text))
    ]
    assert decimals == [0, 2, 1, 0]
