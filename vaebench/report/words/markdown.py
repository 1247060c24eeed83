"""Turn words, names and foreign text into Markdown. Text that comes from a record is escaped."""

import html
import re
import unicodedata
from collections.abc import Sequence
from functools import lru_cache

from vaebench.claims import Claim, VerdictWord

SYMBOLS: dict[VerdictWord, str] = {"holds": "✓", "fails": "✗", "undecided": "?", "not applicable": "–"}
"""A symbol for each verdict, so that nothing depends on colour."""

MADE_BY = "Written by `vaebench leaderboard`; it writes over edits."
"""What every file of the board but the CSV says of itself."""

PREVIEW = "> **Preview, not a result.** It shows the records of a run among the committed ones of the same preset."

NO_RECORDS = "There are no records yet."

_SPECIAL = re.compile(r"[\\`*\[\]<>|~&$@#]|(?<![A-Za-z0-9])_|_(?![A-Za-z0-9])|:(?=\S)|(?<=www)\.", re.IGNORECASE)
_ARXIV = re.compile(r"(?:arXiv[:\s]\s*|https?://arxiv\.org/abs/)(\d{4}\.\d{4,5})", re.IGNORECASE)


@lru_cache(maxsize=4096)  # a page says the same few things of many records
def escape(text: str) -> str:
    """Make foreign text inert in Markdown and in HTML, on one line.

    Whatever could be markup becomes a character reference, which is read as the character and never as structure. Wide
    characters do too, because the width of a table's column must not depend on who measures it. Control and direction
    characters are dropped.

    Args:
        text: Any text.

    Returns:
        Markdown that shows the text.

    Examples:
        >>> escape("a|b <b>x</b> my_name")
        'a&#124;b &#60;b&#62;x&#60;/b&#62; my_name'
    """
    line = " ".join(text.split())
    if not (line.isascii() and line.isprintable()):
        line = "".join(c for c in line if not unicodedata.category(c).startswith("C"))
    inert = _SPECIAL.sub(lambda found: f"&#{ord(found[0])};", line)
    return inert if inert.isascii() else "".join(f"&#{ord(c)};" if _odd_width(c) else c for c in inert)


def _odd_width(character: str) -> bool:
    return unicodedata.east_asian_width(character) in "WF" or unicodedata.category(character).startswith("M")


@lru_cache(maxsize=4096)
def words(name: str) -> str:
    """Turn a name in snake_case into words.

    Args:
        name: For example ``decoder_mean_degree``; digits on both sides of an underscore are one number.

    Returns:
        For example ``decoder mean degree``.

    Examples:
        >>> words("decoder_mean_degree"), words("outliers_at_0_4")
        ('decoder mean degree', 'outliers at 0.4')
    """
    return re.sub(r"(?<=\d)_(?=\d)", ".", name).replace("_", " ")


def anchor(heading: str) -> str:
    """Name a heading for links, as GitHub does.

    Args:
        heading: Its text. Spaces become hyphens. Only letters of any kind, digits, hyphens and underscores are kept.

    Returns:
        What follows ``#`` in a link to it.

    Examples:
        >>> anchor("Analytic arm")
        'analytic-arm'
        >>> anchor("Kähler, in short")
        'kähler-in-short'
    """
    return re.sub(r"[^\w-]", "", heading.lower().replace(" ", "-"))


def contents(parts: Sequence[str]) -> str:
    """Link to the sections of a page.

    Args:
        parts: The page's paragraphs and headings; sections begin with ``##``.

    Returns:
        One line of links; empty if there is no section.

    Examples:
        >>> contents(["# Page", "## Claims", "Text.", "## Records, in all"])
        '[Claims](#claims) · [Records, in all](#records-in-all)'
        >>> contents(["## One &#38; two"])
        '[One &#38; two](#one--two)'
    """
    headings = [part.removeprefix("## ") for part in parts if part.startswith("## ")]
    return " · ".join(f"[{heading}](#{anchor(html.unescape(heading))})" for heading in headings)


def label(verdict: VerdictWord) -> str:
    """Print a verdict with its symbol.

    Args:
        verdict: The word.

    Returns:
        For example ``✓ holds``.
    """
    return f"{SYMBOLS[verdict]} {verdict}"


def is_analytic(arm: str) -> bool:
    """Say whether an arm is a model in closed form.

    Args:
        arm: Its name in a record.

    Returns:
        Whether it is.

    Examples:
        >>> is_analytic("analytic"), is_analytic("analytic_noisy_target"), is_analytic("noisy_target")
        (True, True, False)
    """
    return arm == "analytic" or arm.startswith("analytic_")


def control_said(arm: str, verdict: VerdictWord, claim: Claim) -> str:
    """Print a control's verdict, and whether it is the one that mathematics gives.

    Args:
        arm: The control.
        verdict: Its verdict.
        claim: Of this claim.

    Returns:
        For example ``analytic arm ✗ fails, as expected``.
    """
    said = f"{words(arm)} arm {label(verdict)}"
    if not claim.analytic or not is_analytic(arm) or verdict == "not applicable":
        return said
    if verdict == claim.analytic:
        return f"{said}, as expected"
    return f"{said}, but mathematics gives {label(claim.analytic)}"


def preset_suffix(preset: str) -> str:
    """Print what a name ends with under a preset that is not the board's own.

    Args:
        preset: The preset.

    Returns:
        Nothing for the standard one, else for example `` (quick)``.
    """
    return "" if preset == "standard" else f" ({preset})"


def source(text: str) -> str:
    """Print where something comes from, arXiv identifiers as links and nothing else as one.

    Args:
        text: For example ``arXiv:2105.14866``.

    Returns:
        Markdown.

    Examples:
        >>> source("Camuto, arXiv:2105.14866")
        'Camuto, [arXiv:2105.14866](https://arxiv.org/abs/2105.14866)'
    """
    parts = _ARXIV.split(text)
    shown = [f"[arXiv:{p}](https://arxiv.org/abs/{p})" if i % 2 else _escaped_inside(p) for i, p in enumerate(parts)]
    return "".join(shown)


def _escaped_inside(text: str) -> str:
    """Escape a part of a line and keep the blanks at its ends."""
    return f"{' ' * text[:1].isspace()}{escape(text)}{' ' * (len(text) > 1 and text[-1].isspace())}"


def table(headers: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Write a table; cells are Markdown already and are not touched.

    Args:
        headers: One a column.
        rows: As many cells each.

    Returns:
        A pipe table, without a final line break.
    """
    widths = [
        max(len(header) + 2, *(len(row[index]) for row in rows)) if rows else len(header) + 2
        for index, header in enumerate(headers)
    ]
    ruler = "|".join(f":{'-' * (width + 1)}" for width in widths)
    lines = (" | ".join(map(str.ljust, row, widths)) for row in (headers, *rows))
    first, *others = (f"| {line} |" for line in lines)
    return "\n".join([first, f"|{ruler}|", *others])


def without_empty_last(headers: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Write a table without its last column where that says nothing.

    Args:
        headers: As for `table`.
        rows: As for `table`.

    Returns:
        A pipe table, without a final line break.
    """
    if rows and not any(row[-1] for row in rows):
        return table(headers[:-1], [row[:-1] for row in rows])
    return table(headers, rows)


def details(summary: str, body: str) -> str:
    """Fold a part of a page away.

    Args:
        summary: What stays visible, as inert text.
        body: Markdown.

    Returns:
        The fold, without a final line break.
    """
    return f"<details><summary>{summary}</summary>\n\n{body}\n\n</details>"


def bullets(lines: Sequence[str]) -> str:
    """Write a list.

    Args:
        lines: Markdown, a line each.

    Returns:
        The list, without a final line break.
    """
    return "\n".join(f"- {line}" for line in lines)
