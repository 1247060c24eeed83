"""Making a reference without any training: what did not finish is run again, and is never written."""

from dataclasses import replace
from types import SimpleNamespace

import pytest
from nightly.of_night import ASKED, here, outcome

from vaebench.fingerprint import value_hash
from vaebench.mistakes import Mistake
from vaebench.nightly import reference
from vaebench.nightly.cells import Where
from vaebench.nightly.reference import make, unfinished
from vaebench.results.night import file_of
from vaebench.results.night_files import read_nights
from vaebench.results.record import UNFINISHED

NAME = file_of(ASKED.key)


def quiet(*_):
    """No progress."""


class Machine:
    """Stands for processes that run cells: what each cell comes to, and which were run."""

    def __init__(self):
        self.ran = []
        self.come_to = {}

    def planned(self, asked, where):
        about = outcome().subject
        cells = {one: value_hash([one.seed, one.ulp]) for one in asked}
        return {one: SimpleNamespace(id=id_, subject=about, seed=one.seed) for one, id_ in cells.items()}, ()

    def run_here(self, asked, where, progress):
        self.ran += asked
        for one in asked:
            made = outcome(one.seed, 1e-6 * one.ulp, id=value_hash([one.seed, one.ulp]))
            status = self.come_to.get(one, "ok")
            left = {"status": status, "reason": "it took\ntoo long", "measurements": ()}
            yield one, made if status == "ok" else made.model_copy(update=left)


@pytest.fixture
def machine(monkeypatch):
    stand_in = Machine()
    monkeypatch.setattr(reference, "planned", stand_in.planned)
    monkeypatch.setattr(reference, "run_here", stand_in.run_here)
    monkeypatch.setattr("vaebench.environment.environment", lambda device: here())
    return stand_in


def made(tmp_path):
    return make(tmp_path / "stored", [ASKED], Where(), tmp_path / "work", quiet, whole=False)


@pytest.mark.parametrize("status", UNFINISHED)
@pytest.mark.parametrize("one", [ASKED, replace(ASKED, seed=1), replace(ASKED, ulp=3)], ids=["cell", "spread", "twin"])
def test_what_did_not_finish_is_not_written_and_is_run_again(tmp_path, machine, one, status):
    """A timeout of one busy night was the reference of every later one, and a rerun kept it."""
    machine.come_to[one] = status
    with pytest.raises(
        Mistake, match=rf"^1 of \d cells did not finish, .* seed {one.seed}.*{status}: it took\); nothing"
    ):
        made(tmp_path)
    assert not (tmp_path / "stored").exists()
    machine.come_to.clear()
    machine.ran.clear()
    assert made(tmp_path) == []
    assert one in machine.ran
    assert replace(ASKED, seed=1 - one.seed) not in machine.ran  # what had finished is not run again
    _, nights, troubles = read_nights(tmp_path / "stored")
    assert not troubles
    assert nights[NAME].head.twins == 4
    assert [row.status for row in nights[NAME].head.seeds] == ["ok"]


def test_a_divergence_is_a_result_and_is_kept(tmp_path, machine):
    machine.come_to[ASKED] = "diverged"
    assert made(tmp_path) == []
    machine.ran.clear()
    assert made(tmp_path) == []
    assert machine.ran == []
    assert read_nights(tmp_path / "stored")[1][NAME].head.seeds[0].status == "diverged"


def test_a_cell_without_an_outcome_is_named():
    assert unfinished([ASKED], {ASKED: outcome()}) == ""
    line = unfinished([ASKED, replace(ASKED, seed=1)], {ASKED: outcome()})
    assert line.startswith("1 of 2 cells did not finish")
    assert line.endswith("seed 1 among them (not run)")
