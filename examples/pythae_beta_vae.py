"""A Pythae model under the suite's interventions: pip install 'vaebench[adapters]'."""

from pythae.models import BetaVAE, BetaVAEConfig

from vaebench.adapters import pythae


def config(shape: tuple[int, ...], latent: int) -> BetaVAEConfig:
    """Configure it for some data."""
    return BetaVAEConfig(input_dim=shape, latent_dim=latent, beta=4.0)


META = {
    "name": "pythae_beta_vae",
    "source": "pythae 0.1.2",
    "licence": "Apache-2.0",
    "contact": "the authors of vaebench",
}
VARIANT = pythae.variant("pythae_beta_vae", BetaVAE, config, source="pythae 0.1.2")
