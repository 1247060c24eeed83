"""Draw what is not fresh: several figures at once where there are many."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain

from vaebench.report.figures.prepare import Picture
from vaebench.report.figures.spec import Figure
from vaebench.report.figures.stamp import inputs_hash, stamp
from vaebench.report.processes import several, side_by_side

MANY = 8
"""So many figures are drawn by several processes: to start one takes as long as to draw two or three."""


def drawings(pictures: Sequence[Picture], before: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Begin to draw figures, except those that were drawn before from the same inputs.

    Args:
        pictures: The figures with their paths.
        before: SVG texts drawn before, by path.

    Returns:
        Path and SVG text of each, as they come.
    """
    fresh = {one.path: before[one.path] for one in pictures if _is_fresh(one, before.get(one.path, ""))}
    stale = {one.path: one.figure for one in pictures if one.path not in fresh}
    return chain(fresh.items(), zip(stale, _svgs(list(stale.values())), strict=True))


def _is_fresh(picture: Picture, there: str) -> bool:
    seal = stamp(there) if there else None
    return bool(seal and seal.inputs == inputs_hash(picture.figure))


def _svgs(figures: Sequence[Figure]) -> Iterable[str]:
    if not figures:
        return []
    from vaebench.report.figures.draw import svg  # matplotlib takes longer than all the rest

    return side_by_side(svg, figures) if len(figures) >= MANY and several() else map(svg, figures)
