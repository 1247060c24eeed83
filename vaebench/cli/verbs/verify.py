"""``vaebench verify``: every reason against a run or a submission."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from vaebench.cli.app import app
from vaebench.cli.console import NO, Json, answer, err, out, say
from vaebench.mistakes import Mistake
from vaebench.terminal import visible


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
    as_json: Json = False,
) -> None:
    """Check records, ids, verdicts, invariants and sources. Nothing is executed. Exit status 1 with every reason."""
    from vaebench.results.store import write_text
    from vaebench.verify import MOST_LINES, Change, verify
    from vaebench.verify_table import verify_table

    if (changed or author) and not base:
        raise Mistake("--changed and --author belong to --base DIR")
    paths = changed.read_text("utf-8", "replace").replace("\0", "\n").split("\n") if changed else []
    change = Change(base, tuple(filter(None, paths)), author) if base else None
    with err.status("verifying"):
        found = verify(folder, reference, change)
    reasons = found.reasons
    if markdown:
        write_text(markdown, verify_table(folder, found))
    if as_json:
        files = [
            {"file": str(one.path), "reasons": list(one.reasons), "remarks": list(one.remarks)} for one in found.files
        ]
        answer({"records": found.records, "files": files})
    else:
        out.print(f"records: {found.records}, reasons against them: {len(reasons)}", highlight=False)
    for one in found.files:
        for remark in one.remarks:
            say(f"note: {one.path}: {remark}", "yellow")
    for line in reasons[:MOST_LINES]:
        say(visible(line), "red")
    if len(reasons) > MOST_LINES:
        say(f"… and {len(reasons) - MOST_LINES} more", "red")
    if reasons:
        sys.exit(NO)
