"""Whole runs: what is planned, what is kept, what is run again, and what a bad variant costs its neighbours."""

import hashlib
import json
import os
from collections.abc import Callable, Generator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest
import real_files
from conftest import BROUGHT, in_this_process

from vaebench import catalog
from vaebench.cell import dataset_of, run_cell
from vaebench.engines import Died
from vaebench.engines.local import Workers
from vaebench.environment import probe
from vaebench.experiment import TrainingConfig
from vaebench.mistakes import Mistake
from vaebench.results.journal import Journal
from vaebench.results.record import CellOutcome, Environment, Record, cell_id, strict_json
from vaebench.results.store import read_record, write_record
from vaebench.runner import Done, Request, check, fetch, plan, run, unfinished

RequestOf = Callable[..., Request]


def quiet(done: int, total: int, last: CellOutcome | None) -> None:
    """Show no progress."""


def go(request: Request) -> Done:
    return run(request, plan(request), Journal(request.out), quiet, in_this_process)


def timeless(record: Record) -> Record:
    """A record without what no two runs share: when its cells ran, and how long they took."""
    bare = {"seconds": {}, "date": None}
    return record.model_copy(update={"cells": tuple(cell.model_copy(update=bare) for cell in record.cells)})


def broken(name: str) -> str:
    return f"broken:{name}"


@pytest.fixture
def importable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(BROUGHT))


def test_plan_is_the_product_and_says_what_cannot_be(request_of: RequestOf) -> None:
    planned = plan(request_of(variants=("vae", "linear_vae"), archs=("mlp", "conv"), datasets=("digits",), seeds=3))
    kinds = {(cell.subject.variant.name, cell.subject.arch, cell.seed) for cell in planned.cells}
    assert kinds == {(v, a, s) for v, a in (("vae", "mlp"), ("vae", "conv"), ("linear_vae", "mlp")) for s in range(3)}
    assert planned.unfit == (
        "nakagawa2021_posterior_isometry · linear_vae · conv · digits: linear_vae is built with mlp, not conv",
    )
    assert [cell.seed for cell in planned.cells] == sorted(cell.seed for cell in planned.cells)


def test_code_that_ends_its_process_when_built_is_left_to_its_cells(request_of: RequestOf, importable: None) -> None:
    asked = []

    def ask(job: str, *arguments: object, seconds: float | None) -> str:
        asked.append((job, *arguments, seconds))
        if job == "unfit":
            raise Died("ended")
        return ""

    planned = plan(request_of(variants=("broken:CRASHES", "vae"), seeds=1, seconds=3.0), ask)
    assert [cell.subject.variant.name for cell in planned.cells] == ["crashes", "vae"]
    assert planned.unfit == ()
    assert asked == [("load", "broken:CRASHES", 3.0), ("unfit", "broken:CRASHES", (16,), 3, "mlp", 3.0)]

    def ends(job: str, *arguments: object, seconds: float | None) -> str:
        raise Died("ended with exit status 4")

    with pytest.raises(
        Mistake, match=r"^broken:CRASHES cannot be loaded: the process that tried ended with exit status 4$"
    ):
        plan(request_of(variants=("broken:CRASHES",)), ends)


def test_an_id_names_what_a_cell_depends_on(request_of: RequestOf, tmp_path: Path) -> None:
    def first(**changes: object) -> str:
        return plan(request_of(seeds=1, **changes)).cells[0].id

    mine = tmp_path / "mine.py"
    mine.write_text((BROUGHT / "bernoulli_vae.py").read_text())
    before = first(variants=(str(mine),))
    assert before == first(variants=(str(mine),))
    mine.write_text(mine.read_text().replace('"""A variant', '"""Another word: a variant'))
    assert before == first(variants=(str(mine),))
    mine.write_text(mine.read_text().replace("nn.Tanh()", "nn.ReLU()"))
    ids = [first(variants=(str(mine),)), before, first(), first(datasets=("three_sources",)), first(preset="standard")]
    ids += [first(variants=("beta_vae",)), plan(request_of(seeds=2)).cells[1].id]
    assert len(set(ids)) == len(ids)


def test_a_cell_knows_where_its_data_lie_and_is_the_same_cell_elsewhere(
    unpinned: None, tiny: object, request_of: RequestOf, tmp_path: Path
) -> None:
    planned = []
    for folder in ("here", "there"):
        real_files.mnist(tmp_path / folder, train=64, held_out=64)
        planned += plan(request_of(datasets=("mnist",), data_root=tmp_path / folder, seeds=1)).cells
    assert planned[0].id == planned[1].id
    dataset_of.cache_clear()  # as in a worker, which has loaded nothing
    assert run_cell(planned[1]).status == "ok"
    dataset_of.cache_clear()
    (tmp_path / "there").rename(tmp_path / "gone")
    outcome = run_cell(planned[1])
    assert outcome.status == "error" and outcome.reason.startswith("mnist is not under")


def inverted(root: Path) -> None:
    """Turn every image of a copy of MNIST into its negative: files of the same size."""
    for path in root.rglob("*images*"):
        content = path.read_bytes()
        path.write_bytes(content[:16] + bytes(255 - byte for byte in content[16:]))


def test_cells_of_other_bytes_are_run_again_and_are_missing(
    unpinned: None, tiny: object, request_of: RequestOf, tmp_path: Path
) -> None:
    """Inverted images were served from the journal: 0 cells run, 1 taken."""
    request = request_of(datasets=("mnist",), data_root=tmp_path, seeds=1)
    real_files.mnist(tmp_path, train=64, held_out=64)
    first = go(request)
    assert (go(request).ran, plan(replace(request, missing=True)).there) == (0, 1)
    inverted(tmp_path)
    dataset_of.cache_clear()
    assert plan(replace(request, missing=True)).there == 0
    again = go(request)
    assert (again.ran, again.reused) == (1, 0)
    one, other = (done.records[0] for done in (first, again))
    assert one.subject.dataset.files != other.subject.dataset.files
    assert one.subject.dataset.files is not None
    assert one.cells[0].data != other.cells[0].data
    inverted(tmp_path)
    dataset_of.cache_clear()
    assert go(request).ran == 0


def test_files_that_change_during_a_run_fail_its_cells(
    unpinned: None, tiny: object, request_of: RequestOf, tmp_path: Path
) -> None:
    real_files.mnist(tmp_path, train=64, held_out=64)
    (cell,) = plan(request_of(datasets=("mnist",), data_root=tmp_path, seeds=1)).cells
    inverted(tmp_path)
    dataset_of.cache_clear()
    assert run_cell(cell).status == "error"


def test_code_of_the_suite_that_changed_since_the_plan_fails_its_cells(tiny: object, request_of: RequestOf) -> None:
    (cell,) = plan(request_of(seeds=1)).cells
    other = run_cell(replace(cell, code={**cell.code, "kernels": "0" * 16}))
    assert (other.status, other.reason) == (
        "error",
        "the suite's kernels has changed since the run began; run it again",
    )


def test_a_record_says_all_that_its_cells_depend_on(tiny: object, request_of: RequestOf, importable: None) -> None:
    request = request_of(
        tasks=("gracyk2025_kahler_sampling", "nakagawa2021_posterior_isometry"),
        variants=("kahler_vae", broken("CRASHES")),
        datasets=("digits",),
        seeds=2,
    )
    planned = plan(request)
    done = run(request, planned, Journal(request.out), quiet, in_this_process)
    assert len(done.records) == 3  # kahler_vae has no posterior that the other task could read
    for record in done.records:
        record = read_record(request.out / record.subject.file_name)  # noqa: PLW2901 - what is stored
        assert len(record.environments) == 1
        for cell in record.cells:
            assert cell.environment == 0 and cell.date is not None and cell.data is not None
            ran_on = record.environments[cell.environment]
            assert cell_id(record.subject, cell.seed, ran_on) == cell.id
            assert (ran_on.probe, ran_on.commit) == (probe("cpu"), planned.cells[0].commit)
            assert {"kernels", "measures", f"papers/{record.subject.task.name.partition('_')[0]}"} <= set(ran_on.code)
        assert {cell.split for cell in record.cells} == {"by_seed"}
        assert len({cell.data for cell in record.cells}) == len(record.cells)  # each seed divides the data anew
    with_twin = {record.subject.file_name for record in done.records if "variants/complex_vae" in ran_of(record).code}
    assert with_twin == {"gracyk2025_kahler_sampling/kahler_vae.mlp.digits.json"}


def ran_of(record: Record) -> Environment:
    return record.environments[0]


def test_a_cell_that_its_process_takes_along_is_dated_and_has_its_code(request_of: RequestOf, importable: None) -> None:
    request = request_of(variants=("hostile:EXITS",), seeds=1)
    with Workers() as workers:
        (record,) = run(request, plan(request), Journal(request.out), quiet, workers.run).records
    (cell,) = record.cells
    assert (cell.status, cell.data) == ("error", None)
    assert cell.date is not None
    assert cell_id(record.subject, cell.seed, ran_of(record)) == cell.id


def test_words_that_are_no_text_are_shown_and_stop_nothing(
    tiny: object, request_of: RequestOf, importable: None
) -> None:
    """A lone surrogate in an error's message ended the run with an error of the suite's own."""
    (record,) = go(request_of(variants=(broken("SPEAKS_NO_TEXT"),), seeds=1)).records
    assert record.cells[0].status == "broken"
    assert r"ValueError: bytes \udc80 that are no text" in record.cells[0].reason
    assert read_record(request_of().out / record.subject.file_name) == record


@pytest.mark.parametrize("source", [r"\udc80", "x" * 2001])
def test_what_a_variant_says_of_itself_and_no_record_can_hold_is_one_line(
    source: str, request_of: RequestOf, tmp_path: Path
) -> None:
    path = tmp_path / "odd_vae.py"
    text = (BROUGHT / "bernoulli_vae.py").read_text().replace('"bernoulli_vae"', '"odd_vae"')
    path.write_text(text.replace('source="tests"', f'source="{source}"'))
    with pytest.raises(Mistake, match=r"^odd_vae: .*: source: ") as slip:
        plan(request_of(variants=(str(path),)))
    assert "\n" not in str(slip.value)


def test_a_budget_of_one_data_set_moves_its_own_cells_alone(
    request_of: RequestOf, monkeypatch: pytest.MonkeyPatch
) -> None:
    name, sets = "nakagawa2021_posterior_isometry", ("linear_gaussian_sources", "three_sources")
    whole = catalog.task(name)

    def planned() -> dict[str, tuple[int, str]]:
        cells = plan(request_of(datasets=sets, seeds=None)).cells
        return {
            one: (len(of), min(cell.id for cell in of))
            for one in sets
            if (of := [c for c in cells if c.dataset == one])
        }

    before = planned()
    own = replace(whole.budgets["quick"], seeds=4, training=TrainingConfig(steps=9))
    monkeypatch.setattr(catalog, "task", lambda _: replace(whole, budgets_on={"three_sources": {"quick": own}}))
    after = planned()
    assert after[sets[0]] == before[sets[0]]
    assert after[sets[1]][0] == 4
    assert after[sets[1]][1] != before[sets[1]][1]


def test_data_are_fetched_only_where_they_are_not_there(
    unpinned: None, request_of: RequestOf, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fetched: list[str] = []
    load = catalog.dataset

    def noted(name: str, root: Path, download: bool = False) -> object:
        if download:
            fetched.append(name)
            return None
        return load(name, root)

    monkeypatch.setattr(catalog, "dataset", noted)
    real_files.mnist(tmp_path)
    fetch(request_of(datasets=("digits", "mnist", "svhn"), data_root=tmp_path))
    assert fetched == ["svhn"]


def test_a_second_identical_run_does_no_work(tiny: object, request_of: RequestOf) -> None:
    first, second = go(request_of()), go(request_of())
    assert (first.ran, first.reused) == (2, 0)
    assert (second.ran, second.reused) == (0, 2)
    assert first.records == second.records


@pytest.mark.parametrize("jobs", [1, 2, 9])
def test_a_second_run_needs_no_process_whatever_its_jobs(
    jobs: int, tiny: object, request_of: RequestOf, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = go(request_of(seeds=1))
    request = request_of(seeds=1, jobs=jobs)
    planned = plan(request)
    monkeypatch.setattr("subprocess.Popen", None)
    with Workers() as workers:
        second = run(request, planned, Journal(request.out), quiet, workers.run)
    assert (second.ran, second.reused, second.records) == (0, 1, first.records)


def test_more_seeds_run_only_the_new_ones(tiny: object, request_of: RequestOf) -> None:
    go(request_of())
    assert (again := go(request_of(seeds=3))).ran == 1
    assert [cell.seed for cell in again.records[0].cells] == [0, 1, 2]


def test_what_is_missing_is_what_no_whole_record_of_today_stands_for(tiny: object, request_of: RequestOf) -> None:
    kinds = {"variants": ("vae", "linear_vae"), "archs": ("mlp",), "missing": True}
    whole = go(request_of(variants=("vae",), archs=("mlp",), seeds=2)).records[0]
    folder = request_of().out
    (folder / "journal.jsonl").unlink()

    def left(seeds: int) -> set[str]:
        return {cell.subject.variant.name for cell in plan(request_of(**kinds, seeds=seeds)).cells}

    assert left(2) == {"linear_vae"}
    assert plan(request_of(**kinds, seeds=2)).there == 1
    assert left(3) == {"vae", "linear_vae"}
    other = whole.subject.task.model_copy(update={"hash": "0" * 16})
    write_record(folder, whole.model_copy(update={"subject": whole.subject.model_copy(update={"task": other})}))
    assert left(2) == {"vae", "linear_vae"}


def test_processes_do_not_change_a_measurement(request_of: RequestOf, tmp_path: Path) -> None:
    request = request_of(datasets=("three_sources",), out=tmp_path / "two", jobs=2)
    planned = plan(request)
    with Workers() as workers:
        two = run(request, planned, Journal(request.out), quiet, workers.run)
    alone = run(request_of(out=tmp_path / "one"), planned, Journal(tmp_path / "one"), quiet, in_this_process)
    assert [timeless(record) for record in two.records] == [timeless(record) for record in alone.records]


def test_a_damaged_line_costs_its_own_cell(tiny: object, request_of: RequestOf) -> None:
    undisturbed = go(request_of())
    journal = Journal(request_of().out)
    lines = journal.path.read_text().splitlines()
    journal.path.write_text(lines[0] + "\n" + lines[1][: len(lines[1]) // 2])
    mended = go(request_of())
    assert (mended.ran, mended.reused, [damage.line for damage in mended.damages]) == (1, 1, [2])
    assert [timeless(r) for r in mended.records] == [timeless(r) for r in undisturbed.records]


def test_what_is_left_is_what_a_run_would_run_and_asking_writes_nothing(tiny: object, request_of: RequestOf) -> None:
    """A dry run counted cells that the journal had. Finished cells of an unfinished record may come as a shard."""
    request = request_of()
    cells = plan(request).cells
    assert unfinished(request.out, cells) == list(cells) and not request.out.exists()
    go(request)
    assert unfinished(request.out, cells) == []
    journal = Journal(request.out)
    shard = Journal(request.out, "unfinished").path
    shard.write_text(journal.path.read_text().splitlines()[0] + "\n")
    journal.path.unlink()
    (left,) = unfinished(request.out, cells)
    again = go(request)
    assert (again.ran, again.reused) == (1, len(cells) - 1)
    assert left.id in journal.path.read_text()


def forged(line: bytes, old: bytes, new: bytes) -> bytes:
    """A line of a journal with something else in it, and a checksum that matches."""
    cell = json.dumps(json.loads(line)["cell"], separators=(",", ":"), ensure_ascii=False).encode()
    assert old in cell
    cell = cell.replace(old, new, 1)
    return b'{"check":"%s","cell":%s}' % (hashlib.sha256(cell).hexdigest()[:16].encode(), cell)


@pytest.mark.parametrize(("old", "new"), [(b'"source":"', b'"source":"X'), (b'"seed":1', b'"seed":0')])
@pytest.mark.parametrize("checked", [False, True])
def test_a_line_that_was_changed_is_not_believed_and_stops_nothing(
    old: bytes, new: bytes, checked: bool, tiny: object, request_of: RequestOf
) -> None:
    undisturbed = go(request_of())
    path = Journal(request_of().out).path
    first, second = path.read_bytes().splitlines()
    second = forged(second, old, new) if checked else second.replace(old, new, 1)
    path.write_bytes(first + b"\n" + second + b"\n")
    mended = go(request_of())
    assert (mended.ran, mended.reused, [damage.line for damage in mended.damages]) == (1, 1, [2])
    assert [timeless(r) for r in mended.records] == [timeless(r) for r in undisturbed.records]
    assert go(request_of()).ran == 0


TWO = ("linear_gaussian_sources", "three_sources")


def in_the_way(request: Request, dataset: str) -> Path:
    """Put a folder where the record of a data set is to lie."""
    path = request.out / "nakagawa2021_posterior_isometry" / f"vae.mlp.{dataset}.json"
    path.mkdir(parents=True)
    return path


def test_what_stands_in_a_records_place_is_told_before_any_cell_runs(tiny: object, request_of: RequestOf) -> None:
    request = request_of(datasets=TWO, seeds=1)
    path = in_the_way(request, "three_sources")

    def never(cells: object, jobs: int) -> Generator[CellOutcome, None, None]:
        raise AssertionError
        yield

    with pytest.raises(Mistake, match=f"^cannot write {path}: there is a folder of that name$"):
        run(request, plan(request), Journal(request.out), quiet, never)


def test_a_record_that_cannot_be_written_stops_no_other(tiny: object, request_of: RequestOf) -> None:
    request = request_of(datasets=TWO, seeds=1)

    def obstruct(done: int, total: int, last: CellOutcome | None) -> None:
        if done == total:
            in_the_way(request, "linear_gaussian_sources")

    done = run(request, plan(request), Journal(request.out), obstruct, in_this_process)
    assert len(done.records) == 2
    (line,) = done.unwritten
    assert "vae.mlp.linear_gaussian_sources.json: " in line
    assert read_record(request.out / done.records[1].subject.file_name) == done.records[1]


@pytest.mark.parametrize("error", [KeyboardInterrupt, Mistake("the first error")])
def test_a_record_that_cannot_be_written_hides_no_error(
    error: BaseException, tiny: object, request_of: RequestOf
) -> None:
    request = request_of(datasets=TWO, seeds=2)

    def obstruct(done: int, total: int, last: CellOutcome | None) -> None:
        if done == 3:
            in_the_way(request, "linear_gaussian_sources")
            raise error

    with pytest.raises((KeyboardInterrupt, Mistake)) as caught:
        run(request, plan(request), Journal(request.out), obstruct, in_this_process)
    assert caught.type is KeyboardInterrupt or str(caught.value) == "the first error"
    assert "linear_gaussian_sources.json: " in caught.value.__notes__[0]
    assert len(read_record(request.out / "nakagawa2021_posterior_isometry/vae.mlp.three_sources.json").cells) == 1


def test_a_disk_that_is_full_loses_no_finished_cell(
    tiny: object, request_of: RequestOf, monkeypatch: pytest.MonkeyPatch
) -> None:
    request, fsync, calls = request_of(seeds=3), os.fsync, []

    def full(descriptor: int) -> None:
        calls.append(descriptor)
        if len(calls) > 2:
            raise OSError(28, "No space left on device")
        fsync(descriptor)

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(
        Mistake, match=r"^cannot write to .*journal\.jsonl: No space left on device; the cells in it"
    ) as e:
        go(request)
    assert [line.endswith("No space left on device") for line in e.value.__notes__] == [True]
    monkeypatch.undo()
    assert [p.name for p in request.out.rglob("*") if p.is_file()] == ["journal.jsonl"]


def test_after_a_full_disk_the_same_command_goes_on(
    tiny: object, request_of: RequestOf, monkeypatch: pytest.MonkeyPatch
) -> None:
    append, appended = Journal.append, []

    def once(self: Journal, outcome: CellOutcome) -> None:
        appended.append(outcome)
        if len(appended) == 2:
            raise Mistake("full")
        append(self, outcome)

    monkeypatch.setattr(Journal, "append", once)
    with pytest.raises(Mistake, match=r"^full$"):
        go(request_of())
    again = go(request_of())
    assert (again.ran, again.reused, again.damages) == (1, 1, ())


@pytest.mark.parametrize(
    ("name", "status", "reason"),
    [
        ("DIVERGES", "diverged", "the loss was nan at step 7 of 8"),
        ("READS_A_FILE", "error", "FileNotFoundError: no such weights (broken.py, line "),
        ("CRASHES", "broken", "KeyError: 'no such term' (broken.py, line "),
        ("LEAVES", "broken", "SystemExit: 0 (broken.py, line "),
        ("FILLS_THE_MEMORY", "oom", ""),
        ("WRONG_SHAPE", "refused", "wrong_shape: decode should give shape (2, 16), gave (2, 15)"),
        ("NOT_A_MODEL", "refused", "not_a_model built a str, not a torch module with encode and decode"),
    ],
)
def test_a_bad_variant_is_a_status_and_the_other_cells_go_on(
    name: str, status: str, reason: str, tiny: object, request_of: RequestOf, importable: None
) -> None:
    done = go(request_of(variants=(broken(name), "vae")))
    by_name = {record.subject.variant.name: record for record in done.records}
    bad = by_name[name.lower()]
    assert {cell.status for cell in bad.cells} == {status}
    assert all(cell.reason.startswith(reason) for cell in bad.cells), bad.cells[0].reason
    assert {(verdict.word, verdict.reason) for verdict in bad.verdicts} == {("undecided", "no seed finished")}
    assert {cell.status for cell in by_name["vae"].cells} == {"ok"}


def test_what_another_try_may_mend_is_tried_again_and_nothing_else(
    tiny: object, request_of: RequestOf, importable: None
) -> None:
    for name, ran in (("READS_A_FILE", 2), ("CRASHES", 0), ("WRONG_SHAPE", 0), ("DIVERGES", 0)):
        go(request_of(variants=(broken(name),)))
        assert go(request_of(variants=(broken(name),))).ran == ran


def test_another_torch_computes_a_cell_again(request_of: RequestOf, monkeypatch: pytest.MonkeyPatch) -> None:
    before = {cell.id for cell in plan(request_of()).cells}
    assert {cell.id for cell in plan(request_of()).cells} == before
    monkeypatch.setattr("torch.__version__", "99.0")
    assert not {cell.id for cell in plan(request_of()).cells} & before


def test_a_training_over_its_time_is_a_status(tiny: object, request_of: RequestOf) -> None:
    (record,) = go(request_of(seconds=1e-6)).records
    assert {cell.status for cell in record.cells} == {"timeout"}


def test_a_file_that_changes_during_a_run_fails_its_cells(tiny: object, request_of: RequestOf, tmp_path: Path) -> None:
    path = tmp_path / "edited_vae.py"
    text = (BROUGHT / "bernoulli_vae.py").read_text().replace('"bernoulli_vae"', '"edited_vae"')
    path.write_text(text)
    (cell,) = plan(request_of(variants=(str(path),), datasets=("digits",), seeds=1)).cells
    assert run_cell(cell).status == "ok"
    path.write_text(text + "\nWEIGHT = 3\n")
    after = run_cell(cell)
    assert (after.status, after.reason) == ("error", f"{path} has changed since the run began; run it again")


@pytest.mark.parametrize("reference", [str(BROUGHT / "bernoulli_vae.py"), "bernoulli_vae:VARIANT"])
def test_a_variant_brought_as_file_or_module_runs_like_a_built_in(
    reference: str, tiny: object, request_of: RequestOf, importable: None
) -> None:
    tasks = ("camuto2021_variance_frequency", "nakagawa2021_posterior_isometry")
    done = go(request_of(tasks=tasks, variants=(reference,), datasets=(), seeds=1))
    assert [record.subject.file_name for record in done.records] == [
        f"{task}/bernoulli_vae.mlp.{data}.json" for task in tasks for data in sorted(catalog.task(task).datasets)
    ]
    for record in done.records:
        assert {cell.status for cell in record.cells} == {"ok"}, record.cells[0].reason


def test_every_arm_is_read_at_every_knob_value(tiny: Callable[[str], object], request_of: RequestOf) -> None:
    task = "camuto2021_variance_frequency"
    (record,) = go(request_of(tasks=(task,), datasets=("digits",), seeds=1)).records
    knobs = tiny(task).budgets["quick"].knob_values  # type: ignore[attr-defined]
    read = {(column.arm, column.knob) for column in record.measurements if column.name == "decoder_lipschitz_mean"}
    assert read == {(arm, knob) for arm in ("trained", "analytic") for knob in knobs}
    assert {column.arm for column in record.measurements if column.values} == {"trained", "analytic"}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"tasks": ("camuto",)},
            "unknown task 'camuto'; the nearest: camuto2021_input_noise, .*; there are: bonheme2022_encoder_first, ",
        ),
        ({"variants": ("va",)}, r"unknown variant 'va'; the nearest: vae\b.*; there are: .*beta_vae"),
        ({"archs": ("mpl",)}, r"unknown architecture 'mpl'; the nearest: mlp; there are: conv, mlp, resnet"),
        ({"datasets": ("digit",)}, r"unknown dataset 'digit'; the nearest: digits"),
        ({"preset": "fast"}, "unknown preset 'fast'; there are: .*quick, standard, paper"),
        ({"seeds": 0}, "seeds is 1 or more, not 0"),
        ({"jobs": 0}, "jobs is 1 or more, not 0"),
        ({"device": "tpu"}, "device is auto, cpu or cuda, not tpu"),
        ({"seconds": 0.0}, "a training's time limit is above 0 seconds"),
        ({"variants": ("nowhere.py",)}, "there is no file nowhere.py"),
    ],
)
def test_a_slip_is_told_in_one_line(changes: dict[str, object], message: str, request_of: RequestOf) -> None:
    with pytest.raises(Mistake, match=message) as slip:
        check(request_of(**changes))
    assert "\n" not in str(slip.value)


def test_a_run_with_fewer_seeds_elsewhere_does_not_write_over_a_record(
    tiny: object, request_of: RequestOf, tmp_path: Path
) -> None:
    out = tmp_path / "store"
    go(request_of(out=out, seeds=2))
    before = {path: path.read_bytes() for path in out.rglob("*.json")}
    (out / Journal(out).path.name).unlink()  # as in a fresh clone, which has records and no journal
    done = go(request_of(out=out, seeds=1))
    assert len(done.kept) == len(before) and "holds 2 finished seeds, this run 1" in done.kept[0]
    assert {path: path.read_bytes() for path in out.rglob("*.json")} == before


OWN_LATENT = """
from vaebench.models import Unfit, Variant, autoencoder, negative_elbo


def latent(shape):
    if len(shape) < 3:
        raise Unfit("it takes images")
    return LATENT


VARIANT = Variant("own_latent", "tests", autoencoder, negative_elbo(), kl_weight=1.0, latent=latent)
"""


def test_a_variant_with_its_own_number_of_latent_units_is_planned_with_it(request_of, tmp_path):
    page = tmp_path / "own.py"
    page.write_text(OWN_LATENT.replace("LATENT", "6"))
    task = "nakagawa2021_posterior_isometry"
    planned = plan(request_of(variants=(str(page),), datasets=("digits", "linear_gaussian_sources")))
    assert {cell.subject.variant.apart for cell in planned.cells} == {"its number of latent units is its own"}
    assert {cell.subject.dataset.name for cell in planned.cells} == {"digits"}
    assert planned.unfit == (f"{task} · own_latent · mlp · linear_gaussian_sources: it takes images",)
    page.write_text(OWN_LATENT.replace("LATENT", "shape[7]"))
    with pytest.raises(Mistake, match=r"^own_latent: its latent fails on data of shape \(1, 8, 8\): "):
        plan(request_of(variants=(str(page),), datasets=("digits",)))


def test_the_definition_of_two_files_of_one_name_is_found(tmp_path: Path) -> None:
    from vaebench.runner import _sources

    page, helper = tmp_path / "vaes" / "model.py", tmp_path / "model.py"
    page.parent.mkdir()
    for path in (page, helper):
        path.write_text("")
    brought = SimpleNamespace(variant=SimpleNamespace(name="mine"), sources=(helper, page), defined=(page, "VARIANT"))
    _, files, where = _sources(brought)  # type: ignore[arg-type]
    assert where == "vaes/model.py:VARIANT" and set(files) == {"vaes/model.py", "model.py"}


def test_sources_of_records_that_stand_stay(tiny: object, request_of: RequestOf, tmp_path: Path) -> None:
    """A further run of changed code wrote over the only sources of records that it does not replace."""
    mine = tmp_path / "mine.py"
    mine.write_text((BROUGHT / "bernoulli_vae.py").read_text())
    request = request_of(variants=(str(mine),), datasets=("digits",), seeds=1)
    run(request, plan(request), Journal(request.out), quiet, in_this_process)
    (kept,) = request.out.glob("sources/*/mine.py")
    before = kept.read_text()
    (path,) = request.out.glob("*/*.json")
    record = read_record(path)
    standard = record.subject.model_copy(update={"preset": "standard"})
    path.write_text(strict_json(record.model_copy(update={"subject": standard})))

    mine.write_text(before.replace("nn.Tanh()", "nn.ReLU()"))
    done = run(request, plan(request), Journal(request.out), quiet, in_this_process)
    assert len(done.kept) == 1 and kept.read_text() == before
    path.unlink()
    run(request, plan(request), Journal(request.out), quiet, in_this_process)
    assert kept.read_text() == mine.read_text() != before
