"""Write a task's protocol: all that is set, read from the task itself."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from vaebench.experiment import Arm, Budget, Interventions, Preset
from vaebench.papers import REAL_IMAGES, Task
from vaebench.report.words.format import count, plain
from vaebench.report.words.markdown import escape, table, words
from vaebench.results.record import Record

SPLITS = {"fixed": "the data set's own, the same for all seeds", "by_seed": "each seed its own"}

SHOWN: tuple[Preset, ...] = ("standard", "quick", "paper")
"""Presets, a column each. The board shows the first."""


def protocol_table(task: Task) -> str:
    """Write what a task sets.

    Args:
        task: The task.

    Returns:
        A table with a column for each preset, and for data sets with budgets or a split of their own.
    """
    columns: list[tuple[str, Budget]] = [(preset, task.budgets[preset]) for preset in SHOWN if preset in task.budgets]
    own: dict[str, Budget] = {}
    for dataset in dict.fromkeys([*task.budgets_on, *(name for name in task.also_on if name in REAL_IMAGES)]):
        budget = task.budget("standard", dataset)
        own[dataset] = replace(budget, split="fixed") if dataset in REAL_IMAGES else budget
    for names in _alike(own):
        columns.append((f"standard, {' and '.join(names)}", own[names[0]]))
    rows = [[name, *cells] for name, *cells in _rows(task, [budget for _, budget in columns])]
    heads = ["", *(escape(name) for name, _ in columns)]
    return f"{_set(task)}\n\n{table(heads, rows)}"


def what_a_cell_took(records: Iterable[Record]) -> str:
    """Write what one seed of one variant costs, by network and data set.

    The quickest cell of each record counts: machines differed and had other work besides.

    Args:
        records: Of one task.

    Returns:
        A paragraph; empty where no cell says how long it took.
    """
    quickest: dict[str, list[float]] = {}
    for record in records:
        took = [sum(cell.seconds.values()) for cell in record.cells if cell.status == "ok" and cell.seconds]
        if took:
            subject = record.subject
            quickest.setdefault(f"{words(subject.dataset.name)} · {subject.arch}", []).append(min(took))
    said = []
    for place, times in sorted(quickest.items()):
        low, high = (f"{round(limit):,}" for limit in (min(times), max(times)))
        said.append(f"{escape(place)} {low if low == high else f'{low} to {high}'}")
    return f"Seconds of a cell on one core, the quickest of each record: {'; '.join(said)}." if said else ""


def _alike(budgets: Mapping[str, Budget]) -> list[list[str]]:
    """Names with equal budgets, together."""
    found: dict[Budget, list[str]] = {}
    for name, budget in budgets.items():
        found.setdefault(budget, []).append(name)
    return list(found.values())


def _rows(task: Task, budgets: Sequence[Budget]) -> list[list[str]]:
    knob = words(task.knob.name) if task.knob else ""
    lines = [
        [f"{knob} {task.knob.symbol}" if task.knob else "knob", *(_knob_values(task, one) for one in budgets)],
        ["seeds", *(str(one.seeds) for one in budgets)],
        ["latent units", *(str(one.latent) for one in budgets)],
        ["steps", *(f"{one.training.steps:,}".replace(",", " ") for one in budgets)],
        ["batch", *(str(one.training.batch) for one in budgets)],
        ["optimiser", *(_optimiser(one) for one in budgets)],
        ["split of the data", *(SPLITS[one.split] for one in budgets)],
        ["held-out points", *(count(one.evaluation.points) for one in budgets)],
        ["draws", *(count(one.evaluation.samples) for one in budgets)],
    ]
    if any(one.evaluation.neighbours_among for one in budgets):
        lines.append(["neighbours sought among", *(_among(one) for one in budgets)])
    if any("damage" in name for name in task.named):
        lines.append(["attack", *(_attack(one) for one in budgets)])
    if any(one.training.snapshots for one in budgets):
        lines.append(["snapshots of weights", *(str(len(one.training.snapshots)) for one in budgets)])
    return [[escape(cell) for cell in line] for line in lines]


def _knob_values(task: Task, budget: Budget) -> str:
    if task.knob is None:
        return "none"
    if task.knob.name == "strength":
        return "the variant's own strengths"
    return ", ".join(map(plain, budget.knob_values))


def _optimiser(budget: Budget) -> str:
    end = "to 0 by a cosine" if budget.training.schedule == "cosine" else "constant"
    return f"Adam, {plain(budget.training.learning_rate)}, {end}"


def _among(budget: Budget) -> str:
    most = budget.evaluation.neighbours_among
    return f"{count(most)} training examples" if most else "all training examples"


def _attack(budget: Budget) -> str:
    one = budget.evaluation
    return f"{one.attack_steps} steps, {one.attack_restarts} starts, {one.attacked} examples"


def _set(task: Task) -> str:
    """Say in a sentence each on which data, with which interventions and beside which arms models are trained."""
    by_name = f"; by name also {', '.join(task.also_on)}" if task.also_on else ""
    said = [f"Data: {', '.join(task.datasets)}{by_name}.", f"Every model: {_interventions(task.interventions)}."]
    arms = [_arm(arm) for arm in task.arms] + (["analytic (exact, untrained)"] if task.analytic else [])
    said += [f"Arms beside it: {'; '.join(arms)}."] if arms else []
    return escape(" ".join(said))


def _interventions(one: Interventions) -> str:
    found = []
    if one.posterior_scale is not None:
        found.append(f"posterior scale {plain(one.posterior_scale)}")
    if one.input_noise:
        found.append(f"input noise {plain(one.input_noise)}, {one.target} target")
    if one.likelihood_variance is not None:
        found.append(f"likelihood variance {plain(one.likelihood_variance)}")
    if one.likelihood == "bernoulli":
        found.append("Bernoulli likelihood" + (f" counted as {one.pixels} pixels" if one.pixels else ""))
    for side, rate in (("encoder", one.encoder_rate), ("decoder", one.decoder_rate)):
        if rate != 1:
            found.append(f"{side} rate {_times(rate)}")
    return ", ".join(found) or "as it is"


def _arm(arm: Arm) -> str:
    found = [] if arm.variant == "own" else [f"variant {arm.variant}"]
    found += [_interventions(arm.interventions)] if arm.interventions else []
    found += ["redrawn"] if arm.redrawn else []
    found += [] if arm.knob == "every" else [f"knob {arm.knob}"]
    return f"{words(arm.name)} ({', '.join(found)})" if found else words(arm.name)


def _times(factor: float) -> str:
    """Print a factor; one over a whole number as a division."""
    whole = round(1 / factor) if factor else 0
    return f"÷ {whole}" if whole > 1 and abs(whole * factor - 1) < 1e-9 else f"× {plain(factor)}"
