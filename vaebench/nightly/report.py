"""The report of a night: Markdown for people, plain values for programs."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from typing import Any

from vaebench.nightly.judge import Judged, Move
from vaebench.nightly.result import Result

MOST_RECORDS = 20
MOST_MOVES = 5

LEGEND = """`same`: equal to the last bit. `rounding`: within 30 rounding scales, as another processor or another order
of a sum gives. `moved`: beyond. `reseeded`: moved, and five seeds of either code cannot be told apart, which a small
change also does. `drifted`: moved, and they can. `incomplete`: a lost seed, another status, or readings on one side
only. To accept new numbers, run `make nightly-reference` and commit them together with a line in the changelog. Where
numbers are the same and only a definition is stale, `make nightly-accept` does."""


def as_values(result: Result) -> dict[str, Any]:
    """Turn a night into plain values.

    Args:
        result: The night.

    Returns:
        What JSON can hold.
    """
    return {
        "green": result.green,
        "counts": counts(result),
        "troubles": list(result.troubles),
        "notes": list(result.notes),
        "records": [_record(one) for one in result.records],
        "rotated": [_record(one) for one in result.rotated],
        "seconds": round(result.seconds, 1),
        "date": result.date,
        "commit": result.commit,
        "reference": result.reference,
        "environment": result.environment.model_dump(mode="json") if result.environment else None,
    }


def _record(one: Judged) -> dict[str, Any]:
    values = asdict(one)
    values["moves"] = values["moves"][:MOST_MOVES]
    return values | {"name": one.name, "moved": len(one.moves), "good": one.good}


def counts(result: Result) -> dict[str, int]:
    """Count the records of a night by their word, and the readings.

    Args:
        result: The night.

    Returns:
        Number by word, of standard cells, and of readings: compared, same, moved and blind.
    """
    every = (*result.records, *result.rotated)
    found = dict(sorted(Counter(one.word for one in result.records).items()))
    return (
        {"expected": _expected(result)}
        | found
        | {
            "stale": sum(bool(one.stale) for one in every),
            "standard cells": len(result.rotated),
            "readings": result.readings,
            "readings the same": sum(one.same for one in every),
            "readings that moved": sum(len(one.moves) for one in every),
            "blind readings": sum(one.blind for one in every),
        }
    )


def _expected(result: Result) -> int:
    """Number of records that the reference has or should have."""
    return sum(one.word != "extra" for one in result.records)


def markdown(result: Result) -> str:
    """Write a night's report.

    Args:
        result: The night.

    Returns:
        Markdown, ending in a newline.
    """
    bad = [one for one in (*result.records, *result.rotated) if not one.good]
    parts = [f"# A {'green' if result.green else 'red'} night", headline(result)]
    if result.troubles:
        parts.append("\n".join(f"* **{line}**" for line in result.troubles))
    if bad:
        bad.sort(key=lambda one: (-one.farthest, one.name))
        parts += [
            "## What is not as it was",
            _table(_rows(bad[:MOST_RECORDS]), ("record", "is", "largest T", "moved", "what")),
        ]
        if len(bad) > MOST_RECORDS:
            parts.append(f"… and {len(bad) - MOST_RECORDS} more; all are in `night.json`.")
        parts += ["## Likely cause", _causes(bad)]
        moves = [(one, move) for one in bad[:MOST_RECORDS] for move in one.moves[:MOST_MOVES]]
        if moves:
            heads = ("record", "reading", "arm", "was", "is", "T")
            parts += ["## Readings that moved farthest", _table((_move(*pair) for pair in moves[:50]), heads)]
    parts += ["## Counts", _table(((name, str(n)) for name, n in counts(result).items()), ("what", "number"))]
    if result.rotated:
        rows = ((one.name, one.word, f"{one.same} of {one.readings}") for one in result.rotated)
        parts += ["## Standard cells that had their turn", _table(rows, ("record", "is", "readings the same"))]
    if result.notes:
        parts += ["## Notes", "\n".join(f"* {line}" for line in result.notes)]
    return "\n\n".join([*parts, LEGEND]) + "\n"


def headline(result: Result) -> str:
    """Say in a few words what a night came to.

    Args:
        result: The night.

    Returns:
        One line.
    """
    good, expected = sum(one.good for one in result.records), _expected(result)
    beside = len(result.records) - expected
    ran = result.environment
    where = f" on {ran.processor}, torch {ran.torch}" if ran else ""
    code = f" Code {result.commit[:12]}" if result.commit else " Code of no commit"
    code += "+changes" * ("+" in (result.commit or ""))
    against = f", against {result.reference[:12]}" if result.reference else ""
    return (
        f"{good} of {expected} records are as they were, {f'{beside} beside them, ' * bool(beside)}"
        f"{result.readings} readings compared, in {result.seconds:.0f} s{where}.{code}{against}. {result.date}"
    )


def _rows(bad: Sequence[Judged]) -> Iterable[tuple[str, ...]]:
    for one in bad:
        data = ["examples or labels are others"] if one.data else []
        what = "; ".join((*one.troubles, *(f"stale: {line}" for line in one.stale), *data))
        farthest = f"{one.farthest:.3g}" if one.farthest else ""
        yield one.name, one.word, farthest, f"{len(one.moves)} of {one.readings}", what


def _causes(bad: Sequence[Judged]) -> str:
    by_cause: dict[str, list[str]] = {}
    for one in bad:
        by_cause.setdefault(one.cause or "none is known", []).append(one.name)
    return "\n".join(f"* {cause}: {len(names)} records, {names[0]} among them" for cause, names in by_cause.items())


def _move(one: Judged, move: Move) -> tuple[str, ...]:
    at = "" if move.knob is None else f" at {move.knob:g}"
    return one.name, f"{move.name}{at}", move.arm, f"{move.was:.7g}", f"{move.now:.7g}", f"{move.distance:.3g}"


def _table(rows: Iterable[tuple[str, ...]], heads: tuple[str, ...]) -> str:
    lines = [heads, tuple("---" for _ in heads), *rows]
    return "\n".join(
        "| " + " | ".join(cell.replace("|", "\\|").replace("\n", " ") for cell in line) + " |" for line in lines
    )
