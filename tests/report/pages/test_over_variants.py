"""Laws of effects over variants: known numbers, coverage, what is kept, and what is said when variants are too few."""

import html
import math
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
from report.pooled_coverage import coverage

from vaebench.claims import Beyond, Claim, Measurement, column
from vaebench.report.pages import over_variants
from vaebench.report.pages.over_records import over_records
from vaebench.report.pages.over_variants import general_lines, groups, over_variants_page, read_kept
from vaebench.report.received.sent import sent
from vaebench.report.rows.distinct import distinct
from vaebench.report.rows.pooled import FEWEST, pooled
from vaebench.report.rows.selection import select

T3, T2 = 3.182446305, 4.302652730  # Student's t at .975 with 3 and 2 degrees of freedom


def test_with_equal_variances_it_is_the_plain_mean_and_its_t_interval():
    """Closed form: τ² = s² − v, Hartung and Knapp's SE² = s²/k, and Higgins' interval from both."""
    effects, variance = [1.0, 2.0, 4.0, 7.0], 0.25
    spread = float(np.var(effects, ddof=1))
    found = pooled(effects, [variance] * 4)
    assert found.k == 4
    assert found.estimate == pytest.approx(3.5)
    assert found.tau == pytest.approx(math.sqrt(spread - variance), rel=1e-4)
    assert found.high - found.estimate == pytest.approx(T3 * math.sqrt(spread / 4), rel=1e-4)
    new = T2 * math.sqrt(spread - variance + spread / 4)
    assert (found.new_low, found.new_high) == pytest.approx((3.5 - new, 3.5 + new), rel=1e-4)
    assert found.i2 == pytest.approx(1 - variance / spread, rel=1e-4)


def test_variants_that_do_not_differ_have_no_heterogeneity_and_the_interval_of_their_errors():
    found = pooled([1.0, 1.01, 0.99, 1.0], [0.04] * 4)
    assert (found.tau, found.i2) == (0.0, 0.0)
    assert found.high - found.estimate == pytest.approx(T3 * 0.1, rel=1e-4)


def test_a_shift_shifts_and_a_factor_stretches():
    effects, variances = [0.1, 0.5, 0.4, 0.9, 0.3], [0.01, 0.02, 0.01, 0.04, 0.02]
    plain = pooled(effects, variances)
    moved = pooled([3 * one + 1 for one in effects], [9 * one for one in variances])
    assert moved.estimate == pytest.approx(3 * plain.estimate + 1, rel=1e-4)
    assert moved.tau == pytest.approx(3 * plain.tau, rel=1e-3)
    assert moved.new_high == pytest.approx(3 * plain.new_high + 1, rel=1e-3)


def test_a_variant_in_closed_form_has_no_variance_and_does_not_decide_alone():
    found = pooled([0.0, 1.0, 1.1, 0.9, 1.0], [0.0, 0.01, 0.01, 0.01, 0.01])
    assert 0.5 < found.estimate < 1 and math.isfinite(found.high)
    same = pooled([2.0] * 4, [0.0] * 4)
    assert (same.low, same.new_low, same.tau) == (2.0, 2.0, 0.0)
    exact = pooled([1.0, 2.0, 3.0, 4.0], [0.0] * 4)
    assert exact.low < 2.5 < exact.high and exact.estimate == pytest.approx(2.5)


def test_too_few_variants_say_nothing():
    assert pooled([1.0] * (FEWEST - 1), [0.1] * (FEWEST - 1)) is None
    with pytest.raises(ValueError, match="3 effects have 2"):
        pooled([1.0, 2.0, 3.0], [0.1, 0.1])


@pytest.mark.parametrize(
    ("k", "tau", "uneven", "least"), [(4, 3.0, True, 0.93), (6, 3.0, True, 0.93), (6, 1.0, True, 0.88)]
)
def test_the_intervals_cover_with_few_variants_and_uneven_spreads(k, tau, uneven, least):
    """Of the mean, and of a new variant; 400 runs have a standard error of .011 at .95."""
    mean, new = coverage(k, tau, uneven, 400, np.random.default_rng(1))
    assert 0.91 < mean < 0.98
    assert least < new < 0.99


def test_an_interval_with_as_many_degrees_of_freedom_as_seeds_would_be_too_short():
    """The test above can fail: with a normal quantile in place of Student's t a new variant is missed more often."""
    rng, missed, runs = np.random.default_rng(2), 0.0, 300
    for _ in range(runs):
        seen = rng.normal(0, 3, 4)[:, None] + rng.normal(size=(4, 5))
        found = pooled(seen.mean(axis=1).tolist(), (seen.var(axis=1, ddof=1) / 5).tolist())
        half = (found.new_high - found.estimate) * 1.96 / T2
        missed += 1 - (math.erf((found.estimate + half) / 18**0.5) - math.erf((found.estimate - half) / 18**0.5)) / 2
    assert missed / runs > 0.12


# ---- on the board

CLAIM = Claim("high", "It is high.", (Beyond("r", 0.0, 1.0, -1.0),))


def measured(value):
    return lambda rng: [column("trained", None, 0, Measurement("r", value + 0.05 * rng.normal(), 0, 1))]


def of_board(made, count, submissions=(), kept=None, claim=CLAIM):
    task = replace(made.tasks[0], claims=(claim,))
    records = [
        made.record(variant=f"vae_{i}", claims=(claim,), measurements=measured(0.1 * (i + 1))) for i in range(count)
    ]
    chosen = select(made.with_tasks(task), records, submissions=submissions)
    return task, groups(task, distinct(chosen.shown), kept or {})


def test_a_group_is_made_of_the_means_over_seeds_of_distinct_variants(made):
    task, (group,) = of_board(made, 5)
    assert (group.arch, group.dataset, group.n) == ("mlp", "digits", 5)
    assert list(group.effects) == pytest.approx([0.1, 0.2, 0.3, 0.4, 0.5], abs=0.08)
    assert group.found == pooled(group.effects, group.variances)
    page = over_variants_page((task,), (group,), False)
    assert "mlp on digits" in page and "(camuto2021_variance_frequency.md#high)" in page
    assert "mlp on digits, 5 distinct variants" in general_lines((group,))


@pytest.mark.parametrize(("code", "n"), [("uninformative", 4), ("collapsed", 4), ("straddles", 5)])
def test_a_model_of_which_nothing_can_be_seen_is_left_out(made, code, n):
    """Its number is none of an effect: of a collapsed network all damage is gone."""
    task = replace(made.tasks[0], claims=(CLAIM,))
    records = [made.record(variant=f"v{i}", claims=(CLAIM,), measurements=measured(float(i))) for i in range(5)]
    first, *others = distinct(select(made.with_tasks(task), records).shown)
    verdict = first.first.verdicts[CLAIM.id]
    first.first.verdicts[CLAIM.id] = replace(verdict, controlled=replace(verdict.controlled, code=code))
    assert groups(task, [first, *others], {})[0].n == n


def test_variants_too_few_for_a_sum_are_said_one_by_one(made):
    """A reader with a convolutional network found "too few", where two numbers were known."""
    task, (group,) = of_board(made, 2)
    assert group.found is None and group.names == ("vae_0", "vae_1")
    page = over_variants_page((task,), (group,), False)
    first, second = map(group.said, group.effects)
    assert f"too few: vae_0 {first}, vae_1 {second}" in page


def test_copies_and_other_senders_count_once_or_not_at_all(made):
    _, (plain,) = of_board(made, 5)
    task = replace(made.tasks[0], claims=(CLAIM,))
    theirs = [sent(made.record(variant="theirs", claims=(CLAIM,), measurements=measured(9.0)), "eve")]
    assert of_board(made, 5, theirs)[1] == (plain,)
    records = [made.record(variant=f"vae_{i}", claims=(CLAIM,), measurements=wide(0.1 * i)) for i in range(5)]
    twice = records[0].model_copy(update={"subject": _renamed(records[0], "a_copy")})
    counted = [
        groups(task, distinct(select(made.with_tasks(task), some).shown), {})[0].n
        for some in (records, [*records, twice])
    ]
    assert counted == [5, 5]


def wide(value):
    """Enough numbers that equality is no chance."""
    return lambda rng: [
        column("trained", None, 0, Measurement(name, value + 0.05 * rng.normal(), 0, 1)) for name in ("r", "s", "t")
    ]


def _renamed(record, name):
    variant = record.subject.variant.model_copy(update={"name": name})
    return record.subject.model_copy(update={"variant": variant})


def test_too_few_variants_are_said_to_be_so(made):
    task, found = of_board(made, 3)
    page = over_variants_page((task,), found, False)
    assert "too few" in page.split("| mlp on digits")[1] and "<!-- kept" not in page
    assert "- mlp on digits, too few: vae_0 0.0" in general_lines(found)  # each variant's own effect


def test_a_positive_skewed_effect_is_summed_up_by_its_logarithm(made):
    claim = replace(CLAIM, conditions=(Beyond("r", 1.0, 0.0, 2.0, scale="log"),))
    _, (group,) = of_board(made, 5, claim=claim)
    assert group.is_log and group.effects[0] < 0
    assert 0 < float(group.said(group.found.estimate)) < 1


def test_a_page_keeps_its_numbers_and_they_are_not_made_again(made, monkeypatch):
    task, found = of_board(made, 5)
    kept = read_kept(over_variants_page((task,), found, False))
    calls = []
    monkeypatch.setattr(over_variants, "pooled", lambda *given: calls.append(given))
    assert of_board(made, 5, kept=kept)[1] == found
    assert calls == []
    of_board(made, 6, kept=kept)
    assert len(calls) == 1


@pytest.mark.parametrize(
    "line", ["{", '{"inputs": "x"}', '{"inputs": "x", "k": "a"}', "{}", '{"k": 3, "odd": 1, "inputs": 2}']
)
def test_a_kept_line_that_cannot_be_read_is_made_anew(line):
    assert read_kept(f"<!-- kept {line} -->\n") == {}


def test_statsmodels_is_loaded_only_where_something_changed():
    code = "import sys, vaebench.report.every_file; sys.exit('statsmodels' in sys.modules or 'pandas' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


SHARE = Claim(
    "always",
    "It always is.",
    (Beyond("r", 0.9, ideal=1, null=0.5, scale="share"), Beyond("s", 0.1, ideal=1, null=0, role="control")),
    over_records=True,
)


def shares(value, i):
    """A share, and enough other numbers to be a model of its own."""
    numbers = {"r": value, "s": value, "t": 0.1 * i, "u": 0.2 * i, "v": 0.3 * i}
    return lambda rng: [column("trained", None, 0, Measurement(name, each, 0.0, 5)) for name, each in numbers.items()]


@pytest.mark.parametrize(
    ("value", "interval", "word"), [(0.0, "[0.000, 0.265]", "fails"), (1.0, "[0.74, 1.00]", "undecided")]
)
def test_a_claim_of_all_objectives_and_data_is_summed_up_with_models_as_the_sample(made, value, interval, word):
    """Twelve at 0 or 1: Clopper and Pearson's 1 − .025^(1/12) = .265."""
    task = replace(made.tasks[0], claims=(SHARE,))
    records = [made.record(variant=f"vae_{i}", claims=(SHARE,), measurements=shares(value, i)) for i in range(12)]
    models = distinct(select(made.with_tasks(task), records).shown)
    (line,) = over_records(task, SHARE, models)
    assert (
        f"{interval} of 12 distinct models whose measure can tell, claimed > 0.9" in html.unescape(line)
        and word in line
    )
    assert line in general_lines((), [line]) and line in over_variants_page(
        (task,), groups(task, models, {}), False, shares={task.name: {"always": [line]}}
    )
    assert over_records(task, replace(SHARE, over_records=False), models) == []
