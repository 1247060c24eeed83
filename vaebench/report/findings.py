"""Findings: what came out of a paper's tasks, in sentences whose numbers are queries on the committed records.

Each paper's folder has a `findings.md`. A heading ``## <task>`` begins a task; below it stand at most eight bullets.

- ``{mean("vae.mlp.digits", "unexplained_variance"):.2f}`` prints a number. The part after the last colon is a format of
  Python. `Queries` lists what can be asked.
- ``[rises]{mean("vae.mlp.digits", "t2_mean", knob=1) > 0.9}`` prints the words in brackets if the relation is true.

Nothing is executed: a query is a call with literal arguments, or a relation between such calls and numbers. A name that
does not exist, an empty selection, a value that is a reason and a relation that is false are errors of one line, with
the line in the file. So a finding that the records no longer support cannot be published.
"""

import ast
import difflib
import inspect
import math
import operator
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, get_args

from vaebench.claims import CheckResult, Column, Verdict, VerdictWord
from vaebench.mistakes import Mistake
from vaebench.results.record import Record

MOST_BULLETS = 8
"""More than this nobody reads of one task."""

QUERY = re.compile(r"(?:\[(?P<words>[^\[\]{}]+)\])?\{(?P<query>[^{}]+)\}")


class BadFinding(Mistake):
    """A finding that the records do not support, or that asks for what there is not; the message has file and line."""


def findings(text: str, source: str, records: Mapping[str, Sequence[Record]]) -> dict[str, str]:
    """Fill a paper's findings from records.

    Args:
        text: Of the file.
        source: What it is called, for messages.
        records: The suite's own records of the standard preset, by task.

    Returns:
        Markdown bullets by task, without a heading; only of tasks that have some.

    Raises:
        BadFinding: A query cannot be answered or a relation is false, for the first line where that is so.
    """
    found: dict[str, list[str]] = {}
    task = ""
    for number, line in enumerate(text.splitlines(), 1):
        try:
            if line.startswith("## "):
                task = _heading(line.removeprefix("## ").strip(), records)
            elif task and line.strip():
                found.setdefault(task, []).append(_filled(line, Queries(records[task])))
        except _Unanswered as error:
            raise BadFinding(f"{source}:{number}: {error}") from None
    for name, lines in found.items():
        if (bullets := sum(line.startswith("- ") for line in lines)) > MOST_BULLETS:
            raise BadFinding(f"{source}: {name} has {bullets} bullets, where {MOST_BULLETS} are the most")
    return {name: "\n".join(lines) for name, lines in found.items()}


class _Unanswered(ValueError):  # noqa: N818 - the caller adds file and line
    """Why a query has no answer."""


def _heading(name: str, records: Mapping[str, Sequence[Record]]) -> str:
    if name not in records:
        raise _Unanswered(f"there is no task {name}{_nearest(name, records)}")
    if not records[name]:
        raise _Unanswered(f"{name} has no record")
    return name


def _nearest(name: str, names: Iterable[str]) -> str:
    close = difflib.get_close_matches(name, list(names), 3)
    return f"; the nearest: {', '.join(close)}" if close else ""


def _filled(line: str, queries: "Queries") -> str:
    filled = QUERY.sub(lambda match: _answer(match["query"], match["words"], queries), line)
    if "{" in filled or "}" in filled:
        raise _Unanswered("a brace that is part of no query")
    return filled


def _answer(query: str, words: str | None, queries: "Queries") -> str:
    if words is not None:
        if _value(query, queries) is not True:
            raise _Unanswered(f"the records do not say {words!r}: {query} is not true")
        return words
    expression, spec = _split(query)
    value = _value(expression, queries)
    if isinstance(value, bool):
        raise _Unanswered(f"{expression} is a relation: put the words that it stands for before it, in brackets")
    try:
        return format(value, spec).replace("-", "−") if isinstance(value, int | float) else format(value, spec)
    except ValueError as error:
        raise _Unanswered(f"{query}: {error}") from None


def _split(query: str) -> tuple[str, str]:
    """Split a query from its format: what stands behind the last colon outside quotes."""
    found = re.fullmatch(r"(?P<query>.*\))(?::(?P<spec>[^:\"')]*))?", query.strip())
    return (found["query"], found["spec"] or "") if found else (query, "")


OPERATORS: dict[type[ast.AST], Callable[..., Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.USub: operator.neg,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
}


def _value(query: str, queries: "Queries") -> object:
    try:
        tree = ast.parse(query.strip(), mode="eval").body
    except SyntaxError:
        raise _Unanswered(f"{query} is no query") from None
    try:
        return _evaluated(tree, queries)
    except (TypeError, ZeroDivisionError, OverflowError) as error:
        raise _Unanswered(f"{query}: {error}") from None


def _evaluated(node: ast.expr, queries: "Queries") -> Any:
    match node:
        case ast.Constant(value=bool() | int() | float() | str() as value):
            return value
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            return -_evaluated(operand, queries)
        case ast.BinOp(left=left, op=op, right=right) if type(op) in OPERATORS:
            return OPERATORS[type(op)](_evaluated(left, queries), _evaluated(right, queries))
        case ast.BoolOp(op=op, values=values):
            parts = [_evaluated(one, queries) for one in values]
            return all(parts) if isinstance(op, ast.And) else any(parts)
        case ast.Compare(left=left, ops=ops, comparators=others):
            values = [_evaluated(one, queries) for one in (left, *others)]
            pairs = zip(values, ops, values[1:], strict=False)
            return all(OPERATORS[type(op)](one, other) for one, op, other in pairs if _is_known(op))
        case ast.Call(func=ast.Name(id=name), args=arguments, keywords=named):
            return _called(name, arguments, named, queries)
    raise _Unanswered(f"{ast.unparse(node)} is no part of a query")


def _is_known(op: ast.cmpop) -> bool:
    if type(op) not in OPERATORS:
        raise _Unanswered(f"{type(op).__name__} is no relation of a query")
    return True


def _called(name: str, arguments: Sequence[ast.expr], named: Sequence[ast.keyword], queries: "Queries") -> Any:
    if name in MATHEMATICS:
        return MATHEMATICS[name](*(_evaluated(one, queries) for one in arguments))
    asked = {one: method for one, method in vars(Queries).items() if inspect.isfunction(method) and one[0] != "_"}
    if name not in asked:
        raise _Unanswered(f"there is no query {name}{_nearest(name, asked)}; there are: {', '.join(asked)}")
    try:
        given = [ast.literal_eval(one) for one in arguments]
        options = {str(one.arg): ast.literal_eval(one.value) for one in named}
    except ValueError:
        raise _Unanswered(f"{name} takes names and numbers as they are written") from None
    try:
        inspect.signature(asked[name]).bind(queries, *given, **options)
    except TypeError as error:
        raise _Unanswered(f"{name}: {error}") from None
    return asked[name](queries, *given, **options)


MATHEMATICS: dict[str, Callable[..., Any]] = {"abs": abs, "exp": math.exp, "log": math.log}


@dataclass(frozen=True)
class Queries:
    """What can be asked of the records of one task.

    A record is named ``<variant>.<network>.<data set>``. A selection is made of ``variant``, ``network`` and ``data``,
    each a name or left out.

    Attributes:
        records: The suite's own records of the task.
    """

    records: Sequence[Record]

    def mean(self, record: str, measurement: str, arm: str = "trained", knob: float | None = None) -> float:
        """Mean of a measurement over the seeds of one record."""
        return _mean(_column(self._named(record), measurement, arm, knob))

    def lowest(
        self,
        measurement: str,
        arm: str = "trained",
        knob: float | None = None,
        variant: str = "",
        network: str = "",
        data: str = "",
    ) -> float:
        """Smallest mean over the records of a selection that have the measurement."""
        return min(self._means(measurement, arm, knob, variant, network, data))

    def highest(
        self,
        measurement: str,
        arm: str = "trained",
        knob: float | None = None,
        variant: str = "",
        network: str = "",
        data: str = "",
    ) -> float:
        """Largest mean over the records of a selection that have the measurement."""
        return max(self._means(measurement, arm, knob, variant, network, data))

    def word(self, record: str, claim: str, arm: str = "trained") -> str:
        """Word of a claim's verdict on one record."""
        return _verdict(self._named(record), claim, arm).word

    def agreement(self, record: str, claim: str) -> float:
        """Mean agreement of a claim over the seeds of one record."""
        values = _verdict(self._named(record), claim, "trained").agreement
        if not values:
            raise _Unanswered(f"{claim} has no agreement on {record}")
        return sum(values) / len(values)

    def estimate(
        self, record: str, claim: str, statistic: str, knob: float | None = None, arm: str = "trained"
    ) -> float:
        """Estimate of one statistic that a claim checks, on one record."""
        found = _checks(self._named(record), claim, arm, statistic)
        at_knob = [check for check in found if check.knob == knob]
        if not at_knob:
            knobs = ", ".join(str(check.knob) for check in found)
            raise _Unanswered(f"{claim} has no {statistic!r} at knob {knob}; it is there at {knobs}")
        if at_knob[0].interval is None:
            raise _Unanswered(f"{statistic} has no estimate on {record}: {at_knob[0].reason}")
        return at_knob[0].interval.estimate

    def count(
        self,
        claim: str,
        word: VerdictWord,
        variant: str = "",
        network: str = "",
        data: str = "",
        arm: str = "trained",
    ) -> int:
        """Number of records of a selection on which a claim has a word."""
        return len(self._with(claim, word, variant, network, data, arm))

    def applicable(self, claim: str, variant: str = "", network: str = "", data: str = "", arm: str = "trained") -> int:
        """Number of records of a selection that have an arm, and that a claim applies to there."""
        chosen = self._with_arm(claim, variant, network, data, arm)
        return sum(_verdict(record, claim, arm).word != "not applicable" for record in chosen)

    def checked(
        self,
        claim: str,
        statistic: str,
        word: VerdictWord,
        variant: str = "",
        network: str = "",
        data: str = "",
        arm: str = "trained",
    ) -> int:
        """Number of records of a selection on which one statistic of a claim has a word, at every knob value."""
        _known_word(word)
        chosen = self._with_arm(claim, variant, network, data, arm)
        return sum({check.word for check in _checks(one, claim, arm, statistic)} == {word} for one in chosen)

    def variants(self, claim: str, word: VerdictWord, network: str = "", data: str = "", arm: str = "trained") -> str:
        """Names of the variants on which a claim has a word, in the order of the alphabet."""
        found = sorted({record.subject.variant.name for record in self._with(claim, word, "", network, data, arm)})
        if not found:
            raise _Unanswered(f"{claim} {word} for no variant")
        quoted = [f"`{name}`" for name in found]
        return quoted[0] if len(quoted) == 1 else f"{', '.join(quoted[:-1])} and {quoted[-1]}"

    def _named(self, name: str) -> Record:
        by_name = {_name(record): record for record in self.records}
        if name not in by_name:
            raise _Unanswered(f"there is no record {name}{_nearest(name, by_name)}")
        return by_name[name]

    def _selected(self, variant: str, network: str, data: str) -> list[Record]:
        asked = {"variant": variant, "network": network, "data": data}
        for part, name in asked.items():
            if name and name not in (there := {_parts(record)[part] for record in self.records}):
                raise _Unanswered(f"no record has the {part} {name}{_nearest(name, there)}")
        found = [
            record
            for record in self.records
            if all(not name or _parts(record)[part] == name for part, name in asked.items())
        ]
        if not found:
            raise _Unanswered(f"no record has {', '.join(f'{part} {name}' for part, name in asked.items() if name)}")
        return found

    def _with(self, claim: str, word: str, variant: str, network: str, data: str, arm: str) -> list[Record]:
        _known_word(word)
        chosen = self._with_arm(claim, variant, network, data, arm)
        return [record for record in chosen if _verdict(record, claim, arm).word == word]

    def _with_arm(self, claim: str, variant: str, network: str, data: str, arm: str) -> list[Record]:
        """Leave out the records without an arm that others of the selection have."""
        chosen = self._selected(variant, network, data)
        found = [one for one in chosen if arm in {"trained", *(verdict.arm for verdict in one.control_verdicts)}]
        if not found:
            _verdict(chosen[0], claim, arm)  # says why
        return found

    def _means(
        self, measurement: str, arm: str, knob: float | None, variant: str, network: str, data: str
    ) -> list[float]:
        chosen = self._selected(variant, network, data)
        columns = [(record, _find(record, measurement, arm, knob)) for record in chosen]
        found = [_mean(column) for _, column in columns if column and column.values]
        if not found:
            _column(chosen[0], measurement, arm, knob)  # says why
            raise _Unanswered(f"no record of the selection has {measurement}")
        return found


def _parts(record: Record) -> dict[str, str]:
    subject = record.subject
    return {"variant": subject.variant.name, "network": subject.arch, "data": subject.dataset.name}


def _name(record: Record) -> str:
    return ".".join(_parts(record).values())


def _find(record: Record, measurement: str, arm: str, knob: float | None) -> Column | None:
    return next((one for one in record.measurements if one.place == (arm, knob, measurement)), None)


def _column(record: Record, measurement: str, arm: str, knob: float | None) -> Column:
    """The column of a place that has numbers."""
    found = _find(record, measurement, arm, knob)
    if found is None:
        same = [one for one in record.measurements if one.name == measurement]
        places = sorted({f"arm={one.arm!r}, knob={one.knob}" for one in same})
        names = {one.name for one in record.measurements}
        there = f"; it is there at {'; '.join(places[:6])}" if places else _nearest(measurement, names)
        raise _Unanswered(f"{_name(record)} has no {measurement} at arm={arm!r}, knob={knob}{there}")
    if not found.values:
        raise _Unanswered(f"{_name(record)} has no {measurement}: {found.absent[0].reason}")
    return found


def _mean(column: Column) -> float:
    return sum(column.values) / len(column.values)


def _known_word(word: str) -> None:
    if word not in (words := get_args(VerdictWord)):
        raise _Unanswered(f"{word} is no verdict; there are: {', '.join(words)}")


def _checks(record: Record, claim: str, arm: str, statistic: str) -> list[CheckResult]:
    """What a claim checked of one statistic, by knob value."""
    checks = _verdict(record, claim, arm).checks
    found = [check for check in checks if check.statistic == statistic]
    if not found:
        names = list(dict.fromkeys(check.statistic for check in checks))
        raise _Unanswered(f"{claim} has no statistic {statistic!r} on {_name(record)}; there are: {'; '.join(names)}")
    return found


def _verdict(record: Record, claim: str, arm: str) -> Verdict:
    verdicts = record.verdicts if arm == "trained" else record.control_verdicts
    found = next((one for one in verdicts if (one.claim, one.arm) == (claim, arm)), None)
    if found is None:
        claims = {one.claim for one in record.verdicts}
        known = _nearest(claim, claims) if claim not in claims else f"; its arms: {', '.join(record.table.arms)}"
        raise _Unanswered(f"{_name(record)} has no verdict on {claim} of the {arm} arm{known}")
    return found
