"""Write the verdicts at half and twice every tolerance that is ours."""

from collections.abc import Sequence

from vaebench.claims import Claim, rests_on_tolerances
from vaebench.report.rows.shown import ShownRecord
from vaebench.report.rows.summary import FACTORS, Words, at_factor
from vaebench.report.words.levels import tally_of
from vaebench.report.words.markdown import details, escape, table

TOLERANCES = "Verdicts at half and twice the tolerances that are ours"
"""The title of the folded table."""


def tolerance_table(claims: Sequence[Claim], shown: Sequence[ShownRecord]) -> str:
    """Write how many verdicts each claim would have if the tolerances that are ours were half or twice as wide.

    Args:
        claims: A task's claims.
        shown: The records that count.

    Returns:
        A folded table; empty where no claim has a tolerance of ours.
    """
    rows = []
    for claim in claims:
        if not rests_on_tolerances(claim):
            continue
        at = [_at_factors(claim, one) for one in shown]
        for place, level in enumerate(("as published", "under controls")):
            counts = [tally_of(words_[factor][place] for words_ in at) for factor in range(len(FACTORS))]
            rows.append([escape(claim.id) if place == 0 else "", level, *counts])
    heads = ["Claim", "Level", *("as it is" if factor == 1 else f"× {factor:g}" for factor in FACTORS)]
    return details(TOLERANCES, table(heads, rows)) if rows else ""


def _at_factors(claim: Claim, shown: ShownRecord) -> tuple[Words, ...]:
    if claim in shown.record.claims:
        return shown.summary.tolerances[claim.id]
    seeds = len(shown.record.cells)
    return tuple(at_factor(claim, factor, shown.table, seeds) for factor in FACTORS)
