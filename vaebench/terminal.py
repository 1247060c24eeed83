"""Text of others on a terminal: it is shown, and never acts."""

import json
import unicodedata
from collections.abc import Iterable

from rich.console import Console, ConsoleOptions, RenderableType
from rich.segment import Segment


def visible(text: str) -> str:
    r"""Show on one line what would act on a terminal, or could not be written: as the escape that Python has for it.

    That is a control character, such as the escape that begins a command to the terminal; one that turns the direction
    of writing; a line break, also the two of Unicode; and half a character, as a file's name may hold.

    Args:
        text: Any text, such as an error's message or a file's name.

    Returns:
        The text, in which each character shows itself.

    Examples:
        >>> visible("a\x1b[2Jb\n"), visible("größer [/x] 漢"), visible("\u202e\udcff")
        ('a\\x1b[2Jb\\n', 'größer [/x] 漢', '\\u202e\\udcff')
    """
    return "".join(_shown(character) for character in text) if not _is_plain(text) else text


def shown_json(value: object) -> str:
    """Write JSON for a terminal and for programs: the same value, with what would act on a terminal escaped.

    Args:
        value: Made of what JSON has.

    Returns:
        The text, ending in a newline.
    """
    text = json.dumps(value, indent=2, sort_keys=True, allow_nan=False, ensure_ascii=False)
    return "".join(c if c == "\n" or not _acts(c) else json.dumps(c)[1:-1] for c in text) + "\n"


class PlainConsole(Console):
    """A console on which text is text: without markup, and without what acts on a terminal, whoever prints.

    Args:
        stderr: Whether it writes to standard error.
    """

    def __init__(self, stderr: bool = False) -> None:
        super().__init__(stderr=stderr, markup=False, emoji=False)

    def render(self, renderable: RenderableType, options: ConsoleOptions | None = None) -> Iterable[Segment]:
        """Render, and show what would act; rich's own commands to the terminal are segments of their own kind.

        Args:
            renderable: What to print.
            options: How.

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
