"""The Kähler VAE: the complex VAE with a decoder metric made uniform over the latent space.

L = −ELBO + λ·Var_z log(1 + g_z(v, v̄)),  g(v, v̄) = Σ_a prec·|v·∂f_a|² = Σ_a prec·((D_v f_a)² + (D_iv f_a)²)/4.

The variance is over codes z of the batch, along one random unit v per step. 1 + g is the metric of decoder and prior,
so a dead unit costs nothing. The penalty is 0 for all v iff g is the same at all codes, as for an affine decoder. The
volume element is then uniform and the metric Kähler; otherwise nothing pulls g towards Kähler. Codes are detached, so
that the penalty cannot draw them together. Gracyk 2025 regularises the latent space with decoder geometry. Its formula
was not available to us: this one is ours.
"""

import torch
from torch import Tensor
from torch.func import vmap

from vaebench.kernels.complex_normal import squared_moduli, standard_complex_normal
from vaebench.kernels.jacobian import directional_derivative
from vaebench.models import Objective, Step, Variant, negative_elbo
from vaebench.models.complex_autoencoder import complex_autoencoder
from vaebench.models.objectives import total

WEIGHT = 10.0  # λ: a metric that varies by half a nat costs 2.5, a third of a digit's divergence from the prior


def unevenness(step: Step) -> Tensor:
    """Variance of log(1 + g(v, v̄)) in nats², on half the batch, which halves its cost."""
    z = step.z.detach()[::2]
    v = standard_complex_normal(z.shape[1:], step.rng, dtype=z.dtype, device=z.device)
    ways = torch.stack((v, 1j * v)) / squared_moduli(v).sum().sqrt()
    slopes = vmap(lambda v: directional_derivative(lambda z: step.decode(z).standardised(), z, v.expand_as(z)))(ways)
    return torch.log1p(slopes.square().transpose(0, 1).flatten(1).sum(1) / 4).var(correction=0)


def regularised(weight: float) -> Objective:
    """Build the objective for a λ."""
    return lambda step: {"bound": total(negative_elbo()(step)), "unevenness": weight * unevenness(step)}


VARIANT = Variant("kahler_vae", "arXiv:2511.15172", complex_autoencoder, regularised(WEIGHT), twin="complex_vae")
