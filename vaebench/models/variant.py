"""What somebody brings: a model and its objective, under a name."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, Protocol

from torch import Tensor

from vaebench.models.likelihoods import Likelihood
from vaebench.models.objectives import Objective
from vaebench.models.posteriors import Posterior


class Model(Protocol):
    """A VAE as the suite sees it: an ``nn.Module`` with these two methods; there is nothing to inherit.

    Both treat each example by itself, and are differentiated in forward mode under ``torch.func.vmap``: no statistics
    of the batch, no ``.item()``.
    """

    def encode(self, x: Tensor) -> Posterior:
        """Posterior of each example; x has shape (batch, *shape)."""

    def decode(self, z: Tensor) -> Likelihood:
        """Likelihood of data at each code; z has shape (batch, latent)."""


@dataclass(frozen=True)
class Player:
    """A part of a model that is trained against an objective of its own, such as a discriminator.

    It moves at every step together with the rest, from the same state: its weights by its objective alone, all other
    weights by the variant's.

    Attributes:
        module: The part's name in the model, for example ``discriminator``.
        objective: What it minimises.
        learning_rate: Adam's; None for the recipe's. It falls with the recipe's schedule.
        betas: Adam's.
    """

    module: str
    objective: Objective
    learning_rate: float | None = None
    betas: tuple[float, float] = (0.9, 0.999)


@dataclass(frozen=True)
class Variant:
    """A VAE under test.

    Attributes:
        name: Lower-case letters, digits and underscores.
        source: Where it comes from, for example ``arXiv:1312.6114``.
        build: Makes an untrained model from (shape of one example, number of latent units, architecture).
        objective: Makes the loss of one step.
        kl_weight: Weight of the KL beside −log p(x|z), both in nats, where the objective is of that form; the exact
            relations need it, and are not applicable to a variant that declares none.
        archs: Architectures it can be built with; None for all.
        learning_rate: Adam's, where the task's recipe is not the right one for this variant; None for the recipe's.
        players: Parts that are trained against objectives of their own.
        strengths: Values of the objective's own knob, rising, at which tasks compare the variant with itself; empty
            for a variant without one.
        objective_at: Makes the objective of a strength.
        twin: The suite's variant that this one is but for what its paper adds; tasks compare it with that.
        prior: ``own`` where p(z) is not N(0, I), which instruments decline to read; ``standard`` where it is, though
            the loss moves weights that are neither the encoder's nor the decoder's; None where nothing needs saying.
    """

    name: str
    source: str
    build: Callable[[tuple[int, ...], int, str], Model]
    objective: Objective
    kl_weight: float | None = None
    archs: tuple[str, ...] | None = None
    learning_rate: float | None = None
    players: tuple[Player, ...] = ()
    strengths: tuple[float, ...] = ()
    objective_at: Callable[[float], Objective] | None = None
    twin: str | None = None
    prior: Literal["standard", "own"] | None = None

    def __post_init__(self) -> None:
        if (self.objective_at is None) != (not self.strengths) or list(self.strengths) != sorted(set(self.strengths)):
            raise ValueError(f"strengths rise and come with objective_at, or there are neither: {self.strengths}")
        if not re.fullmatch(r"[a-z][a-z0-9_]{0,63}", self.name):
            raise ValueError(f"a variant's name is lower-case letters, digits and underscores, not {self.name!r}")
        if self.prior not in (None, "standard", "own"):
            raise ValueError(f"prior is standard, own or None, not {self.prior!r}")
        if self.kl_weight is not None and not self.kl_weight > 0:
            raise ValueError(f"kl_weight is above 0 or None, not {self.kl_weight}")
        if self.learning_rate is not None and not self.learning_rate > 0:
            raise ValueError(f"learning_rate is above 0 or None, not {self.learning_rate}")
