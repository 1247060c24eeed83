"""Every condition that can decide a claim has a few words that a person reads."""

from collections import Counter

import pytest

from vaebench import catalog
from vaebench.claims import Table
from vaebench.report.words.condition_words import DETECTED, MEASURES, WAYS, condition_words, is_control, measure_words
from vaebench.report.words.markdown import words

CLAIMS = {f"{name}.{claim.id}": claim for name in catalog.task_names() for claim in catalog.task(name).claims}


def statistics(claim):
    """Names of the checks of a claim, at any knob value."""
    return [s.what for condition in claim.conditions for s in condition.statistics(Table(()), "trained")]


@pytest.mark.parametrize("name", CLAIMS)
def test_each_condition_of_each_claim_has_a_few_words_of_its_own(name):
    found = {statistic: condition_words(statistic) for statistic in statistics(CLAIMS[name])}
    for statistic, said in found.items():
        assert "_" not in said, statistic
        assert len(said.split()) <= 8, (statistic, said)
        assert said != words(statistic), statistic
        assert "minus" not in said.split(), statistic
    assert max(Counter(found.values()).values()) == 1, found


@pytest.mark.parametrize("name", CLAIMS)
def test_each_measurement_that_a_claim_judges_is_known(name):
    for condition in CLAIMS[name].conditions:
        for measurement in condition.measurements:
            assert measure_words(measurement) != words(measurement), measurement


def test_no_word_is_kept_for_a_measurement_that_nobody_judges():
    judged = {m for claim in CLAIMS.values() for condition in claim.conditions for m in condition.measurements}
    assert set(MEASURES) <= judged
    assert all(any(m.startswith(f"{prefix}_") for m in judged) for prefix in DETECTED)
    assert all(any(m.endswith(f"_{way}") for m in judged) for way in WAYS)


def test_a_contrast_names_the_judged_measurement_before_its_control():
    for first, second in (
        ("classifier_far_prior", "classifier_far_less_volume"),
        ("path_roughness_twin", "path_roughness"),
        ("density_r2", "density_r2_prior_alone"),
    ):
        said = condition_words(f"{first} minus {second}")
        ours = second if is_control(first) else first
        assert said.startswith(measure_words(ours)), said


def test_a_name_that_is_not_known_is_printed_with_spaces():
    assert condition_words("my_own_measure") == "my own measure"
    assert condition_words("my_own: Kendall τ").startswith("my own")
