"""How to cite: BibTeX for the suite, for the board as it is, and for each paper."""

import re
from collections.abc import Iterable, Sequence

from vaebench.papers import Task

CITE = "cite.md"
"""The page that says how to cite, below the board."""

AUTHORS = "{the vaebench maintainers}"

_TITLE = re.compile(r"(?P<authors>.+?) (?P<year>\d{4}), (?P<title>.+)")
_ARXIV = re.compile(r"\d{4}\.\d{4,5}")


def suite_bibtex(version: str) -> str:
    """Cite the suite.

    Args:
        version: Its version.

    Returns:
        A BibTeX entry.
    """
    title = "vaebench: a benchmark suite for variational autoencoders that checks claims"
    return _entry("software", "vaebench", {"author": AUTHORS, "title": title, "version": version, "year": "2026"})


def board_bibtex(version: str, day: str) -> str:
    """Cite the board as it is.

    Args:
        version: The suite's version.
        day: The last day on which something was measured.

    Returns:
        A BibTeX entry.
    """
    said = {
        "author": AUTHORS,
        "title": f"vaebench leaderboard, version {version}, results up to {day}",
        "year": day[:4],
    }
    return _entry("misc", f"vaebench_board_{day.replace('-', '_')}", said)


def paper_bibtex(task: Task) -> str:
    """Cite the paper of a task, as the task names it.

    Args:
        task: The task. Its title is ``<authors> <year>, <title>``.

    Returns:
        A BibTeX entry; authors are given by surname.
    """
    title = re.sub(r" \([^()]*\)$", "", task.title)
    found = _TITLE.fullmatch(title)
    arxiv = _ARXIV.search(task.source)
    names = re.split(r", | & ", found["authors"]) if found else []
    said = {
        "author": " and ".join(names),
        "title": found["title"] if found else title,
        "year": found["year"] if found else "",
    }
    said |= {"eprint": arxiv[0], "archivePrefix": "arXiv"} if arxiv else {}
    return _entry("misc", task.paper, {name: value for name, value in said.items() if value})


def _entry(kind: str, key: str, fields: dict[str, str]) -> str:
    inner = ",\n".join(f"  {name} = {{{value.replace('&', chr(92) + '&')}}}" for name, value in fields.items())
    return f"@{kind}{{{key},\n{inner}\n}}"


def papers_bibtex(tasks: Iterable[Task]) -> tuple[str, ...]:
    """Cite each paper once.

    Args:
        tasks: The tasks.

    Returns:
        BibTeX entries, in the order of the tasks.
    """
    by_paper: dict[str, Task] = {}
    for task in tasks:
        by_paper.setdefault(task.paper, task)
    return tuple(map(paper_bibtex, by_paper.values()))


def cite_page(tasks: Sequence[Task], version: str, day: str, linked: bool = True) -> str:
    """Write how to cite.

    Args:
        tasks: The tasks.
        version: The suite's version.
        day: The last day on which something was measured.
        linked: Whether there is a checkout to link to.

    Returns:
        Markdown.
    """
    parts = ["# How to cite", "[Leaderboard](README.md)" + (" · [CITATION.cff](../CITATION.cff)" if linked else "")]
    parts += ["## The suite", _block(suite_bibtex(version))]
    parts += [
        "## The board as it is",
        "Cite its version and day, because records are added.",
        _block(board_bibtex(version, day)),
    ]
    parts += [
        "## The papers",
        "Their claims are what is tested. Please cite them too.",
        _block("\n\n".join(papers_bibtex(tasks))),
    ]
    return "\n\n".join(parts) + "\n"


def _block(text: str) -> str:
    return f"```bibtex\n{text.replace('```', '')}\n```"
