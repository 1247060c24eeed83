"""``vaebench list``: tasks and claims, variants, networks, data sets."""

import sys
from collections.abc import Sequence
from typing import Annotated

import typer
from rich.table import Table

from vaebench import catalog
from vaebench.cli.app import app
from vaebench.cli.console import Json, answer, out
from vaebench.experiment import PRESETS


@app.command("list", short_help="List tasks and claims, variants, data sets.")
def list_(
    as_json: Json = False,
    schema: Annotated[bool, typer.Option("--schema", help="Print the JSON Schema of a record.")] = False,
) -> None:
    """List tasks with their claims, variants, architectures, data sets and presets."""
    if schema:
        from vaebench.results.record import schema_text

        sys.stdout.write(schema_text())
        return
    tasks = [catalog.task(name) for name in catalog.task_names()]
    if as_json:
        answer(
            {
                "tasks": [
                    {
                        "name": task.name,
                        "version": task.version,
                        "source": task.source,
                        "asks": task.asks,
                        "datasets": task.datasets,
                        "claims": [{"id": claim.id, "says": claim.says} for claim in task.claims],
                    }
                    for task in tasks
                ],
                "variants": catalog.variant_names(),
                "archs": catalog.arch_names(),
                "datasets": [name for page in catalog.dataset_names() for name in catalog.dataset_sizes(page)],
                "presets": PRESETS,
            }
        )
        return
    for task in tasks:
        show_names(f"{task.name} ({task.source}): {task.asks}", [(claim.id, claim.says) for claim in task.claims])
    for title, folder, listed in (
        ("Variants", "variants", catalog.variant_names()),
        ("Architectures", "models/networks", catalog.arch_names()),
    ):
        show_names(title, [(name, catalog.summary(folder, name)) for name in listed])
    show_names("Data sets", [(name, _of_data(name)) for name in catalog.dataset_names()])
    out.print(f"Presets: {', '.join(PRESETS)}")


def _of_data(page: str) -> str:
    """What a data set is, and the names of its other sizes."""
    sizes = catalog.dataset_sizes(page)[1:]
    return catalog.summary("data", page) + (f" Also {', '.join(sizes)}." if sizes else "")


def show_names(title: str, rows: Sequence[tuple[str, str]]) -> None:
    """Print names with their meanings. Names are never cut, so that they can be copied."""
    table = Table(show_header=False, box=None, title=title, title_justify="left", title_style="bold", padding=(0, 2))
    table.add_column(no_wrap=True)
    table.add_column()
    for row in rows:
        table.add_row(*row)
    out.print(table, "")
