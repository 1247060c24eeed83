"""Instruments on decoders of any gain, saturated Bernoulli outputs, and posteriors of very small scale."""

import math

import pytest
import torch
from measures.known import EVALUATION, Known, by_name, generator, trained
from measures.planted_decoders import model_of

from vaebench.claims import declined
from vaebench.data import Dataset, Split
from vaebench.measures.probe import Probe
from vaebench.papers.camuto2021.lipschitz import decoder_lipschitz
from vaebench.papers.camuto2021.robustness import robustness
from vaebench.papers.gracyk2025.kahler import plurisubharmonic, potential_fidelity
from vaebench.papers.nakagawa2021.isometry import metric_columns, orthogonality, stationarity

X = torch.randn(500, 9, generator=generator(3))
DATA = Dataset("normal", 1, Split(X), Split(X[:200]))
WEIGHT, MIX = torch.randn(4, 9, generator=generator(4)), torch.randn(9, 9, generator=generator(5))


def curved(z):
    return torch.tanh(torch.tanh(z @ WEIGHT) @ MIX) + 0.3 * z @ WEIGHT


def read(instrument, decode, scale=0.1):
    return by_name(instrument(Probe(model_of(decode, scale=scale), DATA, EVALUATION, generator())))


@pytest.mark.parametrize("gain", [1e-3, 1e10, 1e20, 1e30])
@pytest.mark.parametrize(
    ("instrument", "degrees"),
    [
        (stationarity, {"t1_mean": 2}),
        (orthogonality, {"mean_absolute_cosine": 0}),
        (decoder_lipschitz, dict.fromkeys(("decoder_lipschitz_mean", "decoder_whitened_lipschitz_mean"), 1)),
        (robustness, {"damage_small": 0, "damage_medium": 0, "damage_medium_per_data": 1}),
    ],
)
def test_a_measurement_goes_with_the_decoders_gain(instrument, degrees, gain):
    plain, found = (read(instrument, lambda z, g=g: g * curved(z)) for g in (1.0, gain))
    for name, degree in degrees.items():
        assert found[name].value == pytest.approx(gain**degree * plain[name].value, rel=1e-4)
        assert found[name].stderr == pytest.approx(gain**degree * plain[name].stderr, rel=1e-2)
    if instrument is stationarity:
        assert all(math.isfinite(measurement.value) for measurement in found.values())


@pytest.mark.parametrize("gain", [1e-17, 1e-8, 1e10, 1e17])
def test_the_complex_view_of_a_steep_or_a_faint_decoder(gain):
    plain, found = (read(potential_fidelity, lambda z, g=g: g * curved(z), scale=0.5) for g in (1.0, gain))
    assert plain["kahler_defect"].value > 0.05
    assert found["kahler_defect"].value == pytest.approx(plain["kahler_defect"].value, rel=1e-4)
    assert found["potential_spearman"].value == pytest.approx(plain["potential_spearman"].value, abs=1e-3)
    # ‖H − g‖/‖g‖, where one of the two has nothing on the other.
    error = found["potential_relative_error"].value
    assert error == pytest.approx(1) if gain > 1 else 1e-3 / gain**2 < error < 1e3 / gain**2


def test_a_decoder_whose_metric_is_beyond_single_precision_keeps_what_is_free_of_its_size():
    plain, found = (read(potential_fidelity, lambda z, g=g: g * curved(z), scale=0.5) for g in (1.0, 1e25))
    assert found["kahler_defect"].value == pytest.approx(plain["kahler_defect"].value, rel=1e-4)
    reason = "the metric contains a value that is not finite"
    assert found["potential_spearman"] == declined("potential_spearman", reason, "model")


def test_the_metric_of_saturated_coins_is_that_of_their_log_odds():
    """Of log odds l = 30·Wz the column is ½·sech(l/2)·30·W: here it is read down to 10⁻¹²."""
    steep = 30 * WEIGHT
    model = trained(Known(lambda x: x[:, :4], lambda z: z @ steep, scale=0.1, bernoulli=True), 4)
    columns, _, active = metric_columns(model, X[:100])
    assert bool(active.all())
    odds = X[:100, :4].double() @ steep.double()
    assert float(odds.abs().max()) > 150
    exact = steep.double().unsqueeze(1) / (2 * torch.cosh(odds / 2))
    for low, high, digits in ((0, 8, 5e-6), (8, 16, 1e-4), (16, 60, 1e-5)):
        there = (odds.abs() >= low) & (odds.abs() < high)
        assert there.any()
        torch.testing.assert_close(columns.double()[:, there], exact[:, there], rtol=digits, atol=1e-12)
    assert torch.isfinite(columns).all()
    found = by_name(
        stationarity(Probe(model, DATA, EVALUATION, generator()))
        + orthogonality(Probe(model, DATA, EVALUATION, generator()))
    )
    assert all(measurement.value is not None and math.isfinite(measurement.value) for measurement in found.values())


def test_a_posterior_too_narrow_for_its_square_has_its_precision():
    found = read(plurisubharmonic, curved, scale=math.exp(-60))
    assert found["potential_psh_share"].value == 1
    assert all(measurement.value is not None and math.isfinite(measurement.value) for measurement in found.values())
