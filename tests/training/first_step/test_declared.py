"""A declared weight of the KL is held against the loss."""

import re
from dataclasses import replace

import pytest
import torch
from torch import nn
from training.first_step.conftest import LATENT, SHAPE, Small

from vaebench import catalog
from vaebench.experiment import Interventions
from vaebench.kernels.normal import normal_log_density
from vaebench.models import Bernoulli, Gaussian, Refused, negative_elbo
from vaebench.seeds import seed_for
from vaebench.training.first_step import declared, look
from vaebench.training.first_step.probe import Probe
from vaebench.training.fit import build
from vaebench.training.intervened import Intervened


def explained(step):
    return -step.likelihood.log_prob(step.x).mean()


def divergence(step):
    return step.posterior.kl().mean()


def own_draw(step):
    return step.posterior.sample(torch.randn(step.z.shape, generator=step.rng))


def sampled(step):
    """The KL at the step's own codes: right in expectation."""
    return (
        explained(step)
        + (normal_log_density(step.z, step.posterior.mean, step.posterior.scale) - normal_log_density(step.z)).mean()
    )


def warmed_up(step):
    """The KL comes in slowly; what counts is how it ends."""
    return explained(step) + (step.step + 1) / step.steps * divergence(step)


def per_pixel(step):
    """The whole loss in nats a pixel has the same minimum."""
    return (explained(step) + divergence(step)) / 16


def encoding_anew(step):
    return explained(step) + step.encode(step.seen).kl().mean()


def decoding_anew(step):
    return -step.decode(own_draw(step)).log_prob(step.x).mean() + divergence(step)


HONEST = {
    "ELBO": negative_elbo(),
    "KL sampled": sampled,
    "KL warmed up": warmed_up,
    "per pixel": per_pixel,
    "another look by the encoder": encoding_anew,
    "another look by the decoder": decoding_anew,
}


class Raw(Small):
    """Learns its variance as it is, so that noise on the weights may turn it negative."""

    def __init__(self):
        super().__init__()
        self.variance = nn.Parameter(torch.tensor(0.05))

    def decode(self, z):
        return Gaussian(self.decoder(z), self.variance)


class Coins(Small):
    def decode(self, z):
        return Bernoulli(self.decoder(z))


TURNS = [
    Interventions(),
    Interventions(likelihood_variance=0.005),
    Interventions(posterior_scale=0.2, likelihood_variance=0.05),
    Interventions(likelihood="bernoulli", pixels=64),
]


@pytest.mark.parametrize("by", TURNS)
@pytest.mark.parametrize("model", [Small, Coins, Raw])
@pytest.mark.parametrize("objective", HONEST)
def test_an_honest_declaration_passes(looked, objective, model, by):
    for seed in range(3):
        looked(model, HONEST[objective], by, kl_weight=1.0, seed=seed)


@pytest.mark.parametrize("weight", [1e-3, 0.25, 4.0, 640.0])
def test_other_weights_pass_where_they_are_declared_and_are_told_where_they_are_not(looked, weight):
    looked(objective=negative_elbo(weight), kl_weight=weight)
    with pytest.raises(Refused) as raised:
        looked(objective=negative_elbo(weight), kl_weight=1.05 * weight)
    found = re.match(
        r"^small: kl_weight is declared (\S+), but the loss has (\S+) ± (\S+) times the KL", str(raised.value)
    )
    assert float(found[1]) == pytest.approx(1.05 * weight)
    assert float(found[2]) == pytest.approx(weight, rel=0.01)
    assert "correct its KL, its log p or the declaration" in str(raised.value)


def scale_for_log_variance(step):
    """The usual formula, fed log σ where it wants log σ²."""
    mean, log = step.posterior.mean, step.posterior.log_scale
    return explained(step) - 0.5 * (1 + log - mean**2 - log.exp()).sum(1).mean()


def squared_twice(step):
    """The usual formula, with σ⁴ for σ²."""
    mean, log = step.posterior.mean, 2 * step.posterior.log_scale
    return explained(step) - 0.5 * (1 + log - mean**2 - (2 * log).exp()).sum(1).mean()


def of_wrong_sign(step):
    return explained(step) - divergence(step)


def mean_over_units(step):
    return explained(step) + divergence(step) / LATENT


def free_bits(step):
    """So many of them free that the KL is never paid for."""
    return explained(step) + divergence(step).clamp_min(100)


def capacity(step):
    return explained(step) + (divergence(step) - 5).abs()


def without_likelihood(step):
    """Its own squared error; so no change of the likelihood is felt."""
    return (step.likelihood.mean - step.x).square().mean() + divergence(step)


def of(mean_part):
    """A KL whose part of the means is another."""

    def objective(step):
        mean, log = step.posterior.mean, step.posterior.log_scale
        scales = 0.5 * ((2 * log).exp() - 1 - 2 * log).sum(1)
        return explained(step) + (scales + mean_part(mean).sum(1)).mean()

    return objective


def correlated(step):
    """A penalty on the codes' covariance beside the bound."""
    mean = step.posterior.mean
    return explained(step) + divergence(step) + 10 * (mean.T.cov() - torch.eye(LATENT)).square().sum()


WRONG = {
    "no means": of(lambda mean: 0 * mean),
    "half too much of the means": of(lambda mean: mean.square()),
    "a prior of mean 1": of(lambda mean: (mean - 1).square() / 2),
    "a penalty on the covariance": correlated,
    "a penalty on the means": lambda step: (
        explained(step) + divergence(step) + 0.5 * step.posterior.mean.square().sum(1).mean()
    ),
    "log σ for log σ²": scale_for_log_variance,
    "σ⁴ for σ²": squared_twice,
    "wrong sign": of_wrong_sign,
    "KL averaged over units": mean_over_units,
    "free bits": free_bits,
    "capacity": capacity,
    "four times": lambda step: explained(step) + 4 * divergence(step),
    "four times, sampled": lambda step: explained(step) + 4 * (sampled(step) - explained(step)),
    "half the likelihood": lambda step: explained(step) / 2 + divergence(step),
}


@pytest.mark.parametrize("objective", WRONG)
@pytest.mark.parametrize("by", [Interventions(), Interventions(likelihood="bernoulli", pixels=64)])
def test_a_loss_of_another_form_is_refused(looked, objective, by):
    for seed in range(3):
        with pytest.raises(Refused, match=r"^small: kl_weight is declared 1, but the loss (has|is not of the form)"):
            looked(objective=WRONG[objective], by=by, kl_weight=1.0, seed=seed)


def test_without_a_declaration_any_form_passes(looked):
    for objective in WRONG.values():
        looked(objective=objective)


def test_a_loss_that_a_likelihood_does_not_move_has_no_such_weight(x):
    variant = catalog.variant("vae").variant
    model = Intervened(build(variant, SHAPE, LATENT, "mlp", 0), Interventions())
    probe = Probe(
        type(variant)("small", "tests", variant.build, without_likelihood, kl_weight=1.0), model, x, LATENT, 10, 100, 0
    )
    with pytest.raises(Refused, match=r"^kl_weight is declared 1, but the loss is not of the form"):
        declared.check_kl_weight(probe, 1.0)


@pytest.mark.parametrize("data", ["digits", "three_sources"])
@pytest.mark.parametrize("by", TURNS[1:3])
def test_the_decomposed_vae_is_an_elbo_in_expectation_and_passes(data, by):
    """Its reconstruction is split; on a single draw of z it is no ELBO at all."""
    variant, data = catalog.variant("decomposed_vae").variant, catalog.dataset(data)
    for seed in range(3):
        model = Intervened(build(variant, data.shape, 4, "mlp", seed), by)
        look(variant, model, data.train.x, latent=4, steps=1000, seed=seed_for(seed))


def test_complex_codes_are_weighed_alike(x):
    for name, kl_weight in (("complex_vae", 1.0), ("pair_tied_vae", 1.0)):
        variant = catalog.variant(name).variant
        model = Intervened(build(variant, SHAPE, 4, "mlp", 0), Interventions())
        look(variant, model, x, latent=4, steps=1000, seed=0)
        with pytest.raises(Refused, match=rf"^{name}: kl_weight is declared 2, but the loss has 1 ± "):
            look(replace(variant, kl_weight=2 * kl_weight), model, x, latent=4, steps=1000, seed=0)
