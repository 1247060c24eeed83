"""Laws of the store: files whole or not at all, and one line for what is unreadable."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import environment_with
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from results.stored import SUBJECT, whole_record

from vaebench.mistakes import Mistake
from vaebench.results import store
from vaebench.results.record import Record, strict_json
from vaebench.results.store import BadRecord, check_place, read_record, read_records, why_kept, write_record, write_text


def test_a_record_is_read_as_it_was_written_and_lies_under_its_name(tmp_path):
    path = write_record(tmp_path / "new" / "store", whole_record())
    assert path == tmp_path / "new" / "store" / SUBJECT.file_name
    assert read_record(path) == whole_record()
    assert path.read_text("utf-8") == strict_json(whole_record())


def test_writing_twice_leaves_one_file(tmp_path):
    for _ in range(2):
        write_record(tmp_path, whole_record())
    assert [p.name for p in tmp_path.rglob("*") if p.is_file()] == ["vae.mlp.digits.json"]


@pytest.mark.parametrize(
    "harm",
    [
        lambda t: t[:-9],
        lambda t: t.replace('"unit": "', '"unit": "\t', 1),
        lambda t: t.replace('"knob": ', '"knob": nulx', 1),
        lambda t: t.replace('"unit": "', '"unit": "\udc84', 1),  # no byte of UTF-8
    ],
)
def test_a_damaged_file_is_asked_whether_it_is_whole(harm, tmp_path):
    """Also where the damage stands in what is passed over when keys are counted."""
    text = strict_json(whole_record())
    assert harm(text) != text
    with pytest.raises(BadRecord, match=r"record\.json: no whole JSON; was it written or copied in part\? "):
        store.record_of(harm(text).encode(errors="surrogateescape"), Path("record.json"))


def test_a_file_that_vanishes_is_one_line(tmp_path):
    with pytest.raises(BadRecord, match=r"gone\.json: No such file or directory$"):
        store.file_bytes(tmp_path / "gone.json")


KEY = re.compile(r'"(\w+)": (?=.)')


@pytest.mark.parametrize("again", ['"{}": 0, ', '"{}": [1, 2.5], ', '"{}": {{"n": 5}}, ', '"\\u0000": 0, '])
def test_a_key_that_is_there_twice_is_found_wherever_it_stands(again):
    """Also in the columns and checks that are passed over because they stand as the suite writes them."""
    text = strict_json(whole_record())
    assert store._is_plain(text.encode())
    assert len(store._EACH_ONCE.sub(b"", text.encode())) < 0.6 * len(text)  # or nothing is passed over
    places = list(KEY.finditer(text))
    assert {"kind", "absent", "interval", "estimate", "estimate_beyond"} <= {one[1] for one in places}
    for one in places:
        twice = text[: one.start()] + again.format(one[1]) + text[one.start() :]
        assert not store._is_plain(twice.encode()), one
        with pytest.raises(BadRecord, match=r"there twice in one object|a text with a NUL"):
            store.record_of(twice.encode(), Path("record.json"))


@pytest.mark.parametrize("call", ["fsync", "replace"])
def test_a_write_that_fails_leaves_the_old_file_and_no_half_one(tmp_path, monkeypatch, call):
    path = tmp_path / "record.json"
    write_text(path, "old")

    def full(*_):
        raise OSError(28, "No space left on device")

    if call == "fsync":
        monkeypatch.setattr(os, "fsync", full)
    else:
        monkeypatch.setattr(type(path), "replace", full)
    with pytest.raises(Mistake, match=r"^cannot write .*record\.json: No space left on device$"):
        write_text(path, "new")
    assert [p.name for p in tmp_path.iterdir()] == ["record.json"]
    assert path.read_text() == "old"


def test_a_file_is_on_the_disk_before_it_takes_the_place_of_the_old(tmp_path, monkeypatch):
    calls = []
    fsync, replace = os.fsync, type(tmp_path).replace
    monkeypatch.setattr(os, "fsync", lambda fd: (calls.append("fsync"), fsync(fd))[1])
    monkeypatch.setattr(type(tmp_path), "replace", lambda a, b: (calls.append("replace"), replace(a, b))[1])
    write_text(tmp_path / "record.json", "σ")
    assert calls == ["fsync", "replace"]
    write_text(tmp_path / "page.md", "σ", durable=False)
    assert calls == ["fsync", "replace", "replace"]
    assert (tmp_path / "record.json").read_bytes() == "σ".encode()


WRITER = """
import sys
from pathlib import Path
from vaebench.results.store import write_text
for n in range(int(sys.argv[2])):
    write_text(Path(sys.argv[1]), str(n % 10) * 20_000)
"""


def test_of_two_that_write_one_file_neither_fails_and_no_reader_sees_half(tmp_path):
    path, command = tmp_path / "record.json", [sys.executable, "-c", WRITER]
    write_text(path, "0" * 20_000)
    writers = [subprocess.Popen([*command, str(path), "100"], env=environment_with()) for _ in range(2)]
    while any(writer.poll() is None for writer in writers):
        text = path.read_text()
        assert text == text[0] * 20_000
    assert [writer.returncode for writer in writers] == [0, 0]
    assert [p.name for p in tmp_path.iterdir()] == ["record.json"]


def test_what_a_killed_writer_left_behind_is_no_record(tmp_path):
    path = write_record(tmp_path, whole_record())
    (path.parent / f".{path.name}.0123456789abcdef.half").write_text("{")
    write_record(tmp_path, whole_record())
    assert read_records(tmp_path) == ([whole_record()], [])


@pytest.mark.parametrize("what", ["a folder in its place", "a file for its folder"])
def test_where_a_record_cannot_lie_that_is_told_before_the_work_and_after(tmp_path, what):
    path = tmp_path / SUBJECT.file_name
    if what == "a folder in its place":
        path.mkdir(parents=True)
    else:
        path.parent.write_text("in the way")
    with pytest.raises(Mistake, match=rf"^cannot write {path}: ") as before:
        check_place(tmp_path, SUBJECT)
    assert why_kept(tmp_path, whole_record()) == ""
    with pytest.raises(Mistake, match=rf"^cannot write {path}: ") as after:
        write_record(tmp_path, whole_record())
    assert not any("\n" in str(said.value) for said in (before, after))


def test_where_a_record_can_lie_nothing_is_told_and_nothing_made(tmp_path):
    check_place(tmp_path / "new", SUBJECT)
    assert list(tmp_path.iterdir()) == []
    write_record(tmp_path, whole_record())
    check_place(tmp_path, SUBJECT)


def stored(tmp_path, change):
    data = json.loads(strict_json(whole_record()))
    change(data)
    path = tmp_path / "record.json"
    path.write_text(json.dumps(data), "utf-8")
    return path


@pytest.mark.parametrize("version", [0, 3, 99])
def test_another_schema_is_named(tmp_path, version):
    path = stored(tmp_path, lambda data: data.update(schema_version=version, from_the_future=True))
    with pytest.raises(BadRecord, match=rf"record\.json: of schema {version}; this suite reads schema 1 and 2$"):
        read_record(path)


DAMAGES = {
    "a field too many": (lambda d: d.update(surprise=1), r"record\.json: surprise: Extra inputs are not permitted$"),
    "a field too few": (lambda d: d.pop("cells"), r"record\.json: cells: Field required$"),
    "an unknown status": (lambda d: d["cells"][0].update(status="fine"), r"cells\.0\.status: Input should be 'ok'"),
    "an unknown preset": (lambda d: d["subject"].update(preset="slow"), r"subject\.preset: Input should be .nightly."),
    "columns that do not fit": (lambda d: d["measurements"][0]["seeds"].pop(), r"measurements\.0: gain has 4"),
    "a claim of nothing": (lambda d: d["claims"][0].update(conditions=[]), r"claim falls has no condition"),
    "a null at the target": (lambda d: d["claims"][1]["conditions"][0].update(null=1.0), r"claims\.1\.conditions\.0"),
    "an ideal at the null": (lambda d: d["claims"][1]["conditions"][1].update(ideal=0.0), r"claims\.1\.conditions\.1"),
    "a huge number": (
        lambda d: d["measurements"][0]["values"].__setitem__(0, 1e101),
        r"measurements\.0: gain has a value beyond 1e\+100$",
    ),
    "an error below 0": (
        lambda d: d["measurements"][0]["stderrs"].__setitem__(0, -1.0),
        r"measurements\.0: gain has an error or a count below 0$",
    ),
    "endless seconds": (
        lambda d: d["cells"][0]["seconds"].update(train=1e10),
        r"cells\.0\.seconds\.train: Input should",
    ),
    "parameters without end": (lambda d: d.update(parameters=10**400), r"parameters: "),
    "a seed twice": (lambda d: d["cells"].append(d["cells"][0]), r"seed 0 has more than one cell$"),
    "a measurement of no cell": (lambda d: d["cells"].pop(0), r"gain is of seed 0, which has no finished cell$"),
    "a measurement twice": (
        lambda d: d["measurements"].append(d["measurements"][0]),
        r"gain is there twice for one arm and knob value",
    ),
    "a long text": (lambda d: d["cells"][0].update(reason="x" * 2001), r"cells\.0\.reason: String should have at most"),
}


@pytest.mark.parametrize("what", DAMAGES)
def test_what_is_no_record_is_told_apart_in_one_line(tmp_path, what):
    change, says = DAMAGES[what]
    with pytest.raises(BadRecord, match=says) as caught:
        read_record(stored(tmp_path, change))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "text", [b"", b"{", b"null", b"[]", b"not json", b'{"schema_version": 1', b"\xff\xfe\x00", b"[" * 10_000]
)
def test_what_is_no_json_is_told_in_one_line(tmp_path, text):
    path = tmp_path / "record.json"
    path.write_bytes(text)
    with pytest.raises(BadRecord, match=r"record\.json: \S") as caught:
        read_record(path)
    assert "\n" not in str(caught.value)


JUNK = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)


def places(value, path=()):
    """Every place of a JSON value."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(place for key, part in inner for place in places(part, (*path, key)))]


WHOLE = strict_json(whole_record())
PLACES = places(json.loads(WHOLE))


@settings(max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(place=st.sampled_from(PLACES[1:]), junk=JUNK, at=st.integers(0, len(WHOLE) - 1), byte=st.integers(0, 255))
def test_whatever_is_put_into_a_record_is_read_or_refused_in_one_line(tmp_path, place, junk, at, byte):
    data = json.loads(WHOLE)
    part = data
    for step in place[:-1]:
        part = part[step]
    part[place[-1]] = junk
    flipped = WHOLE.encode()
    flipped = flipped[:at] + bytes([byte]) + flipped[at + 1 :]
    for text in (json.dumps(data).encode(), flipped):
        path = tmp_path / "record.json"
        path.write_bytes(text)
        try:
            read_record(path)
        except BadRecord as bad:
            assert str(bad).startswith(f"{path}: ")
            assert len(bad.why) < 1000


def test_every_truncated_record_is_damaged(tmp_path):
    whole = strict_json(whole_record()).encode()
    path = tmp_path / "record.json"
    for end in range(0, len(whole.rstrip()) - 1, 97):
        path.write_bytes(whole[:end])
        with pytest.raises(BadRecord):
            read_record(path)


def test_a_file_too_large_is_refused_and_read_no_further(tmp_path, monkeypatch):
    path = write_record(tmp_path, whole_record())
    monkeypatch.setattr(store, "MAX_BYTES", path.stat().st_size)
    read_record(path)
    monkeypatch.setattr(store, "MAX_BYTES", path.stat().st_size - 1)
    with pytest.raises(BadRecord, match=r"json: larger than \d+ MiB$"):
        read_record(path)


@pytest.mark.parametrize("what", ["folder", "link", "dangling link", "pipe"])
def test_what_is_no_ordinary_file_is_refused(tmp_path, what):
    path = tmp_path / "store" / "record.json"
    path.parent.mkdir()
    if what == "folder":
        path.mkdir()
    elif what == "pipe":
        os.mkfifo(path)
    else:
        path.symlink_to(write_record(tmp_path, whole_record()) if what == "link" else "nowhere")
    records, (line,) = read_records(tmp_path / "store")
    assert records == []
    assert str(line).endswith("record.json: no ordinary file")


def test_a_folder_gives_its_records_in_order_and_a_line_for_each_file_that_is_none(tmp_path):
    for name in ("vae_2", "vae_1"):
        variant = SUBJECT.variant.model_copy(update={"name": name})
        record = whole_record()
        write_record(tmp_path, record.model_copy(update={"subject": SUBJECT.model_copy(update={"variant": variant})}))
    (tmp_path / "some_task" / "broken.json").write_text("{")
    (tmp_path / "some_task" / "notes.txt").write_text("no record, and none is expected")
    records, bad = read_records(tmp_path)
    assert [r.subject.variant.name for r in records] == ["vae_1", "vae_2"]
    assert len(bad) == 1
    assert str(bad[0]).startswith(str(tmp_path / "some_task" / "broken.json"))
    assert read_records(tmp_path / SUBJECT.file_name.replace("vae", "vae_1"))[0] == records[:1]


def of(preset: str, seeds: int, device: str = "cpu") -> Record:
    record = whole_record(seeds)
    return record.model_copy(update={"subject": SUBJECT.model_copy(update={"preset": preset, "device": device})})


@pytest.mark.parametrize(
    ("there", "new", "says"),
    [
        (of("standard", 5), of("standard", 4), "holds 5 finished seeds, this run 4"),
        (of("standard", 5), of("standard", 5), ""),
        (of("standard", 4), of("standard", 5), ""),
        (of("standard", 3), of("quick", 5), "holds a standard run on cpu"),
        (of("standard", 3), of("standard", 5, "cuda"), "holds a standard run on cpu"),
        (of("quick", 5), of("standard", 3), ""),
        (of("quick", 5), of("quick", 3), "holds 5 finished seeds, this run 3"),
    ],
)
def test_a_record_with_more_behind_it_stands(tmp_path, there, new, says):
    path = write_record(tmp_path, there)
    assert why_kept(tmp_path, new) == (f"{path} {says}" if says else "")


def test_what_is_stale_or_unreadable_does_not_stand(tmp_path):
    assert why_kept(tmp_path, whole_record()) == ""
    stale = SUBJECT.model_copy(update={"task": SUBJECT.task.model_copy(update={"hash": "0" * 16})})
    path = write_record(tmp_path, whole_record(9).model_copy(update={"subject": stale}))
    assert why_kept(tmp_path, whole_record()) == ""
    path.write_text("{")
    assert why_kept(tmp_path, whole_record()) == ""


@pytest.mark.parametrize("version", ["1", "2", True, 1.0])
def test_a_schema_that_is_no_whole_number_says_so(tmp_path, version):
    """The text "2" was called schema 2, which is not schema 2."""
    path = stored(tmp_path, lambda data: data.update(schema_version=version))
    said = f"record.json: schema_version {version!r} is no whole number; this suite reads schema 1 and 2"
    with pytest.raises(BadRecord, match=f"{re.escape(said)}$"):
        read_record(path)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (b"\xef\xbb\xbf{}", "begins with a byte order mark; save it as UTF-8 without one"),
        (b"[" * 25_000 + b"]" * 25_000, "nested too deeply for a record"),
    ],
)
def test_what_is_wrong_with_a_text_is_said_and_not_how_it_was_noticed(text, says):
    """A byte order mark was called a file copied in part."""
    with pytest.raises(BadRecord, match=rf"record\.json: {re.escape(says)}$"):
        store.record_of(text, Path("record.json"))
