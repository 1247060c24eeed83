"""Laws of what a variant gives: measurements of records, whatever the verdicts."""

import re
from dataclasses import replace

import pytest

from vaebench import catalog
from vaebench.claims import Measurement, column
from vaebench.report.pages import gives as module
from vaebench.report.pages.gives import GIVEN, Given, gives, gives_page, gives_table
from vaebench.report.received.sent import sent
from vaebench.report.rows.selection import select
from vaebench.report.words.dated import UNDATED

NAKAGAWA = "nakagawa2021_posterior_isometry"


@pytest.fixture
def given(monkeypatch):
    """Two things that the synthetic task measures: with a knob and without."""
    found = (
        Given("Energy", "↓", "its energy", (("camuto2021_variance_frequency", "energy"),)),
        Given("Damage", "↓", "its damage", (("none", "x"), ("camuto2021_variance_frequency", "attack_damage"))),
        Given("Nothing", "", "not measured", (("camuto2021_variance_frequency", "nothing"),)),
    )
    monkeypatch.setattr(module, "GIVEN", found)
    return found


def measured(energy, damage):
    return lambda rng: [
        column("trained", None, 0, Measurement("energy", energy + 0.001 * rng.normal(), 0, 1)),
        *(
            column("trained", knob, 0, Measurement("attack_damage", damage * knob * (1 + 0.001 * rng.normal()), 0, 1))
            for knob in (0.4, 0.1)
        ),
        column("analytic", None, 0, Measurement("energy", 99.0, 0, 1)),
    ]


def cells(text, name):
    line = next(line for line in text.splitlines() if line.startswith(f"| [{name}"))
    return [cell.strip() for cell in line.strip("|").split("|")][1:]


def test_numbers_are_those_of_the_trained_arm_at_the_lowest_knob_value(made, given):
    records = [
        made.record(variant="good", measurements=measured(1.0, 8.0)),
        made.record(variant="poor", measurements=measured(2.0, 2.0)),
    ]
    rows = gives(select(made.suite, records))
    assert [one.label for one in rows] == ["good · mlp", "poor · mlp"]
    interval, knob = rows[0].found["Damage"]
    assert (interval.estimate, knob) == (pytest.approx(0.8, abs=0.01), 0.1)
    text = gives_table(rows, made.suite)
    assert re.match(r"\*\*(1\.00|0\.999) ±", cells(text, "good")[0]) and not cells(text, "good")[1].startswith("**")
    assert cells(text, "poor")[1].startswith("**0.2")
    assert len(cells(text, "poor")) == 2  # nothing is said of what no row has
    assert "*energy*: its energy ([variance frequency](camuto2021_variance_frequency.md), 2 latent units)" in text
    assert "at σ = 0.1" in text and "not measured" not in text


def test_what_is_not_told_apart_from_the_best_is_bold_too(made, given):
    records = [made.record(variant=name, measurements=measured(1.0, 1.0)) for name in ("one", "two")]
    text = gives_table(gives(select(made.suite, records)), made.suite)
    assert all(cells(text, name)[0].startswith("**") for name in ("one", "two"))


def test_a_wide_interval_is_not_the_best_for_its_width(made, given):
    """It reached the best's interval, and so was bold beside narrower ones that lay nearer."""
    records = [made.record(variant=name, measurements=measured(1.0, 1.0)) for name in ("best", "near", "wide")]
    half = {"best": (1.0, 0.03), "near": (1.05, 0.05), "wide": (1.15, 0.14)}
    rows = []
    for row in gives(select(made.suite, records)):
        estimate, width = half[row.label.split()[0]]
        interval, knob = row.found["Energy"]
        found = replace(interval, estimate=estimate, low=estimate - width, high=estimate + width)
        rows.append(replace(row, found={**row.found, "Energy": (found, knob)}, models=frozenset({len(rows)})))
    text = gives_table(rows, made.suite)
    assert [name for name in half if cells(text, name)[0].startswith("**")] == ["best", "near"]


def test_the_page_names_the_days_of_its_own_records_only(made, given):
    """It named those of the whole board, so that every record that came changed it."""
    read, beside = made.record(variant="one", measurements=measured(1.0, 1.0)), made.record(NAKAGAWA, variant="one")
    dated = tuple(cell.model_copy(update={"date": "2030-01-01T00:00:00+00:00"}) for cell in beside.cells)
    rows = gives(select(made.suite, [read, beside.model_copy(update={"cells": dated})]))
    assert [record.subject.task.name for row in rows for record in row.records] == [read.subject.task.name]
    assert "2030" not in gives_page(rows, made.suite, False) and UNDATED in gives_page(rows, made.suite, False)


def test_rows_that_give_the_same_are_one_row_with_both_names(made, given):
    one = made.record(variant="one", measurements=measured(1.0, 2.0))
    same = one.model_copy(update={"subject": made.record(variant="same").subject})
    other = made.record(variant="other", measurements=measured(1.0, 2.0))
    text = gives_table(gives(select(made.suite, [one, same, other])), made.suite)
    rows = [line.split("|")[1].strip() for line in text.splitlines() if line.startswith("| [")]
    assert len(rows) == 2
    assert any(row.startswith("[one · mlp](") and " = [same · mlp](" in row for row in rows)


def test_a_number_of_fewer_seeds_says_so_and_is_not_the_best(made, given):
    whole = [made.record(variant=name, measurements=measured(value, 1.0)) for name, value in (("a", 1.0), ("b", 2.0))]
    rows = gives(select(made.suite, whole))
    interval, knob = rows[0].found["Energy"]
    fewer = replace(rows[0], found={**rows[0].found, "Energy": (replace(interval, n=2), knob)})
    text = gives_table([fewer, rows[1]], made.suite)
    assert cells(text, "a")[0].endswith("(2 seeds)") and not cells(text, "a")[0].startswith("**")
    assert cells(text, "b")[0].startswith("**")


def test_rows_of_others_are_on_the_page_and_marked(made, given):
    theirs = sent(made.record(variant="theirs", measurements=measured(0.5, 1.0)), "eve")
    rows = gives(select(made.suite, [made.record(measurements=measured(1.0, 1.0))], True, [theirs]))
    assert [one.is_own for one in rows] == [False, True]
    assert "theirs · mlp (from eve)" in gives_page(rows, made.suite, False)


def test_every_source_is_a_measurement_that_its_task_takes():
    for one in GIVEN:
        there = [(task, name) for task, name in one.sources if name in catalog.task(task).given]
        assert there, one.name
        assert all(one.dataset in catalog.task(task).datasets for task, _ in one.sources)
