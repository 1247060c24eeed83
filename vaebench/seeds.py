"""Seeds derived from names, so that a new arm, variant or seed changes no other randomness."""

import hashlib


def seed_for(*names: str | int | float) -> int:
    """Derive a 63-bit seed from the purpose of the randomness.

    Args:
        *names: What the stream belongs to, from the general to the particular, for example
            ``("camuto2021_variance_frequency", "trained", 0.2, 3, "noise")``.

    Returns:
        An integer in [0, 2⁶³), the same on every machine and in every Python version.

    Examples:
        >>> seed_for("digits", 0, "split") == seed_for("digits", 0, "split")
        True
        >>> seed_for("digits", 0, "split") == seed_for("digits", 1, "split")
        False
    """
    digest = hashlib.sha256("\x1f".join(map(repr, names)).encode()).digest()
    return int.from_bytes(digest[:8], "big") >> 1
