"""What a night says of one record, and what it puts it down to."""

import pytest
from nightly.of_night import ASKED, CODE, NAMES, PROBE, here, outcome, population

from vaebench.nightly.judge import judge
from vaebench.nightly.reference import night_of
from vaebench.nightly.settle import is_ambiguous, likely
from vaebench.results.record import UNFINISHED

NIGHT = night_of(population(), [0])


def said(**changes):
    return judge(NIGHT, {0: outcome(**changes)})


def test_the_same_bits_are_the_same():
    one = said()
    assert (one.word, one.readings, one.same, one.farthest, one.good) == ("same", len(NAMES), len(NAMES), 0.0, True)
    assert likely(one) == ""


def test_what_twins_do_is_rounding_and_what_they_do_not_has_moved():
    assert said(shift=5e-6).word == "rounding"
    assert said(shift=5e-6).good
    far = said(shift=1e-2)
    assert (far.word, len(far.moves), far.good) == ("moved", len(NAMES), False)
    assert [one.distance for one in far.moves] == sorted((one.distance for one in far.moves), reverse=True)
    assert far.moves[0].now - far.moves[0].was == pytest.approx(1e-2)


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"names": NAMES[:-1]}, "density_r2"),
        ({"names": (*NAMES, "t1_mean")}, "t1_mean"),
        ({"unit": "x²"}, "x²"),
        ({"status": "diverged", "reason": "the loss was nan"}, "the loss was nan"),
    ],
)
def test_what_is_on_one_side_only_is_never_green(changes, named):
    if "status" in changes:
        changes["names"] = ()
    one = said(**changes)
    assert one.word == "incomplete"
    assert not one.good
    assert any(named in line for line in one.troubles)


def test_a_lost_seed_and_a_lost_record_are_never_green():
    two = night_of(population() | dict(population(seed=1).items()), [0, 1])
    one = judge(two, {0: outcome(0)})
    assert (one.word, one.good) == ("incomplete", False)
    assert any("seed 1" in line for line in one.troubles)
    assert judge(two, {}).word == "missing"


def test_a_stale_hash_is_red_though_no_number_moved():
    for part in ("task", "dataset"):
        old = getattr(NIGHT.head.subject, part)
        one = said(subject={part: old.model_copy(update={"hash": "f" * 16})})
        assert (one.word, one.good, len(one.stale)) == ("same", False, 1)
        assert "f" * 16 in one.stale[0]
    variant = NIGHT.head.subject.variant.model_copy(update={"code_hash": "f" * 16})
    assert not said(subject={"variant": variant}).good


OTHER_CODE = here(code=CODE | {"training": "9" * 16})
OTHER_BITS = here(probe=PROBE | {"exp": "9" * 16}, torch="2.99.0")
BOTH = here(code=CODE | {"training": "9" * 16}, probe=PROBE | {"exp": "9" * 16})


@pytest.mark.parametrize(
    ("environment", "cause", "not_in", "ambiguous"),
    [
        (OTHER_CODE, "code of training", "arithmetic", False),
        (OTHER_BITS, "arithmetic: exp, torch 2.99.0", "code", False),
        (BOTH, "code of training; arithmetic: exp", "torch", True),
        (here(torch="2.99.0"), "neither", "2.99", False),  # another name for the same bits is no cause
    ],
)
def test_the_cause_is_what_differs(environment, cause, not_in, ambiguous):
    one = said(shift=1e-2, environment=environment)
    assert cause in likely(one)
    assert not_in not in likely(one).replace(cause, "")
    assert is_ambiguous(one) is ambiguous


def test_other_data_are_a_cause_though_no_code_differs():
    one = said(shift=1e-2).__class__(**{**vars(said(shift=1e-2)), "data": True})
    assert "labels" in likely(one)
    assert judge(NIGHT, {0: outcome().model_copy(update={"data": "e" * 16})}).data


def test_other_data_are_red_though_no_number_moved():
    one = judge(NIGHT, {0: outcome().model_copy(update={"data": "e" * 16})})
    assert (one.word, one.stale, one.good) == ("same", (), False)
    assert "labels" in likely(one)


def test_data_that_one_side_does_not_know_are_not_others():
    """A cell that was ended from outside saw none, and 160 cells of older records do not say which they saw."""
    late = judge(NIGHT, {0: outcome(status="timeout", names=()).model_copy(update={"data": None})})
    assert (late.word, late.data) == ("incomplete", False)
    rows = tuple(row.model_copy(update={"data": None}) for row in NIGHT.head.seeds)
    old = NIGHT.model_copy(update={"head": NIGHT.head.model_copy(update={"seeds": rows})})
    assert judge(old, {0: outcome()}).good


@pytest.mark.parametrize("status", UNFINISHED)
def test_what_did_not_finish_is_red_also_where_the_reference_did_not(status):
    late = outcome(status=status, names=())
    one = judge(night_of({ASKED: late}, [0]), {0: late})
    assert (one.word, one.good) == ("incomplete", False)
    assert any(status in line for line in one.troubles)


def test_a_reading_that_rounding_hides_is_counted():
    runs = population(rounding=0.05)
    blind = night_of(runs, [0])
    assert blind.blind == len(NAMES)
    assert NIGHT.blind == 0
    assert judge(blind, {0: outcome()}).blind == len(NAMES)
