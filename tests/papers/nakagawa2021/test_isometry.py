"""T2 is 1 at the exact model and not off it. It is declined where there is nothing to measure."""

import pytest
import torch
from measures.known import EVALUATION, GAUSSIAN_SOURCES, Known, by_name, ellipsoid, exact_learned, generator, trained

from vaebench.claims import declined
from vaebench.experiment import Interventions
from vaebench.measures.probe import Probe
from vaebench.models import Gaussian
from vaebench.papers.nakagawa2021.isometry import metric_columns, orthogonality, stationarity

DATA = ellipsoid()
T2 = ("t2_worst_deviation", "t2_worst_unit", "t2_mean", "t1_mean", "t2_sd")


def read(model, data=GAUSSIAN_SOURCES):
    return by_name(
        stationarity(Probe(model, data, EVALUATION, generator()))
        + orthogonality(Probe(model, data, EVALUATION, generator()))
    )


@pytest.mark.parametrize("variance", [0.005, 0.05])
def test_at_the_exact_model_t2_is_one_and_t1_falls_short_by_the_posterior_variance(variance):
    found = read(exact_learned(3, variance))
    assert found["t2_worst_unit"].value == pytest.approx(1, abs=1e-5)
    assert found["t2_mean"].value == pytest.approx(1, abs=1e-5)
    assert found["t2_sd"].value < 1e-5
    squares = [2 * variance / (2 * eigenvalue) for eigenvalue in (8 / 3, 2 / 3, 1 / 6)]
    active = [square for square in squares if square < 0.5]
    assert found["t1_mean"].value == pytest.approx(1 - sum(active) / len(active), abs=1e-5)
    assert found["active_units"].value == len(active)
    assert found["mean_absolute_cosine"].value < 1e-6


def test_units_that_collapsed_are_left_out():
    found = read(exact_learned(latent=6))
    assert found["active_units"].value == 3
    assert found["t2_worst_unit"].value == pytest.approx(1, abs=1e-5)
    assert found["mean_absolute_cosine"].value < 1e-6


def test_a_weight_on_the_divergence_moves_the_balance():
    heavier = exact_learned()
    doubled = trained(heavier.model.model, 3, heavier.model.interventions, kl_weight=2.0)
    one, two = read(heavier), read(doubled)
    assert two["t1_mean"].value == pytest.approx(one["t1_mean"].value / 2, rel=1e-5)


@pytest.mark.parametrize(("factors", "worst"), [((1.2, 0.85), 1.2), ((1.15, 0.8), 0.8), ((1.0, 1.3), 1.3)])
def test_the_worst_unit_is_not_made_up_for_by_another(factors, worst):
    model = exact_learned(variance=5e-5)  # so little noise that T2 is T1, which goes with the squared gain
    for unit, factor in enumerate(factors):
        model.model.model.decoder[0].weight[:, unit] *= factor**0.5
    found = read(model)
    assert found["t2_worst_unit"].value == pytest.approx(worst, abs=1e-3)
    assert found["t2_worst_deviation"].value == pytest.approx(abs(worst - 1), abs=1e-3)
    assert found["t2_mean"].value == pytest.approx((sum(factors) + 1) / 3, abs=1e-3)


def test_the_spread_over_data_is_that_of_each_unit_by_itself():
    """Slopes of z + z²/4 and z − z²/4 are 1 + z/2 and 1 − z/2: what one unit has too much the other has too little."""
    model = Known(
        lambda x: x.flatten(1)[:, :1].repeat(1, 2), lambda z: z + z**2 / 4 * torch.tensor([1.0, -1.0]), scale=0.2
    )
    found = by_name(stationarity(Probe(trained(model, 2), DATA, EVALUATION, generator())))
    z = DATA.held_out.x[: EVALUATION.points].flatten(1)[:, :1]
    t1 = 0.2**2 * (1 + z / 2 * torch.tensor([1.0, -1.0])) ** 2 / 0.05
    assert found["t1_mean"].value == pytest.approx(float(t1.mean()), rel=1e-4)
    assert found["t2_sd"].value == pytest.approx(float(t1.std(0).mean()), rel=1e-4)
    assert found["t2_mean"].stderr == pytest.approx(float(t1.mean(1).std()) / EVALUATION.points**0.5, rel=1e-4)
    assert found["t2_sd"].value > 2 * float(t1.mean(1).std())


def test_columns_at_an_angle_show_their_cosine():
    leaning = torch.tensor([[1.0, 0.0, 0.0, 0.0], [0.6, 0.8, 0.0, 0.0]])
    model = trained(Known(lambda x: x.flatten(1)[:, :2], lambda z: z @ leaning), 2)
    (measurement,) = orthogonality(Probe(model, DATA, EVALUATION, generator()))
    assert measurement.value == pytest.approx(0.6, abs=1e-6)
    assert measurement.stderr < 1e-7


def test_the_metric_is_fisher_information_of_the_likelihood():
    """For coin flips with logits z the information of z is p(1 − p), however the mean is written."""
    model = trained(Known(lambda x: x.flatten(1)[:, :3], lambda z: z, scale=0.3, bernoulli=True), 3)
    columns, scale, active = metric_columns(model, DATA.held_out.x[:50])
    p = torch.sigmoid(DATA.held_out.x[:50].flatten(1)[:, :3])
    torch.testing.assert_close(columns.square().sum(2).T, p * (1 - p), atol=1e-5, rtol=1e-4)
    assert bool(active.all())
    torch.testing.assert_close(scale, torch.full((50, 3), 0.3))


def test_a_variance_that_depends_on_the_code_has_its_share_in_the_metric():
    """Of a normal with mean Az and log variance Bz the information along z_j is Σ A_j²/v + B_j²/2."""
    rng = generator()
    a, b = torch.randn(3, 5, generator=rng), torch.randn(3, 5, generator=rng) / 3

    class Uneven(Known):
        def decode(self, z):
            return Gaussian(z @ a, torch.exp(z @ b))

    x = DATA.held_out.x[:50]
    model = trained(Uneven(lambda x: x.flatten(1)[:, :3], lambda z: z, scale=0.3), 3, Interventions())
    columns, _, active = metric_columns(model, x)
    variance = torch.exp(x.flatten(1)[:, :3] @ b)
    expected = (a.square()[:, None] / variance + b.square()[:, None] / 2).sum(2)
    assert bool(active.all())
    torch.testing.assert_close(columns.flatten(2).square().sum(2), expected, atol=1e-5, rtol=1e-4)


def test_without_an_active_unit_there_is_nothing_to_read():
    found = read(trained(Known(lambda x: 0 * x[:, :3], lambda z: 0 * z, scale=1.0), 3))
    assert found["active_units"].value == 0
    for name in T2:
        assert found[name] == declined(name, "every latent unit has collapsed to the prior", "model")
    assert found["mean_absolute_cosine"].reason == "angles between columns need two active units"


def test_a_single_active_unit_has_no_angle():
    model = Known(lambda x: x[:, :2], lambda z: z, scale=torch.tensor([0.1, 1.0]))
    reason = "angles between columns need two active units"
    assert read(trained(model, 2))["mean_absolute_cosine"] == declined("mean_absolute_cosine", reason, "model")


def test_a_unit_that_the_decoder_does_not_hear_has_no_direction():
    model = Known(lambda x: x[:, :2], lambda z: z * torch.tensor([1.0, 0.0]))
    (declined,) = orthogonality(Probe(trained(model, 2), GAUSSIAN_SOURCES, EVALUATION, generator()))
    assert declined.reason == "a column of the Jacobian is zero or not finite: it has no direction"


def test_without_a_declared_weight_the_relations_are_not_read_and_the_count_is():
    model = exact_learned()
    found = read(trained(model.model.model, 3, Interventions(likelihood_variance=0.005), kl_weight=None))
    for name in T2:
        assert found[name] == declined(name, "the variant declares no kl_weight")
    assert found["active_units"].value == 3
