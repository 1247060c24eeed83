import pytest
import torch

from vaebench.kernels.estimate import Undefined
from vaebench.kernels.mean_degree import data_mean_degree, latent_mean_degree
from vaebench.kernels.noise_stability import high_frequency_share


def degree(function, latent=3, samples=20_000, seed=0, **options):
    rng = torch.Generator().manual_seed(seed)
    return latent_mean_degree(function, latent, samples, rng, dtype=torch.float64, **options)


def agrees(estimate, truth):
    return abs(float(estimate.value) - truth) < 4 * float(estimate.stderr)


@pytest.mark.parametrize(
    ("function", "truth"),
    [
        (lambda z: 3 - 2 * z, 1),
        (lambda z: z**2, 2),
        (lambda z: z[:, :1] * z[:, 1:2], 2),
        (lambda z: z**3 - 3 * z, 3),
        (lambda z: z[:, :1] * z[:, 1:2] * z[:, 2:], 3),
        (lambda z: torch.stack([2 * z[:, 0], z[:, 1] ** 2 / 2**0.5], 1), (4 * 1 + 1 * 2) / 5),
    ],
)
def test_pure_degrees_count_themselves_and_mixtures_average(function, truth):
    estimate = degree(function)
    assert agrees(estimate, truth)
    assert float(estimate.stderr) < 0.2


def test_only_affine_functions_reach_the_poincare_bound(mlp):
    gentle, rough = mlp([3, 32, 5]), mlp([3, 32, 5], gain=4.0)
    assert 1.05 < float(degree(gentle).value) < float(degree(rough).value)


def test_it_is_the_slope_of_noise_stability_at_one(mlp):
    net = mlp([3, 16, 4])
    nearly = 1 - 1e-4
    rng = torch.Generator().manual_seed(1)
    share = high_frequency_share(net, 3, nearly, 20_000, rng, dtype=torch.float64)
    slope, slope_error = float(share.value) / 1e-4, float(share.stderr) / 1e-4
    estimate = degree(net)
    assert abs(slope - float(estimate.value)) < 4 * (slope_error**2 + float(estimate.stderr) ** 2) ** 0.5


def test_scale_and_shift_of_the_output_change_nothing(mlp):
    net = mlp([3, 16, 4])
    assert float(degree(lambda z: 5 - 1e-3 * net(z)).value) == pytest.approx(float(degree(net).value), rel=1e-9)


def test_stretching_the_latent_space_does_change_it(mlp):
    net = mlp([3, 16, 4])
    assert float(degree(lambda z: net(2 * z)).value) > 1.2 * float(degree(net).value)


def test_standard_error_is_honest():
    estimates = [degree(lambda z: torch.cat([z, z**2], 1), latent=2, samples=1000, seed=seed) for seed in range(300)]
    scores = torch.stack([(e.value - 5 / 3) / e.stderr for e in estimates])
    assert 0.91 < float((scores.abs() < 1.96).double().mean()) < 0.98
    assert abs(float(scores.mean())) < 0.25


@pytest.mark.parametrize("chunk", [7, 10**6])
def test_the_chunk_changes_memory_only(mlp, draw, chunk):
    net, x = mlp([3, 16, 4]), draw(50, 3)
    assert float(degree(net, samples=50, chunk=chunk).value) == pytest.approx(float(degree(net, samples=50).value))
    assert float(data_mean_degree(net, x, chunk=chunk).value) == pytest.approx(float(data_mean_degree(net, x).value))


def test_forward_and_reverse_mode_agree_on_normal_data(mlp):
    net = mlp([3, 16, 4])
    x = torch.randn(500, 3, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    forward, reverse = degree(net, samples=500), data_mean_degree(net, x)
    assert float(forward.value) == pytest.approx(float(reverse.value))
    assert float(forward.stderr) == pytest.approx(float(reverse.stderr))


def test_a_linear_encoder_has_its_closed_form(draw):
    x = draw(300, 5) * torch.tensor([2.0, 1.0, 0.5, 0.2, 0.1], dtype=torch.float64)
    weight = draw(2, 5)
    truth = weight.square().sum() / torch.trace(weight @ torch.cov(x.T) @ weight.T)
    assert float(data_mean_degree(lambda x: x @ weight.T, x).value) == pytest.approx(float(truth))


def test_images_are_data_too_and_shrinking_the_code_changes_nothing(encoder, draw):
    x = draw(40, 2, 8, 8)
    one, other = data_mean_degree(encoder, x), data_mean_degree(lambda x: 1e-3 * encoder(x), x)
    assert float(one.value) == pytest.approx(float(other.value))
    assert one.n == 40


def test_what_has_no_degree_says_why(draw):
    with pytest.raises(Undefined, match="the function is constant"):
        degree(lambda z: torch.zeros_like(z) + 0.3)
    with pytest.raises(Undefined, match="the function is constant"):
        data_mean_degree(lambda x: 0 * x[:, :1], draw(10, 3))
    with pytest.raises(Undefined, match="not finite"):
        data_mean_degree(lambda x: x / 0, draw(10, 3))
    with pytest.raises(Undefined, match="at least two examples, got 1"):
        degree(torch.sin, samples=1)
    with pytest.raises(ValueError, match=r"outputs of shape \(batch, outputs\)"):
        data_mean_degree(lambda x: x[:, 0], draw(10, 3))
