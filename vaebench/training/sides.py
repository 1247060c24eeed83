"""Which weights belong to a model's encoder and which to its decoder, by what the two outputs depend on."""

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.func import functional_call

from vaebench.models.likelihoods import Bernoulli
from vaebench.models.variant import Model
from vaebench.training.first_step.probe import evaluating


@dataclass(frozen=True)
class Sides:
    """Names of a model's weights by side, as in ``named_parameters()``.

    Attributes:
        encoder: Those that the posterior depends on, with the heads.
        decoder: Those that the likelihood depends on.
        outside: All others, for example those of a discriminator.
    """

    encoder: tuple[str, ...]
    decoder: tuple[str, ...]
    outside: tuple[str, ...]

    @property
    def shared(self) -> tuple[str, ...]:
        """Weights of both sides."""
        return tuple(name for name in self.encoder if name in self.decoder)


def sides_of(model: nn.Module, x: Tensor) -> Sides:
    """Tell a model's weights apart.

    A weight belongs to a side if the side's output depends on it in the graph of automatic differentiation. No names
    are assumed. The model is called in evaluation mode and left as it is.

    Args:
        model: A variant's model, without interventions: a scale that is fixed would hide a head.
        x: Some examples, shape (n, *shape).

    Returns:
        The sides.

    Examples:
        >>> from vaebench.models import autoencoder
        >>> found = sides_of(autoencoder((1, 8, 8), 2, "mlp"), torch.zeros(2, 1, 8, 8))
        >>> found.encoder[-2:], found.decoder[0], found.shared
        (('log_scale.weight', 'log_scale.bias'), 'decoder.0.weight', ())
    """
    with torch.enable_grad(), evaluating(model):
        weights = {name: weight.detach().requires_grad_() for name, weight in model.named_parameters()}
        mean, *parts = _run(_Encoder(model), weights, x)
        encoder = _needed([mean, *parts], weights)
        decoder = _needed(_run(_Decoder(model), weights, mean.detach()), weights)
    outside = tuple(name for name in weights if name not in {*encoder, *decoder})
    return Sides(encoder, decoder, outside)


class _Encoder(nn.Module):
    """The encoder as a module, so that it can be called with any weights."""

    def __init__(self, model: nn.Module) -> None:
        super().__init__()
        self.model = model

    def forward(self, x: Tensor) -> list[Tensor]:
        encoding: Model = self.model  # type: ignore[assignment]
        posterior = encoding.encode(x)
        return [posterior.mean, *posterior.parts()]


class _Decoder(nn.Module):
    """The decoder likewise."""

    def __init__(self, model: nn.Module) -> None:
        super().__init__()
        self.model = model

    def forward(self, z: Tensor) -> list[Tensor]:
        decoding: Model = self.model  # type: ignore[assignment]
        likelihood = decoding.decode(z)
        if isinstance(likelihood, Bernoulli):
            return [likelihood.logits]
        return [likelihood.mean, *([likelihood.variance] if isinstance(likelihood.variance, Tensor) else [])]


def _run(side: nn.Module, weights: dict[str, Tensor], given: Tensor) -> list[Tensor]:
    found: list[Tensor] = functional_call(side, {f"model.{name}": weight for name, weight in weights.items()}, (given,))
    return found


def _needed(outputs: list[Tensor], weights: dict[str, Tensor]) -> tuple[str, ...]:
    """Names of the weights that some output depends on."""
    real = [torch.view_as_real(output) if output.is_complex() else output for output in outputs]
    total = torch.stack([output.sum() for output in real]).sum()
    if not total.requires_grad:
        return ()
    slopes = torch.autograd.grad(total, list(weights.values()), allow_unused=True)
    return tuple(name for name, slope in zip(weights, slopes, strict=True) if slope is not None)
