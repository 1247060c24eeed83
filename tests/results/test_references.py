"""Laws of a run beside the reference results: what was not compared speaks against it, unless that is accepted."""

from pathlib import Path

import pytest

from vaebench.mistakes import Mistake
from vaebench.results.references import against, read, root
from vaebench.results.score import Score, ScoreWord


def test_the_checkout_is_the_current_folder_where_that_has_reference_results(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert root().is_absolute() and (root() / "pyproject.toml").is_file()
    (tmp_path / "reference_results").mkdir()
    assert root() == Path()


def test_a_folder_without_a_record_is_a_mistake_that_names_it(tmp_path: Path) -> None:
    for folder in (tmp_path / "nowhere", tmp_path):
        with pytest.raises(Mistake, match=str(folder)):
            read(folder)


def scores(*words: ScoreWord, unrun: tuple[int, ...] = ()) -> list[Score]:
    return [
        Score(f"{number}.json", word, compared=word in {"reproduced", "drifted"}, unrun=unrun)
        for number, word in enumerate(words)
    ]


NOTHING = "nothing was compared"


@pytest.mark.parametrize(
    ("found", "flags", "says"),
    [
        (scores("reproduced", "reproduced"), (False, False), []),
        (scores("reproduced", "drifted"), (True, True), ["1 of 2 records drifted"]),
        (
            scores("stale", "stale"),
            (False, False),
            ["2 of 2 records stale, and not compared; --allow-stale accepts that", NOTHING],
        ),
        (
            scores("stale"),
            (False, True),
            ["1 of 1 records stale, and not compared; --allow-stale accepts that", NOTHING],
        ),
        (scores("stale"), (True, False), [NOTHING]),
        (scores("stale", "missing"), (True, True), [NOTHING]),
        (scores("stale", "missing", "reproduced"), (True, True), []),
        ([], (True, True), [NOTHING]),
        (
            scores("missing", "reproduced"),
            (False, False),
            ["1 of 2 records missing, and not compared; --partial accepts that"],
        ),
        (
            scores("missing"),
            (True, False),
            ["1 of 1 records missing, and not compared; --partial accepts that", NOTHING],
        ),
        (scores("missing"), (False, True), [NOTHING]),
        (
            scores("reproduced", unrun=(4,)),
            (False, False),
            ["1 of 1 records of fewer seeds than the reference; --partial accepts that"],
        ),
        (scores("reproduced", unrun=(4,)), (False, True), []),
    ],
)
def test_what_was_not_compared_speaks_against_a_run_unless_it_is_accepted(
    found: list[Score], flags: tuple[bool, bool], says: list[str]
) -> None:
    assert against(found, *flags) == says
