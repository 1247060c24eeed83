"""``vaebench export``: all verdicts and measurements as tables."""

from pathlib import Path
from typing import Annotated

import typer

from vaebench.cli.app import app
from vaebench.cli.console import Json, answer, err, out, say
from vaebench.terminal import visible


@app.command("export", short_help="Write all verdicts and measurements as CSV and Parquet.")
def export_(
    folder: Annotated[Path, typer.Option("--out", help="Folder to write to.")] = Path("runs") / "export",
    as_json: Json = False,
) -> None:
    """Write the verdicts and measurements of the committed records as tables, with a data dictionary."""
    from vaebench.report.board import BadReferences
    from vaebench.report.export import export

    try:
        with err.status("reading records"):
            done = export(folder)
    except BadReferences as found:
        for line in found.lines:
            say(line, "red")
        raise
    for line in done.bad:
        say(f"left out: {line}", "yellow")
    if as_json:
        answer({"files": [str(path) for path in done.files], "rows": done.rows})
        return
    out.print("\n".join(visible(str(path)) for path in done.files), highlight=False, soft_wrap=True)
    for name, rows in done.rows.items():
        say(f"{name}: {rows} rows")
