"""Detectors call a twentieth of real data outliers, noise always, and are fixed before anything is sampled."""

from dataclasses import replace

import pytest
import torch
from measures.known import generator
from measures.planted_decoders import corners, split_of

from vaebench.data import Dataset, Split
from vaebench.data.digits import load
from vaebench.papers.gracyk2025 import kept
from vaebench.papers.gracyk2025.kept import facts
from vaebench.papers.gracyk2025.outliers import SHARE
from vaebench.papers.gracyk2025.ratings import DETECTORS, calibrated, rated

DIGITS = load()
TRAIN, HELD_OUT = DIGITS.train, DIGITS.held_out


@pytest.fixture(scope="module")
def known():
    return facts(DIGITS, 1024)


def far(x, known):
    """Share of examples that are odder than 95 % of real held-out data, by detector, as the instruments read it."""
    found = rated(x, known)
    read = {one.name: one.value for one in calibrated(found, known).read("x", found)}
    return {detector: read[f"{detector}_far_x"] for detector in DETECTORS}


def bounds(data):
    known = facts(data, 1024)
    return calibrated(rated(known.real, known), known).far


@pytest.mark.parametrize("detector", DETECTORS)
def test_a_twentieth_of_the_held_out_data_are_outliers_to_either(known, detector):
    assert len(known.real) == len(HELD_OUT.x)
    assert abs(far(known.real, known)[detector] - SHARE) <= 1 / len(HELD_OUT.x)


def test_the_classifier_is_as_accurate_on_digits_as_it_says(known):
    fitted = known.classifier
    assert 0.97 < fitted.accuracy < 1
    right = fitted.probabilities(HELD_OUT.x).argmax(1) == HELD_OUT.labels
    assert fitted.accuracy == pytest.approx(float(right.double().mean()))
    assert fitted.n == len(HELD_OUT.x)


@pytest.mark.parametrize(
    "noise",
    [
        lambda rng: torch.rand(500, 1, 8, 8, generator=rng),
        lambda rng: torch.rand(500, 1, 8, 8, generator=rng).round(),
        lambda rng: TRAIN.x[:500].flatten(1)[:, torch.randperm(64, generator=rng)].reshape(-1, 1, 8, 8),
    ],
    ids=["even", "black and white", "shuffled pixels"],
)
def test_noise_is_an_outlier(noise, known):
    found = far(noise(generator()), known)
    assert found["neighbour"] > 0.99
    assert found["classifier"] > 0.9


def test_what_lies_between_two_digits_is_an_outlier_more_often_than_digits(known):
    assert far((HELD_OUT.x[:150] + HELD_OUT.x[150:300]) / 2, known)["classifier"] > 0.4


@pytest.mark.parametrize(("neighbours", "is_far"), [(4, True), (5, False)])
def test_a_sample_is_near_the_data_where_five_examples_are(neighbours, is_far):
    rng, lonely = generator(), torch.full((1, 1, 2, 2), 9.0)
    usual, held_out = (torch.randn(n, 1, 2, 2, generator=rng) for n in (200, 100))
    train = torch.cat([usual, lonely.expand(neighbours, -1, -1, -1)])
    known = facts(Dataset("lonely", 1, Split(train), Split(held_out)), 100)
    found = rated(lonely, known)
    assert bool(found.oddness["neighbour"] > calibrated(found, known).far["neighbour"]) is is_far


def test_training_data_are_near_themselves(known):
    assert far(TRAIN.x, known)["neighbour"] < 0.05


def test_probabilities_are_of_the_classes_in_order_and_in_double_precision(known):
    found = rated(TRAIN.x[:20], known).probabilities
    assert found.dtype == torch.float64
    assert found.shape == (20, 10)
    torch.testing.assert_close(found.sum(1), torch.ones(20, dtype=torch.float64))
    assert torch.equal(found.argmax(1), TRAIN.labels[:20])


def test_a_classifier_is_the_same_whenever_it_is_fitted():
    data = corners(400)
    first, again = (kept._found(data, 50) for _ in range(2))
    assert again.classifier is not first.classifier
    assert (again.classifier.accuracy, again.classifier.n) == (first.classifier.accuracy, 100)
    assert torch.equal(again.confidences, first.confidences)


def test_classes_need_not_be_numbered_from_nought():
    data = corners(400)
    spread = [Split(s.x, s.labels * 7 + 3) for s in (data.train, data.held_out)]
    known, of_spread = facts(data, 50), facts(replace(data, train=spread[0], held_out=spread[1]), 50)
    assert of_spread.classifier is not known.classifier
    assert of_spread.classifier.accuracy == known.classifier.accuracy > 0.9


def test_a_class_that_training_never_saw_is_never_right():
    x = torch.randn(400, 3, generator=generator())
    data = split_of(x, (x[:, 0] > 0).long() * 2)
    unseen = replace(data, held_out=Split(data.held_out.x, torch.ones(100, dtype=torch.long)))
    assert facts(data, 50).classifier.accuracy > 0.9
    assert facts(unseen, 50).classifier.accuracy == 0


def test_the_neighbour_threshold_is_in_units_of_the_data():
    data, tripled = (Dataset("scaled", 1, Split(by * TRAIN.x[:300]), Split(by * HELD_OUT.x[:100])) for by in (1, 3))
    assert bounds(tripled)["neighbour"] == pytest.approx(3 * bounds(data)["neighbour"], rel=1e-5)
