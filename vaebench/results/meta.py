"""What only a person knows about a variant: the dictionary ``META`` of its file, read and never run."""

import ast
from pathlib import Path

from vaebench.fingerprint import parsed

META = ("name", "source", "licence", "contact")
"""What only a person knows about a variant. The file says it in a dictionary ``META``."""

OPEN = "todo"
"""Beginning of a field of ``META`` that nobody has filled in, as `vaebench new` writes it."""


def meta_of(path: Path) -> dict[str, str] | None:
    """Read the dictionary ``META`` of a variant's file, without running any code.

    Args:
        path: The file.

    Returns:
        Its fields that are text; None if the file has no such dictionary.
    """
    for node in assigned(path, "META"):
        try:
            said = ast.literal_eval(node.value)
        except (ValueError, TypeError, SyntaxError, RecursionError, MemoryError):
            return None
        if isinstance(said, dict):
            return {key: value for key, value in said.items() if isinstance(key, str) and isinstance(value, str)}
    return None


def assigned(path: Path, name: str) -> list[ast.Assign]:
    """List where a file gives a name its value, at its top level.

    Args:
        path: The file.
        name: The name.

    Returns:
        The assignments.
    """
    nodes = (node for node in parsed(path).body if isinstance(node, ast.Assign))
    return [node for node in nodes if any(isinstance(to, ast.Name) and to.id == name for to in node.targets)]


def lacks_of_meta(path: Path) -> str:
    """Say what a variant's file does not say of itself.

    Args:
        path: The file.

    Returns:
        One line; empty if it says all.
    """
    meta = meta_of(path)
    if meta is None:
        return f"there is no META, a dictionary of text with {', '.join(META)}"
    missing = [name for name in META if _is_open(meta.get(name, ""))]
    return f"META does not say {', '.join(missing)}" if missing else ""


def _is_open(field: str) -> bool:
    return not field.strip() or field.strip().lower().startswith(OPEN)


def declared(path: Path) -> tuple[str, ...]:
    """List what a variant's file declares that keeps its rows from being ranked, as far as its text tells.

    Args:
        path: The file. It is read and not run, so what is made at run time is not seen.

    Returns:
        Of ``latent``, ``labels`` and ``trained``, those that a call of ``Variant`` gives.
    """
    calls = (node for node in ast.walk(parsed(path)) if isinstance(node, ast.Call))
    variants = (node for node in calls if isinstance(node.func, ast.Name) and node.func.id == "Variant")
    given = {one.arg for node in variants for one in node.keywords if not _is_nothing(one.value)}
    return tuple(name for name in ("latent", "labels", "trained") if name in given)


def _is_nothing(value: ast.expr) -> bool:
    return isinstance(value, ast.Constant) and value.value in (None, False)
