"""A measure is valid if it orders planted models as the truth does; one that reads them reversed cannot tell."""

import numpy as np
import pytest
from judged import judge, observe

from vaebench.claims import Beyond, Claim, Measurement, Plant, column, declined, read_plants, table, validity
from vaebench.results.assemble import agreement_by_seed

SLOW, FAST = Plant("slow", "lead", "below", 0.05), Plant("fast", "lead", "above", 0.1)
CLAIM = Claim("first", "It is first.", (Beyond("lead", 0.1, ideal=1.0, null=0.0),), plants=(SLOW, FAST))
TRAINED = [0.5, 0.6, 0.4, 0.55, 0.5]


def arms(slow, fast, trained=TRAINED):
    shifted = {"trained": 0.0, "slow": slow, "fast": fast}
    return [
        one
        for arm, shift in shifted.items()
        for one in observe([value + shift + 0.001 * seed for seed, value in enumerate(trained)], "lead", arm)
    ]


@pytest.mark.parametrize(
    ("slow", "fast", "valid", "word"),
    [
        (-0.2, 0.4, "shown", "holds"),
        (0.2, 0.4, "cannot tell", "undecided"),
        (-0.2, -0.4, "cannot tell", "undecided"),
        (-0.02, 0.4, "cannot tell", "undecided"),
    ],
)
def test_a_measure_that_reads_a_plant_reversed_or_misses_it_decides_nothing_under_controls(slow, fast, valid, word):
    verdict = judge(CLAIM, arms(slow, fast))
    assert (verdict.controlled.valid, verdict.controlled.word) == (valid, word)
    # The published observation may replicate all the same.
    assert (verdict.published.valid, verdict.published.word) == (valid, "holds")


@pytest.mark.parametrize(
    ("slow", "sight", "word", "code"),
    [(0.2, -0.3, "holds", ""), (-0.02, -0.3, "undecided", "cannot tell"), (-0.02, 0.3, "holds", "")],
)
def test_a_measure_that_misses_a_plant_and_speaks_against_the_claim_keeps_it_from_holding(slow, sight, word, code):
    """To miss a plant is no reason to read the opposite of the truth; to read it reversed is one."""
    dim = Beyond("dim", 0.0, ideal=1.0, null=0.0)
    claim = Claim("first", "It is first.", (*CLAIM.conditions, dim), plants=(SLOW, Plant("slow", "dim", "below", 0.05)))
    spread = (-0.02, -0.01, 0.0, 0.01, 0.02)
    columns = [
        *arms(-0.2, 0.0),
        *observe([sight + one for one in spread], "dim"),
        *observe([sight + slow + one / 2 for one in spread], "dim", "slow"),
    ]
    verdict = judge(claim, columns)
    assert (verdict.controlled.word, verdict.controlled.code) == (word, code)
    assert ("speaks against it" in verdict.controlled.reason) == (word == "undecided")


def test_where_no_measure_can_tell_there_is_no_agreement_and_the_other_claims_have_theirs():
    lost = judge(CLAIM, arms(0.2, 0.4))
    other = judge(Claim("other", "It is.", CLAIM.conditions), arms(0.2, 0.4))
    assert (lost.controlled.agreement, lost.controlled.seeds) == ((), ())
    assert lost.published.agreement == other.published.agreement != ()
    assert agreement_by_seed([lost, other]) == agreement_by_seed([other])


def test_what_was_not_read_of_a_model_says_why_by_itself_and_hides_no_measure_that_can_tell():
    """A blind measure that was read in too few seeds took the verdict from a measure that had found all its plants."""
    sighted = Beyond("sighted", 0.0, ideal=1.0, null=0.0, role="control")
    claim = Claim(
        "first", "It is first.", (*CLAIM.conditions, sighted), plants=(SLOW, Plant("slow", "sighted", "below"))
    )
    spread = (-0.02, -0.01, 0.0, 0.01, 0.02)
    columns = [
        *(one for one in arms(0.2, 0.0) if one.seeds != (3,) or one.arm != "trained"),
        column("trained", None, 3, declined("lead", "it has collapsed", "model")),
        *observe([0.3 + one for one in spread], "sighted"),
        *observe([-0.2 + one / 2 for one in spread], "sighted", "slow"),
    ]
    verdict = judge(claim, columns)
    assert (verdict.controlled.word, verdict.controlled.valid) == ("holds", "shown")
    gone = [column("trained", None, seed, declined("lead", "it has collapsed", "model")) for seed in range(5)]
    alone = judge(CLAIM, [*gone, *(one for one in arms(0.2, 0.4) if one.arm != "trained")])
    assert (alone.controlled.word, alone.controlled.code) == ("undecided", "collapsed")


def test_a_plant_that_few_seeds_have_is_not_found():
    columns = [one for one in arms(-0.2, 0.4) if one.arm == "trained" or one.seeds[0] < 2]
    assert [one.word for one in judge(CLAIM, columns).plants] == ["undecided", "undecided"]


def test_what_is_left_out_still_widens_what_the_others_need():
    """Four blind statistics beside one at the edge: it fails alone, and not among five."""
    edge = [-0.61, -0.02, -0.33, -0.15, -0.49]
    blind = [Beyond(name, 0.0, ideal=1.0, null=0.0, role="control") for name in "abcd"]
    plants = tuple(Plant("slow", name, "below") for name in "abcd")
    claim = Claim("first", "It is first.", (Beyond("r", 0.0, ideal=1.0, null=0.0), *blind), plants=plants)
    columns = observe(edge) + [one for n in "abcd" for one in observe([0.5, 0.6, 0.4, 0.55, 0.5], n)]
    columns += [one for n in "abcd" for one in observe([0.9, 1.0, 0.8, 0.95, 0.9], n, "slow")]
    verdict = judge(claim, columns)
    assert (verdict.published.word, verdict.controlled.word, verdict.controlled.code) == (
        *("fails", "undecided"),
        "corrected",
    )


def test_the_code_says_so_and_the_plant_is_named():
    verdict = judge(CLAIM, arms(0.2, 0.4))
    assert verdict.controlled.code == "cannot tell"
    assert verdict.controlled.reason == "its measure reads the plant slow the wrong way round"
    assert [one.word for one in verdict.plants] == ["reversed", "found"]
    assert judge(CLAIM, arms(-0.02, 0.4)).controlled.reason == "its measure misses the plant slow"


def test_a_measure_whose_plants_are_undecided_decides_nothing_either():
    """The burden of proof is the measure's: an interval that straddles shows nothing."""
    planted = [value + shift for value, shift in zip(TRAINED, (-0.5, 0.4, -0.6, 0.3, -0.4), strict=True)]
    columns = [*arms(-0.2, 0.4)]
    columns = [one for one in columns if one.arm != "slow"] + observe(planted, "lead", "slow")
    verdict = judge(CLAIM, columns)
    assert [one.word for one in verdict.plants] == ["undecided", "found"]
    assert (verdict.controlled.word, verdict.controlled.code) == ("undecided", "cannot tell")
    assert verdict.controlled.reason == "its measure is not shown to find the plant slow"
    assert (verdict.published.word, verdict.published.valid) == ("holds", "not shown")


@pytest.mark.parametrize(
    ("shifts", "word"),
    [
        ((-0.02, 0.01, 0.0, 0.02, -0.01), "found"),
        ((0.3, 0.31, 0.29, 0.3, 0.32), "missed"),
        ((-0.3, -0.31, -0.29, -0.3, -0.32), "missed"),
        ((-0.5, 0.4, -0.6, 0.3, 0.4), "undecided"),
    ],
)
def test_a_plant_that_changes_nothing_must_be_read_like_the_judged_model(shifts, word):
    plant = Plant("same", "lead", "beside", 0.1)
    planted = [value + shift for value, shift in zip(TRAINED, shifts, strict=True)]
    columns = [*observe(TRAINED, "lead"), *observe(planted, "lead", "same")]
    (found,) = read_plants([plant], table(columns))
    assert found.word == word
    with pytest.raises(ValueError, match="beside"):
        Plant("same", "lead", "beside")


def test_only_plants_of_a_levels_own_measures_count_for_it():
    control = Beyond("other", 0.0, ideal=1.0, null=0.0, role="control")
    claim = Claim("first", "It is first.", (*CLAIM.conditions, control), plants=(Plant("slow", "other", "below"),))
    columns = [
        *arms(0.0, 0.0),
        *observe(TRAINED, "other"),
        *observe([value + 0.3 for value in TRAINED], "other", "slow"),
    ]
    verdict = judge(claim, columns)
    assert (verdict.published.valid, verdict.controlled.valid) == ("not shown", "not shown")
    assert verdict.checks[1].code == "cannot tell"
    assert verdict.controlled.word == "holds"
    assert verdict.controlled.reason == (
        "by the measures that can tell; another reads the plant slow the wrong way round"
    )


@pytest.mark.parametrize(("sight", "word"), [(0.3, "holds"), (-0.3, "fails"), (0.0, "undecided")])
def test_a_reversed_measure_decides_nothing_and_the_others_still_decide(sight, word):
    sighted = Beyond("sighted", 0.0, ideal=1.0, null=0.0, role="control")
    claim = Claim(
        "first", "It is first.", (*CLAIM.conditions, sighted), plants=(SLOW, Plant("slow", "sighted", "below"))
    )
    columns = [
        *arms(0.2, 0.0),  # read reversed
        *observe([sight + shift for shift in (-0.02, -0.01, 0.0, 0.01, 0.02)], "sighted"),
        *observe([sight - 0.5 + shift for shift in (-0.02, 0.0, -0.01, 0.02, 0.01)], "sighted", "slow"),
    ]
    verdict = judge(claim, columns)
    assert (verdict.published.word, verdict.published.valid) == ("holds", "cannot tell")
    assert (verdict.controlled.word, verdict.controlled.valid) == (word, "shown")
    assert [check.code == "cannot tell" for check in verdict.checks] == [True, False]


@pytest.mark.parametrize(
    ("planted", "valid"), [(0.9, "shown"), (0.3, "cannot tell"), (0.6, "cannot tell"), (0.69, "not shown")]
)
@pytest.mark.parametrize("against", [0.5, "beside"])
def test_a_plant_made_of_the_judged_model_is_held_against_a_number_or_another_measurement(planted, valid, against):
    plant = Plant("trained", "lead", "above", 0.2, reads="planted", against=against)
    columns = [
        *observe(TRAINED, "lead"),
        *observe([planted + 0.01 * seed for seed in range(5)], "planted"),
        *observe([0.5 + 0.005 * seed for seed in range(5)], "beside"),
    ]
    assert judge(Claim("x", "x", CLAIM.conditions, plants=(plant,)), columns).published.valid == valid


def test_a_whole_number_is_a_number_too():
    """A plant against 1 was held against itself, and missed."""
    planted = [*observe(TRAINED, "lead"), *observe([1.5 + 0.01 * seed for seed in range(5)], "planted")]
    words = [
        judge(Claim("x", "x", CLAIM.conditions, plants=(plant,)), planted).plants[0].word
        for plant in (Plant("trained", "lead", "above", 0.2, reads="planted", against=to) for to in (1, 1.0))
    ]
    assert words == ["found", "found"]


@pytest.mark.parametrize(("looks", "word", "code"), [(1, "holds", ""), (2, "undecided", "corrected")])
def test_a_claim_of_two_looks_has_to_hold_by_a_wider_interval(looks, word, code):
    values = [0.15, 0.50, 0.29, 0.20, 0.45]
    verdict = judge(Claim("x", "x", CLAIM.conditions, looks=looks), observe(values, "lead"))
    assert (verdict.controlled.word, verdict.controlled.code) == (word, code)


def test_plants_are_paired_by_seed():
    rng = np.random.default_rng(0)
    spread = list(rng.normal(0, 100, 5))
    (found,) = read_plants([FAST], table(arms(0.0, 0.4, spread)))
    assert found.word == "found"
    assert found.interval.estimate == pytest.approx(0.4, abs=0.01)


def test_without_plants_or_where_none_was_read_nothing_is_shown():
    assert judge(Claim("x", "x", CLAIM.conditions), arms(0, 0)).controlled.valid == "not shown"
    (slow, fast) = read_plants(CLAIM.plants, table(observe(TRAINED, "lead")))
    assert (slow.interval, fast.word) == (None, "undecided")
    assert validity((slow, fast), ["lead"]) == "not shown"


def test_one_seed_shows_nothing():
    verdict = judge(CLAIM, [one for one in arms(0.2, 0.4) if one.seeds == (0,)])
    assert verdict.controlled.valid == "not shown"


def test_a_plant_at_one_strength_is_held_against_the_judged_model_at_that_strength():
    judged = observe([[0.1, 0.5, 0.9]] * 3, "lead")
    planted = [column("slow", 2.0, seed, Measurement("lead", 0.3 + 0.01 * seed, 0.0, 1)) for seed in range(3)]
    (found,) = read_plants([SLOW], table([*judged, *planted]))
    assert found.interval.estimate == pytest.approx(-0.19)
    (lost,) = read_plants([SLOW], table([*judged, column("slow", 7.0, 0, Measurement("lead", 0.3, 0.0, 1))]))
    assert lost.interval is None


def test_a_control_arm_is_judged_without_plants():
    assert judge(CLAIM, arms(0.2, 0.4), "slow").plants == ()


@pytest.mark.parametrize("fields", [{"side": "between"}, {"least": -1.0}, {"least": float("nan")}])
def test_a_plant_that_cannot_be_is_refused(fields):
    with pytest.raises(ValueError, match="plant"):
        Plant(**({"arm": "slow", "measurement": "lead", "side": "below"} | fields))


@pytest.mark.parametrize(
    ("truth", "least", "word"), [(0.0, 0.0, "reversed"), (0.0, 0.0, "found"), (-0.5, 0.5, "missed")]
)
def test_errors_of_the_rule_by_simulation(truth, least, word):
    """Each wrong word comes where an interval lies wholly on one side of the edge: in 2.5 %."""
    rng, runs = np.random.default_rng(1), 2000
    words = []
    for differences in rng.normal(truth, 1, (runs, 5)):
        columns = [*observe([0.0] * 5, "lead"), *observe(list(differences), "lead", "slow")]
        words += [one.word for one in read_plants([Plant("slow", "lead", "below", least)], table(columns))]
    # What lies wholly on the wrong side of nought is reversed, and no longer missed.
    wrong = words.count(word) + (words.count("reversed") if word == "missed" else 0)
    assert wrong / runs == pytest.approx(0.025, abs=3 * (0.025 * 0.975 / runs) ** 0.5)


def test_either_of_two_looks_at_the_edge_holds_in_a_fortieth_of_cases_at_most():
    rng, runs = np.random.default_rng(2), 2000
    held = [
        any(
            judge(Claim("x", "x", CLAIM.conditions, looks=2), observe(list(each), "lead")).word == "holds"
            for each in two
        )
        for two in rng.normal(0.1, 1, (runs, 2, 5))
    ]
    assert np.mean(held) <= 0.025 + 3 * (0.025 * 0.975 / runs) ** 0.5
    assert np.mean(held) > 0.015  # a rule that never holds would pass as well
