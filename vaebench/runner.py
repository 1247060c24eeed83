"""Whole runs: plan the cells, run those that no journal has, and make records of them."""

import os
import shutil
from collections import Counter
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field, replace
from functools import cache
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from vaebench import catalog, stops
from vaebench.engines import Died
from vaebench.engines.worker import JOBS
from vaebench.experiment import PRESETS, Preset
from vaebench.mistakes import Mistake, first_line
from vaebench.papers import Task
from vaebench.provenance import code_of, commit_of, room_hash
from vaebench.results.assemble import assemble
from vaebench.results.journal import JOURNAL, SHARDS, Damage, Journal
from vaebench.results.kept_sources import SOURCES, keep_sources, placed
from vaebench.results.lock import alone_in
from vaebench.results.record import (
    MOST_CELLS,
    UNFINISHED,
    CellOutcome,
    DatasetInfo,
    Record,
    Subject,
    VariantInfo,
    Versioned,
    cell_id,
    first_error,
)
from vaebench.results.store import BadRecord, check_place, read_record, why_kept, write_record

if TYPE_CHECKING:
    from vaebench.cell import Cell
    from vaebench.models import Variant

Work = Callable[[Sequence["Cell"], int], Generator[CellOutcome, None, None]]
"""Runs cells in so many processes, and yields outcomes as they are done."""

MENDED_BY_THE_AUTHOR = ("refused", "broken")
"""Statuses that end only with another version of the variant's code."""


@dataclass(frozen=True)
class Request:
    """What a user asks to run, as names.

    Attributes:
        tasks: Names of tasks.
        variants: Names, files or ``package.module:NAME``.
        archs: Names of architectures.
        datasets: Names of data sets; empty for each task's own.
        preset: The budget.
        seeds: Number of seeds, or None for the preset's.
        device: ``cpu`` or ``cuda``.
        jobs: Number of processes.
        out: Folder of the run.
        seconds: Most that one training may take, or None.
        data_root: Folder of the data sets that have to be downloaded.
        missing: Whether to leave out what the folder has whole records of, whoever made them.
    """

    tasks: tuple[str, ...]
    variants: tuple[str, ...]
    archs: tuple[str, ...]
    datasets: tuple[str, ...]
    preset: Preset
    seeds: int | None
    device: str
    jobs: int
    out: Path
    seconds: float | None = None
    data_root: Path = catalog.DATA_ROOT
    missing: bool = False


Sources = tuple[tuple[str, Mapping[str, bytes], str], ...]
"""Of each variant that is brought: its name, its files by their path, and where it is defined."""


@dataclass(frozen=True)
class Plan:
    """The cells of a request.

    Attributes:
        cells: All of them, seed by seed, so that early cells span the whole request.
        unfit: One line for each combination that cannot be: a network that does not take a data set's shape, say.
        there: Number of combinations left out for the records that are there, where only missing ones were asked for.
        sources: Of each variant that is brought: its name, its files by their path, and where it is defined. They are
            kept with the records, so that a submission has them.
        brought: Variants that are brought, by their reference, as they were loaded.
    """

    cells: tuple["Cell", ...]
    unfit: tuple[str, ...]
    there: int = 0
    sources: Sources = ()
    brought: Mapping[str, catalog.Brought] = field(default_factory=dict)


def check(request: Request) -> None:
    """Check every name of a request before anything heavy is imported or any code of others is run.

    Args:
        request: What is asked.

    Raises:
        Mistake: A name is unknown, a number makes no sense, or there is a file in the folder's place; one line says
            what to do.
    """
    catalog.checked("preset", request.preset, PRESETS)
    for name in request.tasks:
        catalog.checked("task", name, catalog.task_names())
    for name in request.archs:
        catalog.checked("architecture", name, catalog.arch_names())
    for name in request.datasets:
        catalog.check_dataset(name)
    for reference in request.variants:
        catalog.check_variant(reference)
    if request.seeds is not None and request.seeds < 1:
        raise Mistake(f"seeds is 1 or more, not {request.seeds}")
    if request.seeds is not None and request.seeds > MOST_CELLS:
        raise Mistake(f"seeds is {MOST_CELLS} at most, which a record holds, not {request.seeds}")
    if request.jobs < 1:
        raise Mistake(f"jobs is 1 or more, not {request.jobs}")
    _check_device(request.device)
    if request.seconds is not None and not request.seconds > 0:
        raise Mistake(f"a training's time limit is above 0 seconds, not {request.seconds}")
    check_folder(request.out)


def check_folder(folder: Path) -> None:
    """Check, before any work, that a folder can be where one is asked for.

    Args:
        folder: The folder; it need not be there.

    Raises:
        Mistake: It is a file, or lies in one.
    """
    there = next((path for path in (folder, *folder.parents) if os.path.lexists(path)), Path())
    if not there.is_dir():
        what = "is a file" if there.exists() else "is a link that leads nowhere"
        raise Mistake(f"{there} {what}; give a folder")


def _check_device(device: str) -> None:
    if device not in {"auto", "cpu", "cuda"}:
        raise Mistake(f"device is auto, cpu or cuda, not {device}")


def settled(request: Request, engine: str, jobs: int | None) -> Request:
    """Put the device and the number of processes into a request.

    Args:
        request: The request.
        engine: Where cells run.
        jobs: The number of processes that was asked for; None for as many as are good.

    Returns:
        The request. On a GPU of this machine one process runs unless more are asked for.
    """
    device = resolve_device(request.device, engine)
    alone = device == "cuda" and jobs is None and engine == "local"
    return replace(request, device=device, jobs=1 if alone else request.jobs)


def resolve_device(device: str, engine: str = "local") -> str:
    """Turn ``auto`` into what there is here. For other machines it means the CPU, and ``cuda`` is asked of them.

    Args:
        device: ``auto``, ``cpu`` or ``cuda``.
        engine: Where cells run.

    Returns:
        ``cpu`` or ``cuda``.

    Raises:
        Mistake: It is none of the three, or a GPU is asked for and there is none.
    """
    _check_device(device)
    if engine != "local":
        return "cuda" if device == "cuda" else "cpu"
    import torch

    if device == "cuda" and not torch.cuda.is_available():
        raise Mistake("there is no CUDA device here; use --device cpu or auto")
    return "cuda" if device != "cpu" and torch.cuda.is_available() else "cpu"


def fetch(request: Request) -> None:
    """Download the data sets of a request that are not under its folder of data yet, here and never in a worker.

    Args:
        request: What is asked; tasks' own data sets need no download.
    """
    from vaebench.cell import dataset_of
    from vaebench.data import Unavailable

    for name in request.datasets:
        try:
            dataset_of(name, request.data_root)
        except Unavailable:
            catalog.dataset(name, request.data_root, download=True)


def try_here(job: str, *arguments: Any, **_: Any) -> str:
    """Do a job of `engines.worker` in this process, and end with it if it ends it.

    Args:
        job: Its name.
        arguments: Of the job.

    Returns:
        The answer.
    """
    return JOBS[job](*arguments)


def plan(request: Request, ask: Callable[..., str] = try_here) -> Plan:
    """Turn a request into cells.

    Args:
        request: What is asked.
        ask: Does a job of `engines.worker` that runs code of others, as `Workers.ask` does.

    Returns:
        The cells and the combinations that cannot be.
    """
    from vaebench.cell import Cell, dataset_of, latent_units
    from vaebench.environment import environment

    check(request)
    brought = {reference: _loaded(reference, request, ask) for reference in request.variants}
    named = [found.variant.name for found in brought.values()]
    if twice := {name for name in named if named.count(name) > 1}:
        where = " and ".join(reference for reference, name in zip(brought, named, strict=True) if name == min(twice))
        raise Mistake(f"two of the variants are named {min(twice)}: {where}; rename one")
    cells: list[Cell] = []
    unfit: list[str] = []
    there = 0
    commit, hash_of = commit_of(catalog.PACKAGE), cache(room_hash)
    files = cache(lambda dataset: catalog.dataset_files(dataset, request.data_root))
    for name in request.tasks:
        task = catalog.task(name)
        codes = {reference: code_of(task, found.variant, hash_of) for reference, found in brought.items()}
        for reference, arch, dataset in product(request.variants, request.archs, request.datasets or task.datasets):
            variant, data = brought[reference].variant, dataset_of(dataset, request.data_root)
            budget, code = task.budget(request.preset, dataset), codes[reference]
            latent, reason = _units(variant, latent_units(budget, data), data.shape)
            if reason := reason or _unfit(reference, data.shape, latent, arch, request, ask):
                unfit.append(f"{task.name} · {variant.name} · {arch} · {dataset}: {reason}")
                continue
            subject = _subject(task, brought[reference], arch, dataset, files(dataset), request)
            seeds = request.seeds or budget.seeds
            if request.missing and _is_whole(request.out, subject, seeds):
                there += 1
                continue
            ran_on = environment("cpu", code)  # of which an id takes what all of a run's processes share
            for seed in range(seeds):
                id_ = cell_id(subject, seed, ran_on)
                limits = request.seconds, request.data_root
                cells.append(Cell(id_, subject, reference, dataset, seed, *limits, code, commit))
    foreign = {reference: found for reference, found in brought.items() if _is_brought(reference)}
    sources = tuple(map(_sources, foreign.values()))
    return Plan(tuple(sorted(cells, key=lambda cell: cell.seed)), tuple(unfit), there, sources, foreign)


def _sources(brought: catalog.Brought) -> tuple[str, dict[str, bytes], str]:
    """Read the files of a variant that is brought; see `Plan.sources`."""
    files = placed({path: path.read_bytes() for path in brought.sources}, catalog.PACKAGE.resolve())
    page, name = brought.defined
    # A file below may have the page's name as well: the longest that its path ends with is the page.
    entry = max((file for file in files if page.as_posix().endswith(f"/{file}")), key=len)
    return brought.variant.name, files, f"{entry}:{name}"


def _loaded(reference: str, request: Request, ask: Callable[..., str]) -> catalog.Brought:
    """Load a variant here; one that is brought is loaded elsewhere first, for it may end a process."""
    if _is_brought(reference):
        try:
            ask("load", reference, seconds=request.seconds)
        except Died as died:
            raise Mistake(f"{reference} cannot be loaded: the process that tried {died}") from died
    return catalog.variant(reference)


def _units(variant: "Variant", protocol: int, shape: tuple[int, ...]) -> tuple[int, str]:
    """Number of latent units of a variant on some data, or why there is none."""
    from vaebench.models import Unfit

    try:
        return variant.units(protocol, shape), ""
    except Unfit as reason:
        return 0, str(reason)
    except Exception as error:  # a function of the variant's author
        raise Mistake(f"{variant.name}: its latent fails on data of shape {shape}: {error}".splitlines()[0]) from error


def _unfit(
    reference: str, shape: tuple[int, ...], latent: int, arch: str, request: Request, ask: Callable[..., str]
) -> str:
    if not _is_brought(reference):
        return try_here("unfit", reference, shape, latent, arch)
    try:
        return ask("unfit", reference, shape, latent, arch, seconds=request.seconds)
    except Died:
        return ""  # a status of its cells, where the reason is told


def _is_brought(reference: str) -> bool:
    return ":" in reference or reference.endswith(".py")


def _is_whole(folder: Path, subject: Subject, seeds: int) -> bool:
    """Whether a folder has a record of a subject, as it is defined today, with so many finished seeds."""
    try:
        record = read_record(folder / subject.file_name)
    except (OSError, BadRecord):
        return False
    return record.subject == subject and sum(cell.status not in UNFINISHED for cell in record.cells) >= seeds


def _variant_info(brought: catalog.Brought) -> VariantInfo:
    variant = brought.variant
    try:
        return VariantInfo(
            name=variant.name,
            source=variant.source,
            code_hash=brought.code_hash,
            kl_weight=variant.kl_weight,
            apart=variant.apart,
        )
    except ValidationError as error:
        raise Mistake(f"{variant.name}: no record can hold what it says of itself: {first_error(error)}") from error


def _subject(
    task: Task, brought: catalog.Brought, arch: str, dataset: str, files: str | None, request: Request
) -> Subject:
    version, dataset_hash = catalog.dataset_version(dataset)
    return Subject(
        task=Versioned(name=task.name, version=task.version, hash=task.definition_hash(request.preset, dataset)),
        dataset=DatasetInfo(name=dataset, version=version, hash=dataset_hash, files=files),
        variant=_variant_info(brought),
        arch=arch,
        preset=request.preset,
        device="cuda" if request.device == "cuda" else "cpu",
    )


@dataclass(frozen=True)
class Done:
    """What a run came to.

    Attributes:
        records: One for each subject of the request, all its cells in.
        reused: Number of cells that the journal had.
        ran: Number of cells that were run.
        damages: Lines of the journal that could not be used; their cells were run again.
        kept: One line for each record in the folder that was not written over, see `why_kept`.
        unwritten: One line for each record that could not be written.
    """

    records: tuple[Record, ...]
    reused: int
    ran: int
    damages: tuple[Damage, ...]
    kept: tuple[str, ...] = ()
    unwritten: tuple[str, ...] = ()


def run(
    request: Request,
    planned: Plan,
    journal: Journal,
    progress: Callable[[int, int, CellOutcome | None], None],
    work: Work,
    keeps: bool = False,
) -> Done:
    """Run what the journal does not have, and write the records.

    A stop is let through only while `work` waits. Whatever ends the run early, the records of the cells that are
    finished are written; one that cannot be written is a note of the exception.

    Args:
        request: What is asked.
        planned: Its cells.
        journal: Of the run's folder.
        progress: Called with (cells done, cells in all, the last outcome) at the start and after each cell.
        work: Runs cells in so many processes, as `Workers.run` does.
        keeps: Whether the journal's shards have an outcome before `work` yields it.

    Returns:
        The records and how they came about.
    """
    cells = {cell.id: cell for cell in planned.cells}
    check_places(request.out, planned.cells)
    outcomes, damages = _finished(journal, planned.cells)
    reused, todo = len(outcomes), [cell for cell in planned.cells if cell.id not in outcomes]
    with stops.held():
        try:
            progress(reused, len(cells), None)
            with closing(work(todo, request.jobs)) as arriving:
                for outcome in arriving:
                    if not keeps:
                        journal.append(outcome)
                    outcomes[outcome.id] = outcome
                    progress(len(outcomes), len(cells), outcome)
        except BaseException as error:
            kept = _keep(request.out, [outcomes[id_] for id_ in cells if id_ in outcomes], planned.sources)
            for line in kept.unwritten:
                error.add_note(line)
            raise
        kept = _keep(request.out, [outcomes[id_] for id_ in cells], planned.sources)
    return replace(kept, reused=reused, ran=len(todo), damages=tuple(damages))


@contextmanager
def folder_of_run(folder: Path) -> Iterator[Journal]:
    """Hold a run's folder against other runs. Where no cell was finished, what was made is taken back.

    That is the folder, its journal and the kept sources. What was there before stays.

    Args:
        folder: Of the run; made if it is not there.

    Yields:
        Its journal.

    Raises:
        Mistake: The folder cannot be written, or another run holds it.
    """
    new = [path for path in (folder, *folder.parents) if not path.exists()]
    try:
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise Mistake(f"cannot write to {folder}: {error.strerror}") from error
        with alone_in(folder):
            had_journal, had_sources = ((folder / name).exists() for name in (JOURNAL, SOURCES))
            journal = Journal(folder)
            try:
                yield journal
            finally:
                with suppress(OSError):
                    if not (had_journal or journal.path.stat().st_size or (folder / SHARDS).exists()):
                        journal.path.unlink()
                        if not had_sources:
                            shutil.rmtree(folder / SOURCES)
    finally:
        for path in new:
            with suppress(OSError):  # it holds something
                path.rmdir()


def check_places(folder: Path, cells: Sequence["Cell"]) -> None:
    """Check, before any work, that nothing else stands where the records of cells are to be.

    Args:
        folder: Of the run.
        cells: The planned cells.

    Raises:
        Mistake: Something does.
    """  # noqa: DOC502 - raised by what it calls
    for subject in {cell.subject.file_name: cell.subject for cell in cells}.values():
        check_place(folder, subject)


def whole(folder: Path, cells: Sequence["Cell"]) -> set[str]:
    """Find the records that are there already.

    Args:
        folder: Of the run.
        cells: The planned cells.

    Returns:
        File names of the subjects of which the folder has a record, as they are defined today, with all seeds.
    """
    seeds = Counter(cell.subject.file_name for cell in cells)
    subjects = {cell.subject.file_name: cell.subject for cell in cells}
    return {name for name, subject in subjects.items() if _is_whole(folder, subject, seeds[name])}


def unfinished(folder: Path, cells: Sequence["Cell"]) -> list["Cell"]:
    """List the cells that no journal of a folder has finished: what a run would run there.

    Args:
        folder: The run's folder; it may not be there.
        cells: The planned cells.

    Returns:
        Those, in their order.
    """
    if not any((folder / name).exists() for name in (JOURNAL, SHARDS)):
        return list(cells)
    done, _ = _finished(Journal(folder, reads=True), cells)
    return [cell for cell in cells if cell.id not in done]


def _finished(journal: Journal, cells: Sequence["Cell"]) -> tuple[dict[str, CellOutcome], list[Damage]]:
    """Read outcomes that no other try may mend, in the order of the cells."""
    found, damages = journal.read({cell.id: (cell.subject, cell.seed) for cell in cells})
    ids = (cell.id for cell in cells)
    return {id_: found[id_] for id_ in ids if id_ in found and found[id_].status not in UNFINISHED}, damages


def _keep(folder: Path, outcomes: Sequence[CellOutcome], sources: Sources) -> Done:
    """Make and write the record of each subject, whether or not those of the others can be written.

    Sources of a variant are kept with its records. Where all that is there of it stands, its sources stay, too.
    """
    by_file: dict[str, list[CellOutcome]] = {}
    for outcome in outcomes:
        by_file.setdefault(outcome.subject.file_name, []).append(outcome)
    records, stood, unwritten, written = [], [], [], set[str]()
    for name, cells in sorted(by_file.items()):
        task = catalog.task(cells[0].subject.task.name)
        try:
            record = assemble(cells, task.claims, task.invariants)
            records.append(record)
            if why := why_kept(folder, record):
                stood.append(why)
            else:
                write_record(folder, record)
                written.add(record.subject.variant.name)
        except Mistake as mistake:
            unwritten.append(str(mistake))
        except ValueError as error:
            unwritten.append(first_line(f"{name} cannot be made: {error}"))
    ran = {outcome.subject.variant.name for outcome in outcomes}
    for variant, files, where in sources:
        if variant in written or (variant in ran and not (folder / SOURCES / variant).exists()):
            try:
                keep_sources(folder, variant, files, where)
            except Mistake as mistake:
                unwritten.append(str(mistake))
    return Done(tuple(records), 0, 0, (), tuple(stood), tuple(unwritten))


def processors() -> int:
    """Number of processors this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
