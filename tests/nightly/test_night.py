"""A whole night without any training: every way to be red, and the way to be green."""

import hashlib
import json
from contextlib import contextmanager
from dataclasses import replace

import pytest
from nightly.of_night import ASKED, CODE, NAMES, PROBE, here, outcome, population

from vaebench.mistakes import Mistake
from vaebench.nightly import night as flow
from vaebench.nightly import settle
from vaebench.nightly.cells import Where
from vaebench.nightly.night import night
from vaebench.nightly.reference import night_of
from vaebench.nightly.report import as_values, counts, headline, markdown
from vaebench.nightly.result import Plan
from vaebench.results.assemble import assemble
from vaebench.results.night import file_of
from vaebench.results.night_files import INDEX, night_text, write_nights

NAME = file_of(ASKED.key)
BESIDE = replace(ASKED, variant="beta_vae")


def of_variant(made, asked):
    variant = made.subject.variant.model_copy(update={"name": asked.variant})
    return made.model_copy(update={"subject": made.subject.model_copy(update={"variant": variant})})


@pytest.fixture
def folder(tmp_path):
    """References of two records."""
    texts = {NAME: night_text(night_of(population(), [0]))}
    other = {replace(one, variant="beta_vae"): of_variant(made, BESIDE) for one, made in population().items()}
    texts[file_of(BESIDE.key)] = night_text(night_of(other, [0]))
    write_nights(tmp_path, texts, {}, whole=False)
    return tmp_path


class Code:
    """Stands for today's code and the reference's: what each gives."""

    def __init__(self):
        self.now = self.then = lambda asked: of_variant(outcome(asked.seed), asked)
        self.ran = []

    def run_here(self, asked, where, progress):
        self.ran += asked
        for one in asked:
            if (made := self.now(one)) is not None:
                yield one, made

    @contextmanager
    def there(self, plan, commit):
        yield lambda asked, progress: {one: made for one in asked if (made := self.then(one)) is not None}


@pytest.fixture
def code(monkeypatch):
    stand_in = Code()
    monkeypatch.setattr(flow, "run_here", stand_in.run_here)
    monkeypatch.setattr(settle, "run_here", stand_in.run_here)
    monkeypatch.setattr(flow, "_there", stand_in.there)
    monkeypatch.setattr(flow, "suite_cells", lambda: (ASKED, BESIDE))
    monkeypatch.setattr(flow, "planned", lambda asked, where: (dict.fromkeys(asked), ()))
    return stand_in


def run(folder, **changes):
    plan = Plan(Where(), 60, folder, folder)
    result = night(replace(plan, **changes), lambda *_: None)
    json.dumps(as_values(result), allow_nan=False)
    assert markdown(result).startswith("# A green" if result.green else "# A red")
    return result


def words(result):
    return {one.key[1]: one.word for one in result.records}


def test_a_night_like_the_reference_is_green(folder, code):
    result = run(folder)
    assert result.green
    assert words(result) == {"vae": "same", "beta_vae": "same"}
    assert counts(result)["readings"] == 2 * len(NAMES)
    assert "2 of 2" in headline(result)


def moved_by(step, only="vae", environment=None):
    return lambda asked: of_variant(
        outcome(asked.seed, step if asked.variant == only else 0.0, environment=environment), asked
    )


def test_a_change_of_the_code_is_red_and_its_room_is_named(folder, code):
    code.now = moved_by(1e-2, environment=here(code=CODE | {"training": "9" * 16}))
    result = run(folder)
    assert not result.green
    # Five seeds scatter by .016, so that a shift by .01 is no other population.
    assert words(result) == {"vae": "reseeded", "beta_vae": "same"}
    text = markdown(result)
    assert "code of training" in text
    assert "t2_mean" in text
    assert NAME in text


def test_another_population_has_drifted(folder, code):
    code.now = moved_by(1.0)
    assert words(run(folder))["vae"] == "drifted"


@pytest.mark.parametrize(("then", "cause"), [(1e-2, "arithmetic"), (0.0, "code")])
def test_where_both_could_be_it_the_references_code_is_run_here(folder, code, then, cause):
    both = here(code=CODE | {"training": "9" * 16}, probe=PROBE | {"exp": "9" * 16})
    code.now, code.then = moved_by(1e-2, environment=both), moved_by(then, environment=both)
    found = next(one for one in run(folder).records if one.key == ASKED.key)
    assert found.cause.partition(":")[0] == cause


def test_without_that_code_the_cause_stays_open_and_the_night_red(folder, code, monkeypatch):
    both = here(code=CODE | {"training": "9" * 16}, probe=PROBE | {"exp": "9" * 16}, commit=None)
    code.now = moved_by(1e-2, environment=both)
    monkeypatch.undo()
    monkeypatch.setattr(flow, "run_here", code.run_here)
    result = run(folder)  # its folder is no checkout
    assert words(result)["vae"] == "moved"
    assert any("not told apart" in line for line in result.notes)
    assert not result.green


def lost(asked):
    return None if asked == ASKED else of_variant(outcome(asked.seed), asked)


def diverged(asked):
    made = of_variant(outcome(asked.seed), asked)
    return made.model_copy(update={"status": "diverged", "measurements": ()}) if asked == ASKED else made


@pytest.mark.parametrize(("now", "word"), [(lost, "missing"), (diverged, "incomplete")])
def test_what_is_lost_is_red(folder, code, now, word):
    code.now = now
    result = run(folder)
    assert not result.green
    assert words(result)["vae"] == word


def test_a_reference_that_is_deleted_is_red(folder, code):
    (folder / NAME).unlink()
    result = run(folder)
    assert not result.green
    assert words(result)["vae"] == "missing"
    assert any(NAME in line for line in result.troubles)


def test_an_empty_folder_compares_nothing_and_is_red(tmp_path, code):
    result = run(tmp_path)
    assert not result.green
    assert result.readings == 0
    assert "nothing was compared" in result.troubles
    write_nights(tmp_path, {}, {}, whole=False)
    assert "nothing was compared" in run(tmp_path).troubles


def test_a_record_that_the_reference_does_not_have_is_red_in_the_suites_own_night(folder, code):
    texts = {NAME: (folder / NAME).read_text()}
    write_nights(folder, texts, {}, whole=True)
    result = run(folder)
    assert words(result) == {"vae": "same", "beta_vae": "extra"}
    assert not result.green
    write_nights(folder, texts, {file_of(BESIDE.key): "blind"}, whole=True)
    assert run(folder).green
    write_nights(folder, texts, {}, whole=False)
    assert run(folder).green


def test_a_budget_that_is_too_small_is_red(folder, code):
    result = run(folder, budget=-1)
    assert not result.green
    assert len(code.ran) == 2
    assert any("1 of 2 cells" in line for line in result.troubles)


def test_what_the_reference_does_not_have_is_not_among_what_is_expected(folder, code):
    write_nights(folder, {NAME: (folder / NAME).read_text()}, {}, whole=True)
    result = run(folder)
    assert words(result) == {"vae": "same", "beta_vae": "extra"}
    assert counts(result)["expected"] == 1
    assert headline(result).startswith("1 of 1 records are as they were, 1 beside them, ")
    assert "beside" not in headline(replace(result, records=result.records[:1]))


OTHER_DATA = {"data": "e" * 16}


def test_other_data_are_red_and_said_though_no_number_moved(folder, code):
    code.now = lambda asked: of_variant(outcome(asked.seed), asked).model_copy(update=OTHER_DATA)
    result = run(folder)
    assert not result.green
    assert words(result) == {"vae": "same", "beta_vae": "same"}
    assert "| examples or labels are others |" in markdown(result)
    assert run(folder, against="a" * 40).green  # only numbers are compared there


def test_against_a_revision_the_same_code_is_green_and_another_is_not(folder, code):
    assert run(folder, against="a" * 40).green
    code.now = moved_by(1e-2)
    result = run(folder, against="a" * 40)
    assert not result.green
    assert words(result) == {"vae": "reseeded", "beta_vae": "same"}


def test_against_a_revision_twins_are_asked_of_it_only_where_something_differs(folder, code):
    asked = []

    def then(one):
        asked.append(one)
        step = 0.0 if not one.ulp else 1e-5 * (-1) ** one.ulp
        return of_variant(outcome(one.seed, step), one)

    code.then, code.now = then, moved_by(1e-4)
    result = run(folder, against="a" * 40)
    assert words(result) == {"vae": "rounding", "beta_vae": "same"}
    assert result.green
    assert {one.variant for one in asked if one.ulp} == {"vae"}


def test_against_a_revision_the_farthest_have_twins_first_and_one_that_has_moved_ends_it(folder, code, monkeypatch):
    asked = []

    def then(one):
        asked.append(one)
        return of_variant(outcome(one.seed, 1e-5 * (-1) ** one.ulp if one.ulp else 0.0), one)

    monkeypatch.setattr(settle, "TWINNED", 1)
    code.then = then
    code.now = lambda one: of_variant(outcome(one.seed, 1e-2 if one.variant == "vae" else 1e-4), one)
    result = run(folder, against="a" * 40)
    assert {one.variant for one in asked if one.ulp} == {"vae"}
    assert not result.green
    code.now = lambda one: of_variant(outcome(one.seed, 1e-4), one)
    asked.clear()
    assert run(folder, against="a" * 40).green  # each is within rounding, once it has twins
    assert {one.variant for one in asked if one.ulp} == {"vae", "beta_vae"}


def test_a_part_of_a_night_has_only_its_tasks(folder, code):
    assert run(folder, tasks=(ASKED.task,)).green
    code.now = lost
    result = run(folder, tasks=("gracyk2025_kahler_sampling",))
    assert not result.records
    assert not result.green  # nothing was compared
    assert any("a part of the night" in line for line in result.notes)
    assert run(folder, tasks=("gracyk2025_kahler_sampling",), against="a" * 40).readings == 0


def test_a_part_of_a_night_has_the_troubles_of_its_own_files_alone(folder, code):
    """A line was taken for one of a task where it named the task anywhere."""
    other = "gracyk2025_kahler_sampling"
    stray = folder / other / "stray.jsonl"
    stray.parent.mkdir()
    stray.write_text((folder / NAME).read_text())
    index = json.loads((folder / INDEX).read_text())
    index["files"][f"{other}/stray.jsonl"] = hashlib.sha256(stray.read_bytes()).hexdigest()
    (folder / INDEX).write_text(json.dumps(index))
    assert any(f"stray.jsonl: subject: it is of {ASKED.task}/" in line for line in run(folder).troubles)
    assert run(folder, tasks=(ASKED.task,)).troubles == ()
    assert any("stray.jsonl" in line for line in run(folder, tasks=(other,)).troubles)


@pytest.mark.parametrize("harm", ["no line", "changed", "gone", "link", "not in the index"])
def test_a_part_of_a_night_has_every_trouble_of_its_own_files(folder, code, harm):
    path = folder / NAME
    if harm == "no line":
        path.write_text("{}\n")
    elif harm == "changed":
        path.write_text(path.read_text().replace("0.3", "0.25", 1))
    elif harm == "not in the index":
        path.with_name("more.jsonl").write_text(path.read_text())
    else:
        path.unlink()
        if harm == "link":
            path.symlink_to(folder / "nowhere")
    whole, part = run(folder).troubles, run(folder, tasks=(ASKED.task,)).troubles
    assert whole
    assert part == whole


def test_a_new_record_is_compared_with_nothing_and_said(folder, code):
    code.then = lost
    result = run(folder, against="a" * 40)
    assert words(result) == {"beta_vae": "same"}
    assert any(NAME in line for line in result.notes)
    code.then = lambda asked: None
    assert not run(folder, against="a" * 40).green


def test_what_this_code_can_no_longer_run_is_not_green(folder, code, monkeypatch):
    """A network that wrongly fits nothing any more took its cells out of the comparison, and the night was green."""
    lost_here = "beta_vae · conv · digits: it takes vectors"
    monkeypatch.setattr(flow, "planned", lambda asked, where: ({ASKED: None}, (lost_here,)))
    result = run(folder, against="a" * 40)
    assert not result.green and lost_here in result.troubles


def test_on_a_busy_machine_fewer_standard_cells_have_their_turn(folder, code, monkeypatch):
    """They take as much longer as the night's own cells did: beside two other processes it took 12 minutes of 10."""
    offered = []
    monkeypatch.setattr(flow, "is_current", lambda record: False)
    monkeypatch.setattr(flow, "turn", lambda records, day, seconds, jobs, budget: offered.append(seconds) or [])
    for share in (1.0, 0.5):
        monkeypatch.setattr(flow, "pace", lambda spent, passed, jobs, share=share: share)
        run(folder, budget=600, records=(object(),))
    free, busy = offered
    assert 590 < free < 600
    assert busy == pytest.approx(free / 2, abs=1)


def standard(environments, at, seconds=50.0):
    """A committed record of `ASKED`'s names, whose seeds were made in some environments."""
    about = outcome(subject={"preset": "standard"}).subject
    made = [outcome(seed, subject={"preset": "standard"}, seconds={"train": seconds}) for seed in range(len(at))]
    record = assemble([one.model_copy(update={"id": f"{seed:016x}"}) for seed, one in enumerate(made)], (), ())
    rows = [row.model_copy(update={"environment": i}) for row, i in zip(record.cells, at, strict=True)]
    return record.model_copy(update={"subject": about, "cells": tuple(rows), "environments": tuple(environments)})


@pytest.fixture
def rotation(folder, code, monkeypatch):
    """A night whose standard cell of seed 1 moves, where both the code and the arithmetic are others."""
    monkeypatch.setattr(flow, "is_current", lambda record: True)
    monkeypatch.setattr(flow, "is_here", lambda record, root: True)
    monkeypatch.setattr(flow, "turn", lambda records, *_: [(replace(ASKED, preset="standard", seed=1), records[0])])
    both = here(code=CODE | {"training": "9" * 16}, probe=PROBE | {"exp": "9" * 16})

    def now(asked):
        if asked.preset != "standard":
            return of_variant(outcome(asked.seed), asked)
        return outcome(asked.seed, 1e-2, environment=both, subject={"preset": "standard"})

    code.now = code.then = now
    return lambda *record: run(folder, budget=600, records=(standard(*record),))


def test_the_cause_of_a_standard_cell_is_sought_in_the_code_that_made_its_seed(rotation, monkeypatch, code):
    asked = []
    there = flow._there
    monkeypatch.setattr(flow, "_there", lambda plan, commit: asked.append(commit) or there(plan, commit))
    result = rotation([here(commit="1" * 40), here(commit="2" * 40)], [0, 1])
    assert asked == ["2" * 40]
    assert [one.word for one in result.rotated] == ["rounding"]  # that code gives the same here


@pytest.mark.parametrize(
    ("commit", "why"), [(None, "names no single commit"), ("5" * 40 + "+changes", "single commit")]
)
def test_a_standard_cell_of_no_commit_has_its_cause_left_open_and_it_is_said(rotation, commit, why):
    """The code of a revision called None was looked for, and that there is none was not said."""
    result = rotation([here(commit=commit)], [0, 0])
    assert [one.word for one in result.rotated] == ["moved"]
    assert any("not told apart" in line and why in line for line in result.notes)


def test_code_that_cannot_be_run_for_a_standard_cell_is_said(rotation, monkeypatch):
    def fails(plan, commit):
        raise Mistake("git archive: not a tree object")

    monkeypatch.setattr(flow, "_there", fails)
    assert any("not a tree object" in line for line in rotation([here()], [0, 0]).notes)


def test_standard_records_that_fit_no_night_are_counted_in_a_note(rotation):
    (line,) = [line for line in rotation([here()], [0, 0], 601.0).notes if "no turn" in line]
    assert line.startswith("1 standard records had no turn: ")
    assert line.endswith("for 1 it takes longer than a whole night of 600 s")
    assert not any("no turn" in line for line in rotation([here()], [0, 0], 500.0).notes)


def test_a_cause_is_not_sought_in_what_the_references_code_did_not_finish(folder, code):
    both = here(code=CODE | {"training": "9" * 16}, probe=PROBE | {"exp": "9" * 16})
    code.now = moved_by(1e-2, environment=both)
    code.then = lambda asked: of_variant(outcome(asked.seed, status="timeout", names=()), asked)
    found = next(one for one in run(folder).records if one.key == ASKED.key)
    assert found.cause.startswith("undecided")


def test_the_budget_of_a_task_is_derived_and_no_page_states_it():
    from dataclasses import fields

    from vaebench import catalog
    from vaebench.experiment import NIGHT_EFFORT, NIGHT_STEPS

    for name in catalog.task_names():
        task = catalog.task(name)
        night_, quick = task.budget("nightly"), task.budget("quick")
        assert "nightly" not in task.budgets
        assert night_.training.steps == min(NIGHT_STEPS, quick.training.steps)
        ends = [max(one.training.snapshots, default=0) / one.training.steps for one in (night_, quick)]
        assert ends[0] == ends[1]
        assert len(night_.training.snapshots) <= 1 + len(quick.training.snapshots) / 2
        for part in fields(night_.evaluation):
            values = [getattr(one, part.name) for one in (night_.evaluation, quick.evaluation, NIGHT_EFFORT)]
            assert values[0] == (values[1] if part.name == "posterior_nodes" else min(values[1:]))
        assert len(task.definition_hash("nightly")) == 16


def test_what_a_claim_asks_for_is_part_of_every_preset_but_the_nights():
    from vaebench import catalog

    task = catalog.task("nakagawa2021_posterior_isometry")
    fewer = replace(task, claims=task.claims[1:])
    assert fewer.definition_hash("nightly") == task.definition_hash("nightly")
    assert fewer.definition_hash("quick") != task.definition_hash("quick")


def test_the_suites_night_has_every_variant_network_and_data_set_once_a_task():
    from vaebench import catalog
    from vaebench.nightly.expected import suite_cells

    cells = suite_cells()
    assert len(cells) == len(set(cells))
    for name in catalog.task_names():
        of = [one for one in cells if one.task == name]
        assert {one.dataset for one in of} == set(catalog.task(name).datasets)
        assert sorted(one.variant for one in of if one.arch == "mlp" and one.variant != "vae") == sorted(
            set(catalog.variant_names()) - {"vae"}
        )
        assert sorted(one.arch for one in of if one.arch != "mlp") == sorted(set(catalog.arch_names()) - {"mlp"})
        plain = [one for one in of if one.variant == "vae" and one.arch == "mlp" and one.preset == "nightly"]
        assert sorted((one.dataset, one.seed) for one in plain) == sorted(
            (dataset, seed) for dataset in catalog.task(name).datasets for seed in (0, 1)
        )
        assert [one.arch for one in of if one.preset == "quick"] == ["mlp"]
    assert {one.seed for one in cells if one.variant != "vae"} == {0}
