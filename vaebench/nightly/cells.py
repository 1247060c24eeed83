"""Cells by name, run here or by another checkout's code: ``python -m vaebench.nightly.cells ASKED.json OUT.jsonl``."""

import json
import sys
from collections.abc import Callable, Generator, Iterable, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from vaebench import catalog, stops
from vaebench.engines.local import Workers
from vaebench.fingerprint import value_hash
from vaebench.results.night import Key
from vaebench.results.record import CellOutcome
from vaebench.runner import Request, plan

if TYPE_CHECKING:
    from vaebench.cell import Cell
    from vaebench.experiment import Preset

Progress = Callable[[int, int, str], None]
"""Called with (cells done, cells in all, what was done last)."""


@dataclass(frozen=True)
class Asked:
    """A cell by name.

    Attributes:
        task: The task's name.
        variant: A name, a file or ``package.module:NAME``.
        arch: The network's name.
        dataset: The data set's name.
        preset: The budget.
        seed: The seed.
        ulp: Number of a rounding twin, see `training.nudge`; 0 for the cell itself.
    """

    task: str
    variant: str
    arch: str
    dataset: str
    preset: "Preset"
    seed: int
    ulp: int = 0

    @property
    def key(self) -> Key:
        """The record that it belongs to, for a variant of the suite."""
        return self.task, self.variant, self.arch, self.dataset, self.preset


@dataclass(frozen=True)
class Where:
    """On what cells run.

    Attributes:
        device: ``cpu`` or ``cuda``.
        jobs: Number of processes.
        data_root: Folder of the data sets that need a download.
    """

    device: str = "cpu"
    jobs: int = 1
    data_root: Path = catalog.DATA_ROOT


def planned(
    asked: Iterable[Asked], where: Where, ask: Callable[..., str] | None = None
) -> tuple[dict[Asked, "Cell"], tuple[str, ...]]:
    """Turn names into cells.

    Args:
        asked: The names.
        where: On what they run.
        ask: As for `runner.plan`, for variants that are brought; None for the suite's own.

    Returns:
        Cell by name, in the order of the names, and a line for each combination that cannot be.
    """
    wanted = list(dict.fromkeys(asked))
    unknown = {one: why for one in wanted if (why := _unknown(one))}
    wanted = [one for one in wanted if one not in unknown]
    sets: dict[tuple[Preset, str, str], list[str]] = {}
    for one in wanted:
        sets.setdefault((one.preset, one.arch, one.task), []).append(one.dataset)
    # Tasks on the same data sets are planned together: planning loads each data set that it is asked for.
    groups: dict[tuple[Preset, str, tuple[str, ...]], list[Asked]] = {}
    for one in wanted:
        datasets = _each(sets[one.preset, one.arch, one.task])
        groups.setdefault((one.preset, one.arch, datasets), []).append(one)
    found: dict[Asked, Cell] = {}
    unfit = list(dict.fromkeys(unknown.values()))
    for (preset, arch, datasets), group in groups.items():
        request = Request(
            tasks=_each(one.task for one in group),
            variants=_each(one.variant for one in group),
            archs=(arch,),
            datasets=datasets,
            preset=preset,
            seeds=1 + max(one.seed for one in group),
            device=where.device,
            jobs=where.jobs,
            out=Path(),
            data_root=where.data_root,
        )
        made = plan(request, ask) if ask else plan(request)
        unfit += made.unfit
        for cell in made.cells:
            task = cell.subject.task.name
            found[Asked(task, cell.reference, cell.subject.arch, cell.dataset, preset, cell.seed)] = cell
    plain = {one: found.get(replace(one, ulp=0)) for one in wanted}
    return {one: _twin(cell, one.ulp) for one, cell in plain.items() if cell is not None}, tuple(unfit)


def _unknown(one: Asked) -> str:
    """Say which of its names this code does not have: another revision's may be gone here, or not be there yet."""
    try:
        catalog.checked("task", one.task, catalog.task_names())
        catalog.check_variant(one.variant)
        catalog.checked("architecture", one.arch, catalog.arch_names())
        catalog.check_dataset(one.dataset)
    except catalog.UnknownName as reason:
        return str(reason)
    return ""


def _each(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(names))


def _twin(cell: "Cell", ulp: int) -> "Cell":
    return replace(cell, ulp=ulp, id=value_hash([cell.id, "ulp", ulp])) if ulp else cell


def run_here(
    asked: Sequence[Asked], where: Where, progress: Progress
) -> Generator[tuple[Asked, CellOutcome], None, None]:
    """Run cells in processes of this machine, by this code.

    Args:
        asked: What to run. What cannot be planned has no outcome.
        where: On what.
        progress: Is told of each cell.

    Yields:
        What was asked and its outcome, in the order of completion.
    """
    with Workers() as workers:
        workers.start()
        cells, _ = planned(asked, where, workers.ask)
        names = {cell.id: one for one, cell in cells.items()}
        done = 0
        progress(done, len(cells), "")
        with stops.held(), closing(workers.run(list(cells.values()), where.jobs)) as arriving:
            for outcome in arriving:
                one = names[outcome.id]
                done += 1
                progress(done, len(cells), said(one))
                yield one, outcome


def said(one: Asked) -> str:
    """Name a cell in a line."""
    twin = f", twin {one.ulp}" if one.ulp else ""
    return f"{one.task} {one.variant}.{one.arch}.{one.dataset} {one.preset} seed {one.seed}{twin}"


def written(asked: Iterable[Asked], where: Where) -> str:
    """Write down cells for another checkout's code, as JSON."""
    cells = [asdict(one) for one in asked]
    root = str(where.data_root.absolute())
    return json.dumps({"cells": cells, "device": where.device, "jobs": where.jobs, "data_root": root})


def main(asked: Path, out: Path) -> None:
    """Run the cells that a file asks for, and write each outcome as it comes.

    Args:
        asked: JSON, as `written` gives it.
        out: JSON Lines: pairs of what was asked and the outcome.
    """
    given = json.loads(asked.read_text("utf-8"))
    where = Where(given["device"], given["jobs"], Path(given["data_root"]))
    cells = [Asked(**one) for one in given["cells"]]
    with out.open("a", encoding="utf-8") as file:
        for one, outcome in run_here(cells, where, lambda *_: None):
            file.write(json.dumps([asdict(one), json.loads(outcome.model_dump_json())]) + "\n")
            file.flush()


if __name__ == "__main__":
    stops.watch()
    main(Path(sys.argv[1]), Path(sys.argv[2]))
