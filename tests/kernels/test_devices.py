"""Each kernel gives on a GPU what it gives on the CPU, from a generator on the CPU."""

import pytest
import torch

from vaebench.kernels.aggregate_posterior import (
    aggregate_covariance,
    aggregate_log_density,
    total_correlation,
    units_shuffled,
)
from vaebench.kernels.attack import maximum_damage
from vaebench.kernels.cka import chance_cka, cka_matrix, debiased_cka, linear_cka, shuffled_cka
from vaebench.kernels.complex_normal import (
    complex_normal_divergence,
    complex_normal_kl,
    complex_normal_log_density,
    paired,
    unpaired,
)
from vaebench.kernels.fisher_metric import closedness_defect, decoder_metric, log_volume
from vaebench.kernels.importance_bound import importance_bound
from vaebench.kernels.importance_resampling import effective_sample_size, resampled
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
from vaebench.kernels.mala import mala, with_gradient
from vaebench.kernels.mean_degree import data_mean_degree, latent_mean_degree
from vaebench.kernels.mixture_potential import mixture_log_density_hessian, potential, smallest_eigenvalue
from vaebench.kernels.neighbours import nearest
from vaebench.kernels.noise_stability import high_frequency_share
from vaebench.kernels.normal import normal_kl, normal_log_density
from vaebench.kernels.path_roughness import path_roughness
from vaebench.kernels.procrustes import procrustes_matrix, procrustes_similarity, shuffled_procrustes
from vaebench.kernels.sample_variation import class_entropy, coverage, mean_pairwise_distance, quantile_threshold
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
    wide = draw(20, 50, seed=3)
    eigenvalues = draw(3).square()
    codes, mixture = paired(draw(20, 6)), (paired(draw(4, 6, seed=4)), scale[:4], draw(4, seed=5))
    square = paired(draw(3, 6, seed=6))
    covariance = square @ square.mH

    def of_complex_codes(z):
        return torch.tanh(unpaired(z) @ wide[:6])

    metric = decoder_metric(of_complex_codes, codes)
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
        aggregate_log_density(z, mean, scale, 100),
        total_correlation(z, mean, scale, 100),
        aggregate_covariance(mean, scale),
        units_shuffled(z, rng()),
        importance_bound(wide),
        effective_sample_size(truth),
        resampled(z, truth, 9, rng()),
        *mala(with_gradient(normal_log_density), z, 3, 0.5, rng(), burn_in=3),
        *nearest(z, mean, 2),
        *class_entropy(z.softmax(1))[:2],
        *mean_pairwise_distance(z)[:2],
        *coverage(z, mean, 2)[:2],
        quantile_threshold(truth, 0.1),
        path_roughness(z.reshape(2, 10, 3)),
        complex_normal_kl(codes, scale.log()),
        complex_normal_log_density(codes, 1.0, scale),
        complex_normal_divergence(codes, covariance, -codes, covariance.mT),
        metric,
        log_volume(metric, 1.0),
        closedness_defect(of_complex_codes, codes),
        potential(codes, *mixture),
        smallest_eigenvalue(mixture_log_density_hessian(codes, *mixture)),
        *(index(z, wide) for index in (linear_cka, debiased_cka, chance_cka, procrustes_similarity)),
        *(index([z, wide], [mean]) for index in (cka_matrix, procrustes_matrix)),
        *shuffled_cka(z, wide, rng(), 5)[:2],
        *shuffled_procrustes(z, wide, rng(), 5)[:2],
    ]


def test_on_the_cpu_all_results_stay_there():
    assert {result.device.type for result in everything("cpu")} == {"cpu"}


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
def test_on_a_gpu_all_results_stay_there_and_agree():
    for here, there in zip(everything("cpu"), everything("cuda"), strict=True):
        assert there.device.type == "cuda"
        torch.testing.assert_close(there.cpu(), here, rtol=1e-8, atol=1e-10)
