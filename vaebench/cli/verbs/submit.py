"""``vaebench submit``: a branch with a run's records and sources, and the board drawn anew."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from vaebench.cli.app import app
from vaebench.cli.console import NO, Json, answer, err, out, say


@app.command("submit", short_help="Make a branch that sends a run to the board.")
def submit_(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Folder of a run.")],
    name: Annotated[str, typer.Option("--as", metavar="NAME", help="Your name on GitHub, in small letters.")],
    reason: Annotated[str, typer.Option(help="Why records that you sent before are replaced.")] = "",
    branch: Annotated[str, typer.Option(help="The branch to make; submission-NAME by default.")] = "",
    as_json: Json = False,
) -> None:
    """Verify a run, and make a branch with one commit. Your files, index and current branch are not touched."""
    from vaebench.submit import Refused, submit

    with err.status("looking at the checkout") as status:
        try:
            done = submit(folder, name, reason, branch, status.update)
        except Refused as refused:
            status.stop()
            for line in refused.lines:
                say(line, "red")
            say(f"vaebench: {refused}", "red")
            sys.exit(NO)
    for line in done.left_out:
        say(f"left out: {line}", "yellow")
    if as_json:
        answer({"branch": done.branch, "commit": done.commit, "records": done.records})
        return
    out.print(f"branch {done.branch}: one commit, {done.records} records", highlight=False)
    out.print(f"look at it: git show --stat {done.branch}", highlight=False)
    out.print(f"send it: git push FORK {done.branch}   # your fork; then open a pull request", highlight=False)
