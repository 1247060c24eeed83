"""Write the board's front page: which claims hold, how much, what variants give, and where everything lies.

Its size does not depend on the number of rows. It counts the suite's own records only, so a record that somebody sends
changes the pages of its task and not this one.
"""

from collections import Counter
from collections.abc import Iterable, Sequence

from vaebench.papers import Task
from vaebench.report.pages.claims_table import Counted, all_claims, headlines
from vaebench.report.pages.gives import FIRST, Gives, gives_table
from vaebench.report.pages.gives import PAGE as GIVES
from vaebench.report.pages.left_out import left_out_line
from vaebench.report.pages.over_variants import PAGE as OVER_VARIANTS
from vaebench.report.pages.places_page import places_path
from vaebench.report.pages.records_page import foundations, records_path
from vaebench.report.pages.superseded import PAGE as SUPERSEDED
from vaebench.report.pages.superseded import no_records, superseded_line
from vaebench.report.pages.this_run import this_run
from vaebench.report.pages.where_holds import PAGE as WHERE
from vaebench.report.rows.distinct import Model
from vaebench.report.rows.selection import Selection
from vaebench.report.suite import Suite
from vaebench.report.tables.taken_away import DATA, VERDICTS_CSV
from vaebench.report.words.changes import CHANGES
from vaebench.report.words.citation import CITE
from vaebench.report.words.dated import newest
from vaebench.report.words.glossary import GLOSSARY, link
from vaebench.report.words.markdown import PREVIEW, contents, escape, table, words

TITLE = "Which claims about VAEs hold?"

LEGEND = (
    f"**n** of m models: ✓ the 95 % interval over {link('seed', 'seeds')} lies where the paper says "
    "· ✗ it contradicts a condition · ? all others: it cannot be told."
)

ADD, HOME = "../CONTRIBUTING.md", "../README.md"


def front_page(
    suite: Suite,
    selection: Selection,
    models: Sequence[Model],
    claims: Sequence[Counted],
    given: Sequence[Gives],
    preview: bool = False,
    unread: Iterable[str] = (),
) -> str:
    """Write the board's page.

    Args:
        suite: What there is.
        selection: What is shown.
        models: All distinct models.
        claims: All claims with what counts of them.
        given: What each row gives.
        preview: Whether to say that it is a preview.
        unread: Files among the submissions that are no records.

    Returns:
        Markdown.
    """
    own = [one for one in models if one.is_own]
    parts = [f"# {TITLE}", *([PREVIEW] if preview else [])]
    facts = [f"{_tested(suite, selection)}{_awaited(suite, selection)}", _dated(suite, selection, preview)]
    facts += [] if selection.shown else [no_records(selection.stale)]
    parts.append("\\\n".join([*facts, LEGEND]))
    first = headlines(claims)
    parts += [first] if first else []
    parts += [_by_task(suite.tasks, selection)] if selection.shown else []
    run = this_run(suite.tasks, selection) if preview else ""
    links = len(parts)
    parts += ["## This run", run] if run else []
    if claims:
        parts += ["## All claims", _claims_legend(), all_claims(claims)]
    rows = [one for one in given if one.is_own]
    if rows:
        more = f" The first {FIRST} of {len(rows)} rows:" if len(rows) > FIRST else ""
        parts += ["## What you get from each variant", f"[All rows]({GIVES}).{more}", gives_table(rows[:FIRST], suite)]
    parts += ["## Places by task", _places_legend(), _places(suite.tasks, own)] if suite.tasks else []
    parts += ["## Names", _names(suite, selection, linked=not preview)] if suite.names and selection.shown else []
    parts += ["## Records", foundations([one for one in selection.shown if one.is_own])]
    parts += ["## Superseded", superseded_line(selection.stale)] if selection.stale else []
    parts += ["## Left out", line] if (line := left_out_line(selection, unread)) else []
    parts.insert(links, contents(parts))
    return "\n\n".join(parts) + "\n"


def _tested(suite: Suite, selection: Selection) -> str:
    """Say in a sentence what was tested on what."""
    subjects = [one.subject for one in selection.shown if one.is_own]
    if not subjects:
        return f"{len(suite.tasks)} tasks wait for records."
    papers = {suite.by_name[one.task.name].paper for one in subjects}
    variants, archs, data = (
        {one.variant.name for one in subjects},
        {one.arch for one in subjects},
        {one.dataset.name for one in subjects},
    )
    seeds = Counter(len(one.record.cells) for one in selection.shown if one.is_own).most_common(1)[0][0]
    return (
        f"Claims of {_many(len(papers), 'paper')} on {_many(len(variants), 'variant')}, "
        f"{_many(len(archs), 'network')} and {_many(len(data), 'data set')}, {_many(seeds, 'seed')} each."
    )


def _awaited(suite: Suite, selection: Selection) -> str:
    """Say which tasks have no current result, because their protocol changed, where others have one."""
    old = [record.subject for record in selection.superseded]
    if not old or not selection.shown:
        return ""
    own = [one.subject for one in selection.shown if one.is_own]
    unmeasured = {one.task.name for one in old} - {one.task.name for one in own}
    none = [f"[{words(task.name)}]({task.name}.md)" for task in suite.tasks if task.name in unmeasured]
    lacks = f" No current result yet: {', '.join(none)}." if none else ""
    many = f"[{_many(len(old), 'record')}]({SUPERSEDED})"
    archs = Counter(one.arch for one in old)
    networks = ", ".join(f"{archs[arch]} {arch}" for arch in sorted(archs))
    return f" {many} ({networks}) {'awaits' if len(old) == 1 else 'await'} a rerun.{lacks}"


def _by_task(tasks: Sequence[Task], selection: Selection) -> str:
    """Link from the first screen to what a reader asks of a task."""
    said = []
    for task in tasks:
        page, places = f"{task.name}.md", places_path(task)
        ways = [f"[protocol]({page}#protocol)"]
        if selection.of_task(task.name):
            ways += [f"[places]({places})", f"[coverage]({places}#coverage)"]
        said.append(f"[{words(task.name.partition('_')[2])}]({page}) ({', '.join(ways)})")
    return f"**Tasks**: {' · '.join(said)}"


def _many(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"


def _dated(suite: Suite, selection: Selection, preview: bool) -> str:
    """Say of when the results are, of which version and on what, with links to what else there is."""
    own = [one.record for one in selection.shown if one.is_own]
    devices = ", ".join(sorted({one.subject.device for one in own}))
    on = f", on {devices}" if devices else ""
    what = (newest(own), f"suite {escape(suite.release)}", f"{len(own)} records{on}")
    facts = f"**Results: {' · '.join(filter(None, what))}**"
    if preview:
        return facts
    ways = (
        ("changes", CHANGES),
        ("CSV", VERDICTS_CSV),
        ("data", DATA),
        ("cite", CITE),
        ("add a variant", ADD),
        ("about", HOME),
    )
    return " · ".join([facts, *(f"[{name}]({path})" for name, path in ways)])


def _claims_legend() -> str:
    return (
        f"Each {link('claim')} is counted over the suite's own {link('record', 'records')}. "
        f"{link('distinct model', 'One model')} under two names counts once. "
        "The linear VAE counts as any other, though mathematics fixes much of what it can do. "
        f"{link('as published', 'As published')} is by the paper's own measure, under controls with every "
        "control of ours, where its measure can tell. "
        "Where the paper's measure has no meaning for a model, it counts under controls alone. "
        f"The [glossary]({GLOSSARY}) explains the words. "
        "The claims that hold most widely come first. *What decides* names the models that do not hold, or the "
        "condition that most fail by, or are undecided by. The analytic arm's column has the verdict that mathematics "
        f"gives for the {link('analytic arm')}, and how many of its distinct models got it. *How much*, above, is the "
        "mean over variants of what the cell names, on the task's first data set and for the network that has most of "
        "them. *New variant* is its 95 % prediction interval. "
        f"[All networks and data sets]({OVER_VARIANTS}) have both. "
        f"[Where each claim holds]({WHERE}) counts by data set and network."
    )


def _places_legend() -> str:
    return (
        f"There is no overall rank. Where a {link('variant')} stands depends on the {link('task')} and the data set, "
        f"and most rows cannot be told apart. A {link('place')} is a range."
    )


def _places(tasks: Sequence[Task], own: Sequence[Model]) -> str:
    counts = Counter(one.first.subject.task.name for one in own)
    rows = [
        [
            f"[{escape(task.title)}]({task.name}.md)",
            escape(task.asks),
            str(counts[task.name]),
            f"[places]({places_path(task)})",
            f"[records]({records_path(task)})",
        ]
        for task in tasks
    ]
    return table(["Task", "Question", "Distinct models", "Places", "Records"], rows)


def _names(suite: Suite, selection: Selection, linked: bool) -> str:
    """Say what the names on the board mean, in the first lines of their own pages."""
    subjects = [one.subject for one in selection.shown if one.is_own]
    data = {one.dataset.name for one in subjects}
    shown = {one.variant.name for one in subjects} | {one.arch for one in subjects} | data
    sizes = {name.rstrip("0123456789"): name for name in sorted(data)}
    lines = []
    for one in suite.names:
        called = one.name if one.name in shown else sizes.get(one.name, "")  # sprites16 is sprites of that size
        if called:
            lines.append([one.kind, f"[{called}](../{one.path})" if linked else called, escape(one.says)])
    return table(["Kind", "Name", "Meaning"], lines)
