"""Where each file of the checkout has its place on the site."""

from pathlib import PurePosixPath

BOARD = "leaderboard"
PAGES = {
    "README.md": "about.md",
    "CHANGELOG.md": "changelog.md",
    "CONTRIBUTING.md": "contributing.md",
    "examples": "examples.md",
}
"""Pages from the top of the checkout, and the folder that has a page of its own."""


def place(path: str, is_folder: bool = False) -> str:
    """Say where a file of the checkout goes.

    Args:
        path: Its path below the checkout.
        is_folder: Whether it is a folder.

    Returns:
        Its path below the site's sources. The board lies at the top. A README is the index of its folder. Python is
        shown on a page. All else is a file to take away.

    Examples:
        >>> place("leaderboard/README.md"), place("leaderboard/records/a/README.md"), place("vaebench/api.py")
        ('index.md', 'records/a/index.md', 'code/vaebench/api.py.md')
        >>> place("leaderboard/results/verdicts.csv"), place("vaebench/data", is_folder=True)
        ('results/verdicts.csv', 'code/vaebench/data/index.md')
    """
    if path in PAGES:
        return PAGES[path]
    if is_folder:
        return f"code/{path}/index.md"
    pure = PurePosixPath(path)
    if pure.suffix == ".py":
        return f"code/{path}.md"
    if pure.parts[0] == BOARD:
        pure = pure.relative_to(BOARD)
    elif pure.suffix != ".md":
        return f"files/{path}"
    return str(pure.with_name("index.md") if pure.name == "README.md" else pure)
