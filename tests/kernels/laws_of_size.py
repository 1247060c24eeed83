"""How each kernel's results go with the size of its inputs: a new kernel is entered here, or excused in `sizes`."""

import math

import torch
from kernels.sizes import Law, rng, whole

from vaebench.kernels.aggregate_posterior import (
    aggregate_covariance,
    aggregate_log_density,
    total_correlation,
    units_shuffled,
)
from vaebench.kernels.attack import damage_and_gain, maximum_damage
from vaebench.kernels.auroc import auroc, placements
from vaebench.kernels.cka import chance_cka, cka_direction, cka_matrix, debiased_cka, linear_cka, shuffled_cka
from vaebench.kernels.complex_normal import (
    complex_normal_divergence,
    complex_normal_kl,
    complex_normal_log_density,
    paired,
    parts,
    squared_moduli,
    unpaired,
)
from vaebench.kernels.estimate import mean_estimate, ratio_estimate
from vaebench.kernels.fisher_metric import closedness_defect, decoder_metric, log_volume
from vaebench.kernels.importance_bound import importance_bound
from vaebench.kernels.importance_resampling import effective_sample_size, resampled, resampling_indices
from vaebench.kernels.isometry import (
    column_cosines,
    full_stationarity,
    importance,
    mean_absolute_cosine,
    stationarity,
)
from vaebench.kernels.jacobian import (
    column_squared_norms,
    covariance_root,
    directional_derivative,
    frobenius_squared,
    jacobian_columns,
    jacobian_rows,
    power_iteration_norms,
    spectral_norms,
    whitened,
)
from vaebench.kernels.lengths import factored, norms, polar, power_of_two, squared_norms, unit_vectors
from vaebench.kernels.linear_vae import fixed_scale_gains, learned_scale_solution
from vaebench.kernels.mala import mala, with_gradient
from vaebench.kernels.mean_degree import data_mean_degree, latent_mean_degree
from vaebench.kernels.mixture_potential import (
    mixture_log_density_hessian,
    potential,
    potential_metric,
    smallest_eigenvalue,
)
from vaebench.kernels.neighbours import distances_in_parts, nearest, neighbour_distance
from vaebench.kernels.noise_stability import high_frequency_share
from vaebench.kernels.normal import normal_kl, normal_log_density
from vaebench.kernels.path_roughness import path_roughness
from vaebench.kernels.procrustes import procrustes_matrix, procrustes_similarity, shuffled_procrustes
from vaebench.kernels.representation import normalised, normalised_pair
from vaebench.kernels.sample_variation import coverage, mean_pairwise_distance, quantile_threshold
from vaebench.kernels.truncation import matched_truncation
from vaebench.kernels.variation import mean_output, require_variation
from vaebench.kernels.volume_density import density_agreement, log_density_from_loss, log_density_from_scale
from vaebench.kernels.wirtinger import wirtinger

LAWS = (
    Law(norms, (1,), lambda n, g: norms(g * n.x)),
    Law(norms, (1,), lambda n, g: norms(g * n.codes)),
    Law(squared_norms, (2,), lambda n, g: squared_norms(g * n.x)),
    Law(unit_vectors, (0,), lambda n, g: unit_vectors(g * n.x)),
    Law(polar, (1, 0), lambda n, g: polar(g * n.x)),
    Law(factored, (1,), lambda n, g: whole(*factored(g * n.x, "x"))),
    Law(power_of_two, (1,), lambda n, g: power_of_two(g * n.scale)),
    Law(directional_derivative, (1,), lambda n, g: directional_derivative(lambda z: g * n.net(z), n.x, n.y)),
    Law(jacobian_columns, (1,), lambda n, g: jacobian_columns(lambda z: g * n.net(z), n.x)),
    Law(jacobian_rows, (1,), lambda n, g: jacobian_rows(lambda z: g * n.net(z), n.x)),
    Law(column_squared_norms, (2,), lambda n, g: column_squared_norms(g * n.columns)),
    Law(frobenius_squared, (2,), lambda n, g: frobenius_squared(g * n.columns)),
    Law(spectral_norms, (1,), lambda n, g: spectral_norms(g * n.columns)),
    Law(
        power_iteration_norms,
        (1,),
        lambda n, g: power_iteration_norms(lambda z: g * n.net(z), n.x, 5, rng()),
        drawn=True,
    ),
    Law(covariance_root, (1,), lambda n, g: covariance_root(g * n.x)),
    Law(whitened, (1,), lambda n, g: whitened(g * n.columns, n.root)),
    Law(whitened, (1,), lambda n, g: whitened(n.columns, g * n.root)),
    Law(maximum_damage, (1,), lambda n, g: maximum_damage(lambda x: g * n.net(x), n.x, 0.7, 8, 2, rng()), drawn=True),
    Law(
        maximum_damage,
        (0,),
        lambda n, g: maximum_damage(lambda x: n.net(x / g), g * n.x, 0.7 * g, 8, 2, rng()),
        drawn=True,
    ),
    Law(
        damage_and_gain,
        (1, 1),
        lambda n, g: damage_and_gain(lambda x: g * n.net(x), n.x, 0.7, 8, 2, rng()),
        drawn=True,
    ),
    Law(stationarity, (2,), lambda n, g: stationarity(column_squared_norms(g * n.columns), n.scale, 0.3).t1),
    Law(
        full_stationarity,
        (1, 1),
        lambda n, g: full_stationarity(n.root.expand(12, 3, 3), torch.diag_embed(g * n.scale), 0.3),
    ),
    Law(stationarity, (2, 2), lambda n, g: stationarity(n.x.square(), g * n.scale, 0.3)),
    Law(column_cosines, (0,), lambda n, g: column_cosines(g * n.columns)),
    Law(mean_absolute_cosine, (1,), lambda n, g: mean_absolute_cosine(g * n.root.expand(2, 3, 3))),
    Law(importance, (0,), lambda n, g: importance(g * n.scale, 0.1 * g**2)),
    Law(mean_estimate, (1, 1), lambda n, g: mean_estimate(g * n.x)[:2]),
    Law(ratio_estimate, (1, 1), lambda n, g: ratio_estimate(g * n.row, n.row.square())[:2]),
    Law(ratio_estimate, (-1, -1), lambda n, g: ratio_estimate(n.row, g * n.row.square())[:2]),
    Law(linear_cka, (0,), lambda n, g: linear_cka(g * n.x, n.wide)),
    Law(debiased_cka, (0,), lambda n, g: debiased_cka(g * n.x, n.wide)),
    Law(chance_cka, (0,), lambda n, g: chance_cka(g * n.x, n.wide)),
    Law(shuffled_cka, (0, 0), lambda n, g: shuffled_cka(g * n.x, n.wide, rng(), 4)[:2]),
    Law(cka_direction, (0,), lambda n, g: cka_direction(g * n.wide)),
    Law(cka_matrix, (0,), lambda n, g: cka_matrix([g * n.x], [n.wide / g])),
    Law(procrustes_similarity, (0,), lambda n, g: procrustes_similarity(g * n.x, n.wide)),
    Law(procrustes_matrix, (0,), lambda n, g: procrustes_matrix([g * n.x], [n.wide / g])),
    Law(shuffled_procrustes, (0, 0), lambda n, g: shuffled_procrustes(g * n.x, n.wide, rng(), 4)[:2]),
    Law(normalised, (0,), lambda n, g: normalised(g * n.x)),
    Law(normalised_pair, (0, 0), lambda n, g: normalised_pair(g * n.x, n.wide / g)),
    Law(paired, (1,), lambda n, g: paired(g * n.paths[:, 1:].flatten(1))),
    Law(unpaired, (1,), lambda n, g: unpaired(g * n.codes)),
    Law(parts, (1,), lambda n, g: parts(g * n.codes)),
    Law(squared_moduli, (2,), lambda n, g: squared_moduli(g * n.codes)),
    Law(complex_normal_kl, (2,), lambda n, g: complex_normal_kl(g * n.codes, 0 * n.scale)),
    Law(
        complex_normal_divergence,
        (0,),
        lambda n, g: complex_normal_divergence(
            g * n.codes[:4], g**2 * n.matrices, g * n.means, g**2 * n.matrices.flip(0)
        ),
        decades=18,
    ),
    Law(
        complex_normal_log_density,
        (-6,),
        lambda n, g: complex_normal_log_density(g * n.codes, 0, g * n.scale),
        log=True,
    ),
    Law(normal_kl, (2,), lambda n, g: normal_kl(g * n.x, 0 * n.scale)),
    Law(normal_log_density, (-3,), lambda n, g: normal_log_density(g * n.x, g * n.y, g * n.scale), log=True),
    Law(aggregate_log_density, (-3,), lambda n, g: aggregate_log_density(g * n.x, g * n.y, g * n.scale, 40), log=True),
    Law(total_correlation, (0,), lambda n, g: total_correlation(g * n.x, g * n.y, g * n.scale, 40)),
    Law(aggregate_covariance, (2,), lambda n, g: aggregate_covariance(g * n.x, g * n.scale)),
    Law(units_shuffled, (1,), lambda n, g: units_shuffled(g * n.x, rng())),
    Law(importance_bound, (1,), lambda n, g: importance_bound(n.x + math.log(g)), log=True),
    Law(effective_sample_size, (0,), lambda n, g: effective_sample_size(n.row + math.log(g))),
    Law(resampling_indices, (0,), lambda n, g: resampling_indices(n.row + math.log(g), 9, rng())),
    Law(resampled, (1,), lambda n, g: resampled(g * n.x, n.row[:12], 9, rng())),
    Law(
        fixed_scale_gains,
        (-1, 1, 0, 0),
        lambda n, g: fixed_scale_gains(g**2 * n.row.square(), 0.3, 0.1 * g**2, 0.2 * g),
        decades=18,
    ),
    Law(
        learned_scale_solution,
        (-1, 1, 0),
        lambda n, g: learned_scale_solution(g**2 * n.row.square(), 0.1 * g**2),
        decades=18,
    ),
    Law(
        mala,
        (1, 0, 1),
        lambda n, g: mala(lambda z: (-(z / g).square().sum(1) / 2, -z / g / g), g * n.x, 4, 0.8 * g, rng(), burn_in=4),
        drawn=True,
    ),
    Law(with_gradient, (1, 1), lambda n, g: with_gradient(lambda z: g * n.net(z).sum(1))(n.x)),
    Law(
        latent_mean_degree,
        (0, 0),
        lambda n, g: latent_mean_degree(lambda z: g * n.net(z), 3, 200, rng())[:2],
        drawn=True,
    ),
    Law(data_mean_degree, (0, 0), lambda n, g: data_mean_degree(lambda x: g * n.net(x), n.x)[:2]),
    Law(data_mean_degree, (-2, -2), lambda n, g: data_mean_degree(lambda x: n.net(x / g), g * n.x)[:2]),
    Law(data_mean_degree, (0, 0), lambda n, g: data_mean_degree(lambda x: n.net(x / g), g * n.x, root=g * n.root)[:2]),
    Law(
        high_frequency_share,
        (0, 0),
        lambda n, g: high_frequency_share(lambda z: g * n.net(z), 3, 0.9, 200, rng())[:2],
        drawn=True,
    ),
    Law(potential, (0,), lambda n, g: potential(g * n.codes, g * n.means, n.scale[:4].double() / g**2, n.offsets)),
    Law(
        potential_metric,
        (-2,),
        lambda n, g: potential_metric(g * n.codes, g * n.means, n.scale[:4].double() / g**2, n.offsets),
    ),
    Law(
        mixture_log_density_hessian,
        (-2,),
        lambda n, g: mixture_log_density_hessian(g * n.codes, g * n.means, g * n.scale[:4], n.offsets),
    ),
    Law(smallest_eigenvalue, (1,), lambda n, g: smallest_eigenvalue(g * n.matrices)),
    Law(distances_in_parts, (1,), lambda n, g: next(distances_in_parts(g * n.x, g * n.y, 8))),
    Law(nearest, (1, 0), lambda n, g: nearest(g * n.x, g * n.y, 3)),
    Law(neighbour_distance, (1,), lambda n, g: neighbour_distance(g * n.x, g * n.y, 3)),
    Law(path_roughness, (0,), lambda n, g: path_roughness(g * n.paths)),
    Law(mean_pairwise_distance, (1, 1), lambda n, g: mean_pairwise_distance(g * n.x)[:2]),
    Law(placements, (0,), lambda n, g: placements(g * n.row, g * n.row[:20].square())),
    Law(auroc, (0, 0), lambda n, g: auroc(g * n.row, g * n.row[:20].square())[:2]),
    Law(coverage, (0, 0), lambda n, g: coverage(g * n.x, g * n.y, 2)[:2]),
    Law(quantile_threshold, (1,), lambda n, g: quantile_threshold(g * n.row, 0.1)),
    Law(matched_truncation, (0, 1), lambda n, g: matched_truncation(lambda t: g * math.sin(t), g * 0.5, 0.0, 1.0)[:2]),
    Law(mean_output, (1,), lambda n, g: mean_output(lambda z: g * n.net(z), n.x, 5)),
    Law(require_variation, (2,), lambda n, g: require_variation(squared_norms(g * n.x), g * n.x.mean(0))),
    Law(log_density_from_scale, (0,), lambda n, g: log_density_from_scale(n.x, g * n.scale, 0.1 * g**2)),
    Law(
        log_density_from_loss,
        (-3,),
        lambda n, g: log_density_from_loss(g**2 * n.row.square(), 0.0, 0.1 * g**2, 3),
        log=True,
        decades=18,
    ),
    Law(
        density_agreement,
        (0, 0, 1),
        lambda n, g: [e.value for e in density_agreement(g * (n.row + 2 * n.row.square()), g * n.row)],
    ),
    Law(
        density_agreement,
        (0, 0, 1),
        lambda n, g: [e.stderr for e in density_agreement(g * (n.row + 2 * n.row.square()), g * n.row)],
    ),
    Law(wirtinger, (1, 1), lambda n, g: wirtinger(lambda z: g * n.complex_net(z), n.codes)),
    Law(decoder_metric, (2,), lambda n, g: decoder_metric(lambda z: g * n.complex_net(z), n.codes)),
    Law(log_volume, (3,), lambda n, g: log_volume(g * n.matrices), log=True),
    Law(closedness_defect, (0,), lambda n, g: closedness_defect(lambda z: g * n.complex_net(z), n.codes)),
    Law(closedness_defect, (0,), lambda n, g: closedness_defect(n.complex_net, n.codes, g)),
)
