"""Write all verdicts and measurements of a checkout as tables, with a dictionary and a description for programs."""

import datetime
import io
import os
import secrets
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from vaebench.mistakes import Mistake
from vaebench.report.board import chosen, published, refuse_bad
from vaebench.report.files import marked
from vaebench.report.processes import uncollected
from vaebench.report.rows.selection import Selection
from vaebench.report.suite import Suite, suite
from vaebench.report.tables.croissant import File, croissant
from vaebench.report.tables.dictionary import SAYS, dictionary_page
from vaebench.report.tables.taken_away import TABLES, VERDICTS, Field
from vaebench.report.tables.verdict_rows import Cell, csv_text, measurement_rows, taken_records, verdict_rows
from vaebench.report.words.citation import board_bibtex
from vaebench.report.words.dated import last_day, measured
from vaebench.report.words.markdown import MADE_BY
from vaebench.results.references import root

DESCRIPTION = "croissant.json"


@dataclass(frozen=True)
class Exported:
    """What was written.

    Attributes:
        files: The files.
        rows: Number of rows by table.
        bad: One line for each record that is left out.
    """

    files: tuple[Path, ...]
    rows: dict[str, int]
    bad: tuple[str, ...]


@uncollected()
def export(out: Path) -> Exported:
    """Write the tables of the records that a checkout publishes.

    Args:
        out: A folder. Files that are not of an export are never written over.

    Returns:
        What was written.

    Raises:
        Mistake: pyarrow is not installed, the folder holds a file of somebody else, a reference result is bad, or a
            file cannot be written. Then the folder is as it was.
    """  # noqa: DOC502 - also raised by refuse_bad
    _need_pyarrow()
    folder, there = root(), suite()
    found = published(folder)
    selection = chosen(folder, there, found)
    refuse_bad(folder, found, selection)
    contents, rows = tables(there, selection)
    _refuse_others(out, contents)
    _write(out, contents)
    return Exported(tuple(out / name for name in contents), rows, (*map(str, found.bad), *map(str, selection.faults)))


def tables(there: Suite, selection: Selection) -> tuple[dict[str, bytes], dict[str, int]]:
    """Make the files of an export.

    Args:
        there: What there is.
        selection: The records.

    Returns:
        Contents by name, and the number of rows by table.
    """
    records = taken_records(selection)
    all_rows = {"verdicts": list(verdict_rows(records)), "measurements": list(measurement_rows(records))}
    contents = {"verdicts.csv": csv_text(VERDICTS, all_rows["verdicts"]).encode()}
    contents |= {f"{name}.parquet": parquet(TABLES[name], rows) for name, rows in all_rows.items()}
    files = [
        File(name, content, TABLES[stem := name.partition(".")[0]], SAYS[stem]) for name, content in contents.items()
    ]
    of_board = [one.record for one in records]
    day = last_day(of_board)
    contents[DESCRIPTION] = croissant(files, there.release, day, board_bibtex(there.release, day)).encode()
    page = dictionary_page(measured(of_board), on_the_board=False)
    contents["README.md"] = marked(page).encode()
    return contents, {name: len(rows) for name, rows in all_rows.items()}


def parquet(fields: Sequence[Field], rows: Iterable[Sequence[Cell]]) -> bytes:
    """Write a table as Parquet, in full precision.

    Args:
        fields: The columns. Each says in its metadata what it means.
        rows: The rows.

    Returns:
        The file's bytes.
    """
    import pyarrow
    from pyarrow import parquet as files

    kinds = {
        "text": pyarrow.string(),
        "integer": pyarrow.int64(),
        "number": pyarrow.float64(),
        "date": pyarrow.date32(),
    }
    schema = pyarrow.schema([pyarrow.field(one.name, kinds[one.kind], metadata={"says": one.says}) for one in fields])
    columns = zip(*rows, strict=True) if rows else ((),) * len(fields)
    arrays = [
        pyarrow.array(list(_typed(column, field)), type=kinds[field.kind])
        for column, field in zip(columns, fields, strict=True)
    ]
    file = io.BytesIO()
    files.write_table(pyarrow.table(arrays, schema=schema), file, compression="zstd")
    return file.getvalue()


def _typed(column: Iterable[Cell], field: Field) -> Iterator[object]:
    for value in column:
        if value is None:
            yield None
        elif field.kind == "date":
            yield datetime.date.fromisoformat(str(value))
        else:
            yield float(value) if field.kind == "number" else value


def _need_pyarrow() -> None:
    try:
        import pyarrow  # noqa: F401
    except ImportError:
        raise Mistake("Parquet needs the package pyarrow: pip install 'vaebench[export]'") from None


def _refuse_others(out: Path, contents: Iterable[str]) -> None:
    """Refuse a folder that holds what an export would write over, and no export."""
    there = next((path for path in (out, *out.parents) if path.exists()), Path())
    if not there.is_dir():
        raise Mistake(f"{there} is a file; give a folder")
    described = out / DESCRIPTION
    ours = described.is_file() and MADE_BY in described.read_text("utf-8", "replace")
    for path in (out / name for name in contents):
        if path.is_dir() and not path.is_symlink():
            raise Mistake(f"{path} is a folder: move it away, or give another --out")
        if path.is_symlink() or (path.exists() and not ours):
            raise Mistake(f"{path} was not written by an export: give another --out")


def _write(out: Path, contents: Mapping[str, bytes]) -> None:
    """Write all files or none. They get their names once all are on the disk.

    The description is the first, so a folder in which a stop left only some of them is known as an export.
    """
    new = [folder for folder in (out, *out.parents) if not folder.exists()]
    halves = {name: out / f".{name}.{secrets.token_hex(8)}.half" for name in contents}
    path = out
    try:
        out.mkdir(parents=True, exist_ok=True)
        for name, content in contents.items():
            path = out / name
            with halves[name].open("xb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
        for name in sorted(contents, key=lambda name: name != DESCRIPTION):
            path = out / name
            halves[name].replace(path)
    except OSError as error:
        raise Mistake(f"cannot write {path}: {error.strerror}") from error
    finally:
        for half in halves.values():
            with suppress(OSError):  # most often it has its name by now
                half.unlink()
        for folder in new:
            with suppress(OSError):  # it holds the export
                folder.rmdir()
