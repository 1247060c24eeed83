"""Laws of printed numbers."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vaebench.claims import CheckResult, Interval
from vaebench.report.words.format import (
    claimed,
    count,
    duration,
    estimate_and_interval,
    plain,
    plus_minus,
    region,
    rounded,
)

FINITE = st.floats(allow_nan=False, allow_infinity=False, min_value=-1e290, max_value=1e290)


def value_of(text):
    """Read a printed number back."""
    mantissa, _, power = text.replace("−", "-").partition("×10")
    exponent = power.translate(str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻", "0123456789-"))
    return float(mantissa) * 10.0 ** int(exponent or 0)


def digits_of(text):
    """Count significant digits; trailing zeros of a whole number are no digits."""
    mantissa = text.partition("×")[0].lstrip("−")
    digits = mantissa.replace(".", "").lstrip("0")
    return len(digits if "." in mantissa else digits.rstrip("0"))


@given(st.lists(FINITE, min_size=1, max_size=4))
def test_numbers_that_belong_together_end_at_one_place_with_three_digits_at_most(values):
    texts = rounded(*values)
    assert len({text.partition("×")[0].partition(".")[2].__len__() for text in texts}) == 1
    assert len({text.partition("×")[2] for text in texts}) == 1
    assert max(digits_of(text) for text in texts) <= 3


@given(st.lists(FINITE, min_size=1, max_size=4))
def test_a_printed_number_is_off_by_no_more_than_half_a_unit_of_its_place(values):
    largest = max(map(abs, values))
    for text, value in zip(rounded(*values), values, strict=True):
        assert abs(value_of(text) - value) <= largest * 0.00501 + 1e-300


@given(FINITE, FINITE)
def test_rounding_keeps_the_order(a, b):
    first, second = map(value_of, rounded(min(a, b), max(a, b)))
    assert first <= second


@pytest.mark.parametrize("value", [-1e-9, -0.0, -0.0004])
def test_a_rounded_zero_has_no_sign_and_a_negative_number_has_the_true_one(value):
    assert rounded(value, 1.0) == ("0.00", "1.00")
    assert "-" not in "".join(rounded(-1.5, -2e-9))


def test_a_number_that_rounds_up_to_the_next_power_keeps_three_digits():
    assert rounded(9.996) == ("10.0",)
    assert rounded(99_960.0) == ("1.00×10⁵",)
    assert rounded(0.00099996) == ("0.00100",)


def test_an_interval_is_printed_to_the_place_of_its_estimate():
    assert estimate_and_interval(Interval(2.731, 2.7, 2.76, 5)) == ("2.73", "[2.70, 2.76]")
    assert estimate_and_interval(Interval(0.001, -12.0, 12.1, 2)) == ("0.0", "[−12.0, 12.1]")


def test_half_widths_are_never_printed_as_nothing_unless_they_are():
    assert plus_minus(Interval(0.8, 0.8, 0.8, 5)) == "0.800 ± 0"
    assert plus_minus(Interval(0.8, 0.8 - 1e-16, 0.8 + 1e-16, 5)) == "0.800 ± 0"
    assert plus_minus(Interval(0.8, 0.7999, 0.8001, 5)) == "0.800 ± <0.001"
    assert plus_minus(Interval(12_300.0, 12_299.0, 12_301.0, 5)) == "12300 ± <100"
    assert plus_minus(Interval(2e7, 2e7 - 1, 2e7 + 1, 5)) == "2.00×10⁷ ± <0.01×10⁷"
    assert plus_minus(Interval(0.0, 0.0, 0.0, 5)) == "0 ± 0"


def test_one_seed_has_no_interval():
    assert plus_minus(Interval(0.8, None, None, 1)) == "0.800 (one seed)"
    assert estimate_and_interval(Interval(0.8, None, None, 1))[1] == "–"
    wide = Interval(0.0186, 2.27e-4, 1.67e5, 2)  # of a geometric mean: nothing in it is 0
    assert estimate_and_interval(wide, "log") == ("0.0186", "[2.27×10⁻⁴, 1.67×10⁵]")


@pytest.mark.parametrize(
    ("low", "high", "said"),
    [(None, 0.0, "< 0"), (0.0, None, "> 0"), (-0.1, 0.1, "−0.1 to 0.1"), (None, None, "any"), (None, -2.0, "< −2")],
)
def test_a_region_is_said_in_words(low, high, said):
    assert region(low, high) == said


def test_chosen_numbers_are_printed_as_they_were_chosen():
    assert [plain(v) for v in (0.05, 1.0, -0.25, 0.0, -0.0)] == ["0.05", "1", "−0.25", "0", "0"]


@pytest.mark.parametrize(
    ("number", "text"), [(0, "0"), (999, "999"), (999_999, "1.00M"), (151_000, "151k"), (2_345_678, "2.35M")]
)
def test_counts_are_short(number, text):
    assert count(number) == text


@pytest.mark.parametrize(
    ("seconds", "text"), [(0.5, "0.500 s"), (119.0, "119 s"), (120.0, "2.00 min"), (7200.0, "2.00 h")]
)
def test_durations_are_short(seconds, text):
    assert duration(seconds) == text


@pytest.mark.parametrize(
    ("low", "high", "scale", "beyond", "said"),
    [
        (None, 0.05, "mean", None, "< 0.05"),
        (None, 0.05, "log", None, "< 0.05 in the geometric mean"),
        (0.9, None, "share", None, "> 0.9 by an exact interval"),
        (0.999, None, "draws", None, "> 0.999 of all draws"),
        (None, 0.0, "mean", -0.5, "< 0, and < −0.5 in the mean"),
        (0.0, None, "mean", 0.5, "> 0, and > 0.5 in the mean"),
    ],
)
def test_what_is_claimed_says_what_has_to_lie_in_the_region(low, high, scale, beyond, said):
    assert claimed(CheckResult("r", None, low, high, "undecided", scale=scale, estimate_beyond=beyond)) == said
