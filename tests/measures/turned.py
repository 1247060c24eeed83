"""Known models in other coordinates of the latent space: nothing that is true of the model may change with them."""

import torch
from torch import Tensor, nn

from vaebench.kernels.normal import normal_log_density
from vaebench.models import FlowNormal, FullNormal, Likelihood, Normal


class Turned(nn.Module):
    """Codes R·z in place of z. The prior is N(0, I) still, and the posterior has a full covariance.

    Args:
        inner: A model with a diagonal posterior.
        rotation: R, orthogonal, shape (latent, latent).
        wider: Factor on the covariance; 1 for the same model.
    """

    def __init__(self, inner: nn.Module, rotation: Tensor, wider: float = 1.0) -> None:
        super().__init__()
        self.inner, self.wider = inner, wider
        self.register_buffer("rotation", rotation)

    def encode(self, x: Tensor) -> FullNormal:
        q = self.inner.encode(x)
        factor = self.rotation.double() @ torch.diag_embed(q.scale.double())
        tril = torch.linalg.cholesky(self.wider * factor @ factor.mT).to(x.dtype)
        return FullNormal(q.mean @ self.rotation.T, tril)

    def decode(self, z: Tensor) -> Likelihood:
        return self.inner.decode(z @ self.rotation)


class Stretched(nn.Module):
    """Codes a + b·z in place of z, unit by unit. The prior is N(a, b²), the model's own.

    Args:
        inner: A model with a diagonal posterior.
        shift: a, shape (latent,).
        gain: b, above 0, shape (latent,).
    """

    def __init__(self, inner: nn.Module, shift: Tensor, gain: Tensor) -> None:
        super().__init__()
        self.inner = inner
        self.register_buffer("shift", shift)
        self.register_buffer("gain", gain)

    def encode(self, x: Tensor) -> Normal:
        q = self.inner.encode(x)
        return Normal(self.shift + self.gain * q.mean, self.gain * q.scale)

    def decode(self, z: Tensor) -> Likelihood:
        return self.inner.decode((z - self.shift) / self.gain)

    def prior_sample(self, noise: Tensor) -> Tensor:
        return self.shift + self.gain * noise

    def prior_log_prob(self, z: Tensor) -> Tensor:
        return normal_log_density(z, self.shift, self.gain)


class Flowing(nn.Module):
    """The same posterior, written as a flow that moves nothing."""

    def __init__(self, inner: nn.Module) -> None:
        super().__init__()
        self.inner = inner
        self.decode = inner.decode

    def encode(self, x: Tensor) -> FlowNormal:
        return FlowNormal(self.inner.encode(x), lambda z: (z, torch.zeros(z.shape[:-1], device=z.device)))


def rotation(latent: int, seed: int = 0) -> Tensor:
    """A rotation that mixes all units."""
    rng = torch.Generator().manual_seed(seed)
    return torch.linalg.qr(torch.randn(latent, latent, generator=rng, dtype=torch.float64))[0].float()
