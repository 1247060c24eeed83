"""Reference records are pinned: one that changed is refused unless the changelog knows of it."""

from pathlib import Path

import pytest

from vaebench.mistakes import Mistake
from vaebench.results.pins import PINS, RECORDS, hashes, pin, read_pins, troubles

ROOT = Path(__file__).parents[2]


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "some_task").mkdir()
    (tmp_path / "some_task" / "vae.mlp.digits.json").write_text("{}")
    (tmp_path / "nightly").mkdir()
    (tmp_path / "nightly" / "INDEX").write_text("{}")
    return tmp_path


def test_records_as_they_are_pinned_and_told_of_are_fine(folder):
    assert troubles(folder, f"* {pin(folder)}: first") == []


def test_a_pin_without_a_line_in_the_changelog_is_refused(folder):
    told = pin(folder)
    (folder / "some_task" / "vae.mlp.digits.json").write_text("{ }")
    assert "some_task/vae.mlp.digits.json: changed" in troubles(folder, told)[0]
    again = pin(folder)
    (line,) = troubles(folder, told)
    assert again.removeprefix("reference records ") in line
    assert troubles(folder, f"{told}\n{again}") == []


@pytest.mark.parametrize("name", ["some_task/vae.mlp.digits.json", "nightly/INDEX"])
def test_a_record_that_is_gone_or_new_is_named(folder, name):
    told = pin(folder)
    (folder / name).unlink()
    assert troubles(folder, told) == [f"{name}: pinned, and not there"]
    (folder / name).write_text("{}")
    (folder / "some_task" / "more.json").write_text("{}")
    assert troubles(folder, told) == ["some_task/more.json: changed, and not pinned"]


def test_a_file_that_two_patterns_find_is_hashed_once_in_the_order_of_paths(folder):
    empty = "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"  # printf '{}' | sha256sum
    both = {"nightly/INDEX": empty, "some_task/vae.mlp.digits.json": empty}
    assert list(hashes(folder, RECORDS, "*/vae.*", "*/INDEX").items()) == list(both.items())


def test_a_folder_without_pins_and_pins_that_are_none_are_named(folder):
    assert PINS in troubles(folder, "")[0]
    with pytest.raises(Mistake, match=f"{PINS}, line 1"):
        read_pins("abc  file")


def test_the_reference_records_are_pinned_and_the_changelog_knows_of_them():
    # After records changed: `make pins`, and its words into CHANGELOG.md with what moved.
    assert troubles(ROOT / "reference_results", (ROOT / "CHANGELOG.md").read_text("utf-8")) == []
