"""Detectors find planted outliers and leave reconstructions alone, on a decoder whose faults are known."""

from dataclasses import replace

import pytest
import torch
from measures.known import Known, by_name, generator, trained
from measures.planted_decoders import between_corners, corners, model_of, split_of

from vaebench.claims import declined
from vaebench.data import Split
from vaebench.experiment import EvaluationBudget
from vaebench.measures.model_view import DataUndefined
from vaebench.measures.probe import Probe
from vaebench.papers.gracyk2025.detectors import detectors, halved
from vaebench.papers.gracyk2025.kept import facts
from vaebench.papers.gracyk2025.ratings import DETECTORS, calibrated, rated, reconstructions

CORNERS, BUDGET = corners(), EvaluationBudget(samples=512, points=400)
EXACT = trained(Known(lambda x: x, lambda z: z, 0.05), 4)


def blobs(n=1600, noise=0.3):
    """Four classes at corners of a square, said twice over: half of one with half of another contradicts itself."""
    labels = torch.arange(n) % 4
    corner = 4.0 * torch.stack([labels % 2, labels // 2], 1) - 2
    x = torch.cat([corner, corner], 1) + noise * torch.randn(n, 4, generator=generator(7))
    return split_of(x, labels)


def read(model, data=CORNERS, seed=0):
    return by_name(detectors(Probe(model, data, BUDGET, generator(seed))))


@pytest.fixture(scope="module")
def planted():
    return read(EXACT, blobs())


@pytest.mark.parametrize("detector", DETECTORS)
def test_midpoints_and_halves_of_two_classes_are_found(planted, detector):
    for plant in ("midpoints", "halves", "decoded_halves"):
        assert planted[f"{detector}_auroc_{plant}"].value >= 0.7


@pytest.mark.parametrize("detector", DETECTORS)
def test_reconstructions_are_not_found(planted, detector):
    found = planted[f"{detector}_auroc_reconstructions"]
    assert abs(found.value - 0.5) < 3 * found.stderr


def test_reconstructions_are_found_in_one_seed_of_twenty_as_their_error_says():
    data = blobs()
    read_at = [read(EXACT, data, seed)["neighbour_auroc_reconstructions"] for seed in range(30)]
    assert sum(abs(one.value - 0.5) > 2 * one.stderr for one in read_at) <= 5


def test_reconstructions_smoother_than_the_data_are_no_less_usual_for_it():
    """Deceptive: the decoder leaves the data's noise out, so its images are nearer to the data than the data are."""
    noisy = blobs(noise=1.0)
    smooth = trained(Known(lambda x: x, lambda z: 2.0 * z.sign(), 0.05), 4)
    found = read(smooth, noisy)
    assert found["neighbour_auroc_real"].value > 0.7
    for detector in DETECTORS:
        assert abs(found[f"{detector}_auroc_reconstructions"].value - 0.5) < 0.1


def test_the_mean_image_deceives_the_classifier_and_not_the_neighbours():
    """Two rings, one within the other: their mean lies in the middle of the inner, which is all around it."""
    rng, labels = generator(4), torch.arange(1600) % 2
    angle = 6.2832 * torch.rand(1600, generator=rng)
    ring = torch.where(labels > 0, 4.0, 1.0)[:, None] * torch.stack([angle.cos(), angle.sin()], 1)
    data = split_of(torch.cat([ring, 0 * ring], 1) + 0.05 * torch.randn(1600, 4, generator=rng), labels)
    found = read(EXACT, data)
    assert found["neighbour_auroc_mean_image"].value > 0.9
    assert found["classifier_auroc_mean_image"].value < 0.7


def test_the_accuracy_is_held_against_what_the_data_set_can_reach(planted):
    assert planted["classifier_above_floor"].reason == "no accuracy is asked of a classifier of planted"
    named = read(model_of(between_corners, scale=0.02), replace(CORNERS, name="digits"))
    above = (named["classifier_accuracy"].value - 0.95) / 0.05
    assert named["classifier_above_floor"].value == pytest.approx(above)


def test_the_accuracy_has_the_error_of_all_the_held_out_examples_that_it_is_of():
    """Only ``points`` of the held-out examples are reconstructed, and all of them are classified."""
    assert BUDGET.points < len(CORNERS.held_out.x) == 600
    data = replace(CORNERS, held_out=mistaken(CORNERS.held_out))
    found = read(model_of(between_corners), replace(data, name="digits"))
    accuracy, above = found["classifier_accuracy"], found["classifier_above_floor"]
    right = facts(data, 400).classifier.probabilities(data.held_out.x).argmax(1) == data.held_out.labels
    share = float(right.double().mean())
    assert 0.8 < share < 1
    assert (accuracy.value, accuracy.n, above.n) == (share, 600, 600)
    assert accuracy.stderr == pytest.approx((share * (1 - share) / 600) ** 0.5)
    assert above.stderr == pytest.approx(accuracy.stderr / 0.05)


def mistaken(split):
    """The same examples, a tenth of them under the first class's label."""
    wrong = torch.rand(len(split.x), generator=generator(3)) < 0.1
    return Split(split.x, torch.where(wrong, 0, split.labels))


def test_without_classes_only_the_neighbours_are_asked():
    found = read(model_of(between_corners), corners(400, labelled=False))
    for name, measurement in found.items():
        if name.startswith("classifier"):
            assert measurement == declined(name, "the data have no classes")
        else:
            assert measurement.value is not None
    assert set(found) == set(detectors.gives)


def test_examples_of_one_class_leave_no_midpoints_between_two():
    data = CORNERS
    one = replace(data, held_out=Split(data.held_out.x, 0 * data.held_out.labels))
    with pytest.raises(DataUndefined, match="no two held-out examples are of different classes"):
        read(model_of(between_corners), one)


@pytest.mark.parametrize(("shape", "axis"), [((1, 4, 6), 1), ((8,), 0), ((2, 6), 1)])
def test_halves_are_of_rows_where_there_are_rows(shape, axis):
    one, other = torch.zeros(3, *shape), torch.ones(3, *shape)
    mixed = halved(one, other)
    middle = shape[axis] // 2
    assert float(mixed.narrow(axis + 1, 0, middle).max()) == 0
    assert float(mixed.narrow(axis + 1, middle, shape[axis] - middle).min()) == 1


def test_rates_at_the_points_of_reconstructions_are_theirs_for_reconstructions():
    model = model_of(between_corners, scale=0.02)
    known = facts(CORNERS, 400)
    found = rated(reconstructions(model, known.real, generator()), known)
    measured = by_name(calibrated(found, known).read("same", found, points=True))
    for detector in DETECTORS:
        assert measured[f"{detector}_auroc_same"].value == pytest.approx(0.5)
        for point in (50, 75, 90, 95, 99):
            assert measured[f"{detector}_beyond_{point}_same"].value == pytest.approx(1 - point / 100, abs=0.01)


def test_too_few_reconstructions_bound_no_hundredth():
    known = facts(CORNERS, 60)
    found = rated(known.real, known)
    measured = by_name(calibrated(found, known).read("same", found, points=True))
    assert measured["neighbour_beyond_99_same"].reason == "60 values are too few to bound a share of 0.99"
    assert measured["neighbour_beyond_95_same"].value is not None
