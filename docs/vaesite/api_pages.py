"""Write the pages of the public functions from their docstrings, which are read and not imported."""

import ast
import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import griffe

from vaesite.formulas import is_formula, latex

SAID = {
    "parameters": "Arguments",
    "attributes": "Attributes",
    "returns": "Returns",
    "raises": "Raises",
    "yields": "Yields",
}


def api_pages(package: Path) -> dict[str, str]:
    """Write all pages.

    Args:
        package: The suite's folder.

    Returns:
        Markdown by path below the site's sources.
    """
    root: Any = griffe.load("vaebench", search_paths=[str(package.parent)], resolve_aliases=False)
    kernels = {
        page.stem: _functions(root["kernels"][page.stem])
        for page in sorted(package.glob("kernels/[!_]*.py"))
        if re.search(r"^def [a-z]", page.read_text("utf-8"), re.MULTILINE)
    }
    pages = {f"api/{name}.md": _module(root["kernels"][name], found) for name, found in kernels.items()}
    notebook = root["api"]
    pages["api/notebook.md"] = _module(
        notebook, [notebook[name] for name in ("run", "load_records", "compare")], "vaebench"
    )
    pages["api/models.md"] = _module(root["models"], _exported(root, package / "models" / "__init__.py"))
    lines = [f"- [{name}]({name}.md): {_first(root['kernels'][name])}" for name in kernels]
    pages["api/index.md"] = "\n\n".join(
        [
            "# Functions",
            prose(str(root.docstring.value)),
            "[Run, load, compare](notebook.md) · [what a variant is made of](models.md)",
            "## Kernels",
            prose(str(root["kernels"].docstring.value)),
            "## Pages",
            "\n".join(lines),
        ]
    )
    return {
        path: text if path == "api/index.md" else f"---\norphan: true\n---\n\n{text}" for path, text in pages.items()
    }


def _functions(module: Any) -> list[Any]:
    return [
        one for one in module.members.values() if not one.is_alias and one.is_function and not one.name.startswith("_")
    ]


def _exported(root: Any, path: Path) -> list[Any]:
    """The classes and functions that a package offers, in its order."""
    found = []
    for node in ast.parse(path.read_text("utf-8")).body:
        if isinstance(node, ast.ImportFrom) and node.module:
            module = root[node.module.removeprefix("vaebench.")]
            members = [module.members.get(alias.name) for alias in node.names]
            found += [
                one for one in members if one is not None and not one.is_alias and (one.is_function or one.is_class)
            ]
    return [*dict.fromkeys(found)]


def _first(module: Any) -> str:
    return escaped(str(module.docstring.value).split("\n\n")[0].replace("\n", " "))


def _module(module: Any, members: Sequence[Any], name: str = "") -> str:
    text = str(module.docstring.value) if module.docstring else ""
    parts = [f"# {name or module.name}", prose(text), *(_member(one) for one in members)]
    return "\n\n".join(parts) + "\n"


def _member(one: Any) -> str:
    kind = "function" if one.is_function else "class"
    signature = _signature(one)
    body = [prose_of(one)]
    if one.is_class:
        public = [
            m
            for m in one.members.values()
            if not m.is_alias and m.is_function and not m.name.startswith("_") and m.docstring
        ]
        body += [f"### `{m.name}`\n\n```python\n{_signature(m)}\n```\n\n{prose_of(m)}" for m in public]
    source = f"[source](../code/{one.relative_package_filepath.as_posix()}.md)"
    return (
        f"## `{one.name}`\n\n```python\n{signature}\n```\n\n{kind} of `{one.module.path}` · {source}\n\n"
        + "\n\n".join(body)
    )


def _signature(one: Any) -> str:
    if one.is_class and "__init__" not in one.members:
        return f"class {one.name}"
    function = one.members["__init__"] if one.is_class else one
    text = [*_arguments(function.parameters)]
    head = f"{'class ' if one.is_class else 'def '}{one.name}"
    back = f" -> {function.returns}" if one.is_function and function.returns else ""
    line = f"{head}({', '.join(text)}){back}"
    return line if len(line) <= 88 else f"{head}(\n" + "".join(f"    {a},\n" for a in text) + f"){back}"


def _arguments(parameters: Iterable[Any]) -> Iterable[str]:
    starred = False
    for one in parameters:
        kind = one.kind.value if one.kind else ""
        if one.name in {"self", "cls"}:
            continue
        if kind == "keyword-only" and not starred:
            starred = True
            yield "*"
        starred = starred or kind == "variadic positional"
        stars = {"variadic positional": "*", "variadic keyword": "**"}.get(kind, "")
        default = f" = {one.default}" if one.default is not None and not stars else ""
        yield f"{stars}{one.name}{f': {one.annotation}' if one.annotation is not None else ''}{default}"


def prose_of(one: Any) -> str:
    """Write what an object's docstring says.

    Args:
        one: A function or class, as griffe reads it.

    Returns:
        Markdown: text, formulas, and the sections as lists.
    """
    if one.docstring is None:
        return ""
    parts = []
    for section in one.docstring.parse(
        "google", warnings=False, returns_multiple_items=False, returns_named_value=False
    ):
        kind = section.kind.value
        if kind == "text":
            parts.append(prose(section.value))
        elif kind == "examples":
            parts += ["**Examples**", *(_example(what.value, text) for what, text in section.value)]
        elif kind in SAID:
            parts += [f"**{SAID[kind]}**", "\n".join(_item(item, kind) for item in section.value)]
        else:
            parts.append(f"**{kind.capitalize()}**")
    return "\n\n".join(parts)


def _example(kind: str, text: str) -> str:
    return f"```pycon\n{text}\n```" if kind == "examples" else prose(text)


def _item(item: Any, kind: str) -> str:
    said = prose(item.description).replace("\n", "\n  ")
    name = str(item.annotation) if kind == "raises" else item.name
    return f"- `{name}`: {said}" if name and kind not in {"returns", "yields"} else f"- {said}"


def prose(text: str) -> str:
    """Turn a docstring's text into Markdown, its formulas into mathematics.

    Args:
        text: Paragraphs.

    Returns:
        Markdown.
    """
    return "\n\n".join(_paragraph(one) for one in re.split(r"\n\s*\n", text.strip("\n")))


def _paragraph(text: str) -> str:
    lines = text.splitlines()
    if all(line.lstrip().startswith("|") for line in lines):
        return "\n".join(escaped(line.strip(), "") for line in lines)
    if all(line.startswith("    ") for line in lines):
        if all(is_formula(line) for line in lines):
            return "\n\n".join(_mathematics(line.strip()) for line in lines)
        return "```text\n" + "\n".join(line[4:] for line in lines) + "\n```"
    plain = " ".join(line.strip() for line in lines)
    first, _, rest = plain.partition(". ")
    if rest and not is_formula(rest):
        return f"{_mathematics(first + '.')}\n\n{escaped(rest)}" if is_formula(first) else escaped(plain)
    return _mathematics(plain) if is_formula(plain) else escaped(plain)


def _mathematics(formula: str) -> str:
    pieces = re.split(r"(?<=[.,;]) {2,}", formula)
    return "\n\n".join(f"```{{math}}\n{latex(piece)}\n```" for piece in pieces)


def escaped(text: str, also: str = "|") -> str:
    """Escape what Markdown would read as markup, outside code. Words between two asterisks stay emphasised.

    Args:
        text: One paragraph.
        also: Further characters to escape.

    Returns:
        Markdown.
    """
    pieces = re.split(r"(``.+?``|`[^`]+`|(?<![\w*])\*[^\W\d_][\w -]*\w\*(?![\w*]))", text)
    return "".join(
        piece if place % 2 else re.sub(rf"([*_<>~\[\]{{}}{re.escape(also)}])", r"\\\1", piece)
        for place, piece in enumerate(pieces)
    )
