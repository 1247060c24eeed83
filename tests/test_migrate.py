"""Records of today's definition get today's verdicts. No number moves, and others stay as they are."""

import re

import pytest

from vaebench import catalog
from vaebench.migrate import migrate
from vaebench.mistakes import Mistake
from vaebench.results.store import read_record

TASK = "gracyk2025_kahler_sampling"
REFERENCES = catalog.PACKAGE.parent / "reference_results"
FILES = ("vae.mlp.digits.json", "linear_vae.mlp.digits.json")


@pytest.fixture
def store(tmp_path):
    """Two records that other code judged."""
    (tmp_path / "store" / TASK).mkdir(parents=True)
    for name in FILES:
        text = (REFERENCES / TASK / name).read_text("utf-8")
        judged = re.sub(r'"judged_by": ?"[0-9a-f]{16}"', f'"judged_by": "{"0" * 16}"', text)
        (tmp_path / "store" / TASK / name).write_text(judged, "utf-8")
    return tmp_path / "store"


def test_records_are_judged_anew_and_no_number_moves(store):
    before = {name: read_record(store / TASK / name) for name in FILES}
    done = migrate(store)
    assert (sorted(path.name for path in done.written), done.current, done.others) == (sorted(FILES), 0, ())
    for name, record in before.items():
        now = read_record(store / TASK / name)
        assert now.measurements == record.measurements
        assert now.judged_by != record.judged_by


def test_a_second_time_nothing_is_left_to_do(store):
    migrate(store)
    texts = {path: path.read_bytes() for path in store.rglob("*.json")}
    assert (migrate(store).written, migrate(store).current) == ((), 2)
    assert {path: path.read_bytes() for path in store.rglob("*.json")} == texts


def test_a_record_of_another_definition_stays_as_it_is_and_is_named(store):
    path = store / TASK / FILES[0]
    hash_ = catalog.task(TASK).definition_hash("standard", "digits")
    text = path.read_text("utf-8").replace(hash_, "0" * 16)
    path.write_text(text, "utf-8")
    done = migrate(store)
    assert [line.split(":")[0] for line in done.others] == [str(path)]
    assert path.read_text("utf-8") == text


@pytest.mark.parametrize("deep", ["..", ".", TASK])
def test_records_are_written_where_they_were_read_however_deep_they_lie(store, deep):
    files = sorted(path.resolve() for path in store.rglob("*.json"))
    assert sorted(path.resolve() for path in migrate(store / deep).written) == files


def test_what_is_no_record_is_named_and_left(store):
    (store / TASK / FILES[0]).write_text("{}", "utf-8")
    done = migrate(store)
    assert [path.name for path in done.written] == [FILES[1]]
    assert len(done.others) == 1 and FILES[0] in done.others[0]


def test_a_folder_that_is_not_there_or_is_a_file_is_a_mistake(store):
    with pytest.raises(Mistake, match="there is no folder"):
        migrate(store / "nowhere")
    with pytest.raises(Mistake, match="is a file; give a folder"):
        migrate(store / TASK / FILES[0])
