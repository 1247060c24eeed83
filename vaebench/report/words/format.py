"""Print numbers for people: three significant digits, intervals, checks and durations."""

from dataclasses import replace
from decimal import Decimal

from vaebench.claims import CheckResult, Interval, Scale
from vaebench.results.record import Record

COURSE = ": Kendall τ"
"""Ending of a statistic that is a rank correlation, which lies between −1 and 1."""

_SUPERSCRIPT = str.maketrans("0123456789-", "⁰¹²³⁴⁵⁶⁷⁸⁹⁻")


def _signed(text: str) -> str:
    """Give a number a true minus sign, and a rounded zero none."""
    if "-" not in text:
        return text
    return text.lstrip("-") if not text.strip("-0.") else text.replace("-", "−")


def _digits(*values: float) -> tuple[int, int]:
    """Choose decimals and power of ten so that the largest number shows three significant digits."""
    largest = max(map(abs, values), default=0.0)
    exponent = int(f"{largest:.2e}"[5:])
    return (2 - exponent, 0) if -4 < exponent < 5 else (2, exponent)


def _written(value: float, digits: tuple[int, int]) -> str:
    decimals, power = digits
    if power == 0 and decimals >= 0:
        return _signed(f"{value:.{decimals}f}")
    scaled = round(Decimal(value).scaleb(-power), decimals)
    suffix = f"×10{str(power).translate(_SUPERSCRIPT)}" if power else ""
    return _signed(f"{scaled:.{max(decimals, 0)}f}") + suffix


def rounded(*values: float) -> tuple[str, ...]:
    """Round numbers that belong together, so that the largest shows three significant digits.

    Args:
        *values: Finite numbers.

    Returns:
        Their texts, with a true minus sign and without negative zeros. From 10⁵ on and below 10⁻³ they have a common
        power of ten.

    Examples:
        >>> rounded(-0.21987, -0.3412, -0.0985)
        ('−0.220', '−0.341', '−0.099')
        >>> rounded(12345.0), rounded(0.0), rounded(2e-7, -1.25e-6)
        (('12300',), ('0',), ('0.20×10⁻⁶', '−1.25×10⁻⁶'))
    """
    if not any(values):
        return ("0",) * len(values)
    digits = _digits(*values)
    return tuple(_written(value, digits) for value in values)


def plus_minus(interval: Interval) -> str:
    """Print a mean over seeds with the half-width of its interval.

    Args:
        interval: The interval.

    Returns:
        For example ``0.823 ± 0.031``. A half-width below the last digit is given as a bound, a rounding error as 0.

    Examples:
        >>> plus_minus(Interval(0.8231, 0.7921, 0.8541, 5)), plus_minus(Interval(1.0, 0.99999, 1.00001, 5))
        ('0.823 ± 0.031', '1.00 ± <0.01')
        >>> plus_minus(Interval(0.5, None, None, 1))
        '0.500 (one seed)'
    """
    if interval.low is None or interval.high is None:
        return f"{rounded(interval.estimate)[0]} (one seed)"
    half = (interval.high - interval.low) / 2
    if half <= 1e-9 * abs(interval.estimate):  # a mean of equal numbers differs from them by rounding
        return f"{rounded(interval.estimate)[0]} ± 0"
    digits = decimals, power = _digits(interval.estimate, half)
    spread = _written(half, digits)
    if not spread.partition("×")[0].strip("0."):
        spread = f"<{_written(10.0 ** (power - decimals), digits)}"
    return f"{_written(interval.estimate, digits)} ± {spread}"


def estimate_and_interval(interval: Interval, scale: Scale = "mean") -> tuple[str, str]:
    """Print an estimate and its interval: with equal decimals, or on a logarithmic scale with three digits each.

    Args:
        interval: The interval.
        scale: What was estimated. The ends of a geometric mean's interval may be many powers of ten apart.

    Returns:
        The estimate, and the interval or a dash.

    Examples:
        >>> estimate_and_interval(Interval(-0.2, -0.35, -0.05, 5))
        ('−0.200', '[−0.350, −0.050]')
        >>> estimate_and_interval(Interval(2.0, None, None, 1))
        ('2.00', '–')
        >>> estimate_and_interval(Interval(0.25, 0.0004, 145.0, 2), "log")
        ('0.250', '[4.00×10⁻⁴, 145]')
    """
    if interval.low is None or interval.high is None:
        return rounded(interval.estimate)[0], "–"
    values = (interval.estimate, interval.low, interval.high)
    mean, low, high = [rounded(value)[0] for value in values] if scale == "log" else rounded(*values)
    return mean, f"[{low}, {high}]"


def plain(value: float) -> str:
    """Print a number that was chosen, not measured: a knob's value, a limit.

    Args:
        value: The number.

    Returns:
        Its shortest text, up to six digits.

    Examples:
        >>> plain(0.05), plain(-1.0)
        ('0.05', '−1')
    """
    return _signed(f"{value:g}")


def region(low: float | None, high: float | None) -> str:
    """Print the region that a claim names.

    Args:
        low: Lower end, None for none.
        high: Upper end, None for none.

    Returns:
        For example ``< 0`` or ``0.95 to 1.05``.

    Examples:
        >>> region(None, 0.0), region(0.95, 1.05), region(0.5, None), region(None, None)
        ('< 0', '0.95 to 1.05', '> 0.5', 'any')
    """
    if low is None or high is None:
        return "any" if low == high else f"< {plain(high)}" if high is not None else f"> {plain(low or 0.0)}"
    return f"{plain(low)} to {plain(high)}"


OF_WHAT: dict[Scale, str] = {
    "mean": "",
    "log": " in the geometric mean",
    "share": " by an exact interval",
    "draws": " of all draws",
}
"""What is estimated, in words that follow a statistic's name or region."""


def claimed(check: CheckResult) -> str:
    """Print the region that a claim names for one statistic, with what has to lie in it.

    Args:
        check: The check of the statistic.

    Returns:
        For example ``< 0.05 in the geometric mean``, or ``< 0, and < −0.5 in the mean``.

    Examples:
        >>> claimed(CheckResult("Kendall τ", None, None, 0.0, "undecided", estimate_beyond=-0.5))
        '< 0, and < −0.5 in the mean'
    """
    said = region(check.low, check.high) + OF_WHAT[check.scale]
    if check.estimate_beyond is None:
        return said
    low, high = (None, check.estimate_beyond) if check.low is None else (check.estimate_beyond, None)
    return f"{said}, and {region(low, high)} in the mean"


def count(number: int) -> str:
    """Print how many there are of something.

    Args:
        number: Not negative.

    Returns:
        The number, in thousands (k) or millions (M) if it is large.

    Examples:
        >>> count(999), count(12_345), count(2_400_000)
        ('999', '12.3k', '2.40M')
    """
    for size, letter in ((10**6, "M"), (10**3, "k")):
        if number >= size * 0.9995:
            return rounded(number / size)[0] + letter
    return str(number)


def duration(seconds: float) -> str:
    """Print a duration.

    Args:
        seconds: Seconds.

    Returns:
        For example ``3.20 s`` or ``12.0 min``.

    Examples:
        >>> duration(3.2), duration(720.0), duration(9000.0)
        ('3.20 s', '12.0 min', '2.50 h')
    """
    for size, unit in ((3600, "h"), (60, "min")):
        if seconds >= 2 * size:
            return f"{rounded(seconds / size)[0]} {unit}"
    return f"{rounded(seconds)[0]} s"


def cell_time(record: Record) -> str:
    """Print the mean time of a cell.

    Args:
        record: A record.

    Returns:
        A duration; empty if no cell has one.
    """
    spent = [sum(cell.seconds.values()) for cell in record.cells if cell.seconds]
    return duration(sum(spent) / len(spent)) if spent else ""


def check_numbers(check: CheckResult, seeds: int) -> list[str]:
    """Print what was found of one statistic.

    Args:
        check: The check.
        seeds: Number of seeds of the record.

    Returns:
        Estimate, interval and seeds, for example ``−0.200``, ``[−0.350, −0.050]`` and ``5 of 5``. The interval of a
        Kendall τ ends where τ does: t's, which assumes no ends, goes on beyond ±1.

    Examples:
        >>> from vaebench.claims import Interval
        >>> check_numbers(CheckResult("a: Kendall τ", Interval(-0.6, -1.71, 0.51, 5), None, 0.0, "undecided"), 5)[1]
        '[−1.00, 0.51]'
    """
    if check.interval is None:
        return ["–", "–", f"0 of {seeds}"]
    found = check.interval
    if check.statistic.endswith(COURSE) and found.low is not None and found.high is not None:
        found = replace(found, low=max(found.low, -1.0), high=min(found.high, 1.0))
    return [*estimate_and_interval(found, check.scale), f"{found.n} of {seeds}"]
