"""A preview: the board of the committed records together with those of a run, below the run's folder."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from vaebench.mistakes import Mistake
from vaebench.report.board import (
    PAGES,
    Published,
    Written,
    board_pages,
    chosen,
    published,
    refuse_bad,
    write_pages,
)
from vaebench.report.files import drawn_figures
from vaebench.report.processes import uncollected
from vaebench.report.received.sent import THIS_RUN, sender_of, sent
from vaebench.report.rows.run_places import run_places
from vaebench.report.suite import Suite, suite
from vaebench.results.record import Record
from vaebench.results.references import REFERENCES, checkout, own, read


@uncollected()
def write_preview(folder: Path, reference: Path | None = None) -> Written:
    """Write the board of the committed records together with those of a run, below the run's folder.

    Committed records are shown only for the presets of the run. A record of the run replaces a committed one of the
    same subject and code. Rows of a variant that is not the suite's own are marked as the run's. Outside a checkout
    the committed records are those of the installed package.

    Args:
        folder: Of the run.
        reference: Folder of the records to show the run among; None for the committed ones.

    Returns:
        What was written.

    Raises:
        Mistake: It is a file or a checkout, has no records, or a file that is not a page has the name of one.
    """
    if folder.is_file():
        raise Mistake(f"{folder} is a file; give the folder of a run")
    here = checkout()
    _refuse_checkout(folder, here)
    records, bad = read(folder)
    committed, there = _committed(here, reference), suite()
    shown = _among(records, committed, there)
    selection = chosen(here or Path(), there, committed, preview=True, among=shown)
    refuse_bad(here or Path(), committed, selection)
    refused = [
        f"{folder / one.record.subject.file_name}: {one.why}"
        for one in selection.faults
        if sender_of(one.record) in {"", THIS_RUN}
    ]
    drawn = drawn_figures(here / PAGES) if here else {}
    made = board_pages(here or Path(), there, committed.bad, selection, drawn, preview=True)
    written = write_pages(folder / PAGES, made)
    return replace(written, bad=(*bad, *refused), places=run_places(there.tasks, selection))


def _committed(here: Path | None, reference: Path | None) -> Published:
    """Read the records that a run is shown among."""
    if here is None or reference is not None:
        records, bad = own(reference)
        if bad:
            raise Mistake(bad[0])
        return Published(tuple(records))
    return published(here)


def _among(records: Sequence[Record], committed: Published, there: Suite) -> Published:
    """Put a run's records among the committed ones."""
    presets, keys = {record.subject.preset for record in records}, {_key(record) for record in records}

    def kept(record: Record) -> bool:
        return record.subject.preset in presets and _key(record) not in keys

    references = tuple(filter(kept, committed.references))
    submissions = tuple(one for one in committed.submissions if kept(one))
    own = [there.variants.get(record.subject.variant.name) == record.subject.variant.code_hash for record in records]
    if not references and not any(own):
        return Published(tuple(records), submissions)
    ours = tuple(record for record, is_own in zip(records, own, strict=True) if is_own)
    theirs = tuple(sent(record, THIS_RUN) for record, is_own in zip(records, own, strict=True) if not is_own)
    return Published((*ours, *references), (*theirs, *submissions))


def _refuse_checkout(folder: Path, checkout: Path | None) -> None:
    """Refuse to write a preview where a checkout keeps its own pages or records."""
    here, ours = folder.resolve(), checkout.resolve() if checkout else None
    inside = ours is not None and any(here.is_relative_to(ours / part) for part in (REFERENCES, PAGES))
    if (here / REFERENCES).exists() or (ours is not None and ours.is_relative_to(here)) or inside:
        raise Mistake(f"{folder} is a checkout or a part of one; give the folder of a run")


def _key(record: Record) -> tuple[str, str, str]:
    subject = record.subject
    return subject.task.name, subject.file_name, subject.variant.code_hash
