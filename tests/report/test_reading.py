"""Laws of what is kept of records: it is what would be worked out anew, and no edit is missed."""

import json
import sqlite3
from dataclasses import replace

import pytest

from vaebench.report import board
from vaebench.report.cache import Cache, cache_file
from vaebench.report.every_file import pages
from vaebench.report.files import marked
from vaebench.report.pages.gives import GIVEN
from vaebench.report.pages.record_page import record_page
from vaebench.report.reading import _work_out_some, kept_records
from vaebench.report.rows.kept import kept_of, kept_page
from vaebench.report.rows.selection import select
from vaebench.report.rows.summary import GIVEN_NAMES, known, summarised
from vaebench.report.texts import squeezed
from vaebench.results.on_file import OnFile
from vaebench.results.record import strict_json
from vaebench.results.store import read_records, write_record


@pytest.fixture
def checkout(made, tmp_path):
    """Two current records and a superseded one, in the suite of the tests."""
    for record in (made.record(), made.record(variant="beta_vae"), made.record(variant="iwae", task_hash="0" * 16)):
        write_record(tmp_path, record)
    return tmp_path


def read(made, folder, store):
    return kept_records(folder, made.suite, store)


def test_pages_of_kept_records_are_those_of_records_that_were_read(made, checkout, tmp_path):
    store = Cache(tmp_path / "cache" / "board.sqlite")
    plain, bad = read_records(checkout, as_store=True)
    expected = pages(made.suite, select(made.suite, plain))
    for _ in range(2):  # worked out, then kept
        found, none = read(made, checkout, store)
        assert [type(one.measurements) for one in found] == [OnFile] * 3
        assert (none, bad) == ([], [])
        assert pages(made.suite, select(made.suite, found)) == expected
        assert [known(one) == summarised(one) for one in found if kept_of(one).summary] == [True, True]


def test_a_kept_file_is_not_worked_out_again_and_an_edited_one_is(made, checkout, tmp_path, monkeypatch):
    store, worked = Cache(tmp_path / "cache" / "board.sqlite"), []
    import vaebench.report.reading as reading

    whole = reading.work_out
    monkeypatch.setattr(reading, "work_out", lambda record, there: worked.append(record) or whole(record, there))
    read(made, checkout, store)
    assert len(worked) == 3
    worked.clear()
    read(made, checkout, store)
    assert worked == []
    path = next(checkout.rglob("vae.*.json"))
    raw = json.loads(path.read_text("utf-8"))
    column = next(c for c in raw["measurements"] if c["arm"] == "trained")
    column["values"] = [value + 0.25 for value in column["values"]]
    path.write_text(json.dumps(raw), "utf-8")
    found, _ = read(made, checkout, store)
    assert [one.subject.variant.name for one in worked] == ["vae"]
    (plain,) = (one for one in read_records(checkout, as_store=True)[0] if one.subject.variant.name == "vae")
    (edited,) = (one for one in found if one.subject.variant.name == "vae")
    assert edited.measurements == plain.measurements
    monkeypatch.setattr(reading, "_code", lambda: "other code")
    worked.clear()
    read(made, checkout, store)
    assert len(worked) == 3


def test_what_is_used_every_day_is_kept_and_what_nobody_asked_for_goes(tmp_path, monkeypatch):
    """A day on which nothing was new renewed nothing: after thirty of them the whole board was worked out again."""
    import vaebench.report.cache as kept

    store, now = Cache(tmp_path / "board.sqlite"), [0.0]
    monkeypatch.setattr(kept.time, "time", lambda: now[0])
    store.keep({"used": b"1", "left": b"2"})
    for _ in range(3):
        now[0] += (kept.DAYS - 1) * 86400
        assert store.find(["used"]) == {"used": b"1"}
        store.keep({}, ["used"])
    store.keep({"new": b"3"})
    assert store.find(["used", "left", "new"]) == {"used": b"1", "new": b"3"}


def test_a_file_that_changes_while_it_is_read_is_kept_as_what_was_read(made, checkout, tmp_path, monkeypatch):
    import vaebench.report.reading as reading

    store, hashed = Cache(tmp_path / "cache" / "board.sqlite"), reading._keys
    path = next(checkout.rglob("vae.*.json"))
    before = path.read_bytes()
    raw = json.loads(before)
    column = next(c for c in raw["measurements"] if c["arm"] == "trained")
    column["values"] = [value + 0.25 for value in column["values"]]

    def then_changed(paths, beside):
        keys = hashed(paths, beside)
        path.write_text(json.dumps(raw), "utf-8")
        return keys

    monkeypatch.setattr(reading, "_keys", then_changed)
    (found,) = (one for one in read(made, checkout, store)[0] if one.subject.variant.name == "vae")
    monkeypatch.undo()
    assert next(
        c for c in found.measurements if c.place == tuple(column[k] for k in ("arm", "knob", "name"))
    ).values == tuple(column["values"])
    path.write_bytes(before)
    (again,) = (one for one in read(made, checkout, store)[0] if one.subject.variant.name == "vae")
    assert known(again) == summarised(again)


def test_other_tasks_and_other_data_make_what_was_kept_void(made, checkout, tmp_path):
    store = Cache(tmp_path / "cache" / "board.sqlite")
    read(made, checkout, store)
    data = {name: replace(one, hash="f" * 16) for name, one in made.suite.datasets.items()}
    there = replace(made.suite, datasets=data)
    found, _ = kept_records(checkout, there, store)
    assert [kept_of(one).summary for one in found] == [None] * 3
    assert len(select(there, found).stale) == 3


def test_a_file_that_is_no_record_is_named_and_never_kept(made, checkout, tmp_path):
    store = Cache(tmp_path / "cache" / "board.sqlite")
    torn = next(checkout.rglob("vae.*.json")).with_name("torn.mlp.digits.json")
    torn.write_text("{", "utf-8")
    moved = next(checkout.rglob("beta_vae.*.json"))
    moved = moved.rename(moved.with_name("gamma_vae.mlp.digits.json"))
    for _ in range(2):
        found, bad = read(made, checkout, store)
        assert len(found) == 2
        assert {one.path for one in bad} == {torn, moved}


def test_a_page_is_kept_only_under_the_names_it_was_written_with(made, checkout, tmp_path):
    found, _ = read(made, checkout, Cache(None))
    shown = select(made.suite, found).shown[0]
    task = made.suite.by_name[shown.subject.task.name]
    page = record_page(task, shown, False, made.suite.variants)
    assert kept_page(shown, made.suite) == squeezed(marked(page))
    assert kept_page(replace(shown, label="other"), made.suite) == b""
    assert kept_page(shown, replace(made.suite, variants={shown.subject.variant.name: "0" * 16})) == b""


def test_every_thing_that_a_variant_gives_is_kept():
    assert {measurement for given in GIVEN for _, measurement in given.sources} <= set(GIVEN_NAMES)


@pytest.mark.parametrize("content", [b"", b"no database", b"SQLite format 3\0" + b"\0" * 200])
def test_a_store_that_is_none_costs_time_only(made, checkout, tmp_path, content):
    file = tmp_path / "cache" / "board.sqlite"
    file.parent.mkdir()
    file.write_bytes(content)
    assert len(read(made, checkout, Cache(file))[0]) == 3


def test_what_is_kept_and_is_not_ours_is_worked_out_again(made, checkout, tmp_path):
    file = tmp_path / "cache" / "board.sqlite"
    read(made, checkout, Cache(file))
    with sqlite3.connect(file) as there:
        there.execute("UPDATE kept SET value = ?", (b"x",))
    there.close()
    found, _ = read(made, checkout, Cache(file))
    assert len(select(made.suite, found).shown) == 2


def test_a_store_finds_what_it_kept_and_forgets_what_is_old(tmp_path):
    file = tmp_path / "a" / "board.sqlite"
    store = Cache(file)
    assert store.find(["one"]) == {}
    store.keep({"one": b"1", "old": b"2"})
    with sqlite3.connect(file) as there:
        there.execute("UPDATE kept SET used = 0")
    there.close()
    store.keep({"two": b"3"}, ["one"])
    assert store.find(["one", "old", "two"]) == {"one": b"1", "two": b"3"}
    assert Cache(None).find(["one"]) == {}


def test_the_store_lies_where_the_user_says(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert cache_file().is_relative_to(tmp_path)


def test_files_are_worked_out_alike_in_a_process_of_their_own(monkeypatch, tmp_path):
    import vaebench.report.reading as reading

    folder = board.root() / board.REFERENCES
    few = sorted(folder.rglob("nakagawa*/*.json"))[:2]
    keys = reading._keys(few, reading._beside(reading.suite()))
    found = _work_out_some([str(path.absolute()) for path in few])
    assert set(found) == set(keys.values())
    for path, key in keys.items():
        assert reading._unpacked(found[key], path, key, reading.suite()).subject.file_name.endswith(path.name)


def test_a_checked_board_is_compared_with_its_records_and_pages(monkeypatch, made, tmp_path):
    """A green check has compared: an edited page, and an edited record, are both seen, with all kept from before."""
    monkeypatch.setattr(board, "suite", lambda: made.suite)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    folder = tmp_path / "checkout"
    record = made.record()
    path = write_record(folder / board.REFERENCES, record)
    monkeypatch.chdir(folder)
    board.write()
    assert board.stale() == ([], ())
    page = next((folder / board.PAGES / "records").rglob("vae*.md"))
    text = page.read_text("utf-8")
    page.write_text(text + "edited\n", "utf-8")
    assert len(board.stale()[0]) == 1
    page.write_text(text, "utf-8")
    assert board.stale() == ([], ())
    other = made.record(seeds=4)
    path.write_text(strict_json(other), "utf-8")
    assert len(board.stale()[0]) > 1
