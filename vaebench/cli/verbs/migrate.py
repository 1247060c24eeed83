"""``vaebench migrate``: records of today's definitions, brought to today's schema, claims and verdicts."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from vaebench.cli.app import app
from vaebench.cli.console import NO, Json, answer, err, out, say


@app.command("migrate", short_help="Give records today's schema, claims and verdicts.")
def migrate_(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Folder of records.")],
    as_json: Json = False,
) -> None:
    """Give records of today's definitions today's schema, claims and verdicts. No number moves."""
    from vaebench.migrate import migrate

    with err.status("migrating"):
        done = migrate(folder)
    for line in done.others:
        say(line, "yellow")
    if as_json:
        answer({"written": [str(path) for path in done.written], "current": done.current, "others": done.others})
    else:
        out.print(f"{len(done.written)} records converted, {done.current} were current", highlight=False)
    if done.others:
        sys.exit(NO)
