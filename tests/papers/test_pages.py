"""Task pages look alike and hold no results. Those stand in findings, of every task."""

import re

import pytest

from vaebench import catalog

SECTIONS = ("What is done", "Measurements", "Conditions", "Controls", "Choices that are ours")
TELL = "Can the measures tell?"
"""A section of the tasks that have plants, before the controls."""
MOST_LINES = 66

TASKS = pytest.mark.parametrize("name", catalog.task_names())


@TASKS
def test_a_page_has_its_sections_in_order_and_a_table_of_choices(name):
    text = catalog.task_text(name)
    leads = [lead for lead in re.findall(r"^\*\*(.+?)\.?\*\*", text, re.MULTILINE) if lead[0].isupper()]
    assert tuple(lead for lead in leads if lead != TELL) == SECTIONS
    assert (TELL in leads) == any(claim.plants for claim in catalog.task(name).claims)
    assert "| theirs | ours |\n| --- | --- |\n| " in text.partition("**Choices that are ours**")[2]
    assert len(text.splitlines()) <= MOST_LINES


@TASKS
def test_a_papers_findings_have_its_task(name):
    text = catalog.page("papers", name).with_name("findings.md").read_text("utf-8")
    bullets = text.partition(f"## {name}\n")[2].partition("\n## ")[0]
    assert bullets.strip().startswith("- ")
    assert "[" in bullets and "{" in bullets
