"""Say in words what a condition asks about, for a person who does not know the names of measurements.

The words stand here and not on the task pages, because words change no number and so belong in no hash.
"""

import re
from collections.abc import Mapping

from vaebench.claims import CheckResult
from vaebench.report.words.format import plain
from vaebench.report.words.markdown import words

MEASURES: Mapping[str, str] = {
    "lead_raw_biased": "lead by biased CKA",
    "lead_raw_procrustes": "lead by Procrustes similarity",
    "lead_raw": "lead by debiased CKA",
    "lead_corrected": "lead, corrected for the start",
    "lead_fed_final": "lead, decoder fed final codes",
    "lead_depth_matched": "lead at equal depth",
    "functional_lead": "lead by usefulness",
    "raw_first_share": "strengths where encoders lead",
    "functional_first_share": "middle strength, where the encoder is useful first",
    "shared_hidden": "hidden layers, across strengths",
    "shared_last_hidden": "last hidden layer, across strengths",
    "shared_hidden_other_objective": "hidden layers, across objectives",
    "shared_last_hidden_other_objective": "last hidden layer, across objectives",
    "alike_across_strengths_hidden": "hidden layers, across strengths",
    "alike_across_strengths_last_hidden": "last hidden layer, across strengths",
    "alike_across_objectives_hidden": "hidden layers, across objectives",
    "alike_across_objectives_last_hidden": "last hidden layer, across objectives",
    "alike_untrained_hidden": "untrained ones",
    "alike_untrained_last_hidden": "untrained ones",
    "exception_mean": "mean layer, across strengths",
    "exception_log_scale": "variance layer, across strengths",
    "exception_mean_other_objective": "mean layer, across objectives",
    "exception_log_scale_other_objective": "variance layer, across objectives",
    "encoder_lipschitz_mean": "encoder's mean Lipschitz constant",
    "encoder_lipschitz_max": "encoder's largest Lipschitz constant",
    "encoder_whitened_lipschitz_mean": "encoder's whitened Lipschitz constant",
    "encoder_mean_degree": "encoder's frequency",
    "encoder_whitened_degree": "encoder's whitened frequency",
    "decoder_lipschitz_mean": "decoder's mean Lipschitz constant",
    "decoder_lipschitz_max": "decoder's largest Lipschitz constant",
    "decoder_whitened_lipschitz_mean": "decoder's whitened Lipschitz constant",
    "decoder_high_frequency_share": "decoder's high-frequency share",
    "decoder_mean_degree": "decoder's frequency",
    "damage_small_per_data": "small attack, per data",
    "damage_medium_per_data": "medium attack, per data",
    "damage_large_per_data": "large attack, per data",
    "damage_small": "small attack, per reconstruction",
    "damage_medium": "medium attack, per reconstruction",
    "damage_large": "large attack, per reconstruction",
    "unexplained_variance": "variance that is not reconstructed",
    "potential_spearman": "rank correlation of both metrics",
    "path_roughness": "bending of decoded paths",
    "path_roughness_twin": "the twin's",
    "log_volume_variance": "variance of the log volume",
    "log_volume_variance_twin": "the twin's",
    "t2_mean": "mean unit's scale",
    "t2_worst_deviation": "worst unit's scale",
    "mean_absolute_cosine": "cosine of Jacobian columns",
    "mean_absolute_cosine_rotated": "a turned space",
    "density_r2": "density from the posterior",
    "density_r2_prior_alone": "the prior alone",
    "density_slope": "slope of the density",
    "density_bias": "bias of the density",
    "loss_density_r2": "density from the loss",
    "loss_density_slope": "slope, density from the loss",
    "loss_density_bias": "bias, density from the loss",
    "importance_worst_error": "worst unit's importance",
}
"""Measurements by name."""

DETECTED: Mapping[str, str] = {
    "classifier_beyond_95": "outliers by classifier",
    "classifier_far": "far outliers by classifier",
    "neighbour_auroc": "outliers by distance",
    "neighbour_far": "far outliers by distance",
    "class_entropy": "variation of classes",
}
"""Measurements that are taken of several ways to sample: how they begin."""

WAYS: Mapping[str, str] = {
    "prior": "the prior",
    "truncated_to_distance_of_more": "equally spread prior",
    "truncated_to_distance_of_less": "equally spread prior",
    "truncated_to_entropy_of_more": "equal-entropy prior",
    "truncated_to_entropy_of_less": "equal-entropy prior",
    "more_volume": "more volume",
    "less_volume": "less volume",
}
"""Ways to sample: how the names of their measurements end."""

AGAINST: Mapping[tuple[str, str], str] = {
    ("shared_last_hidden", "exception_mean"): "mean layer against last hidden layer",
    ("shared_last_hidden", "exception_log_scale"): "variance layer against last hidden layer",
    (
        "shared_last_hidden_other_objective",
        "exception_mean_other_objective",
    ): "mean against last hidden layer, across objectives",
    (
        "shared_last_hidden_other_objective",
        "exception_log_scale_other_objective",
    ): "variance against last hidden layer, across objectives",
}
"""Contrasts whose two names alone do not say it in few words."""

_CHANGE = re.compile(r"(\w+): log-ratio across the knob")
_COURSE = re.compile(r"(\w+): Kendall τ")
_OUTPACES = re.compile(r"log-fall of (\w+) minus largest log-change of (\w+)")
_OUTPACES_ARM = re.compile(r"log-fall of (\w+) minus that of the (\w+) arm")
_CONTRAST = re.compile(r"(\w+) minus (\w+)")


def condition_words(statistic: str) -> str:
    """Say what a check is about.

    Args:
        statistic: The name of the check's statistic.

    Returns:
        A few words; the name with spaces for one that is not known.

    Examples:
        >>> condition_words("neighbour_far_prior minus neighbour_far_more_volume")
        'far outliers by distance, against the prior'
        >>> condition_words("damage_small: Kendall τ"), condition_words("my_own_measure")
        ('small attack, per reconstruction, steadiness (Kendall τ)', 'my own measure')
    """
    if found := _CHANGE.fullmatch(statistic):
        return f"{measure_words(found[1])}, change"
    if found := _COURSE.fullmatch(statistic):
        return f"{measure_words(found[1])}, steadiness (Kendall τ)"
    if found := _OUTPACES_ARM.fullmatch(statistic):
        return f"{measure_words(found[1])}, against {_arm(found[2])}"
    if found := _OUTPACES.fullmatch(statistic):
        return f"{measure_words(found[1])}, against the {_side(found[2])}'s"
    if found := _CONTRAST.fullmatch(statistic):
        return AGAINST.get((found[1], found[2]), "") or _contrast(found[1], found[2])
    return measure_words(statistic)


def asked_words(check: CheckResult) -> str:
    """Say what a check is about, and at which knob value.

    Args:
        check: The check.

    Returns:
        For example ``encoder's frequency at 0.5``.
    """
    said = condition_words(check.statistic)
    return said if check.knob is None else f"{said} at {plain(check.knob)}"


def _contrast(first: str, second: str) -> str:
    """Say the measurement before its control: the control is the name that is one of nothing else."""
    ours, control = (second, first) if is_control(first) else (first, second)
    return f"{measure_words(ours)}, against {_control(control)}"


def is_control(name: str) -> bool:
    """Say whether a measurement is what others are held against.

    Args:
        name: Its name.

    Returns:
        Whether it is of the prior or a narrowed one, of a turned model, or of the twin.
    """
    what, way = _detected(name)
    return (bool(what) and way not in {"more_volume", "less_volume"}) or name.endswith(("_twin", "_rotated"))


def measure_words(name: str) -> str:
    """Say what a measurement is.

    Args:
        name: Its name.

    Returns:
        A few words.
    """
    what, _ = _detected(name)
    return MEASURES.get(name) or what or words(name)


def _control(name: str) -> str:
    _, way = _detected(name)
    return WAYS.get(way) or MEASURES.get(name) or words(name)


def _detected(name: str) -> tuple[str, str]:
    """Split the name of what is measured of one way to sample."""
    for prefix, says in DETECTED.items():
        way = name.removeprefix(f"{prefix}_")
        if way != name and way in WAYS:
            return says, way
    return "", ""


def _arm(name: str) -> str:
    return "the closed form" if name == "analytic" else f"the {words(name)} arm"


def _side(name: str) -> str:
    return name.partition("_")[0]
