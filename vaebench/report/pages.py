"""Every file of the board: Markdown pages and figures, drawn from records alone.

Pages are the same byte for byte on every machine. Figures are not: another version of matplotlib moves their paths. So
an SVG bears a hash of its inputs, a hash of itself, and the version that drew it. The inputs are the data and the
version of the drawing code. A figure is fresh if its inputs are those of the records and nobody changed the drawing. A
fresh figure is kept. A forger can make such hashes too, so continuous integration draws all figures again.
"""

from collections.abc import Iterable, Mapping

from vaebench.report.changes import CHANGES, changes_page
from vaebench.report.citation import CITE, board_bibtex, cite_page
from vaebench.report.croissant import File, croissant
from vaebench.report.dated import last_day, measured
from vaebench.report.dictionary import SAYS, dictionary_page
from vaebench.report.figures.prepare import Picture, task_pictures
from vaebench.report.figures.stamp import inputs_hash, stamp
from vaebench.report.files import MARK
from vaebench.report.findings import findings
from vaebench.report.front_page import front_page
from vaebench.report.glossary import PAGE, glossary_page
from vaebench.report.record_page import record_page
from vaebench.report.selection import Selection
from vaebench.report.suite import Suite
from vaebench.report.superseded import PAGE as SUPERSEDED
from vaebench.report.superseded import superseded_page
from vaebench.report.taken_away import CROISSANT, DATA, VERDICTS, VERDICTS_CSV
from vaebench.report.task_page import task_page
from vaebench.report.variant_page import variant_page, variants_of
from vaebench.report.verdict_rows import verdicts_csv


def pages(
    suite: Suite,
    selection: Selection,
    preview: bool = False,
    drawn: Mapping[str, str] | None = None,
    unread: Iterable[str] = (),
) -> dict[str, str]:
    """Make every file of the board.

    Args:
        suite: What there is.
        selection: What is shown, and what is not.
        preview: Whether the pages are a preview.
        drawn: Figures drawn before, by path; a fresh one is kept, which saves time.
        unread: Files among the submissions that are no records; the front page names them.

    Returns:
        Contents by path below the board: ``README.md``, ``glossary.md``, ``changes.md``, ``cite.md``, ``<task>.md``,
        ``variants/*.md``, ``records/<task>/*.md``, ``results/*`` and ``figures/*.svg``; also
        ``superseded.md``, if a record is of an earlier protocol.
    """
    written = {"README.md": front_page(suite, selection, preview, unread), PAGE: glossary_page()}
    if apart := superseded_page(suite, selection, preview):
        written[SUPERSEDED] = apart
    found = {} if preview else _findings(suite, selection)
    pictures: list[Picture] = []
    for task in suite.tasks:
        of_task = task_pictures(task, selection)
        written[f"{task.name}.md"] = task_page(task, selection, of_task, preview, found.get(task.name, ""))
        for shown in selection.of_task(task.name):
            written[shown.path] = record_page(task, shown, preview, suite.variants)
        pictures += of_task
    for path, of_variant in variants_of(selection.shown).items():
        written[path] = variant_page(suite, of_variant, preview)
    tables = taken_away(suite, selection, written, preview)
    marked = {path: f"{MARK}\n\n{text}" for path, text in written.items()}
    return marked | tables | {picture.path: _drawn(picture, drawn or {}) for picture in pictures}


def taken_away(suite: Suite, selection: Selection, written: dict[str, str], preview: bool) -> dict[str, str]:
    """Make what readers take away: the table of verdicts and its description; and add the pages that explain it.

    Args:
        suite: What there is.
        selection: What is shown.
        written: Pages by path, to which those of data, changes and citation are added.
        preview: Whether the pages are a preview.

    Returns:
        The tables by path.
    """
    records = [one.record for one in selection.shown]
    day, text = last_day(records), verdicts_csv(selection)
    written[DATA] = dictionary_page(text.count("\n") - 1, measured(records))
    written[CHANGES] = changes_page(suite.changelog, suite.tasks, linked=not preview)
    written[CITE] = cite_page(suite.tasks, suite.release, day, len(records), linked=not preview)
    file = File(VERDICTS_CSV.partition("/")[2], text.encode(), VERDICTS, SAYS["verdicts"])
    cite = board_bibtex(suite.release, day, len(records))
    return {VERDICTS_CSV: text, CROISSANT: croissant([file], suite.release, day, cite)}


def _findings(suite: Suite, selection: Selection) -> dict[str, str]:
    """Fill the papers' findings from the suite's own records. A preview shows no findings."""
    own = {
        task.name: [one.record for one in selection.of_task(task.name) if one.is_own and one.row.preset == "standard"]
        for task in suite.tasks
    }
    found: dict[str, str] = {}
    for paper, text in suite.findings.items():
        of_paper = {name: records for name, records in own.items() if suite.by_name[name].paper == paper}
        found |= findings(text, f"vaebench/papers/{paper}/findings.md", of_paper)
    return found


def _drawn(picture: Picture, before: Mapping[str, str]) -> str:
    """Draw a figure, unless it was drawn before."""
    there = before.get(picture.path, "")
    seal = stamp(there) if there else None
    if seal and seal.inputs == inputs_hash(picture.figure):
        return there
    from vaebench.report.figures.draw import svg  # matplotlib takes longer than all the rest

    return svg(picture.figure)
