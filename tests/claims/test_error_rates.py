"""How often judging errs, by simulation: at the boundary, with no effect, with a planted one, with its opposite."""

import math
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from error_rates import CONDITIONS, EFFECTS, KINDS, KNOBS, SHAPES, Shape, power, rate
from judged import ABOVE, BELOW, EXCEEDS, FALLS, NEAR, OUTPACES, RISES, SEEDS, UNDERCUTS, judge, observe
from scipy import stats

from vaebench import catalog, claims
from vaebench.claims import Beyond, Claim, t_interval
from vaebench.claims.trends import LEAST
from vaebench.results.store import read_records

RUNS, HALF_LEVEL = 1500, 0.025
SIMULATION_ERROR = 3 * math.sqrt(HALF_LEVEL * (1 - HALF_LEVEL) / RUNS)


def words(claim, draw, rng, runs=RUNS):
    return [judge(claim, draw(rng)).word for _ in range(runs)]


def share(found, word):
    return sum(one == word for one in found) / len(found)


def test_the_interval_covers_the_mean_of_normal_seeds_as_often_as_it_says():
    rng, runs = np.random.default_rng(0), 6000
    for level in (0.95, 0.8):
        draws = (t_interval(rng.normal(3.0, 2.0, SEEDS).tolist(), level) for _ in range(runs))
        covered = np.mean([i.low <= 3.0 <= i.high for i in draws])
        assert abs(covered - level) < 3 * math.sqrt(level * (1 - level) / runs)


def noise(rng, mean=0.0, sd=0.3):
    return observe(rng.normal(mean, sd, SEEDS))


def series(rng, slope=0.0, knobs=7):
    return observe(np.exp(slope * np.arange(knobs) + rng.normal(0, 0.1, (SEEDS, knobs))))


def paired(rng, gain=0.0):
    control = rng.normal(0.5, 0.2, SEEDS)  # a spread that both share, which pairing takes out
    return observe(control + rng.normal(gain, 0.05, SEEDS)) + observe(control, "c")


def two_series_of(fall, rise, knobs=3):
    """Two measurements along a knob, each with its own error: one falls, the other rises, by so many logarithms."""

    def draw(rng):
        r, c = (
            np.exp(slope * np.linspace(0, 1, knobs) + rng.normal(0, 0.03, (SEEDS, knobs))) for slope in (-fall, rise)
        )
        return observe(r) + observe(c, "c")

    return draw


NULLS = {
    "above": (ABOVE, lambda rng: noise(rng, 1.0)),
    "below": (BELOW, lambda rng: noise(rng, 1.0)),
    "exceeds": (EXCEEDS, paired),
    "undercuts": (UNDERCUTS, paired),
    "outpaces a rise": (OUTPACES, two_series_of(0.5 + LEAST, 0.5)),
    "outpaces a fall": (OUTPACES, two_series_of(0.5 + LEAST, -0.5)),
    "near": (NEAR, lambda rng: noise(rng, 1.1, 0.01)),
}


@pytest.mark.parametrize("name", NULLS)
def test_on_the_boundary_a_claim_is_held_and_failed_at_the_level_said(name):
    found = words(*NULLS[name], np.random.default_rng(1))
    assert abs(share(found, "holds") - HALF_LEVEL) < SIMULATION_ERROR
    assert abs(share(found, "fails") - HALF_LEVEL) < SIMULATION_ERROR


@pytest.mark.parametrize("knobs", [3, 7])
def test_a_trend_that_is_none_is_seldom_held(knobs):
    found = words(FALLS, lambda rng: series(rng, 0.0, knobs), np.random.default_rng(2))
    assert share(found, "holds") < HALF_LEVEL + SIMULATION_ERROR


def test_of_two_measurements_that_both_stand_still_none_is_held_to_outpace_the_other():
    """Inside of the boundary: |log-change| is noise turned positive, so that the claim is held still more seldom."""
    found = words(OUTPACES, two_series_of(0.0, 0.0), np.random.default_rng(6))
    assert share(found, "holds") < HALF_LEVEL


def test_a_conjunction_keeps_the_level_without_a_correction():
    both = Claim("both", "Both are above 1.", (ABOVE.conditions[0], replace(ABOVE.conditions[0], measurement="c")))

    def draw(rng):
        return noise(rng, 1.0) + observe(rng.normal(5.0, 0.1, SEEDS), "c")

    found = words(both, draw, np.random.default_rng(3))
    assert abs(share(found, "holds") - HALF_LEVEL) < SIMULATION_ERROR


PLANTED = {
    "falls": (FALLS, lambda rng: series(rng, -0.1), lambda rng: series(rng, 0.1)),
    "rises": (RISES, lambda rng: series(rng, 0.1), lambda rng: series(rng, -0.1)),
    "above": (ABOVE, lambda rng: noise(rng, 2.0), lambda rng: noise(rng, 0.0)),
    "below": (BELOW, lambda rng: noise(rng, 0.0), lambda rng: noise(rng, 2.0)),
    "exceeds": (EXCEEDS, lambda rng: paired(rng, 0.2), lambda rng: paired(rng, -0.2)),
    "undercuts": (UNDERCUTS, lambda rng: paired(rng, -0.2), lambda rng: paired(rng, 0.2)),
    "outpaces": (OUTPACES, two_series_of(0.5, 0.2), two_series_of(0.2, -0.5)),
    "outpaces what stands still": (OUTPACES, two_series_of(0.2, 0.0), two_series_of(-0.5, 0.2)),
    "near": (NEAR, lambda rng: noise(rng, 1.0, 0.03), lambda rng: noise(rng, 1.3, 0.03)),
}


@pytest.mark.parametrize("name", PLANTED)
def test_a_planted_effect_is_held_and_its_opposite_failed(name):
    claim, effect, opposite = PLANTED[name]
    assert share(words(claim, effect, np.random.default_rng(4), 150), "holds") > 0.95
    assert share(words(claim, opposite, np.random.default_rng(5), 150), "fails") > 0.95


# Measurements that are not normal: the table of `vaebench.claims`


def table_of_rates():
    """Rates as they stand in the docstring: by number of seeds, shape and kind."""
    found, kinds, seeds = {}, (), 0
    for line in claims.__doc__.splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if head := re.match(r"(\d+) seeds$", cells[0]):
            seeds, kinds = int(head[1]), cells[1:]
        elif cells[0] in SHAPES and len(cells) == len(kinds) + 1:
            found |= {(seeds, cells[0], kind): cell for kind, cell in zip(kinds, cells[1:], strict=True)}
    return found


TABLE = table_of_rates()


def test_the_table_has_every_kind_shape_and_number_of_seeds():
    assert set(TABLE) == {(seeds, shape, kind) for seeds in (5, 3) for shape in SHAPES for kind in KINDS}


@pytest.mark.parametrize("kind", KINDS)
def test_the_table_says_how_often_each_kind_errs(kind):
    runs = 20_000
    for (seeds, shape, _), cell in ((place, cell) for place, cell in TABLE.items() if place[2] == kind):
        found = rate(kind, shape, seeds, runs)
        if found is None:
            assert cell == "–"
        else:
            said = float(cell)
            assert abs(found - said) < 4 * math.sqrt(max(said, 0.001) / runs) + 0.001, (seeds, shape)


def power_rows():
    """Powers as they stand in the docstring: by number of seeds, condition and effect."""
    found, effects, seeds = {}, (), 0
    for line in claims.__doc__.splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if head := re.match(r"power, (\d+) seeds$", cells[0]):
            seeds, effects = int(head[1]), [float(cell.removesuffix(" sd")) for cell in cells[1:]]
        elif cells[0] in CONDITIONS and len(cells) == len(effects) + 1:
            found |= {(seeds, cells[0], effect): float(cell) for effect, cell in zip(effects, cells[1:], strict=True)}
    return found


def test_the_table_says_how_often_a_true_claim_holds():
    rows, runs = power_rows(), 10_000
    assert set(rows) == {(seeds, name, effect) for seeds in (5, 10) for name in CONDITIONS for effect in EFFECTS}
    for (seeds, name, effect), said in rows.items():
        found = power(name, effect, seeds, runs)
        assert abs(found - said) < 4 * math.sqrt(said * (1 - said) / runs) + 0.006, (seeds, name, effect)


def test_the_power_is_that_of_students_t():
    for effect in EFFECTS:
        exact = stats.nct.sf(stats.t.ppf(0.975, 4), 4, effect * math.sqrt(5))
        assert power("one statistic", effect, 5, 100_000) == pytest.approx(exact, abs=0.006)


JUDGED = {
    "below": (BELOW, lambda values: observe(values + 1.0)),
    "above": (ABOVE, lambda values: observe(values + 1.0)),
    "near": (NEAR, lambda values: observe(1.1 + values / 50)),
    "exceeds": (EXCEEDS, lambda values: observe(values + 7.0) + observe([7.0] * len(values), "c")),
    "log": (
        Claim("log", "says", (Beyond("r", 1.0, ideal=0, null=2, scale="log"),)),
        lambda values: observe(np.exp(values)),
    ),
    "trend": (FALLS, lambda values: observe(np.exp(np.outer(values - LEAST, np.linspace(0, 1, KNOBS))))),
}


@pytest.mark.parametrize("kind", JUDGED)
@pytest.mark.parametrize("seeds", [3, 5])
def test_what_is_simulated_is_how_a_claim_is_judged(kind, seeds):
    """Of the same numbers the table's rule and `judge` say the same: the rule is drawn to give those numbers back."""
    claim, placed = JUDGED[kind]
    rng, agreed = np.random.default_rng(9), set()
    for _ in range(150):
        values = rng.normal(rng.normal(0, 1.5), 1, seeds)
        draws = iter([np.exp(values) if kind == "log" else values, np.zeros(seeds)])
        shape = Shape(lambda _, size, draws=draws: next(draws).reshape(size), 0.0, 0.0, 1.0, sd=1.0)
        held = bool(KINDS[kind](shape, rng, (1, seeds))[0])
        assert (judge(claim, placed(values)).word == "holds") == held
        agreed.add(held)
    assert agreed == {True, False}


def test_kinds_that_are_judged_by_geometric_means_keep_their_level_whatever_the_shape():
    assert max(float(cell) for (_, _, kind), cell in TABLE.items() if kind == "log" and cell != "–") <= 0.026


def test_of_the_typical_seed_an_interval_of_five_errs_as_seldom_as_is_said():
    assert max(float(cell) for (seeds, _, kind), cell in TABLE.items() if (seeds, kind) == (5, "median")) <= 0.034


def skewness(values):
    """Skewness of a sample, by its own moments."""
    off = values - values.mean()
    return float((off**3).mean() / ((off**2).mean()) ** 1.5)


def test_measurements_of_the_records_are_as_little_skewed_as_their_intervals_need():
    """Towards the limit, in the mean over quantities of five seeds: worsts before and after the logarithm, others."""
    found = {"raw": [], "log": [], "mean": []}
    records, _ = read_records(Path(__file__).parents[2] / "reference_results")
    for record in records:
        sample = record.table
        conditions = [c for claim in catalog.task(record.subject.task.name).claims for c in claim.conditions]
        for quantity in (q for condition in conditions for q in condition.statistics(sample, "trained")):
            values = np.array(quantity.values)
            if len(values) < 5 or quantity.scale not in found or quantity.estimate_beyond is not None:
                continue
            if values.std() <= 1e-6 * abs(values).max():
                continue
            towards = 1 if quantity.low is None else -1
            found[quantity.scale].append(towards * skewness(np.log(values) if quantity.scale == "log" else values))
            if quantity.scale == "log":
                found["raw"].append(skewness(values))
    means = {name: np.mean(values) for name, values in found.items()}
    errors = {name: np.std(values) / math.sqrt(len(values)) for name, values in found.items()}
    rng = np.random.default_rng(0)
    tail = np.mean([skewness(values) for values in np.exp(0.5 * rng.standard_normal((20_000, 5)))])
    assert means["raw"] > 3 * errors["raw"]
    assert abs(means["log"]) < 2 * errors["log"]
    assert abs(means["mean"]) < 0.25 * tail
