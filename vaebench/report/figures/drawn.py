"""Draw what is not fresh: several figures at once where there are many."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import chain

from vaebench.report.figures.prepare import Picture
from vaebench.report.figures.spec import Figure
from vaebench.report.figures.stamp import inputs_hash, stamp
from vaebench.report.processes import several, side_by_side

MANY = 8
"""So many figures are drawn by several processes: to start one takes as long as to draw two or three."""


@contextmanager
def drawings(pictures: Sequence[Picture], before: Mapping[str, str]) -> Iterator[Iterator[tuple[str, str]]]:
    """Begin to draw figures, except those that were drawn before from the same inputs. The caller goes on meanwhile.

    Args:
        pictures: The figures with their paths.
        before: SVG texts drawn before, by path.

    Yields:
        Path and SVG text of each, as they come.
    """
    fresh = {one.path: before[one.path] for one in pictures if _is_fresh(one, before.get(one.path, ""))}
    stale = {one.path: one.figure for one in pictures if one.path not in fresh}
    with _svgs(list(stale.values())) as drawn:
        yield chain(fresh.items(), zip(stale, drawn, strict=True))


def _is_fresh(picture: Picture, there: str) -> bool:
    seal = stamp(there) if there else None
    return bool(seal and seal.inputs == inputs_hash(picture.figure))


@contextmanager
def _svgs(figures: Sequence[Figure]) -> Iterator[Iterator[str]]:
    if not figures:
        yield iter(())
        return
    from vaebench.report.figures.draw import svg  # matplotlib takes longer than all the rest

    if len(figures) >= MANY and several():
        with side_by_side(svg, figures) as drawn:
            yield drawn
    else:
        yield map(svg, figures)
