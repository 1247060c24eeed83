"""Every file of the board: Markdown pages and figures, drawn from records alone.

Pages are the same byte for byte on every machine. Figures are not: another version of matplotlib moves their paths. So
an SVG bears a hash of its inputs, a hash of itself, and the version that drew it. The inputs are the data and the
version of the drawing code. A figure is fresh if its inputs are those of the records and nobody changed the drawing. A
fresh figure is kept. A forger can make such hashes too, so continuous integration draws all figures again.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain

from vaebench.report.figures.drawn import drawings
from vaebench.report.figures.prepare import Picture, task_pictures
from vaebench.report.files import marked
from vaebench.report.findings import findings
from vaebench.report.pages.claims_table import counted_claims
from vaebench.report.pages.front_page import front_page
from vaebench.report.pages.gives import PAGE as GIVES
from vaebench.report.pages.gives import gives, gives_page
from vaebench.report.pages.left_out import PAGE as LEFT_OUT
from vaebench.report.pages.left_out import left_out_page
from vaebench.report.pages.over_records import over_records
from vaebench.report.pages.over_variants import PAGE as OVER_VARIANTS
from vaebench.report.pages.over_variants import Group, general_lines, groups, over_variants_page, read_kept
from vaebench.report.pages.places_page import lines_of, places_of, places_page, places_path
from vaebench.report.pages.record_page import record_page
from vaebench.report.pages.records_page import records_page, records_path
from vaebench.report.pages.superseded import PAGE as SUPERSEDED
from vaebench.report.pages.superseded import superseded_page
from vaebench.report.pages.task_page import task_page
from vaebench.report.pages.variant_page import variant_page, variants_of
from vaebench.report.pages.versions import PAGE as VERSIONS
from vaebench.report.pages.versions import versions_page
from vaebench.report.pages.where_holds import PAGE as WHERE
from vaebench.report.pages.where_holds import where_page
from vaebench.report.rows.distinct import Model, distinct
from vaebench.report.rows.kept import kept_page
from vaebench.report.rows.selection import Selection
from vaebench.report.rows.standing import by_data
from vaebench.report.suite import Suite
from vaebench.report.tables.croissant import File, croissant
from vaebench.report.tables.dictionary import SAYS, dictionary_page
from vaebench.report.tables.taken_away import CROISSANT, DATA, VERDICTS, VERDICTS_CSV
from vaebench.report.tables.verdict_rows import verdicts_csv
from vaebench.report.texts import Texts
from vaebench.report.words.changes import CHANGES, changes_page
from vaebench.report.words.citation import CITE, board_bibtex, cite_page
from vaebench.report.words.dated import last_day, measured
from vaebench.report.words.glossary import GLOSSARY, glossary_page


def pages(
    suite: Suite,
    selection: Selection,
    preview: bool = False,
    drawn: Mapping[str, str] | None = None,
    unread: Iterable[str] = (),
) -> Texts:
    """Make every file of the board.

    Args:
        suite: What there is.
        selection: What is shown, and what is not.
        preview: Whether the pages are a preview.
        drawn: Figures drawn before, by path; a fresh one is kept, which saves time. So are summaries over variants.
        unread: Files among the submissions that are no records; a page names them.

    Returns:
        Contents by path below the board: ``README.md`` and other pages for all tasks, ``<task>.md``,
        ``places/<task>.md``, ``variants/*.md``, ``records/<task>/*.md``, ``results/*`` and ``figures/*.svg``. Pages
        without content are not there: ``superseded.md``, ``versions.md``, ``left_out.md``, ``over_variants.md``,
        ``where_claims_hold.md`` and ``what_you_get.md``.
    """
    pictures = {task.name: task_pictures(task, selection) for task in suite.tasks}
    with drawings([*chain.from_iterable(pictures.values())], drawn or {}) as drawing:  # goes on beside what follows
        files, kept = _texts(suite, selection, pictures, preview, drawn or {}, unread)
        return Texts(files | dict(drawing), kept)


def _texts(
    suite: Suite,
    selection: Selection,
    pictures: Mapping[str, Sequence[Picture]],
    preview: bool,
    drawn: Mapping[str, str],
    unread: Iterable[str],
) -> tuple[dict[str, str], dict[str, bytes]]:
    """Every file but the figures; record pages that were kept are still squeezed."""
    over = summed_up(suite, selection, drawn)
    models, general = over.models, over.general
    written = overall_pages(suite, selection, over, preview, unread)
    found = {} if preview else _findings(suite, selection, models)
    kept: dict[str, bytes] = {}
    standing = {task.name: by_data(models[task.name]) for task in suite.tasks}
    for task in suite.tasks:
        beside = {claim.id: [one for one in general[task.name] if one.claim == claim.id] for claim in task.claims}
        shares = over.shares[task.name]
        said = {claim: general_lines(of_claim, shares.get(claim, ())) for claim, of_claim in beside.items()}
        written[f"{task.name}.md"] = task_page(
            task, selection, pictures[task.name], preview, found.get(task.name, ""), said
        )
        written[places_path(task)] = places_page(task, standing[task.name], selection, preview)
        written[records_path(task)] = records_page(task, selection, preview)
        for shown in selection.of_task(task.name):
            if page := b"" if preview else kept_page(shown, suite):
                kept[shown.path] = page
            else:
                written[shown.path] = record_page(task, shown, preview, suite.variants)
    own = lines_of({name: by_data([one for one in of_task if one.is_own]) for name, of_task in models.items()})
    for path, of_variant in variants_of(selection.shown).items():
        written[path] = variant_page(suite, of_variant, preview, places_of(of_variant, own))
    tables = add_tables(suite, selection, written, preview)
    files = {path: marked(text) for path in list(written) if (text := written.pop(path))}
    return files | tables, kept


def add_tables(suite: Suite, selection: Selection, written: dict[str, str], preview: bool) -> dict[str, str]:
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
    written[DATA] = dictionary_page(measured(records))
    written[CHANGES] = changes_page(
        suite.changelog, suite.tasks, not preview, VERSIONS if written.get(VERSIONS) else ""
    )
    written[CITE] = cite_page(suite.tasks, suite.release, day, linked=not preview)
    file = File(VERDICTS_CSV.partition("/")[2], text.encode(), VERDICTS, SAYS["verdicts"])
    cite = board_bibtex(suite.release, day)
    return {VERDICTS_CSV: text, CROISSANT: croissant([file], suite.release, day, cite)}


@dataclass(frozen=True)
class SummedUp:
    """What several pages say over records.

    Attributes:
        models: The distinct models of each task.
        general: How far the claims of each task generalise.
        shares: By task and claim, its shares over records, for the claims that speak of them.
    """

    models: Mapping[str, tuple[Model, ...]]
    general: Mapping[str, tuple[Group, ...]]
    shares: Mapping[str, Mapping[str, list[str]]]


def summed_up(suite: Suite, selection: Selection, drawn: Mapping[str, str]) -> SummedUp:
    """Sum up the records of each task.

    Args:
        suite: What there is.
        selection: What is shown.
        drawn: Files that were written before, by path; summaries over variants are kept from there.

    Returns:
        The summaries.
    """
    kept = read_kept(drawn.get(OVER_VARIANTS, ""))
    models = {task.name: distinct(selection.of_task(task.name)) for task in suite.tasks}
    general = {task.name: groups(task, models[task.name], kept) for task in suite.tasks}
    shares = {
        task.name: {c.id: lines for c in task.claims if (lines := over_records(task, c, models[task.name]))}
        for task in suite.tasks
    }
    return SummedUp(models, general, shares)


def overall_pages(
    suite: Suite, selection: Selection, over: SummedUp, preview: bool = False, unread: Iterable[str] = ()
) -> dict[str, str]:
    """Write the pages for all tasks together.

    Args:
        suite: What there is.
        selection: What is shown.
        over: From `summed_up`.
        preview: Whether the pages are a preview.
        unread: Files among the submissions that are no records.

    Returns:
        Contents by path; a page without content is empty.
    """
    unread = tuple(unread)
    claims = [
        one for task in suite.tasks for one in counted_claims(task, over.models[task.name], over.general[task.name])
    ]
    given = gives(selection)
    own = [one.record for one in selection.shown if one.is_own]
    every = list(chain.from_iterable(over.models.values()))
    summed = list(chain.from_iterable(over.general.values()))
    return {
        "README.md": front_page(suite, selection, every, claims, given, preview, unread),
        GLOSSARY: glossary_page(),
        SUPERSEDED: superseded_page(suite, selection, preview),
        VERSIONS: versions_page(suite.tasks, selection, suite.first, preview),
        LEFT_OUT: left_out_page(selection, unread, preview),
        OVER_VARIANTS: (over_variants_page(suite.tasks, summed, preview, measured(own), over.shares) if claims else ""),
        WHERE: where_page(suite.tasks, claims, suite.first, preview, measured(own)),
        GIVES: gives_page(given, suite, preview) if given else "",
    }


def _findings(suite: Suite, selection: Selection, models: Mapping[str, Sequence[Model]]) -> dict[str, str]:
    """Fill the papers' findings from the suite's own records. A preview shows no findings."""
    copies = [one.record for model in chain.from_iterable(models.values()) for one in model.records[1:]]
    own = {
        task.name: [one.record for one in selection.of_task(task.name) if one.is_own and one.row.preset == "standard"]
        for task in suite.tasks
    }
    found: dict[str, str] = {}
    for paper, text in suite.findings.items():
        of_paper = {name: records for name, records in own.items() if suite.by_name[name].paper == paper}
        found |= findings(text, f"vaebench/papers/{paper}/findings.md", of_paper, suite.first, copies)
    return found
