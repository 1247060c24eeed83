"""The FactorVAE: a penalty on the total correlation of codes, estimated by a discriminator.

Source: Kim & Mnih 2018, algorithm 2. Encoder and discriminator share one learning rate, as in disentanglement_lib.
"""

from torch import Tensor, nn
from torch.nn.functional import softplus

from vaebench.kernels.aggregate_posterior import units_shuffled
from vaebench.models import AutoEncoder, Objective, Player, Step, Variant, autoencoder, negative_elbo
from vaebench.models.objectives import total


def build(shape: tuple[int, ...], latent: int, arch: str, width: int = 256) -> AutoEncoder:
    """Build an ordinary VAE and a discriminator of codes: 4 hidden layers as wide as its own (the paper's: 1000)."""
    model, widths = autoencoder(shape, latent, arch), (latent, width, width, width)
    hidden = [layer for entering in widths for layer in (nn.Linear(entering, width), nn.LeakyReLU(0.2))]
    model.add_module("discriminator", nn.Sequential(*hidden, nn.Linear(width, 1), nn.Flatten(0)))
    return model


def discriminated(weight: float) -> Objective:
    """Build −log p(x|z) + KL + γ·E log(D(z)/(1 − D(z))), in nats; the last term is γ·TC for a perfect D."""
    elbo = negative_elbo()

    def objective(step: Step) -> dict[str, Tensor]:
        log_odds: Tensor = step.model.get_submodule("discriminator")(step.z)
        return {"negative elbo": total(elbo(step)), "total correlation": weight * log_odds.mean()}

    return objective


def cross_entropy(step: Step) -> Tensor:
    """The discriminator's objective: codes of half the batch against shuffled codes of the other half."""
    log_odds, z = step.model.get_submodule("discriminator"), step.z.detach()
    half = len(z) // 2
    joint, apart = log_odds(z[:half]), log_odds(units_shuffled(z[half:], step.rng))
    return (softplus(-joint).mean() + softplus(apart).mean()) / 2


VARIANT = Variant(
    name="factor_vae",
    source="arXiv:1802.05983",
    build=build,
    objective=discriminated(10.0),
    players=(Player("discriminator", cross_entropy, betas=(0.5, 0.9)),),
    strengths=(1.0, 10.0, 40.0),
    objective_at=discriminated,
)
