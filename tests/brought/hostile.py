"""Variants that do not merely fail: they end their process, hang in it, or speak where they should not."""

import os
import time

from torch import Tensor

from vaebench.models import Step, Variant, negative_elbo
from vaebench.variants.vae import VARIANT as VAE

elbo = negative_elbo()


def exits(step: Step) -> Tensor:
    os._exit(3)


def hangs(step: Step) -> Tensor:
    if step.step == 3:
        time.sleep(600)
    return sum(elbo(step).values())


def prints(step: Step) -> Tensor:
    print("a variant prints")  # noqa: T201
    return sum(elbo(step).values())


EXITS = Variant("exits", "tests", VAE.build, exits)
HANGS = Variant("hangs", "tests", VAE.build, hangs)
PRINTS = Variant("prints", "tests", VAE.build, prints)
