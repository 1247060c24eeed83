"""What a user provides: a model and its objective, under a name."""

import re
from collections.abc import Callable
from dataclasses import InitVar, dataclass
from pathlib import Path
from typing import Literal, Protocol

from torch import Tensor

from vaebench.models.likelihoods import Likelihood
from vaebench.models.objectives import Objective
from vaebench.models.posteriors import Posterior


class Model(Protocol):
    """A VAE: an ``nn.Module`` with these two methods, and no base class to inherit.

    Both treat each example separately. They are differentiated in forward mode under ``torch.func.vmap``. So they use
    no statistics of the batch and no ``.item()``.

    A model with its own prior has ``prior_sample(noise)`` too, see `priors`. ``remarks``, lines of text, are kept with
    its record.
    """

    def encode(self, x: Tensor) -> Posterior:
        """Posterior of each example; x has shape (batch, *shape)."""

    def decode(self, z: Tensor) -> Likelihood:
        """Likelihood of data at each code; z has shape (batch, latent)."""


@dataclass(frozen=True)
class Adversary:
    """A part of a model with its own objective, such as a discriminator.

    It is updated at every step together with the rest, from the same state. Its objective updates its weights alone;
    the variant's objective updates all others.

    Attributes:
        module: The part's name in the model, for example ``discriminator``.
        objective: What it minimises.
        learning_rate: Adam's; None for the training configuration's. It follows that schedule.
        betas: Adam's.
    """

    module: str
    objective: Objective
    learning_rate: float | None = None
    betas: tuple[float, float] = (0.9, 0.999)


Player = Adversary
"""Former name of `Adversary`, kept for one version."""


class _FromPlayers(tuple[Adversary, ...]):
    """Adversaries read under the field's former name: given back to a variant, as by `replace`, they change nothing."""

    __slots__ = ()


class _FormerField:
    """The field ``players``, which is ``adversaries`` now."""

    def __get__(self, variant: "Variant | None", _: type) -> _FromPlayers:
        return _FromPlayers(() if variant is None else variant.adversaries)


@dataclass(frozen=True)
class Variant:
    """A VAE under test.

    Attributes:
        name: Lower-case letters, digits and underscores.
        source: Where it comes from, for example ``arXiv:1312.6114``.
        build: Makes an untrained model from (shape of one example, number of latent units, architecture).
        objective: Makes the loss of one step.
        kl_weight: Weight of the KL relative to −log p(x|z), both in nats, where the objective has that form. The exact
            relations need it and are not applicable to a variant without one.
        archs: Architectures it can be built with; None for all.
        learning_rate: Adam's, where the task's is not right for this variant; None for the task's.
        adversaries: Parts that are trained with their own objectives.
        strengths: Values of the objective's own knob, in ascending order, at which tasks compare the variant with
            itself; empty if it has none.
        objective_at: Makes the objective for a strength.
        twin: The suite's variant that this one extends; tasks compare the two.
        prior: ``own`` if p(z) is not N(0, I); the model then has ``prior_sample``, see `priors`. ``standard`` if it is
            N(0, I) although the loss updates weights outside encoder and decoder. None otherwise.
        latent: Number of latent units, where a model has a number of its own: as for spatial latents that are
            flattened. Or a function from the shape of one example to it. Rows of such variants are shown, not ranked.
        labels: Number of classes, where ``encode`` and ``decode`` take the labels of the examples as well. See
            `conditional`.
        trained: Whether the weights are a checkpoint. Then nothing is trained.
        weights: The checkpoint's file, safetensors, beside the variant's own file.
        players: Former name of `adversaries`, kept for one version.
    """

    name: str
    source: str
    build: Callable[[tuple[int, ...], int, str], Model]
    objective: Objective
    kl_weight: float | None = None
    archs: tuple[str, ...] | None = None
    learning_rate: float | None = None
    adversaries: tuple[Adversary, ...] = ()
    strengths: tuple[float, ...] = ()
    objective_at: Callable[[float], Objective] | None = None
    twin: str | None = None
    prior: Literal["standard", "own"] | None = None
    latent: int | Callable[[tuple[int, ...]], int] | None = None
    labels: int | None = None
    trained: bool = False
    weights: str | Path | None = None
    players: InitVar[tuple[Adversary, ...]] = _FormerField()

    def __post_init__(self, players: tuple[Adversary, ...]) -> None:
        if not isinstance(players, _FromPlayers):
            object.__setattr__(self, "adversaries", players)
        if (self.objective_at is None) != (not self.strengths) or list(self.strengths) != sorted(set(self.strengths)):
            raise ValueError(f"strengths rise and come with objective_at, or there are neither: {self.strengths}")
        if not re.fullmatch(r"[a-z][a-z0-9_]{0,63}", self.name):
            raise ValueError(f"a variant's name is lower-case letters, digits and underscores, not {self.name!r}")
        if self.trained != (self.weights is not None):
            raise ValueError("a trained variant names the file of its weights, and no other one does")
        if self.labels is not None and self.labels < 1:
            raise ValueError(f"labels is a number of classes or None, not {self.labels}")
        if self.prior not in (None, "standard", "own"):
            raise ValueError(f"prior is standard, own or None, not {self.prior!r}")
        if self.kl_weight is not None and not self.kl_weight > 0:
            raise ValueError(f"kl_weight is above 0 or None, not {self.kl_weight}")
        if self.learning_rate is not None and not self.learning_rate > 0:
            raise ValueError(f"learning_rate is above 0 or None, not {self.learning_rate}")

    def units(self, protocol: int, shape: tuple[int, ...]) -> int:
        """Number of latent units on some data: the protocol's, unless the variant has its own.

        Args:
            protocol: The protocol's number.
            shape: Shape of one example.

        Returns:
            The number.
        """
        if self.latent is None:
            return protocol
        return self.latent(shape) if callable(self.latent) else self.latent

    @property
    def apart(self) -> str:
        """Why rows of this variant are shown and not ranked with others; empty if they are."""
        if self.trained:
            return "its weights were trained elsewhere"
        if self.latent is not None:
            return "its number of latent units is its own"
        return "it is measured at one class of the data" if self.labels is not None else ""
