"""Prove a night: catch every mutant, and raise no alarm on honest nights.

    python -m benchmarks.night.prove            # goes on where it was; --again begins anew

writes ``outcomes.json`` and, from it, ``README.md``, both in this folder. Cells that are finished lie in
``runs/night_proof``. ``NIGHT_JOBS`` is the number of processes, 1 by default. ``NIGHT_TORCH`` may name folders that
hold another torch, as ``pip install --target`` makes them. They are called ``site-packages``; else they would count as
the variants' own code.
"""

import json
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from benchmarks.night.mutants import BESIDE, MUTANTS, SIX, Mutant, applied, cell
from vaebench import catalog
from vaebench.nightly.arithmetic import plainest, widened
from vaebench.nightly.cells import Asked, Where
from vaebench.nightly.elsewhere import run_there
from vaebench.nightly.expected import with_twins
from vaebench.nightly.judge import Judged, judge
from vaebench.nightly.reference import by_key, night_of, resumed
from vaebench.provenance import commit_of
from vaebench.results.journal import Journal
from vaebench.results.night import Night
from vaebench.results.record import CellOutcome

HERE = Path(__file__).parent
WORK = Path("runs/night_proof")
SEEDS = 7
JOBS = int(os.environ.get("NIGHT_JOBS", "1"))
Outcome = dict[str, Any]


@dataclass(frozen=True)
class Setting:
    """How an honest night differs from the night of the reference.

    Attributes:
        name: In words.
        variables: Of the environment.
        jobs: Number of processes.
        turned: Whether the cells run in the opposite order.
    """

    name: str
    variables: Mapping[str, str]
    jobs: int = 1
    turned: bool = False


def settings() -> Iterator[Setting]:
    """All settings, other versions of torch last. Those of `PLAINEST` are in the scale, and would prove nothing."""
    yield Setting("AVX2 for elementwise functions", {"ATEN_CPU_CAPABILITY": "avx2"})
    yield Setting("AVX2 for matrix products", {"MKL_CBWR": "AVX2"})
    yield Setting("AVX2 for convolutions", {"ONEDNN_MAX_CPU_ISA": "AVX2"})
    yield Setting("AVX2 everywhere", {"ATEN_CPU_CAPABILITY": "avx2", "MKL_CBWR": "AVX2", "ONEDNN_MAX_CPU_ISA": "AVX2"})
    yield Setting("AVX for matrix products", {"MKL_CBWR": "AVX"})
    yield Setting("SSE4.2 for matrix products", {"MKL_CBWR": "SSE4_2"})
    yield Setting("two threads", {"OMP_NUM_THREADS": "2", "MKL_NUM_THREADS": "2"})
    yield Setting("cells in the opposite order", {}, turned=True)
    yield Setting("two processes", {}, jobs=2)
    for folder in filter(None, os.environ.get("NIGHT_TORCH", "").split(os.pathsep)):
        version = next(Path(folder).glob("torch-*.dist-info")).name.removesuffix(".dist-info").replace("-", " ")
        path = {"PYTHONPATH": os.pathsep.join((str(catalog.PACKAGE.parent), folder))}
        yield Setting(version, path)
        yield Setting(f"{version}, AVX2 for elementwise functions", {**path, "ATEN_CPU_CAPABILITY": "avx2"})


def told(what: str) -> Any:
    """Progress: a line a cell."""
    return lambda done, total, last: sys.stderr.write(f"{what}: {done}/{total} {last}\n") if last else None


@cache
def references(seed: int) -> dict[str, Night]:
    """The references of all small cells of a seed, made by this code in this environment, with their twins."""
    names = [*SIX, *BESIDE] if seed == 0 else [*SIX]
    own = {cell(name, seed): name for name in names}
    other = [cell(name, (seed + 1) % SEEDS) for name in names]
    outcomes = resumed([*own, *other, *with_twins(own)], Where(jobs=JOBS), Journal(WORK), told("reference"))
    by_record = by_key(outcomes)
    there = plainest(list(own), Where(jobs=JOBS), Journal(WORK / "plainest"), told("plainest arithmetic"))
    return {
        name: widened(night_of({each: outcomes[each] for each in by_record[one.key]}, [seed]), {seed: there[one]})
        for one, name in own.items()
    }


def summary(name: str, one: Judged) -> Outcome:
    """What is kept of one record."""
    first = one.moves[0] if one.moves else None
    return {
        "cell": name,
        "word": one.word,
        "readings": one.readings,
        "same": one.same,
        "moved": len(one.moves),
        "farthest": one.farthest,
        "worst": first and first.name,
        "troubles": list(one.troubles),
    }


def judged(names: Mapping[Asked, str], outcomes: Mapping[Asked, CellOutcome]) -> list[Outcome]:
    """Judge cells, each against its own reference."""
    return [
        summary(name, judge(references(one.seed)[name], {one.seed: outcomes[one]} if one in outcomes else {}))
        for one, name in names.items()
    ]


def try_mutant(mutant: Mutant) -> Outcome:
    """Run a mutant's cells by its code."""
    names = {cell(name): name for name in mutant.cells}
    with applied(mutant) as tree:
        found = judged(names, run_there(tree, list(names), Where(jobs=min(JOBS, len(names))), told(mutant.name)))
    caught = any(one["moved"] for one in found)
    return {"name": mutant.name, "patch": mutant.patch, "caught": caught, "cells": found}


def honest_nights(setting: Setting, seeds: Sequence[int]) -> list[Outcome]:
    """Run a night for each of some seeds in one setting."""
    names = {cell(name, seed): name for seed in seeds for name in SIX}
    order = list(names)[:: -1 if setting.turned else 1]
    ran = run_there(
        catalog.PACKAGE.parent,
        order,
        Where(jobs=max(JOBS, setting.jobs)),
        told(setting.name),
        environment=setting.variables,
    )
    nights = []
    for seed in seeds:
        found = judged({one: name for one, name in names.items() if one.seed == seed}, ran)
        alarm = any(one["word"] not in {"same", "rounding"} for one in found)
        nights.append({"setting": setting.name, "seed": seed, "alarm": alarm, "cells": found})
    return nights


def kept(path: Path) -> dict[str, list[Any]]:
    """Outcomes of an earlier, unfinished proof."""
    return json.loads(path.read_text("utf-8")) if path.exists() else {"commits": [], "mutants": [], "honest": []}


def main() -> None:
    """Run what is not there yet, and write the table."""
    from benchmarks.night.table import table

    path = HERE / "outcomes.json"
    if "--again" in sys.argv:
        path.unlink(missing_ok=True)
    found = kept(path)
    found["commits"] = sorted({*found["commits"], str(commit_of(catalog.PACKAGE))})
    sys.stderr.write(f"{len(BESIDE) + len(SIX)} small cells\n")

    def write() -> None:
        path.write_text(json.dumps(found, indent=1, sort_keys=True, ensure_ascii=False) + "\n", "utf-8")
        (HERE / "README.md").write_text(table(found), "utf-8")

    found["mutants"] = [one for one in found["mutants"] if one["patch"] in {each.patch for each in MUTANTS}]
    for mutant in MUTANTS:
        if mutant.patch not in {one["patch"] for one in found["mutants"]}:
            found["mutants"].append(try_mutant(mutant))
            write()
    for setting in settings():
        done = {one["seed"] for one in found["honest"] if one["setting"] == setting.name}
        if left := [seed for seed in range(SEEDS) if seed not in done]:
            found["honest"] += honest_nights(setting, left)
            write()
    write()
    missed = [one["name"] for one in found["mutants"] if not one["caught"]]
    alarms = [f"{one['setting']}, seed {one['seed']}" for one in found["honest"] if one["alarm"]]
    sys.exit(f"missed: {missed}; false alarms: {alarms}" if missed or alarms else 0)


if __name__ == "__main__":
    main()
