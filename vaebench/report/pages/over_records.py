"""Sum up a claim that speaks of all objectives and data: its shares, with distinct models as the sample."""

from collections.abc import Iterable, Sequence

from vaebench.claims import Beyond, CheckResult, Claim, Interval, share_interval
from vaebench.papers import Task
from vaebench.report.rows.distinct import Model
from vaebench.report.words.condition_words import condition_words
from vaebench.report.words.decisive import is_blind
from vaebench.report.words.format import claimed, estimate_and_interval
from vaebench.report.words.markdown import escape


def over_records(task: Task, claim: Claim, models: Iterable[Model]) -> list[str]:
    """Say a claim's shares over the suite's own distinct models, whatever their network and data set.

    A model counts with its mean share over seeds. The interval is `share_interval`: it assumes no distribution, and
    takes models as a random draw.

    Args:
        task: The task.
        claim: One of its claims.
        models: The distinct models of the task; only the suite's own of the standard preset count.

    Returns:
        One line of Markdown for each share; none of a claim that does not speak of records, or that none has read. A
        model whose measure cannot tell does not count.
    """
    if not claim.over_records:
        return []
    own = [one for one in models if one.is_own and one.first.row.preset == "standard"]
    checks = [
        check for one in own if one.first.dataset in task.counted_on for check in one.first.verdicts[claim.id].checks
    ]
    lines = []
    for condition in claim.conditions:
        of = [one for one in checks if one.statistic == condition.measurements[0]]
        read = [one for one in of if one.interval]
        if isinstance(condition, Beyond) and condition.scale == "share" and read:
            shares = [one.interval.estimate for one in read if one.interval and not is_blind(one)]
            lines.append(escape(f"{condition_words(read[0].statistic)}: {_said(read, shares, condition.limit)}"))
    return lines


def _said(read: Sequence[CheckResult], shares: Sequence[float], limit: float) -> str:
    if not shares:
        return f"in none of {len(read)} distinct models that have it can the measure tell"
    found = share_interval(shares)
    mean, interval = estimate_and_interval(found)
    who = f"{len(shares)} distinct models whose measure can tell"
    return f"{mean} {interval} of {who}, claimed {claimed(read[0])}, {_word(found, limit)}"


def _word(found: Interval, limit: float) -> str:
    """Place an interval of shares against the limit that they are claimed to exceed."""
    if found.low is None or found.high is None:
        return "one model says nothing of others"
    return "which holds" if found.low > limit else "which fails" if found.high < limit else "undecided"
