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

    A dataclass counts by its name and by the fields that are not at their defaults. So a field that is added later
    changes no hash, if its default leaves everything as it was. A field whose metadata says ``hashed:
    False`` never counts: how a measurement is judged, say, which is no part of what is measured.

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
    return _short(json.dumps(value, sort_keys=True, default=_said))


def plain_value(value: Any) -> Any:
    """Write a plain value as `value_hash` reads it: lists, strings, numbers, and a mapping for each dataclass.

    Args:
        value: As for `value_hash`, which gives the same for what comes out.

    Returns:
        The value; a dataclass has its name under the empty key.

    Examples:
        >>> plain_value({"a": (1, 2.0)})
        {'a': [1, 2.0]}
    """
    return json.loads(json.dumps(value, default=_said))


def _said(value: Any) -> dict[str, Any]:
    """What a dataclass says beyond its defaults, with its name."""
    said: dict[str, Any] = {"": type(value).__name__}
    for field in dataclasses.fields(value):
        if not field.metadata.get("hashed", True):
            continue
        default = field.default if field.default_factory is dataclasses.MISSING else field.default_factory()
        if (found := getattr(value, field.name)) != default:
            said[field.name] = found
    return said


def source_hash(paths: Iterable[Path]) -> str:
    """Hash source files by what they say to Python: comments, docstrings and layout do not count.

    Args:
        paths: Python files, in any order.

    Returns:
        16 hexadecimal digits.
    """
    # Sorted by what they say: files of one name, such as __init__.py, have no other order of their own.
    said = sorted(json.dumps(_plain(_bare(parsed(path)))) for path in paths)
    return _short("\x1f".join(said))


def parsed(path: Path) -> ast.Module:
    """Parse a Python file.

    Args:
        path: The file.

    Returns:
        Its tree. What is no Python is a tree that says its bytes.
    """
    content = path.read_bytes()
    try:
        return ast.parse(content)
    except (SyntaxError, ValueError):
        return ast.Module([ast.Assign([ast.Name("_")], ast.Constant(content))], [])


def _plain(node: object) -> object:
    """A syntax tree as lists and strings, without what is empty: the same in every Python, where `ast.dump` is not."""
    if isinstance(node, ast.AST):
        fields = [[name, _plain(value)] for name, value in ast.iter_fields(node) if value is not None and value != []]
        return [type(node).__name__, fields]
    return [_plain(child) for child in node] if isinstance(node, list) else repr(node)


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
