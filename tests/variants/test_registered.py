"""What each registered variant minimises, written out by hand: no twin can stand in for it under its name."""

import math
from dataclasses import replace

import pytest
import torch
from models.steps import taken
from torch.distributions import Normal
from variants.trained import SHAPE, images

from vaebench import catalog
from vaebench.kernels.aggregate_posterior import aggregate_log_density, units_shuffled
from vaebench.models import GAUSSIAN_VARIANCE
from vaebench.models.objectives import total
from vaebench.training.fit import build

LATENT, BATCH, EXAMPLES = 4, 7, 50


def found(name):
    return catalog.variant(name).variant


def step_of(variant, moment=60):
    """A step of 100 with known draws, away from the initial weights; what is seen has noise, what is explained none."""
    model, rng = build(variant, SHAPE, LATENT, "mlp", 0).double(), torch.Generator().manual_seed(1)
    with torch.no_grad():
        for name, weight in model.named_parameters():
            far = 0.15 if name.startswith(("encoder", "mean", "log_scale")) else 0.05
            weight.add_(far * torch.randn(weight.shape, generator=rng))
    x = images(BATCH).double()
    seen = x + 0.1 * torch.randn(x.shape, generator=rng)
    return replace(taken(model, seen, step=moment, steps=100, examples=EXAMPLES), x=x)


def drawn(step, *shape):
    return torch.randn(shape, generator=step.rng, dtype=torch.float64)


def log_density(x, mean, variance):
    return Normal(mean, variance**0.5).log_prob(x).flatten(1).sum(1)


def misfit(likelihood, x):
    return -log_density(x, likelihood.mean, likelihood.variance).mean()


def divergence(q):
    """From N(0, I), or for complex units, of which each is two, from CN(0, I)."""
    each = q.mean.abs() ** 2 + q.scale**2 - 1 - 2 * q.scale.log()
    return (1.0 if q.mean.is_complex() else 0.5) * each.sum(1).mean()


def bound(step, kl_weight=1.0):
    return misfit(step.likelihood, step.x) + kl_weight * divergence(step.posterior)


def annealed(step, capacity):
    """γ = 1000; the capacity is all there after a third of the training."""
    allowed = capacity * min(step.step / (step.steps / 3), 1)
    return misfit(step.likelihood, step.x) + 1000 * abs(divergence(step.posterior) - allowed)


def correlation_weighed(step, weight):
    """What the divergence has beside the total correlation counts once: information, and each unit's divergence."""
    z, mean, scale = step.z, step.posterior.mean, step.posterior.scale
    marginals = [aggregate_log_density(z[:, [j]], mean[:, [j]], scale[:, [j]], EXAMPLES) for j in range(LATENT)]
    correlation = (aggregate_log_density(z, mean, scale, EXAMPLES) - sum(marginals)).mean()
    return misfit(step.likelihood, step.x) + (divergence(step.posterior) - correlation) + weight * correlation


def covariance_held(step, weight, scales=1.0):
    """λ·‖Cov z − I‖²; without the scales it is the method's first kind."""
    within, between = step.posterior.scale.square().mean(0).diag(), torch.cov(step.posterior.mean.T, correction=0)
    return bound(step) + weight * (scales * within + between - torch.eye(LATENT)).square().sum()


def discriminated(step, weight):
    joint = torch.sigmoid(step.model.discriminator(step.z))
    return bound(step) + weight * (joint.log() - (1 - joint).log()).mean()


def cross_entropy(step):
    """Of calling one half of the codes joint, and the other half, shuffled, not."""
    z, half = step.z.detach(), BATCH // 2
    joint = torch.sigmoid(step.model.discriminator(z[:half]))
    shuffled = torch.sigmoid(step.model.discriminator(units_shuffled(z[half:], step.rng)))
    return -joint.log().mean() / 2 - (1 - shuffled).log().mean() / 2


def denoising(step, noise, target=None):
    q = step.encode(step.seen + noise * drawn(step, *step.x.shape))
    likelihood = step.decode(q.mean + q.scale * drawn(step, *step.z.shape))
    return misfit(likelihood, step.x if target is None else target) + divergence(q)


def log_weights(step, samples):
    """Of p(x, z)/q(z|x) at the step's own code and at further ones, shape (samples, batch)."""
    q, logs = step.posterior, []
    for z in (step.z, *(q.mean + q.scale * noise for noise in drawn(step, round(samples) - 1, *step.z.shape))):
        explained = log_density(step.x, step.decode(z).mean, GAUSSIAN_VARIANCE)
        logs.append(explained + log_density(z, 0.0 * z, 1.0) - log_density(z, q.mean, q.scale**2))
    return torch.stack(logs)


def importance_weighted(step, samples):
    return -(torch.logsumexp(log_weights(step, samples), 0) - math.log(samples)).mean()


def decomposed(step, kl_weight):
    """D(x, x̂(μ)) + D(x̂(μ), x̂(z)) + KL."""
    at_mean, at_code = step.decode(step.posterior.mean), step.likelihood
    apart = (at_mean.mean - at_code.mean).square().sum() / (2 * at_code.variance) / BATCH
    return misfit(at_mean, step.x) + apart + kl_weight * divergence(step.posterior)


def evened(step, weight, h=1e-5):
    """λ·Var log(1 + g), g = Σ prec·(D_v² + D_iv²)/4 by differences, at every other code; codes are held."""
    z, v = step.z.detach()[::2], torch.view_as_complex(drawn(step, LATENT // 2, 2))
    ways = [h * way * v / torch.linalg.vector_norm(v) for way in (1, 1j)]
    slopes = [(step.decode(z + way).mean - step.decode(z - way).mean) / (2 * h) for way in ways]
    metric = sum(slope.flatten(1).square().sum(1) for slope in slopes) / (4 * step.likelihood.variance)
    return bound(step) + weight * torch.log(1 + metric).var(correction=0)


FORMULAS = {
    "vae": (bound, 1.0),
    "beta_vae": (bound, 4.0),  # a middle one of Higgins et al. 2017
    "linear_vae": (bound, 1.0),
    "sigma_vae": (bound, 1.0),
    "complex_vae": (bound, 1.0),
    "pair_tied_vae": (bound, 1.0),
    "decomposed_vae": (decomposed, 1.0),
    "annealed_vae": (annealed, 25.0),  # the middle one of Bonheme & Grzes 2022, whose γ it is too
    "beta_tcvae": (correlation_weighed, 4.0),  # the β-VAE's
    "dip_vae_ii": (covariance_held, 5.0),  # the middle one of Bonheme & Grzes 2022
    "factor_vae": (discriminated, 10.0),  # the suite's
    "denoising_vae": (denoising, 0.2),  # the suite's, of data in [0, 1]
    "iwae": (importance_weighted, 5.0),  # of 1, 5 and 50 in Burda et al. 2016
    "kahler_vae": (evened, 10.0),  # the suite's
}
"""What stands under each name: the formula, and the number in it."""

PLAYERS = {"factor_vae": {"discriminator": cross_entropy}, "sigma_vae": {"likelihood": bound}}

TWINS = {
    "annealed_vae": [lambda step: bound(step, 1000)],
    "beta_tcvae": [lambda step: bound(step, 4)],
    "dip_vae_ii": [lambda step: covariance_held(step, 5, scales=0)],
    "factor_vae": [lambda step: correlation_weighed(step, 11)],
    "denoising_vae": [lambda step: denoising(step, 0), lambda step: denoising(step, 0.2, target=step.seen)],
    "iwae": [lambda step: importance_weighted(step, 1), lambda step: -log_weights(step, 5).mean()],
}
"""What each is nearest to, beside the evidence bound."""

MODELS = {
    "linear_vae": {"affine encoder", "affine decoder", "one scale for all data"},
    "sigma_vae": {"likelihood", "learned variance", "another variance"},
    "complex_vae": {"complex codes"},
    "kahler_vae": {"complex codes"},
    "pair_tied_vae": {"scales tied in pairs"},
    "factor_vae": {"discriminator"},
}
"""What tells a model from the ordinary one."""


def traits(model, x):
    q, variance = model.encode(x), torch.as_tensor(model.decode(model.encode(x).mean).variance)
    affine = lambda f, at: torch.allclose(f(2 * at[:3] - at[3:6]), 2 * f(at[:3]) - f(at[3:6]))  # noqa: E731
    there = {
        "complex codes": q.mean.is_complex(),
        "scales tied in pairs": torch.equal(q.scale[:, 0::2], q.scale[:, 1::2]),
        "one scale for all data": torch.equal(q.scale, q.scale[:1].expand_as(q.scale)),
        "affine encoder": affine(lambda x: model.encode(x).mean, x),
        "affine decoder": affine(lambda z: model.decode(z).mean, q.mean),
        "learned variance": variance.requires_grad,
        "another variance": variance.item() != pytest.approx(GAUSSIAN_VARIANCE),
    }
    parts = {name for name, _ in model.named_children()} - {"encoder", "mean", "log_scale", "decoder"}
    return parts | {trait for trait, holds in there.items() if holds}


def assert_same(objective, formula, variant, moment=60, part=""):
    """The same loss, and the same slopes along all weights of a part."""
    results = []
    for each in (objective, formula):
        step = step_of(variant, moment)
        loss, weights = total(each(step)), list(step.model.get_submodule(part).parameters())
        results.append((loss, *torch.autograd.grad(loss, weights, allow_unused=True, materialize_grads=True)))
    torch.testing.assert_close(*results)


def test_every_variant_is_written_out_here_and_no_other():
    assert set(FORMULAS) == set(catalog.variant_names())


@pytest.mark.parametrize("moment", [4, 60])  # at 4 of 100 the capacity 25 stands amid the examples' divergences
@pytest.mark.parametrize("name", catalog.variant_names())
def test_what_is_registered_is_the_formula_with_its_number_at_any_moment(name, moment):
    variant, (formula, number) = found(name), FORMULAS[name]
    assert_same(variant.objective, lambda step: formula(step, number), variant, moment)
    assert variant.kl_weight == (number if formula in (bound, decomposed) else None)
    assert number in variant.strengths or not variant.strengths
    for strength in variant.strengths:
        assert_same(variant.objective_at(strength), lambda step, at=strength: formula(step, at), variant, moment)


@pytest.mark.parametrize("name", catalog.variant_names())
def test_each_adversary_minimises_its_own_formula(name):
    variant, formulas = found(name), PLAYERS.get(name, {})
    assert [adversary.module for adversary in variant.adversaries] == list(formulas)
    for adversary in variant.adversaries:
        assert_same(adversary.objective, formulas[adversary.module], variant, part=adversary.module)


@pytest.mark.parametrize("name", [name for name, formula in FORMULAS.items() if formula != (bound, 1.0)])
def test_no_twin_has_its_loss(name):
    variant = found(name)
    objectives = (variant.objective, bound, *TWINS.get(name, []))
    own, *others = (float(total(objective(step_of(variant))).detach()) for objective in objectives)
    assert min(abs(own - other) for other in others) > 0.01


@pytest.mark.parametrize("name", catalog.variant_names())
def test_its_model_is_an_ordinary_vaes_but_for_what_is_stated(name):
    step = step_of(found(name))
    assert traits(step.model, step.x) == MODELS.get(name, set())
