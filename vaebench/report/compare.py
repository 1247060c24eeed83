"""Compare two runs or two rows: differences paired by seed, claim by claim.

Two models of one seed have the same data, batches and noise, so their difference varies less than either.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

from vaebench.claims import Column, LevelName, Verdict, enough, judged_names, t_interval
from vaebench.mistakes import Mistake, nearest
from vaebench.report.differences import AtLevel, ClaimDifference, Comparison, MeasurementDifference
from vaebench.report.words.decisive import is_blind
from vaebench.report.words.levels import LEVEL_NAMES
from vaebench.results.assemble import rejudge
from vaebench.results.definitions import other_definitions
from vaebench.results.record import Record
from vaebench.results.references import own_row, read

Key = tuple[str, ...]


def side(given: str) -> tuple[list[Record], list[str]]:
    """Read one side of a comparison.

    Args:
        given: A folder of a run, a record's file, or a row of the suite's own: ``variant`` or ``variant.network``.

    Returns:
        The records, and one line for each file that is none.

    Raises:
        Mistake: There is no such folder and no such row.
    """
    if Path(given).exists() or "/" in given:
        return read(Path(given))
    chosen, bad, rows = own_row(given)
    if not chosen:
        near = nearest(given, sorted(rows)) or "; a row is a variant, or variant.network as in vae.mlp"
        raise Mistake(f"{given} is no folder of a run and no row{near}")
    return chosen, bad


def compare(one: Sequence[Record], other: Sequence[Record]) -> Comparison:
    """Compare two sides. Records are judged anew, whatever verdicts they carry.

    Records pair by task, data set, preset and device. Variant and network count too, where a side has several.

    Args:
        one: The first side.
        other: The second side.

    Returns:
        The differences, the second side minus the first.

    Raises:
        Mistake: Two records of one side would pair with the same record of the other.
    """  # noqa: DOC502 - raised by what it calls
    parts = _parts(one, other)
    ours, theirs = (_by_key(records, parts, name) for records, name in ((one, "first"), (other, "second")))
    claims: list[ClaimDifference] = []
    measured: list[MeasurementDifference] = []
    unlike: list[str] = []
    alone = [f"{' '.join(key)}: only on the first side" for key in ours if key not in theirs]
    alone += [f"{' '.join(key)}: only on the second side" for key in theirs if key not in ours]
    for key in sorted(ours.keys() & theirs.keys()):
        if why := _unlike(ours[key], theirs[key]):
            unlike.append(f"{' '.join(key)}: {why}")
            continue
        subject = " ".join(key[4:])
        pair = rejudge(ours[key]), rejudge(theirs[key])
        claims += _claims(*pair, subject)
        measured += _measurements(*pair, subject)
    return Comparison(tuple(claims), tuple(measured), (*unlike, *alone))


def _parts(one: Sequence[Record], other: Sequence[Record]) -> tuple[str, ...]:
    """What tells records apart beside task, data set, preset and device."""
    several = []
    for part in ("variant", "arch"):
        names = [{_part(record, part) for record in records} for records in (one, other)]
        if max(map(len, names)) > 1:
            several.append(part)
    return tuple(several)


def _part(record: Record, part: str) -> str:
    return record.subject.variant.name if part == "variant" else record.subject.arch


def _by_key(records: Sequence[Record], parts: Sequence[str], name: str) -> dict[Key, Record]:
    def key(record: Record) -> Key:
        subject = record.subject
        own = (_part(record, part) for part in parts)
        return subject.task.name, subject.dataset.name, subject.preset, subject.device, *own

    if twice := [key_ for key_, times in Counter(map(key, records)).items() if times > 1]:
        raise Mistake(f"the {name} side has several records of {' '.join(twice[0])}; name one row, or one folder")
    return {key(record): record for record in records}


def _unlike(one: Record, other: Record) -> str:
    """Why two records measured different things; or nothing."""
    if differences := "; ".join(other_definitions(one.subject, other.subject, "second side")):
        return differences
    return "" if one.claims == other.claims else "their claims are defined differently"


def _claims(one: Record, other: Record, subject: str) -> Iterator[ClaimDifference]:
    theirs = {verdict.claim: verdict for verdict in other.verdicts}
    ran = len({cell.seed for cell in one.cells} & {cell.seed for cell in other.cells})
    task, dataset = one.subject.task.name, one.subject.dataset.name
    for verdict in one.verdicts:
        partner = theirs[verdict.claim]
        published, controlled = (at_level(verdict, partner, level, ran) for level in LEVEL_NAMES)
        yield ClaimDifference(task, dataset, subject, verdict.claim, published, controlled)


def at_level(one: Verdict, other: Verdict, level: LevelName, ran: int) -> AtLevel:
    """Compare two verdicts of one claim.

    Args:
        one: The first.
        other: The second.
        level: ``published`` or ``controlled``.
        ran: Number of seeds that both ran.

    Returns:
        The difference; none if too many seeds did not finish, because survivors are no fair sample.
    """
    first, second = getattr(one, level), getattr(other, level)
    words = (first.word, second.word)
    for name, found in (("first", first), ("second", second)):
        if found.word == "not applicable":
            return AtLevel(words, None, None, f"not applicable to the {name}: {found.reason}")
    if lone := sorted(set(_statistics(one, level)) ^ set(_statistics(other, level))):
        return AtLevel(words, None, None, f"one side has no {lone[0]}, so the agreements are of different things")
    a, b = (dict(zip(found.seeds, found.agreement, strict=True)) for found in (first, second))
    shared = sorted(a.keys() & b.keys())
    if not shared or not enough(len(shared), ran):
        return AtLevel(words, None, None, f"{len(shared)} of {ran} seeds have it on both sides")
    means = tuple(sum(of[seed] for seed in shared) / len(shared) for of in (a, b))
    return AtLevel(words, (means[0], means[1]), t_interval([b[seed] - a[seed] for seed in shared]))


def _statistics(verdict: Verdict, level: LevelName) -> Iterator[str]:
    """Name the statistics of a level that have a meaning.

    Yields:
        Names, with knob values.
    """
    for check in verdict.checks:
        if check.word != "not applicable" and (
            check.role == "published" if level == "published" else not is_blind(check)
        ):
            yield check.place


def _measurements(one: Record, other: Record, subject: str) -> Iterator[MeasurementDifference]:
    judged = set(judged_names(one.claims))
    theirs = {column.place: column for column in other.measurements}
    task, dataset = one.subject.task.name, one.subject.dataset.name
    for column in one.measurements:
        partner = theirs.get(column.place)
        if column.arm == "trained" and column.name in judged and partner and partner.unit == column.unit:
            pairs = _pairs(column, partner)
            if pairs:
                mean = sum(here for here, _ in pairs) / len(pairs)
                difference = t_interval([there - here for here, there in pairs])
                yield MeasurementDifference(
                    task, dataset, subject, column.name, column.knob, column.unit, mean, difference
                )


def _pairs(one: Column, other: Column) -> list[tuple[float, float]]:
    theirs = dict(zip(other.seeds, other.values, strict=True))
    return [(value, theirs[seed]) for seed, value in zip(one.seeds, one.values, strict=True) if seed in theirs]
