"""Renewing what a reference says of the code: only where every number is the same."""

from dataclasses import replace

import pytest
from nightly.of_night import ASKED, CODE, here, outcome, population

from vaebench.mistakes import Mistake
from vaebench.nightly import accept as accepting
from vaebench.nightly.accept import accept
from vaebench.nightly.cells import Where
from vaebench.nightly.judge import judge
from vaebench.nightly.reference import night_of
from vaebench.results.night import file_of
from vaebench.results.night_files import night_text, read_nights, write_nights
from vaebench.version import VERSION

NAME = file_of(ASKED.key)


@pytest.fixture
def folder(tmp_path):
    write_nights(tmp_path, {NAME: night_text(night_of(population(), [0]))}, {"gone.jsonl": "blind"}, whole=True)
    return tmp_path


def accepted(folder, monkeypatch, made):
    monkeypatch.setattr(accepting, "run_here", lambda asked, where, progress: ((one, made) for one in asked))
    return accept(folder, Where(), lambda *_: None)


def moved_code(shift=0.0, **changes):
    """A cell of code that was moved: other hashes of the code and of the variant."""
    made = outcome(0, shift, environment=here(code=CODE | {"training": "9" * 16}, commit="7" * 40), **changes)
    variant = made.subject.variant.model_copy(update={"code_hash": "8" * 16})
    return made.model_copy(update={"subject": made.subject.model_copy(update={"variant": variant})})


def test_moved_code_is_stale_until_it_is_accepted_and_no_number_changes(folder, monkeypatch):
    _, before, _ = read_nights(folder)
    assert judge(before[NAME], {0: moved_code()}).stale
    assert accepted(folder, monkeypatch, moved_code()) == []
    index, after, troubles = read_nights(folder)
    assert not troubles
    assert (index.whole, index.left_out) == (True, {"gone.jsonl": "blind"})
    one = judge(after[NAME], {0: moved_code()})
    assert one.good
    assert not one.code
    assert after[NAME].readings == before[NAME].readings
    assert after[NAME].head.seeds == before[NAME].head.seeds
    assert after[NAME].head.twins == before[NAME].head.twins
    assert after[NAME].head.environment.commit == "7" * 40


@pytest.mark.parametrize("made", [moved_code(1e-6), moved_code(1e-2), moved_code(names=("t2_mean",))])
def test_where_a_number_is_another_or_gone_nothing_is_written(folder, monkeypatch, made):
    before = {path: path.read_bytes() for path in folder.rglob("*.json*")}
    (one,) = accepted(folder, monkeypatch, made)
    assert one.name == NAME
    assert one.word != "same"
    assert before == {path: path.read_bytes() for path in folder.rglob("*.json*")}


def test_other_examples_are_not_accepted(folder, monkeypatch):
    assert accepted(folder, monkeypatch, moved_code().model_copy(update={"data": "5" * 16}))


def test_a_seed_that_is_lost_is_not_accepted(folder, monkeypatch):
    monkeypatch.setattr(accepting, "run_here", lambda *_: iter([(replace(ASKED, seed=7), moved_code())]))
    assert [one.word for one in accept(folder, Where(), lambda *_: None)] == ["missing"]


def test_what_did_not_finish_is_not_accepted_though_the_reference_did_not_either(folder, monkeypatch):
    late = {"status": "timeout", "reason": "it took too long", "names": ()}
    write_nights(folder, {NAME: night_text(night_of({ASKED: outcome(**late)}, [0]))}, {}, whole=True)
    (one,) = accepted(folder, monkeypatch, outcome(**late))
    assert one.word == "incomplete"


def test_an_accepted_reference_is_of_todays_version(folder, monkeypatch):
    night = night_of(population(), [0])
    old = night.model_copy(update={"head": night.head.model_copy(update={"suite_version": "0.1.0"})})
    write_nights(folder, {NAME: night_text(old)}, {}, whole=True)
    assert accepted(folder, monkeypatch, moved_code()) == []
    assert read_nights(folder)[1][NAME].head.suite_version == VERSION


def test_a_reference_that_is_not_whole_is_made_anew(folder, monkeypatch):
    (folder / NAME).unlink()
    with pytest.raises(Mistake, match=NAME):
        accepted(folder, monkeypatch, moved_code())
