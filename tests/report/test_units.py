from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_jaxcost.report.amounts import show, show_multiple, show_share
from pytest_jaxcost.report.errors import LimitError
from pytest_jaxcost.report.metrics import Unit
from pytest_jaxcost.report.units import BINARY, EXAMPLES, SI, parse

WHOLE = st.integers(min_value=0, max_value=10**18)
UNITS = st.sampled_from(["count", "findings", "flop", "transcendentals", "bytes"])

READ: list[tuple[Any, Unit, Fraction]] = [
    (0, "count", Fraction(0)),
    (12, "flop", Fraction(12)),
    (2e6, "flop", Fraction(2_000_000)),
    (Decimal("1e3"), "bytes", Fraction(1000)),
    (np.int64(7), "count", Fraction(7)),
    (np.float32(7), "count", Fraction(7)),
    ("12", "count", Fraction(12)),
    (" 12 ", "count", Fraction(12)),
    ("1_000", "count", Fraction(1000)),
    ("1,000", "count", Fraction(1000)),
    ("1e3", "count", Fraction(1000)),
    ("1.5k", "count", Fraction(1500)),
    ("2 M", "transcendentals", Fraction(2_000_000)),
    ("2 GFLOP", "flop", Fraction(2 * 10**9)),
    ("2 GFLOPs", "flop", Fraction(2 * 10**9)),
    ("2gflop", "flop", Fraction(2 * 10**9)),
    ("2G", "flop", Fraction(2 * 10**9)),
    ("24 MiB", "bytes", Fraction(24 * 2**20)),
    ("24mib", "bytes", Fraction(24 * 2**20)),
    ("3 kB", "bytes", Fraction(3000)),
    ("3 KB", "bytes", Fraction(3000)),
    ("0.5 KiB", "bytes", Fraction(512)),
    ("7 bytes", "bytes", Fraction(7)),
    ("9007199254740993", "flop", Fraction(2**53 + 1)),
    ("9.007199254740993 PFLOP", "flop", Fraction(2**53 + 1)),
    ("0.1 kB", "bytes", Fraction(100)),
    (0, "op", Fraction(0)),
    ("0", "op", Fraction(0)),
    ("2 kop", "op", Fraction(2000)),
    ("2 Mops", "op", Fraction(2_000_000)),
    (3, "findings", Fraction(3)),
    ("2 kop", "findings", Fraction(2000)),
    ("2.5 ms", "seconds", Fraction(1, 400)),
    (0.25, "seconds", Fraction(1, 4)),
]

SHARES_AND_MULTIPLES = [
    ("5%", "share", Fraction(1, 20)),
    ("0.1 %", "share", Fraction(1, 1000)),
    ("100%", "share", Fraction(1)),
    ("5x", "multiple", Fraction(5)),
    ("1.1 x", "multiple", Fraction(11, 10)),
]

REFUSED: list[tuple[Any, Unit, str]] = [
    (True, "count", 'True is not an amount; write 12, "1.5k" or "2M"'),
    ([1], "count", '[1] is not an amount; write 12, "1.5k" or "2M"'),
    (1 + 0j, "count", '(1+0j) is not an amount; write 12, "1.5k" or "2M"'),
    (1.5, "count", '1.5 is not a whole number; write 12, "1.5k" or "2M"'),
    (-1, "count", "-1 is negative; nothing costs less than 0"),
    (float("nan"), "count", "nan is not a finite amount; None clears a limit"),
    (float("inf"), "count", "inf is not a finite amount; None clears a limit"),
    (Decimal("NaN"), "count", "NaN is not a finite amount; None clears a limit"),
    ("", "count", '\'\' has no amount; write 12, "1.5k" or "2M"'),
    ("k", "count", '\'k\' is not an amount; write 12, "1.5k" or "2M"'),
    ("nan", "count", '\'nan\' is not an amount; write 12, "1.5k" or "2M"'),
    ("-5", "count", "'-5' is negative; nothing costs less than 0"),
    ("1,5", "count", '\'1,5\' is not an amount; write 12, "1.5k" or "2M"'),
    ("1.2345k", "count", '\'1.2345k\' is not a whole number; write 12, "1.5k" or "2M"'),
    ("150%", "flop", "'150%' is more than the whole; a share is at most 100%"),
    (
        "2 potatoes",
        "flop",
        "'2 potatoes' has the unknown unit 'potatoes'; write 2000000, \"2 MFLOP\" or \"1.5 GFLOP\"",
    ),
    (
        "24 mb",
        "bytes",
        "'24 mb' has the unknown unit 'mb'; write 4096, \"24 MiB\" or \"3 kB\"; did you mean 'MB'?",
    ),
    (
        "24 MiB",
        "flop",
        (
            "'24 MiB' is in bytes, and this limit takes flop;"
            ' write 2000000, "2 MFLOP" or "1.5 GFLOP"'
        ),
    ),
    (1, "op", '1 has no unit; write 0, "2 kop" or "5%"'),
    ("2k", "op", '\'2k\' has no unit; write 0, "2 kop" or "5%"'),
    (
        "2 kop",
        "count",
        '\'2 kop\' is in op, and this limit takes a plain number; write 12, "1.5k" or "2M"',
    ),
    (
        "2 GFLOP",
        "count",
        '\'2 GFLOP\' is in flop, and this limit takes a plain number; write 12, "1.5k" or "2M"',
    ),
]


@pytest.mark.parametrize(("written", "unit", "value"), READ, ids=str)
def test_an_amount_is_read_exactly(written: object, unit: Unit, value: Fraction) -> None:
    bound = parse(written, unit)
    assert (bound.value, bound.sort) == (value, "amount")


@pytest.mark.parametrize(("written", "sort", "value"), SHARES_AND_MULTIPLES)
def test_shares_and_multiples(written: str, sort: str, value: Fraction) -> None:
    bound = parse(written, "flop")
    assert (bound.value, bound.sort, bound.text) == (value, sort, written)


@pytest.mark.parametrize(("written", "unit", "message"), REFUSED, ids=str)
def test_what_is_no_amount_is_refused(written: object, unit: Unit, message: str) -> None:
    with pytest.raises(LimitError) as error:
        parse(written, unit)
    assert str(error.value) == message


@pytest.mark.parametrize("unit", EXAMPLES)
def test_the_examples_in_the_messages_are_accepted(unit: Unit) -> None:
    first, *rest = EXAMPLES[unit].replace(" or ", ", ").split(", ")
    for example in (float(first), *(each.strip('"') for each in rest)):
        assert parse(example, unit).sort == ("share" if "%" in str(example) else "amount")


SHOWN: list[tuple[float, Unit, int | None, str]] = [
    (0, "flop", None, "0 FLOP"),
    (512, "flop", None, "512 FLOP"),
    (2_100_000, "flop", None, "2.10 MFLOP"),
    (33_800_000, "flop", None, "33.8 MFLOP"),
    (999_499, "flop", None, "999 kFLOP"),
    (999_500, "flop", None, "1.00 MFLOP"),
    (7 * 10**21, "flop", None, "7000 EFLOP"),
    (24 * 2**20, "bytes", None, "24.0 MiB"),
    (1023, "bytes", None, "1023 B"),
    (1024, "bytes", None, "1.00 KiB"),
    (1_048_452, "bytes", None, "1.00 MiB"),
    (5002, "count", None, "5,002"),
    (5_000_002, "transcendentals", None, "5,000,002"),
    (0.00215, "seconds", None, "2.15 ms"),
    (40_000_000, "flop", 40_000_000, "40.0 MFLOP"),
    (40_000_001, "flop", 40_000_000, "40.000001 MFLOP"),
    (39_999_999, "flop", 40_000_000, "39.999999 MFLOP"),
    (40 * 10**12 + 1, "flop", 40 * 10**12, "40,000,000,000,001 FLOP"),
    (2**40 + 1, "bytes", 2**40, "1,099,511,627,777 B"),
]


@pytest.mark.parametrize(("value", "unit", "limit", "text"), SHOWN)
def test_an_amount_is_shown(value: float, unit: Unit, limit: int | None, text: str) -> None:
    assert show(value, unit, apart_from=None if limit is None else Fraction(limit)) == text


@pytest.mark.parametrize(
    ("share", "limit", "text"),
    [
        (Fraction(62, 1000), None, "6.2%"),
        (Fraction(1), None, "100%"),
        (Fraction(0), None, "0%"),
        (Fraction(1, 10**5), None, "<0.1%"),
        (Fraction(1, 10**5), Fraction(0), "0.001%"),
        (Fraction(5004, 10**5), Fraction(5, 100), "5.004%"),
        (Fraction(9999, 10**4), None, "99.99%"),
    ],
)
def test_a_share_is_shown(share: Fraction, limit: Fraction | None, text: str) -> None:
    assert show_share(share, apart_from=limit) == text


def test_a_multiple_is_shown() -> None:
    assert show_multiple(Fraction(5)) == "5x"
    assert show_multiple(Fraction(52, 10)) == "5.2x"
    assert show_multiple(Fraction(5001, 1000), apart_from=Fraction(5)) == "5.001x"


@given(WHOLE, UNITS)
def test_numbers_are_read_back(value: int, unit: Unit) -> None:
    assert parse(value, unit).value == parse(str(value), unit).value == value
    assert parse(f"{value:,}", unit).value == value


@given(WHOLE, st.sampled_from([*SI.items()]))
def test_every_prefix_scales_flops(value: int, prefix: tuple[str, int]) -> None:
    assert parse(f"{value} {prefix[0]}FLOP", "flop").value == value * prefix[1]


@given(WHOLE, st.sampled_from([*SI.items(), *BINARY.items()]))
def test_every_prefix_scales_bytes(value: int, prefix: tuple[str, int]) -> None:
    assert parse(f"{value}{prefix[0]}B", "bytes").value == value * prefix[1]


@given(WHOLE, WHOLE, UNITS)
def test_what_is_shown_stays_on_its_side_of_the_limit(value: int, limit: int, unit: Unit) -> None:
    shown = _read_back(show(value, unit, apart_from=Fraction(limit)), unit)
    assert (shown > limit, shown < limit) == (value > limit, value < limit)


@given(WHOLE, st.integers(min_value=-3, max_value=3), UNITS)
def test_a_near_miss_is_never_shown_as_the_limit(limit: int, by: int, unit: Unit) -> None:
    value = max(0, limit + by)
    shown = _read_back(show(value, unit, apart_from=Fraction(limit)), unit)
    assert (shown > limit, shown < limit) == (value > limit, value < limit)


@given(WHOLE, UNITS)
def test_three_digits_are_within_half_a_percent(value: int, unit: Unit) -> None:
    assert abs(_read_back(show(value, unit), unit) - value) <= Fraction(value, 200)


def _read_back(text: str, unit: Unit) -> Fraction:
    """What was shown as a number, which need not be whole."""
    number, _, suffix = text.partition(" ")
    factor = parse(f"1 {suffix}", unit).value if suffix else 1
    return Fraction(number.replace(",", "")) * factor
