"""Laws of the closed forms: no neighbouring model does better, no optimiser finds a better one, and who gets none."""

import math

import pytest
import torch
from scipy.optimize import minimize

from vaebench.data import Dataset, Split, Truth
from vaebench.models import Unfit
from vaebench.models.exact import (
    affine_model,
    linear_vae_at_fixed_scale,
    linear_vae_on_principal_axes,
    linear_vae_with_learned_scale,
    principal_axes,
)

VARIANCES = (2.0, 0.7, 0.2, 0.02)


def exact_data(n=400, shape=(2, 3), centre=0.3):
    """Examples whose mean and covariance are exactly what they should be, to rounding."""
    rng = torch.Generator().manual_seed(0)
    rows = torch.randn(n, len(VARIANCES), generator=rng, dtype=torch.float64)
    rows -= rows.mean(0)
    rows = rows @ torch.linalg.inv(torch.linalg.cholesky(rows.T @ rows / n)).T * torch.tensor(VARIANCES).double().sqrt()
    basis = torch.linalg.qr(torch.randn(6, len(VARIANCES), generator=rng, dtype=torch.float64))[0].T
    x = (rows @ basis + centre).float().reshape(n, *shape)
    truth = Truth(lambda x: x.sum(), VARIANCES, True, basis.reshape(-1, *shape))
    return Dataset("exact", 1, Split(x), Split(x[:50]), truth)


def weights_of(model):
    layer = model.decoder[0]
    parts = (model.mean.weight, model.mean.bias, model.log_scale.weight, model.log_scale.bias, layer.weight, layer.bias)
    return [part.detach().double() for part in parts]


def expected_loss(weights, mean, covariance, beta, scale):
    """E‖x − x̂‖² + β·KL of a linear VAE with everything integrated out; normal data where the scale depends on x."""
    encoder, shift, slope, intercept, decoder, offset = weights
    if scale is None:
        log_scale = slope @ mean + intercept
        squared = torch.exp(2 * log_scale + 2 * ((slope @ covariance) * slope).sum(1))
    else:
        log_scale = torch.full((len(shift),), math.log(scale), dtype=torch.float64)
        squared = torch.exp(2 * log_scale)
    centre = encoder @ mean + shift
    miss = torch.eye(len(mean), dtype=torch.float64) - decoder @ encoder
    distortion = torch.trace(miss @ covariance @ miss.T) + (mean - decoder @ centre - offset).square().sum()
    distortion = distortion + (decoder.square().sum(0) * squared).sum()
    second = ((encoder @ covariance) * encoder).sum(1) + centre.square()
    return distortion + beta / 2 * (second + squared - 1 - 2 * log_scale).sum()


def moments(data):
    mean, eigenvalues, axes = principal_axes(data.train.x)
    return mean, (axes.T * eigenvalues) @ axes


FIXED = [(0.1, 0.1), (0.5, 0.1), (1.0, 0.1), (0.5, 1.0), (3.0, 1.0)]


def solve(data, latent, scale, beta):
    if scale is None:
        return linear_vae_with_learned_scale(data, latent, None, beta)
    return linear_vae_at_fixed_scale(data, latent, scale, beta)


@pytest.mark.parametrize(("scale", "beta"), [*FIXED, (None, 0.01), (None, 0.3), (None, 1.0)])
def test_no_neighbour_does_better(scale, beta):
    data = exact_data(centre=0.0)
    mean, covariance = moments(data)
    weights = weights_of(solve(data, len(VARIANCES), scale, beta))
    best = float(expected_loss(weights, mean, covariance, beta, scale))
    rng = torch.Generator().manual_seed(1)
    for size in (1e-3, 1e-2, 0.3):
        for _ in range(40):
            there = [w + size * torch.randn(w.shape, generator=rng, dtype=torch.float64) for w in weights]
            assert float(expected_loss(there, mean, covariance, beta, scale)) > best - 1e-6


@pytest.mark.parametrize(("scale", "beta"), [*FIXED, (None, 0.01), (None, 0.3), (None, 1.0)])
def test_the_loss_is_level_there(scale, beta):
    data = exact_data(centre=0.0)
    weights = [w.requires_grad_() for w in weights_of(solve(data, len(VARIANCES), scale, beta))]
    loss = expected_loss(weights, *moments(data), beta, scale)
    for slope in torch.autograd.grad(loss, weights, allow_unused=True):
        assert slope is None or slope.abs().max() < 1e-4


@pytest.mark.parametrize(("scale", "beta", "latent"), [(0.5, 0.1, 2), (1.0, 0.1, 4), (None, 0.1, 4)])
def test_no_optimiser_finds_a_better_one(scale, beta, latent):
    data = exact_data(centre=0.0)
    mean, covariance = moments(data)
    exact = weights_of(solve(data, latent, scale, beta))
    best = float(expected_loss(exact, mean, covariance, beta, scale))
    rng = torch.Generator().manual_seed(2)
    weights = [(0.3 * torch.randn(w.shape, generator=rng, dtype=torch.float64)).requires_grad_() for w in exact]
    used = weights if scale is None else [weights[i] for i in (0, 1, 4, 5)]
    optimiser = torch.optim.LBFGS(used, max_iter=500, line_search_fn="strong_wolfe", tolerance_change=1e-14)

    def closure():
        optimiser.zero_grad()
        loss = expected_loss(weights, mean, covariance, beta, scale)
        loss.backward()
        return loss

    optimiser.step(closure)
    assert float(closure().detach()) == pytest.approx(best, abs=1e-5)


def line_data(variance, n=40):
    """Examples on a line through one number, mean 0 and this variance exactly."""
    x = torch.linspace(-1, 1, n, dtype=torch.float64)
    return Dataset("line", 1, Split((x * (variance / x.square().mean()).sqrt())[:, None].float()), Split(torch.zeros(1, 1)))


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
            one.decode(one.encode(x).mean).mean - x.mean(0), other.decode(other.encode(x - x.mean(0)).mean).mean, atol=1e-4, rtol=0
        )
        torch.testing.assert_close(one.encode(x).scale, other.encode(x).scale, atol=1e-4, rtol=0)


def test_data_off_the_origin_are_centred_first():
    near, far = exact_data(centre=0.0), exact_data(centre=5.0)
    one, other = (linear_vae_at_fixed_scale(data, 2, 0.5, 0.1) for data in (near, far))
    torch.testing.assert_close(one.encode(near.train.x).mean, other.encode(far.train.x).mean, atol=1e-4, rtol=0)
    reconstructed = other.decode(other.encode(far.train.x).mean).mean
    torch.testing.assert_close(reconstructed.mean(0), far.train.x.mean(0), atol=1e-5, rtol=0)


def test_the_models_say_the_scale_that_they_are_solved_for():
    data = exact_data()
    fixed = linear_vae_at_fixed_scale(data, 2, 0.5, 0.1).encode(data.train.x)
    torch.testing.assert_close(fixed.scale, torch.full_like(fixed.scale, 0.5))
    learned = linear_vae_with_learned_scale(data, 5, None, 0.1).encode(data.train.x)
    expected = [min(1.0, 0.1 / (2 * variance)) ** 0.5 for variance in (*VARIANCES, 1e-9)]
    torch.testing.assert_close(learned.scale[0], torch.tensor(expected))


def test_units_beyond_the_sources_collapse():
    data = exact_data()
    model = linear_vae_with_learned_scale(data, 6, None, 0.1)
    posterior = model.encode(data.train.x)
    assert posterior.mean[:, 3:].abs().max() == 0  # the last variance is below β/2
    torch.testing.assert_close(
        posterior.kl(),
        0.5
        * (posterior.mean[:, :3].square() + posterior.scale[:, :3].square() - 1 - 2 * posterior.log_scale[:, :3]).sum(
            1
        ),
    )


def test_a_latent_space_that_is_too_small_codes_the_largest_directions():
    data = exact_data()
    model = linear_vae_at_fixed_scale(data, 2, 0.3, 0.1)
    with torch.no_grad():
        lost = (data.train.x - model.decode(model.encode(data.train.x).mean).mean).flatten(1)
    left = torch.linalg.svdvals(lost - lost.mean(0)).square() / len(lost)
    assert float(left.sum()) > VARIANCES[2] + VARIANCES[3]
    assert float(left[0]) < VARIANCES[1]


def test_principal_axes_rebuild_the_covariance():
    x = torch.randn(200, 2, 3, generator=torch.Generator().manual_seed(3))
    mean, eigenvalues, axes = principal_axes(x)
    rows = x.flatten(1).double()
    assert (eigenvalues[:-1] >= eigenvalues[1:]).all()
    assert eigenvalues.dtype == torch.float64
    torch.testing.assert_close(axes @ axes.T, torch.eye(6, dtype=torch.float64))
    torch.testing.assert_close((axes.T * eigenvalues) @ axes, torch.cov(rows.T, correction=0))
    torch.testing.assert_close(mean, rows.mean(0))


def test_principal_axes_of_data_on_a_line_have_no_negative_variance():
    x = torch.linspace(-1, 1, 50)[:, None] * torch.ones(1, 6)
    eigenvalues = principal_axes(x)[1]
    assert (eigenvalues >= 0).all()
    assert eigenvalues[1:].max() < 1e-12


def test_an_affine_model_is_what_it_is_said_to_be():
    axes = torch.eye(3, dtype=torch.float64)[:2]
    gains = torch.tensor([2.0, 3.0]).double()
    model = affine_model((3,), torch.tensor([1.0, 0.0, 0.0]).double(), axes, gains, 1 / gains, torch.tensor([0.1, 0.2]))
    x = torch.tensor([[2.0, 1.0, 7.0]])
    torch.testing.assert_close(model.encode(x).mean, torch.tensor([[2.0, 3.0]]))
    torch.testing.assert_close(model.encode(x).scale, torch.tensor([[0.1, 0.2]]))
    torch.testing.assert_close(model.decode(model.encode(x).mean).mean, torch.tensor([[2.0, 1.0, 0.0]]))


def test_who_has_no_closed_form_is_told_why():
    data = exact_data()
    with pytest.raises(Unfit, match=r"^this closed form needs a fixed posterior scale$"):
        linear_vae_at_fixed_scale(data, 2, None, 0.1)
    with pytest.raises(Unfit, match=r"^this closed form needs a posterior scale that is learned$"):
        linear_vae_with_learned_scale(data, 4, 0.5, 0.1)
    with pytest.raises(Unfit, match=r"^3 latent units cannot code 4 sources$"):
        linear_vae_with_learned_scale(data, 3, None, 0.1)
    with pytest.raises(Unfit, match=r"^this closed form is for an encoder without input noise$"):
        linear_vae_with_learned_scale(data, 4, None, 0.1, 0.2)
    for scale, noise in ((0.5, 0.0), (None, 0.2)):
        with pytest.raises(Unfit, match=r"^this closed form needs a posterior scale that is learned, and no input"):
            linear_vae_on_principal_axes(data, 2, scale, 0.1, noise)
    with pytest.raises(Unfit, match=r"^7 latent units are more than 6 dimensions of the data$"):
        linear_vae_on_principal_axes(data, 7, None, 0.1)


@pytest.mark.parametrize(
    "truth",
    [
        Truth(lambda x: x.sum(), VARIANCES, False, torch.eye(4, 6).reshape(4, 2, 3)),
        Truth(lambda x: x.sum(), None, False, None, dimension=4),
    ],
)
def test_sources_that_are_not_known_to_be_normal_have_no_closed_form(truth):
    plain = exact_data()
    data = Dataset(plain.name, 1, plain.train, plain.held_out, truth)
    with pytest.raises(Unfit, match=r"^the linear VAE's closed form is exact only for normal sources$"):
        linear_vae_with_learned_scale(data, 4, None, 0.1)
