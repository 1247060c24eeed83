"""Laws of the deciding check: its number never contradicts the word, on any committed record."""

import math

import pytest

from vaebench.claims import CheckResult, Interval, Level, Verdict
from vaebench.claims.verdicts import TOO_FEW
from vaebench.report.words.condition_marks import asked, decided, marks, why
from vaebench.report.words.decisive import checks_of, contradicts, decisive, distance, is_blind, worst
from vaebench.results.assemble import rejudge
from vaebench.results.references import REFERENCES, root
from vaebench.results.store import read_records


def check(estimate, half, low=None, high=None, word="holds", **fields):
    interval = Interval(estimate, estimate - half, estimate + half, 5)
    return CheckResult(fields.pop("what", "r"), interval, low, high, word, **fields)


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (check(0.8, 0.1, high=1.0), 2.0),
        (check(1.3, 0.2, high=1.0), -1.5),
        (check(1.3, 0.1, low=1.0), 3.0),
        (check(1.0, 0.05, low=0.9, high=1.2), 2.0),
        (check(1.0, 0.0, low=0.9), math.inf),
        (check(1.0, 0.0, low=1.0), -math.inf),
        (check(0.9, 0.0, low=1.0), -math.inf),
        (CheckResult("r", Interval(0.01, 0.005, 0.02, 5), None, 0.04, "holds", scale="log"), 2.0),
        (CheckResult("r", None, None, 0.0, "undecided"), -math.inf),
    ],
)
def test_distances_are_in_halves_of_the_interval(found, expected):
    assert distance(found) == pytest.approx(expected)


def test_an_asymmetric_interval_counts_by_the_half_that_faces_the_end():
    skewed = CheckResult("r", Interval(0.5, 0.4, 0.9, 5), None, 1.0, "holds")
    assert distance(skewed) == pytest.approx(1.25)
    assert distance(CheckResult("r", Interval(0.5, 0.4, 0.9, 5), 0.3, None, "holds")) == pytest.approx(2.0)


def test_the_worst_word_decides_and_of_its_checks_the_farthest_on_the_wrong_side():
    near, far = (check(value, 0.1, low=1.0, word="fails", what=f"at {value}") for value in (0.85, 0.2))
    fine, open_ = check(2.0, 0.1, low=1.0), check(1.05, 0.1, low=1.0, word="undecided")
    assert worst([fine, open_, near, far]) is far
    assert worst([fine, open_]) is open_
    assert worst([fine, check(1.2, 0.1, low=1.0, what="close")]).statistic == "close"
    none = CheckResult("none", None, None, 0.0, "undecided", "no seed finished")
    assert worst([none, open_]) is open_


def verdict(*checks, word=None, reason=""):
    level = Level(word or worst(checks).word, reason=reason)
    return Verdict("c", "trained", level, level, checks)


def test_a_published_level_looks_at_published_conditions_only():
    control = check(0.2, 0.1, low=1.0, word="fails", role="control", what="control")
    found = verdict(check(2.0, 0.1, low=1.0), control)
    assert decisive(found, "published").statistic == "r"
    assert decisive(found).statistic == "control"


def test_a_measure_that_cannot_tell_decides_only_where_none_can():
    """Of two that fail, the farther one reads a plant the wrong way round: it stood as what decides."""
    blind = check(-9.0, 0.1, low=1.0, word="fails", what="blind", code="cannot tell")
    found = verdict(blind, check(0.2, 0.1, low=1.0, word="fails", what="seeing"))
    assert decisive(found).statistic == "seeing" and decisive(found, "published").statistic == "blind"
    assert marks(found, asked([found])) == ["(✗)", "✗"]
    none = Level("undecided", reason="its measure reads a plant the wrong way round", code="cannot tell")
    assert decisive(Verdict("c", "trained", found.published, none, (blind,))).statistic == "blind"


def test_what_contradicts_a_word():
    inside, outside, astride = (check(value, 0.1, low=1.0) for value in (2.0, 0.2, 1.05))
    assert not contradicts(inside, "holds", "") and contradicts(outside, "holds", "")
    assert contradicts(astride, "holds", "") and contradicts(astride, "fails", "")
    assert not contradicts(outside, "fails", "") and contradicts(inside, "fails", "")
    assert not contradicts(astride, "undecided", "")
    assert contradicts(inside, "undecided", "") and not contradicts(inside, "undecided", "too few seeds")


def test_a_verdict_that_a_plant_took_back_says_so():
    found = verdict(check(2.0, 0.1, low=1.0), word="undecided", reason="its measure reads a plant the wrong way round")
    assert why(found, decisive(found)) == found.controlled.reason


def test_each_condition_has_its_worst_word_over_knob_values():
    checks = (
        *(check(v, 0.1, low=1.0, word=w, knob=k) for k, v, w in ((1.0, 2.0, "holds"), (2.0, 0.2, "fails"))),
        check(0.0, 0.1, high=1.0, what="s"),
    )
    found = verdict(*checks)
    conditions = asked([found])
    assert list(conditions.values()) == ["r > 1 at each knob value", "s < 1"]
    assert marks(found, conditions) == ["✗", "✓"]
    assert decided(found, conditions, 5)[:4] == ["(1) r at 2", "0.200", "[0.100, 0.300]", "5 of 5"]


@pytest.fixture(scope="module")
def committed():
    """All committed records by task and data set, judged now."""
    records, _ = read_records(root() / REFERENCES, as_store=True)
    chosen = {}
    for record in records:
        chosen.setdefault((record.subject.task.name, record.subject.dataset.name), []).append(record)
    return [rejudge(record) for some in chosen.values() for record in some]


def test_no_committed_record_has_a_number_that_contradicts_its_word(committed):
    """The first condition, which was shown before, contradicts many: so the test can fail."""
    found = [v for r in committed for v in (*r.verdicts, *r.control_verdicts) if v.word != "not applicable"]
    assert len(found) > 100
    assert [v for v in found if contradicts(decisive(v), v.word, why(v, decisive(v)))] == []
    levels = [(v, v.published.word, worst(checks_of(v, "published")).word) for v in found if checks_of(v, "published")]
    turned = [v for v, word, of_checks in levels if word not in {"not applicable", of_checks}]
    assert turned and all("as published" in decided(v, asked([v]), 5)[4] for v in turned)
    # Where too few seeds were read to find a plant, that is why, and not that nothing was found.
    assert {v.controlled.code for v in found if is_blind(decisive(v))} <= {"cannot tell", *TOO_FEW}
    assert any(is_blind(c) for v in found if v.controlled.code != "cannot tell" for c in v.checks)
    assert sum(contradicts(v.checks[0], v.word, "") for v in found) > len(found) / 20
