"""Models of other packages as variants: through their own parts, never through a forward pass of theirs.

Each module needs its package, an extra: ``pip install vaebench[adapters]``.
"""

import importlib
from typing import Any

from vaebench.mistakes import Mistake


def extra(package: str) -> Any:
    """Import a package that comes with the extra.

    Args:
        package: Its name, or that of a module in it.

    Returns:
        The module.

    Raises:
        Mistake: It is not installed.
    """
    try:
        return importlib.import_module(package)
    except ModuleNotFoundError as error:
        if error.name != package.partition(".")[0]:
            raise
        raise Mistake(f"{error.name} is not installed: pip install 'vaebench[adapters]'") from error
