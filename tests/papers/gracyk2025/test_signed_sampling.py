"""Both signs of the volume are read off candidates that are rated once, and planted outliers move as they must."""

import pytest
import torch
from measures.known import Known, by_name, ellipsoid, generator, trained
from measures.planted_decoders import between_corners, corners, disc, model_of, spiral, split_of, steep_beside_the_rim

from vaebench.claims import declined
from vaebench.data import Dataset, Split
from vaebench.experiment import EvaluationBudget
from vaebench.kernels.importance_resampling import resampled
from vaebench.measures.probe import Probe
from vaebench.models.exact import linear_vae_on_principal_axes
from vaebench.papers.gracyk2025 import signed_sampling as module
from vaebench.papers.gracyk2025.kept import facts
from vaebench.papers.gracyk2025.ratings import DETECTORS, calibrated, decoded, rated
from vaebench.papers.gracyk2025.signed_sampling import ALPHAS, SIGNS, Draws, signed_sampling

CORNERS, DISC = corners(), disc()
BUDGET = EvaluationBudget(samples=4096, points=400)


def read(model, data, budget=BUDGET, seed=0):
    return by_name(signed_sampling(Probe(model, data, budget, generator(seed))))


@pytest.fixture(scope="module")
def planted():
    return read(model_of(between_corners, scale=0.02), CORNERS)


def below(found, one, other, deviations=3):
    gap = found[other].value - found[one].value
    return gap > deviations * (found[one].stderr ** 2 + found[other].stderr ** 2) ** 0.5


@pytest.mark.parametrize("detector", DETECTORS)
def test_outliers_where_volume_is_large_are_fewer_by_less_volume_and_more_by_more(planted, detector):
    # Over all samples the classifier's order moves little, .58 to .52, where its tail falls from .30 to .08: it is as
    # sure of most samples as of reconstructions. So the tail is judged, and the order stands beside.
    for what in ("auroc", "far", "beyond_95") if detector == "neighbour" else ("far", "beyond_95"):
        assert below(planted, f"{detector}_{what}_less_volume", f"{detector}_{what}_prior")
        assert below(planted, f"{detector}_{what}_prior", f"{detector}_{what}_more_volume")
    less, prior, more = (planted[f"{detector}_auroc_{way}"].value for way in ("less_volume", "prior", "more_volume"))
    assert less < prior < more
    assert below(planted, f"{detector}_far_less_volume", f"{detector}_far_truncated_to_distance_of_less")


def test_outliers_where_volume_is_small_are_fewer_by_more_volume():
    """The mirror image: the decoder is flat where its images lie in a gap of the data."""
    rng = generator(5)

    def decode(z):
        return torch.cat([4 * z[:, :1] * z[:, :1].abs(), z[:, 1:]], 1)

    z = torch.randn(40_000, 4, generator=rng)
    data = split_of(decode(z[z[:, 0].abs() > 0.8][:3000]))
    model = model_of(decode, encode=lambda x: torch.cat([x[:, :1].sign() * x[:, :1].abs().sqrt() / 2, x[:, 1:]], 1))
    found = read(model, data)
    assert below(found, "neighbour_auroc_more_volume", "neighbour_auroc_prior")
    assert below(found, "neighbour_auroc_prior", "neighbour_auroc_less_volume")


def test_an_even_volume_gives_the_priors_own_numbers_at_every_power():
    data = ellipsoid()
    labelled = Dataset("e", 1, *(Split(s.x, (s.x[:, 0, 0] > 0.5).long()) for s in (data.train, data.held_out)))
    found = read(trained(linear_vae_on_principal_axes(data, 2, None, 0.1), 2), labelled)
    for detector in DETECTORS:
        for what in ("auroc", "far"):
            prior = found[f"{detector}_{what}_prior"].value
            for way in (*(f"{sign}_volume" for sign in SIGNS), *(f"alpha_{name}" for name in ALPHAS)):
                assert found[f"{detector}_{what}_{way}"].value == pytest.approx(prior, abs=1e-12)
    for what in ("class_entropy", "pairwise_distance", "coverage"):
        assert found[f"{what}_more_volume"].value == found[f"{what}_less_volume"].value == found[f"{what}_prior"].value
    assert {found[f"truncation_for_{match}_of_{sign}"].value for match in module.MATCHES for sign in SIGNS} == {1}


def test_a_volume_that_knows_nothing_of_outliers_changes_no_reading():
    found = read(model_of(steep_beside_the_rim), DISC)
    prior, less = found["neighbour_auroc_prior"], found["neighbour_auroc_less_volume"]
    assert abs(less.value - prior.value) < 3 * (prior.stderr**2 + less.stderr**2) ** 0.5
    assert found["pairwise_distance_less_volume"].value < 0.9 * found["pairwise_distance_prior"].value


def test_indexed_ratings_are_those_of_the_samples_themselves(planted):
    """The long way: decode and rate the samples of each power anew, from the same draws."""
    model, known = model_of(between_corners, scale=0.02), facts(CORNERS, 400)
    rng = generator(9)
    codes = torch.complex(*torch.randn(2, 600, 2, generator=rng)) / 2**0.5
    volumes = torch.randn(600, dtype=torch.float64, generator=rng)
    once = rated(decoded(model, codes), known)
    judge = calibrated(once, known)
    draws = Draws(volumes, rng, rng.get_state())
    for alpha in (-1.0, 1.0, 0.5):
        indexed = once.at(draws.taken(alpha, 600))
        rng.set_state(draws.state)
        anew = rated(decoded(model, resampled(codes, alpha * volumes, 600, rng)), known)
        torch.testing.assert_close(indexed.distances, anew.distances, rtol=1e-6, atol=1e-6)
        torch.testing.assert_close(indexed.probabilities, anew.probabilities, rtol=1e-6, atol=1e-6)
        for one, other in zip(judge.read("a", indexed), judge.read("a", anew), strict=True):
            assert one.value == pytest.approx(other.value, abs=1e-6)


def test_candidates_are_rated_once_and_not_once_a_power(monkeypatch):
    seen = []
    monkeypatch.setattr(module, "rated", lambda x, *rest: seen.append(len(x)) or rated(x, *rest))
    small = EvaluationBudget(samples=700, points=100)
    found = read(model_of(steep_beside_the_rim), DISC, small)
    assert found["effective_share_less_volume"].value > module.TOO_SMALL
    # Once as they are, once for each factor of truncation, fixed or matched.
    factors = {1.0, *module.TRUNCATIONS.values()}
    factors |= {m.value for name, m in found.items() if name.startswith("truncation_for")}
    chained = sum(f"langevin_acceptance_{sign}_volume" in found for sign in SIGNS)
    assert seen.count(700) == len(factors)
    assert len(seen) == len(factors) + 1 + chained


@pytest.mark.parametrize("sign", SIGNS)
def test_few_effective_candidates_are_moved_on_by_chains(sign):
    """det g goes like e^(2.5·z₀) for this decoder, so weighted codes are normal about (±2.5, 0, 0, 0)."""
    z = torch.randn(3000, 4, generator=generator(5)) + SIGNS[sign] * 2.5 * torch.tensor([1.0, 0.0, 0.0, 0.0])
    back = lambda x: torch.cat([torch.log(x[:, :2].norm(dim=1, keepdim=True)) / 1.25, 0 * x[:, 1:]], 1)  # noqa: E731
    found = read(model_of(spiral, encode=back), split_of(spiral(z)), EvaluationBudget(samples=4096, points=400))
    assert found[f"effective_share_{sign}_volume"].value < 0.05
    assert found[f"langevin_acceptance_{sign}_volume"].value == pytest.approx(0.574, abs=0.1)
    assert found[f"neighbour_far_{sign}_volume"].value == pytest.approx(0.05, abs=0.04)


def test_half_the_prior_loses_every_variation():
    z = torch.randn(1600, 4, generator=generator())
    labels = (z[:, 0].abs() > 1).long()  # one of the two is what lies far out
    model = trained(Known(lambda x: x, lambda z: z, 0.05), 4)
    found = read(model, split_of(z, labels), EvaluationBudget(samples=2048, points=400))
    for what in ("class_entropy", "pairwise_distance", "coverage"):
        assert below(found, f"{what}_truncated_at_0_5", f"{what}_prior")


def test_coverage_has_as_many_on_either_side():
    few = EvaluationBudget(samples=512, points=64)
    found = read(model_of(between_corners), CORNERS, few)
    assert {found[f"coverage_{way}"].n for way in ("prior", "more_volume", "less_volume")} == {64}
    many = read(model_of(between_corners), corners(300), EvaluationBudget(samples=512, points=200))
    assert many["coverage_prior"].n == 75
    assert many["pairwise_distance_prior"].n == 200


def test_what_is_given_is_declared_and_all_that_is_declared_is_given(planted):
    of_some = {f"langevin_acceptance_{sign}_volume" for sign in SIGNS}
    of_some |= {f"truncation_for_{match}_of_{sign}" for match in module.MATCHES for sign in SIGNS}
    assert set(signed_sampling.gives) - of_some <= set(planted) <= set(signed_sampling.gives)


def test_without_classes_only_the_neighbours_are_asked():
    found = read(model_of(steep_beside_the_rim), DISC, EvaluationBudget(samples=512, points=100))
    for name, measurement in found.items():
        if "classifier" in name or "class_entropy" in name or "to_entropy" in name:
            assert measurement == declined(name, "the data have no classes")


def test_the_same_seed_reads_the_same():
    few = EvaluationBudget(samples=512, points=64)
    one, two, other = (read(model_of(between_corners), CORNERS, few, seed) for seed in (3, 3, 4))
    assert one == two
    assert one["effective_share_more_volume"] != other["effective_share_more_volume"]


def test_an_odd_number_of_units_is_the_settings_matter_and_a_collapse_the_models():
    found = read(model_of(lambda z: z.repeat(1, 2), 3), ellipsoid())
    for name in signed_sampling.gives:
        assert found[name] == declined(name, "an odd number of latent units cannot be paired", "setting")
    collapsed = read(model_of(lambda z: z.repeat(1, 2).reshape(-1, 2, 4), scale=1.0), ellipsoid())
    assert {collapsed[name].cause for name in signed_sampling.gives} == {"model"}
