"""A small AutoencoderKL of diffusers, attention included: pip install 'vaebench[adapters]'.

Run it with ``--archs conv``. It has its own number of latent units, so its row is shown and not ranked.
"""

from vaebench.adapters import diffusers

META = {
    "name": "autoencoder_kl",
    "source": "arXiv:2112.10752, diffusers",
    "licence": "Apache-2.0",
    "contact": "the authors of vaebench",
}
VARIANT = diffusers.variant("autoencoder_kl", diffusers.small, source="arXiv:2112.10752, diffusers")
