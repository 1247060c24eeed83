"""What a sender's folder says of itself, and what of it is read: any text is read, or refused in one line."""

import json
import string

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from results.stored import whole_record

from vaebench.mistakes import Mistake
from vaebench.results.kept_sources import ENTRY, SOURCES, code_hash, entry, keep_sources, placed
from vaebench.results.record import Record, strict_json
from vaebench.results.replays import REPLAYS, read_proofs
from vaebench.results.store import MANIFEST, BadRecord, read_record, record_of
from vaebench.results.submission import SENDER, files_below, read_submission, sha256

WHOLE = strict_json(whole_record())
DATA = json.loads(WHOLE)

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=20), inner, max_size=4),
    max_leaves=10,
)


def places(value, path=()):
    """Every place in a record, as a path."""
    yield path
    if isinstance(value, dict):
        for key in value:
            yield from places(value[key], (*path, key))
    elif isinstance(value, list):
        for n in range(min(len(value), 2)):
            yield from places(value[n], (*path, n))


PLACES = [path for path in places(DATA) if path]


def read(text, path):
    """A record, or one line that names the file."""
    try:
        return record_of(text, path)
    except BadRecord as bad:
        assert str(bad).startswith(f"{path}: ") and bad.why
        return None


@settings(max_examples=150)
@given(at=st.sampled_from(PLACES), value=JSON)
def test_a_record_with_anything_in_any_place_is_read_or_refused_in_one_line(tmp_path_factory, at, value):
    data = json.loads(WHOLE)
    part = data
    for step in at[:-1]:
        part = part[step]
    part[at[-1]] = value
    found = read(json.dumps(data).encode(), tmp_path_factory.getbasetemp() / "x.json")
    if found is not None:  # then it says what its file says, and would be written as it was read
        assert record_of(strict_json(found).encode(), tmp_path_factory.getbasetemp()) == found


@settings(max_examples=150)
@given(text=st.binary(max_size=300) | JSON.map(lambda value: json.dumps(value).encode()))
def test_any_bytes_are_refused_in_one_line(tmp_path_factory, text):
    assert read(text, tmp_path_factory.getbasetemp() / "x.json") is None


@settings(max_examples=100)
@given(start=st.integers(0, len(WHOLE)), stop=st.integers(0, len(WHOLE)), put=st.binary(max_size=8))
def test_a_record_with_a_piece_replaced_is_read_or_refused_in_one_line(tmp_path_factory, start, stop, put):
    text = WHOLE.encode()
    start, stop = sorted((start, stop))
    found = read(text[:start] + put + text[stop:], tmp_path_factory.getbasetemp() / "x.json")
    assert found is None or isinstance(found, Record)


@settings(max_examples=100)
@given(name=st.text(max_size=80) | st.from_regex(r"[a-z0-9_./\\-]{1,70}", fullmatch=True))
def test_any_name_is_a_name_or_refused_and_never_a_path(tmp_path_factory, name):
    data = json.loads(WHOLE)
    for where in (("variant", "name"), ("arch",), ("dataset", "name"), ("task", "name")):
        changed = json.loads(json.dumps(data))
        part = changed["subject"]
        for step in where[:-1]:
            part = part[step]
        part[where[-1]] = name
        found = read(json.dumps(changed).encode(), tmp_path_factory.getbasetemp() / "x.json")
        plain = set(name) <= set(string.ascii_lowercase + string.digits + "_")
        assert found is None or (plain and found.subject.file_name.count("/") == 1)
        assert found is None or ".." not in found.subject.file_name


@settings(max_examples=100)
@given(name=st.text(max_size=50))
def test_a_sender_is_no_path(name):
    assert not SENDER.fullmatch(name) or set(name) <= set(string.ascii_lowercase + string.digits + "-")


@settings(max_examples=100)
@given(text=st.binary(max_size=200) | JSON.map(lambda value: json.dumps(value).encode()))
def test_any_list_of_files_is_read_or_refused_in_one_line(tmp_path_factory, text):
    folder = tmp_path_factory.getbasetemp() / "sender"
    folder.mkdir(exist_ok=True)
    (folder / MANIFEST).write_bytes(text)
    with pytest.raises(BadRecord) as found:
        read_submission(folder)
    assert found.value.path == folder / MANIFEST and found.value.why and "\n" not in found.value.why


def test_a_pipe_or_a_link_is_no_record(tmp_path):
    (tmp_path / "x.json").symlink_to("/dev/zero")
    with pytest.raises(BadRecord, match=r"x\.json"):
        read_record(tmp_path / "x.json")


def test_sources_are_kept_below_their_variant_and_hashed_as_a_run_does(tmp_path):
    suite = tmp_path / "vaebench"
    files = {
        tmp_path / "mine" / "lib" / "helper.py": b"WEIGHT = 2\n",
        tmp_path / "mine" / "my_vae.py": b"VARIANT = 1\n",
        suite / "variants" / "vae.py": b"VARIANT = 0\n",
    }
    kept = placed(files, suite)
    assert set(kept) == {"lib/helper.py", "my_vae.py", "vaebench/variants/vae.py"}
    keep_sources(tmp_path / "run", "my_vae", {**kept, "old.py": b""}, "my_vae.py:VARIANT")
    keep_sources(tmp_path / "run", "my_vae", kept, "my_vae.py:VARIANT")
    folder = tmp_path / "run" / SOURCES / "my_vae"
    assert set(files_below(folder)) == {*kept, ENTRY}
    assert entry(folder).file == "my_vae.py"
    before = code_hash(folder)
    (folder / "lib" / "helper.py").write_bytes(b"WEIGHT = 3\n")
    assert before and code_hash(folder) != before
    assert code_hash(tmp_path / "run" / SOURCES / "another") == ""


def test_sources_that_cannot_be_written_are_a_mistake(tmp_path):
    (tmp_path / SOURCES).write_text("a file in the way")
    with pytest.raises(Mistake, match=SOURCES):
        keep_sources(tmp_path, "my_vae", {"my_vae.py": b""}, "my_vae.py:VARIANT")


PROOF = {"file": "a/b.json", "sha256": "a" * 64, "level": "replayed", "date": "2026-12-01T00:00:00Z"}
PROOF |= {"machine": "some machine", "suite_version": "0.2", "seeds": [0]}


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"sender": "bob"}, "sender: bob"),
        ({"schema_version": 1.0}, r"1\.0"),
        ({"proofs": [PROOF | {"level": "verified"}]}, r"proofs\.0\.level"),
        ({"proofs": [PROOF | {"seeds": []}]}, r"proofs\.0\.seeds"),
        ({"proofs": [PROOF | {"sha256": "a"}]}, r"proofs\.0\.sha256"),
        ({"proofs": [PROOF | {"machine": ""}]}, r"proofs\.0\.machine"),
        ({"more": 1}, "more"),
    ],
)
def test_a_proof_is_data_and_checked(tmp_path, change, words):
    path = tmp_path / REPLAYS / "alice.json"
    path.parent.mkdir()
    whole = {"schema_version": 1, "sender": "alice", "proofs": [PROOF]}
    path.write_text(json.dumps(whole))
    assert read_proofs(tmp_path, "alice")["a" * 64].machine == "some machine"
    assert read_proofs(tmp_path, "bob") == {}
    path.write_text(json.dumps(whole | change))
    with pytest.raises(BadRecord, match=words) as found:
        read_proofs(tmp_path, "alice")
    assert found.value.path == path


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (b'{"schema_version": 1, "sender": "alice", "sender": "bob"}', "sender: there twice in one object"),
        (b'{"schema_version": 1, "files": {"a": "0", "a": "1"}}', "a: there twice in one object"),
        (b'{"schema_version": 1, "supersedes": [{"reason": "it was\\u0000wrong"}]}', "reason: a text with a NUL"),
        (b'{"schema_version": 1, "files": {"a\\u0000b": "0"}}', "a text with a NUL"),
    ],
)
def test_what_a_sender_says_has_each_key_once_and_no_nul(tmp_path, text, words):
    """A proof and a list of files are read as strictly as a record is."""
    (tmp_path / MANIFEST).write_bytes(text)
    with pytest.raises(BadRecord, match=words):
        read_submission(tmp_path)
    (tmp_path / REPLAYS).mkdir()
    (tmp_path / REPLAYS / "alice.json").write_bytes(text)
    with pytest.raises(BadRecord, match=words):
        read_proofs(tmp_path, "alice")


def test_the_hash_of_a_file_is_that_of_its_bytes(tmp_path):
    (tmp_path / "x").write_bytes(b"abc")  # FIPS 180-4, the first example of SHA-256
    assert sha256(tmp_path / "x") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
