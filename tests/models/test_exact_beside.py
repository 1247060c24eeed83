"""Laws of the closed forms beside: under noise on the input, against either target, and on the training data's axes."""

import math

import pytest
import torch
from models.solved import VARIANCES, exact_data, weights_of
from scipy.optimize import minimize

from vaebench.data import Dataset, Split
from vaebench.models import Unfit
from vaebench.models.exact import (
    linear_vae_at_fixed_scale,
    linear_vae_on_principal_axes,
    linear_vae_with_learned_scale,
    principal_axes,
)


def line_data(variance, n=40):
    """Examples on a line through one number, mean 0 and this variance exactly."""
    x = torch.linspace(-1, 1, n, dtype=torch.float64)
    return Dataset(
        "line", 1, Split((x * (variance / x.square().mean()).sqrt())[:, None].float()), Split(torch.zeros(1, 1))
    )


def noisy_loss(gains, variance, scale, beta, noise, target):
    """E‖t − w·z‖² + β·KL in one dimension, z = α·(x + s·ε) + σ·ξ, everything integrated out; t is x or x + s·ε."""
    encoder, decoder = gains
    seen = variance + noise**2
    wanted, shared = (seen, seen) if target == "noisy" else (variance, variance)
    second = encoder**2 * seen + scale**2
    miss = wanted - 2 * decoder * encoder * shared + decoder**2 * second
    return miss + beta / 2 * (second - 1 - 2 * math.log(scale))


NOISY = [
    (variance, scale, beta, noise, target)
    for variance, scale, beta in ((2.0, 0.5, 0.1), (0.3, 0.2, 0.4), (0.3, 1.0, 1.0), (0.02, 0.2, 0.3))
    for noise in (0.0, 0.3, 1.0)
    for target in ("clean", "noisy")
]


@pytest.mark.parametrize(("variance", "scale", "beta", "noise", "target"), NOISY)
def test_under_input_noise_no_minimiser_finds_other_gains(variance, scale, beta, noise, target):
    found = linear_vae_at_fixed_scale(line_data(variance), 1, scale, beta, noise, target)
    exact = [abs(float(part.detach())) for part in (found.mean.weight, found.decoder[0].weight)]
    terms = (variance, scale, beta, noise, target)
    best = min(
        (minimize(noisy_loss, start, terms, tol=1e-14) for start in ([0.01, 0.01], [1.0, 1.0], [3.0, 0.3])),
        key=lambda tried: tried.fun,
    )
    assert noisy_loss(exact, *terms) == pytest.approx(best.fun, rel=1e-7)
    assert exact == pytest.approx([abs(gain) for gain in best.x], abs=2e-4)


@pytest.mark.parametrize("noise", [0.0, 0.1, 0.5, 1.0])
def test_with_a_clean_target_each_encoder_gain_is_the_one_solved_by_hand(noise):
    """α² = σλ√(2/β)·a^(−3/2) − σ²/a with a = λ + s², where that is above 0."""
    scale, beta = 0.3, 0.1
    model = linear_vae_at_fixed_scale(exact_data(), len(VARIANCES), scale, beta, noise)
    found = torch.linalg.svdvals(model.mean.weight.detach().double()).square()
    seen = torch.tensor(VARIANCES).double() + noise**2
    by_hand = scale * torch.tensor(VARIANCES) * (2 / beta) ** 0.5 * seen**-1.5 - scale**2 / seen
    assert (by_hand > 0).sum() >= 2
    torch.testing.assert_close(found, by_hand.clamp(min=0).sort(descending=True).values, atol=1e-6, rtol=1e-5)


def test_with_a_noisy_target_the_model_is_that_of_data_that_vary_as_much():
    wide = line_data(0.3 + 0.5**2)
    noisy = weights_of(linear_vae_at_fixed_scale(line_data(0.3), 1, 0.4, 0.2, 0.5, "noisy"))
    for one, other in zip(noisy, weights_of(linear_vae_at_fixed_scale(wide, 1, 0.4, 0.2)), strict=True):
        torch.testing.assert_close(one.abs(), other.abs(), atol=1e-5, rtol=1e-5)


def test_noise_lowers_the_encoder_with_a_clean_target_and_wakes_dead_directions_with_a_noisy_one():
    def active(noise, target):
        model = linear_vae_at_fixed_scale(exact_data(), len(VARIANCES), 0.5, 0.3, noise, target)
        gains = torch.linalg.svdvals(model.mean.weight.detach())
        return int((gains > 1e-5).sum()), float(gains.max())

    alive = [active(noise, "clean") for noise in (0.0, 0.3, 1.0)]
    assert [gain for _, gain in alive] == sorted((gain for _, gain in alive), reverse=True)
    assert [count for count, _ in alive] == sorted((count for count, _ in alive), reverse=True)
    assert active(0.0, "noisy")[0] < active(1.0, "noisy")[0] == len(VARIANCES)


def skewed_data(n=300):
    """Examples of very unequal tails: what a closed form that needed normal data would miss."""
    rng = torch.Generator().manual_seed(4)
    sources = torch.distributions.Exponential(1.0).icdf(torch.rand(n, 4, generator=rng, dtype=torch.float64))
    mixing = torch.randn(4, 6, generator=rng, dtype=torch.float64) * torch.tensor([2.0, 1.0, 0.5, 0.1])[:, None]
    x = (sources @ mixing - 1).float().reshape(n, 2, 3)
    return Dataset("skewed", 1, Split(x), Split(x[:50]))


def bound(weights, x, beta):
    """E‖x − x̂‖² + β·KL over given examples, the code's noise integrated out."""
    encoder, shift, slope, intercept, decoder, offset = weights
    mean, log_scale = x @ encoder.T + shift, x @ slope.T + intercept
    miss = (x - mean @ decoder.T - offset).square().sum(1) + (decoder.square().sum(0) * (2 * log_scale).exp()).sum(1)
    return (miss + beta / 2 * (mean.square() + (2 * log_scale).exp() - 1 - 2 * log_scale).sum(1)).mean()


@pytest.mark.parametrize("latent", [1, 3, 6])
@pytest.mark.parametrize("beta", [0.02, 0.5, 3.0])
def test_on_principal_axes_the_bound_is_level_over_the_training_data_whatever_their_law(beta, latent):
    """In every weight, those of a scale that depends on x too: second moments alone decide."""
    data = skewed_data()
    x = data.train.x.flatten(1).double()
    weights = [w.requires_grad_() for w in weights_of(linear_vae_on_principal_axes(data, latent, None, beta))]
    loss = bound(weights, x, beta)
    for slope in torch.autograd.grad(loss, weights):
        assert slope.abs().max() < 1e-4 * float(loss.detach())
    rng = torch.Generator().manual_seed(5)
    for size in (1e-2, 0.3):
        for _ in range(20):
            there = [w + size * torch.randn(w.shape, generator=rng, dtype=torch.float64) for w in weights]
            assert float(bound(there, x, beta).detach()) > float(loss.detach()) - 1e-6


def test_data_of_equal_second_moments_have_the_same_model_on_principal_axes():
    skewed = skewed_data()
    mean, eigenvalues, axes = principal_axes(skewed.train.x)
    rows = torch.randn(300, 6, generator=torch.Generator().manual_seed(6), dtype=torch.float64)
    rows = torch.linalg.qr(rows - rows.mean(0))[0] * 300**0.5
    normal = ((rows * eigenvalues.sqrt()) @ axes + mean).float().reshape(300, 2, 3)
    models = [
        linear_vae_on_principal_axes(data, 3, None, 0.5)
        for data in (skewed, Dataset("normal", 1, Split(normal), Split(normal)))
    ]
    with torch.no_grad():
        x = skewed.train.x
        torch.testing.assert_close(*(m.decode(m.encode(x).mean).mean for m in models), atol=1e-3, rtol=1e-3)
        torch.testing.assert_close(*(m.encode(x).scale for m in models), atol=1e-4, rtol=1e-4)


def test_on_normal_sources_the_principal_axes_give_the_model_of_the_known_sources():
    data = exact_data()
    one, other = linear_vae_on_principal_axes(data, 4, None, 0.1), linear_vae_with_learned_scale(data, 4, None, 0.1)
    with torch.no_grad():
        x = data.train.x
        torch.testing.assert_close(
            one.decode(one.encode(x).mean).mean - x.mean(0),
            other.decode(other.encode(x - x.mean(0)).mean).mean,
            atol=1e-4,
            rtol=0,
        )
        torch.testing.assert_close(one.encode(x).scale, other.encode(x).scale, atol=1e-4, rtol=0)


def test_data_of_unknown_density_are_solved_on_their_principal_axes():
    data = skewed_data()
    one, other = linear_vae_with_learned_scale(data, 3, None, 0.1), linear_vae_on_principal_axes(data, 3, None, 0.1)
    assert all(torch.equal(a, b) for a, b in zip(weights_of(one), weights_of(other), strict=True))
    with pytest.raises(Unfit, match=r"^7 latent units are more than 6 dimensions of the data$"):
        linear_vae_with_learned_scale(data, 7, None, 0.1)
