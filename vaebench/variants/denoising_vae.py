"""The denoising VAE: the encoder gets x + s·ε, ε ~ N(0, I), and the target is x without the noise.

L = −log p(x|z̃) + KL(q(z|x + s·ε) ‖ p(z)),  z̃ ~ q(z|x + s·ε).

Source: Im et al. 2017, the denoising criterion. With q averaged over the noise it is still a bound, but a looser one.
Noise that the suite adds comes on top. There is no kl_weight, because the exact relations are about posteriors of clean
data, and training uses noisy data only.
"""

from torch import Tensor

from vaebench.kernels.normal import standard_normal
from vaebench.models import Objective, Step, Variant, autoencoder

NOISE = 0.2
"""s for data in [0, 1]: slightly below the standard deviation of a pixel of digits, 0.23 on average."""


def denoising_elbo(noise: float) -> Objective:
    """Build the objective for a noise's standard deviation, in the units of x."""

    def objective(step: Step) -> dict[str, Tensor]:
        x, z = step.seen, step.z
        posterior = step.encode(x + noise * standard_normal(x.shape, step.rng, dtype=x.dtype, device=x.device))
        likelihood = step.decode(posterior.sample(standard_normal(z.shape, step.rng, dtype=z.dtype, device=z.device)))
        return {"reconstruction": -likelihood.log_prob(step.x).mean(), "kl": posterior.kl().mean()}

    return objective


VARIANT = Variant(
    name="denoising_vae",
    source="arXiv:1511.06406",
    build=autoencoder,
    objective=denoising_elbo(NOISE),
    strengths=(0.1, NOISE, 0.4),
    objective_at=denoising_elbo,
)
