"""Whole runs: what is planned, what is kept, what is run again, and what a bad variant costs its neighbours."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import real_files
from conftest import BROUGHT, TINY, environment_with, in_this_process

from vaebench import catalog
from vaebench.cell import dataset_of, run_cell
from vaebench.claims import Reading
from vaebench.engines.local import Workers
from vaebench.mistakes import Mistake
from vaebench.results.journal import Journal
from vaebench.results.record import CellOutcome, Record
from vaebench.results.store import read_record, write_record
from vaebench.run import Done, Request, check, fetch, plan, run

RequestOf = Callable[..., Request]


def quiet(done: int, total: int, last: CellOutcome | None) -> None:
    """Show no progress."""


def go(request: Request) -> Done:
    return run(request, plan(request), Journal(request.out), quiet, in_this_process)


def timeless(record: Record) -> Record:
    """A record without the one thing that no two runs share."""
    return record.model_copy(update={"cells": tuple(cell.model_copy(update={"seconds": {}}) for cell in record.cells)})


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
    tiny: object, request_of: RequestOf, tmp_path: Path
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


def test_data_are_fetched_only_where_they_are_not_there(
    request_of: RequestOf, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
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


def test_processes_do_not_change_a_reading(request_of: RequestOf, tmp_path: Path) -> None:
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


PATIENCE = 600
"""Seconds after which a process counts as hung: what takes two on an idle machine takes a hundred on a crowded one."""


@contextmanager
def driver(arguments: list[str]) -> Iterator[subprocess.Popen[str]]:
    # A shell that runs the tests in the background has them ignore Ctrl-C, and children inherit that.
    code = "import signal, sys\nsignal.signal(signal.SIGINT, signal.default_int_handler)\n"
    code += f"sys.argv = ['vaebench', *{arguments!r}]\nfrom vaebench.cli import main\nmain()"
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    environment = environment_with(TINY)
    with subprocess.Popen([sys.executable, "-c", code], text=True, env=environment, **pipes) as process:
        try:
            yield process
        finally:
            process.kill()


def wait_for_lines(path: Path, count: int) -> None:
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        if path.exists() and path.read_bytes().count(b"\n") >= count:
            return
        time.sleep(0.05)
    raise AssertionError(f"{path} never had {count} lines")


ARGUMENTS = ["run", "--tasks", "nakagawa2021_posterior_isometry", "--variants", "vae", "--archs", "mlp", "--preset"]
ARGUMENTS += ["quick", "--seeds", "8", "--jobs", "1"]
ARGUMENTS += ["--datasets", "three_sources,linear_gaussian_sources,bimodal_sources", "--out"]


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT])
def test_a_run_that_is_stopped_in_the_middle_goes_on(how: signal.Signals, tmp_path: Path) -> None:
    stopped, whole = tmp_path / "stopped", tmp_path / "whole"
    with driver([*ARGUMENTS, str(stopped)]) as first:
        wait_for_lines(stopped / "journal.jsonl", 3)
        os.kill(first.pid, how)
        _, said = first.communicate(timeout=PATIENCE)
    assert first.returncode == (-signal.SIGKILL if how == signal.SIGKILL else 130), said
    assert how == signal.SIGKILL or "the same command goes on from there" in said
    assert "Traceback" not in said
    kept, _ = Journal(stopped).read()
    assert 3 <= len(kept) < 24
    for folder in (stopped, whole):
        with driver([*ARGUMENTS, str(folder)]) as done:
            _, said = done.communicate(timeout=PATIENCE)
        assert done.returncode == 0, said
        if folder == stopped:
            assert f"{24 - len(kept)} cells run, {len(kept)} taken from" in " ".join(said.split())
    lines = [json.loads(line)["cell"]["id"] for line in (stopped / "journal.jsonl").read_text().splitlines()]
    assert len(lines) == len(set(lines)) == 24
    names = sorted(path.relative_to(whole) for path in whole.rglob("*.json"))
    assert len(names) == 3
    for name in names:
        assert timeless(read_record(stopped / name)) == timeless(read_record(whole / name))


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
    assert {(verdict.verdict, verdict.reason) for verdict in bad.verdicts} == {("undecided", "no seed finished")}
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
    knobs = tiny(task).protocols["quick"].knob_values  # type: ignore[attr-defined]
    read = {(column.arm, column.knob) for column in record.readings if column.name == "decoder_lipschitz_mean"}
    assert read == {(arm, knob) for arm in ("trained", "known") for knob in knobs}
    assert all(isinstance(seen.reading.name, str) for seen in record.sample())
    assert {seen.arm for seen in record.sample() if isinstance(seen.reading, Reading)} == {"trained", "known"}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"tasks": ("camuto",)}, "unknown task 'camuto'; there are: bonheme2022_encoder_first, camuto2021"),
        ({"variants": ("va",)}, r"unknown variant 'va' \(did you mean vae\?\); there are: .*beta_vae"),
        ({"archs": ("mpl",)}, r"unknown architecture 'mpl' \(did you mean mlp\?\); there are: conv, mlp, resnet"),
        ({"datasets": ("digit",)}, r"unknown dataset 'digit' \(did you mean digits\?\)"),
        ({"preset": "fast"}, "unknown preset 'fast'; there are: quick, standard, paper"),
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
