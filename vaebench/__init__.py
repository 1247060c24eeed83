"""vaebench: a benchmark suite for variational autoencoders that checks claims, not just scores.

For notebooks: ``vaebench.run`` trains and judges variants. ``vaebench.load_records`` reads what was kept.
``vaebench.compare`` scores one run against another. Every kernel is there by its name, such as
``vaebench.latent_mean_degree``. Torch is loaded when something needs it.
"""

import importlib
import re
from pathlib import Path
from typing import Any

from vaebench.version import VERSION

__version__ = VERSION

_FOLDER = Path(__file__).parent
_API = ("compare", "load_records", "run")


def _kernels() -> dict[str, str]:
    """Name the page of each kernel, without importing any."""
    pages = sorted(_FOLDER.glob("kernels/[!_]*.py"))
    public = {page.stem: re.findall(r"^def ([a-z]\w*)\(", page.read_text("utf-8"), re.MULTILINE) for page in pages}
    return {name: page for page, names in public.items() for name in names}


def __getattr__(name: str) -> Any:
    """Load what a notebook asks for by name; a room of the suite is imported as any module is."""
    if name in _API:
        return getattr(importlib.import_module("vaebench.api"), name)
    is_room = (_FOLDER / name).is_dir() or (_FOLDER / f"{name}.py").is_file()
    if not is_room and not name.startswith("_") and (page := _kernels().get(name)):
        return getattr(importlib.import_module(f"vaebench.kernels.{page}"), name)
    raise AttributeError(f"module 'vaebench' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *_API, *_kernels()})
