"""What is done around each training: whoever runs cells for others watches how long it takes."""

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import Any

Around = Callable[[int], AbstractContextManager[Any]]
"""Makes what is entered around a training, from how many models it trains."""

_now: list[Around] = [nullcontext]


def training(models: int) -> AbstractContextManager[Any]:
    """Enter this around a training.

    Args:
        models: How many models it trains as one.

    Returns:
        A context.
    """
    return _now[0](models)


def watch(around: Around) -> None:
    """Set what is done around every training of this process from now on.

    Args:
        around: Called with the number of models.
    """
    _now[0] = around
