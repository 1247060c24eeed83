"""Laws of the tables that readers take away: what records say, in every format, with every column explained."""

import csv
import errno
import hashlib
import io
import json
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pyarrow.parquet
import pytest

from vaebench.mistakes import Mistake
from vaebench.report import export as exporting
from vaebench.report.export import DESCRIPTION, export, parquet, tables
from vaebench.report.received.sent import sent
from vaebench.report.rows.selection import select
from vaebench.report.tables.croissant import File, croissant
from vaebench.report.tables.dictionary import dictionary_page
from vaebench.report.tables.taken_away import CSV_BEGINS, MEASUREMENTS, TABLES, VERDICTS
from vaebench.report.tables.verdict_rows import csv_text, measurement_rows, taken_records, verdict_rows, verdicts_csv
from vaebench.results.references import root
from vaebench.results.store import write_record


def rows_of(selection):
    return list(csv.DictReader(io.StringIO(verdicts_csv(selection))))


@pytest.fixture(scope="module")
def selection(made, records):
    return select(made.suite, records)


@pytest.fixture(scope="module")
def rows(selection):
    return rows_of(selection)


def test_there_is_a_row_for_every_verdict_of_every_arm(rows, selection):
    expected = [
        (one.subject.task.name, one.dataset, one.row.variant, one.row.arch, verdict.arm, verdict.claim, verdict.word)
        for one in selection.shown
        for verdict in (*one.record.verdicts, *one.record.control_verdicts, *one.record.invariant_verdicts)
    ]
    names = ("task", "data", "variant", "network", "arm", "claim", "under_controls")
    assert sorted(tuple(row[name] for name in names) for row in rows) == sorted(expected)
    assert {row["is_invariant"] for row in rows if row["claim"] == "energy_sums"} == {"1"}


def test_the_number_is_that_of_the_check_that_decides(made, rows):
    (row,) = (
        row
        for row in rows
        if (row["claim"], row["data"], row["variant"], row["network"], row["arm"])
        == ("density", "bimodal_sources", "vae", "mlp", "trained")
    )
    record = made.record(made.tasks[1].name, "vae", "mlp", "bimodal_sources")
    verdict = next(verdict for verdict in record.verdicts if verdict.claim == "density")
    assert row["under_controls"] == "fails"
    check = next(check for check in verdict.checks if check.statistic == row["statistic"])
    assert check.word == "fails"
    assert verdict.checks[0].word == "holds"  # the first condition says the contrary
    for name, value in zip(
        ("estimate", "low", "high"), (check.interval.estimate, check.interval.low, check.interval.high), strict=True
    ):
        assert float(row[name]) == pytest.approx(value, rel=1e-5)
    assert float(row["claimed_low"]) == check.low
    assert float(row["agreement"]) == pytest.approx(sum(verdict.agreement) / 5, rel=1e-5)


def test_a_column_that_no_number_fills_is_empty(rows):
    for row in rows:
        assert row["measured_on"] == row["commit"] == ""  # these records say no date
        assert "nan" not in row.values() and "None" not in row.values() and "inf" not in row.values()
    assert {row["seeds_run"] for row in rows} == {"5"}


def test_superseded_records_of_the_suites_own_are_told_as_such_and_nobody_elses(made):
    newer = made.with_tasks(replace(made.tasks[0], version=2), made.tasks[1])
    old, current = made.record(), made.record(made.tasks[1].name, dataset="three_sources")
    theirs = sent(made.record(variant="new_vae", code="1" * 16), "alice")
    found = {
        (row["variant"], row["task_version"], row["protocol"])
        for row in rows_of(select(newer, [old, current], False, [theirs]))
    }
    assert found == {("vae", "1", "superseded"), ("vae", "1", "current")}
    found = {(row["variant"], row["sender"]) for row in rows_of(select(made.suite, [old], False, [theirs]))}
    assert found == {("vae", ""), ("new_vae", "alice")}


def test_a_date_and_a_commit_that_a_record_has_are_told(made):
    record = made.record()
    cells = tuple(
        cell.model_copy(update={"date": f"2026-11-2{7 + place % 2}T01:02:03Z"})
        for place, cell in enumerate(record.cells)
    )
    environments = tuple(one.model_copy(update={"commit": "a" * 40}) for one in record.environments)
    dated = record.model_copy(update={"cells": cells, "environments": environments})
    assert {(row["measured_on"], row["commit"]) for row in rows_of(select(made.suite, [dated]))} == {
        ("2026-11-28", "a" * 40)
    }


def test_a_measurement_is_a_row_a_seed_and_a_declined_one_says_why(made):
    record = made.record(made.tasks[1].name, "linear_vae", dataset="three_sources")
    rows = [
        dict(zip((f.name for f in MEASUREMENTS), row, strict=True))
        for row in measurement_rows(taken_records(select(made.suite, [record])))
    ]
    assert len(rows) == sum(len(one.asked) for one in record.measurements)
    column = next(c for c in record.measurements if (c.name, c.arm) == ("isometry_mean", "trained"))
    found = [row for row in rows if (row["measurement"], row["arm"]) == ("isometry_mean", "trained")]
    assert tuple(row["value"] for row in found) == column.values
    assert tuple(row["standard_error"] for row in found) == column.stderrs
    assert tuple(row["seed"] for row in found) == column.seeds
    declined = [row for row in rows if (row["measurement"], row["arm"]) == ("density_slope", "trained")]
    assert [(row["value"], row["absent"]) for row in declined] == [(None, "no kl_weight is declared")] * 5


def test_the_csv_is_the_same_for_any_order_of_records_and_lines_follow_records(made, records, selection):
    assert verdicts_csv(select(made.suite, records[::-1])) == verdicts_csv(selection)
    assert verdicts_csv(selection).startswith(CSV_BEGINS)
    fewer = verdicts_csv(select(made.suite, records[1:])).splitlines()
    assert set(fewer) < set(verdicts_csv(selection).splitlines())


def test_numbers_in_the_csv_have_six_digits_and_parquet_has_all(tmp_path):
    fields = (replace(VERDICTS[0], name="a", kind="number"), replace(VERDICTS[0], name="b", kind="text"))
    rows = [[1 / 3, "x,y"], [-0.0, None], [None, ""]]
    assert csv_text(fields, rows) == 'a,b\n0.333333,"x,y"\n0,\n,\n'
    (tmp_path / "t.parquet").write_bytes(parquet(fields, rows))
    table = pyarrow.parquet.read_table(tmp_path / "t.parquet")
    assert table.to_pydict() == {"a": [1 / 3, -0.0, None], "b": ["x,y", None, ""]}
    assert table.schema.field("a").metadata[b"says"].decode() == VERDICTS[0].says
    assert pyarrow.parquet.read_table(io.BytesIO(parquet(VERDICTS, []))).num_rows == 0


def test_every_column_is_explained_in_the_dictionary_once():
    page = dictionary_page("Measured 2026-11-28")
    for name, fields in TABLES.items():
        part = page.partition(f"## {name}\n")[2].partition("\n## ")[0]
        assert re.findall(r"^\| `(\w+)`", part, re.MULTILINE) == [field.name for field in fields]
        assert len({field.says for field in fields}) == len(fields)
    assert "Measured 2026-11-28." in page


REQUIRED = ("@context", "@type", "name", "description", "conformsTo", "license", "url", "creator", "datePublished")


def test_the_description_has_all_that_croissant_asks_for():
    content = b"record,task\n"
    said = json.loads(
        croissant([File("verdicts.csv", content, VERDICTS, "rows")], "0.2.0.dev0", "2026-11-28", "@misc{}")
    )
    assert not [name for name in REQUIRED if not said.get(name)]
    assert (said["@type"], said["conformsTo"]) == ("sc:Dataset", "http://mlcommons.org/croissant/1.0")
    assert re.fullmatch(r"\d+\.\d+\.\d+", said["version"])
    (file,) = said["distribution"]
    assert (file["@type"], file["contentUrl"]) == ("cr:FileObject", "verdicts.csv")
    assert (file["encodingFormat"], file["contentSize"]) == ("text/csv", f"{len(content)} B")
    assert file["sha256"] == hashlib.sha256(content).hexdigest()
    (records,) = said["recordSet"]
    assert [field["source"]["extract"]["column"] for field in records["field"]] == [field.name for field in VERDICTS]
    assert {field["source"]["fileObject"]["@id"] for field in records["field"]} == {file["@id"]}
    assert {field["dataType"] for field in records["field"]} == {"sc:Text", "sc:Integer", "sc:Float", "sc:Date"}
    ids = [file["@id"], records["@id"], *(field["@id"] for field in records["field"])]
    assert len(ids) == len(set(ids))


def test_croissants_own_checker_agrees(made, records, tmp_path):
    mlcroissant = pytest.importorskip("mlcroissant")
    contents, _ = tables(made.suite, select(made.suite, records))
    for name, content in contents.items():
        (tmp_path / name).write_bytes(content)
    found = mlcroissant.Dataset(jsonld=str(tmp_path / DESCRIPTION))
    assert not found.metadata.ctx.issues.errors
    assert next(iter(found.records("verdicts_csv")))


@pytest.fixture
def checkout(made, tmp_path, monkeypatch):
    """A checkout with one record."""
    monkeypatch.setattr(exporting, "suite", lambda: made.suite)
    write_record(tmp_path / "reference_results", made.record())
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_an_export_has_all_tables_and_is_written_over_by_the_next(checkout, made):
    for _ in range(2):
        done = export(checkout / "out")
        assert {path.name for path in done.files} == {path.name for path in (checkout / "out").iterdir()}
    record = made.record()
    assert done.rows["measurements"] == sum(len(one.asked) for one in record.measurements)
    for name in TABLES:
        table = pyarrow.parquet.read_table(checkout / "out" / f"{name}.parquet")
        assert table.num_rows == done.rows[name]
        assert table.column_names == [field.name for field in TABLES[name]]
    said = json.loads((checkout / "out" / DESCRIPTION).read_text())
    assert {file["name"] for file in said["distribution"]} == {
        "verdicts.csv",
        "verdicts.parquet",
        "measurements.parquet",
    }
    first = (checkout / "out" / "verdicts.csv").read_text().splitlines()[1]
    assert first.startswith(f"reference_results/{record.subject.file_name},")


@pytest.mark.parametrize("is_new", [True, False])
def test_an_export_that_cannot_be_written_leaves_the_folder_as_it_was(checkout, monkeypatch, is_new):
    """A table was cut short, and the same command was then refused as if the folder were somebody else's."""
    out = checkout / "deep" / "out"
    if not is_new:
        export(out)
        (out / "verdicts.csv").write_text("of an earlier export")
    before = {path: path.read_bytes() for path in checkout.rglob("*") if path.is_file()}
    synced = []

    def full(number):
        synced.append(number)
        if len(synced) == 3:
            raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(exporting.os, "fsync", full)
        with pytest.raises(Mistake, match=r"^cannot write .*/out/measurements.parquet: No space left on device$"):
            export(out)
    assert {path: path.read_bytes() for path in checkout.rglob("*") if path.is_file()} == before
    assert (checkout / "deep").exists() != is_new
    assert len(export(out).files) == len(list(out.iterdir())) == 5


@pytest.mark.parametrize("done", range(5))
def test_an_export_that_was_stopped_between_two_files_is_known_as_one(checkout, monkeypatch, done):
    out, replace_, calls = checkout / "out", Path.replace, []

    def stopped(path, target):
        if len(calls) == done:
            raise KeyboardInterrupt
        calls.append(target)
        return replace_(path, target)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", stopped)
        with pytest.raises(KeyboardInterrupt):
            export(out)
    assert out.exists() == bool(done)
    assert [path.name for path in out.glob("*")] == [path.name for path in out.glob("[!.]*")]
    assert len(export(out).files) == len(list(out.iterdir())) == 5


def test_a_folder_in_the_place_of_a_file_is_refused_before_anything_is_written(checkout):
    out = checkout / "out"
    export(out)
    (out / "README.md").unlink()
    (out / "README.md").mkdir()
    (out / "verdicts.csv").write_text("of an earlier export")
    with pytest.raises(Mistake, match=r"README.md is a folder: move it away, or give another --out$"):
        export(out)
    assert (out / "verdicts.csv").read_text() == "of an earlier export"
    (checkout / "taken").write_text("mine")
    with pytest.raises(Mistake, match=r"/taken is a file; give a folder$"):
        export(checkout / "taken" / "out")


@pytest.mark.parametrize("name", ["README.md", "verdicts.csv"])
def test_an_export_writes_over_nobody_elses_file(checkout, name):
    (checkout / "mine").mkdir()
    (checkout / "mine" / name).write_text("mine")
    with pytest.raises(Mistake, match=name):
        export(checkout / "mine")
    assert [path.read_text() for path in (checkout / "mine").iterdir()] == ["mine"]
    with pytest.raises(Mistake, match=f"mine/{name}"):
        export(checkout / "mine" / name)


def test_without_pyarrow_an_export_is_one_line_that_says_what_to_install(checkout, monkeypatch):
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(Mistake, match=re.escape("vaebench[export]")):
        export(checkout / "out")
    assert not (checkout / "out").exists()


def test_the_verb_answers_without_torch_with_its_files_and_rows(tmp_path):
    code = (
        "import sys\n"
        "class NoTorch:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        "        if name.partition('.')[0] == 'torch':\n"
        "            raise ImportError('torch is asked for')\n"
        "sys.meta_path.insert(0, NoTorch())\n"
        f"sys.argv = ['vaebench', 'export', '--out', {str(tmp_path / 'out')!r}, '--json']\n"
        "from vaebench.cli import main\nmain()"
    )
    done = subprocess.run([sys.executable, "-c", code], check=False, capture_output=True, text=True, cwd=root())
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout)
    assert sorted(said["files"]) == sorted(map(str, (tmp_path / "out").iterdir()))
    assert said["rows"]["verdicts"] > 1000 and said["rows"]["measurements"] > 100_000


def test_rows_and_columns_agree(selection):
    assert {len(row) for row in verdict_rows(taken_records(selection))} == {len(VERDICTS)}
    assert {len(row) for row in measurement_rows(taken_records(selection))} == {len(MEASUREMENTS)}


@pytest.mark.parametrize(("share", "there"), [(0.5, True), (5.0, False)])
def test_a_record_that_the_board_refuses_is_not_exported(checkout, made, share, there):
    """Export and site chose their records without the board's scrutiny: a share of 5 was handed out as a result."""
    record = made.record(variant="my_vae", code="1" * 16, seeds=3)
    column = next(one for one in record.measurements if one.arm == "trained")
    odd = replace(column, name="classifier_beyond_95_prior", values=(share, share + 0.01, share + 0.02))
    sent_in = record.model_copy(update={"measurements": (*record.measurements, odd)})
    write_record(checkout / "leaderboard" / "submissions" / "alice", sent_in)
    done = export(checkout / "out")
    rows = csv.DictReader((checkout / "out" / "verdicts.csv").read_text().splitlines())
    assert ("my_vae" in {row["variant"] for row in rows}) == there
    assert len(done.files) == 5
