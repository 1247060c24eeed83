"""What the leaderboard needs to know of tasks and names, from the pages of the suite."""

from vaebench import __version__, catalog
from vaebench.report.task_text import Suite, TaskText, Term


def task_texts() -> tuple[TaskText, ...]:
    """What the leaderboard needs to know of each task.

    Returns:
        One text a task.
    """
    tasks = [catalog.task(name) for name in catalog.task_names()]
    data = {name: catalog.dataset_version(name) for name in catalog.dataset_names()}
    return tuple(
        TaskText(
            name=task.name,
            version=task.version,
            hashes={preset: task.definition_hash(preset) for preset in task.budgets},
            title=task.title,
            source=task.source,
            asks=task.asks,
            text=catalog.task_text(task.name),
            knob_name=task.knob.name if task.knob else None,
            knob_symbol=task.knob.symbol if task.knob else None,
            datasets=task.datasets,
            arms=("analytic", *(name for arm in task.arms for name in (arm.name, f"analytic_{arm.name}"))),
            instruments=(*task.instruments, *task.comparisons),
            claims=task.claims,
            invariants=task.invariants,
            tradeoffs=task.tradeoffs,
            data_hashes={name: hash_ for name, (_, hash_) in data.items()},
            knob_values=None
            if task.knob and task.knob.name == "strength"
            else {preset: budget.knob_values for preset, budget in task.budgets.items()},
            versions={version.number: version.since for version in task.versions},
            data_versions={name: version for name, (version, _) in data.items()},
            seeds={preset: budget.seeds for preset, budget in task.budgets.items()},
        )
        for task in tasks
    )


def glossary() -> tuple[Term, ...]:
    """What the leaderboard's names mean, in the first lines of their pages.

    Returns:
        A term for each variant, network and data set.
    """
    folders = (
        ("variant", "variants", catalog.variant_names()),
        ("network", "models/networks", catalog.arch_names()),
        ("data", "data", catalog.dataset_names()),
    )
    return tuple(
        Term(kind, name, catalog.summary(folder, name), f"vaebench/{folder}/{name}.py")
        for kind, folder, names in folders
        for name in names
    )


def suite() -> Suite:
    """What there is to be named by a record.

    Returns:
        Names of data sets, architectures and variants, and the suite's own version.
    """
    datasets = (name for page in catalog.dataset_names() for name in catalog.dataset_sizes(page))
    return Suite(__version__, frozenset(datasets), frozenset(catalog.arch_names()), catalog.variant_hashes())
