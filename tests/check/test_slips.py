"""Every slip gets its line: the check, the word, and what is wrong, expected and to do."""

from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from check.slips import SLIPS, SOUND

import vaebench.check as checked
from vaebench.check import Report, check
from vaebench.check.applies import Judged
from vaebench.check.setting import Setting, settings

TASK = "camuto2021_variance_frequency"


@cache
def of_task(archs: tuple[str, ...]) -> tuple[Setting, ...]:
    return tuple(one for one in settings(archs) if one.task.name == TASK)


@pytest.fixture(autouse=True)
def short(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Check one task on one data set, and leave the claims and the time: `test_check.py` has the whole."""

    monkeypatch.setattr(checked, "settings", of_task)
    monkeypatch.setattr(checked, "claims_judged", lambda *_: Judged())
    monkeypatch.setattr(checked, "forecast", lambda *_: None)
    yield


def checked_file(folder: Path, text: str, files: tuple[tuple[str, str], ...] = ()) -> Report:
    path = folder / "slip.py"
    path.write_text(text)
    for name, content in files:
        (folder / name).write_text(content)
    return check(str(path), (), 1)


def test_the_file_that_is_spoilt_is_sound(tmp_path: Path) -> None:
    report = checked_file(tmp_path, SOUND.replace("TODO: paper or address", "mine").replace("TODO", "MIT"))
    assert {line.check: line.word for line in report.lines if line.word != "pass"} == {}
    assert report.weights is not None
    assert report.weights.form == "elbo"


@pytest.mark.parametrize("name", SLIPS)
def test_a_slip_is_one_line_that_names_it(name: str, tmp_path: Path) -> None:
    slip = SLIPS[name]
    report = checked_file(tmp_path, slip.text, slip.files)
    lines = [line for line in report.lines if (line.check, line.word) == (slip.check, slip.word)]
    assert len(lines) == 1, report.lines
    assert "\n" not in lines[0].says
    assert [part for part in slip.names if part not in lines[0].says] == [], lines[0].says
    assert report.is_refused == (slip.word == "refuse")
    others = [line for line in report.lines if line.word == "refuse" and line.check != slip.check]
    assert others == []


def test_there_are_forty() -> None:
    assert len(SLIPS) >= 40
    assert len({slip.text for slip in SLIPS.values()}) == len(SLIPS)
