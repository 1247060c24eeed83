"""Variants that go wrong, each in its own way."""

import sys

import torch
from torch import Tensor, nn

from vaebench.models import Step, Variant, autoencoder, negative_elbo
from vaebench.variants.vae import VARIANT as VAE

elbo = negative_elbo()


def diverges(step: Step) -> Tensor:
    loss = sum(elbo(step).values())
    return loss * (torch.inf if step.step >= 3 else 1.0)


def crashes(step: Step) -> Tensor:
    raise KeyError("no such term")


def reads_a_file(step: Step) -> Tensor:
    raise FileNotFoundError("no such weights")


def speaks_no_text(step: Step) -> Tensor:
    raise ValueError("bytes \udc80 that are no text")


class WrongShape(nn.Module):
    def __init__(self, inner: nn.Module) -> None:
        super().__init__()
        self.inner = inner

    def encode(self, x: Tensor):
        return self.inner.encode(x)

    def decode(self, z: Tensor):
        return type(self.inner.decode(z))(self.inner.decode(z).mean.flatten(1)[:, 1:], 1.0)


def leaves(step: Step) -> Tensor:
    sys.exit(0)


def fills_the_memory(step: Step) -> Tensor:
    return torch.empty(10**15)


DIVERGES = Variant("diverges", "tests", VAE.build, diverges)
CRASHES = Variant("crashes", "tests", VAE.build, crashes)
READS_A_FILE = Variant("reads_a_file", "tests", VAE.build, reads_a_file)
LEAVES = Variant("leaves", "tests", VAE.build, leaves)
FILLS_THE_MEMORY = Variant("fills_the_memory", "tests", VAE.build, fills_the_memory)
WRONG_SHAPE = Variant("wrong_shape", "tests", lambda *a: WrongShape(autoencoder(*a)), elbo)
NOT_A_MODEL = Variant("not_a_model", "tests", lambda *a: "a string", elbo)
SPEAKS_NO_TEXT = Variant("speaks_no_text", "tests", VAE.build, speaks_no_text)
