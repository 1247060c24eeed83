"""Findings: results of a paper's tasks, in sentences whose numbers are queries on the committed records.

Each paper's folder has a `findings.md`. A heading ``## <task>`` begins a task; below it stand at most eight bullets.

- ``{mean("vae.mlp.digits", "unexplained_variance"):.2f}`` prints a number. The part after the last colon is a format of
  Python. `Queries` lists what can be asked.
- ``[rises]{mean("vae.mlp.digits", "t2_mean", knob=1) > 0.9}`` prints the words in brackets if the relation is true.

Nothing is executed. A query is a call with literal arguments, or a relation between such calls and numbers. Four things
are errors: a name that does not exist, an empty selection, a measurement that was declined, and a relation that is
false. The message is one line, with the line in the file. So a finding that the records no longer support cannot be
published.
"""

import ast
import inspect
import math
import operator
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from vaebench.mistakes import Mistake, nearest
from vaebench.report.first_population import Before
from vaebench.report.queries import Queries, Unanswered
from vaebench.results.record import Record

MOST_BULLETS = 8
"""Most bullets for one task; more are an error."""

QUERY = re.compile(r"(?:\[(?P<words>[^\[\]{}]+)\])?\{(?P<query>[^{}]+)\}")


class BadFinding(Mistake):
    """A finding that the records do not support, or with a wrong query. The message has file and line."""


def findings(
    text: str,
    source: str,
    records: Mapping[str, Sequence[Record]],
    first: Sequence[Before] = (),
    copies: Sequence[Record] = (),
) -> dict[str, str]:
    """Fill a paper's findings from records.

    Args:
        text: The file's text.
        source: Its name, for messages.
        records: The suite's own records of the standard preset, by task.
        first: Verdicts of the first population.
        copies: Those of the records that are the same model as another one, which count only where they are named.

    Returns:
        Markdown bullets by task, without a heading. Tasks without bullets are left out, and tasks without a record of
        their present version: what is found there is not known yet.

    Raises:
        BadFinding: A query has no answer or a relation is false, in the first line where that is so.
    """
    found: dict[str, list[str]] = {}
    task = ""
    for number, line in enumerate(text.splitlines(), 1):
        try:
            if line.startswith("## "):
                task = _heading(line.removeprefix("## ").strip(), records)
            elif task and line.strip() and records[task]:
                before = [one for one in first if one.task == task]
                found.setdefault(task, []).append(_filled(line, Queries(records[task], before, copies)))
        except Unanswered as error:
            raise BadFinding(f"{source}:{number}: {error}") from None
    for name, lines in found.items():
        if (bullets := sum(line.startswith("- ") for line in lines)) > MOST_BULLETS:
            raise BadFinding(f"{source}: {name} has {bullets} bullets, where {MOST_BULLETS} are the most")
    return {name: "\n".join(lines) for name, lines in found.items()}


def _heading(name: str, records: Mapping[str, Sequence[Record]]) -> str:
    if name not in records:
        raise Unanswered(f"there is no task {name}{nearest(name, records)}")
    return name


def _filled(line: str, queries: Queries) -> str:
    filled = QUERY.sub(lambda match: _answer(match["query"], match["words"], queries), line)
    if "{" in filled or "}" in filled:
        raise Unanswered("a brace that belongs to no query")
    return filled


def _answer(query: str, words: str | None, queries: Queries) -> str:
    if words is not None:
        if not _asks(query):
            raise Unanswered(f"{query} asks the records nothing")
        if _value(query, queries) is not True:
            raise Unanswered(f"the records do not say {words!r}: {query} is not true")
        return words
    expression, spec = _split(query)
    value = _value(expression, queries)
    if isinstance(value, bool):
        raise Unanswered(f"{expression} is a relation: put the words that it stands for before it, in brackets")
    try:
        return format(value, spec).replace("-", "−") if isinstance(value, int | float) else format(value, spec)
    except ValueError as error:
        raise Unanswered(f"{query}: {error}") from None


def _split(query: str) -> tuple[str, str]:
    """Split a query from its format, which follows the last colon outside quotes."""
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


def _value(query: str, queries: Queries) -> object:
    try:
        tree = ast.parse(query.strip(), mode="eval").body
    except SyntaxError:
        raise Unanswered(f"{query} is no query") from None
    try:
        return _evaluated(tree, queries)
    except Unanswered:
        raise
    except (TypeError, ValueError, ZeroDivisionError, OverflowError) as error:
        raise Unanswered(f"{query}: {error}") from None


def _asks(query: str) -> bool:
    """Whether there is a question to the records in a query, and not only numbers that are written down."""
    try:
        names = (node.func for node in ast.walk(ast.parse(query.strip())) if isinstance(node, ast.Call))
    except SyntaxError:
        return True  # which is told as such
    return any(isinstance(one, ast.Name) and one.id not in MATHEMATICS for one in names)


def _evaluated(node: ast.expr, queries: Queries) -> Any:
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
            return all(OPERATORS[type(op)](one, other) for one, op, other in pairs if _is_relation(op))
        case ast.Call(func=ast.Name(id=name), args=arguments, keywords=named):
            return _called(name, arguments, named, queries)
    raise Unanswered(f"{ast.unparse(node)} is no part of a query")


def _is_relation(op: ast.cmpop) -> bool:
    if type(op) not in OPERATORS:
        raise Unanswered(f"{type(op).__name__} is no relation of a query")
    return True


def _called(name: str, arguments: Sequence[ast.expr], named: Sequence[ast.keyword], queries: Queries) -> Any:
    if name in MATHEMATICS:
        if named:
            raise Unanswered(f"{name} takes no names of arguments")
        return MATHEMATICS[name](*(_evaluated(one, queries) for one in arguments))
    asked = {one: method for one, method in vars(Queries).items() if inspect.isfunction(method) and one[0] != "_"}
    if name not in asked:
        raise Unanswered(f"there is no query {name}{nearest(name, asked)}; there are: {', '.join(asked)}")
    try:
        given = [ast.literal_eval(one) for one in arguments]
        options = {str(one.arg): ast.literal_eval(one.value) for one in named}
    except ValueError:
        raise Unanswered(f"{name} takes names and numbers as they are written") from None
    try:
        inspect.signature(asked[name]).bind(queries, *given, **options)
    except TypeError as error:
        raise Unanswered(f"{name}: {error}") from None
    return asked[name](queries, *given, **options)


MATHEMATICS: dict[str, Callable[..., Any]] = {"abs": abs, "exp": math.exp, "log": math.log}
