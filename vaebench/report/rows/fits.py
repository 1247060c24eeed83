"""Say what cannot be run, without torch: a variant with a network that it is not built with, a network on vectors.

The networks and data sets themselves need torch. So this page declares two facts of theirs, and a test builds them all.
"""

import ast
from functools import cache

from vaebench import catalog

VECTORS = frozenset({"three_sources", "linear_gaussian_sources", "bimodal_sources", "sinc", "projective_plane"})
"""Data sets whose examples are vectors."""

IMAGES_ONLY = frozenset({"conv", "resnet"})
"""Networks that need square images."""


def cannot_be(variant: str, arch: str, dataset: str) -> str:
    """Say why a variant with a network cannot be run on a data set.

    Args:
        variant: The variant's name; of one that is not the suite's own nothing is known.
        arch: The network's name.
        dataset: The data set's name.

    Returns:
        The reason; empty if nothing speaks against it.
    """
    if arch in IMAGES_ONLY and dataset in VECTORS:
        return f"{arch} needs square images"
    built = networks_of(variant)
    return f"{variant} is built with {', '.join(built)}" if built and arch not in built else ""


@cache
def networks_of(variant: str) -> tuple[str, ...]:
    """List the networks that one of the suite's variants is limited to, from its page.

    Args:
        variant: The variant's name.

    Returns:
        Names; empty for no limit, and for a variant that is not the suite's own.
    """
    if variant not in catalog.variant_names():
        return ()
    tree = ast.parse(catalog.page("variants", variant).read_text("utf-8"))
    found = (word for call in ast.walk(tree) if isinstance(call, ast.Call) for word in call.keywords)
    for word in found:
        if word.arg == "archs" and isinstance(word.value, ast.Tuple):
            return tuple(str(one.value) for one in word.value.elts if isinstance(one, ast.Constant))
    return ()
