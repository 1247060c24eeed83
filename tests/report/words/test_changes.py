"""Laws of changes and citation: one version everywhere, and every section has its day."""

import re

import pytest

import vaebench
from vaebench.report.suite import suite
from vaebench.report.words.changes import CHANGELOG, Section, changes_page, sections
from vaebench.report.words.citation import board_bibtex, paper_bibtex, papers_bibtex, suite_bibtex
from vaebench.results.references import root

LOG = """# Changelog

## 0.3.0, 2026-12-24

### New **measures**

The verdict of `vae` moves. It was 1.

| a | b |

### Speed

Twice as fast.

## 0.2.0, 2026-11-28

All is new: nothing is old.

## 0.1.0
"""


def test_a_changelog_is_read_by_version_and_day():
    found = sections(LOG)
    assert [(one.version, one.day) for one in found] == [
        ("0.3.0", "2026-12-24"),
        ("0.2.0", "2026-11-28"),
        ("0.1.0", ""),
    ]
    assert found[0].headlines == (
        ("New **measures**", "The verdict of vae moves."),
        ("Speed", "Twice as fast."),
    )
    assert found[1].headlines == (("", "All is new: nothing is old."),)
    assert found[2] == Section("0.1.0", "", "") and found[2].headlines == ()
    assert sections("") == ()


def test_the_page_has_each_version_with_its_day_and_each_task_with_its_versions():
    tasks = suite().tasks
    page = changes_page(LOG, tasks)
    assert re.findall("^## (.*)$", page, re.MULTILINE) == [
        "0.3.0, 2026-12-24",
        "0.2.0, 2026-11-28",
        "0.1.0",
        "Versions of tasks",
    ]
    for task in tasks:
        rows = [line for line in page.splitlines() if line.startswith(f"| [{task.name}]")]
        found = [tuple(cell.strip() for cell in row.split("|")[2:4]) for row in rows]
        assert found == [(str(version.number), version.since) for version in reversed(task.versions)]


def test_package_and_changelog_have_one_version_and_every_section_a_day():
    found = sections((root() / CHANGELOG).read_text("utf-8"))
    assert found[0].version == vaebench.__version__
    assert [one.version for one in found if not one.day] == []
    days = [one.day for one in found]
    assert days == sorted(days, reverse=True)


def test_the_citation_file_has_the_version_the_day_and_every_paper():
    text = (root() / "CITATION.cff").read_text("utf-8")
    fields = dict(re.findall(r"^([\w-]+): (.+)$", text, re.MULTILINE))
    assert fields["cff-version"] == "1.2.0"
    assert {"message", "title"} <= fields.keys() and "\nauthors:\n  - name:" in text
    assert fields["version"] == vaebench.__version__
    assert fields["date-released"] == sections((root() / CHANGELOG).read_text("utf-8"))[0].day
    for task in suite().tasks:
        assert task.source in text
        entry = paper_bibtex(task)
        assert re.search(r"title = \{(.*)\}", entry)[1] in text
        for name in re.search(r"author = \{(.*)\}", entry)[1].split(" and "):
            assert f"family-names: {name}\n" in text


def test_bibtex_has_what_it_cites():
    entries = papers_bibtex(suite().tasks)
    assert len(entries) == len({task.paper for task in suite().tasks})
    nakagawa = next(entry for entry in entries if entry.startswith("@misc{nakagawa2021,"))
    assert "author = {Nakagawa and Kato and Suzuki}" in nakagawa
    assert "eprint = {2007.15190}" in nakagawa and "year = {2021}" in nakagawa
    assert "version = {1.2.3}" in suite_bibtex("1.2.3")
    board = board_bibtex("1.2.3", "2026-11-28")
    assert "2026-11-28" in board and "1.2.3" in board


@pytest.mark.parametrize("entry", ["suite", "board", "papers"])
def test_an_entry_is_balanced(entry):
    entries = {
        "suite": (suite_bibtex("1"),),
        "board": (board_bibtex("1", "2026-11-28"),),
        "papers": papers_bibtex(suite().tasks),
    }[entry]
    for text in entries:
        assert text.count("{") == text.count("}") and text.startswith("@") and text.endswith("\n}")
