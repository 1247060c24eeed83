"""Text from others is shown on a terminal and never controls it."""

import json
import unicodedata
from collections.abc import Iterable

from rich.console import Console, ConsoleOptions, RenderableType
from rich.segment import Segment


def visible(text: str) -> str:
    r"""Escape on one line, as Python does, what would control a terminal or cannot be written.

    That is a control character, such as the start of a terminal command; one that changes the direction of writing; a
    line break, also the two of Unicode; and half a character, as in some file names.

    Args:
        text: Any text, such as an error's message or a file's name.

    Returns:
        The text, with all characters visible.

    Examples:
        >>> visible("a\x1b[2Jb\n"), visible("größer [/x] 漢"), visible("\u202e\udcff")
        ('a\\x1b[2Jb\\n', 'größer [/x] 漢', '\\u202e\\udcff')
    """
    return "".join(_shown(character) for character in text) if not _is_plain(text) else text


def shown_json(value: object) -> str:
    """Write JSON for a terminal and for programs: the same value, with control characters escaped.

    Args:
        value: Made of JSON types.

    Returns:
        The text, ending in a newline.
    """
    text = json.dumps(value, indent=2, sort_keys=True, allow_nan=False, ensure_ascii=False)
    return "".join(c if c == "\n" or not _acts(c) else json.dumps(c)[1:-1] for c in text) + "\n"


class PlainConsole(Console):
    """A console for plain text: without markup, and without text that controls the terminal.

    Args:
        stderr: Whether it writes to standard error.
    """

    def __init__(self, stderr: bool = False) -> None:
        super().__init__(stderr=stderr, markup=False, emoji=False)

    def render(self, renderable: RenderableType, options: ConsoleOptions | None = None) -> Iterable[Segment]:
        """Render with control characters escaped; rich's own commands are separate segments.

        Args:
            renderable: What to print.
            options: Options of rich.

        Yields:
            Segments of text.
        """
        for segment in super().render(renderable, options):
            if segment.control or _is_plain(segment.text):
                yield segment
            else:
                lines = segment.text.split("\n")
                yield Segment("\n".join(map(visible, lines)), segment.style)


def _is_plain(text: str) -> bool:
    return text.isascii() and text.isprintable()


def _shown(character: str) -> str:
    return character.encode("unicode_escape").decode() if _acts(character) else character


def _acts(character: str) -> bool:
    return unicodedata.category(character) in {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
