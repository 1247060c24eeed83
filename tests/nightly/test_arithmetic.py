"""The plainest arithmetic of a processor is in the scale of a night: what it moves, no twin of one arithmetic shows."""

import pytest
from nightly.of_night import ASKED, NAMES, outcome, population

from vaebench.mistakes import Mistake
from vaebench.nightly import arithmetic
from vaebench.nightly.cells import Where
from vaebench.nightly.judge import judge
from vaebench.nightly.reference import night_of
from vaebench.results.journal import Journal
from vaebench.results.night import file_of
from vaebench.results.night_files import night_text, read_nights, write_nights
from vaebench.results.rounding import GUARD

TWINS = night_of(population(), [0])
SHIFT = 2e-3
"""What the mean of a squared rounding is moved by: a thousand times what twins show."""


def test_twins_alone_call_another_arithmetic_a_change_and_with_it_in_the_scale_it_is_rounding():
    there = {0: outcome(shift=SHIFT)}
    assert judge(TWINS, there).word == "moved"
    wide = arithmetic.widened(TWINS, there)
    assert [one.arithmetic for one in wide.readings] == pytest.approx([SHIFT] * len(NAMES))
    assert judge(wide, there).word == "rounding"
    assert judge(wide, there).farthest == pytest.approx(1, rel=1e-2)
    assert judge(wide, {0: outcome(shift=2 * GUARD * SHIFT)}).word == "moved"


def test_a_reading_that_arithmetic_leaves_alone_keeps_its_scale():
    wide = arithmetic.widened(TWINS, {0: outcome()})
    assert wide == TWINS
    part = arithmetic.widened(TWINS, {0: outcome(shift=SHIFT, names=NAMES[:1])})
    assert [one.arithmetic > 0 for one in part.readings] == [True, False, False, False]


def test_without_an_outcome_what_is_known_of_the_arithmetic_stays():
    wide = arithmetic.widened(TWINS, {0: outcome(shift=SHIFT)})
    assert arithmetic.widened(wide, {}) == wide
    lost = outcome(status="timeout", names=())
    assert arithmetic.widened(wide, {0: lost}) == wide


def test_over_seeds_it_is_the_root_mean_square():
    two = night_of(population() | dict(population(seed=1).items()), [0, 1])
    wide = arithmetic.widened(two, {0: outcome(0, 3e-3), 1: outcome(1, -4e-3)})
    assert wide.readings[0].arithmetic == pytest.approx((12.5e-6) ** 0.5)


def test_what_another_arithmetic_makes_anew_is_blind():
    """A reading that moves by as much as between seeds shows no change."""
    assert TWINS.blind == 0
    assert arithmetic.widened(TWINS, {0: outcome(shift=0.05)}).blind == len(NAMES)


def test_cells_run_without_vector_instructions_and_are_kept(tmp_path, monkeypatch):
    ran = []

    def run_there(tree, asked, where, progress, environment):
        ran.append((len(asked), environment))
        return {one: outcome(shift=SHIFT, id=kept[one]) for one in asked}

    cells = {ASKED: outcome()}
    kept = {ASKED: cells[ASKED].id}
    monkeypatch.setattr(arithmetic, "run_there", run_there)
    monkeypatch.setattr(arithmetic, "planned", lambda asked, _: ({one: cells[one] for one in asked}, ()))
    write_nights(tmp_path / "stored", {file_of(ASKED.key): night_text(TWINS)}, {}, whole=False)
    for _ in range(2):
        arithmetic.widen(tmp_path / "stored", Where(), tmp_path / "work", lambda *_: None)
    assert ran == [(1, arithmetic.PLAINEST)]
    _, nights, troubles = read_nights(tmp_path / "stored")
    assert not troubles
    assert [one.arithmetic for one in nights[file_of(ASKED.key)].readings] == pytest.approx([SHIFT] * len(NAMES))
    assert list(Journal(tmp_path / "work" / "plainest").read({kept[ASKED]: (cells[ASKED].subject, 0)})[0]) == [
        kept[ASKED]
    ]


@pytest.fixture
def stored(tmp_path, monkeypatch):
    """A stored reference of two records, whose cells are planned without data."""
    variant = TWINS.head.subject.variant.model_copy(update={"name": "beta_vae"})
    about = TWINS.head.subject.model_copy(update={"variant": variant})
    other = TWINS.model_copy(update={"head": TWINS.head.model_copy(update={"subject": about})})
    write_nights(tmp_path / "stored", {file_of(one.key): night_text(one) for one in (TWINS, other)}, {}, whole=False)
    monkeypatch.setattr(arithmetic, "planned", lambda asked, _: ({one: outcome(id=id_of(one)) for one in asked}, ()))
    return tmp_path / "stored"


def id_of(one):
    return ("0" if one.variant == "vae" else "1") * 16


def content(folder):
    return {path.relative_to(folder): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def widen(stored):
    arithmetic.widen(stored, Where(), stored.parent / "work", lambda *_: None)


def damaged(path):
    path.write_text(path.read_text() + "no reading\n")


def changed(path):
    path.write_text(path.read_text().replace("0.3", "0.25", 1))


def unlisted(path):
    path.with_name("more.jsonl").write_text(path.read_text())


@pytest.mark.parametrize("harm", [damaged, changed, unlisted, lambda path: path.unlink()])
def test_a_reference_that_is_not_whole_is_not_widened(stored, monkeypatch, harm):
    """It deleted what could not be read, and wrote an index of what was changed."""
    monkeypatch.setattr(arithmetic, "run_there", lambda *_: 1 / 0)
    harm(stored / file_of(ASKED.key))
    before = content(stored)
    with pytest.raises(Mistake, match=r"\.jsonl.*only a whole reference is rewritten; make it anew$"):
        widen(stored)
    assert content(stored) == before


@pytest.mark.parametrize(("lost", "said"), [({}, "not run"), ({"status": "timeout", "names": ()}, "timeout: ")])
def test_a_cell_without_an_outcome_is_named_and_run_again(stored, monkeypatch, lost, said):
    """Its readings had no part of the arithmetic in their scale, and nothing said so."""
    given = {}

    def run_there(tree, asked, where, progress, environment):
        ran.append(list(asked))
        found = {one: outcome(shift=SHIFT, id=id_of(one)) for one in asked}
        return {one: made for one, made in (found | given).items() if made is not None}

    ran = []
    given[ASKED] = outcome(id=id_of(ASKED), **lost) if lost else None
    monkeypatch.setattr(arithmetic, "run_there", run_there)
    before = content(stored)
    with pytest.raises(Mistake, match=rf"^with the plainest arithmetic 1 of 2 cells .* vae\.mlp\.digits .*\({said}"):
        widen(stored)
    assert content(stored) == before
    given.clear()
    widen(stored)
    assert [len(asked) for asked in ran] == [2, 1]
    for night in read_nights(stored)[1].values():
        assert [one.arithmetic for one in night.readings] == pytest.approx([SHIFT] * len(NAMES))
