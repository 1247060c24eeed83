"""What only a person knows about a variant: the dictionary ``META`` of its file, read and never run."""

import ast
from collections.abc import Iterator
from pathlib import Path

from vaebench.fingerprint import parsed

META = ("name", "source", "licence", "contact")
"""What only a person knows about a variant. The file says it in a dictionary ``META``."""

OPEN = "todo"
"""Beginning of a field of ``META`` that nobody has filled in, as `vaebench new` writes it."""

APART = {"latent": 12, "labels": 13, "trained": 14}
"""Fields of ``Variant`` that keep its rows from being ranked, and their places among its arguments, from 0."""


def meta_of(path: Path) -> dict[str, str] | None:
    """Read the dictionary ``META`` of a variant's file, without running any code.

    Args:
        path: The file.

    Returns:
        Its fields that are text; None if the file has no such dictionary. Of several, the last counts, as in Python.
    """
    for node in assigned(path, "META")[-1:]:
        try:
            said = ast.literal_eval(node.value or ast.Constant(None))
        except (ValueError, TypeError, SyntaxError, RecursionError, MemoryError):
            return None
        if isinstance(said, dict):
            return {key: value for key, value in said.items() if isinstance(key, str) and isinstance(value, str)}
    return None


def assigned(path: Path, name: str) -> list[ast.Assign | ast.AnnAssign]:
    """List where a file gives a name its value, at its top level.

    Args:
        path: The file.
        name: The name.

    Returns:
        The assignments, with an annotation or without. An annotation alone gives no value.
    """
    nodes = (node for node in parsed(path).body if isinstance(node, ast.Assign | ast.AnnAssign) and node.value)
    return [node for node in nodes if any(isinstance(to, ast.Name) and to.id == name for to in _targets(node))]


def _targets(node: ast.Assign | ast.AnnAssign | ast.NamedExpr) -> list[ast.expr]:
    return node.targets if isinstance(node, ast.Assign) else [node.target]


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


def declared(path: Path, name: str = "VARIANT") -> tuple[str, ...]:
    """List what a variant's file declares that keeps its rows from being ranked, as far as its text tells.

    Two kinds of calls declare it. One is a call of ``Variant``, under whatever name the file has it. The other is the
    call whose result bears the variant's name, whatever it calls: ``dataclasses.replace``, or a function of the file.

    Args:
        path: The file. It is read and not run, so what is made at run time is not seen.
        name: What the variant is called in it.

    Returns:
        Of ``latent``, ``labels`` and ``trained``, those that such a call gives.
    """
    tree = parsed(path)
    bound = _bindings(tree)
    classes = _names_of_variant(tree, bound)
    calls = [one for one in ast.walk(tree) if isinstance(one, ast.Call) and _makes_variant(one, classes)]
    given = {field for call in (*calls, *_made(name, bound)) for field in _fields(call, bound, classes)}
    return tuple(field for field in APART if field in given)


def _bindings(tree: ast.Module) -> dict[str, list[ast.expr]]:
    """Find what each name of a file is given, at any depth."""
    found: dict[str, list[ast.expr]] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign | ast.AnnAssign | ast.NamedExpr) and node.value is not None:
            for to in _targets(node):
                for one, value in _apart(to, node.value):
                    found.setdefault(one, []).append(value)
    return found


def _apart(to: ast.expr, value: ast.expr) -> Iterator[tuple[str, ast.expr]]:
    """Yield each name and its value of ``a, b = c, d``."""
    if isinstance(to, ast.Name):
        yield to.id, value
    elif isinstance(to, ast.Tuple | ast.List) and isinstance(value, ast.Tuple | ast.List):
        for one, part in zip(to.elts, value.elts, strict=False):
            yield from _apart(one, part)


def _names_of_variant(tree: ast.Module, bound: dict[str, list[ast.expr]]) -> set[str]:
    """Find under which names a file has the class: imported as another, given another name, or extended."""
    found = {"Variant"}
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom):
            found |= {one.asname for one in node.names if one.name == "Variant" and one.asname}
    derived = [node for node in ast.walk(tree) if isinstance(node, ast.ClassDef)]
    while True:
        more = {name for name, values in bound.items() if any(_is_variant(value, found) for value in values)}
        more |= {one.name for one in derived if any(_is_variant(base, found) for base in one.bases)}
        if more <= found:
            return found
        found |= more


def _is_variant(value: ast.expr, classes: set[str]) -> bool:
    if isinstance(value, ast.Attribute):
        return value.attr == "Variant"
    return isinstance(value, ast.Name) and value.id in classes


def _makes_variant(call: ast.Call, classes: set[str]) -> bool:
    """Whether a call is of the class, or of something that is given the class: ``partial(Variant, trained=True)``."""
    return any(_is_variant(one, classes) for one in (call.func, *call.args[:1]))


def _made(name: str, bound: dict[str, list[ast.expr]]) -> Iterator[ast.Call]:
    """Yield the calls whose results a name bears, also by way of other names."""
    seen, waiting = {name}, list(bound.get(name, ()))
    while waiting:
        value = waiting.pop()
        if isinstance(value, ast.Call):
            yield value
        elif isinstance(value, ast.NamedExpr):
            waiting.append(value.value)
        elif isinstance(value, ast.IfExp):
            waiting += value.body, value.orelse
        elif isinstance(value, ast.Name) and value.id not in seen:
            seen.add(value.id)
            waiting += bound.get(value.id, ())


def _fields(call: ast.Call, bound: dict[str, list[ast.expr]], classes: set[str]) -> Iterator[str]:
    """Yield which fields of `APART` a call gives, by name, by place or unpacked from a dictionary."""
    of_class = call.args[1:] if call.args and _is_variant(call.args[0], classes) else call.args
    known = next((n for n, one in enumerate(of_class) if isinstance(one, ast.Starred)), len(of_class))
    pairs = [(field, of_class[place]) for field, place in APART.items() if place < known]
    for one in call.keywords:
        pairs += [(one.arg, one.value)] if one.arg else _unpacked(one.value, bound)
    yield from (field for field, value in pairs if field in APART and not _is_nothing(field, value))


def _unpacked(value: ast.expr, bound: dict[str, list[ast.expr]]) -> Iterator[tuple[str, ast.expr]]:
    """Yield what ``**value`` gives, where it is a dictionary of the file."""
    for one in bound.get(value.id, ()) if isinstance(value, ast.Name) else (value,):
        if isinstance(one, ast.Dict):
            for key, part in zip(one.keys, one.values, strict=True):
                if isinstance(key, ast.Constant) and isinstance(key.value, str):
                    yield key.value, part
        elif isinstance(one, ast.Call) and isinstance(one.func, ast.Name) and one.func.id == "dict":
            yield from ((part.arg, part.value) for part in one.keywords if part.arg)


def _is_nothing(field: str, value: ast.expr) -> bool:
    """Whether a value leaves a field as it is by default."""
    return isinstance(value, ast.Constant) and (value.value is None or (field == "trained" and not value.value))
