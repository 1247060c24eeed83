"""Every public kernel at the suite's sizes: time, peak memory, and the error of single precision against double.

The other pages time the costly ones at several sizes. This page leaves none out; a test holds it against the package.
"""

from collections.abc import Callable, Iterable

import torch
from torch import Tensor

from benchmarks.kernels.networks import (
    BATCH,
    DOUBLE,
    LATENT,
    PIXELS,
    SINGLE,
    Function,
    decoder,
    draw,
    encoder,
    generator,
    relative_error,
)
from vaebench.kernels import (
    aggregate_posterior,
    attack,
    auroc,
    cka,
    complex_normal,
    estimate,
    fisher_metric,
    importance_bound,
    importance_resampling,
    isometry,
    jacobian,
    lengths,
    linear_vae,
    mala,
    mean_degree,
    mixture_potential,
    neighbours,
    noise_stability,
    normal,
    path_roughness,
    procrustes,
    representation,
    sample_variation,
    truncation,
    variation,
    volume_density,
    wirtinger,
)

EXAMPLES, HIDDEN = 256, 256


class Inputs:
    """What kernels are given, in one precision; drawn in double either way."""

    def __init__(self, dtype: torch.dtype) -> None:
        self.dtype = dtype
        self.mean, self.log_scale = self.draw(BATCH, LATENT, seed=1), 0.3 * self.draw(BATCH, LATENT, seed=2) - 1
        self.scale, self.z = self.log_scale.exp(), self.draw(BATCH, LATENT, seed=3)
        self.codes = torch.complex(self.z, self.mean)
        self.positive = self.spread(LATENT).to(torch.complex64 if dtype == SINGLE else torch.complex128)
        self.x, self.y = self.draw(EXAMPLES, HIDDEN, seed=4), self.draw(EXAMPLES, HIDDEN, seed=5)
        self.images, self.real = self.draw(BATCH, PIXELS, seed=6), self.draw(1000, PIXELS, seed=7)
        self.columns = self.draw(LATENT, BATCH, PIXELS, seed=8)
        self.gram = self.spread(LATENT)
        self.values, self.others = self.draw(10_000, seed=9), self.draw(10_000, seed=10) + 3
        self.decode, self.encode = decoder(dtype=dtype), encoder(dtype=dtype)
        # A generator deals other numbers to other types: such kernels draw in double and compute in this precision.
        self.exactly, self.wide = self.cast(self.decode), self.z.to(DOUBLE)
        self.reading, self.pixels = self.cast(self.encode), self.images.to(DOUBLE)
        self.weights, centres = self.draw(16, seed=12).exp(), self.draw(16, LATENT, seed=11)
        self.mixture = torch.complex(centres, -centres), centres.abs() + 1
        self.log_weights = (self.weights / self.weights.sum()).log()
        self.probabilities = self.draw(EXAMPLES, 10, seed=13).softmax(1)

    def draw(self, *shape: int, seed: int) -> Tensor:
        return draw(*shape, seed=seed, dtype=self.dtype)

    def spread(self, n: int) -> Tensor:
        """Positive definite matrices, one for each example."""
        root = self.draw(BATCH, n, 2 * n, seed=14)
        return root @ root.mT / (2 * n)

    def cast(self, function: Function) -> Function:
        return lambda x: function(x.to(self.dtype)).to(DOUBLE)

    def log_density(self, z: Tensor) -> Tensor:
        return -self.cast(lambda each: (each - 1).square())(z).sum(1) / 2


Call = Callable[[Inputs], object]

CASES: dict[str, Call] = {
    "aggregate_covariance": lambda i: aggregate_posterior.aggregate_covariance(i.mean, i.scale),
    "aggregate_log_density": lambda i: aggregate_posterior.aggregate_log_density(i.z, i.mean, i.scale, 10 * BATCH),
    "total_correlation": lambda i: aggregate_posterior.total_correlation(i.z, i.mean, i.scale, 10 * BATCH),
    "units_shuffled": lambda i: aggregate_posterior.units_shuffled(i.wide, generator()),
    "damage_and_gain": lambda i: attack.damage_and_gain(i.exactly, i.wide[:32], 0.1, 3, 2, generator())[0],
    "maximum_damage": lambda i: attack.maximum_damage(i.exactly, i.wide[:32], 0.1, 3, 1, generator()),
    "auroc": lambda i: auroc.auroc(i.values, i.others),
    "placements": lambda i: auroc.placements(i.values, i.others),
    "chance_cka": lambda i: cka.chance_cka(i.x, i.y),
    "cka_direction": lambda i: cka.cka_direction(i.x),
    "cka_matrix": lambda i: cka.cka_matrix([i.x, i.y], [i.x, i.y]),
    "debiased_cka": lambda i: cka.debiased_cka(i.x, i.x + i.y),
    "linear_cka": lambda i: cka.linear_cka(i.x, i.y),
    "shuffled_cka": lambda i: cka.shuffled_cka(i.x, i.y, generator(), 5, debiased=False),
    "complex_normal_divergence": lambda i: complex_normal.complex_normal_divergence(
        i.codes, i.positive, 0 * i.codes, 2 * i.positive
    ),
    "complex_normal_kl": lambda i: complex_normal.complex_normal_kl(i.codes, i.log_scale),
    "complex_normal_log_density": lambda i: complex_normal.complex_normal_log_density(i.codes),
    "paired": lambda i: complex_normal.paired(i.z),
    "parts": lambda i: complex_normal.parts(i.codes),
    "squared_moduli": lambda i: complex_normal.squared_moduli(i.codes),
    "standard_complex_normal": lambda _: complex_normal.standard_complex_normal((BATCH, LATENT), generator()),
    "unpaired": lambda i: complex_normal.unpaired(i.codes),
    "mean_estimate": lambda i: estimate.mean_estimate(i.others),
    "ratio_estimate": lambda i: estimate.ratio_estimate(i.values + 2, i.others),
    "require_finite": lambda i: estimate.require_finite(i.images, "images"),
    "closedness_defect": lambda i: fisher_metric.closedness_defect(lambda z: i.decode(z.real), i.codes[:8]),
    "decoder_metric": lambda i: fisher_metric.decoder_metric(lambda z: i.decode(z.real), i.codes),
    "log_volume": lambda i: fisher_metric.log_volume(i.gram),
    "importance_bound": lambda i: importance_bound.importance_bound(10 * i.x),
    "effective_sample_size": lambda i: importance_resampling.effective_sample_size(i.values),
    "resampled": lambda i: importance_resampling.resampled(i.wide, i.wide[:, 0], 100, generator()),
    "resampling_indices": lambda i: importance_resampling.resampling_indices(i.values.double(), 100, generator()),
    "active_units": lambda i: isometry.active_units(i.scale),
    "column_cosines": lambda i: isometry.column_cosines(i.columns),
    "full_stationarity": lambda i: isometry.full_stationarity(i.gram, i.gram, 1.0),
    "importance": lambda i: isometry.importance(i.scale, 0.1),
    "mean_absolute_cosine": lambda i: isometry.mean_absolute_cosine(isometry.column_cosines(i.columns)),
    "stationarity": lambda i: isometry.stationarity(i.scale, i.scale, 1.0),
    "column_squared_norms": lambda i: jacobian.column_squared_norms(i.columns),
    "covariance_root": lambda i: jacobian.covariance_root(i.z),
    "directional_derivative": lambda i: jacobian.directional_derivative(i.decode, i.z, i.mean),
    "frobenius_squared": lambda i: jacobian.frobenius_squared(i.columns),
    "jacobian_columns": lambda i: jacobian.jacobian_columns(i.decode, i.z),
    "jacobian_rows": lambda i: jacobian.jacobian_rows(i.encode, i.images),
    "power_iteration_norms": lambda i: jacobian.power_iteration_norms(i.reading, i.pixels[:32], 3, generator()),
    "spectral_norms": lambda i: jacobian.spectral_norms(i.columns),
    "whitened": lambda i: jacobian.whitened(i.columns, jacobian.covariance_root(i.z)),
    "factored": lambda i: lengths.factored(i.images, "images"),
    "norms": lambda i: lengths.norms(i.images),
    "polar": lambda i: lengths.polar(i.images),
    "power_of_two": lambda i: lengths.power_of_two(i.scale),
    "squared_norms": lambda i: lengths.squared_norms(i.images),
    "squares_in_range": lambda i: lengths.squares_in_range(i.scale),
    "unit_vectors": lambda i: lengths.unit_vectors(i.images),
    "fixed_scale_gains": lambda i: linear_vae.fixed_scale_gains(i.weights, 0.5, 1.0),
    "learned_scale_solution": lambda i: linear_vae.learned_scale_solution(i.weights, 1.0),
    "mala": lambda i: mala.mala(mala.with_gradient(i.log_density), i.wide, 5, 0.1, generator())[0],
    "with_gradient": lambda i: mala.with_gradient(i.log_density)(i.wide),
    "data_mean_degree": lambda i: mean_degree.data_mean_degree(i.encode, i.images),
    "latent_mean_degree": lambda i: mean_degree.latent_mean_degree(i.exactly, LATENT, 64, generator(), dtype=DOUBLE),
    "mixture_log_density_hessian": lambda i: mixture_potential.mixture_log_density_hessian(
        i.codes, *i.mixture[:2], i.log_weights
    ),
    "potential": lambda i: mixture_potential.potential(i.codes, *i.mixture, i.log_weights),
    "potential_metric": lambda i: mixture_potential.potential_metric(i.codes, *i.mixture, i.log_weights),
    "smallest_eigenvalue": lambda i: mixture_potential.smallest_eigenvalue(i.gram),
    "distances_in_parts": lambda i: torch.cat(list(neighbours.distances_in_parts(i.images, i.real, 1024))),
    "nearest": lambda i: neighbours.nearest(i.images, i.real, 5).distances,
    "neighbour_distance": lambda i: neighbours.neighbour_distance(i.images, i.real, 5),
    "high_frequency_share": lambda i: noise_stability.high_frequency_share(
        i.exactly, LATENT, 0.9, 256, generator(), dtype=DOUBLE
    ),
    "exp_excess": lambda i: normal.exp_excess(i.values),
    "normal_kl": lambda i: normal.normal_kl(i.mean, i.log_scale),
    "normal_log_density": lambda i: normal.normal_log_density(i.z, i.mean, i.scale),
    "standard_normal": lambda _: normal.standard_normal((BATCH, PIXELS), generator()),
    "path_roughness": lambda i: path_roughness.path_roughness(i.images.unflatten(0, (16, -1)).cumsum(1)),
    "chance_procrustes": lambda _: procrustes.chance_procrustes(1000, 10),
    "procrustes_matrix": lambda i: procrustes.procrustes_matrix([i.x, i.y], [i.x, i.y]),
    "procrustes_similarity": lambda i: procrustes.procrustes_similarity(i.x, i.y),
    "shuffled_procrustes": lambda i: procrustes.shuffled_procrustes(i.x, i.y, generator(), 2),
    "each_once": lambda i: representation.each_once([i.x, i.y], [i.x], representation.normalised)[0],
    "normalised": lambda i: representation.normalised(i.x),
    "normalised_pair": lambda i: representation.normalised_pair(i.x, i.y),
    "require_same_examples": lambda i: representation.require_same_examples(i.x, i.y),
    "shuffled_rows": lambda i: representation.shuffled_rows(i.x, generator()),
    "class_entropy": lambda i: sample_variation.class_entropy(i.probabilities),
    "coverage": lambda i: sample_variation.coverage(i.real, i.images, 5),
    "expected_coverage": lambda _: sample_variation.expected_coverage(1000, 1000, 5),
    "mean_pairwise_distance": lambda i: sample_variation.mean_pairwise_distance(i.images),
    "quantile_threshold": lambda i: sample_variation.quantile_threshold(i.values, 0.9),
    "matched_truncation": lambda i: truncation.matched_truncation(
        lambda factor: float((factor * i.images).norm(dim=1).mean()), 14.0, 0.0, 1.0
    ),
    "mean_output": lambda i: variation.mean_output(i.decode, i.z, 64),
    "require_variation": lambda i: variation.require_variation(i.others.abs(), i.others),
    "density_agreement": lambda i: volume_density.density_agreement(i.values, i.values + i.others),
    "log_density_from_loss": lambda i: volume_density.log_density_from_loss(i.others, 1.0, 0.1, 3),
    "log_density_from_scale": lambda i: volume_density.log_density_from_scale(i.mean, i.scale, 0.1),
    "wirtinger": lambda i: wirtinger.wirtinger(lambda z: i.decode(z.real), i.codes[:8]),
}
"""A call of each kernel, by its name."""


def numbers(found: object) -> Tensor:
    """What a kernel gives, as one row of numbers; nothing where it gives none."""
    if isinstance(found, Tensor):
        flat = found.detach().resolve_conj().flatten()
        return torch.view_as_real(flat).flatten() if flat.is_complex() else flat.to(DOUBLE)
    if isinstance(found, bool | int | float):
        return torch.tensor([float(found)], dtype=DOUBLE)
    if isinstance(found, Iterable) and not isinstance(found, str):
        return torch.cat([numbers(each).to(DOUBLE) for each in found] or [torch.zeros(0)])
    if hasattr(found, "value"):
        return numbers(found.value)
    return torch.zeros(0)


class EveryKernel:
    params = tuple(CASES)
    param_names = ("kernel",)
    unit = "relative"

    def setup(self, kernel: str) -> None:
        generator()
        self.inputs, self.call = Inputs(SINGLE), CASES[kernel]
        self.call(self.inputs)

    def time_kernel(self, _kernel: str) -> None:
        self.call(self.inputs)

    def peakmem_kernel(self, _kernel: str) -> None:
        self.call(self.inputs)

    def track_kernel_error(self, _kernel: str) -> float:
        single, double = numbers(self.call(self.inputs)), numbers(self.call(Inputs(DOUBLE)))
        return relative_error(single, double.to(DOUBLE)) if double.abs().sum() else 0.0
