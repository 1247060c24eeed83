"""Laws of the closed forms: no neighbouring model does better, no optimiser finds a better one, and who gets none."""

import math
import time

import pytest
import torch
from models.solved import VARIANCES, exact_data, weights_of

from vaebench.data import Dataset, Split, Truth
from vaebench.kernels.linear_vae import fixed_scale_gains
from vaebench.models import Unfit, exact
from vaebench.models.exact import (
    affine_model,
    linear_vae_at_fixed_scale,
    linear_vae_on_principal_axes,
    linear_vae_with_learned_scale,
    principal_axes,
)


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


def test_principal_axes_of_many_examples_are_summed_in_parts(monkeypatch):
    x = torch.randn(203, 2, 3, generator=torch.Generator().manual_seed(3)) + 50
    whole = principal_axes.__wrapped__(x)
    monkeypatch.setattr(exact, "WHOLE", 100)
    monkeypatch.setattr(exact, "AT_ONCE", 37)
    mean, eigenvalues, axes = principal_axes.__wrapped__(x)
    torch.testing.assert_close((mean, eigenvalues), whole[:2], rtol=1e-12, atol=1e-12)
    torch.testing.assert_close((axes @ whole[2].T).abs(), torch.eye(6, dtype=torch.float64), rtol=0, atol=1e-10)


def test_no_data_set_of_the_tasks_has_so_many_examples_that_its_axes_are_summed_otherwise():
    """Their records were made with whole copies, and stay comparable to the last digit."""
    assert exact.WHOLE >= 20_000


@pytest.mark.parametrize("n", [200, 6])
def test_principal_axes_of_as_many_examples_as_dimensions_are_those_of_the_covariance_to_the_bit(n):
    x = torch.randn(n, 2, 3, generator=torch.Generator().manual_seed(3))
    rows = x.flatten(1).double()
    eigenvalues, axes = torch.linalg.eigh((rows - rows.mean(0)).T @ (rows - rows.mean(0)) / n)
    assert principal_axes(x)[1].equal(eigenvalues.flip(0).clamp(min=0))
    assert principal_axes(x)[2].equal(axes.T.flip(0))


@pytest.mark.parametrize("n", [2, 7, 19])
def test_principal_axes_of_fewer_examples_than_dimensions_are_those_of_the_covariance(n):
    x = torch.randn(n, 4, 5, generator=torch.Generator().manual_seed(3)) + 2
    mean, eigenvalues, axes = principal_axes(x)
    rows = x.flatten(1).double()
    covariance = torch.cov(rows.T, correction=0)
    assert (eigenvalues.shape, axes.shape) == ((n,), (n, 20))
    torch.testing.assert_close(mean, rows.mean(0))
    torch.testing.assert_close(eigenvalues, torch.linalg.eigvalsh(covariance).flip(0)[:n])
    torch.testing.assert_close(axes @ axes.T, torch.eye(n, dtype=torch.float64))
    torch.testing.assert_close((axes.T * eigenvalues) @ axes, covariance)


def test_principal_axes_of_few_pictures_take_no_time():
    x = torch.rand(128, 3, 32, 32, generator=torch.Generator().manual_seed(3))
    start = time.process_time()
    eigenvalues = principal_axes(x)[1]
    assert time.process_time() - start < 3  # by the covariance, 44
    torch.testing.assert_close(eigenvalues.sum(), x.double().var(0, correction=0).sum())


@pytest.mark.parametrize("target", ["clean", "noisy"])
@pytest.mark.parametrize("noise", [0.0, 0.8])
def test_more_units_than_examples_are_coded_as_by_the_whole_covariance(noise, target):
    """Three examples in 20 dimensions span two; the noise on the input is in all, and a noisy target wakes them."""
    x = torch.randn(3, 4, 5, generator=torch.Generator().manual_seed(3))
    model = linear_vae_at_fixed_scale(Dataset("few", 1, Split(x), Split(x)), 9, 0.3, 0.1, noise, target)
    encoder, _, _, _, decoder, _ = weights_of(model)
    variances = torch.linalg.eigvalsh(torch.cov(x.flatten(1).double().T, correction=0)).flip(0).clamp(min=0)[:9]
    gains = fixed_scale_gains(variances, 0.3, 0.1, noise, target)
    for found, gain in ((encoder, gains.encoder_gain), (decoder, gains.decoder_gain)):
        torch.testing.assert_close(torch.linalg.svdvals(found), gain.sort(descending=True).values, rtol=1e-5, atol=1e-6)
    assert int((gains.decoder_gain > 1e-3).sum()) == (9 if noise and target == "noisy" else 2)
    shrunk = torch.linalg.eigvalsh(decoder @ encoder).flip(0)[:9]
    torch.testing.assert_close(shrunk, gains.end_to_end_gain.sort(descending=True).values, rtol=1e-5, atol=1e-6)


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
    with pytest.raises(Unfit, match=r"^7 latent units are more than 6 dimensions of the data$"):
        linear_vae_at_fixed_scale(data, 7, 0.5, 0.1)
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
