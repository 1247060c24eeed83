"""Laws of superseded records: shown apart by the claims that they carry, and counted nowhere else."""

import random
import re
from dataclasses import replace

import pytest

from vaebench.claims import Claim, Measurement, Near, column
from vaebench.papers import Version
from vaebench.report.pages.superseded import PAGE, superseded_line, superseded_page
from vaebench.report.received.sent import sent
from vaebench.report.rows.selection import select
from vaebench.report.tables.verdict_rows import taken_records
from vaebench.report.words.markdown import NO_RECORDS, PREVIEW

TASK = "camuto2021_variance_frequency"
VERSIONS = (Version(1, "2026-11-20"), Version(2, "2026-11-28"))


def second(made, *places):
    """The suite with some of its tasks in version 2."""
    tasks = [replace(t, version=2, versions=VERSIONS) if i in places else t for i, t in enumerate(made.tasks)]
    return made.with_tasks(*tasks)


def tables(text):
    """By heading of a task, the rows of all tables below."""
    found = {}
    for part in text.split("\n## ")[1:]:
        lines = [line for line in part.splitlines() if line.startswith("|")]
        found[part.partition("\n")[0]] = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    return found


@pytest.fixture(scope="module")
def old(made):
    return [made.record(variant=variant) for variant in ("vae", "beta_vae")]


def test_a_board_of_current_records_has_no_such_page(made, old):
    assert PAGE not in made.pages(old)


def test_each_record_has_its_words_at_both_levels_by_claim(made, old):
    suite = second(made, 0)
    head, _, *rows = tables(superseded_page(suite, select(suite, old), False))[TASK]
    symbols = {"holds": "✓", "fails": "✗", "undecided": "?", "not applicable": "–"}
    assert [re.sub(r"^\[|\].*$", "", cell) for cell in head[3:]] == [claim.id for claim in old[0].claims]
    assert len(rows) == 2
    for record in old:
        (row,) = (row for row in rows if row[0].startswith(f"[{record.subject.variant.name} · mlp]"))
        assert f"(../reference_results/{record.subject.file_name})" in row[0]
        said = [f"{symbols[v.published.word]} / {symbols[v.controlled.word]}" for v in record.verdicts]
        assert row[1:] == ["digits", "5 of 5", *said]


def test_a_record_is_judged_by_its_own_claims_and_its_measurements(made):
    """Not by those of the task, and not by the verdicts that lie in its file."""

    def one(rng):
        return [column("trained", None, 0, Measurement("r", 1.0 + rng.normal(0, 0.001), 0.0, 1))]

    claims = (Claim("own", "It is 1.", (Near("r", 1.0, 0.1, 0.0),)), Claim("far", "It is 2.", (Near("r", 2, 0.1, 0),)))
    record = made.record(claims=claims, measurements=one, task_hash="0" * 16)
    boasting = record.model_copy(update={"verdicts": tuple(record.verdicts[:1] * 2)})
    page = superseded_page(made.suite, select(made.suite, [boasting]), False)
    head, _, row = tables(page)[TASK]
    assert (head[3:], row[3:]) == (["own", "far"], ["✓ / ✓", "✗ / ✗"])
    (taken,) = taken_records(select(made.suite, [boasting]))
    assert [(one.claim, one.word) for one in taken.record.verdicts] == [("own", "holds"), ("far", "fails")]


def test_a_previews_contents_follow_its_links(made, old):
    suite = second(made, 0)
    parts = superseded_page(suite, select(suite, old, preview=True), True).split("\n\n")
    assert parts[1] == PREVIEW and parts[2].startswith("[Leaderboard]") and parts[3].count("](#") > 0


def test_superseded_records_count_on_no_other_page(made, old):
    """The other pages are as they would be without them, but for what leads to their page and says what is to be rerun.

    The tables under ``results`` have them, and say in each row that they are superseded.
    """
    current = [made.measured_for(second(made, 0).tasks[0], made.record(variant="iwae"))]
    current = [one.model_copy(update={"subject": _version(one.subject, 2)}) for one in current]
    suite = second(made, 0)
    alone, mixed = made.pages(current, suite), made.pages([*old, *current], suite)
    assert set(mixed) - set(alone) == {PAGE}
    for name, text in alone.items():
        if name.startswith("results/"):
            continue
        without, expected = (page.partition("## Coverage")[0] for page in (mixed[name], text))
        without = re.sub(rf" \[\d+ records?\]\({PAGE}\) \(\d+ [^.]+\) awaits? a rerun\.", "", without)
        kept = [line for line in without.splitlines() if PAGE not in line and line != "## Superseded"]
        both = kept, expected.splitlines()
        ours, theirs = ([line for line in lines if line and "](#" not in line] for lines in both)
        assert ours == theirs, name


def _version(subject, number):
    return subject.model_copy(update={"task": subject.task.model_copy(update={"version": number})})


def test_a_task_without_current_records_says_so_in_one_line_that_leads_there(made, old):
    pages = made.pages(old, second(made, 0))
    line = next(one for one in pages[f"{TASK}.md"].splitlines() if one.startswith(NO_RECORDS))
    assert "2 records" in line and f"({PAGE}#{TASK})" in line
    assert f"\n## {TASK}\n" in pages[PAGE]
    assert f"(../{PAGE}#{TASK})" in pages[f"places/{TASK}.md"]
    assert f"(../../{PAGE}#{TASK})" in pages[f"records/{TASK}/README.md"]
    assert f"({PAGE})" in pages["README.md"]
    assert "vae · mlp" not in pages["README.md"]


def test_versions_of_task_and_data_have_tables_of_their_own_the_newest_first(made, old):
    third = replace(made.tasks[0], version=3, versions=(*VERSIONS, Version(3, "2026-11-29")))
    later = made.record(variant="iwae").model_copy(update={"subject": _version(old[0].subject, 2)})
    suite = made.with_tasks(third, made.tasks[1])
    page = superseded_page(suite, select(suite, [*old, later]), False)
    assert re.findall(r"\*\*Version (\d) of (\S+), data of version (\d)", page) == [
        ("2", "2026-11-28", "1"),
        ("1", "2026-11-20", "1"),
    ]


def test_a_change_within_a_version_is_named_as_one(made):
    page = superseded_page(made.suite, select(made.suite, [made.record(dataset_hash="0" * 16)]), False)
    assert "within the version" in page
    suite = second(made, 0)
    assert "within the version" not in superseded_page(suite, select(suite, [made.record()]), False)


def test_what_others_sent_is_named_and_not_judged(made):
    suite = second(made, 0)
    theirs = sent(made.record(variant="my_vae"), "alice")
    selection = select(suite, [], submissions=[theirs])
    page = superseded_page(suite, selection, False)
    assert tables(page) == {"Sent by others": []}
    assert "alice/" in page and "my_vae" in page and "✓ /" not in page
    assert superseded_line(selection.stale, TASK).startswith("1 record ")
    assert "#" not in superseded_line(selection.stale, TASK)


def test_any_order_of_records_makes_the_same_page(made, old):
    records = [*old, *made.board(("vae", "iwae"), ("mlp",))]
    suite = second(made, 0, 1)
    mixed = records[:]
    random.Random(1).shuffle(mixed)
    pages = [superseded_page(suite, select(suite, some), False) for some in (records, mixed)]
    assert pages[0] == pages[1]


def test_a_preview_has_no_links_out_of_it(made, old):
    suite = second(made, 0)
    assert "](../" not in superseded_page(suite, select(suite, old, preview=True), True)
