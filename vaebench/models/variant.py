"""What somebody brings: a model and its objective, under a name."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from torch import Tensor

from vaebench.models.likelihoods import Likelihood
from vaebench.models.objectives import Objective
from vaebench.models.posteriors import Posterior


class Model(Protocol):
    """A VAE as the suite sees it: an ``nn.Module`` with these two methods; there is nothing to inherit."""

    def encode(self, x: Tensor) -> Posterior:
        """Posterior of each example; x has shape (batch, *shape)."""

    def decode(self, z: Tensor) -> Likelihood:
        """Likelihood of data at each code; z has shape (batch, latent)."""


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
    """

    name: str
    source: str
    build: Callable[[tuple[int, ...], int, str], Model]
    objective: Objective
    kl_weight: float | None = None
    archs: tuple[str, ...] | None = None
    learning_rate: float | None = None

    def __post_init__(self) -> None:
        if not re.fullmatch(r"[a-z][a-z0-9_]{0,63}", self.name):
            raise ValueError(f"a variant's name is lower-case letters, digits and underscores, not {self.name!r}")
        if self.kl_weight is not None and not self.kl_weight > 0:
            raise ValueError(f"kl_weight is above 0 or None, not {self.kl_weight}")
        if self.learning_rate is not None and not self.learning_rate > 0:
            raise ValueError(f"learning_rate is above 0 or None, not {self.learning_rate}")
