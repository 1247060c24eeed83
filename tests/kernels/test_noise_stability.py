import pytest
import torch
from torch import Tensor

from vaebench.kernels.estimate import Undefined
from vaebench.kernels.noise_stability import high_frequency_share


def hermite(degree: int, t: Tensor) -> Tensor:
    """Hermite polynomial with unit energy under N(0, 1)."""
    coefficients = {1: [0, 1], 2: [-1, 0, 1], 3: [0, -3, 0, 1], 4: [3, 0, -6, 0, 1]}[degree]
    energy = {1: 1, 2: 2, 3: 6, 4: 24}[degree]
    return sum(c * t**power for power, c in enumerate(coefficients)) / energy**0.5


def share(function, latent=3, rho=0.9, samples=20_000, seed=0, **options):
    rng = torch.Generator().manual_seed(seed)
    return high_frequency_share(function, latent, rho, samples, rng, dtype=torch.float64, **options)


def agrees(estimate, truth):
    return abs(float(estimate.value) - truth) < 4 * float(estimate.stderr)


@pytest.mark.parametrize("rho", [0.0, 0.5, 0.9])
@pytest.mark.parametrize("degree", [1, 2, 3, 4])
def test_degree_k_loses_one_minus_rho_to_the_k(degree, rho):
    direction = torch.tensor([0.6, 0.0, 0.8], dtype=torch.float64)
    estimate = share(lambda z: hermite(degree, z @ direction).unsqueeze(1), rho=rho)
    assert agrees(estimate, 1 - rho**degree)
    assert float(estimate.stderr) < 0.05


def test_a_product_of_units_counts_its_total_degree():
    assert agrees(share(lambda z: hermite(2, z[:, :1]) * z[:, 1:2], rho=0.7), 1 - 0.7**3)


def test_energies_of_several_degrees_and_outputs_add():
    def function(z):
        return torch.stack([2 * z[:, 0] + hermite(3, z[:, 1]), 3 * hermite(2, z[:, 2])], dim=1)

    truth = (4 * (1 - 0.9) + 1 * (1 - 0.9**3) + 9 * (1 - 0.9**2)) / 14
    assert agrees(share(function), truth)


def test_no_function_loses_less_than_an_affine_one(mlp):
    affine = share(lambda z: z @ torch.ones(3, 2, dtype=torch.float64) - 4)
    assert agrees(affine, 0.1)
    assert float(share(mlp([3, 32, 5], gain=3.0)).value) > 0.11


def test_more_wiggles_lose_more():
    shares = [float(share(lambda z, pace=pace: torch.sin(pace * z)).value) for pace in (0.3, 1.0, 2.0, 3.0)]
    assert shares == sorted(shares)
    # E over N(0,1) of sin²: energy at ρ is e^{-ω²}·sinh(ρω²), a closed form for a single frequency.
    frequency, rho = torch.tensor(4.0), 0.9
    assert agrees(share(lambda z: torch.sin(2 * z)), 1 - float(torch.sinh(rho * frequency) / torch.sinh(frequency)))


def test_output_scale_and_shift_change_nothing(mlp):
    net = mlp([3, 16, 4])
    one, other = share(net), share(lambda z: 1e6 - 7 * net(z))
    assert float(one.value) == pytest.approx(float(other.value), rel=1e-8)
    assert float(one.stderr) == pytest.approx(float(other.stderr), rel=1e-8)


def test_turning_the_latent_space_changes_nothing(mlp, draw):
    net, turn = mlp([3, 16, 4]), torch.linalg.qr(draw(3, 3)).Q
    one, other = share(net), share(lambda z: net(z @ turn), seed=1)
    assert abs(float(one.value - other.value)) < 4 * float((one.stderr**2 + other.stderr**2).sqrt())
    squeezed = share(lambda z: net(0.3 * z), seed=1)
    assert abs(float(one.value - squeezed.value)) > 10 * float(one.stderr)


def test_standard_error_is_honest():
    estimates = [share(lambda z: torch.cat([z, z**2], 1), latent=2, samples=1000, seed=seed) for seed in range(400)]
    truth = (1 * 0.1 + 2 * (1 - 0.81)) / 3
    scores = torch.stack([(e.value - truth) / e.stderr for e in estimates])
    assert 0.92 < float((scores.abs() < 1.96).double().mean()) < 0.98
    assert abs(float(scores.std()) - 1) < 0.12


@pytest.mark.parametrize("chunk", [7, 1000, 10**6])
def test_the_chunk_changes_memory_only(mlp, chunk):
    net = mlp([3, 16, 4])
    assert float(share(net, samples=500, chunk=chunk).value) == pytest.approx(float(share(net, samples=500).value))


def test_single_precision_holds_beside_a_large_mean(mlp):
    net = mlp([3, 16, 4])
    rng = torch.Generator().manual_seed(0)
    estimate = high_frequency_share(lambda z: 100 + net(z.double()).float(), 3, 0.9, 20_000, rng)
    assert estimate.value.dtype == torch.float64
    other = share(net, seed=1)
    assert abs(float(estimate.value - other.value)) < 4 * float((estimate.stderr**2 + other.stderr**2).sqrt())


def test_no_gradient_is_recorded():
    weight = torch.ones(3, 1, dtype=torch.float64, requires_grad=True)
    assert not share(lambda z: z @ weight, samples=10).value.requires_grad


def test_what_has_no_share_says_why():
    with pytest.raises(Undefined, match="the function is constant"):
        share(lambda z: torch.full((len(z), 2), 0.3, dtype=torch.float64))
    with pytest.raises(Undefined, match="not finite"):
        share(torch.log)
    with pytest.raises(Undefined, match="at least two examples, got 1"):
        share(torch.sin, samples=1)


@pytest.mark.parametrize("rho", [-0.1, 1.0])
def test_a_correlation_outside_its_range_is_refused(rho):
    with pytest.raises(ValueError, match=r"rho must lie in \[0, 1\)"):
        share(torch.sin, rho=rho)
