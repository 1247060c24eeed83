"""Say an effect in a unit that a person has: 40 % less, 7 points fewer, 11 times; and name the headline claims.

The table stands here and not on the task pages, because words change no number and so belong in no hash.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from vaebench.claims import CheckResult, Verdict, enough
from vaebench.report.words.condition_words import condition_words
from vaebench.report.words.format import region, rounded
from vaebench.report.words.markdown import words

Unit = Literal["less", "change", "lower", "points", "times", "share", "number"]
"""How a number is said.

- ``less``: a log-ratio, as ``40 % less`` or ``5 % more``.
- ``change``: a log-ratio, as ``−40 %``.
- ``lower``: how much further a logarithm falls than a control's, as ``−5 %`` or ``+5 %``.
- ``points``: a difference of shares that the claim wants above 0, as ``7.0 points fewer`` or ``2.0 points more``.
- ``times``: decades, as ``11×``.
- ``share``: a share, as ``0.60 %``.
- ``number``: as it is.
"""

UNSEEN = ("uninformative", "collapsed")
"""Reasons of a verdict that say that nothing could have been seen."""

NEAR_ONCE = (0.1, 2.0)
"""Multiples between these have two decimals: whether 0.97 or 1.04 times is what a reader asks."""

ACROSS = ": log-ratio across the knob"
"""Ending of a statistic that compares the last knob value with the first."""


@dataclass(frozen=True)
class Effect:
    """How a claim's effect is said.

    Attributes:
        statistics: Names of checks; the first that a record has is said.
        says: A sentence with a gap, ``{}``, for the number.
        unit: See `Unit`.
        headline: The claim in a few words, if it stands on the first screen; else empty.
    """

    statistics: tuple[str, ...]
    says: str
    unit: Unit = "number"
    headline: str = ""


def _outliers(way: str, title: str) -> Effect:
    return Effect(
        (f"classifier_beyond_95_prior minus classifier_beyond_95_{way}",), "{} by classifier", "points", title
    )


EFFECTS: dict[tuple[str, str], Effect] = {
    ("camuto2021_variance_frequency", "robustness"): Effect(
        (f"damage_small_per_data{ACROSS}", f"damage_small{ACROSS}"),
        "{} damage",
        "less",
        "Variance makes a VAE robust",
    ),
    ("camuto2021_variance_frequency", "decoder_frequency"): Effect(
        (f"decoder_high_frequency_share{ACROSS}",),
        "high-frequency share {}",
        "change",
    ),
    ("camuto2021_input_noise", "noise_lipschitz"): Effect(
        ("log-fall of encoder_whitened_lipschitz_mean minus that of the analytic arm",),
        "Lipschitz {} beside a linear VAE's",
        "lower",
        "Input noise smooths the encoder",
    ),
    ("bonheme2022_encoder_first", "encoder_first"): Effect(
        ("functional_lead",), "useful {} earlier", "times", "Encoders are learned first"
    ),
    ("nakagawa2021_posterior_isometry", "isometry"): Effect(
        ("t2_worst_deviation",), "worst unit off by {}", "share", "Posterior scales are local scales"
    ),
    ("nakagawa2021_posterior_isometry", "density"): Effect(
        ("density_slope",), "slope {}, claimed 1", "number", "The posterior gives the density"
    ),
    ("gracyk2025_kahler_sampling", "fewer_outliers_more_volume"): _outliers(
        "more_volume", "More volume, fewer outliers"
    ),
    ("gracyk2025_kahler_sampling", "fewer_outliers_less_volume"): _outliers(
        "less_volume", "Less volume, fewer outliers"
    ),
    ("gracyk2025_kahler_sampling", "potential_fidelity"): Effect(
        ("potential_spearman",),
        "rank correlation {}, claimed > 0.5",
        "number",
    ),
    ("gracyk2025_kahler_sampling", "cheaper"): Effect(("metric_log10_time_ratio",), "{} the speed", "times"),
    ("nakagawa2021_posterior_isometry", "importance"): Effect(
        ("importance_worst_error",), "worst unit off by {}", "share"
    ),
}
"""By task and claim. Other claims are said by their first published condition."""


def effect_words(effect: Effect) -> str:
    """Say what an effect is of: its sentence with a gap and its condition, or the one of them that says the other.

    Args:
        effect: The effect.

    Returns:
        For example ``… damage: small attack, per data``.
    """
    says, of = effect.says.format("…"), condition_words(effect.statistics[0].partition(":")[0])
    if says.removeprefix("… ") in of:
        return of
    return says if of in says else f"{says}: {of}"


def headline(task: str, claim: str) -> str:
    """Say a claim in a few words, if it stands on the first screen.

    Args:
        task: The task's name.
        claim: The claim's id.

    Returns:
        The words; empty for a claim that does not stand there.
    """
    found = EFFECTS.get((task, claim))
    return found.headline if found else ""


def effect_of(task: str, claim: str, checks: Sequence[CheckResult]) -> tuple[Effect, CheckResult] | None:
    """Find the check that says a claim's effect, and how it is said.

    Args:
        task: The task's name.
        claim: The claim's id.
        checks: The checks of one record.

    Returns:
        The effect with the check; None if the record has no estimate of it.
    """
    with_numbers = [check for check in checks if check.interval]
    by_name = {check.statistic: check for check in reversed(with_numbers)}
    known = EFFECTS.get((task, claim))
    for name in known.statistics if known else ():
        if known and name in by_name:
            return known, by_name[name]
    published = [check for check in checks if check.role == "published"]
    first = next((one for one in with_numbers if published and one.statistic == published[0].statistic), None)
    return (_plain_effect(first), first) if first else None


def effects_of(task: str, verdicts: Iterable[tuple[Verdict, int]]) -> list[tuple[Effect, CheckResult]]:
    """Find the effects of one claim on several models, to sum them up.

    Where nothing can be seen, a number is none of an effect: all damage is gone where nothing is reconstructed. And
    one of too few seeds, which decides nothing, is none to sum up.

    Args:
        task: The task's name.
        verdicts: The claim's verdicts, each with the number of seeds that were run.

    Returns:
        As `effect_of`, of each verdict whose reason is none of `UNSEEN` and that has an estimate of `enough`
        seeds.
    """
    seen = ((one, seeds) for one, seeds in verdicts if one.controlled.code not in UNSEEN)
    found = ((effect_of(task, one.claim, one.checks), seeds) for one, seeds in seen)
    return [one for one, seeds in found if one and one[1].interval and enough(one[1].interval.n, seeds)]


def _plain_effect(check: CheckResult) -> Effect:
    """Say a claim without an entry by the name of its check."""
    name = check.statistic
    if name.endswith(ACROSS):
        return Effect((name,), f"{condition_words(name.removesuffix(ACROSS))} {{}}", "change")
    at = "" if check.knob is None else " at the first knob value"
    claimed = f", claimed {region(check.low, check.high)}"
    said_ = words(name) if " minus " in name else condition_words(name)  # which is taken from which says the sign
    return Effect((name,), f"{said_}{at} {{}}{claimed}")


def said(value: float, unit: Unit) -> str:
    """Say one number.

    Args:
        value: The number, as the check has it.
        unit: How it is said.

    Returns:
        Plain text.

    Examples:
        >>> said(-0.445, "less"), said(0.05, "less"), said(-0.41, "change"), said(0.07, "points")
        ('36 % less', '5.1 % more', '−34 %', '7.0 points fewer')
        >>> said(0.05, "lower"), said(-0.05, "lower")
        ('−4.9 %', '+5.1 %')
        >>> said(1.04, "times"), said(0.017, "times"), said(0.006, "share"), said(-0.08, "number")
        ('11×', '1.04×', '0.60 %', '−0.080')
    """
    match unit:
        case "less":
            return f"{_short(abs(_percent(value)))} % {'more' if value > 0 else 'less'}"
        case "change" | "lower":
            return f"{_short(_percent(value if unit == 'change' else -value), signed=True)} %"
        case "points":
            return f"{_short(abs(100 * value))} points {'fewer' if value >= 0 else 'more'}"
        case "times":
            times = 10.0 ** min(value, 300.0)
            return f"{times:.2f}×" if NEAR_ONCE[0] <= times < NEAR_ONCE[1] else f"{_short(times)}×"
        case "share":
            return f"{_short(100 * value)} %"
        case "number":
            return _short(value) if abs(value) >= 0.005 else rounded(value)[0]


def _percent(log_ratio: float) -> float:
    return 100 * math.expm1(min(log_ratio, 700.0))


def _short(value: float, signed: bool = False) -> str:
    """Print two significant digits, and no power of ten where the number is of a person's size."""
    sign = "−" if value < 0 else "+" if signed and value > 0 else ""
    size = abs(value)
    if size >= 1e6:
        return sign + rounded(size)[0]
    if size < 0.005:
        return "0"
    exponent = int(f"{size:.1e}"[4:])
    return f"{sign}{size:.{max(0, 1 - exponent)}f}"


def span(low: float, high: float, unit: Unit) -> str:
    """Say a range. Of one that begins a thousand times below its end, only the end is worth a word.

    Args:
        low: Its lower end.
        high: Its upper end.
        unit: How it is said.

    Returns:
        Plain text.

    Examples:
        >>> span(-1.2, 0.05, "less"), span(-0.6, -0.1, "less"), span(0.1, 0.3, "number")
        ('70 % less to 5.1 % more', '45 to 9.5 % less', '0.10 to 0.30')
        >>> span(-0.02, 0.09, "points")
        '2.0 more to 9.0 fewer'
        >>> span(0.0007, 6.11, "share"), span(0.01, 6.11, "share")
        ('up to 611 %', '1.0 to 611 %')
    """
    if unit == "share" and 0 <= 1000 * low < high:
        return f"up to {said(high, unit)}"
    ends = said(low, unit), said(high, unit)
    for tail in (" % less", " % more", " points fewer", " points more", " %", "×"):
        if all(end.endswith(tail) for end in ends):
            return f"{ends[0].removesuffix(tail)} to {ends[1]}"
    if unit == "points":
        return " to ".join(end.replace(" points", "") for end in ends)
    return " to ".join(ends)
