"""The exact linear VAE with its latent space rotated: a full covariance, for which every relation still holds."""

import pytest
from measures.known import BETA, GAUSSIAN_SOURCES, VARIANCE, by_name, ellipsoid, exact_learned, generator, trained
from measures.turned import Flowing, Turned, rotation

from vaebench.claims import declined
from vaebench.data import Dataset, Split
from vaebench.experiment import EvaluationBudget, Interventions
from vaebench.kernels import isometry
from vaebench.kernels.jacobian import column_squared_norms, jacobian_columns
from vaebench.measures.closed_form import learned_scale_gap
from vaebench.measures.model_view import NOT_DIAGONAL, decoded_mean
from vaebench.measures.probe import Probe
from vaebench.models.exact import linear_vae_on_principal_axes, linear_vae_with_learned_scale
from vaebench.papers.nakagawa2021.density import PRIOR_ALONE, density
from vaebench.papers.nakagawa2021.importance import source_importance
from vaebench.papers.nakagawa2021.isometry import orthogonality, rotated_orthogonality, stationarity

BUDGET = EvaluationBudget(samples=64, points=2000, posterior_nodes=3)
NOISE = 0.005


def turned(latent=3, wider=1.0, seed=0):
    by = Interventions(likelihood_variance=NOISE)
    exact = linear_vae_with_learned_scale(GAUSSIAN_SOURCES, latent, None, 2 * NOISE)
    return trained(Turned(exact, rotation(latent, seed), wider), latent, by)


def read(instrument, model, data=GAUSSIAN_SOURCES):
    return by_name(instrument(Probe(model, data, BUDGET, generator())))


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("latent", [3, 5])
def test_the_exact_model_meets_isometry_in_any_rotation(latent, seed):
    found = read(stationarity, turned(latent, seed=seed))
    assert found["active_units"].value == 3  # the two collapsed directions lie across all units
    assert found["t2_worst_deviation"].value < 1e-3
    assert found["t2_mean"].value == pytest.approx(1, abs=1e-4)
    known = read(stationarity, exact_learned(latent, NOISE))
    assert found["t1_mean"].value == pytest.approx(known["t1_mean"].value, abs=1e-4)


def test_the_scale_of_each_unit_alone_would_call_it_a_failure():
    """What the marginal scales would give: the reading this replaces."""
    model, x = turned(), GAUSSIAN_SOURCES.held_out.x[:200]
    posterior = model.model.encode(x)
    columns = jacobian_columns(decoded_mean(model), posterior.mean) / NOISE**0.5
    t2 = isometry.stationarity(column_squared_norms(columns), posterior.scale, 1.0).t2
    assert float((t2.mean(0) - 1).abs().max()) > 1


@pytest.mark.parametrize(("wider", "expected"), [(1.2, 0.2), (0.5, 0.5)])
def test_a_wrong_covariance_is_off_by_as_much(wider, expected):
    assert read(stationarity, turned(wider=wider))["t2_worst_deviation"].value == pytest.approx(expected, abs=1e-3)


def test_its_importances_are_the_variances_of_the_sources():
    found = read(source_importance, turned())
    assert found["importance_worst_error"].value < 1e-3
    assert [found[f"importance_{j}"].value for j in (1, 2, 3)] == pytest.approx([8 / 3, 2 / 3, 1 / 6], rel=1e-3)


def test_its_density_is_that_of_the_model_before_it_was_rotated():
    found, known = read(density, turned()), read(density, exact_learned(3, NOISE))
    for name, one in known.items():
        if name == PRIOR_ALONE:
            assert found[name] == one and one.value is None
        else:
            assert found[name].value == pytest.approx(one.value, abs=2e-3), name


def test_its_axes_are_free_so_angles_between_them_mean_nothing():
    for instrument in (orthogonality, rotated_orthogonality):
        (found,) = read(instrument, turned()).values()
        assert found == declined(instrument.gives[0], NOT_DIAGONAL, "setting")


def test_a_trained_linear_vae_with_full_covariance_would_land_on_the_closed_form():
    data = ellipsoid()
    exact = linear_vae_on_principal_axes(data, 3, None, BETA)
    found = read(learned_scale_gap, trained(Turned(exact, rotation(3)), 3), data)
    assert all(one.value < 1e-4 for one in found.values())


def test_a_flow_is_declined_with_the_reason_and_what_needs_none_is_read():
    model = trained(Flowing(exact_learned().model.model), 3, Interventions(likelihood_variance=NOISE))
    for instrument in (stationarity, orthogonality, rotated_orthogonality, source_importance, density):
        for one in read(instrument, model).values():
            assert (one.value, one.reason, one.cause) == (None, NOT_DIAGONAL, "setting")


def test_a_full_covariance_learned_from_data_meets_isometry():
    """Trained, and not made: a short training of a small network, on normal sources."""
    from brought.zoo import FULL

    from vaebench.experiment import TrainingConfig
    from vaebench.training.fit import fit

    rows = GAUSSIAN_SOURCES.train.x[:20_000]
    data = Dataset("sources", 1, Split(rows), GAUSSIAN_SOURCES.held_out)
    model = fit(
        FULL,
        data,
        arch="mlp",
        latent=3,
        training=TrainingConfig(steps=1000, batch=256, learning_rate=3e-3),
        interventions=Interventions(likelihood_variance=VARIANCE),
        seed=0,
    )
    off = model.model.encode(rows[:500]).covariance().abs().mean(0)
    assert float(off.tril(-1).max() / off.diagonal().max()) > 0.05  # no diagonal posterior in disguise
    assert read(stationarity, model, data)["t2_worst_deviation"].value < 0.05
