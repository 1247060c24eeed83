"""Variants that do not merely fail: they end their process, hang in it, or speak where they should not."""

import os
import signal
import subprocess
import sys
import time

from torch import Tensor

from vaebench.models import Step, Variant, negative_elbo
from vaebench.variants.vae import VARIANT as VAE

elbo = negative_elbo()


def exits(step: Step) -> Tensor:
    os._exit(3)


def is_killed(step: Step) -> Tensor:
    os.kill(os.getpid(), signal.SIGKILL)
    raise AssertionError


def hangs(step: Step) -> Tensor:
    if step.step == 3:
        time.sleep(600)
    return sum(elbo(step).values())


def interrupts(step: Step) -> Tensor:
    raise KeyboardInterrupt


def forks(step: Step) -> Tensor:
    """Leave a copy of the process that goes on as if it were the process, and a child that holds its pipe open."""
    if step.step == 0:
        subprocess.Popen([sys.executable, "-c", "import time; time.sleep(5)"], close_fds=False)
        if not os.fork():
            raise RuntimeError("in the copy")
    return sum(elbo(step).values())


def prints(step: Step) -> Tensor:
    print("a variant prints")  # noqa: T201
    return sum(elbo(step).values())


def exits_when_built(shape: tuple[int, ...], latent: int, arch: str):
    os._exit(4)


EXITS = Variant("exits", "tests", VAE.build, exits)
IS_KILLED = Variant("is_killed", "tests", VAE.build, is_killed)
HANGS = Variant("hangs", "tests", VAE.build, hangs)
INTERRUPTS = Variant("interrupts", "tests", VAE.build, interrupts)
FORKS = Variant("forks", "tests", VAE.build, forks)
PRINTS = Variant("prints", "tests", VAE.build, prints)
EXITS_WHEN_BUILT = Variant("exits_when_built", "tests", exits_when_built, sum)
