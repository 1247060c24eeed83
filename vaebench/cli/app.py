"""The application that the verbs are commands of."""

from typing import Annotated

import typer

from vaebench.cli.console import out
from vaebench.cli.given import Verbs
from vaebench.version import VERSION

app = typer.Typer(
    cls=Verbs,
    help="A benchmark suite for variational autoencoders that checks claims, not just scores.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


@app.callback(invoke_without_command=True)
def version(show: Annotated[bool, typer.Option("--version", help="Print the version.")] = False) -> None:
    """A benchmark suite for variational autoencoders that checks claims, not just scores."""
    if show:
        out.print(VERSION, highlight=False)
        raise typer.Exit
