"""Two questions, two answers: what replicates as published, and what stands under controls."""

import numpy as np
import pytest
from judged import judge, observe

from vaebench.claims import Beyond, Claim, Exceeds, Near, Trend

PUBLISHED = Beyond("r", 0.0, ideal=1.0, null=0.0)
CONTROL = Beyond("c", 0.0, ideal=1.0, null=0.0, role="control")
CLAIM = Claim("both", "It is large.", (PUBLISHED, CONTROL))
LARGE, SMALL, AROUND = [0.5, 0.6, 0.7, 0.5, 0.6], [-0.5, -0.6, -0.7, -0.5, -0.6], [0.5, -0.6, 0.4, -0.5, 0.1]


@pytest.mark.parametrize(
    ("measured", "control", "words"),
    [
        (LARGE, LARGE, ("holds", "holds")),
        (LARGE, SMALL, ("holds", "fails")),
        (LARGE, AROUND, ("holds", "undecided")),
        (SMALL, LARGE, ("fails", "fails")),
        (AROUND, LARGE, ("undecided", "undecided")),
        (["no meaning"] * 5, LARGE, ("not applicable", "holds")),
        (LARGE, ["no meaning"] * 5, ("holds", "holds")),
    ],
)
def test_a_control_decides_at_its_own_level_alone(measured, control, words):
    verdict = judge(CLAIM, [*observe(measured), *observe(control, "c")])
    assert (verdict.published.word, verdict.controlled.word) == words
    assert verdict.word == verdict.controlled.word


def test_the_control_that_decides_is_named():
    verdict = judge(CLAIM, [*observe(LARGE), *observe(SMALL, "c")])
    assert (verdict.published.decided_by, verdict.controlled.decided_by) == ("", "c")
    assert [check.role for check in verdict.checks] == ["published", "control"]


def test_agreement_is_of_each_level():
    verdict = judge(CLAIM, [*observe([0.5] * 5), *observe([-0.1] * 5, "c")])
    assert verdict.published.agreement == (0.5,) * 5
    assert verdict.controlled.agreement == pytest.approx((0.2,) * 5)
    assert verdict.agreement == verdict.controlled.agreement


def test_without_a_control_both_levels_are_one():
    verdict = judge(Claim("one", "It is large.", (PUBLISHED,)), observe(LARGE))
    assert verdict.published == verdict.controlled


def test_each_level_corrects_for_its_own_statistics():
    edge = [-1.0, -0.8, -1.2, -0.9, -0.1]
    controls = tuple(Beyond(name, 0.0, ideal=1.0, null=0.0, role="control") for name in "stu")
    claim = Claim("many", "It is large.", (PUBLISHED, *controls))
    verdict = judge(claim, [*observe(edge), *(one for name in "stu" for one in observe(LARGE, name))])
    assert (verdict.published.word, verdict.controlled.word) == ("fails", "undecided")
    assert verdict.controlled.code == "corrected"


def test_a_claim_of_controls_alone_is_none():
    with pytest.raises(ValueError, match="published"):
        Claim("none", "It is large.", (CONTROL,))


@pytest.mark.parametrize(
    ("values", "code"),
    [
        (LARGE, ""),
        (SMALL, ""),
        ([0.1, -0.1, 0.2, -0.1, 0.1], "straddles"),
        ([5.0, -5.0, 4.0, -4.0, 0.0], "uninformative"),
        ([0.5], "one seed"),
        (["no meaning"] * 5, "setting"),
    ],
)
def test_a_check_says_its_reason_as_a_code(values, code):
    (check,) = judge(Claim("one", "It is large.", (PUBLISHED,)), observe(values)).checks
    assert check.code == code


def test_the_other_codes():
    falls = Claim("falls", "It falls.", (Trend("r", "falls"),))
    wanders = [[1.0, 1.6, 0.7, 1.5, 0.9]] * 5
    assert judge(falls, observe(wanders)).controlled.code == "too small"
    assert judge(falls, observe(LARGE, "other")).controlled.code == "unasked"
    assert judge(falls, [], seeds_run=5).controlled.code == "no seed"
    assert judge(Claim("one", "x", (PUBLISHED,)), observe(LARGE[:2]), seeds_run=5).controlled.code == "few seeds"


@pytest.mark.parametrize(("floor", "side"), [(0.0, "below"), (1.0, "above")])
def test_a_control_at_floor_or_ceiling_is_uninformative_and_never_fails(floor, side):
    claim = Claim("gain", "It gains.", (Exceeds("r", "c", ideal=floor, side=side),))
    verdict = judge(claim, [*observe([floor] * 5), *observe([floor] * 5, "c")])
    assert (verdict.controlled.word, verdict.controlled.code) == ("undecided", "uninformative")


def test_a_contrast_whose_interval_is_wider_than_its_controls_way_to_the_ideal_is_uninformative():
    """Rates of .002 that scatter by .01 say nothing of fewer outliers; the same scatter at .2 merely straddles."""
    claim = Claim("gain", "It gains.", (Exceeds("r", "c", ideal=0.0, side="below"),))
    scatter = [0.006, -0.002, 0.004, -0.002, 0.001]
    codes = []
    for rate in (0.002, 0.2):
        seen = [*observe([rate + each for each in scatter]), *observe([rate] * 5, "c")]
        codes.append(judge(claim, seen).controlled.code)
    assert codes == ["uninformative", "straddles"]


@pytest.mark.parametrize("condition", [PUBLISHED, Near("r", 0.0, 0.1, null=1.0)], ids=["beyond", "near"])
def test_an_interval_wider_than_the_room_is_uninformative_and_one_that_decides_is_not(condition):
    claim = Claim("wide", "It is.", (condition,))
    rng = np.random.default_rng(0)
    assert judge(claim, observe(list(rng.normal(0, 5, 5)))).controlled.code == "uninformative"
    far = judge(claim, observe(list(rng.normal(-50, 5, 5))))
    assert (far.controlled.word, far.controlled.code) == ("fails", "")
