"""Say why a record is refused: it must be possible and complete, and must not contradict itself."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import Field, fields, is_dataclass
from fractions import Fraction

from vaebench.claims import Claim, Condition, Verdict, is_duration, judged_names, map_entry
from vaebench.papers import Task
from vaebench.report.received.sent import Sent
from vaebench.report.suite import Suite
from vaebench.results.assemble import judging_hash, rejudge
from vaebench.results.record import Record

SAME = 1e-9
"""Numbers that differ by less, relatively, are equal up to the order of summation."""

EXACT = 1e-3
"""Measurements of one closed form differ by less between processors, absolutely or relatively."""

FINE = 10_000
"""A share with a denominator up to this may be equal in several seeds; any other number is not."""


def impossible(record: Record, task: Task, suite: Suite) -> str:
    """Say what a record names that does not exist.

    Args:
        record: From anybody.
        task: The task it names.
        suite: What there is.

    Returns:
        One line that begins with the field; empty if there is no objection.
    """
    return _unknown(record, suite) or _other_version(record, task, suite)


def contradicted(record: Sent, task: Task, references: Sequence[Record]) -> str:
    """Say where a record that somebody sent contradicts its task or the suite's own records.

    Args:
        record: A record of the current task.
        task: Its task.
        references: The suite's own records of the task.

    Returns:
        One line that begins with the field; empty if there is no objection.
    """
    return _other_claims(record, task) or _verdicts_of_nothing(record) or _other_closed_form(record, references)


def judged(record: Record, task: Task) -> Record:
    """Judge a record by its task's claims. The sender decides neither claims nor verdicts.

    Args:
        record: From anybody.
        task: Its task.

    Returns:
        The record with the task's claims and with verdicts made anew.
    """
    return rejudge(record.model_copy(update={"claims": task.claims, "invariants": task.invariants}))


def differs(record: Record, anew: Record) -> str:
    """Say where the verdicts of a record that somebody sent differ from those that its measurements give.

    They are compared if the current code made them. Verdicts of earlier code may differ because the rules changed. The
    board judges every record anew in any case.

    Args:
        record: From anybody; the suite's own are not checked.
        anew: The same, judged now.

    Returns:
        One line that begins with the field; empty if there is no objection.
    """
    if not isinstance(record, Sent) or record.judged_by != judging_hash():
        return ""
    for field in ("verdicts", "control_verdicts", "invariant_verdicts", "agreement", "agreement_published"):
        if where := _difference(getattr(record, field), getattr(anew, field), field):
            return f"{where}; the same run command judges its cells anew"
    return ""


def copied(record: Record, task: Task) -> str:
    """Say which seeds of a record are copies. Random numbers are never equal to the last digit.

    Args:
        record: From anybody.
        task: Its task.

    Returns:
        One line; empty if each seed has its own numbers.
    """
    trained = [c for c in record.measurements if c.arm == "trained" and len(c.values) > 1 and map_entry(c.name) is None]
    names = set(judged_names(task.claims))
    for column in trained:
        if column.name in names and len(set(column.values)) == 1 and not is_share_of_few(column.values[0]):
            return f"measurements: {column.name} is equal to the last digit in all seeds, as if one were copied"
    complete = [column for column in trained if column.seeds == trained[0].seeds]
    seen: dict[tuple[float, ...], int] = {}
    for index, seed in enumerate(complete[0].seeds if complete else ()):
        values = tuple(column.values[index] for column in complete)
        if values in seen and not all(map(is_share_of_few, values)):
            return f"measurements: seed {seed} is equal to seed {seen[values]} to the last digit, as if it were copied"
        seen[values] = seed
    return ""


def is_share_of_few(value: float) -> bool:
    """Whether a number is a share of few things, or whole: several seeds, or two models, may give it.

    Args:
        value: The number.

    Returns:
        Whether it is, up to rounding.
    """
    return math.isclose(float(Fraction(value).limit_denominator(FINE)), value, rel_tol=1e-12, abs_tol=1e-300)


def _unknown(record: Record, suite: Suite) -> str:
    subject = record.subject
    if subject.dataset.name not in suite.datasets:
        return f"subject.dataset.name: there is no data set {subject.dataset.name}"
    if subject.arch not in suite.archs:
        return f"subject.arch: there is no architecture {subject.arch}"
    if _release(record.suite_version) > _release(suite.release):
        return f"suite_version: {record.suite_version}, and this is {suite.release}"
    name, code = subject.variant.name, subject.variant.code_hash
    if isinstance(record, Sent) and suite.variants.get(name, code) != code:
        return f"subject.variant: {name} is one of the suite's own, and its code is {suite.variants[name]}, not {code}"
    if code in suite.variants.values() and suite.variants.get(name) != code:
        return f"subject.variant: its code {code} is that of one of the suite's own, whose name is not {name}"
    return ""


def _release(version: str) -> list[int]:
    """The numbers that a version begins with."""
    return [int(part) for part in version.split(".")[:3] if part.isdigit()]


def _other_version(record: Record, task: Task, suite: Suite) -> str:
    measured, data = record.subject.task, record.subject.dataset
    if task.versions and measured.version not in {version.number for version in task.versions}:
        listed = ", ".join(f"{version.number} ({version.since})" for version in task.versions)
        return f"subject.task.version: {measured.version}, and its page lists {listed}"
    if measured.hash == suite.definition(record) and measured.version != task.version:
        return f"subject.task.version: {measured.version}, and its hash is that of {task.version}"
    present = suite.datasets[data.name]
    if data.version > present.number:
        return f"subject.dataset.version: {data.version}, and there is {present.number}"
    if data.hash == present.hash and data.version != present.number:
        return f"subject.dataset.version: {data.version}, and its hash is that of {present.number}"
    return ""


def _other_claims(record: Record, task: Task) -> str:
    """Conditions are a part of the task's hash, so they cannot differ under the same hash."""
    for field, own in (("claims", task.claims), ("invariants", task.invariants)):
        if _conditions(getattr(record, field)) != _conditions(own):
            return f"{field}: they are not those of its task"
    return ""


def _conditions(claims: Iterable[Claim]) -> list[object]:
    """The hashed part of each claim. How it is judged is not hashed, and may have changed since."""
    return [
        (
            claim.id,
            [(type(one).__name__, [getattr(one, field.name) for field in _hashed(one)]) for one in claim.conditions],
        )
        for claim in claims
    ]


def _hashed(condition: Condition) -> list[Field[object]]:
    return [field for field in fields(condition) if field.metadata.get("hashed", True)]


def _verdicts_of_nothing(record: Record) -> str:
    """Check that there is one verdict for each claim, and none on an arm that does not exist."""
    claims, invariants = ([claim.id for claim in part] for part in (record.claims, record.invariants))
    arms = {column.arm for column in record.measurements} | {"trained"}
    if [(verdict.claim, verdict.arm) for verdict in record.verdicts] != [(claim, "trained") for claim in claims]:
        return "verdicts: they are not one for each of its claims"
    parts: tuple[tuple[str, tuple[Verdict, ...], list[str]], ...] = (
        ("control_verdicts", record.control_verdicts, claims),
        ("invariant_verdicts", record.invariant_verdicts, invariants),
    )
    for field, verdicts, asked in parts:
        for verdict in verdicts:
            if verdict.claim not in asked or verdict.arm not in arms:
                return f"{field}: one is of the claim {verdict.claim:.60} and the arm {verdict.arm:.60}, not both there"
    return ""


def _difference(given: object, found: object, path: str) -> str:
    """Name the first field where two values differ by more than rounding."""
    if isinstance(given, float) and isinstance(found, float):
        same = math.isclose(given, found, rel_tol=SAME, abs_tol=SAME)
    elif isinstance(given, tuple) and isinstance(found, tuple) and len(given) == len(found):
        steps = ((one, other, f"{path}.{i}") for i, (one, other) in enumerate(zip(given, found, strict=True)))
        return next(filter(None, (_difference(*step) for step in steps)), "")
    elif is_dataclass(given) and type(given) is type(found):
        names = [field.name for field in fields(given)]
        steps = ((getattr(given, name), getattr(found, name), f"{path}.{name}") for name in names)
        return next(filter(None, (_difference(*step) for step in steps)), "")
    else:
        same = given == found
    return "" if same else f"{path}: {given!r:.60}, and its measurements say {found!r:.60}"


_Number = tuple[str, str, float | None, int]
"""Arm, measurement, knob value and seed."""


def _other_closed_form(record: Record, references: Sequence[Record]) -> str:
    """The closed form depends only on the data and β. Check it against the suite's own.

    β follows from the declared weight of the KL, unless a model learns the likelihood's variance. Then half or more of
    what β moves differs, and only the rest can be compared. What differs between the suite's own records, β moves.
    """
    theirs = _closed_form(record)
    alike = [reference for reference in references if _data(reference) == _data(record)]
    forms = [_closed_form(reference) for reference in alike if _weight(reference) == _weight(record)]
    nearest = min(forms, key=lambda form: len(_differing(theirs, form)), default={})
    own = {number: value for form in forms if not _differing(form, nearest) for number, value in form.items()}
    moves = {number[:2] for reference in alike for number in _differing(_closed_form(reference), own)}
    moved, differing = {number for number in theirs.keys() & own.keys() if number[:2] in moves}, _differing(theirs, own)
    wrong = differing - moved if 2 * len(differing & moved) >= len(moved) else differing
    for number in theirs:
        if number in wrong:
            arm, name, _, seed = number
            shown = f"{theirs[number]:.4g} in seed {seed} of the {arm} arm"
            return f"measurements: {name} is {shown}, where the closed form has {own[number]:.4g}"
    return ""


def _closed_form(record: Record) -> dict[_Number, float]:
    """What a record measured on its analytic arms."""
    columns = [one for one in record.measurements if one.arm.startswith("analytic") and not is_duration(one.name)]
    return {
        (one.arm, one.name, one.knob, seed): value
        for one in columns
        for seed, value in zip(one.seeds, one.values, strict=True)
    }


def _differing(some: Mapping[_Number, float], others: Mapping[_Number, float]) -> set[_Number]:
    both = some.keys() & others.keys()
    return {one for one in both if not math.isclose(some[one], others[one], rel_tol=EXACT, abs_tol=EXACT)}


def _weight(record: Record) -> float:
    weight = record.subject.variant.kl_weight
    return 1.0 if weight is None else weight


def _data(record: Record) -> tuple[object, ...]:
    subject = record.subject
    return subject.dataset.name, subject.dataset.version, subject.dataset.hash, subject.preset, subject.device
