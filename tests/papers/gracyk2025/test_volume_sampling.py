"""Weights by volume do nothing where volume is even, and give the exact law where it is known."""

import pytest
import torch
from measures.known import EVALUATION, Known, by_name, ellipsoid, generator, trained
from measures.planted_decoders import between_corners, corners, disc, model_of, spiral, split_of, steep_beside_the_rim

from vaebench.claims import declined
from vaebench.data import Dataset, Split
from vaebench.experiment import EvaluationBudget
from vaebench.kernels.sample_variation import mean_pairwise_distance
from vaebench.measures.probe import Probe
from vaebench.models.exact import linear_vae_on_principal_axes
from vaebench.papers.gracyk2025 import signed_sampling

DETECTORS = ("classifier", "neighbour")
CORNERS, DISC = corners(), disc()


def read(model, data, evaluation=EVALUATION, seed=0):
    return by_name(signed_sampling.signed_sampling(Probe(model, data, evaluation, generator(seed))))


@pytest.fixture(scope="module")
def planted():
    return read(model_of(between_corners), CORNERS)


@pytest.fixture(scope="module")
def deceptive():
    return read(model_of(steep_beside_the_rim), DISC)


def below(found, one, other, deviations=3):
    gap = found[other].value - found[one].value
    return gap > deviations * (found[one].stderr ** 2 + found[other].stderr ** 2) ** 0.5


def test_an_even_volume_gives_the_priors_own_samples():
    data = ellipsoid()
    labelled = Dataset("e", 1, *(Split(s.x, (s.x[:, 0, 0] > 0.5).long()) for s in (data.train, data.held_out)))
    model = trained(linear_vae_on_principal_axes(data, 2, None, 0.1), 2)
    found = read(model, labelled)
    assert found["effective_share_less_volume"].value == pytest.approx(1, abs=1e-6)
    for what in ("classifier_far", "neighbour_far", "class_entropy", "pairwise_distance", "coverage"):
        assert found[f"{what}_less_volume"].value == found[f"{what}_prior"].value
    for match in ("distance", "entropy"):
        assert found[f"truncation_for_{match}_of_less"].value == 1
        for detector in DETECTORS:
            same = found[f"{detector}_far_prior"].value
            assert found[f"{detector}_far_truncated_to_{match}_of_less"].value == same
    for alpha in ("minus_2", "minus_half", "plus_half", "plus_2"):
        assert found[f"neighbour_far_alpha_{alpha}"].value == found["neighbour_far_prior"].value
    assert "langevin_acceptance_less_volume" not in found


@pytest.mark.parametrize("detector", DETECTORS)
def test_outliers_where_the_volume_is_large_are_fewer_with_a_negative_power_and_more_with_a_positive(planted, detector):
    name = f"{detector}_far"
    assert below(planted, f"{name}_less_volume", f"{name}_prior")
    assert below(planted, f"{name}_prior", f"{name}_alpha_plus_half")
    assert below(planted, f"{name}_alpha_plus_half", f"{name}_more_volume")
    assert below(planted, f"{name}_less_volume", f"{name}_truncated_to_distance_of_less")


def test_no_truncation_helps_against_outliers_at_the_centre(planted):
    for detector in DETECTORS:
        truncated = planted[f"{detector}_far_truncated_to_distance_of_less"].value
        assert truncated >= planted[f"{detector}_far_prior"].value
    assert planted["truncation_for_distance_of_less"].value > 1  # the weighted samples vary more than the prior's


def test_a_volume_that_knows_nothing_of_outliers_changes_no_rate(deceptive):
    prior, weighted = deceptive["neighbour_far_prior"], deceptive["neighbour_far_less_volume"]
    assert abs(weighted.value - prior.value) < 3 * (prior.stderr**2 + weighted.stderr**2) ** 0.5
    assert deceptive["pairwise_distance_less_volume"].value < 0.9 * deceptive["pairwise_distance_prior"].value


def test_where_outliers_are_at_the_rim_truncation_to_the_same_variation_does_better():
    model, evaluation = model_of(steep_beside_the_rim), EvaluationBudget(samples=8192, points=1024)
    found = read(model, DISC, evaluation)
    assert 0.7 < found["truncation_for_distance_of_less"].value < 0.95
    assert below(found, "neighbour_far_truncated_to_distance_of_less", "neighbour_far_less_volume")
    assert below(found, "neighbour_far_truncated_to_distance_of_less", "neighbour_far_prior")


def test_the_truncation_curve_leads_from_the_centre_to_the_prior():
    """Outliers at the rim, and spread, come back with the factor; the last point of the curve is the prior itself."""
    found = read(model_of(steep_beside_the_rim), DISC, EvaluationBudget(samples=4096, points=512))
    for what in ("neighbour_far", "pairwise_distance"):
        course = [found[f"{what}_truncated_{name}"].value for name in signed_sampling.TRUNCATIONS] + [
            found[f"{what}_prior"].value
        ]
        assert course == sorted(course)
        assert course[0] < course[-1]


def test_rates_rest_on_all_samples_and_ways_to_vary_on_a_few():
    few = read(model_of(between_corners), CORNERS, EvaluationBudget(samples=512, points=64))
    assert {few[f"neighbour_far_{way}"].n for way in ("prior", "less_volume", "truncated_at_0_4")} == {512}
    assert {few[f"pairwise_distance_{way}"].n for way in ("prior", "less_volume", "truncated_at_0_4")} == {64}


@pytest.mark.parametrize("pace", [0.25, 1.25])
def test_weighted_samples_follow_the_exact_law_by_resampling_and_by_chains(pace):
    """det g goes like e^(2·pace·z₀) for this decoder, so weighted codes are normal about (−2·pace, 0, 0, 0)."""

    def exact(n, seed):
        z = torch.randn(n, 4, generator=generator(seed))
        return spiral(z - 2 * pace * torch.tensor([1.0, 0.0, 0.0, 0.0]), pace)

    evaluation = EvaluationBudget(samples=4096, points=800)
    found = read(model_of(lambda z: spiral(z, pace)), split_of(exact(3000, 5)), evaluation)
    distance, expected = found["pairwise_distance_less_volume"], mean_pairwise_distance(exact(3000, 6))
    assert abs(distance.value - float(expected.value)) < 4 * (distance.stderr**2 + float(expected.stderr) ** 2) ** 0.5
    assert abs(found["neighbour_far_less_volume"].value - 0.05) < 0.025
    share = torch.exp(torch.tensor(-4 * pace**2))  # (E w)²/E w² of w = e^(−2·pace·z₀)
    if pace < 1:
        assert found["effective_share_less_volume"].value == pytest.approx(float(share), rel=0.05)
        assert "langevin_acceptance_less_volume" not in found
    else:
        assert found["effective_share_less_volume"].value < 0.05
        assert found["langevin_acceptance_less_volume"].value == pytest.approx(0.574, abs=0.1)
        assert 0 < found["langevin_acceptance_less_volume"].stderr < 0.02


def test_few_effective_candidates_leave_a_large_error_also_of_a_rate_of_none():
    z = torch.randn(1000, 4, generator=generator(5))
    found = read(model_of(spiral), split_of(spiral(z - 2.5 * torch.tensor([1.0, 0.0, 0.0, 0.0]))))
    rate, share = found["neighbour_far_alpha_minus_2"], found["effective_share_less_volume"].value
    assert share < 0.05
    assert rate.stderr > 0.05
    assert found["neighbour_far_prior"].stderr < 0.03


def test_rates_have_the_error_of_rates():
    found = [
        read(model_of(between_corners), corners(600, False), EvaluationBudget(samples=2048, points=128), s)
        for s in range(16)
    ]
    for name in ("neighbour_far_prior", "neighbour_far_less_volume"):
        values = torch.tensor([each[name].value for each in found])
        claimed = torch.tensor([each[name].stderr for each in found]).square().mean().sqrt()
        assert 0.6 < float(values.std() / claimed) < 1.5


def test_a_variation_that_no_factor_reaches_is_no_match(monkeypatch):
    monkeypatch.setattr(signed_sampling, "WIDEST", 1.1)
    found = read(model_of(between_corners), CORNERS, EvaluationBudget(samples=1024, points=200))
    for detector in DETECTORS:
        name = f"{detector}_far_truncated_to_distance_of_less"
        reason = "the prior times no factor up to 1.1 varies as the weighted samples do"
        assert found[name] == declined(name, reason, "model")
    assert "truncation_for_distance_of_less" not in found


def test_a_variation_that_differs_by_noise_is_matched_at_its_nearest(planted):
    """Classes are even with and without weights: the entropies differ in the fourth digit, and no factor mends that."""
    gap = planted["class_entropy_less_volume"].value - planted["class_entropy_prior"].value
    assert abs(gap) < 2 * planted["class_entropy_less_volume"].stderr
    assert planted["neighbour_far_truncated_to_entropy_of_less"].value is not None


def test_without_classes_only_the_neighbours_are_asked(deceptive):
    reason = "the data have no classes"
    for name, measurement in deceptive.items():
        if "classifier" in name or "class_entropy" in name or "to_entropy_of" in name:
            assert measurement == declined(name, reason, "setting")
        else:
            assert measurement.value is not None
    signs = ("more", "less")
    found_of_some = {f"truncation_for_entropy_of_{sign}" for sign in signs}
    found_of_some |= {f"langevin_acceptance_{sign}_volume" for sign in signs}
    assert set(signed_sampling.signed_sampling.gives) - found_of_some <= set(deceptive)


def test_the_same_seed_reads_the_same_and_another_does_not(planted):
    few = EvaluationBudget(samples=512, points=64)
    one, two, other = (read(model_of(between_corners), CORNERS, few, seed) for seed in (3, 3, 4))
    assert one == two
    assert one["effective_share_less_volume"] != other["effective_share_less_volume"]


def test_an_odd_number_of_units_is_the_settings_matter():
    found = read(model_of(lambda z: z.repeat(1, 2), 3), ellipsoid())
    for name in set(signed_sampling.signed_sampling.gives) - {"classifier_accuracy"}:
        assert found[name] == declined(name, "an odd number of latent units cannot be paired", "setting")


@pytest.mark.parametrize(
    ("model", "reason"),
    [
        (model_of(lambda z: z.repeat(1, 2).reshape(-1, 2, 4), scale=1.0), "every complex latent unit has collapsed"),
        (
            model_of(lambda z: (0 * z + 1).repeat(1, 2).reshape(-1, 2, 4)),
            "the metric is singular at 4096 of 4096 codes",
        ),
        (
            model_of(lambda z: (z / 0 * 0).repeat(1, 2).reshape(-1, 2, 4)),
            "the sample contains a value that is not finite",
        ),
    ],
)
def test_a_degenerate_model_reads_nothing_and_that_is_the_models_doing(model, reason):
    found = read(model, ellipsoid())
    for name in set(signed_sampling.signed_sampling.gives) - {"classifier_accuracy"}:
        assert found[name].value is None
        assert found[name].cause == "model"
        assert found[name].reason.startswith(reason)


def test_a_collapsed_unit_has_no_part_in_the_volume():
    """The decoder is steep along its last two units: that weighs where they code something, and only there."""
    data = split_of(torch.randn(400, 4, generator=generator()))

    def decode(z):
        return torch.cat([z[:, :2], steep_beside_the_rim(z.flip(1))[:, :2]], 1)

    collapsed = Known(lambda x: x[:, :4], decode, torch.tensor([0.1, 0.1, 1.0, 1.0]))
    assert read(trained(collapsed, 4), data)["effective_share_less_volume"].value == pytest.approx(1, abs=1e-9)
    assert read(model_of(decode), data)["effective_share_less_volume"].value < 0.95
