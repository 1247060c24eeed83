"""``vaebench verify``: every reason against a run or a submission."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from vaebench.cli.app import app
from vaebench.cli.console import NO, Json, answer, err, out, say
from vaebench.mistakes import Mistake
from vaebench.terminal import visible

if TYPE_CHECKING:
    from vaebench.replay_proof import Proved


@app.command("verify", short_help="List every reason against a run or a submission.")
def verify_(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Folder of a run, or submissions/NAME.")],
    reference: Annotated[Path | None, typer.Option(help="Reference results; the suite's own by default.")] = None,
    base: Annotated[
        Path | None, typer.Option(help="The checkout before a pull request: earlier records need a `supersedes`.")
    ] = None,
    changed: Annotated[
        Path | None, typer.Option(help="With --base: a file of the paths that the pull request touches, one a line.")
    ] = None,
    author: Annotated[str, typer.Option(help="With --base: who opened the pull request.")] = "",
    markdown: Annotated[Path | None, typer.Option(help="Write a table for a comment there.")] = None,
    replay: Annotated[
        int, typer.Option(metavar="N", help="Train N cells again. This runs the variants' code, and needs a sandbox.")
    ] = 0,
    as_json: Json = False,
) -> None:
    """Check records, ids, verdicts, invariants and sources. Exit status 1 with every reason.

    Nothing is executed without --replay.
    """
    from vaebench.results.store import write_text
    from vaebench.verify import MOST_LINES, Change, verify
    from vaebench.verify_table import verify_table

    _refuse(replay, changed, author, base)
    paths = changed.read_text("utf-8", "replace").replace("\0", "\n").split("\n") if changed else []
    change = Change(base, tuple(filter(None, paths)), author) if base else None
    with err.status("verifying"):
        found = verify(folder, reference, change)
    reasons = found.reasons
    if markdown:
        write_text(markdown, verify_table(folder, found))
    replayed = replay_(folder, replay) if replay and not reasons else None
    if as_json:
        files = [
            {"file": str(one.path), "reasons": list(one.reasons), "remarks": list(one.remarks)} for one in found.files
        ]
        told_of = {} if replayed is None else {"replayed": replayed.values()}
        answer({"records": found.records, "files": files, **told_of})
    else:
        out.print(f"records: {found.records}, reasons against them: {len(reasons)}", highlight=False)
    for line in found.remarks:
        say(f"note: {line}", "yellow")
    for line in reasons[:MOST_LINES]:
        say(visible(line), "red")
    if len(reasons) > MOST_LINES:
        say(f"… and {len(reasons) - MOST_LINES} more", "red")
    if replay and reasons:
        say("not replayed: first mend what speaks against it", "red")
    if replayed:
        for line in replayed.lines():
            say(visible(line), None if replayed.found.good else "red")
    if reasons or (replayed and not replayed.found.good):
        sys.exit(NO)


def _refuse(replay: int, changed: Path | None, author: str, base: Path | None) -> None:
    """Refuse options that make no sense."""
    if replay < 0:
        raise Mistake(f"--replay takes 1 cell or more, not {replay}")
    if (changed or author) and not base:
        raise Mistake("--changed and --author belong to --base DIR")
    if base and not base.is_dir():
        raise Mistake(f"--base: there is no folder {base}; without it no change of an earlier record is seen")


def replay_(folder: Path, n: int) -> "Proved":
    """Train some cells again, and write a proof beside the submissions if they give the records' numbers."""
    from vaebench import catalog
    from vaebench.cli.progress import told
    from vaebench.nightly.cells import Where
    from vaebench.replay_proof import proved
    from vaebench.results.references import read

    return proved(folder, read(folder)[0], catalog.variant_hashes(), n, Where(), told())
