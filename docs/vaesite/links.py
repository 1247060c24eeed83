"""Keep links working when pages move: read those of a Markdown page, and write them from its new place."""

import posixpath
import re
from collections.abc import Callable

_LINK = re.compile(r"(?<!\\)\]\(<?([^()\s>]+)>?((?:\s+\"[^\"]*\")?)\)")
_FENCE = re.compile(
    r"(^ {0,3}(`{3,}|~{3,}).*?^ {0,3}\2[`~]*[ \t]*$|(?<!`)(`+)(?!`).+?(?<!`)\3(?!`))", re.DOTALL | re.MULTILINE
)
_ELSEWHERE = re.compile(r"[a-z][a-z0-9+.-]*:|//|#", re.IGNORECASE)


def relinked(text: str, moved: Callable[[str], str]) -> str:
    """Write a page's links anew. Code is left alone, and so are links to other sites and within the page.

    Args:
        text: Markdown.
        moved: Gives the new target of a link, from the old one without its fragment.

    Returns:
        The page with new links.

    Examples:
        >>> relinked("[a](x.md#b) `[a](x.md)` [c](https://d.org)", str.upper)
        '[a](X.MD#b) `[a](x.md)` [c](https://d.org)'
    """

    def new(found: re.Match[str]) -> str:
        target, mark, fragment = found[1].partition("#")
        return found[0] if _ELSEWHERE.match(found[1]) else f"]({moved(target)}{mark}{fragment}{found[2]})"

    parts, last = [], 0
    for code in _FENCE.finditer(text):
        parts += [_LINK.sub(new, text[last : code.start()]), code[0]]
        last = code.end()
    return "".join([*parts, _LINK.sub(new, text[last:])])


def below(page: str, target: str) -> str:
    """Resolve a link.

    Args:
        page: Path of the page that has it.
        target: What it says.

    Returns:
        The path that it leads to, from where the page's path begins.

    Examples:
        >>> below("leaderboard/records/a.md", "../../CHANGELOG.md")
        'CHANGELOG.md'
    """
    return posixpath.normpath(posixpath.join(posixpath.dirname(page), target))


def between(page: str, target: str) -> str:
    """Write a link.

    Args:
        page: Path of the page that has it.
        target: Path that it leads to.

    Returns:
        The link.

    Examples:
        >>> between("records/a/index.md", "changelog.md")
        '../../changelog.md'
    """
    return posixpath.relpath(target, posixpath.dirname(page) or ".")
