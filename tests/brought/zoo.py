"""Models of the zoo, each in one class: full covariance, own priors, a flow posterior, labels; all of them sound."""

import math

import torch
from torch import Tensor, nn
from torch.nn import functional

from vaebench.kernels.normal import normal_log_density
from vaebench.models import (
    FlowNormal,
    FullNormal,
    Gaussian,
    Normal,
    Variant,
    mixture_log_prob,
    mixture_sample,
    negative_elbo,
)


def network(n_in: int, n_out: int, hidden: int = 64) -> nn.Sequential:
    return nn.Sequential(nn.Linear(n_in, hidden), nn.Tanh(), nn.Linear(hidden, n_out))


class Plain(nn.Module):
    """A small VAE with a diagonal posterior."""

    def __init__(self, shape: tuple[int, ...], latent: int, heads: int | None = None, more: int = 0) -> None:
        super().__init__()
        self.shape, self.latent = shape, latent
        size = math.prod(shape)
        self.encoder = network(size + more, 2 * latent if heads is None else heads)
        self.decoder = network(latent + more, size)

    def encode(self, x: Tensor) -> Normal:
        mean, log_scale = self.encoder(x.flatten(1)).chunk(2, 1)
        return Normal(mean, log_scale=log_scale)

    def decode(self, z: Tensor) -> Gaussian:
        return Gaussian(self.decoder(z).unflatten(1, self.shape), 0.05)


class Full(Plain):
    """A full covariance: its Cholesky factor, with a positive diagonal."""

    def __init__(self, shape: tuple[int, ...], latent: int) -> None:
        super().__init__(shape, latent, latent + latent * (latent + 1) // 2)
        self.rows, self.columns = torch.tril_indices(latent, latent)

    def encode(self, x: Tensor) -> FullNormal:
        mean, entries = self.encoder(x.flatten(1)).split([self.latent, len(self.rows)], 1)
        factor = torch.zeros(len(x), self.latent, self.latent).index_put(
            (torch.arange(len(x))[:, None], self.rows, self.columns), entries
        )
        return FullNormal(mean, factor.tril(-1) + torch.diag_embed(factor.diagonal(dim1=1, dim2=2).exp()))


class Vamp(Plain):
    """A VampPrior: the mean posterior of pseudo-inputs, which are learned (arXiv:1705.07120)."""

    def __init__(self, shape: tuple[int, ...], latent: int, count: int = 20) -> None:
        super().__init__(shape, latent)
        self.pseudo = nn.Parameter(torch.rand(count, *shape))

    def prior_sample(self, noise: Tensor) -> Tensor:
        components = self.encode(self.pseudo)
        return mixture_sample(noise, components.mean, components.scale)

    def prior_log_prob(self, z: Tensor) -> Tensor:
        components = self.encode(self.pseudo)
        return mixture_log_prob(z, components.mean, components.scale)


class Ladder(Plain):
    """Two levels in one code (z1, z2): p(z2) = N(0, I) and p(z1|z2) = N(m(z2), s(z2)²)."""

    def __init__(self, shape: tuple[int, ...], latent: int) -> None:
        super().__init__(shape, latent)
        self.top = latent // 2
        self.between = network(self.top, 2 * (latent - self.top))

    def _given(self, top: Tensor) -> tuple[Tensor, Tensor]:
        mean, log_scale = self.between(top).chunk(2, -1)
        return mean, torch.exp(torch.tanh(log_scale))

    def prior_sample(self, noise: Tensor) -> Tensor:
        top, bottom = noise[..., : self.top], noise[..., self.top :]
        mean, scale = self._given(top)
        return torch.cat([mean + scale * bottom, top], -1)

    def prior_log_prob(self, z: Tensor) -> Tensor:
        bottom, top = z[..., : -self.top], z[..., -self.top :]
        return normal_log_density(top) + normal_log_density(bottom, *self._given(top))


class FlowPrior(Plain):
    """A prior that an invertible affine map and a sinh make of normal noise: smooth, with a known density."""

    def __init__(self, shape: tuple[int, ...], latent: int) -> None:
        super().__init__(shape, latent)
        self.shift, self.log_gain = nn.Parameter(torch.full((latent,), 0.5)), nn.Parameter(torch.full((latent,), 0.2))

    def prior_sample(self, noise: Tensor) -> Tensor:
        return self.shift + self.log_gain.exp() * torch.sinh(noise)

    def prior_log_prob(self, z: Tensor) -> Tensor:
        inner = (z - self.shift) / self.log_gain.exp()
        logs = self.log_gain + 0.5 * torch.log1p(inner.square())
        return normal_log_density(torch.asinh(inner)) - logs.sum(-1)


class PlanarPosterior(Plain):
    """A planar flow moves the posterior (Rezende & Mohamed 2015): z + u·tanh(wᵀz + b), with uᵀw ≥ −1."""

    def __init__(self, shape: tuple[int, ...], latent: int) -> None:
        super().__init__(shape, latent, 4 * latent + 1)

    def encode(self, x: Tensor) -> FlowNormal:
        parts = self.encoder(x.flatten(1)).split([self.latent, self.latent, self.latent, self.latent, 1], 1)
        mean, log_scale, u, w, b = parts
        dot = (u * w).sum(1, keepdim=True)
        u = u + (functional.softplus(dot) - 1 - dot) * w / w.square().sum(1, keepdim=True).clamp_min(1e-6)

        def flow(z: Tensor) -> tuple[Tensor, Tensor]:
            bent = torch.tanh((z * w).sum(-1, keepdim=True) + b)
            slope = (1 - bent.square()) * (u * w).sum(-1, keepdim=True)
            return z + u * bent, torch.log1p(slope.squeeze(-1).clamp_min(-1 + 1e-6))

        return FlowNormal(Normal(mean, log_scale=log_scale), flow)


class Conditional(Plain):
    """A conditional VAE: encoder and decoder take the class (Sohn, Lee & Yan 2015)."""

    def __init__(self, shape: tuple[int, ...], latent: int, classes: int = 10) -> None:
        super().__init__(shape, latent, more=classes)
        self.classes = classes

    def _with(self, rows: Tensor, labels: Tensor) -> Tensor:
        return torch.cat([rows, functional.one_hot(labels, self.classes).to(rows)], 1)

    def encode(self, x: Tensor, labels: Tensor) -> Normal:
        mean, log_scale = self.encoder(self._with(x.flatten(1), labels)).chunk(2, 1)
        return Normal(mean, log_scale=log_scale)

    def decode(self, z: Tensor, labels: Tensor) -> Gaussian:
        return Gaussian(self.decoder(self._with(z, labels)).unflatten(1, self.shape), 0.05)


def variant(name: str, model: type[nn.Module], **options: object) -> Variant:
    return Variant(
        name, "tests", lambda shape, latent, _: model(shape, latent), negative_elbo(), 1.0, ("mlp",), **options
    )


PLAIN = variant("zoo_plain", Plain)
FULL = variant("zoo_full", Full)
VAMP = variant("zoo_vamp", Vamp, prior="own")
LADDER = variant("zoo_ladder", Ladder, prior="own")
FLOW_PRIOR = variant("zoo_flow_prior", FlowPrior, prior="own")
PLANAR = variant("zoo_planar", PlanarPosterior)
CONDITIONAL = variant("zoo_conditional", Conditional, labels=10)
OWN_LATENT = variant("zoo_own_latent", Plain, latent=lambda shape: 4)
