"""Detect forged drawings: they hold active content, or differ when their inputs are drawn again."""

import re

TOLERANCE = 0.0101
"""Points by which coordinates may differ between processors. They are written to .01; a line is .7 points wide."""

_PROLOGUE = (
    r'<\?xml version="1\.0" encoding="utf-8" standalone="no"\?>\s*'
    r'<!DOCTYPE svg PUBLIC "-//W3C//DTD SVG 1\.1//EN"\s+"http://www\.w3\.org/Graphics/SVG/1\.1/DTD/svg11\.dtd">'
)
_STYLE = (
    '<style type="text/css">*{stroke-linejoin: round; stroke-linecap: butt}'
    "text{font-family: 'DejaVu Sans', Verdana, sans-serif}</style>"
)
_ELEMENTS = "svg|g|defs|path|use|image|clipPath|rect"
_TEXT = (
    r'<text(?:\s++(?:style|x|y|transform)="[^"<&@\\]*+")*+\s*+>'
    r"(?:[^<&]|&(?:amp|lt|gt|quot|#\d++);)*+(?:</text>)"
)
_ATTRIBUTES = "id|d|x|y|width|height|style|transform|viewBox|version"
_PASSIVE = re.compile(
    rf"{_PROLOGUE}(?:\s++|</(?:{_ELEMENTS})>|{_TEXT}"
    rf"|<(?:{_ELEMENTS})(?:\s++(?:"
    rf'(?:{_ATTRIBUTES})="[^"<&@\\]*+"'
    r'|xmlns(?::xlink)?="http://www\.w3\.org/(?:2000/svg|1999/xlink)"'
    r'|clip-path="url\(#\w++\)"'
    r'|xlink:href="(?:#[\w-]++|data:image/png;base64,[A-Za-z0-9+/=\n]++)"'
    rf"))*+\s*+/?>|<!--(?:[^-]|-(?!-))*+-->|{re.escape(_STYLE)})*+",
    re.DOTALL,
)
_CLIP = re.compile(r'clip-path="url\(#\w+\)"')
_COMMENT = re.compile("<!--.*?-->", re.DOTALL)
_WRITTEN = re.compile("<!--.*?-->|(?<=>)[^<>]*(?=</text>)", re.DOTALL)
_LETTERS = str.maketrans("0123456789", "abcdefghij")
_NAME = re.compile(r'(?<=\bid=")[^"]+|(?<=url\(#)[^)]+|(?<=xlink:href="#)[^"]+')
_NUMBER = re.compile(r"(?<![\w.#-])-?\d+(?:\.\d+)?(?:e-?\d+)?(?![\w.])")


def is_passive(drawing: str) -> bool:
    """Whether an SVG has only what matplotlib draws: shapes, embedded pictures and lines of text, no script or link.

    Args:
        drawing: The SVG, without a stamp.

    Returns:
        Whether each of its characters belongs to a passive element.
    """
    if not _PASSIVE.fullmatch(drawing):
        return False
    return _loads_nothing(drawing) or _loads_nothing(_COMMENT.sub("", drawing))


def _loads_nothing(drawing: str) -> bool:
    """Whether every ``url(`` of a drawing, in capitals or not, names a clip of its own."""
    return drawing.lower().count("url(") == len(_CLIP.findall(drawing))


def same_drawing(one: str, other: str) -> bool:
    """Whether two SVG show the same shapes, colours and texts, in the same order, up to rounding.

    Args:
        one: An SVG.
        other: Another, drawn by the same version of matplotlib.

    Returns:
        Whether they differ only in names of parts and in the last digits of coordinates.
    """
    if one == other:
        return True
    ours, theirs = _parts(one), _parts(other)
    if len(ours) != len(theirs) or ours[::2] != theirs[::2]:
        return False
    return all(abs(float(one) - float(of)) <= TOLERANCE for one, of in zip(ours[1::2], theirs[1::2], strict=True))


def _parts(drawing: str) -> list[str]:
    """Split an SVG into text and numbers, in turn. Names of its parts are numbered in their order.

    A number in a text or a comment is no coordinate.
    """
    names: dict[str, str] = {}
    counted = _NAME.sub(lambda found: names.setdefault(found[0], f"part_{len(names)}"), drawing)
    counted = _WRITTEN.sub(lambda found: found[0].translate(_LETTERS), counted)
    return re.split(f"({_NUMBER.pattern})", counted)
