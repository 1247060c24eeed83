"""A part of the proof, with real trainings: three mutants are caught, and two honest nights are quiet.

The whole of it is `make night-proof`; its table is benchmarks/night/README.md.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from vaebench import catalog
from vaebench.cell import dataset_of_seed
from vaebench.nightly.cells import Where
from vaebench.nightly.elsewhere import run_there
from vaebench.nightly.expected import with_twins
from vaebench.nightly.judge import GOOD, judge
from vaebench.nightly.reference import make, night_of, resumed
from vaebench.results.journal import Journal
from vaebench.results.night import file_of
from vaebench.results.night_files import read_nights
from vaebench.results.rounding import GUARD

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))

from benchmarks.night.mutants import MUTANTS, SIX, applied, cell  # noqa: E402
from benchmarks.night.prove import settings  # noqa: E402
from benchmarks.night.table import most, table  # noqa: E402

CELL = cell("nakagawa")


def quiet(*_):
    """No progress."""


@pytest.fixture(scope="module")
def journal(tmp_path_factory):
    return Journal(tmp_path_factory.mktemp("work"))


@pytest.fixture(scope="module")
def reference(journal):
    other = cell("nakagawa", 1)
    outcomes = resumed([CELL, other, *with_twins([CELL])], Where(), journal, quiet)
    return night_of(outcomes, [0])


def test_the_reference_is_made_of_the_journal_and_is_not_trained_again(reference, journal, tmp_path, monkeypatch):
    monkeypatch.setattr("vaebench.nightly.reference.run_here", lambda asked, *_: iter([1 / 0 for _ in asked]))
    assert make(tmp_path, [CELL], Where(), journal.path.parent, quiet, whole=False) == []
    index, found, troubles = read_nights(tmp_path)
    assert not troubles
    assert not index.whole
    assert found == {file_of(CELL.key): reference}
    head = reference.head
    assert head.twins == 4
    assert head.environment.probe
    assert head.environment.code
    assert all(row.data for row in head.seeds)
    assert len(reference.readings) > 0
    assert reference.blind < len(reference.readings) / 2


@pytest.mark.parametrize("name", ["learning rate × 1.05", "decoder variance × 1.02", "data × 1.01"])
def test_a_mutant_is_caught_by_its_numbers(name, reference):
    (mutant,) = [one for one in MUTANTS if one.name == name]
    with applied(mutant) as tree:
        one = judge(reference, dict.fromkeys([0], run_there(tree, [CELL], Where(), quiet)[CELL]))
    assert one.word == "moved"
    assert one.farthest > 1e3  # far beyond the guard, which is 30
    assert not one.troubles


@pytest.mark.parametrize("setting", list(settings())[:2], ids=lambda setting: setting.name)
def test_an_honest_night_is_quiet(setting, reference):
    ran = run_there(catalog.PACKAGE.parent, [CELL], Where(), quiet, environment=setting.variables)
    one = judge(reference, {0: ran[CELL]})
    assert one.word in GOOD
    assert one.farthest < 30
    assert one.arithmetic or one.word == "same"


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_every_mutant_still_fits_the_code(mutant):
    with applied(mutant) as tree:
        changed = (tree / "vaebench" / mutant.file).read_text("utf-8")
        compile(changed, mutant.file, "exec")
    assert changed != (catalog.PACKAGE / mutant.file).read_text("utf-8")


CONTENTS = """
import sys
from pathlib import Path
from vaebench import catalog
from vaebench.cell import dataset_of_seed
assert str(catalog.PACKAGE).startswith(sys.argv[1]), catalog.PACKAGE
for name in sys.argv[2:]:
    print(dataset_of_seed(name, catalog.DATA_ROOT, 0)[0].contents)
"""


def contents(tree, datasets):
    """Hashes of the examples and labels that seed 0 sees, by the code of a folder."""
    done = subprocess.run(
        [sys.executable, "-c", CONTENTS, str(tree), *datasets],
        cwd=tree,
        env={**os.environ, "PYTHONPATH": str(tree)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.split()


@pytest.mark.parametrize(
    "mutant", [one for one in MUTANTS if one.file.startswith("data/")], ids=lambda mutant: mutant.name
)
def test_a_mutant_of_the_data_acts_on_what_a_seed_sees(mutant):
    # Data are drawn anew for each seed: a patch of the fixed split alone would change nothing.
    datasets = sorted({cell(name).dataset for name in mutant.cells})
    plain = [dataset_of_seed(name, catalog.DATA_ROOT, 0)[0].contents for name in datasets]
    with applied(mutant) as tree:
        found = contents(tree, datasets)
    assert all(new != old for new, old in zip(found, plain, strict=True))


FOLDER = ROOT / "benchmarks" / "night"


def test_the_committed_table_is_made_of_the_committed_outcomes_which_are_as_they_should_be():
    found = json.loads((FOLDER / "outcomes.json").read_text("utf-8"))
    assert (FOLDER / "README.md").read_text("utf-8") == table(found)
    assert all(one["caught"] for one in found["mutants"])
    for one in found["mutants"]:  # it acts in every cell that it is said to act in
        assert all(each["same"] < each["readings"] for each in one["cells"]), one["name"]
        assert any(each["moved"] and each["farthest"] > GUARD for each in one["cells"])
    assert not any(one["alarm"] for one in found["honest"])
    assert all(len(one["cells"]) == len(SIX) for one in found["honest"])


def test_the_committed_proof_has_every_mutant_and_says_where_its_nights_are_too_few():
    # `make night-proof` goes on where it was.
    text = (FOLDER / "outcomes.json").read_text("utf-8")
    found = json.loads(text)
    assert {one["patch"] for one in found["mutants"]} == {one.patch for one in MUTANTS}  # of today's patches
    assert len(MUTANTS) >= 15
    assert ("too few" in table(found)) == (most(0, len(found["honest"])) >= 0.05)


def test_the_bound_of_the_alarms_is_exact():
    assert most(0, 60) == pytest.approx(1 - 0.05 ** (1 / 60))
    assert most(0, 58) > 0.05 > most(0, 59)
    assert most(3, 3) == 1
