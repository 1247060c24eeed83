"""Write the page that says on which data set and with which network each claim holds, now and before."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from vaebench.papers import REAL_IMAGES, Task
from vaebench.report.first_population import Before
from vaebench.report.pages.claims_table import IN_TESTS, NO_CONTROL, Counted
from vaebench.report.pages.over_variants import PAGE as OVER_VARIANTS
from vaebench.report.pages.versions import PAGE as VERSIONS
from vaebench.report.pages.versions import RENAMED
from vaebench.report.rows.distinct import Model
from vaebench.report.words.dated import UNDATED
from vaebench.report.words.glossary import GLOSSARY, link
from vaebench.report.words.levels import LEVEL_HEADS, LEVEL_NAMES, can_it_tell, tally, tally_of
from vaebench.report.words.markdown import PREVIEW, SYMBOLS, bullets, contents, escape, label, table, words

PAGE = "where_claims_hold.md"
"""The page's file at the top of the board."""

HEADS = ("Claim", "Data · network", "Models", *LEVEL_HEADS, "Can the measure tell?")
BEFORE = ("Before, as published", "Before, under controls")

NOWHERE = "applies nowhere"
"""What stands for a place where a claim applies to no model, and did not before."""

TURNS = "Holds for most models on some data sets, and not on others:"
"""What comes before the list of claims that turn round between data sets."""

Place = tuple[str, str]
"""A data set and a network."""


def where_page(
    tasks: Sequence[Task], claims: Iterable[Counted], before: Sequence[Before], preview: bool = False, when: str = ""
) -> str:
    """Write the page: a table a task, a row for each claim on each data set with each network.

    Args:
        tasks: The tasks, in order.
        claims: All claims with what counts of them.
        before: The first population's verdicts.
        preview: Whether to say that it is a preview.
        when: When the suite's own records were measured; empty for nothing.

    Returns:
        Markdown; empty where nothing counts.
    """
    of_tasks: dict[str, list[Counted]] = {}
    for one in claims:
        of_tasks.setdefault(one.task.name, []).append(one)
    if not of_tasks:
        return ""
    others = f" · [how much]({OVER_VARIANTS})" + (f" · [then and now]({VERSIONS})" if before else "")
    parts = ["# Where each claim holds", *([PREVIEW] if preview else [])]
    parts.append(f"[Leaderboard](README.md) · [glossary]({GLOSSARY}){others}")
    parts += [f"{when}."] if when else []
    head = len(parts)
    places: set[Place] = set()
    for task in tasks:
        of_task = of_tasks.get(task.name) or [Counted(task, claim, (), ()) for claim in task.claims]
        then = [one for one in before if one.task == task.name]
        by_claim = {one.claim.id: _by_place(one, then) for one in of_task}
        found = {place for of_claim in by_claim.values() for place in of_claim}
        if found:
            asks = f"[{escape(task.title)}]({task.name}.md). {escape(task.asks)}"
            table_of_task = _table(of_task, by_claim, is_before=bool(then))
            parts += [f"## {escape(task.name)}", asks, *_turns(of_task), table_of_task]
        places |= found
    legend = [_legend({dataset for dataset, _ in places}), *([_legend_before()] if before else [])]
    parts[head:head] = [*legend, contents(parts)]
    return "\n\n".join(parts) + "\n"


def _legend(datasets: set[str]) -> str:
    """Say what is counted, and which data sets are real images."""
    real = [words(name) for name in REAL_IMAGES if name in datasets]
    said = (
        f"A row is one {link('claim')} on one data set with one {link('network')}. It counts the suite's own "
        f"{link('distinct model', 'distinct models')} to which the claim applies. Each has a {link('verdict')} at "
        f"both levels: {', '.join(map(label, SYMBOLS))}. {link('as published', 'As published')} is by the paper's own "
        f"measure, {link('under controls')} with every control of ours, where its measure can tell. Where the "
        "paper's measure has no meaning for a model, that model counts under controls alone."
    )
    return said + (f" Real images, with their official split: {', '.join(real)}." if real else "")


def _legend_before() -> str:
    """Say what the first population is, and what empty cells mean."""
    return (
        f"*Before* is the first population, measured {UNDATED}. Each of its records counts, because only their words "
        "are kept. Protocols have changed since, so a row compares two experiments on one question. Of a claim that "
        "had no control, both words were the same. The cells are empty where that population has no record. "
        f"A row of 0 models is there for what was said before. Then {SYMBOLS['not applicable']} means that the claim "
        "applies to no model of today, and empty cells mean that none is measured yet."
    )


def _turns(of_task: Iterable[Counted]) -> list[str]:
    """Name the claims that turn round between data sets, at each level."""
    said = dict(zip(LEVEL_NAMES, LEVEL_HEADS, strict=True))
    lines = [
        f"{escape(one.claim.id)}, {said[at].lower()}: {escape(where)}"
        for one in of_task
        for at in one.levels
        if (where := one.by_dataset(at))
    ]
    return [f"{TURNS}\n\n{bullets(lines)}"] if lines else []


Rows = Mapping[Place, tuple[Counted, Sequence[Before]]]
"""What a claim's rows count, now and before, in order."""


def _by_place(one: Counted, then: Iterable[Before]) -> Rows:
    """Divide a claim's models and its verdicts of before by data set and network, in the board's order."""
    name = RENAMED.get(one.claim.id, one.claim.id)
    now: dict[Place, list[Model]] = {}
    for model in one.models:
        now.setdefault((model.first.dataset, model.first.row.arch), []).append(model)
    old: dict[Place, list[Before]] = {}
    for verdict in then:
        if verdict.claim == name and {verdict.published, verdict.controlled} != {"not applicable"}:
            old.setdefault((verdict.dataset, verdict.network), []).append(verdict)
    order = {dataset: number for number, dataset in enumerate(one.task.counted_on)}
    places = sorted(now.keys() | old.keys(), key=lambda place: (order.get(place[0], len(order)), place))
    return {place: (replace(one, models=tuple(now.get(place, ()))), old.get(place, ())) for place in places}


def _table(of_task: Iterable[Counted], by_claim: Mapping[str, Rows], is_before: bool) -> str:
    """Write a task's table. The claim is named in its first row only."""
    measured = {place for rows in by_claim.values() for place, (now, _) in rows.items() if now.models}
    lines = []
    for one in of_task:
        name = f"[{escape(one.claim.id)}]({one.link})" if one.models else escape(one.claim.id)
        for place, (now, then) in by_claim[one.claim.id].items():
            lines.append([name, words(" · ".join(place)), *_counts(now, place in measured)])
            lines[-1] += _counts_before(then) if is_before else ()
            name = ""
        if name:
            lines.append([name, NOWHERE, "0", *("" for _ in HEADS[3:]), *("" for _ in BEFORE if is_before)])
    return table([*HEADS, *(BEFORE if is_before else ())], lines)


def _counts(now: Counted, is_measured: bool) -> list[str]:
    """Count a claim's models in one place. Where models were measured and it applies to none, say that."""
    none = SYMBOLS["not applicable"] if is_measured else ""
    counts = [tally(now.verdicts, at == "published") or none for at in now.levels]
    counts += [NO_CONTROL if now.models else none] * (len(LEVEL_NAMES) - len(counts))
    return [
        str(len(now.models)),
        *map(_unbroken, counts),
        (can_it_tell(now.verdicts) or IN_TESTS) if now.models else "",
    ]


def _counts_before(then: Sequence[Before]) -> tuple[str, str]:
    """Count the first population's words in one place, at both levels; empty where it had none."""
    none = SYMBOLS["not applicable"] if then else ""
    published, controlled = (tally_of(getattr(one, level) for one in then) or none for level in LEVEL_NAMES)
    return _unbroken(published), _unbroken(controlled)


def _unbroken(cell: str) -> str:
    """Keep a cell on one line, so that a column of counts can be read down."""
    return cell.replace(" ", "\N{NO-BREAK SPACE}")
