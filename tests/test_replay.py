"""Replaying cells of a record: which are chosen, and what is held against what."""

import math
from dataclasses import replace

import pytest
from results.stored import SUBJECT, cell, observe

from vaebench import replay as replaying
from vaebench.mistakes import Mistake
from vaebench.nightly.cells import Where
from vaebench.replay import chosen, replay
from vaebench.results.assemble import assemble
from vaebench.results.record import Versioned

TASK = Versioned(name="nakagawa2021_posterior_isometry", version=1, hash="a" * 16)


def record(dataset="digits", shift=0.0, seeds=5):
    data = SUBJECT.dataset.model_copy(update={"name": dataset})
    about = SUBJECT.model_copy(update={"task": TASK, "dataset": data})
    cells = [cell(s, observe(s, {"t2_mean": math.pi + 0.1 * s + shift}), subject=about) for s in range(seeds)]
    return assemble(cells, (), ())


@pytest.fixture
def trains(monkeypatch):
    """Today's training: gives what an honest record holds, and twins a millionth beside it."""
    ran = []

    def run_here(asked, where, progress):
        for one in asked:
            ran.append(one)
            data = SUBJECT.dataset.model_copy(update={"name": one.dataset})
            about = SUBJECT.model_copy(update={"task": TASK, "dataset": data})
            value = math.pi + 0.1 * one.seed + 1e-6 * one.ulp * (-1) ** one.ulp
            yield one, cell(one.seed, observe(one.seed, {"t2_mean": value}), subject=about)

    monkeypatch.setattr(replaying, "run_here", run_here)
    return ran


def replayed(*records, n=3):
    return replay(records, {"vae": "their_vae.py"}, n, Where(), lambda *_: None)


def test_an_honest_record_is_replayed_to_the_bit_without_twins(trains):
    found = replayed(record(), record("sinc"), n=4)
    assert found.good
    assert [one.judged.word for one in found.cells] == ["same"] * 4
    assert {one.variant for one in trains} == {"their_vae.py"}
    assert not any(one.ulp for one in trains)
    assert {one.dataset for one in trains} == {"digits", "sinc"}


def test_rounding_of_another_machine_is_accepted_and_invented_numbers_are_not(trains):
    near, far = replayed(record(shift=3e-6)), replayed(record(shift=0.01))
    assert near.good
    assert {one.judged.word for one in near.cells} == {"rounding"}
    assert any(one.ulp for one in trains)
    assert not far.good
    assert {one.judged.word for one in far.cells} == {"moved"}


def test_a_record_that_describes_another_variant_is_not_replayed(trains):
    """What would keep a row from being ranked is the sender's word, until the sources run."""
    for change in ({"apart": "its number of latent units is its own"}, {"kl_weight": 7.5}):
        honest = record()
        about = honest.subject.model_copy(update={"variant": honest.subject.variant.model_copy(update=change)})
        found = replayed(honest.model_copy(update={"subject": about}))
        (field,) = change
        assert not found.good
        assert {one.unlike.partition(":")[0] for one in found.cells} == {f"subject.variant.{field}"}


def test_numbers_that_no_training_decides_show_nothing(trains, monkeypatch):
    """Whole numbers and shares of few things: a program that draws them at random may give them too."""
    monkeypatch.setattr(math, "pi", 3.0)
    found = replayed(record())
    assert not found.good
    assert {one.judged.word for one in found.cells} == {"same"}
    assert {one.unlike.partition(":")[0] for one in found.cells} == {"measurements"}


def test_the_choice_cannot_be_steered_by_what_the_records_say():
    one = [record(), record("sinc")]
    picks = {tuple((r.subject.dataset.name, seed) for r, seed in chosen(one, 2)) for _ in range(50)}
    assert len(picks) > 5  # 50 alike pairs of 50 would be a choice that a sender can foresee
    assert len(chosen(one, 100)) == 10
    assert len({(r.subject.dataset.name, seed) for r, seed in chosen(one, 100)}) == 10
    assert len({r.subject.dataset.name for r, _ in chosen(one, 2)}) == 2  # each record before any comes twice


def test_what_cannot_be_replayed_is_one_line(trains):
    with pytest.raises(Mistake, match="--replay takes 1 cell or more, not 0"):
        replayed(record(), n=0)
    with pytest.raises(Mistake, match=r"digits\.json: subject\.variant\.name: there is no source of vae"):
        replay([record()], {}, 1, Where(), lambda *_: None)
    failed = assemble([cell(0, status="diverged", reason="nan")], (), ())
    with pytest.raises(Mistake, match="finished cell"):
        chosen([failed], 1)


def test_nothing_that_ran_is_nothing_that_was_replayed(trains, monkeypatch):
    monkeypatch.setattr(replaying, "run_here", lambda *_: iter(()))
    with pytest.raises(Mistake, match="none of the chosen cells"):
        replayed(record())
    assert not replace(replaying.Replay((), "", SUBJECT)).good  # type: ignore[arg-type]
