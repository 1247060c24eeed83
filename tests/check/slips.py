"""Broken variants: the file of `vaebench new`, changed in one place each, and the line that each must get."""

from check.caught_slips import CAUGHT
from check.silent_slips import SILENT
from check.slip import NAME, SOUND, Slip
from check.unloadable_slips import UNLOADABLE

__all__ = ["NAME", "SLIPS", "SOUND", "Slip"]

SLIPS: dict[str, Slip] = {**SILENT, **CAUGHT, **UNLOADABLE}
"""By name. Those of evidence sections B and C, and others that authors make."""
