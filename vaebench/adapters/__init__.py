"""Models of other packages as variants: through their own parts, never through a forward pass of theirs.

Each module needs its package, an extra: ``pip install vaebench[adapters]``.
"""

from typing import Any

from vaebench.mistakes import extra as _extra


def extra(package: str) -> Any:
    """Import a package that comes with the extra.

    Args:
        package: Its name, or that of a module in it.

    Returns:
        The module.

    Raises:
        Mistake: It is not installed.
    """  # noqa: DOC502 - raised by what it calls
    return _extra(package, "adapters")
