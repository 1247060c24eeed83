import math

import pytest
import torch
from torch import Tensor

from vaebench.kernels.linear_vae import fixed_scale_gains, learned_scale_solution

EIGENVALUES = torch.tensor([3.0, 1.2, 0.4, 0.05], dtype=torch.float64)
SETTINGS = [
    (0.3, 0.1, 0.0, "clean"),
    (0.8, 1.0, 0.0, "clean"),
    (0.5, 0.2, 0.6, "clean"),
    (0.5, 0.2, 0.6, "noisy"),
    (0.2, 0.5, 0.3, "noisy"),
]


def expected_loss(encoder: Tensor, decoder: Tensor, scale: Tensor, beta: float, noise: float, target: str) -> Tensor:
    """E(‖x − x̂‖² + β·KL) of a linear VAE with whole matrices, scale of shape (latent,)."""
    clean = torch.diag(EIGENVALUES)
    noisy = clean + noise**2 * torch.eye(4, dtype=torch.float64)
    through = decoder @ encoder
    misfit = torch.eye(4, dtype=torch.float64) - through
    if target == "clean":
        distortion = torch.trace(misfit @ clean @ misfit.T) + noise**2 * through.square().sum()
    else:
        distortion = torch.trace(misfit @ noisy @ misfit.T)
    spread = (decoder * scale).square().sum()
    kl = 0.5 * (torch.trace(encoder @ noisy @ encoder.T) + (scale.square() - 1 - 2 * scale.log()).sum())
    return distortion + spread + beta * kl


def minimise(loss, parameters) -> None:
    """Run L-BFGS to the bottom, in place."""
    for _ in range(2):
        optimiser = torch.optim.LBFGS(
            parameters, max_iter=400, tolerance_grad=1e-12, tolerance_change=1e-15, line_search_fn="strong_wolfe"
        )

        def closure(optimiser=optimiser):
            optimiser.zero_grad()
            value = loss()
            value.backward()
            return value

        optimiser.step(closure)


def largest_first(values: Tensor) -> Tensor:
    padded = torch.cat([values.detach(), torch.zeros(4, dtype=torch.float64)])
    return padded.sort(descending=True).values[:4]


@pytest.mark.parametrize("target", ["clean", "noisy"])
def test_the_expected_loss_of_these_tests_is_the_simulated_one(draw, target):
    encoder, decoder, scale = draw(3, 4) / 2, draw(4, 3) / 2, torch.tensor([0.3, 0.8, 1.1], dtype=torch.float64)
    clean = EIGENVALUES.sqrt() * draw(50_000, 4)
    noisy = clean + 0.6 * draw(50_000, 4)
    mean = noisy @ encoder.T
    output = (mean + scale * draw(50_000, 3)) @ decoder.T
    kl = 0.5 * (mean.square() + scale.square() - 1 - 2 * scale.log()).sum(1)
    losses = ((clean if target == "clean" else noisy) - output).square().sum(1) + 0.7 * kl
    expected = expected_loss(encoder, decoder, scale, 0.7, 0.6, target)
    assert abs(float(losses.mean() - expected)) < 4 * float(losses.std()) / 50_000**0.5


@pytest.mark.parametrize("latent", [2, 4, 6])
@pytest.mark.parametrize(("scale", "beta", "noise", "target"), SETTINGS)
def test_fixed_scale_gains_are_what_minimisation_finds(draw, scale, beta, noise, target, latent):
    encoder, decoder = draw(latent, 4).requires_grad_(), draw(4, latent).requires_grad_()
    scales = torch.full((latent,), scale, dtype=torch.float64)
    minimise(lambda: expected_loss(encoder, decoder, scales, beta, noise, target), [encoder, decoder])
    gains = fixed_scale_gains(EIGENVALUES, scale, beta, noise, target, latent=latent)
    close = {"rtol": 0.0, "atol": 1e-5}
    torch.testing.assert_close(largest_first(torch.linalg.svdvals(encoder)), largest_first(gains.encoder_gain), **close)
    torch.testing.assert_close(largest_first(torch.linalg.svdvals(decoder)), largest_first(gains.decoder_gain), **close)
    through = decoder @ encoder
    torch.testing.assert_close(through.detach(), torch.diag(gains.end_to_end_gain), **close)


@pytest.mark.parametrize("latent", [2, 4])
@pytest.mark.parametrize("beta", [0.05, 0.5, 1.5])
def test_the_learned_scale_solution_is_what_minimisation_finds(draw, beta, latent):
    encoder, decoder = draw(latent, 4).requires_grad_(), draw(4, latent).requires_grad_()
    log_scale = torch.full((latent,), -1.0, dtype=torch.float64, requires_grad=True)
    minimise(
        lambda: expected_loss(encoder, decoder, log_scale.exp(), beta, 0.0, "clean"), [encoder, decoder, log_scale]
    )
    solution = learned_scale_solution(EIGENVALUES, beta, latent=latent)
    close = {"rtol": 0.0, "atol": 1e-4}
    # Column norms, not singular values: a diagonal posterior fixes the latent axes.
    torch.testing.assert_close(largest_first(decoder.norm(dim=0)), largest_first(solution.decoder_gain), **close)
    torch.testing.assert_close(log_scale.exp().detach().sort().values, solution.scale.sort().values[:latent], **close)
    through = torch.diag(solution.decoder_gain * solution.encoder_gain)
    torch.testing.assert_close((decoder @ encoder).detach(), through, **close)


def test_gains_are_the_formulas_of_the_science_page():
    scale, beta = 0.4, 0.3
    gains = fixed_scale_gains(EIGENVALUES, scale, beta)
    for index, eigenvalue in enumerate(EIGENVALUES.tolist()):
        if math.sqrt(eigenvalue) > scale * math.sqrt(beta / 2):
            variance = scale * math.sqrt(2 * eigenvalue / beta) - scale**2
            assert float(gains.mean_variance[index]) == pytest.approx(variance)
            assert float(gains.encoder_gain[index]) ** 2 == pytest.approx(variance / eigenvalue)
            decoder = beta / 2 * (math.sqrt(2 * eigenvalue / beta) / scale - 1)
            assert float(gains.decoder_gain[index]) ** 2 == pytest.approx(decoder)
            through = 1 - scale * math.sqrt(beta / (2 * eigenvalue))
            assert float(gains.end_to_end_gain[index]) == pytest.approx(through)


@pytest.mark.parametrize(("scale", "beta", "noise", "target"), SETTINGS)
def test_the_gains_of_one_solution_agree_with_one_another(scale, beta, noise, target):
    gains = fixed_scale_gains(EIGENVALUES, scale, beta, noise, target)
    torch.testing.assert_close(gains.end_to_end_gain, gains.encoder_gain * gains.decoder_gain)
    torch.testing.assert_close(gains.mean_variance, gains.encoder_gain**2 * (EIGENVALUES + noise**2))


def test_the_decoder_gain_falls_and_small_directions_die_first():
    scales = torch.linspace(0.05, 3, 60, dtype=torch.float64).tolist()
    gains = torch.stack([fixed_scale_gains(EIGENVALUES, scale, 0.5).decoder_gain for scale in scales])
    falls = gains[1:] < gains[:-1]
    assert bool((falls | (gains[1:] == 0)).all())
    alive = (gains > 0).sum(0)
    assert alive.tolist() == sorted(alive.tolist(), reverse=True)
    for direction, eigenvalue in enumerate(EIGENVALUES.tolist()):
        died = math.sqrt(eigenvalue / (0.5 / 2))
        assert [gain > 0 for gain in gains[:, direction].tolist()] == [scale < died for scale in scales]


def test_the_encoder_gain_rises_to_half_way_to_collapse_and_falls_after():
    eigenvalue, beta = torch.tensor([1.2], dtype=torch.float64), 0.5
    collapse = math.sqrt(2 * 1.2 / beta)
    scales = torch.linspace(0.01, 1, 100, dtype=torch.float64) * collapse
    gains = torch.cat([fixed_scale_gains(eigenvalue, float(scale), beta).encoder_gain for scale in scales])
    assert float(scales[gains.argmax()]) == pytest.approx(collapse / 2)
    peak = int(gains.argmax())
    assert bool((gains[1 : peak + 1] > gains[:peak]).all())
    assert bool((gains[peak + 1 :] < gains[peak:-1]).all())


def test_input_noise_lowers_the_encoder_gain_of_a_clean_target_only():
    noises = torch.linspace(0, 1.5, 40, dtype=torch.float64).tolist()
    clean = torch.stack([fixed_scale_gains(EIGENVALUES, 0.3, 0.5, s).encoder_gain for s in noises])
    assert bool(((clean[1:] < clean[:-1]) | (clean[1:] == 0)).all())
    noisy = torch.stack([fixed_scale_gains(EIGENVALUES, 0.9, 0.5, s, "noisy").encoder_gain for s in noises])
    assert float(noisy[0, -1]) == 0
    assert float(noisy[-1, -1]) > 0
    assert bool((noisy.amax(1).diff() > 0).any() | (noisy[:, -1].diff() > 0).any())
    for s, gains in zip(noises, clean, strict=True):
        total = EIGENVALUES + s**2
        expected = 0.3 * EIGENVALUES * math.sqrt(2 / 0.5) * total**-1.5 - 0.09 / total
        torch.testing.assert_close(gains**2, expected.clamp_min(0))


def test_without_noise_the_target_does_not_matter():
    clean, noisy = (fixed_scale_gains(EIGENVALUES, 0.3, 0.5, 0.0, target) for target in ("clean", "noisy"))
    for one, other in zip(clean, noisy, strict=True):
        torch.testing.assert_close(one, other)


def test_few_units_go_to_the_largest_eigenvalues_in_any_order():
    shuffled = EIGENVALUES[[2, 0, 3, 1]]
    gains = fixed_scale_gains(shuffled, 0.1, 0.1, latent=2)
    assert (gains.decoder_gain > 0).tolist() == [False, True, False, True]
    solution = learned_scale_solution(shuffled, 0.05, latent=2)
    assert (solution.scale < 1).tolist() == [False, True, False, True]


def test_collapse_comes_at_half_beta():
    eigenvalues = torch.tensor([0.4999, 0.5, 0.5001, 0.0], dtype=torch.float64)
    solution = learned_scale_solution(eigenvalues, 1.0)
    assert (solution.decoder_gain > 0).tolist() == [False, False, True, False]
    assert solution.scale[[0, 1, 3]].tolist() == [1, 1, 1]
    assert solution.encoder_gain[[0, 1, 3]].tolist() == [0, 0, 0]


def test_directions_without_variance_stay_silent_in_single_precision():
    gains = fixed_scale_gains(torch.tensor([1.0, 0.0]), 0.5, 0.5)
    assert [float(gain[1]) for gain in gains] == [0, 0, 0, 0]
    assert gains.encoder_gain.dtype == learned_scale_solution(torch.ones(1), 0.5).scale.dtype == torch.float32


def test_every_refusal_says_why():
    with pytest.raises(ValueError, match="eigenvalues are variances"):
        learned_scale_solution(torch.tensor([-1.0]), 1.0)
    with pytest.raises(ValueError, match="beta must be positive, got 0"):
        fixed_scale_gains(EIGENVALUES, 1.0, 0.0)
    with pytest.raises(ValueError, match="scale must be positive"):
        fixed_scale_gains(EIGENVALUES, 0.0, 1.0)
    with pytest.raises(ValueError, match=r"input_noise not negative, got 1\.0 and -0\.5"):
        fixed_scale_gains(EIGENVALUES, 1.0, 1.0, -0.5)
    with pytest.raises(ValueError, match="unknown target 'both'; known: clean, noisy"):
        fixed_scale_gains(EIGENVALUES, 1.0, 1.0, target="both")
