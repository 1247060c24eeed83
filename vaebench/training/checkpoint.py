"""Weights of a checkpoint: safetensors alone, and nothing is executed."""

import re
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor, nn

from vaebench.models import Refused, Unfit

LARGEST = 4 * 2**30
"""Bytes of a file of weights, at most."""

LISTED = 3
"""Most weights that a message names."""


def load_weights(model: nn.Module, path: Path) -> None:
    """Load a checkpoint into a model, all its weights and buffers.

    Args:
        model: The model.
        path: A safetensors file.

    Raises:
        Refused: The file is not there, is too large or is damaged, or a value is not finite.
        Unfit: It is sound, and not of this model: names or shapes differ.
    """
    stored = _read(path)
    expected = model.state_dict()
    missing, extra = [name for name in expected if name not in stored], [n for n in stored if n not in expected]
    if missing or extra:
        raise Unfit(
            f"the weights in {path.name} are of another model: "
            + "; ".join(f"{word} {_list(names)}" for word, names in (("without", missing), ("with", extra)) if names)
        )
    for name, value in stored.items():
        if value.shape != expected[name].shape:
            raise Unfit(f"{path.name}: {name} has shape {_shape(value)}, and the model's has {_shape(expected[name])}")
        if value.dtype != expected[name].dtype:
            raise Unfit(f"{path.name}: {name} is {value.dtype}, and the model's is {expected[name].dtype}")
        if value.is_floating_point() and not torch.isfinite(value).all():
            raise Refused(f"{path.name}: {name} has a value that is not finite")
    model.load_state_dict(stored)


def _read(path: Path) -> dict[str, Tensor]:
    try:
        if not path.is_file():
            raise Refused(f"there is no file of weights {path.name}")
        if path.stat().st_size > LARGEST:
            raise Refused(f"{path.name} is larger than {LARGEST // 2**30} GiB")
        return load_file(path)
    except (SafetensorError, OSError, ValueError) as error:
        if isinstance(error, Refused):
            raise
        said = re.sub(r"\s+", " ", str(error))
        raise Refused(f"{path.name} is no safetensors file that can be read: {said}"[:300]) from error


def _shape(value: Tensor) -> tuple[int, ...]:
    return tuple(value.shape)


def _list(names: list[str]) -> str:
    rest = len(names) - LISTED
    return ", ".join(names[:LISTED]) + (f" and {rest} more" if rest > 0 else "")
