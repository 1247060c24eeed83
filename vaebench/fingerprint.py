"""Hashes of definitions: of plain values, and of source code as Python reads it."""

import ast
import dataclasses
import hashlib
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any


def _short(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def value_hash(value: Any) -> str:
    """Hash a plain value: dataclasses, mappings, sequences, strings and numbers.

    Args:
        value: What to hash.

    Returns:
        16 hexadecimal digits, the same in every process and on every machine.

    Examples:
        >>> value_hash({"a": (1, 2.0)}) == value_hash({"a": [1, 2.0]})
        True
        >>> value_hash((1, 2.0)) == value_hash((1, 2.5))
        False
    """
    return _short(json.dumps(value, sort_keys=True, default=dataclasses.asdict))


def source_hash(paths: Iterable[Path]) -> str:
    """Hash source files by what they say to Python: comments, docstrings and layout do not count.

    Args:
        paths: Python files, in any order.

    Returns:
        16 hexadecimal digits.
    """
    # Sorted by what they say: files of one name, such as __init__.py, have no other order of their own.
    return _short("\x1f".join(sorted(ast.unparse(_bare(ast.parse(path.read_text("utf-8")))) for path in paths)))


def _bare(tree: ast.Module) -> ast.Module:
    """Take the strings away that stand as statements: docstrings, and notes under a constant."""
    for node in ast.walk(tree):
        body = getattr(node, "body", None)
        if isinstance(body, list):
            kept = [
                child
                for child in body
                if not (
                    isinstance(child, ast.Expr)
                    and isinstance(child.value, ast.Constant)
                    and isinstance(child.value.value, str)
                )
            ]
            node.body = kept or [ast.Pass()]  # type: ignore[attr-defined]
    return tree
