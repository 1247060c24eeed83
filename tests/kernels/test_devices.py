"""Each kernel gives on a GPU what it gives on the CPU, from a generator on the CPU."""

import pytest
import torch

from vaebench.kernels.attack import maximum_damage
from vaebench.kernels.isometry import column_cosines, importance, stationarity
from vaebench.kernels.jacobian import (
    column_squared_norms,
    covariance_root,
    jacobian_columns,
    jacobian_rows,
    power_iteration_norms,
    spectral_norms,
    whitened,
)
from vaebench.kernels.linear_vae import fixed_scale_gains, learned_scale_solution
from vaebench.kernels.mean_degree import data_mean_degree, latent_mean_degree
from vaebench.kernels.noise_stability import high_frequency_share
from vaebench.kernels.normal import normal_kl, normal_log_density
from vaebench.kernels.volume_density import density_agreement, log_density_from_scale


def everything(device):
    """One result of each kernel, computed on this device from the same numbers."""

    def draw(*shape, seed=0):
        return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64).to(device)

    def rng():
        return torch.Generator().manual_seed(7)

    weight = draw(5, 3)
    z, mean, scale = draw(20, 3), draw(20, 3, seed=1), draw(20, 3, seed=2).exp() / 4
    drawn = {"dtype": torch.float64, "device": device}

    def function(z):
        return torch.tanh(z @ weight.T)

    columns = jacobian_columns(function, z)
    eigenvalues = draw(3).square()
    truth = normal_log_density(z)
    return [
        normal_kl(mean, scale.log()),
        *high_frequency_share(function, 3, 0.9, 100, rng(), **drawn)[:2],
        *latent_mean_degree(function, 3, 100, rng(), **drawn)[:2],
        *data_mean_degree(function, z)[:2],
        jacobian_rows(function, z),
        power_iteration_norms(function, z, 3, rng()),
        spectral_norms(whitened(columns, covariance_root(mean))),
        maximum_damage(function, z, 1.0, 3, 1, rng()),
        *stationarity(column_squared_norms(columns), scale, 1.0),
        column_cosines(columns),
        importance(scale, 0.1),
        *(each.value for each in density_agreement(log_density_from_scale(mean, scale, 0.1), truth)),
        *fixed_scale_gains(eigenvalues, 0.3, 0.1),
        *learned_scale_solution(eigenvalues, 0.1),
    ]


def test_on_the_cpu_all_results_stay_there():
    assert {result.device.type for result in everything("cpu")} == {"cpu"}


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
def test_on_a_gpu_all_results_stay_there_and_agree():
    for here, there in zip(everything("cpu"), everything("cuda"), strict=True):
        assert there.device.type == "cuda"
        torch.testing.assert_close(there.cpu(), here, rtol=1e-8, atol=1e-10)
