"""Laws of the journal: a line lost costs its own cell, a line changed is noticed, and what is no file is not read."""

import hashlib
import json
import os
import resource
import tempfile
import tracemalloc
from pathlib import Path

import pytest
from results.stored import cell, observe

from vaebench.mistakes import Mistake
from vaebench.results import journal as journals
from vaebench.results.journal import JOURNAL, SHARDS, Journal, outcome_of
from vaebench.results.references import REFERENCES, root
from vaebench.results.store import read_record


def journal_of(folder, seeds):
    journal = Journal(folder)
    cells = [cell(seed, observe(seed, {"gain": 0.1 * seed, "gap": "nicht affin: σ → 0"})) for seed in range(seeds)]
    for one in cells:
        journal.append(one)
    return journal, cells


def test_a_journal_gives_back_what_was_appended(tmp_path):
    journal, cells = journal_of(tmp_path / "run" / "deep", 3)
    assert Journal(tmp_path / "run" / "deep").read() == ({one.id: one for one in cells}, [])
    assert journal.path.read_bytes().count(b"\n") == 3


def test_a_new_journal_is_empty(tmp_path):
    assert Journal(tmp_path / "run").read() == ({}, [])


def test_a_later_line_of_one_cell_counts(tmp_path):
    journal, cells = journal_of(tmp_path, 2)
    again = cell(0, status="diverged", reason="the second time")
    journal.append(again)
    assert journal.read()[0] == {again.id: again, cells[1].id: cells[1]}


def test_each_cell_is_on_the_disk_before_the_next_is_begun(tmp_path, monkeypatch):
    sizes, fsync = [], os.fsync
    monkeypatch.setattr(os, "fsync", lambda fd: (sizes.append(os.fstat(fd).st_size), fsync(fd))[1])
    journal, _ = journal_of(tmp_path, 3)
    assert len(sizes) == 3
    assert sizes[-1] == journal.path.stat().st_size
    assert sizes == sorted(set(sizes))


def test_a_line_cut_anywhere_costs_its_own_cell_alone_and_swallows_no_later_one(tmp_path):
    journal, cells = journal_of(tmp_path, 3)
    whole = journal.path.read_bytes()
    start = whole.rstrip(b"\n").rfind(b"\n") + 1
    later = cell(7, observe(7, {"gain": 0.7}))
    for end in range(start, len(whole) + 1):
        journal.path.write_bytes(whole[:end])
        found, damages = journal.read()
        survivors = 3 if end >= len(whole) - 1 else 2  # the line break itself carries nothing
        assert list(found.values()) == cells[:survivors]
        expected = [3] if start < end < len(whole) - 1 else []
        assert [damage.line for damage in damages] == expected
        journal.append(later)
        found, damages = journal.read()
        assert list(found.values()) == [*cells[:survivors], later]
        assert [damage.line for damage in damages] == expected


@pytest.mark.parametrize("garbage", [b"garbage\n", b"\xff\xfe\n", b"{}\n", b"[]\n", b'{"id": "x"\n', b"null\n"])
def test_a_line_of_garbage_in_the_middle_is_named_and_costs_nothing_else(tmp_path, garbage):
    journal, cells = journal_of(tmp_path, 3)
    lines = journal.path.read_bytes().splitlines(keepends=True)
    journal.path.write_bytes(b"".join([*lines[:1], garbage, *lines[1:]]))
    found, (damage,) = journal.read()
    assert list(found.values()) == cells
    assert (damage.path, damage.line) == (journal.path, 2)
    assert damage.why
    assert "\n" not in damage.why


def signed(text):
    """A line with a checksum that matches, whatever it says."""
    return b'{"check":"%s","cell":%s}\n' % (hashlib.sha256(text).hexdigest()[:16].encode(), text)


def test_a_line_is_json_and_says_its_checksum(tmp_path):
    journal, (one,) = journal_of(tmp_path, 1)
    text = one.model_dump_json().encode()
    assert journal.path.read_bytes() == signed(text)
    assert json.loads(journal.path.read_bytes())["cell"] == json.loads(text)


def test_a_line_of_another_schema_is_damage(tmp_path):
    journal, (one,) = journal_of(tmp_path, 1)
    journal.path.write_bytes(signed(one.model_dump_json().replace('"schema_version":2', '"schema_version":1').encode()))
    found, (damage,) = journal.read()
    assert found == {}
    assert damage.why.startswith("schema_version")


def test_lines_without_a_checksum_are_one_damage_and_their_cells_run_again(tmp_path):
    journal, cells = journal_of(tmp_path, 3)
    old = b"".join(one.model_dump_json().encode() + b"\n" for one in cells)
    journal.path.write_bytes(old + journal.path.read_bytes())
    found, (damage,) = journal.read()
    assert list(found.values()) == cells
    assert (damage.line, damage.last) == (1, 3)
    assert damage.why == "cut short, or without a checksum as in earlier versions"


def test_no_changed_character_is_believed(tmp_path):
    journal, cells = journal_of(tmp_path, 2)
    whole = journal.path.read_bytes()
    for place in range(whole.index(b"\n")):
        for bit in (0x01, 0x10):
            journal.path.write_bytes(whole[:place] + bytes([whole[place] ^ bit]) + whole[place + 1 :])
            found, damages = journal.read()
            assert cells[1].id not in found or found[cells[1].id] == cells[1]
            assert cells[0].id not in found, f"character {place} is changed and nobody saw it"
            assert damages[0].line == 1


def test_a_line_of_another_cell_than_its_id_says_is_damage(tmp_path):
    journal, cells = journal_of(tmp_path, 3)
    planned = {one.id: (one.subject, one.seed) for one in cells}
    assert journal.read(planned) == ({one.id: one for one in cells}, [])
    planned[cells[0].id] = (cells[0].subject, 7)
    planned[cells[1].id] = (cells[1].subject.model_copy(update={"arch": "conv"}), 1)
    found, (damage,) = journal.read(planned)
    assert found == {cells[2].id: cells[2]}
    assert (damage.line, damage.last) == (1, 2)
    assert damage.why == "subject or seed is not that of the cell which its id names"


def test_what_no_plan_asks_for_is_left_alone(tmp_path):
    journal, cells = journal_of(tmp_path, 3)
    assert journal.read({cells[1].id: (cells[1].subject, 1)}) == ({cells[1].id: cells[1]}, [])


def test_a_line_without_end_is_damage_and_fills_no_memory(tmp_path, monkeypatch):
    journal, cells = journal_of(tmp_path, 2)
    lines = journal.path.read_bytes().splitlines(keepends=True)
    monkeypatch.setattr(journals, "MAX_LINE", max(map(len, lines)))
    assert journal.read()[1] == []
    journal.path.write_bytes(
        lines[0] + b"x" * 10 * journals.MAX_LINE + b"\n" + lines[1] + b"y" * 10 * journals.MAX_LINE
    )
    tracemalloc.start()
    found, damages = journal.read()
    assert tracemalloc.get_traced_memory()[1] < 40 * journals.MAX_LINE
    tracemalloc.stop()
    assert list(found.values()) == cells
    assert [(damage.line, damage.why) for damage in damages] == [(2, "longer than 0 MiB"), (4, "longer than 0 MiB")]


def test_damages_without_end_fill_no_memory(tmp_path, monkeypatch):
    monkeypatch.setattr(journals, "MAX_DAMAGES", 3)
    journal, cells = journal_of(tmp_path, 1)
    one = journal.path.read_bytes()
    journal.path.write_bytes((b"garbage\n" + signed(b"{}")) * 4 + one)
    found, damages = journal.read()
    assert list(found.values()) == cells
    assert [(damage.line, damage.last) for damage in damages] == [(1, 1), (2, 2), (3, 8)]


@pytest.mark.parametrize("what", ["link", "dangling link", "device", "pipe"])
def test_what_is_no_ordinary_file_is_refused_unread(tmp_path, what):
    path = tmp_path / "run" / JOURNAL
    path.parent.mkdir()
    if what == "pipe":
        os.mkfifo(path)
    else:
        journal_of(tmp_path / "other", 1)
        path.symlink_to({"link": tmp_path / "other" / JOURNAL, "device": "/dev/zero"}.get(what, "nowhere"))
    with pytest.raises(Mistake, match=r"journal\.jsonl: no ordinary file$"):
        Journal(path.parent)


def test_a_file_that_becomes_something_else_is_not_read_either(tmp_path):
    journal, (one,) = journal_of(tmp_path, 1)
    journal.path.unlink()
    journal.path.symlink_to("/dev/zero")
    for use in (journal.read, lambda: journal.append(one)):
        with pytest.raises(Mistake, match=r"journal\.jsonl: no ordinary file$"):
            use()


def test_a_disk_that_is_full_leaves_the_journal_as_it_was(tmp_path):
    journal, cells = journal_of(tmp_path, 2)
    whole = journal.path.read_bytes()
    later = cell(7, observe(7, {"gain": 0.7}))
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (len(whole) + 100, limits[1]))
    try:
        with pytest.raises(
            Mistake, match=r"^cannot write to .*journal\.jsonl: File too large; the cells in it are whole"
        ):
            journal.append(later)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert journal.path.read_bytes() == whole
    journal.append(later)
    assert list(journal.read()[0].values()) == [*cells, later]


def test_empty_lines_are_no_damage(tmp_path):
    journal, cells = journal_of(tmp_path, 2)
    journal.path.write_bytes(journal.path.read_bytes().replace(b"\n", b"\n\n  \n"))
    assert journal.read() == ({one.id: one for one in cells}, [])


def test_a_folder_that_cannot_be_written_is_one_line(tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(Mistake, match=r"^cannot write to .*file/run: Not a directory$"):
        Journal(tmp_path / "file" / "run")
    (tmp_path / "run" / JOURNAL).mkdir(parents=True)
    with pytest.raises(Mistake, match=r"^cannot write to .*run: Is a directory$"):
        Journal(tmp_path / "run")


def test_a_folder_that_may_not_be_written_is_one_line(tmp_path):
    user = os.geteuid()
    with tempfile.TemporaryDirectory() as folder:  # below a folder that another user may enter
        Path(folder).chmod(0o555)
        os.seteuid(user or 65534)  # root may write anywhere
        try:
            with pytest.raises(Mistake, match=r"^cannot write to .*: Permission denied$"):
                Journal(Path(folder) / "run")
        finally:
            os.seteuid(user)
            Path(folder).chmod(0o755)


def test_shards_are_read_with_their_journal_and_a_finished_cell_counts(tmp_path):
    journal, (first, second) = journal_of(tmp_path, 2)
    journal.append(cell(0, status="timeout", reason="a later try"))
    shard = Journal(tmp_path, "b")
    shard.append(first)
    Journal(tmp_path, "a").append(cell(1, status="error", reason="lost"))
    third = cell(2, status="error", reason="of this worker alone")
    shard.append(third)
    assert journal.read() == ({first.id: first, second.id: second, third.id: third}, [])
    assert shard.read() == ({first.id: first, third.id: third}, []), "a shard is read alone"


def test_a_torn_shard_costs_its_own_cell_and_is_named(tmp_path):
    journal, cells = journal_of(tmp_path, 1)
    shard = Journal(tmp_path, "b")
    shard.append(cell(1))
    with shard.path.open("a") as file:
        file.write('{"check":"01')
    found, (damage,) = journal.read()
    assert set(found) == {cells[0].id, cell(1).id}
    assert (damage.path, damage.line) == (shard.path, 2) and "cut short" in damage.why


def test_shards_that_are_no_files_of_the_folder_are_not_read(tmp_path):
    elsewhere = Journal(tmp_path / "other", "a")
    elsewhere.append(cell(1))
    journal = Journal(tmp_path / "run")
    (tmp_path / "run" / "shards").symlink_to(elsewhere.path.parent)
    assert journal.read() == ({}, [])
    (tmp_path / "run" / "shards").unlink()
    (tmp_path / "run" / "shards").mkdir()
    (tmp_path / "run" / "shards" / "a.jsonl").symlink_to(elsewhere.path)
    (tmp_path / "run" / "shards" / "b.jsonl").mkdir()
    Journal(tmp_path / "run", "c").append(cell(2))
    found, damages = journal.read()
    assert [one.seed for one in found.values()] == [2]
    assert [(one.path.name, one.why) for one in damages] == [
        ("a.jsonl", "no ordinary file"),
        ("b.jsonl", "Is a directory"),
    ]


def test_reading_makes_nothing(tmp_path):
    Journal(tmp_path, "a").append(cell(1))
    found, damages = Journal(tmp_path, reads=True).read()
    assert ([one.seed for one in found.values()], damages) == ([1], [])
    assert [path.name for path in tmp_path.iterdir()] == ["shards"]
    assert Journal(tmp_path / "nowhere", reads=True).read() == ({}, []) and not (tmp_path / "nowhere").exists()


def test_committed_cells_are_sound_and_of_records_that_are_not_whole():
    """A cell that is in a record already would only be carried along."""
    folder = root() / REFERENCES
    for path in sorted((folder / SHARDS).glob("*.jsonl")):
        for line in path.read_bytes().splitlines(keepends=True):
            outcome = outcome_of(line)
            record = folder / outcome.subject.file_name
            ids = {one.id for one in read_record(record).cells} if record.exists() else set()
            assert outcome.status == "ok" and outcome.id not in ids, (path.name, outcome.subject.file_name)
