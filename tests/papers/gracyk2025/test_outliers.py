"""Detectors call a twentieth of real data outliers, noise always, and are fixed before anything is sampled."""

from dataclasses import replace

import pytest
import torch
from measures.known import generator
from measures.planted_decoders import corners, split_of

from vaebench.data import Split
from vaebench.data.digits import load
from vaebench.kernels.estimate import Undefined
from vaebench.kernels.neighbours import neighbour_distance
from vaebench.papers.gracyk2025.outliers import NEIGHBOUR, SHARE, classifier, classifier_of, neighbour_threshold

DIGITS = load()
TRAIN, HELD_OUT = DIGITS.train, DIGITS.held_out


def confidence(x):
    return classifier(DIGITS).probabilities(x).amax(1)


def far(x):
    return neighbour_distance(x, TRAIN.x, NEIGHBOUR) > neighbour_threshold(TRAIN.x, HELD_OUT.x)


def test_a_twentieth_of_the_held_out_data_are_outliers_to_either():
    n = len(HELD_OUT.x)
    assert abs(float((confidence(HELD_OUT.x) < classifier(DIGITS).threshold).double().mean()) - SHARE) <= 1 / n
    assert abs(float(far(HELD_OUT.x).double().mean()) - SHARE) <= 1 / n


def test_the_classifier_is_as_accurate_on_digits_as_it_says():
    fitted = classifier(DIGITS)
    assert 0.98 < fitted.accuracy < 1
    right = fitted.probabilities(HELD_OUT.x).argmax(1) == HELD_OUT.labels
    assert fitted.accuracy == pytest.approx(float(right.double().mean()))


@pytest.mark.parametrize(
    "noise",
    [
        lambda rng: torch.rand(500, 1, 8, 8, generator=rng),
        lambda rng: torch.rand(500, 1, 8, 8, generator=rng).round(),
        lambda rng: TRAIN.x[:500].flatten(1)[:, torch.randperm(64, generator=rng)].reshape(-1, 1, 8, 8),
    ],
    ids=["even", "black and white", "shuffled pixels"],
)
def test_noise_is_an_outlier(noise):
    x = noise(generator())
    assert float(far(x).double().mean()) > 0.99
    assert float((confidence(x) < classifier(DIGITS).threshold).double().mean()) > 0.9


def test_what_lies_between_two_digits_is_an_outlier_more_often_than_digits():
    between = (HELD_OUT.x[:150] + HELD_OUT.x[150:300]) / 2
    assert float((confidence(between) < classifier(DIGITS).threshold).double().mean()) > 0.4


@pytest.mark.parametrize(("neighbours", "is_far"), [(4, True), (5, False)])
def test_a_sample_is_near_the_data_where_five_examples_are(neighbours, is_far):
    rng, lonely = generator(), torch.full((1, 1, 2, 2), 9.0)
    usual, held_out = (torch.randn(n, 1, 2, 2, generator=rng) for n in (200, 100))
    train = torch.cat([usual, lonely.expand(neighbours, -1, -1, -1)])
    found = neighbour_distance(lonely, train, NEIGHBOUR) > neighbour_threshold(train, held_out)
    assert bool(found) is is_far


def test_training_data_are_near_themselves():
    assert float(far(TRAIN.x).double().mean()) < 0.05


def test_probabilities_are_of_the_classes_in_order_and_in_double_precision():
    found = classifier(DIGITS).probabilities(TRAIN.x[:20])
    assert found.dtype == torch.float64
    assert found.shape == (20, 10)
    torch.testing.assert_close(found.sum(1), torch.ones(20, dtype=torch.float64))
    assert torch.equal(found.argmax(1), TRAIN.labels[:20])


def test_a_classifier_is_fitted_once_and_the_same_whenever_it_is():
    data = corners(400)
    first = classifier(data)
    assert classifier(data) is first
    assert classifier(data.to("cpu")) is first  # a copy to where they are is no copy
    train, held_out = (Split(s.x.clone(), s.labels.clone()) for s in (data.train, data.held_out))
    again = classifier(replace(data, train=train, held_out=held_out))
    assert again is not first
    assert (again.threshold, again.accuracy) == (first.threshold, first.accuracy)
    assert torch.equal(again.probabilities(held_out.x), first.probabilities(held_out.x))


def test_data_without_classes_have_no_classifier():
    assert classifier(corners(100, labelled=False)) is None


def test_classes_need_not_be_numbered_from_nought():
    data = corners(400)
    spread = [Split(s.x, s.labels * 7 + 3) for s in (data.train, data.held_out)]
    assert classifier(replace(data, train=spread[0], held_out=spread[1])).accuracy == classifier(data).accuracy


def test_a_class_that_training_never_saw_is_never_right():
    x = torch.randn(400, 3, generator=generator())
    labels = (x[:, 0] > 0).long() * 2
    data = split_of(x, labels)
    found = classifier_of(data.train.x, labels[:300], data.held_out.x, torch.ones(100, dtype=torch.long))
    assert found.accuracy == 0


def test_the_neighbour_threshold_is_in_units_of_the_data():
    x, held_out = TRAIN.x[:300], HELD_OUT.x[:100]
    assert neighbour_threshold(3 * x, 3 * held_out) == pytest.approx(3 * neighbour_threshold(x, held_out), rel=1e-5)


def test_too_few_examples_bound_no_twentieth():
    with pytest.raises(Undefined, match=r"18 values are too few to bound a share of 0\.95"):
        neighbour_threshold(TRAIN.x[:50], HELD_OUT.x[:18])
