"""Stand-ins for torch and for what of the suite needs it, so that processes start at once: a cell does as told."""

import os
import signal
import subprocess
import sys
import time
from types import ModuleType, SimpleNamespace

from vaebench.engines import worker
from vaebench.results.record import CellOutcome, Environment
from vaebench.training import around

ENVIRONMENT = Environment(
    python="3", torch="2", cuda=None, processor="p", device="cpu", precision="float32", deterministic=True, threads=1
)


def fit(seconds: float, models: int = 1) -> None:
    with around.training(models):
        time.sleep(seconds)


def fork() -> None:
    """Leave a copy of this process that goes on as if it were the process itself."""
    if not os.fork():
        raise RuntimeError("in the copy")


def copied() -> None:
    """End, while a child holds this process's end of the pipe open."""
    subprocess.Popen([sys.executable, "-c", "import time; time.sleep(40)"], close_fds=False)
    os._exit(5)


def raises(error: BaseException) -> None:
    raise error


def say(text: bytes) -> None:
    """Write to whatever this process has open, as a variant's code may by mistake."""
    os.write(int(sys.argv[2]), len(text).to_bytes(4, "big") + text)


ACTS = {
    "exit": lambda: os._exit(3),
    "kill": lambda: os.kill(os.getpid(), signal.SIGKILL),
    "signal": lambda: os.kill(os.getpid(), signal.SIGUSR1),
    "terminate": lambda: os.kill(os.getpid(), signal.SIGTERM),
    "interrupt": lambda: raises(KeyboardInterrupt()),
    "leave": lambda: raises(SystemExit(0)),
    "surrogate": lambda: raises(ValueError("\udcff\nmore")),
    "copied": copied,
    "fork": fork,
    "close": lambda: (os.close(int(sys.argv[2])), time.sleep(600)),
    "nonsense": lambda: say(b"no message"),
    "print": lambda: print("printed by a variant", flush=True),  # noqa: T201
    "train": lambda: cell.fit(0.2),
    "hang": lambda: cell.fit(600),
    "stack": lambda: cell.fit(600, 3),
    "idle": lambda: time.sleep(600),
    "nap": lambda: time.sleep(0.3),
}


def run_cell(asked: SimpleNamespace) -> CellOutcome:
    """Do what a cell's reference says, word by word; its reason is the number of this process."""
    for word in asked.reference.split():
        ACTS[word]()
    return CellOutcome(
        id=asked.id,
        subject=asked.subject,
        seed=asked.seed,
        status="ok",
        reason=str(os.getpid()),
        environment=ENVIRONMENT,
    )


def act(words: str) -> str:
    """A job of a worker, like `load` and `unfit`."""
    for word in words.split():
        ACTS[word]()
    return "done"


cell = ModuleType("vaebench.cell")
environment = ModuleType("vaebench.environment")
torch = ModuleType("torch")


def install() -> None:
    """Put the stand-ins where a process will find them."""
    vars(cell).update(fit=fit, run_cell=run_cell)
    vars(environment).update(environment=lambda _device: ENVIRONMENT)
    parts = {"optim": SimpleNamespace(Adam=list), "nn": SimpleNamespace(Parameter=int)}
    vars(torch).update(parts, zeros=int, set_num_threads=int)
    sys.modules.update({"vaebench.cell": cell, "vaebench.environment": environment, "torch": torch})
    worker.JOBS["act"] = act
