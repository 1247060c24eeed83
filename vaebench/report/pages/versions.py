"""Write the page that holds the verdicts of the first population against those of today."""

from collections.abc import Iterable, Mapping, Sequence

from vaebench.claims import Claim, Verdict
from vaebench.papers import Task
from vaebench.report.first_population import Before
from vaebench.report.rows.distinct import distinct
from vaebench.report.rows.selection import Selection
from vaebench.report.words.dated import UNDATED, commits, days
from vaebench.report.words.glossary import GLOSSARY, link
from vaebench.report.words.levels import can_it_tell, tally, tally_of
from vaebench.report.words.markdown import PREVIEW, SYMBOLS, anchor, escape, table

PAGE = "versions.md"
"""The file of the page at the top of the board."""

RENAMED = {f"{claim}_less_volume": claim for claim in ("fewer_outliers", "beats_truncation", "variation_cost")}
"""What a claim was called. The first population judged less volume alone."""


def versions_page(tasks: Iterable[Task], selection: Selection, before: Sequence[Before], preview: bool = False) -> str:
    """Write how each claim came out in the first population, and how it comes out now.

    Args:
        tasks: The tasks.
        selection: The records of the board.
        before: The first population's verdicts.
        preview: Whether to say that it is a preview.

    Returns:
        Markdown; empty without a first population.
    """
    if not before:
        return ""
    parts = ["# Then and now", *([PREVIEW] if preview else []), f"[Leaderboard](README.md) · [glossary]({GLOSSARY})"]
    parts.append(
        f"The first population was judged by one word. Here are both: {link('as published')}, and "
        f"{link('under controls')}: {', '.join(f'{SYMBOLS[word]} {word}' for word in SYMBOLS)}. Now each "
        f"{link('distinct model')} counts once. "
        "Then every record counted, for that population kept words and no numbers. "
        "Protocols changed in between, so a row compares two experiments on one question. "
        "Until all records are made again, there are fewer of them now."
    )
    if own := [one.record for one in selection.shown if one.is_own]:
        parts.append(f"Now: {', '.join(filter(None, (days(own), commits(own))))}. Then: {UNDATED}.")
    for task in tasks:
        shown = (one for one in selection.of_task(task.name) if one.is_own and one.row.preset == "standard")
        now = [model.first.verdicts for model in distinct(shown)]
        rows = [_row(task, claim, before, now) for claim in task.claims]
        heads = ["Claim", "Published, then", "now", "Controls, then", "now", "Can the measure tell"]
        parts += [f"## {escape(task.name)}", table(heads, rows)]
    return "\n\n".join(parts) + "\n"


def _row(task: Task, claim: Claim, before: Sequence[Before], now: Sequence[Mapping[str, Verdict]]) -> list[str]:
    name = RENAMED.get(claim.id, claim.id)
    then = [one for one in before if (one.task, one.claim) == (task.name, name)]
    verdicts = [found[claim.id] for found in now if claim.id in found]
    linked = f"[{escape(claim.id)}]({task.name}.md#{anchor(claim.id)})" if verdicts else escape(claim.id)
    return [
        linked,
        tally_of(one.published for one in then) or "new",
        tally(verdicts, published=True) or "–",
        tally_of(one.controlled for one in then) or "new",
        tally(verdicts, published=False) or "–",
        can_it_tell(verdicts),
    ]
