"""``vaebench leaderboard``: the board's pages, or a preview of a run's."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from vaebench.cli.app import app
from vaebench.cli.console import NO, Json, answer, err, out, say
from vaebench.mistakes import Mistake
from vaebench.terminal import visible


@app.command("leaderboard", short_help="Write the leaderboard's pages, or check them.")
def leaderboard_(
    check_only: Annotated[bool, typer.Option("--check", help="Write nothing; exit 1 if a page is stale.")] = False,
    preview: Annotated[
        Path | None, typer.Option(help="Folder of a run: write a board with its records there instead.")
    ] = None,
    reference: Annotated[
        Path | None, typer.Option(help="With --preview: the records to show the run among; the committed ones.")
    ] = None,
    redraw: Annotated[
        bool, typer.Option("--redraw", help="Draw every figure again; with --check, compare them to find forged ones.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Write the leaderboard's pages from the committed records, or a preview from a run's."""
    from vaebench import report as board

    if preview and (check_only or redraw):
        raise Mistake("--check and --redraw are about the committed pages; leave out these or --preview")
    if reference and not preview:
        raise Mistake("--reference is for a preview; give --preview DIR too")
    stale: list[str] = []
    try:
        with err.status("drawing"):
            if check_only:
                stale, bad = board.stale(redraw)
                done = board.Written(Path(), (), bad=bad)
            else:
                done = board.write_preview(preview, reference) if preview else board.write(redraw)
    except board.BadReferences as found:
        for line in found.lines:
            say(line, "red")
        raise
    for line in (*(f"left out: {line}" for line in done.bad), *done.strangers):
        say(line, "yellow")
    pages = [done.page] if preview else done.files
    if as_json:
        answer({"stale": stale} if check_only else {"pages": [str(page) for page in pages]})
    elif pages:
        out.print("\n".join(visible(str(page)) for page in pages), highlight=False, soft_wrap=True)
    elif not stale and not done.strangers:
        out.print("the leaderboard is fresh", highlight=False)
    for line in stale:
        say(f"stale: {line}", "red")
    if stale or (done.strangers and not preview):
        say("the board is not fresh: run `vaebench leaderboard`, and move away files that vaebench did not write")
        sys.exit(NO)
