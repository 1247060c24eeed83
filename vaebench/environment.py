"""What this process computes on: processor, versions, and a probe of the arithmetic itself."""

import hashlib
import platform
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from vaebench.results.record import Environment


def processor_name() -> str:
    """Model of the processor, as the system names it."""
    info = Path("/proc/cpuinfo")
    if info.exists():
        for line in info.read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def environment(device: str, code: Mapping[str, str] | None = None, commit: str | None = None) -> Environment:
    """What this process computes on, and by which code.

    Args:
        device: ``cpu`` or ``cuda``.
        code: Hashes of the code that decides a cell's numbers, by room; see `provenance.code_of`.
        commit: That of the suite's checkout; see `provenance.commit_of`.

    Returns:
        The environment.
    """
    cuda = device == "cuda"
    return Environment(
        python=platform.python_version(),
        torch=torch.__version__,
        cuda=torch.version.cuda if cuda else None,
        processor=torch.cuda.get_device_name() if cuda else processor_name(),
        device="cuda" if cuda else "cpu",
        precision="float32",
        deterministic=not cuda,
        threads=torch.get_num_threads(),
        commit=commit,
        code=dict(code or {}),
        probe=dict(probe(device)),
    )


@cache
def probe(device: str) -> Mapping[str, str]:
    """Hash the results of a dozen primitives on fixed inputs, in one thread, once a process.

    Two environments whose hashes are all equal computed these to the last bit alike, whatever they are called.

    Args:
        device: ``cpu`` or ``cuda``.

    Returns:
        Hash by primitive.
    """
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        with torch.inference_mode(), torch.backends.cudnn.flags(deterministic=True, allow_tf32=False):
            return {name: _bits(primitive(device)) for name, primitive in PRIMITIVES.items()}
    finally:
        torch.set_num_threads(threads)


def _bits(result: Tensor | tuple[Tensor, ...]) -> str:
    parts = result if isinstance(result, tuple) else (result,)
    return hashlib.sha256(b"".join(part.cpu().contiguous().numpy().tobytes() for part in parts)).hexdigest()[:16]


def _numbers(device: str, *shape: int) -> Tensor:
    """Numbers between -2 and 2, of all sizes, that no random generator made."""
    count = np.arange(np.prod(shape), dtype=np.int64)
    # Knuth's multiplicative hash: integers below 2**24, which float32 holds exactly.
    spread = ((count * 2654435761) % 2**32 >> 8).astype(np.float32)
    return torch.from_numpy((spread / np.float32(2**22) - 2).reshape(shape)).to(device)


def _symmetric(device: str) -> Tensor:
    half = _numbers(device, 48, 48)
    return half + half.mT


PRIMITIVES: Mapping[str, Callable[[str], Tensor | tuple[Tensor, ...]]] = {
    "mm": lambda at: _numbers(at, 129, 257) @ _numbers(at, 257, 65),
    "addmm": lambda at: torch.addmm(_numbers(at, 64), _numbers(at, 128, 256), _numbers(at, 256, 64)),
    "conv2d": lambda at: functional.conv2d(_numbers(at, 8, 3, 32, 32), _numbers(at, 16, 3, 4, 4), stride=2, padding=1),
    "conv_transpose2d": lambda at: functional.conv_transpose2d(
        _numbers(at, 8, 16, 8, 8), _numbers(at, 16, 3, 4, 4), stride=2, padding=1
    ),
    "sum": lambda at: _numbers(at, 33, 1031).sum(1),
    "exp": lambda at: _numbers(at, 4099).exp(),
    "log": lambda at: _numbers(at, 4099).abs().log1p(),
    "tanh": lambda at: _numbers(at, 4099).tanh(),
    "silu": lambda at: functional.silu(_numbers(at, 4099)),
    "softplus": lambda at: functional.softplus(_numbers(at, 4099)),
    "logsumexp": lambda at: _numbers(at, 33, 1031).logsumexp(1),
    "randn": lambda at: torch.randn(4099, generator=torch.Generator(at).manual_seed(0), device=at),
    "svd": lambda at: torch.linalg.svdvals(_numbers(at, 64, 48)),
    "eigh": lambda at: torch.linalg.eigh(_symmetric(at)),
    "qr": lambda at: torch.linalg.qr(_numbers(at, 64, 48))[1],
}
"""By name: a function of the device. What networks, objectives and instruments are made of."""
