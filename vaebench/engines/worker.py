"""A process that runs cells for `engines.local`, and ends when its parent is gone.

It sends pairs (kind, text), as JSON:

- ``ready``, with its environment, or ``failed``, with a reason, once;
- ``environment`` at the start of a cell, ``training``, with how many models are trained as one, and ``trained`` around
  each training, ``outcome`` at the end;
- ``escaped`` instead of an outcome, for an unexpected exception;
- ``answer`` to any other job.
"""

import ctypes
import json
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from multiprocessing.connection import Connection
from types import FrameType
from typing import TYPE_CHECKING, Any, NoReturn, cast

from vaebench.engines.shipped import Shipped
from vaebench.mistakes import first_line
from vaebench.stops import SIGNALS

if TYPE_CHECKING:
    from vaebench.cell import Cell

Say = Callable[[str, str], None]


def serve(descriptor: int, parent: int) -> NoReturn:
    """Work until the other end of a pipe is closed.

    Args:
        descriptor: This end of the pipe.
        parent: Process id of the other end.
    """
    for number in SIGNALS:  # the parent decides what a stop means; a handler, unlike SIG_IGN, is not inherited
        signal.signal(number, _nothing)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, SIGNALS)
    end_with(parent)
    pipe, own = Connection(descriptor), os.getpid()

    def say(kind: str, text: str) -> None:
        if os.getpid() != own:
            os._exit(0)  # a copy of this process, which a variant's code made, has nothing to say
        pipe.send_bytes(json.dumps([kind, text]).encode())

    try:
        say("ready", _load(say))
        while (asked := _next(pipe)) is not None:
            job, arguments = asked
            if job == "cell":
                say(*_cell(say, *arguments))
            else:
                say("answer", JOBS[job](*arguments))
    except ConnectionError:
        pass  # the other end is gone
    except BaseException as error:
        say("failed", _told(error))
    os._exit(0)


def _next(pipe: Connection) -> tuple[str, tuple[Any, ...]] | None:
    try:
        return cast("tuple[str, tuple[Any, ...]]", pipe.recv())
    except (EOFError, ConnectionError):
        return None


def _nothing(_number: int, _frame: FrameType | None) -> None:
    """Ignore a stop."""


def _told(error: BaseException) -> str:
    return first_line(f"{type(error).__name__}: {error}").rstrip(": ")


def end_with(parent: int) -> None:
    """Make this process end when another does.

    Args:
        parent: Process id of the other process, which started this one.
    """
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG: it ends even a step that hangs in C code
    threading.Thread(target=_watch, args=(parent,), daemon=True).start()


def _watch(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(0.5)
    os._exit(1)


def _load(say: Say) -> str:
    """Import what cells need, report each training, and return the environment."""
    import torch

    import vaebench.cell  # noqa: F401 - what it imports takes seconds
    from vaebench.environment import environment
    from vaebench.training import around

    torch.set_num_threads(1)
    torch.optim.Adam([torch.nn.Parameter(torch.zeros(1))])  # the first of a process imports for seconds

    @contextmanager
    def reported(models: int) -> Iterator[None]:
        say("training", str(models))
        try:
            yield
        finally:
            say("trained", "")

    around.watch(reported)
    return environment("cpu").model_dump_json()


def _cell(say: Say, cell: "Cell | Shipped") -> tuple[str, str]:
    from vaebench.cell import run_cell
    from vaebench.environment import environment

    say("environment", environment(cell.subject.device).model_dump_json())
    try:
        return "outcome", run_cell(cell.cell() if isinstance(cell, Shipped) else cell).model_dump_json()
    except BaseException as error:
        return "escaped", _told(error)


def load(reference: str) -> str:
    """Run the code of a variant's file and ignore errors.

    Args:
        reference: The variant as the user named it.

    Returns:
        An empty text: returning at all is the answer.
    """
    from vaebench import catalog
    from vaebench.mistakes import Mistake

    with suppress(Mistake):
        catalog.variant(reference)
    return ""


def unfit(reference: str, shape: tuple[int, ...], latent: int, arch: str) -> str:
    """Build a variant once, to check that it fits an architecture and a data set's shape.

    Args:
        reference: The variant as the user named it.
        shape: Shape of one example.
        latent: Number of latent units.
        arch: Name of the architecture.

    Returns:
        Why they do not fit; empty if they do, or if the variant breaks, which its cells will report.
    """
    from vaebench import catalog
    from vaebench.models import Unfit
    from vaebench.training.fit import build

    try:
        build(catalog.variant(reference).variant, shape, latent, arch, 0)
    except Unfit as reason:
        return str(reason)
    except (Exception, SystemExit):
        pass
    return ""


def differs(torch_version: str, code: Mapping[str, str], cuda: bool) -> str:
    """Compare this machine with the one that planned a run.

    Args:
        torch_version: There.
        code: Hashes of the suite's code there, by room.
        cuda: Whether cells need a GPU.

    Returns:
        Why cells cannot run here; empty if they can.
    """
    import torch

    from vaebench.provenance import changed

    if torch.__version__ != torch_version:
        return f"has torch {torch.__version__}, and the run {torch_version}: install the same"
    if rooms := changed(code):
        return f"has another version of the suite's {', '.join(rooms)} than the run: install the same"
    if cuda and not torch.cuda.is_available():
        return "has no CUDA device: ask for a GPU, or give --device cpu"
    return ""


JOBS: dict[str, Callable[..., str]] = {"load": load, "unfit": unfit, "differs": differs}
