"""Whether two records measured the same thing: the same task, data with the same bytes, and the same code."""

from collections.abc import Iterator

from vaebench.results.record import Subject


def other_definitions(new: Subject, old: Subject, side: str = "reference") -> Iterator[str]:
    """Say in what the task and the data of two records differ. Where they do, no number is compared.

    Args:
        new: What one record is about.
        old: What the other is about.
        side: What the other is called.

    Yields:
        One line for each version, hash of a definition and hash of data files.
    """
    for what, now, then in (("task", new.task, old.task), ("data set", new.dataset, old.dataset)):
        if now.version != then.version:
            yield f"{what} version {now.version}, {side} {then.version}"
        if now.hash != then.hash:
            yield f"{what} hash {now.hash}, {side} {then.hash}"
    if new.dataset.files != old.dataset.files:
        yield f"data set's files {new.dataset.files or 'none'}, {side} {old.dataset.files or 'none'}"


def stale(new: Subject, old: Subject) -> Iterator[str]:
    """Say what is no longer as it was when a reference was made.

    Args:
        new: What ran.
        old: The reference's.

    Yields:
        As `other_definitions`, and one line for the variant's code.
    """
    yield from other_definitions(new, old)
    if new.variant.code_hash != old.variant.code_hash:
        yield f"variant code hash {new.variant.code_hash}, reference {old.variant.code_hash}"
