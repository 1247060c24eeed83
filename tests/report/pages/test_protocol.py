"""Laws of the protocol: every number on a task's page that was set is the task's own."""

from dataclasses import replace

import pytest

from vaebench import catalog
from vaebench.experiment import Arm, Budget, Interventions, Knob, TrainingConfig
from vaebench.report.pages.protocol import SPLITS, protocol_table, what_a_cell_took


def rows_of(text):
    lines = [line for line in text.splitlines() if line.startswith("|") and not line.startswith("|:")]
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    return cells[0][1:], {row[0]: row[1:] for row in cells[1:]}


@pytest.mark.parametrize("name", catalog.task_names())
def test_it_says_what_the_task_sets(name):
    task = catalog.task(name)
    heads, rows = rows_of(protocol_table(task))
    place = heads.index("standard")
    budget = task.budgets["standard"]
    assert rows["steps"][place].replace(" ", "") == str(budget.training.steps)
    assert (rows["batch"][place], rows["latent units"][place], rows["seeds"][place]) == (
        str(budget.training.batch),
        str(budget.latent),
        str(budget.seeds),
    )
    assert f"{budget.training.learning_rate:g}" in rows["optimiser"][place]
    assert rows["split of the data"][place] == SPLITS[budget.split]
    if task.knob and budget.knob_values:
        shown = rows[f"{task.knob.name.replace('_', ' ')} {task.knob.symbol}"][place]
        assert [float(value) for value in shown.split(", ")] == list(budget.knob_values)
    assert all(data in protocol_table(task) for data in task.datasets)


def test_a_changed_task_has_a_changed_protocol(made):
    task = replace(made.tasks[0], knob=Knob("posterior_scale", "σ"))
    budget = Budget(
        3, 7, TrainingConfig(1234, batch=17, learning_rate=0.02, schedule="constant"), knob_values=(0.5, 2.0)
    )
    special = replace(budget, latent=64, split="by_seed")
    task = replace(
        task,
        budgets={"standard": budget, "quick": budget, "paper": budget},
        budgets_on={"sprites": {"standard": special}},
        interventions=Interventions(likelihood_variance=0.25, input_noise=0.125, target="noisy"),
        arms=(Arm("twin", variant="twin", redrawn=True, knob="off"),),
    )
    text = protocol_table(task)
    heads, rows = rows_of(text)
    assert heads == ["standard", "quick", "paper", "standard, sprites"]
    assert rows["latent units"] == ["7", "7", "7", "64"]
    assert rows["split of the data"] == [*[SPLITS["fixed"]] * 3, SPLITS["by_seed"]]
    assert rows["posterior scale σ"][0] == "0.5, 2"
    assert rows["optimiser"][0] == "Adam, 0.02, constant"
    assert (rows["steps"][0].replace(" ", ""), rows["batch"][0]) == ("1234", "17")
    said = text.partition("\n")[0]
    assert all(piece in said for piece in ("0.25", "0.125", "noisy target", "twin", "redrawn", "knob off"))


def test_it_says_what_a_cell_took_by_data_set_and_network(records):
    one = records[0]
    cells = [cell.model_copy(update={"seconds": {"train": 40.0 + cell.seed, "measure": 2.4}}) for cell in one.cells]
    broken = cells[0].model_copy(update={"status": "error", "reason": "it broke", "seconds": {"train": 0.5}})
    quick = one.model_copy(update={"cells": (broken, *cells[1:])})
    slow = one.model_copy(
        update={"cells": tuple(cell.model_copy(update={"seconds": {"train": 1500.0}}) for cell in cells)}
    )
    place = f"{one.subject.dataset.name} · {one.subject.arch}"
    assert what_a_cell_took([quick]).endswith(f": {place} 43.")
    assert what_a_cell_took([slow, quick]).endswith(f": {place} 43 to 1,500.")
    silent = one.model_copy(update={"cells": tuple(cell.model_copy(update={"seconds": {}}) for cell in cells)})
    assert what_a_cell_took([silent]) == what_a_cell_took([]) == ""
