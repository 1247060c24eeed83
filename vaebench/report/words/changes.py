"""What changed, from the changelog: sections by version, with their dates."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from vaebench.papers import Task
from vaebench.report.words.markdown import bullets, escape, table

CHANGES = "changes.md"
"""The page of changes, below the board."""

CHANGELOG = "CHANGELOG.md"
"""The changelog, at the top of a checkout."""

_SECTION = re.compile(
    r"^## (?P<version>\d[\w.+]*|Unreleased)(?:[^\d\n]*(?P<day>\d{4}-\d{2}-\d{2}))?[^\n]*$", re.MULTILINE
)


@dataclass(frozen=True)
class Section:
    """A version in the changelog.

    Attributes:
        version: The version.
        day: The day it came, as ``2026-11-28``; empty where none is given.
        says: Its text.
    """

    version: str
    day: str
    says: str

    @property
    def headlines(self) -> tuple[tuple[str, str], ...]:
        """What changed: the title of each part, and its first sentence without mark-up."""
        parts = re.split(r"^### ", self.says, flags=re.MULTILINE)
        found = []
        for part in parts[1:]:
            title, _, body = part.partition("\n")
            found.append((title.strip(), _first_sentence(body)))
        return tuple(found) or ((("", _first_sentence(self.says)),) if self.says.strip() else ())


def _first_sentence(text: str) -> str:
    plain = " ".join(re.sub(r"[*`]", "", text.strip().partition("\n\n")[0]).split())
    return re.split(r"(?<=[.:?!]) (?=[A-Z])", plain)[0].removesuffix(":")


def sections(changelog: str) -> tuple[Section, ...]:
    r"""Read a changelog.

    Args:
        changelog: Its text. A section begins with ``## <version>, <day>``.

    Returns:
        The sections, the latest first.

    Examples:
        >>> [(one.version, one.day) for one in sections("## 0.2.0, 2026-11-28\n\nNew.\n\n## 0.1.0\n\nFirst.\n")]
        [('0.2.0', '2026-11-28'), ('0.1.0', '')]
    """
    found = list(_SECTION.finditer(changelog))
    ends = [*(one.start() for one in found[1:]), len(changelog)][: len(found)]
    return tuple(
        Section(one["version"], one["day"] or "", changelog[one.end() : end].strip())
        for one, end in zip(found, ends, strict=True)
    )


def changes_page(changelog: str, tasks: Sequence[Task], linked: bool = True, compared: str = "") -> str:
    """Write what changed on the board, version by version.

    Args:
        changelog: The changelog's text; empty where there is none.
        tasks: The tasks, which have versions of their own.
        linked: Whether there is a checkout to link to.
        compared: The page with the verdicts of the first population beside today's; empty where there is none.

    Returns:
        Markdown.
    """
    parts = ["# What changed", "[Leaderboard](README.md)"]
    parts[1] += f" · [the whole changelog](../{CHANGELOG})" if changelog and linked else ""
    parts += ["A number on the board moves only with an entry in the changelog."]
    parts[-1] += f" [Then and now]({compared}) has the verdicts before and after, claim by claim." if compared else ""
    for one in sections(changelog):
        parts.append(f"## {escape(one.version)}{f', {one.day}' if one.day else ''}")
        lines = [f"**{escape(title)}.** {escape(says)}" if title else escape(says) for title, says in one.headlines]
        parts += [bullets(lines)] if lines else []
    if any(task.versions for task in tasks):
        rows = [
            [f"[{escape(task.name)}]({task.name}.md)", str(version.number), version.since]
            for task in tasks
            for version in reversed(task.versions)
        ]
        parts += ["## Versions of tasks", table(["Task", "Version", "Since"], rows)]
    return "\n\n".join(parts) + "\n"
