"""The turn of the standard cells: each comes, none is preferred, and the time is kept."""

from collections import Counter

import pytest
from results.stored import SUBJECT, cell, observe

from vaebench import catalog
from vaebench.migrate import is_current
from vaebench.nightly.judge import judge
from vaebench.nightly.rotation import as_night, is_here, too_long, turn
from vaebench.results.assemble import assemble
from vaebench.results.record import VariantInfo, Versioned


def record(variant="vae", arch="mlp", seconds=50.0, preset="standard", values=(1.0, 1.1, 1.2, 1.3, 1.4)):
    info = VariantInfo(name=variant, source="arXiv:1312.6114", code_hash="c" * 16, kl_weight=1.0)
    about = SUBJECT.model_copy(update={"variant": info, "arch": arch, "preset": preset})
    cells = [
        cell(s, observe(s, {"gain": value}), subject=about, seconds={"train": seconds})
        for s, value in enumerate(values)
    ]
    return assemble(cells, (), ())


RECORDS = [
    record(name, arch) for name in ("vae", "beta_vae", "sigma_vae", "iwae") for arch in ("mlp", "conv", "resnet")
]


def test_each_cell_has_its_turn_and_the_time_is_kept():
    seen = Counter()
    for day in range(200):
        chosen = turn(RECORDS, day, 150, 2, 600)
        assert 50 * len(chosen) <= 2 * 150
        seen.update(one for one, _ in chosen)
    assert {(one.variant, one.arch) for one in seen} == {(r.subject.variant.name, r.subject.arch) for r in RECORDS}
    assert {one.seed for one in seen} == set(range(5))
    assert max(seen.values()) < 6 * min(seen.values())


def test_a_cell_longer_than_what_is_left_is_not_begun():
    assert turn([record(seconds=200)], 0, 150, 2, 600) == []
    assert turn(RECORDS, 0, -1, 2, 600) == []


def test_a_cell_that_does_not_fit_is_passed_over():
    """It ended the rotation, so that a night that began at it was empty."""
    both = [record(seconds=200), record("iwae", seconds=50)]
    assert {tuple(one.variant for one, _ in turn(both, day, 150, 2, 600)) for day in range(20)} == {("iwae",)}


def test_a_record_longer_than_what_is_left_is_named_and_the_others_are_not():
    long, short = record(seconds=200), record("iwae", seconds=50)
    assert too_long([long, short, record("annealed_vae", seconds=200)], 150) == [long]
    assert too_long([long, short], 200) == []


def test_behind_the_end_of_the_line_comes_the_next_seed():
    """The second night begins in the middle: what lies before it was run with the first seed the night before."""
    first, second = ([cell for cell, _ in turn(RECORDS, day, 600, 2, 600)] for day in (0, 1))
    assert {cell.seed for cell in first} == {0}
    assert [cell.key for cell in second] == [cell.key for cell in (*first[6:], *first[:6])]
    assert [cell.seed for cell in second] == [0] * 6 + [1] * 6
    assert second[6:] == [cell for cell, _ in turn(RECORDS, 2, 600, 2, 600)][:6]


def test_what_magnifies_rounding_is_left_out():
    left_out = [record("annealed_vae"), record("beta_tcvae", "conv"), record(preset="quick"), record("somebodys_vae")]
    assert turn(left_out, 0, 600, 2, 600) == []
    assert len(turn([record("beta_tcvae")], 0, 600, 2, 600)) == 1


def test_a_superseded_record_has_no_turn():
    """It is of another protocol: a night trained such cells for minutes, with nothing to hold them against."""
    task = catalog.task("nakagawa2021_posterior_isometry")
    made = record()
    name = {"name": task.name, "version": task.version, "hash": task.definition_hash("standard", "digits")}
    now = made.subject.model_copy(update={"task": Versioned(**name)})
    current = made.model_copy(update={"subject": now})
    old = made.model_copy(update={"subject": now.model_copy(update={"task": Versioned(**{**name, "hash": "0" * 16})})})
    assert made.subject.dataset.name == "digits"
    assert [is_current(one) for one in (current, old, made)] == [True, False, False]


def test_a_record_of_data_that_are_not_installed_has_no_turn(tmp_path):
    """A night would end with one line about missing files: real images are installed by who wants them."""
    made = record()
    info = made.subject.dataset.model_copy(update={"name": "mnist", "files": "0" * 16})
    mnist = made.model_copy(update={"subject": made.subject.model_copy(update={"dataset": info})})
    assert [is_here(one, tmp_path) for one in (made, mnist)] == [True, False]


@pytest.mark.parametrize(("off", "word"), [(0.0, "same"), (1e-5, "rounding"), (0.01, "moved")])
def test_a_hundredth_of_the_spread_over_seeds_is_the_limit(off, word):
    # The spread is .158, so that the limit is .0016.
    one = record()
    about = one.subject
    new = cell(2, observe(2, {"gain": 1.2 + off}), subject=about)
    assert judge(as_night(one, 2), {2: new}).word == word
