"""Laws of measurements on file: they are those of the file, at any look, and a file that changed is refused."""

import hashlib

import pytest

from vaebench.mistakes import Mistake
from vaebench.results.on_file import OnFile
from vaebench.results.record import strict_json
from vaebench.results.references import REFERENCES, root
from vaebench.results.store import read_record


@pytest.fixture
def stored(tmp_path):
    source = min((root() / REFERENCES).rglob("nakagawa*/*.json"), key=lambda path: path.stat().st_size)
    path = tmp_path / source.name
    path.write_bytes(source.read_bytes())
    return path, read_record(path)


def on_file(path):
    return OnFile(path, hashlib.sha256(path.read_bytes()).hexdigest(), "about")


def test_it_is_what_the_file_has(stored):
    path, record = stored
    found, whole = on_file(path), record.measurements
    assert (len(found), bool(found), tuple(found), [*found][3], found[-1]) == (
        *(len(whole), True, whole, whole[3], whole[-1]),
    )
    assert found == whole
    assert hash(found) == hash(whole)
    assert found[:2] == whole[:2]
    assert found.about == "about"


def test_a_record_is_written_whole(stored):
    path, record = stored
    light = record.model_copy(update={"measurements": on_file(path)})
    assert strict_json(light) == strict_json(record)
    assert light.model_dump_json() == record.model_dump_json()
    assert light.table.names == record.table.names


def test_a_file_that_was_changed_meanwhile_is_refused(stored):
    path, _ = stored
    found = on_file(path)
    path.write_text(path.read_text("utf-8").replace('"unit": "1"', '"unit": "2"', 1), "utf-8")
    with pytest.raises(Mistake, match=path.name):
        len(found)
