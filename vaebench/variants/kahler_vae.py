"""The Kähler VAE: the complex VAE with a decoder whose Fisher metric is made even over the latent space.

L = −ELBO + λ·Var_z log(1 + g_z(v, v̄)),  g(v, v̄) = Σ_a prec·|v·∂f_a|² = Σ_a prec·((D_v f_a)² + (D_iv f_a)²)/4,

a variance over codes z of the batch, along one random unit v a step; 1 + g is the metric of decoder and prior, and a
dead unit costs nothing. It is 0 for all v iff g is the same at all codes, as for an affine decoder: an even volume
element, and a Kähler metric; short of that nothing draws g towards Kähler. Codes are held, lest they huddle.
Gracyk 2025 regularises the latent space with decoder geometry; its formula could not be read: this one is ours.
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
    """Variance of log(1 + g(v, v̄)) in nats², at half the batch: so a step costs two of its twin's, not three."""
    z = step.z.detach()[::2]
    v = standard_complex_normal(z.shape[1:], step.rng, dtype=z.dtype, device=z.device)
    ways = torch.stack((v, 1j * v)) / squared_moduli(v).sum().sqrt()
    slopes = vmap(lambda v: directional_derivative(lambda z: step.decode(z).standardised(), z, v.expand_as(z)))(ways)
    return torch.log1p(slopes.square().transpose(0, 1).flatten(1).sum(1) / 4).var(correction=0)


def regularised(weight: float) -> Objective:
    """Build the objective at a λ."""
    return lambda step: {"bound": total(negative_elbo()(step)), "unevenness": weight * unevenness(step)}


VARIANT = Variant("kahler_vae", "arXiv:2511.15172", complex_autoencoder, regularised(WEIGHT), twin="complex_vae")
