"""How long a run of the whole suite takes here: measured steps, and the suite's own records for the measuring."""

import time
from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from itertools import pairwise
from statistics import median

from vaebench.cell import trainings
from vaebench.check.findings import Forecast
from vaebench.check.setting import PRESET, Setting
from vaebench.mistakes import Mistake
from vaebench.models import Step, Terms, Unfit, Variant
from vaebench.results.record import Record
from vaebench.results.references import REFERENCES, checkout, own
from vaebench.results.store import read_records
from vaebench.seeds import seed_for
from vaebench.training.fit import fit

TIMED = 12
"""Steps that are timed."""

Key = tuple[str, int, int]
"""Network, values of an example, examples a step."""


def forecast(variant: Variant, every: Sequence[Setting], jobs: int) -> Forecast:
    """Estimate the time of a run of every task with the standard preset.

    The time of a step is measured for each network, size of data and size of batch. Measuring is taken to be in
    the same proportion to training as in the suite's record of `vae` on the same task, network and data. A cell that
    is declined takes no time. A checkpoint is not trained, so the time of measuring is not known.

    Args:
        variant: The variant.
        every: Settings that a run would not decline, as far as is known.
        jobs: Number of cores.

    Returns:
        The estimate.
    """
    step: dict[Key, float] = {}
    hours, cells, models, known = 0.0, 0, 0, not variant.trained
    for setting in every:
        key = (setting.arch, setting.data.train.x[0].numel(), setting.budget.training.batch)
        try:
            if key not in step:
                step[key] = 0.0 if variant.trained else seconds_of_step(variant, setting)
        except Unfit:
            continue
        number = 0 if variant.trained else trainings(setting.task, setting.budget, variant)
        train = number * setting.budget.training.steps * step[key]
        share = measuring_share(setting)
        known = known and share is not None
        cells += setting.budget.seeds
        models += number * setting.budget.seeds
        hours += setting.budget.seeds * train * (1 + (share or 0.0)) / 3600
    archs = tuple(dict.fromkeys(one.arch for one in every))
    return Forecast(PRESET, archs, cells, models, hours, hours / jobs, jobs, known)


def seconds_of_step(variant: Variant, setting: Setting) -> float:
    """Time a training step, from one call of the objective to the next.

    Args:
        variant: The variant.
        setting: Where.

    Returns:
        The median over a few steps, in seconds.
    """
    calls: list[float] = []

    def objective(step: Step) -> Terms:
        calls.append(time.perf_counter())
        return variant.objective(step)

    fit(
        replace(variant, objective=objective),
        setting.data,
        arch=setting.arch,
        latent=setting.latent,
        training=replace(setting.budget.training, steps=TIMED + 2, snapshots=()),
        interventions=setting.task.interventions,
        seed=seed_for("check", "forecast"),
        looks=False,
    )
    last = calls[-TIMED:]
    return median(after - before for before, after in pairwise(last))


@cache
def _references() -> tuple[Record, ...]:
    """The suite's records of `vae`; none where there are no reference results."""
    found = checkout()
    if found is not None:  # reading all of them takes a second
        files = sorted((found / REFERENCES).glob("*/vae.*.json"))
        return tuple(record for file in files for record in read_records(file)[0])
    try:
        records, _ = own()
    except Mistake:
        return ()
    return tuple(record for record in records if record.subject.variant.name == "vae")


def measuring_share(setting: Setting) -> float | None:
    """Time of measuring in proportion to training, in the suite's record of `vae`, else in that of its mlp.

    Args:
        setting: Task, network and data set.

    Returns:
        The median over seeds; None where there is no such record.
    """
    there = {record.subject.file_name: record for record in _references()}
    for arch in (setting.arch, "mlp"):
        record = there.get(f"{setting.task.name}/vae.{arch}.{setting.dataset}.json")
        if record is None:
            continue
        spent = [cell.seconds for cell in record.cells if cell.status == "ok" and cell.seconds.get("train", 0.0) > 0]
        if spent:
            return median(seconds.get("measure", 0.0) / seconds["train"] for seconds in spent)
    return None
