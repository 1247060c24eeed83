"""The complex VAE: codes in Cᵈ with circular posteriors CN(μ, diag s²), prior CN(0, I), the evidence lower bound.

With ordinary networks it *is* a real VAE whose scales are tied in pairs, see ``pair_tied_vae``: complex codes are a way
to read it, in which its decoder's metric is Hermitian, and add nothing to what it can learn.
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
