"""Write the board's tables of claims: the headlines of the first screen, and all claims by how widely they hold."""

import math
import statistics
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from vaebench.claims import WORST_FIRST, Beyond, Claim, Condition, LevelName, Verdict, VerdictWord, share_interval
from vaebench.papers import Task
from vaebench.report.pages.over_variants import PAGE as OVER_VARIANTS
from vaebench.report.pages.over_variants import Group
from vaebench.report.rows.distinct import Model, counted_models
from vaebench.report.rows.pooled import Pooled
from vaebench.report.words.condition_words import condition_words
from vaebench.report.words.decisive import decisive
from vaebench.report.words.format import plain
from vaebench.report.words.glossary import link
from vaebench.report.words.in_words import ACROSS, effects_of, headline, said, span
from vaebench.report.words.levels import LEVEL_NAMES, can_it_tell, cannot_tell, has_controls, tally
from vaebench.report.words.markdown import SYMBOLS, anchor, escape, is_analytic, label, table, without_empty_last, words

ROUNDING = 1e-4
"""Estimates that differ by less, absolutely or relatively, may differ by rounding only."""

_BOUND = "\N{NO-BREAK SPACE}"
_PERCENT = f"{_BOUND}%"

IN_TESTS = "in tests only"
"""What stands for a claim without plants of its own: those of its instruments are tests of the suite."""

NO_CONTROL = "no control"
"""What stands under controls of a claim that has none: the published words would read as passed controls."""

FEW = 3
"""Up to so many models are named; of more only the number is said."""


@dataclass(frozen=True)
class Counted:
    """A claim with what counts of it on the board.

    Attributes:
        task: Its task.
        claim: The claim.
        models: The suite's own distinct models of the data sets that count, to which it applies.
        groups: Its effects over variants.
    """

    task: Task
    claim: Claim
    models: tuple[Model, ...]
    groups: tuple[Group, ...]

    @property
    def levels(self) -> tuple[LevelName, ...]:
        """The levels at which it is judged: only as published, where it has no control."""
        return LEVEL_NAMES if has_controls(self.claim) else LEVEL_NAMES[:1]

    @property
    def verdicts(self) -> list[Verdict]:
        """One verdict a model."""
        return [one.first.verdicts[self.claim.id] for one in self.models]

    def applies(self, level: LevelName) -> int:
        """Number of models to which it applies at a level: a paper's own measure may have no meaning for some."""
        return sum(getattr(one, level).word != "not applicable" for one in self.verdicts)

    def held(self, level: LevelName) -> int:
        """Number of models on which it holds at a level."""
        return sum(getattr(one, level).word == "holds" for one in self.verdicts)

    def failed(self, level: LevelName) -> int:
        """Number of models on which it fails at a level."""
        return sum(getattr(one, level).word == "fails" for one in self.verdicts)

    def by_dataset(self, level: LevelName, brief: bool = False) -> str:
        """Where it turns round: data sets on which most models hold, and sets on which most do not; else empty.

        Three sets or more on the longer side are "the others", and go without saying in brief. Sets are counted
        together only where the same share of models holds on them.
        """
        sides = self._sides(level)
        if not all(sides.values()):
            return ""
        few, many = sorted(sides.values(), key=len)
        of = "/" if brief else " of "
        if len(many) > 2:
            return _held_on(few, of) + ("" if brief else f"; {_held_on(many, of, 'the others')}")
        return f"{_held_on(sides[True], of)}; {_held_on(sides[False], of)}"

    def _sides(self, level: LevelName) -> dict[bool, dict[str, list[bool]]]:
        """Whether each model holds, by data set: sets on which most do, and sets on which most do not."""
        sides: dict[bool, dict[str, list[bool]]] = {True: {}, False: {}}
        for dataset in self.task.counted_on:
            held = [
                getattr(verdict, level).word == "holds"
                for model, verdict in zip(self.models, self.verdicts, strict=True)
                if model.first.dataset == dataset and getattr(verdict, level).word != "not applicable"
            ]
            if held:
                sides[2 * sum(held) > len(held)][dataset] = held
        return sides

    @property
    def out_of_reach(self) -> str:
        """Say that it cannot hold as published, whatever is measured, because seeds are too few; or nothing."""
        seeds = max((len(one.first.record.cells) for one in self.models), default=0)
        if seeds and any(_beyond_reach(one, seeds) for one in self.claim.conditions if one.role == "published"):
            return f"{seeds} seeds cannot show it"
        return ""

    @property
    def breadth(self) -> tuple[float, float]:
        """Shares of models on which it holds, under controls and as published."""
        controlled, published = (self.held(at) / max(1, self.applies(at)) for at in ("controlled", "published"))
        return controlled, published

    @property
    def link(self) -> str:
        """Where its section is."""
        return f"{self.task.name}.md#{anchor(self.claim.id)}"


def _beyond_reach(condition: Condition, seeds: int) -> bool:
    """Whether not even so many seeds at the ideal would show a condition: a share's interval is never narrow."""
    if not isinstance(condition, Beyond) or condition.scale != "share":
        return False
    surest = share_interval((condition.ideal,) * seeds)
    if condition.ideal > condition.limit:
        return surest.low is None or surest.low <= condition.limit
    return surest.high is None or surest.high >= condition.limit


def _held_on(side: Mapping[str, list[bool]], of: str, called: str = "") -> str:
    if called:
        return _count([called], list(side.values()), of)
    alike: dict[float, list[str]] = {}  # sets on which the same share of models holds
    for name, held in side.items():
        alike.setdefault(sum(held) / len(held), []).append(name)
    return "; ".join(_count(list(map(words, names)), [side[name] for name in names], of) for names in alike.values())


def _count(names: Sequence[str], sets: Sequence[Sequence[bool]], of: str) -> str:
    return f"{', '.join(names)} {sum(map(sum, sets))}{of}{sum(map(len, sets))}"


def counted_claims(task: Task, models: Iterable[Model], groups: Iterable[Group]) -> tuple[Counted, ...]:
    """Count each claim of a task over the models that count.

    Args:
        task: The task.
        models: Its distinct models.
        groups: Its effects over variants.

    Returns:
        The claims in order; none if no model counts.
    """
    ours = counted_models(task, models)
    by_claim: dict[str, list[Group]] = {}
    for group in groups:
        by_claim.setdefault(group.claim, []).append(group)
    return tuple(
        Counted(task, claim, _applies(claim, ours), tuple(by_claim.get(claim.id, ())))
        for claim in (task.claims if ours else ())
    )


def _applies(claim: Claim, models: Iterable[Model]) -> tuple[Model, ...]:
    return tuple(one for one in models if one.first.verdicts[claim.id].word != "not applicable")


def headlines(found: Iterable[Counted]) -> str:
    """Write the table of the first screen: how widely each headline claim holds, how much, and what decides.

    Args:
        found: All claims.

    Returns:
        Markdown; empty if no headline claim has a record.
    """
    chosen = [one for one in found if headline(one.task.name, one.claim.id) and one.models]
    networks = {quoted.arch for one in chosen if (quoted := _quoted(one))}
    rows = []
    for one in sorted(chosen, key=_how_widely):
        counts = [_count_of(one, at) for at in one.levels] + [NO_CONTROL] * (len(LEVEL_NAMES) - len(one.levels))
        counts[0] += _in_brackets(one.by_dataset("published", brief=True))
        name = f"[{escape(headline(one.task.name, one.claim.id))}]({one.link})"
        decides = "; ".join(filter(None, (what_decides(one, brief=True), cannot_tell(one.verdicts, brief=True))))
        rows.append([name, *counts, *how_much(one, len(networks) > 1), decides])
    much = f"[How much]({OVER_VARIANTS}){f', {networks.pop()}' if len(networks) == 1 else ''}"
    heads = ["Claim", "As published", link("under controls", "Controls"), much, f"New{_BOUND}variant", "What decides"]
    return table(heads, rows) if rows else ""


def _count_of(one: Counted, level: LevelName) -> str:
    """Say of how many models a claim holds at a level, and of how many it fails."""
    failed = one.failed(level)
    return f"**{one.held(level)}** of {one.applies(level)}" + (
        f", {SYMBOLS['fails']}{_BOUND}{failed}" if failed else ""
    )


def _in_brackets(where: str) -> str:
    return f" ({escape(where)})" if where else ""


def _how_widely(one: Counted) -> tuple[float, float, str, str]:
    """Sort claims that hold most widely first."""
    controlled, published = one.breadth
    return -controlled, -published, one.task.name, one.claim.id


def how_much(one: Counted, network: bool) -> tuple[str, str]:
    """Say a claim's effect in a unit that a person has, and what to expect of a new variant.

    It is that of the first of the task's data sets with enough distinct variants, and of the network with most of them.
    Where none has enough, it is the median over models with the range, and nothing is said of a new variant.

    Args:
        one: The claim.
        network: Whether to name the network.

    Returns:
        Two cells of Markdown; empty without an estimate.
    """
    if quoted := _quoted(one):
        several = len({group.dataset for group in one.groups}) > 1
        where = f", {quoted.where if network else words(quoted.dataset)}" if several else ""
        where = _turned(one, quoted) or where  # two names of data sets would make a third line
        return _over_variants(one.task, quoted, where)
    seeds = (len(model.first.record.cells) for model in one.models)
    found = effects_of(one.task.name, zip(one.verdicts, seeds, strict=True))
    numbers = [(of, check.interval.estimate) for of, check in found if check.interval]
    if not numbers:
        return "", ""
    effect, values = numbers[0][0], [value for of, value in numbers if of == numbers[0][0]]
    middle = f"**{escape(said(statistics.median(values), effect.unit))}**"
    spread = escape(span(min(values), max(values), effect.unit))
    return f"{escape(effect.says).format(middle)} (median)", f"too few; here {spread}"


def _quoted(one: Counted) -> Group | None:
    """The group that the first screen quotes, if variants are enough anywhere."""
    enough = [group for group in one.groups if group.found]
    return min(enough, key=lambda g: (one.task.counted_on.index(g.dataset), -g.n, g.arch), default=None)


def _turned(one: Counted, quoted: Group) -> str:
    """Name the first data set on which the same network's effect has the other sign, beyond doubt on both."""
    if quoted.effect.unit not in {"less", "change", "lower", "points"}:  # other units have no sign
        return ""
    opposed = [
        group
        for group in one.groups
        if group.arch == quoted.arch and group.dataset in one.task.counted_on and _opposed(group.found, quoted.found)
    ]
    turned = min(opposed, key=lambda group: one.task.counted_on.index(group.dataset), default=None)
    if turned is None or turned.found is None:
        return ""
    return f"; {words(turned.dataset)} {escape(turned.said(turned.found.estimate)).replace(' points', '')}"


def _opposed(one: Pooled | None, other: Pooled | None) -> bool:
    """Whether the intervals of two summaries lie on either side of 0."""
    return bool(one and other and (one.high < 0 < other.low or other.high < 0 < one.low))


def _over_variants(task: Task, group: Group, where: str) -> tuple[str, str]:
    """Quote a group, and say where."""
    assert group.found is not None
    effect = escape(group.effect.says).format(f"**{escape(group.said(group.found.estimate))}**")
    across = _knob(task) if group.effect.statistics[0].endswith(ACROSS) else ""
    new = escape(group.span(group.found.new_low, group.found.new_high))
    return f"{effect}{across}{where}".replace(" %", _PERCENT), new.replace(" %", _PERCENT)


def _knob(task: Task) -> str:
    values = task.budgets["standard"].knob_values if task.knob and "standard" in task.budgets else ()
    if not task.knob or len(values) < 2:
        return ""
    return ", " + _BOUND.join((escape(task.knob.symbol), plain(values[0]), "→", plain(values[-1])))


def what_decides(one: Counted, brief: bool = False) -> str:
    """Name the few models that fail or are undecided; of many, the condition that most fail by, or are undecided by.

    Args:
        one: The claim.
        brief: Whether to name the condition alone.

    Returns:
        Markdown; empty where every model holds.
    """
    lost = [(model, model.first.verdicts[one.claim.id]) for model in one.models]
    lost = [(model, verdict) for model, verdict in lost if verdict.word != "holds"]
    if len(lost) <= FEW:
        named = (
            (word, [_short(model, one.models) for model, verdict in lost if verdict.word == word])
            for word in WORST_FIRST
        )
        return "; ".join(f"{SYMBOLS[word]} {', '.join(names)}" for word, names in named if names)
    by_statistic: dict[str, Counter[VerdictWord]] = {}
    for _, verdict in lost:
        by_statistic.setdefault(decisive(verdict).statistic, Counter())[verdict.word] += 1
    (statistic, found), *others = sorted(by_statistic.items(), key=_how_often)
    if brief:
        return escape(condition_words(statistic.partition(":")[0]))  # by how much, or how steadily, is a detail
    times = ", ".join(f"{SYMBOLS[word]}{_BOUND}{found[word]}" for word in WORST_FIRST if found[word])
    more = f"; {len(others)} more" if others else ""
    return f"{escape(condition_words(statistic))} ({times}){more}"


def _how_often(item: tuple[str, Counter[VerdictWord]]) -> tuple[int, int, str]:
    """Sort statistics: those that most models fail by come first."""
    statistic, found = item
    return -found["fails"], -found["undecided"], statistic


def _short(model: Model, among: Iterable[Model]) -> str:
    """Name a model by its variants alone, or with its network and data set where another has its name."""
    others = [other for other in among if other is not model and other.name == model.name]
    label = model.label if others else model.name
    where = f" on {words(model.first.dataset)}" if any(other.label == model.label for other in others) else ""
    return escape(label + where)


def all_claims(found: Sequence[Counted]) -> str:
    """Write all claims, those that hold most widely first.

    Args:
        found: All claims.

    Returns:
        Markdown.
    """
    rows = []
    for one in sorted(found, key=_how_widely):
        verdicts = one.verdicts
        name = f"[{escape(one.claim.id)}]({one.link})"
        counts = [tally(verdicts, at == "published") + _in_brackets(one.by_dataset(at)) for at in one.levels]
        counts[0] += _in_brackets(one.out_of_reach)
        counts += [NO_CONTROL] * (len(LEVEL_NAMES) - len(counts))
        tells = can_it_tell(verdicts) or IN_TESTS
        rows.append([name, escape(one.claim.says), *counts, what_decides(one), _analytic(one), tells])
    heads = ["Claim", "Statement", "As published", "Under controls", "What decides", "Analytic arm"]
    return without_empty_last([*heads, "Can the measure tell?"], rows)


def _analytic(one: Counted) -> str:
    """Say whether analytic arms got the verdict that mathematics gives. The same model counts once."""
    if not one.claim.analytic:
        return ""
    judged = (
        (model.first.dataset, verdict)
        for model in one.models
        for verdict in model.first.control_verdicts.get(one.claim.id, ())
        if is_analytic(verdict.arm) and verdict.word != "not applicable"
    )
    distinct: dict[tuple[str, str], list[Verdict]] = {}
    for data, verdict in judged:
        seen = distinct.setdefault((data, verdict.arm), [])
        if not any(_same_model(verdict, other) for other in seen):
            seen.append(verdict)
    every = [verdict for seen in distinct.values() for verdict in seen]
    if not every:
        return ""
    return f"{label(one.claim.analytic)} {sum(v.word == one.claim.analytic for v in every)}/{len(every)}"


def _same_model(one: Verdict, other: Verdict) -> bool:
    """Whether two analytic arms differ only by rounding."""
    ours, theirs = (
        [(found.place, found.interval.estimate if found.interval else math.inf) for found in verdict.checks]
        for verdict in (one, other)
    )
    return len(ours) == len(theirs) and all(
        what == of and math.isclose(value, other_value, rel_tol=ROUNDING, abs_tol=ROUNDING)
        for (what, value), (of, other_value) in zip(ours, theirs, strict=True)
    )
