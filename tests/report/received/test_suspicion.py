"""Plants for every rule of suspicion and every bound: what it must find, and what it must not."""

import random
import re
from dataclasses import replace

import pytest
from report.honest import made_honest

from vaebench import catalog
from vaebench.claims import Beyond, Claim, Column, judged_names
from vaebench.report.received.bounds import BOUNDS, bounds_of, out_of_bounds
from vaebench.report.received.sent import sent
from vaebench.report.received.suspicion import better_than_exact, same_times, too_even, twins
from vaebench.results.references import REFERENCES, root
from vaebench.results.store import read_records

TASK = "camuto2021_variance_frequency"


def of(name, values, arm="trained", stderrs=(0.0,), knob=None, better="neither"):
    n = len(values)
    return Column(name, arm, knob, "1", better, tuple(range(n)), tuple(values), stderrs * n, (7,) * n)


@pytest.fixture(scope="module")
def record(made):
    return made_honest(made.record(TASK, "vae", seeds=4))


def having(record, *columns):
    return record.model_copy(update={"measurements": columns})


@pytest.mark.parametrize(
    ("name", "inside", "outside"),
    [
        ("encoder_first_share", (0.0, 0.5, 1.0), (-0.001, 1.001)),
        ("decoder_high_frequency_share", (0.2, 1.0 + 1e-9), (1.01,)),
        ("classifier_beyond_95_prior", (0.0, 1.0), (-0.01, 5.0)),
        ("neighbour_far_more_volume", (-1e-9, 0.3), (-1e-3, 1.1)),
        ("shared_hidden_biased", (-0.9, 0.9), (1.1,)),
        ("density_r2_prior_alone", (-7.0, 1.0), (1.1,)),
        ("precision_spearman", (-1.0, 1.0), (1.1, -1.1)),
        ("mean_absolute_cosine", (0.0, 1.0), (-0.1,)),
        ("damage_small_per_data", (0.0, 9.0), (-0.1,)),
        ("importance_2", (0.0, 99.0), (-0.1,)),
        ("density_bias", (-99.0, 99.0), ()),
        ("exception_mean", (-0.9, 0.9), ()),
    ],
)
def test_a_value_beyond_its_bound_is_named_and_one_at_it_is_not(record, name, inside, outside):
    for value in inside:
        assert list(out_of_bounds(having(record, of(name, [value])))) == []
    for value in outside:
        (line,) = out_of_bounds(having(record, of("energy", [1.0]), of(name, [0.5, value])))
        assert line.startswith(f"measurements.1: {name} in seed 1 is ")


@pytest.mark.parametrize(
    ("lower", "upper"),
    [("encoder_lipschitz_mean", "encoder_lipschitz_max"), ("decoder_lipschitz_mean", "decoder_lipschitz_max")],
)
def test_what_is_never_below_another_measurement_is_held_to_it_within_their_errors(record, lower, upper):
    for below, above, errors, found in (
        (3.0, 3.1, 0.0, 0),
        (3.0, 2.9, 0.0, 1),
        (3.0, 2.9, 0.05, 0),
        (3.0, 2.0, 0.05, 1),
    ):
        columns = of(lower, [below], stderrs=(errors,)), of(upper, [above], stderrs=(errors,))
        lines = list(out_of_bounds(having(record, *columns)))
        assert len(lines) == found
        assert all(line.startswith(f"measurements.1: {upper} ") and lower in line for line in lines)
    assert list(out_of_bounds(having(record, of(lower, [3.0]), of(upper, [1.0], arm="analytic")))) == []


DECLARED = {
    name.replace("#", "1").replace("*", "some")
    for task in map(catalog.task, catalog.task_names())
    for name in (*task.given, *judged_names((*task.claims, *task.invariants)))
}


@pytest.mark.parametrize("pattern", [pattern for pattern, _, _ in BOUNDS])
def test_every_bound_is_of_a_measurement_that_the_suite_declares(pattern):
    """Bounds of names that nothing measures guarded nothing, and their tests tested nothing."""
    assert any(re.fullmatch(pattern, name) for name in DECLARED)


@pytest.mark.parametrize(
    "name",
    sorted(name for name in DECLARED if re.search("(^|_)share(_|$)|auroc|accuracy|coverage|_beyond_|_far_", name)),
)
def test_every_share_that_is_declared_lies_between_0_and_1(name):
    assert bounds_of(name) == (0, 1)


def noisy(rng, values, relative):
    return [value * (1 + rng.gauss(0, relative)) for value in values]


def numbers(seed, relative=0.03, seeds=4, count=12, level=1.0):
    """A record's worth of measurements whose seeds differ by so much."""
    rng, law = random.Random(seed), random.Random(0)
    return [of(f"m{n}", noisy(rng, [level * law.uniform(1, 9)] * seeds, relative)) for n in range(count)]


def test_seeds_that_hardly_differ_are_told_and_those_of_a_calm_variant_are_not(record):
    peers = [having(record, *numbers(n)) for n in range(5)]
    for relative, found in ((0.03, False), (0.003, False), (0.0003, True), (1e-7, True)):
        line = too_even(having(record, *numbers(99, relative)), peers)
        assert bool(line) is found
        assert not found or line.startswith("measurements: ")
    assert too_even(having(record, *numbers(99, 1e-7)), [])
    assert not too_even(having(record, *numbers(99, 1e-3)), [])
    assert not too_even(having(record, *numbers(99, 1e-7, seeds=2)), peers)
    assert not too_even(having(record, *numbers(99, 1e-7, count=3)), peers)


def test_a_copy_is_told_under_jitter_and_in_any_order_of_seeds_and_a_like_variant_is_not(record):
    rng = random.Random(1)
    other = having(record, *numbers(5))

    def of_mine(columns):
        named = record.subject.model_copy(
            update={"variant": record.subject.variant.model_copy(update={"name": "my_vae", "code_hash": "9" * 16})}
        )
        return sent(record.model_copy(update={"subject": named, "measurements": tuple(columns)}), "alice")

    def changed(relative, order=(0, 1, 2, 3)):
        return [
            replace(one, values=tuple(noisy(rng, [one.values[n] for n in order], relative)))
            for one in other.measurements
        ]

    ours = numbers(5, seeds=2)  # two thirds alike in one seed, and 0 elsewhere: that is no copy, whoever is asked
    theirs = [
        replace(two, values=(0.0 if n % 3 == 0 else one.values[0], two.values[1]))
        for n, (one, two) in enumerate(zip(ours, numbers(6, seeds=2), strict=True))
    ]
    assert twins(of_mine(ours), [having(record, *theirs)]) == twins(of_mine(theirs), [having(record, *ours)]) == {}
    for relative, order in ((0, (0, 1, 2, 3)), (1e-5, (0, 1, 2, 3)), (2e-4, (3, 2, 1, 0)), (0, (1, 1, 2, 2))):
        (line,) = twins(of_mine(changed(relative, order)), [other]).values()
        assert line.startswith("measurements: ") and record.subject.file_name in line
    assert twins(of_mine(changed(0.02)), [other]) == {}
    assert twins(of_mine(numbers(6)), [other]) == {}
    whole = [of(f"n{n}", [float(n)] * 4) for n in range(20)]
    assert twins(of_mine(whole), [having(record, *whole)]) == {}


def test_two_cells_never_take_exactly_as_long_as_anothers_and_one_may(record, made):
    mine = made_honest(made.record(TASK, "my_vae", seeds=4))
    assert same_times(mine, [record]) == ""

    def stolen(*places):
        cells = tuple(
            cell.model_copy(update={"seconds": record.cells[n - 1].seconds}) if n in places else cell
            for n, cell in enumerate(mine.cells)
        )
        return mine.model_copy(update={"cells": cells})

    assert same_times(stolen(1), [record]) == ""
    line = same_times(stolen(1, 3), [record])
    assert line.startswith("cells.1.seconds: ") and record.subject.file_name in line
    alike = tuple(cell.model_copy(update={"seconds": mine.cells[0].seconds}) for cell in mine.cells)
    assert same_times(mine.model_copy(update={"cells": alike}), []).startswith("cells: ")
    whole = tuple(cell.model_copy(update={"seconds": {"train": 30.0}}) for cell in mine.cells)
    assert same_times(mine.model_copy(update={"cells": whole}), [record]) == ""


def test_what_the_exact_model_does_best_nobody_does_better(record, made):
    claim = Claim("exact", "It is 0.", (Beyond("gap", 0.05, ideal=0, null=1, scale="log"),), analytic="holds")
    task = replace(made.tasks[0], claims=(claim,))
    exact = of("gap", [1e-6] * 3, arm="analytic")
    for values, found in (([0.02, 0.01, 0.03], 0), ([1e-8, 1e-9, 0.0], 1), ([1e-8, 0.02, 0.0], 0), ([1e-6] * 3, 0)):
        lines = list(better_than_exact(having(record, of("gap", values), exact), task))
        assert len(lines) == found
        assert all(line.startswith("measurements.0: gap ") for line in lines)


def test_no_likelihood_beats_the_exact_one_on_normal_data(record, made):
    normal = record.subject.model_copy(
        update={"dataset": record.subject.dataset.model_copy(update={"name": "linear_gaussian_sources"})}
    )
    exact = of("elbo", [-80.0] * 3, arm="analytic", better="higher", stderrs=(0.01,))
    for values, found in (([-80.5] * 3, 0), ([-79.99] * 3, 0), ([-70.0] * 3, 1)):
        mine = of("elbo", values, better="higher", stderrs=(0.01,))
        on_normal = having(record, mine, exact).model_copy(update={"subject": normal})
        assert len(list(better_than_exact(on_normal, made.tasks[0]))) == found
        assert list(better_than_exact(having(record, mine, exact), made.tasks[0])) == []


SAME_MODEL = ({"vae", "complex_vae", "pair_tied_vae"},)
"""Variants that are one model where a task fixes the posterior: real and complex codes then differ in name only."""


def test_no_record_of_the_suites_own_is_suspected():
    """Of any version: the rules are held to every tenth committed record against all."""
    records, _ = read_records(root() / REFERENCES)
    for record in records[::10]:
        others = [one for one in records if one is not record]
        assert list(out_of_bounds(record)) == []
        assert too_even(record, others) == ""
        assert same_times(record, others) == ""
        assert list(better_than_exact(record, catalog.task(record.subject.task.name))) == []
        named = {name.removeprefix("/") for name in twins(record, others)} | {record.subject.variant.name}
        assert len(named) == 1 or any(named <= same for same in SAME_MODEL), named
