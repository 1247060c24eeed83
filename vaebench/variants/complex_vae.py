"""The complex VAE: codes in Cᵈ, posteriors CN(μ, diag s²), prior CN(0, I), the evidence lower bound.

With ordinary networks it equals a real VAE whose scales are tied in pairs, see ``pair_tied_vae``. Complex codes give
its decoder a Hermitian metric. They do not change what it can learn.
"""

from vaebench.models import Variant, negative_elbo
from vaebench.models.complex_autoencoder import complex_autoencoder

VARIANT = Variant(
    name="complex_vae",
    source="arXiv:2511.15172",
    build=complex_autoencoder,
    objective=negative_elbo(),
    kl_weight=1.0,
)
