"""A record moves to today's names only where its task's definition is otherwise the same."""

import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from vaebench import catalog
from vaebench.migrate import hash_in_schema_1, migrate, migrated
from vaebench.mistakes import Mistake
from vaebench.results.store import read_record, read_records

KEPT = Path(__file__).parent / "results" / "schema1"
HASHES = {
    "bonheme2022_encoder_first": "de3fe0b126aa817e",
    "camuto2021_input_noise": "5ae99c2bbd00d643",
    "camuto2021_variance_frequency": "4de4d82bf4e5a467",
    "gracyk2025_kahler_sampling": "a44376400a7bb8e8",
    "nakagawa2021_posterior_isometry": "4db536267940709a",
}
"""Of the standard preset, as all 122 reference results of schema 1 bore them."""


@pytest.fixture
def store(tmp_path):
    """A folder with two records of schema 1, each in its task's folder."""
    folder = tmp_path / "runs" / "nakagawa2021_posterior_isometry"
    shutil.copytree(KEPT, folder)
    return tmp_path / "runs"


@pytest.mark.parametrize("name", HASHES)
def test_todays_definition_in_the_old_names_has_the_old_hash(name):
    task = catalog.task(name)
    assert task.version == {"bonheme2022_encoder_first": 2, "gracyk2025_kahler_sampling": 2}.get(name, task.version)
    assert hash_in_schema_1(task.definition("standard")) == HASHES[name]
    assert task.definition_hash("standard") != HASHES[name]


def test_a_change_of_the_definition_changes_the_old_hash_too():
    task = catalog.task("nakagawa2021_posterior_isometry")
    budget = task.budgets["standard"]
    longer = replace(budget, training=replace(budget.training, steps=budget.training.steps + 1))
    other = replace(task, budgets={**task.budgets, "standard": longer})
    assert hash_in_schema_1(other.definition("standard")) != HASHES[task.name]


def test_old_records_are_written_anew_and_no_number_moves(store):
    before, _ = read_records(store)
    done = migrate(store)
    after, bad = read_records(store)
    assert (len(done.written), done.current, done.others, bad) == (2, 0, (), [])
    for old, new in zip(before, after, strict=True):
        assert new.measurements == old.measurements
        assert new.cells == old.cells
        assert [(one.word, one.agreement) for one in new.verdicts] == [(v.word, v.agreement) for v in old.verdicts]
        assert new.agreement == old.agreement
        assert new.subject.task.hash == catalog.task(old.subject.task.name).definition_hash("standard")
        assert json.loads((store / new.subject.file_name).read_text("utf-8"))["schema_version"] == 2


def test_a_second_time_nothing_is_left_to_do(store):
    migrate(store)
    texts = {path: path.read_bytes() for path in store.rglob("*.json")}
    done = migrate(store)
    assert (done.written, done.current) == ((), 2)
    assert {path: path.read_bytes() for path in store.rglob("*.json")} == texts


def test_a_record_of_another_definition_stays_as_it_is_and_is_named(store):
    path = next(store.rglob("linear_vae*.json"))
    text = path.read_text("utf-8").replace(HASHES["nakagawa2021_posterior_isometry"], "0" * 16)
    path.write_text(text, "utf-8")
    done = migrate(store)
    assert len(done.written) == 1
    assert done.others[0].startswith(f"{path}: ")
    assert path.read_text("utf-8") == text


@pytest.mark.parametrize("deep", ["..", ".", "nakagawa2021_posterior_isometry"])
def test_records_are_written_where_they_were_read_however_deep_they_lie(store, deep):
    files = sorted(store.parent.rglob("*.json"))
    assert sorted(migrate(store / deep).written) == [
        store / deep / path.relative_to((store / deep).resolve()) for path in files
    ]
    assert sorted(store.parent.rglob("*.json")) == files
    assert migrate(store / deep).current == len(files)


def test_what_is_no_record_is_named_and_left(store):
    (store / "nakagawa2021_posterior_isometry" / "vae.mlp.sinc.json").write_text("{}", "utf-8")
    done = migrate(store)
    assert len(done.written) == 2
    assert "vae.mlp.sinc.json" in done.others[0]


def test_a_folder_that_is_not_there_is_a_mistake(tmp_path):
    with pytest.raises(Mistake, match="there is no folder"):
        migrate(tmp_path / "nowhere")


def test_no_reference_result_is_left_behind():
    folder = catalog.PACKAGE.parent / "reference_results"
    stale = [
        path.name
        for path in folder.glob("*20*_*/*.json")
        if (subject := read_record(path).subject).task.hash
        != catalog.task(subject.task.name).definition_hash(subject.preset)
    ]
    assert stale == []


def test_what_a_setting_left_out_is_declined_with_a_reason_and_no_verdict_moves():
    """Six records named no likeness that their setting has not: such a name would now be one that nobody asked for."""
    path = (
        Path(__file__).parents[1] / "reference_results" / "bonheme2022_encoder_first" / "decomposed_vae.mlp.digits.json"
    )
    whole = migrated(read_record(path))
    silent = whole.model_copy(update={"measurements": tuple(one for one in whole.measurements if one.values)})
    added = [one for one in migrated(silent).measurements if one not in silent.measurements]
    assert {one.name for one in added} == {f"alike_across_strengths_{part}" for part in ("hidden", "last_hidden")}
    assert {(one.values, absence.cause, absence.seeds) for one in added for absence in one.absent} == {
        ((), "setting", (0, 1, 2, 3, 4))
    }
    assert [one.word for one in migrated(whole).verdicts] == [one.word for one in read_record(path).verdicts]
    assert migrated(whole).measurements == whole.measurements
