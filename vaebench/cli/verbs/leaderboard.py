"""``vaebench leaderboard``: the board's pages, or a preview of a run's."""

import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from vaebench.cli.app import app
from vaebench.cli.console import NO, Json, answer, err, out, say
from vaebench.mistakes import Mistake
from vaebench.terminal import visible

if TYPE_CHECKING:
    from vaebench.report.board import Written
    from vaebench.report.rows.run_places import RowPlaces

LISTED = 50
"""So many written files are named, and all that were removed; ``--json`` names all."""


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

    _refuse(preview, reference, check_only or redraw)
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
    lost = preview is not None and _is_left_out(preview, done)
    if as_json:
        told = {"places": [asdict(row) for row in done.places]} if preview else {}
        answer({"stale": stale} if check_only else {"pages": [str(page) for page in pages], **told})
    elif pages:
        there = [page for page in pages if page.exists()]
        more = [f"and {len(there) - LISTED} more"] if len(there) > LISTED else []
        gone = sorted(set(pages) - set(there))
        rows = map(str, [*there[:LISTED], *more, *gone])
        out.print("\n".join(map(visible, rows)), highlight=False, soft_wrap=True)
        if not lost:
            _show_places(done.places, is_preview=preview is not None)
    elif not stale and not done.strangers:
        out.print("the leaderboard is fresh", highlight=False)
    for line in stale:
        say(f"stale: {line}", "red")
    if stale or (done.strangers and not preview):
        say("the board is not fresh: run `vaebench leaderboard`, and move away files that vaebench did not write")
        sys.exit(NO)
    if lost:
        say("nothing of the run is on this board: each of its records is left out, for the reasons above", "red")
        sys.exit(NO)


def _refuse(preview: Path | None, reference: Path | None, of_committed: bool) -> None:
    """Refuse options that make no sense together."""
    if preview and of_committed:
        raise Mistake("--check and --redraw are about the committed pages; leave out these or --preview")
    if reference and not preview:
        raise Mistake("--reference is for a preview; give --preview DIR too")


def _is_left_out(folder: Path, done: "Written") -> bool:
    """Whether a preview shows none of the run's records."""
    from vaebench.results.references import read

    if done.places or not done.bad:
        return False
    places = [f"{folder / record.subject.file_name}: " for record in read(folder)[0]]
    return all(any(line.startswith(place) for line in done.bad) for place in places)


def _listed(rows: Sequence[str], most: int = 6) -> str:
    more = f" and {len(rows) - most} more" if len(rows) > most else ""
    return ", ".join(rows[:most]) + more


def _show_places(places: "Sequence[RowPlaces]", is_preview: bool) -> None:
    """Print the places of a run's rows, a line for each task."""
    from vaebench.report.words.format import plus_minus

    if is_preview and not places:
        say("no places: all rows are the suite's own, or it has none of this run's preset; it has those of standard")

    for row in places:
        out.print(f"{visible(row.row)}, {row.preset}", style="bold", highlight=False, soft_wrap=True)
        for one in row.places:
            parts = [f"  {one.task} on {one.dataset}: "]
            if one.best is not None:
                place = f"{one.best}" if one.best == one.worst else f"{one.best} to {one.worst}"
                parts += [f"place {place} of {one.of}, "]
                if one.agreement:
                    parts += [f"agreement {plus_minus(one.agreement)} on {one.shared} shared claims, "]
                parts += [f"{one.judged} of {one.claims} claims judged"]
            else:
                parts += ["no place"]
            parts += [f"; cannot be told from {_listed(one.not_told_from)}"] if one.not_told_from else []
            parts += [f"; missing: {one.lacks}"] if one.lacks else []
            out.print(visible("".join(parts)), highlight=False, soft_wrap=True)
        if row.not_run:
            out.print(f"  not run: {', '.join(row.not_run)}", highlight=False, soft_wrap=True)
