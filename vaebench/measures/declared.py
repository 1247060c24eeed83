"""Names of the measurements that instruments declare, readable without an import.

A name is written out: ``lead_raw``. Braces stand for several: ``lead_{raw,corrected}`` is two names, and so is
``lead_raw{,_biased}``. A name stands for a family where the data or the model decide how many there are: ``#`` is a
number (``importance_#``), and ``*`` is a part of the name of a map's entry (``across_seeds__*__*``).
"""

import ast
import re
from collections.abc import Callable, Iterable
from functools import lru_cache
from itertools import product
from pathlib import Path
from typing import Any, TypeVar

Instrumental = TypeVar("Instrumental", bound=Callable[..., Any])

FAMILY = re.compile(r"[#*]")


def gives(*names: str) -> Callable[[Instrumental], Instrumental]:
    """Declare all measurements that an instrument gives, as numbers or as reasons.

    Args:
        names: Literal strings, because they are read from the source; see the head of this module.

    Returns:
        A decorator that leaves the instrument as it is, with the names as its ``gives``.
    """

    def declare(instrument: Instrumental) -> Instrumental:
        instrument.gives = spelled_out(names)  # type: ignore[attr-defined]
        return instrument

    return declare


def spelled_out(names: Iterable[str]) -> tuple[str, ...]:
    """Write out the braces in names.

    Args:
        names: As an instrument declares them.

    Returns:
        One name for each choice.

    Examples:
        >>> spelled_out(["lead_{raw,corrected}{,_biased}", "importance_#"])
        ('lead_raw', 'lead_raw_biased', 'lead_corrected', 'lead_corrected_biased', 'importance_#')
    """
    # Every second part stood in braces.
    parts = ([part.split(",") if i % 2 else [part] for i, part in enumerate(re.split("[{}]", name))] for name in names)
    return tuple("".join(choice) for of_name in parts for choice in product(*of_name))


def is_among(name: str, given: Iterable[str]) -> bool:
    """Say whether a measurement is one of those given.

    Args:
        name: The measurement's name.
        given: Names and families.

    Returns:
        Whether it is one of the names, or belongs to a family.

    Examples:
        >>> is_among("importance_12", ["importance_#"]), is_among("importance_typo", ["importance_#"])
        (True, False)
    """
    return any(name == one or (FAMILY.search(one) and _family(one).fullmatch(name)) for one in given)


@lru_cache
def _family(name: str) -> re.Pattern[str]:
    return re.compile(re.escape(name).replace(r"\#", "[0-9]+").replace(r"\*", "[a-z0-9]+(_[a-z0-9]+)*"))


def single(given: Iterable[str]) -> tuple[str, ...]:
    """Leave out families, whose members depend on the data or the model."""
    return tuple(name for name in given if not FAMILY.search(name))


@lru_cache
def declared_in(path: Path) -> dict[str, tuple[str, ...]]:
    """Read from a source what its instruments give, without running it.

    Args:
        path: A Python file.

    Returns:
        Names and families, by the instrument's name.

    Raises:
        ValueError: An instrument declares its names by other means than literal strings.
    """
    found = {}
    for node in ast.parse(path.read_text("utf-8")).body:
        for said in getattr(node, "decorator_list", ()):
            if isinstance(node, ast.FunctionDef) and isinstance(said, ast.Call) and ast.unparse(said.func) == "gives":
                if not all(isinstance(name, ast.Constant) and isinstance(name.value, str) for name in said.args):
                    raise ValueError(f"{path.name}, line {said.lineno}: gives takes literal strings and nothing else")
                found[node.name] = spelled_out(ast.literal_eval(name) for name in said.args)
    return found
