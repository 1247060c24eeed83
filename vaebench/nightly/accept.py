"""Take a changed code's hashes into the reference of a night, where all of its numbers are equal to the last bit."""

from collections.abc import Mapping
from pathlib import Path

from vaebench.nightly.cells import Asked, Progress, Where, run_here
from vaebench.nightly.judge import Judged, judge
from vaebench.nightly.reference import whole_reference
from vaebench.results.night import Night
from vaebench.results.night_files import night_text, write_nights
from vaebench.results.record import CellOutcome
from vaebench.version import VERSION


def accept(folder: Path, where: Where, progress: Progress) -> list[Judged]:
    """Run the cells of a reference, and rewrite what it says of the code if every number is the same.

    Code that was moved or renamed has other hashes and gives the same numbers. No twins are run, so that this takes as
    long as a night. Nothing is written unless all records are the same: other numbers need `reference.make`.

    Args:
        folder: Of the reference.
        where: On what cells run.
        progress: Is told of each cell.

    Returns:
        The records that stand against it; empty where the reference was rewritten.

    Raises:
        Mistake: The reference is not whole, or its cells cannot be run.
    """  # noqa: DOC502 - raised by what it calls
    index, nights = whole_reference(folder)
    cells = {name: [Asked(*one.key, row.seed) for row in one.head.seeds] for name, one in nights.items()}
    ran = dict(run_here([cell for of in cells.values() for cell in of], where, progress))
    found = {name: {cell.seed: ran[cell] for cell in of if cell in ran} for name, of in cells.items()}
    judged = [judge(nights[name], of) for name, of in found.items()]
    against = [one for one in judged if one.word != "same" or one.data]
    if not against:
        texts = {name: night_text(_of_today(nights[name], of)) for name, of in found.items()}
        write_nights(folder, texts, index.left_out, index.whole)
    return against


def _of_today(night: Night, outcomes: Mapping[int, CellOutcome]) -> Night:
    """A reference with the version, definitions, code and machine of new cells. Its numbers and its scales stay."""
    new = outcomes[night.head.seeds[0].seed]
    head = {"suite_version": VERSION, "subject": new.subject, "environment": new.environment, "date": new.date}
    return night.model_copy(update={"head": night.head.model_copy(update=head)})
