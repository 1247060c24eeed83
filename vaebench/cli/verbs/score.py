"""``vaebench score``: a run against reference results."""

import sys
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from vaebench.cli.app import app
from vaebench.cli.console import NO, Json, answer, out, say
from vaebench.terminal import visible


@app.command("score", short_help="Compare a run with reference results.")
def score_(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Folder of a run, or one record.")],
    reference: Annotated[Path | None, typer.Option(help="Reference results; the suite's own by default.")] = None,
    allow_stale: Annotated[
        bool,
        typer.Option("--allow-stale", help="Accept records of another task, data set or code. These are not compared."),
    ] = False,
    partial: Annotated[
        bool, typer.Option("--partial", help="Accept missing records or seeds, on either side.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Compare a run with reference results. Exit status 1 if anything drifted or was not compared."""
    from vaebench.results.references import against, score_folder, score_lines

    scores, bad = score_folder(folder, reference)
    for line in bad:
        say(f"left out: {line}", "yellow")
    if as_json:
        answer({"scores": [asdict(score) for score in scores]})
    else:
        table = Table(title="Score against reference results", title_justify="left")
        table.add_column("record", overflow="fold")
        for heading in ("status", "compared", "by", "what"):
            table.add_column(heading)
        for score in scores:
            what = "\n".join(map(visible, score_lines(score)))
            table.add_row(score.file_name, score.status, str(score.compared), score.decided_by, what)
        out.print(table)
    wrong = against(scores, allow_stale, partial)
    for line in wrong:
        say(line, "red")
    if not any(score.compared for score in scores):
        hint = "a variant of your own has no reference: see `vaebench compare` and `vaebench leaderboard --preview`"
        say(f"score is for runs of the suite's own variants; {hint}", "yellow")
    if bad or wrong:
        sys.exit(NO)
