"""Queries: what a finding can ask of the committed records of one task."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import get_args

from vaebench.claims import CheckResult, Column, Level, LevelName, Verdict, VerdictWord, enough
from vaebench.mistakes import nearest
from vaebench.report.first_population import Before
from vaebench.results.record import Record


class Unanswered(ValueError):  # noqa: N818 - the caller adds file and line
    """Why a query has no answer, in one line."""


@dataclass(frozen=True)
class Queries:
    """What can be asked of the records of one task.

    A record is named ``<variant>.<network>.<data set>``. A selection is made of ``variant``, ``network`` and ``data``,
    each a name or left out.

    Attributes:
        records: The suite's own records of the task.
        first: Verdicts of the first population on the task.
        copies: Those of the records that are the same model as an earlier one. They count only where they are named.
    """

    records: Sequence[Record]
    first: Sequence[Before] = ()
    copies: Sequence[Record] = ()

    def before(self, claim: str, word: VerdictWord, level: LevelName = "controlled", network: str = "") -> int:
        """Number of records of the first population on which a claim had a word at one level."""
        _check_word(word)
        _check_level(level)
        return sum(getattr(one, level) == word for one in self._before(claim, network))

    def before_applicable(self, claim: str, network: str = "") -> int:
        """Number of records of the first population that a claim applied to."""
        return sum(one.controlled != "not applicable" for one in self._before(claim, network))

    def _before(self, claim: str, network: str) -> list[Before]:
        of_claim = [one for one in self.first if one.claim == claim]
        if not of_claim:
            raise Unanswered(
                f"the first population had no claim {claim}{nearest(claim, {b.claim for b in self.first})}"
            )
        found = [one for one in of_claim if network in {"", one.network}]
        if not found:
            raise Unanswered(
                f"the first population had no {claim} on {network}{nearest(network, {b.network for b in of_claim})}"
            )
        return found

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

    def rises(
        self,
        *measurements: str,
        arm: str = "trained",
        knob: float | None = None,
        variant: str = "",
        network: str = "",
        data: str = "",
    ) -> bool:
        """Whether means rise strictly, in the order named, on every record of a selection. Each must have them all."""
        if len(measurements) < 2:
            raise Unanswered("rises takes two measurements or more")
        chosen = self._selected(variant, network, data)
        means = ([_mean(_column(record, one, arm, knob)) for one in measurements] for record in chosen)
        return all(low < high for each in means for low, high in pairwise(each))

    def word(self, record: str, claim: str, arm: str = "trained", level: LevelName = "controlled") -> str:
        """Word of a claim's verdict on one record at one level."""
        _check_level(level)
        found: Level = getattr(_verdict(self._named(record), claim, arm), level)
        return found.word

    def agreement(self, record: str, claim: str) -> float:
        """Mean agreement of a claim over the seeds of one record."""
        values = _verdict(self._named(record), claim, "trained").agreement
        if not values:
            raise Unanswered(f"{claim} has no agreement on {record}")
        return sum(values) / len(values)

    def estimate(
        self, record: str, claim: str, statistic: str, knob: float | None = None, arm: str = "trained"
    ) -> float:
        """Estimate of one statistic that a claim checks, on one record."""
        found = _checks(self._named(record), claim, arm, statistic)
        at_knob = [check for check in found if check.knob == knob]
        if not at_knob:
            knobs = ", ".join(str(check.knob) for check in found)
            raise Unanswered(f"{claim} has no {statistic!r} at knob {knob}; it is there at {knobs}")
        if at_knob[0].interval is None:
            raise Unanswered(f"{statistic} has no estimate on {record}: {at_knob[0].reason}")
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
        """Number of records of a selection on which a claim has a word under controls."""
        return len(self._with(claim, word, variant, network, data, arm))

    def published(
        self, claim: str, word: VerdictWord, variant: str = "", network: str = "", data: str = "", arm: str = "trained"
    ) -> int:
        """Number of records of a selection on which a claim has a word as published."""
        return len(self._with(claim, word, variant, network, data, arm, "published"))

    def both(
        self, claim: str, word: VerdictWord = "holds", variant: str = "", network: str = "", data: str = ""
    ) -> int:
        """Number of records of a selection on which a claim has a word at both levels."""
        held = self._with(claim, word, variant, network, data, "trained")
        return sum(_verdict(record, claim, "trained").published.word == word for record in held)

    def applicable(
        self,
        claim: str,
        variant: str = "",
        network: str = "",
        data: str = "",
        arm: str = "trained",
        level: LevelName = "controlled",
    ) -> int:
        """Number of records of a selection that have an arm, and whose arm a claim applies to at a level."""
        _check_level(level)
        chosen = self._with_arm(claim, variant, network, data, arm)
        return sum(getattr(_verdict(record, claim, arm), level).word != "not applicable" for record in chosen)

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
        """Number of records of a selection where a statistic of a claim has a word at every knob value."""
        _check_word(word)
        chosen = self._with_arm(claim, variant, network, data, arm)
        return sum({check.word for check in _checks(one, claim, arm, statistic)} == {word} for one in chosen)

    def above(
        self, claim: str, statistic: str, limit: float, variant: str = "", network: str = "", data: str = ""
    ) -> int:
        """Number of records of a selection where a statistic's intervals all lie above a limit.

        It is any limit, not the claim's. Statistics of too few seeds do not count.
        """
        found = self._intervals(claim, statistic, variant, network, data)
        return sum(all(low > limit for low, _ in one) for one in found)

    def below(
        self, claim: str, statistic: str, limit: float, variant: str = "", network: str = "", data: str = ""
    ) -> int:
        """Number of records of a selection where they all lie below it."""
        found = self._intervals(claim, statistic, variant, network, data)
        return sum(all(high < limit for _, high in one) for one in found)

    def _intervals(
        self, claim: str, statistic: str, variant: str, network: str, data: str
    ) -> list[list[tuple[float, float]]]:
        """Ends of a statistic's intervals at all knob values, by record that has one."""
        chosen = self._with_arm(claim, variant, network, data, "trained")
        read = (
            [
                one.interval
                for one in _checks(record, claim, "trained", statistic)
                if one.interval and enough(one.interval.n, len(record.cells))
            ]
            for record in chosen
        )
        ends = [[(one.low, one.high) for one in each if one.low is not None and one.high is not None] for each in read]
        return [each for each in ends if each]

    def variants(self, claim: str, word: VerdictWord, network: str = "", data: str = "", arm: str = "trained") -> str:
        """Names of the variants on which a claim has a word, in the order of the alphabet."""
        found = sorted({record.subject.variant.name for record in self._with(claim, word, "", network, data, arm)})
        if not found:
            raise Unanswered(f"{claim} {word} for no variant")
        quoted = [f"`{name}`" for name in found]
        return quoted[0] if len(quoted) == 1 else f"{', '.join(quoted[:-1])} and {quoted[-1]}"

    def _named(self, name: str) -> Record:
        by_name = {_name(record): record for record in self.records}
        if name not in by_name:
            raise Unanswered(f"there is no record {name}{nearest(name, by_name)}")
        return by_name[name]

    def _selected(self, variant: str, network: str, data: str) -> list[Record]:
        asked = {"variant": variant, "network": network, "data": data}
        for part, name in asked.items():
            if name and name not in (there := {_parts(record)[part] for record in self.records}):
                raise Unanswered(f"no record has the {part} {name}{nearest(name, there)}")
        found = [
            record
            for record in self.records
            if all(not name or _parts(record)[part] == name for part, name in asked.items())
            and (variant or not any(record is copy for copy in self.copies))
        ]
        if not found:
            raise Unanswered(f"no record has {', '.join(f'{part} {name}' for part, name in asked.items() if name)}")
        return found

    def _with(
        self,
        claim: str,
        word: str,
        variant: str,
        network: str,
        data: str,
        arm: str,
        level: LevelName = "controlled",
    ) -> list[Record]:
        _check_word(word)
        chosen = self._with_arm(claim, variant, network, data, arm)
        return [record for record in chosen if getattr(_verdict(record, claim, arm), level).word == word]

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
            raise Unanswered(f"no record of the selection has {measurement}")
        return found


def _parts(record: Record) -> dict[str, str]:
    subject = record.subject
    return {"variant": subject.variant.name, "network": subject.arch, "data": subject.dataset.name}


def _name(record: Record) -> str:
    return ".".join(_parts(record).values())


def _find(record: Record, measurement: str, arm: str, knob: float | None) -> Column | None:
    return next((one for one in record.measurements if one.place == (arm, knob, measurement)), None)


def _column(record: Record, measurement: str, arm: str, knob: float | None) -> Column:
    """The column of a measurement, which must have numbers."""
    found = _find(record, measurement, arm, knob)
    if found is None:
        same = [one for one in record.measurements if one.name == measurement]
        found_at = sorted({f"arm={one.arm!r}, knob={one.knob}" for one in same})
        names = {one.name for one in record.measurements}
        there = f"; it is there at {'; '.join(found_at[:6])}" if found_at else nearest(measurement, names)
        raise Unanswered(f"{_name(record)} has no {measurement} at arm={arm!r}, knob={knob}{there}")
    if not found.values:
        raise Unanswered(f"{_name(record)} has no {measurement}: {found.absent[0].reason}")
    return found


def _mean(column: Column) -> float:
    return sum(column.values) / len(column.values)


def _check_word(word: str) -> None:
    if word not in (words := get_args(VerdictWord)):
        raise Unanswered(f"{word} is no verdict; there are: {', '.join(words)}")


def _check_level(level: str) -> None:
    if level not in (levels := get_args(LevelName)):
        raise Unanswered(f"{level} is no level; there are: {', '.join(levels)}")


def _checks(record: Record, claim: str, arm: str, statistic: str) -> list[CheckResult]:
    """The checks of one statistic of a claim, by knob value."""
    checks = _verdict(record, claim, arm).checks
    found = [check for check in checks if check.statistic == statistic]
    if not found:
        names = list(dict.fromkeys(check.statistic for check in checks))
        raise Unanswered(f"{claim} has no statistic {statistic!r} on {_name(record)}; there are: {'; '.join(names)}")
    return found


def _verdict(record: Record, claim: str, arm: str) -> Verdict:
    verdicts = record.verdicts if arm == "trained" else record.control_verdicts
    found = next((one for one in verdicts if (one.claim, one.arm) == (claim, arm)), None)
    if found is None:
        claims = {one.claim for one in record.verdicts}
        names = nearest(claim, claims) if claim not in claims else f"; its arms: {', '.join(record.table.arms)}"
        raise Unanswered(f"{_name(record)} has no verdict on {claim} of the {arm} arm{names}")
    return found
