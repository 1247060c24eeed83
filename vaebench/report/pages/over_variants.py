"""Say how far each claim generalises: its effect over distinct variants, by network and data set, on a page of its own.

The page keeps its numbers in a comment, each group with a hash of what it was made of. A group whose hash is the same
is not summed up again, because statsmodels takes a second to import. A forger can write such hashes too, so continuous
integration makes all numbers again (``--redraw``).
"""

import json
import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace

from vaebench.claims import CheckResult, Claim
from vaebench.fingerprint import value_hash
from vaebench.papers import Task
from vaebench.report.files import KEPT
from vaebench.report.rows.distinct import Model
from vaebench.report.rows.pooled import FEWEST, METHOD, Pooled, pooled
from vaebench.report.words.glossary import GLOSSARY, link
from vaebench.report.words.in_words import Effect, effect_words, effects_of, said, span
from vaebench.report.words.markdown import PREVIEW, anchor, bullets, contents, escape, table, words

PAGE = KEPT
"""The page's file at the top of the board."""

OVER_RECORDS = "over all networks and data sets, with distinct models as the sample"
"""What comes before shares over records, whose interval assumes no distribution."""

_KEPT = re.compile(r"^<!-- kept (\{.*\}) -->$", re.MULTILINE)


@dataclass(frozen=True)
class Group:
    """One claim's effect over the distinct variants of one network on one data set.

    Attributes:
        task: The task's name.
        claim: The claim's id.
        arch: The network.
        dataset: The data set.
        effect: How it is said.
        is_log: Whether numbers are summed up as logarithms.
        effects: Mean over seeds of each variant, to six digits.
        variances: The square of its standard error, to six digits.
        n: Number of variants; more than there are effects where exact shares are not summed up.
        found: The summary; None where variants are too few.
        names: The variants, in the order of their effects.
    """

    task: str
    claim: str
    arch: str
    dataset: str
    effect: Effect
    is_log: bool
    effects: tuple[float, ...]
    variances: tuple[float, ...]
    n: int
    found: Pooled | None = None
    names: tuple[str, ...] = ()

    @property
    def where(self) -> str:
        """Network and data set, for example ``mlp on digits``."""
        return f"{self.arch} on {words(self.dataset)}"

    @property
    def inputs(self) -> str:
        """A hash of what the summary is made of."""
        return value_hash([METHOD, list(self.effects), list(self.variances)])

    def said(self, value: float) -> str:
        """Say a number of the summary."""
        return said(self._plain(value), self.effect.unit)

    def span(self, low: float, high: float) -> str:
        """Say a range of the summary."""
        return span(self._plain(low), self._plain(high), self.effect.unit)

    def _plain(self, value: float) -> float:
        return math.exp(min(value, 700.0)) if self.is_log else value


def groups(task: Task, models: Iterable[Model], kept: Mapping[str, Pooled]) -> tuple[Group, ...]:
    """Sum up every claim of a task by network and data set.

    Args:
        task: The task.
        models: Its distinct models; only the suite's own of the standard preset count.
        kept: Summaries that were made before, by the hash of their inputs.

    Returns:
        The groups, by claim, data set and network.
    """
    by_place: dict[tuple[str, str], list[Model]] = {}
    for model in models:
        if model.is_own and model.first.row.preset == "standard" and model.first.dataset in task.counted_on:
            by_place.setdefault((model.first.dataset, model.first.row.arch), []).append(model)
    found = []
    for claim in task.claims:
        for (dataset, arch), there in sorted(by_place.items()):
            group = _group(task, claim, arch, dataset, there)
            if group:
                found.append(_summed(group, kept))
    return tuple(found)


def _group(task: Task, claim: Claim, arch: str, dataset: str, models: Sequence[Model]) -> Group | None:
    judged = ((model, (model.first.verdicts[claim.id], len(model.first.record.cells))) for model in models)
    found = [(model.name, *effect) for model, one in judged for effect in effects_of(task.name, [one])]
    if not found:
        return None
    effect = found[0][1]
    checks = [(name, check) for name, of, check in found if of == effect]
    measured = [(*numbers, name) for name, check in checks if (numbers := _measured(check))]
    is_log = checks[0][1].scale == "log"
    effects, variances = tuple(one[0] for one in measured), tuple(one[1] for one in measured)
    names = tuple(one[2] for one in measured)
    return Group(task.name, claim.id, arch, dataset, effect, is_log, effects, variances, n=len(checks), names=names)


def _measured(check: CheckResult) -> tuple[float, float] | None:
    """Mean and squared standard error over seeds, to six digits; of logarithms where that is the scale."""
    one = check.interval
    if one is None or one.low is None or one.high is None or check.scale in {"share", "draws"}:
        return None
    from scipy.special import stdtrit

    ends = (one.estimate, one.low, one.high)
    if check.scale == "log":
        estimate, low, high = (math.log(max(end, 1e-300)) for end in ends)
    else:
        estimate, low, high = ends
    error = (high - low) / 2 / float(stdtrit(one.n - 1, 0.975))
    return float(f"{estimate:.6g}"), float(f"{error * error:.6g}")


def _summed(group: Group, kept: Mapping[str, Pooled]) -> Group:
    found = kept.get(group.inputs) or pooled(group.effects, group.variances)
    return replace(group, found=found)


def read_kept(text: str) -> dict[str, Pooled]:
    """Read the summaries that a page keeps.

    Args:
        text: A page that was written before; or nothing.

    Returns:
        The summaries by the hash of their inputs; none of a line that cannot be read.
    """
    found: dict[str, Pooled] = {}
    for line in _KEPT.findall(text):
        try:
            one = json.loads(line)
            inputs, k = str(one.pop("inputs")), int(one.pop("k"))
            found[inputs] = Pooled(k, **{name: float(value) for name, value in one.items()})
        except (ValueError, TypeError, KeyError, AttributeError):
            continue
    return found


def over_variants_page(
    tasks: Sequence[Task],
    found: Sequence[Group],
    preview: bool,
    when: str = "",
    shares: Mapping[str, Mapping[str, Sequence[str]]] | None = None,
) -> str:
    """Write the page.

    Args:
        tasks: The tasks, in order.
        found: The groups of all tasks.
        preview: Whether to say that it is a preview.
        when: When the suite's own records were measured; empty for nothing.
        shares: By task and claim, what `over_records` says; None for nothing.

    Returns:
        Markdown.
    """
    parts = ["# How far the claims generalise", *([PREVIEW] if preview else [])]
    parts.append(f"[Leaderboard](README.md) · [glossary]({GLOSSARY})")
    parts += [f"{when}."] if when else []
    code = "`vaebench/report/rows/pooled.py`" if preview else "[`pooled`](../vaebench/report/rows/pooled.py)"
    parts.append(
        f"The effect of each {link('claim')} over distinct {link('variant', 'variants')}, by random effects. "
        "Networks and data sets are fixed, so each pair has its own line. Variants that are one model count once. "
        "Those of which nothing can be seen, because they have collapsed or a control leaves no room, are left out, "
        "and so are those that too few seeds read. "
        "The interval in brackets is of the mean over variants (Hartung and Knapp). *A new variant* is the 95 % "
        "prediction interval for the true effect of one that is not here (Higgins et al. 2009). "
        "It takes variants as a random draw, which the suite's choice is not. "
        "I² is the share of the spread between variants that seeds do not explain. "
        f"Fewer than {FEWEST} variants are too few. {code} has the formulas, and how often the intervals cover."
    )
    head = len(parts)
    for task in tasks:
        of_task = [group for group in found if group.task == task.name]
        if of_task:  # a page of one task's records says nothing of the others
            parts += [f"## {escape(task.title)}", _table(of_task)]
            for claim, lines in (shares or {}).get(task.name, {}).items():
                parts.append(f"`{claim}`, {OVER_RECORDS}:\n\n{bullets(lines)}")
    parts.insert(head, contents(parts))
    kept = {group.inputs: group.found for group in found if group.found}
    lines = [f"<!-- kept {json.dumps({'inputs': key, **asdict(one)}, sort_keys=True)} -->" for key, one in kept.items()]
    return "\n\n".join([*parts, *(["\n".join(lines)] if lines else [])]) + "\n"


def _table(found: Sequence[Group]) -> str:
    rows = []
    before = ""
    for one in found:
        name = f"[{escape(one.claim)}]({one.task}.md#{anchor(one.claim)})" if one.claim != before else ""
        before = one.claim
        rows.append([name, escape(effect_words(one.effect)), one.where, str(one.n), *_cells(one)])
    heads = ["Claim", "Effect", "Network and data", "Variants", "Mean [95 %]", "A new variant", "I²"]
    return table(heads, rows)


def _cells(one: Group) -> list[str]:
    if one.found is None:
        return [
            escape(_too_few(one)) if one.n < FEWEST else "not summed up: shares of few draws, or of too few seeds",
            "",
            "",
        ]
    mean = f"{one.said(one.found.estimate)} [{one.span(one.found.low, one.found.high)}]"
    return [escape(mean), escape(one.span(one.found.new_low, one.found.new_high)), f"{100 * one.found.i2:.0f} %"]


def _too_few(one: Group) -> str:
    """Say each variant's own effect, where they are too few to be summed up."""
    named = (f"{name} {one.said(value)}" for name, value in zip(one.names, one.effects, strict=True))
    return ": ".join(filter(None, ("too few", ", ".join(named))))


def _general(one: Group) -> str:
    """Say one group's effect; of too few variants each one's own."""
    if one.found is None:
        return f"{one.where}, {_too_few(one)}"
    return (
        f"{one.where}, {len(one.effects)} distinct variants: "
        f"{one.effect.says.format(one.said(one.found.estimate))} [{one.span(one.found.low, one.found.high)}]; "
        f"a new variant {one.span(one.found.new_low, one.found.new_high)}"
    )


def general_lines(found: Iterable[Group], shares: Sequence[str] = ()) -> str:
    """Say for a task's page how far one claim generalises.

    Args:
        found: The groups of the claim.
        shares: What `over_records` says of it.

    Returns:
        A line for each group and share; empty if there is none.
    """
    lines = [escape(_general(one)) for one in found if one.found or (one.names and one.n < FEWEST)]
    parts = [f"How much, [over variants]({PAGE}) by random effects:\n\n{bullets(lines)}"] if lines else []
    if shares:
        parts.append(f"{OVER_RECORDS.capitalize()}:\n\n{bullets(shares)}")
    return "\n\n".join(parts)
