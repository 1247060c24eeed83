"""The files of a night's reference: read as they were written, and every damage has one line that names it."""

import json
from pathlib import Path

import pytest
from results.stored import ENVIRONMENT, SUBJECT

from vaebench.mistakes import Mistake
from vaebench.results.night import FOLDER, Head, Night, Reading, SeedRow, file_of
from vaebench.results.night_files import INDEX, night_text, read_night, read_nights, write_nights
from vaebench.results.pins import RECORDS, hashes, pinned_files
from vaebench.results.references import REFERENCES
from vaebench.results.store import read_records
from vaebench.version import VERSION

READING = Reading(
    arm="trained", knob=0.5, name="gain", unit="1", seeds=(0,), values=(1.5,), centres=(1.25,), sd=0.1, spread=0.2
)


def night(preset="nightly"):
    subject = SUBJECT.model_copy(update={"preset": preset})
    seeds = (SeedRow(seed=0, status="ok"),)
    head = Head(suite_version=VERSION, subject=subject, environment=ENVIRONMENT, twins=4, seeds=seeds)
    return Night(head=head, readings=(READING,))


@pytest.fixture
def folder(tmp_path):
    made = [night(), night("quick")]
    write_nights(tmp_path, {file_of(one.key): night_text(one) for one in made}, {"x.jsonl": "blind"}, whole=False)
    return tmp_path


def test_what_is_written_is_read(folder):
    index, found, troubles = read_nights(folder)
    assert not troubles
    assert list(found.values()) == [night(), night("quick")]
    assert index.left_out == {"x.jsonl": "blind"}


def test_a_file_that_is_gone_added_or_changed_is_named(folder):
    first, second = (folder / file_of(night(preset).key) for preset in ("nightly", "quick"))
    second.unlink()
    (folder / "more.jsonl").write_text(night_text(night()))
    first.write_text(first.read_text().replace("1.5", "1.75"))
    _, found, troubles = read_nights(folder)
    assert len(troubles) == 3
    for name in (second.name, "more.jsonl", first.name):
        assert any(name in line for line in troubles)
    assert list(found) == [file_of(night().key)]  # changed, and compared all the same


def test_writing_again_removes_what_is_no_longer_of_the_night(folder):
    write_nights(folder, {file_of(night().key): night_text(night())}, {}, whole=True)
    index, found, troubles = read_nights(folder)
    assert index.whole
    assert (len(found), troubles) == (1, [])


@pytest.mark.parametrize(
    ("change", "named"),
    [
        (lambda line: line.update(sd=-1), "sd"),
        (lambda line: line.update(other=1), "other"),
        (lambda line: line.update(values="1"), "values"),
        (lambda line: line.pop("unit"), "unit"),
        (lambda line: line.update(centres=[]), "values and centres"),
        (lambda line: line.update(values=[*line["values"], 1.0]), "values and centres"),
    ],
)
def test_a_line_that_is_no_reading_is_named(folder, change, named):
    path = folder / file_of(night().key)
    head, line = path.read_text().splitlines()
    changed = json.loads(line)
    change(changed)
    path.write_text(f"{head}\n{json.dumps(changed)}\n")
    with pytest.raises(Mistake, match=rf"nightly\.jsonl, line 2: {named}"):
        read_night(path)


def test_a_head_that_does_not_say_its_version_is_none_of_todays(folder):
    path = folder / file_of(night().key)
    head, line = path.read_text().splitlines()
    without = json.loads(head)
    without.pop("suite_version")
    path.write_text(f"{json.dumps(without)}\n{line}\n")
    with pytest.raises(Mistake, match="line 1: suite_version"):
        read_night(path)


def test_the_suites_own_references_are_read():
    _, found, troubles = read_nights(Path(__file__).parents[2] / REFERENCES / FOLDER)
    assert found
    assert not troubles


def test_a_folder_without_an_index_is_one_line(tmp_path):
    with pytest.raises(Mistake, match=rf"{INDEX}.*make nightly-reference"):
        read_nights(tmp_path)


def test_an_index_that_is_none_names_its_field(folder):
    (folder / INDEX).write_text('{"whole": true, "files": {"a.jsonl": "short"}, "left_out": {}}')
    with pytest.raises(Mistake, match=rf"{INDEX}: files\.a\.jsonl"):
        read_nights(folder)


def test_a_map_is_one_number_and_a_change_of_it_shows():
    from vaebench.claims import Measurement, column, map_entry_name
    from vaebench.results.score import night_columns

    def of(value):
        entries = {map_entry_name("alike", "a", str(i)): value + i for i in range(3)}
        return [column("trained", None, 0, Measurement(name, one, 0.0, 9)) for name, one in entries.items()]

    (found,) = night_columns(of(1.0)).items()
    assert found[0] == ("trained", None, "alike_mean_of_map", "1")
    assert found[1].values == (2.0,)
    assert next(iter(night_columns(of(1.5)).values())).values == (2.5,)


def test_a_map_of_a_record_is_that_of_its_cells_where_a_seed_lost_an_entry():
    from vaebench.claims import Measurement, column, declined, map_entry_name
    from vaebench.claims.table import table
    from vaebench.results.score import night_columns

    names = [map_entry_name("alike", "a", str(i)) for i in range(3)]
    whole = [column("trained", None, 0, Measurement(name, 1.0 + i, 0.0, 9)) for i, name in enumerate(names)]
    lost = [column("trained", None, 1, Measurement(name, 4.0 + i, 0.0, 9)) for i, name in enumerate(names[1:])]
    lost.append(column("trained", None, 1, declined(names[0], "one unit is left")))
    (found,) = night_columns(table([*whole, *lost]).columns).values()
    assert (found.seeds, found.values) == ((0, 1), (2.0, 4.5))
    for seed, cell in enumerate((whole, lost)):
        (alone,) = night_columns(cell).values()
        assert alone.values == (found.values[seed],)


def test_a_reference_of_the_night_is_no_record_beside_those_of_tasks(tmp_path):
    root = tmp_path / "reference_results"
    write_nights(root / "nightly", {}, {}, whole=True)
    assert read_records(root, as_store=True) == ([], [])
    assert pinned_files(root).keys() == {f"nightly/{INDEX}"}
    assert hashes(root, RECORDS) == {}  # nor goes it into the package
