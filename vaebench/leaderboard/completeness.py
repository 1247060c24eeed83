"""Say what a record lacks of what its task reads: what is left out of it must not count in its favour."""

from collections import defaultdict

from vaebench.leaderboard.task_text import TaskText
from vaebench.results.record import Record


def lacking(record: Record, task: TaskText) -> str:
    """Compare a record with what its task's protocol reads.

    A reading that a claim does not find is not applicable and out of the score. So every reading that the claims judge
    has to be there for each finished seed, once or at every value of the knob, or to be declined with its reason; and
    seeds are counted from 0, so that none is picked. Where the knob is the variant's own strength, the variant says
    what is read, and only the seeds are looked at.

    Args:
        record: A record that measured this task as it stands.
        task: The task.

    Returns:
        One line on the first thing that is not there; empty for a whole record.
    """
    seeds = sorted(cell.seed for cell in record.cells)
    if seeds != list(range(len(seeds))):
        return f"its seeds are {', '.join(map(str, seeds))}, not 0, 1, 2 and on"
    if task.knob_values is None:
        return ""
    values = set(task.knob_values[record.subject.preset])
    knobs: dict[tuple[str, int], set[float | None]] = defaultdict(set)
    for column in record.columns:
        if column.arm == "trained":
            for seed in column.seeds:
                knobs[column.name, seed].add(column.knob)
    for seed in (cell.seed for cell in record.cells if cell.status == "ok"):
        for name in task.judged:
            found = knobs[name, seed]
            if found != {None} and (not values or found - {None} != values):
                return f"it has no {name} of seed {seed}" + (" at every knob value" if found else "")
    return ""
