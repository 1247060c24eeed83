"""The stamp of an SVG: hashes of its inputs and of the drawing, and the version that drew it."""

import hashlib
import json
import re
from dataclasses import dataclass, fields, is_dataclass
from functools import lru_cache

from vaebench.report.figures.forgery import is_passive
from vaebench.report.figures.spec import Figure

DRAWING_VERSION = 10
"""Raised whenever the same inputs are drawn differently."""

STAMP_BEGINS = "<!-- vaebench figure, inputs "
_STAMP = re.compile(STAMP_BEGINS + r"([0-9a-f]{16}), drawing ([0-9a-f]{16}), matplotlib ([\w.+]{1,40}) -->\n\Z")


def inputs_hash(figure: Figure) -> str:
    """Hash a figure's inputs: its values to six digits, and the version of the drawing code.

    Args:
        figure: The figure.

    Returns:
        16 hexadecimal digits, the same on every machine.
    """
    inputs = [type(figure).__name__, DRAWING_VERSION, _six_digits(figure)]
    return _hash(json.dumps(inputs, sort_keys=True))


def _six_digits(value: object) -> object:
    """Plain values of a figure, by name, its numbers to six digits."""
    if isinstance(value, float):
        return f"{value:.6g}"
    if isinstance(value, tuple):
        return [_six_digits(inner) for inner in value]
    if is_dataclass(value) and not isinstance(value, type):
        # Not `vars`, which holds what drawing worked out besides.
        return {one.name: _six_digits(getattr(value, one.name)) for one in fields(value)}
    return value


@dataclass(frozen=True)
class Stamp:
    """What an SVG says about its drawing.

    Attributes:
        inputs: Hash of its inputs, see `inputs_hash`.
        drawer: The version of matplotlib that drew it.
        drawing: The SVG itself.
    """

    inputs: str
    drawer: str
    drawing: str


def stamped(drawing: str, figure: Figure, drawer: str) -> str:
    """Add to an SVG the hashes of its inputs and of itself, and the version that drew it.

    Args:
        drawing: The SVG.
        figure: Its inputs.
        drawer: The version of matplotlib.

    Returns:
        The file's text.
    """
    return f"{drawing}{STAMP_BEGINS}{inputs_hash(figure)}, drawing {_hash(drawing)}, matplotlib {drawer} -->\n"


@lru_cache(maxsize=256)  # the stamp is read when a figure is kept, and again when it is compared
def stamp(text: str) -> Stamp | None:
    """Read the stamp of an SVG.

    Args:
        text: The file's text.

    Returns:
        The stamp. None if there is none, if the drawing was changed, or if it holds active content. A forger can make a
        stamp too. Only drawing again shows that (see `forgery.same_drawing`).
    """
    found = _STAMP.search(text)
    if found is None:
        return None
    drawing = text[: found.start()]
    return Stamp(found[1], found[3], drawing) if _hash(drawing) == found[2] and is_passive(drawing) else None


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]
