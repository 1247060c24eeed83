"""``vaebench nightly``: train a small part again, and compare each number with itself."""

import math
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from vaebench import catalog, stops
from vaebench.cli.app import app
from vaebench.cli.console import INTERRUPTED, NO, Json, answer, names, out, say
from vaebench.cli.progress import told
from vaebench.mistakes import Mistake
from vaebench.runner import check_folder, processors, resolve_device
from vaebench.terminal import shown_json

if TYPE_CHECKING:
    from vaebench.nightly.cells import Where


REPORT, VALUES = "report.md", "night.json"
"""What a night writes, for people and for programs."""


@app.command("nightly", short_help="Train a small part again, and compare each number with itself.")
def nightly_(
    budget: Annotated[
        float,
        typer.Option(metavar="MINUTES", help="After so many no cell is begun; what moved is looked into beyond it."),
    ] = 10.0,
    against: Annotated[
        str | None,
        typer.Option(metavar="REV", help="Run the code of this revision here too, and compare with that."),
    ] = None,
    tasks: Annotated[
        str | None, typer.Option(metavar="NAMES", help="Only these tasks, separated by commas; all by default.")
    ] = None,
    folder: Annotated[Path, typer.Option("--out", help="Where report.md and night.json are written.")] = Path(
        "runs/nightly"
    ),
    reference: Annotated[Path | None, typer.Option(help="Stored numbers; the suite's own by default.")] = None,
    make: Annotated[
        bool,
        typer.Option("--make", help="Make the stored numbers, instead of comparing. It can be stopped and goes on."),
    ] = False,
    accept: Annotated[
        bool,
        typer.Option("--accept", help="Renew the hashes of the stored numbers, if the code gives the same to the bit."),
    ] = False,
    device: Annotated[str, typer.Option(help="cpu or cuda.")] = "cpu",
    jobs: Annotated[int | None, typer.Option(help="Processes; one a core by default.")] = None,
    as_json: Json = False,
) -> None:
    """Compare each number with itself, the same seed with the same. Exit status 1 unless all are as they were."""
    from vaebench.nightly.cells import Where
    from vaebench.nightly.night import night
    from vaebench.nightly.report import as_values, headline, markdown
    from vaebench.nightly.result import Plan
    from vaebench.results.night import FOLDER
    from vaebench.results.references import REFERENCES, root
    from vaebench.results.store import read_records, write_text

    of = names(tasks, (), "--tasks")
    check_folder(folder)
    check_(budget, jobs, against, reference, make, accept, of)
    checkout = root()
    where = Where(resolve_device(device), jobs or processors())
    stored = reference or checkout / REFERENCES / (FOLDER if where.device == "cpu" else f"{FOLDER}_{where.device}")
    try:
        if make:
            make_reference(stored, where, folder)
            return
        if accept:
            accept_(stored, where)
            return
        revision = revision_of(against)
        records = [] if against or reference else read_records(checkout / REFERENCES, as_store=True)[0]
        plan = Plan(
            where,
            60 * budget,
            stored,
            catalog.PACKAGE.parent,
            tuple(records),
            int(time.time() // 86_400),
            revision,
            of,
        )
        for name in REPORT, VALUES:  # an earlier night's would stand for this one if it fails
            (folder / name).unlink(missing_ok=True)
        result = night(plan, told())
    except KeyboardInterrupt:
        stops.ignore()
        say("stopped; `--make` goes on from there, a night begins again")
        sys.exit(INTERRUPTED)
    text = markdown(result)
    write_text(folder / REPORT, text)
    write_text(folder / VALUES, shown_json(as_values(result)))
    if as_json:
        answer(as_values(result))
    else:
        out.print(text, highlight=False, soft_wrap=True)
    say(f"{headline(result)} The report is {folder / REPORT}", None if result.green else "red")
    if not result.green:
        sys.exit(NO)


def check_(
    budget: float,
    jobs: int | None,
    against: str | None,
    reference: Path | None,
    make: bool,
    accept: bool,
    tasks: tuple[str, ...],
) -> None:
    """Check what is asked for, before anything heavy is imported."""
    if reference and not reference.is_dir() and (reference.exists() or not make):
        raise Mistake(
            f"{reference} is a file; give a folder of stored numbers"
            if reference.exists()
            else f"there is no {reference}; --make makes the stored numbers"
        )
    if not 0 < budget < math.inf:
        raise Mistake(f"--budget is above 0 minutes and has an end, not {budget:g}")
    if against == "":
        raise Mistake("--against is empty; give a revision, as in --against main")
    if jobs is not None and jobs < 1:
        raise Mistake(f"jobs is 1 or more, not {jobs}")
    if against and (make or accept or reference):
        raise Mistake("--against compares with code, the other options with stored numbers: give one of them")
    if make and accept:
        raise Mistake("--make trains all anew, and --accept changes no number: give one of them")
    for name in tasks:
        catalog.checked("task", name, catalog.task_names())
    if tasks and (make or accept):
        raise Mistake("--tasks is for a night; --make and --accept take the whole reference")


def revision_of(name: str | None) -> str | None:
    """Find the commit that is meant by ``--against``."""
    from vaebench.nightly.elsewhere import revision

    return revision(catalog.PACKAGE.parent, name) if name else None


def make_reference(stored: Path, where: "Where", work: Path) -> None:
    """Make the stored numbers, with progress."""
    from vaebench.nightly.arithmetic import widen
    from vaebench.nightly.expected import suite_cells
    from vaebench.nightly.reference import make
    from vaebench.provenance import commit_of
    from vaebench.results.lock import alone_in

    commit = commit_of(catalog.PACKAGE)
    if commit is None or not commit.isalnum():
        say("vaebench/ has changes that are in no commit: the causes of later changes will be harder to tell", "yellow")
    work.mkdir(parents=True, exist_ok=True)
    with alone_in(work):
        for line in make(stored, suite_cells(), where, work, told(), whole=True):
            say(f"left out: {line}", "yellow")
        widen(stored, where, work, told())
    say(f"the reference is in {stored}")


def accept_(stored: Path, where: "Where") -> None:
    """Renew the hashes of the stored numbers, with progress; exit status 1 if a number is another."""
    from vaebench.nightly.accept import accept

    against = accept(stored, where, told())
    for one in against:
        say(f"{one.name}: {one.word}, {one.readings - one.same} of {one.readings} readings are others", "red")
    if against:
        say("nothing was written; `make nightly-reference` makes the stored numbers anew")
        sys.exit(NO)
    say(f"all numbers are the same; {stored} has the hashes of today's code")
