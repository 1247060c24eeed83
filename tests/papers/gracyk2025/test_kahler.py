"""The potential's metric equals the decoder's where it is built to. Its rank order comes with its error."""

import pytest
import torch
from measures.known import EVALUATION, Known, by_name, ellipsoid, generator, trained
from measures.planted_decoders import corners, model_of
from torch import nn

from vaebench.claims import declined
from vaebench.experiment import EvaluationBudget
from vaebench.kernels.complex_normal import paired
from vaebench.measures.probe import Probe
from vaebench.models.exact import linear_vae_on_principal_axes
from vaebench.papers.gracyk2025 import kahler

DATA = ellipsoid()
SCALES = torch.tensor([0.5, 0.5, 0.25, 0.25])
INSTRUMENTS = (kahler.potential_fidelity, kahler.plurisubharmonic, kahler.cost)
EVEN = "the decoder's volume is the same everywhere: there is no order to follow"


def fidelity(model, data=DATA, evaluation=EVALUATION, seed=0):
    return by_name(kahler.potential_fidelity(Probe(model, data, evaluation, generator(seed))))


def convexity(model, data=DATA, evaluation=EVALUATION):
    return by_name(kahler.plurisubharmonic(Probe(model, data, evaluation, generator())))


def flattening(z):
    """Slopes that fall with the size of each code, as the potential's metric does away from its components."""
    return torch.asinh(3 * z)


def test_the_exact_linear_model_is_kahler_and_its_volume_has_no_order_to_follow():
    data = corners()
    found = fidelity(trained(linear_vae_on_principal_axes(data, 4, None, 0.1), 4), data)
    for name in ("potential_spearman", "precision_spearman"):
        assert found[name] == declined(name, EVEN, "model")
    assert found["kahler_defect"].value < 1e-6
    assert found["potential_relative_error"].value > 0


def test_in_one_complex_dimension_every_metric_is_kahler():
    found = fidelity(model_of(flattening, 2))["kahler_defect"]
    reason = "every Hermitian metric in one complex dimension is Kähler: the defect says nothing there"
    assert found == declined("kahler_defect", reason, "setting")


@pytest.mark.parametrize("stretch", [1.0, 3.0])
def test_a_decoder_whose_metric_is_the_potentials_has_no_error(stretch):
    """All posteriors the same: the potential is one quadratic, of metric 1/s², and so is a linear decoder's."""
    model = model_of(lambda z: stretch * z * 0.05**0.5 / SCALES, 4, SCALES, encode=lambda x: 0 * x.flatten(1)[:, :4])
    found = fidelity(model)
    error = found["potential_relative_error"]
    assert error.value == pytest.approx(abs(1 / stretch**2 - 1), abs=1e-5)
    assert error.stderr < 1e-5
    assert found["kahler_defect"].value < 1e-6


@pytest.mark.parametrize(("decode", "sign"), [(flattening, 1), (lambda z: z + z**3, -1)])
def test_the_order_of_volumes_is_followed_or_opposed(decode, sign):
    """Between two components the potential's metric has a ridge, and falls with the first code's size on both sides."""

    def along_the_first(z):
        return torch.cat([decode(z[:, :1]), z[:, 1:]], 1)

    def two_sides(x):
        return torch.sign(x.flatten(1)[:, :1] - 0.5) * torch.tensor([0.3, 0.0, 0.0, 0.0])

    found = fidelity(model_of(along_the_first, scale=0.5, encode=two_sides))["potential_spearman"]
    assert found.value == pytest.approx(sign, abs=0.02)
    assert found.better == "higher"


def test_precisions_nearby_follow_a_decoder_that_they_were_made_after():
    """Posterior scales 1/√(1 + slope²/v): their precision at the codes is the decoder's metric there."""

    class Fitted(Known):
        def encode(self, x):
            posterior = super().encode(x)
            slopes = 3 / (1 + 9 * posterior.mean**2).sqrt()
            return type(posterior)(posterior.mean, 1 / (1 + slopes**2 / 0.05).sqrt())

    data = corners(2000)
    model = trained(Fitted(lambda x: x.flatten(1)[:, :4], flattening), 4)
    assert fidelity(model, data)["precision_spearman"].value > 0.6


def test_a_proxy_that_is_even_has_no_order():
    """Posteriors of one scale everywhere have one precision."""
    found = fidelity(model_of(flattening, scale=0.3))
    reason = "the proxy's volume is the same everywhere: there is no order to follow"
    assert found["precision_spearman"] == declined("precision_spearman", reason, "model")


def test_errors_are_those_over_other_codes():
    def crossed(z):
        return torch.cat([flattening(z), z.roll(1, 1) * z], 1)

    evaluation, model = EvaluationBudget(samples=1024), model_of(crossed, scale=0.5)
    found = [fidelity(model, evaluation=evaluation, seed=seed) for seed in range(40)]
    for name in ("potential_spearman", "potential_relative_error", "kahler_defect"):
        values = torch.tensor([each[name].value for each in found])
        claimed = torch.tensor([each[name].stderr for each in found]).mean()
        assert 0.65 < float(values.std() / claimed) < 1.5, name


def test_a_holomorphic_decoder_is_kahler_and_another_is_not():
    def holomorphic(z):
        w = paired(z)
        out = torch.stack([w[:, 0] ** 2, w[:, 0] * w[:, 1], w[:, 1]], 1)
        return torch.cat([out.real, out.imag], 1)

    assert fidelity(model_of(holomorphic))["kahler_defect"].value < 1e-5
    crossed = fidelity(model_of(lambda z: torch.cat([z, z.roll(1, 1) * z], 1)))["kahler_defect"]
    assert crossed.value > 0.05
    assert crossed.n == kahler.CLOSEDNESS_CODES


@pytest.mark.parametrize("scale", [0.5, 0.1, 0.003])
def test_the_potential_is_plurisubharmonic_and_the_mixtures_log_density_is_not(scale):
    """Also where precisions are 10⁵."""
    found = convexity(model_of(flattening, scale=scale))
    assert found["potential_psh_share"].value == 1
    assert found["potential_smallest_eigenvalue"].value > 0
    assert found["mixture_psh_share"].value < 0.05
    assert found["mixture_smallest_eigenvalue"].value < -0.5
    assert found["potential_psh_share"].n == EVALUATION.samples // 4


def test_between_far_components_the_log_density_is_convex_along_them():
    """With one code and its modes on two sides of the prior, the share is that of codes near the middle."""
    model = model_of(
        lambda z: z, 2, 0.69, encode=lambda x: torch.sign(x.flatten(1)[:, :1] - 0.5) * torch.tensor([2.2, 0])
    )
    found = convexity(model)
    assert 0.1 < found["mixture_psh_share"].value < 0.9


def deep(layers, width=256):
    with torch.random.fork_rng():
        torch.manual_seed(0)
        inner = [each for _ in range(layers) for each in (nn.Linear(width, width), nn.Tanh())]
        net = nn.Sequential(nn.Linear(4, width), *inner, nn.Linear(width, 8)).requires_grad_(False)
    return model_of(net)


def test_a_slow_decoders_metric_costs_more_and_a_slower_ones_still_more():
    evaluation = EvaluationBudget(samples=2048)
    fast, slow = (
        by_name(kahler.cost(Probe(deep(n), DATA, evaluation, generator())))["metric_log10_time_ratio"] for n in (0, 12)
    )
    assert slow.value > 0.2
    assert slow.value > fast.value + 0.3
    assert (slow.n, slow.unit, slow.better) == (kahler.REPEATS, "1", "higher")
    assert slow.stderr >= 0


def test_the_ratio_is_the_decoders_time_over_the_potentials(monkeypatch):
    """Ten times as long is 1; what the first calls take, which warm up, is not asked."""
    times = iter([5.0, 0.001, *[10.0, 1.0] * 4, 1000.0, 1.0])
    monkeypatch.setattr(kahler, "_seconds", lambda call, device: next(times))
    (measurement,) = kahler.cost(Probe(model_of(flattening), DATA, EVALUATION, generator()))
    assert measurement.value == pytest.approx(1)
    assert measurement.stderr == pytest.approx(0.8**0.5 / 5**0.5)


@pytest.mark.parametrize("instrument", INSTRUMENTS)
def test_an_odd_number_of_units_is_the_settings_matter_and_collapse_the_models(instrument):
    odd = instrument(Probe(model_of(lambda z: z, 3), DATA, EVALUATION, generator()))
    collapsed = instrument(Probe(model_of(lambda z: z, 4, 1.0), DATA, EVALUATION, generator()))
    assert len(odd) == len(collapsed) > 0
    for one, other in zip(odd, collapsed, strict=True):
        assert one == declined(one.name, "an odd number of latent units cannot be paired", "setting")
        assert other == declined(one.name, "every complex latent unit has collapsed to the prior", "model")


def test_a_decoder_that_hears_nothing_has_no_volume_to_follow():
    found = fidelity(model_of(lambda z: 0 * z + 1))
    for name in ("potential_spearman", "potential_relative_error", "precision_spearman"):
        assert found[name].cause == "model"
        assert found[name].reason.startswith("the metric is singular at 1024 of 1024 codes")
