"""``vaebench new``: a variant's file to start from."""

from pathlib import Path
from typing import Annotated

import typer

from vaebench.cli.app import app
from vaebench.cli.console import Json, answer, out
from vaebench.new import new_variant
from vaebench.terminal import visible


@app.command("new", short_help="Write a new variant's file, which runs as it is.")
def new_(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Small letters, digits and underscores.")],
    as_json: Json = False,
) -> None:
    """Write NAME.py here: a small VAE that runs, with comments where slips are common."""
    path = new_variant(name, Path())
    if as_json:
        answer({"file": str(path)})
        return
    out.print(f"{visible(str(path))}: next, vaebench check {path}", highlight=False, soft_wrap=True)
