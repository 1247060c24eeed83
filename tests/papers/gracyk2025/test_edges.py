"""Laws of the histograms: direction, place, contrast, and strength of the classifier that is built on them."""

import math
from dataclasses import replace

import numpy as np
import pytest
import torch
from measures.known import generator

from vaebench.data import Dataset, Split
from vaebench.papers.gracyk2025 import kept
from vaebench.papers.gracyk2025.edges import CELL, DIRECTIONS, edge_histograms, of_rows


def ramp(degrees: float) -> torch.Tensor:
    """An image that rises evenly in one direction."""
    down, across = torch.meshgrid(torch.arange(16.0), torch.arange(16.0), indexing="ij")
    turn = math.radians(degrees)
    return (across * math.cos(turn) + down * math.sin(turn))[None, None]


@pytest.mark.parametrize("at", range(DIRECTIONS))
def test_a_ramp_has_the_direction_in_which_it_rises(at):
    found = edge_histograms(ramp(45 * at)).reshape(DIRECTIONS, 4, 4)[:, 1:3, 1:3]
    assert int(found.sum((1, 2)).argmax()) == at
    others = [d for d in range(DIRECTIONS) if d != at]
    assert float(found[others].abs().max()) < 1e-2


def test_between_two_directions_both_have_the_same():
    found = edge_histograms(ramp(22.5).double()).reshape(DIRECTIONS, 4, 4)[:, 1:3, 1:3]
    torch.testing.assert_close(found[0], found[1])
    assert float(found[2:].abs().max()) < 1e-6


def test_an_edge_is_found_in_its_cell():
    x = torch.zeros(1, 1, 16, 16)
    x[..., 9:11, 13:15] = 1
    found = edge_histograms(x).reshape(DIRECTIONS, 4, 4).sum(0)
    assert found.argmax() == 2 * 4 + 3
    assert float(found[:2].max()) == 0 and float(found[:, :2].max()) == 0


def test_contrast_and_brightness_do_not_count_and_flat_images_have_nothing():
    x = torch.rand(3, 1, 16, 16, generator=generator())
    torch.testing.assert_close(edge_histograms(x), edge_histograms(5 * x + 1), rtol=1e-3, atol=1e-3)
    assert float(edge_histograms(torch.full((1, 3, 8, 8), 0.7)).abs().max()) == 0
    assert edge_histograms(x).shape == (3, DIRECTIONS * (16 // CELL) ** 2)


def test_rows_are_images():
    x = torch.rand(3, 1, 16, 16, generator=generator(), dtype=torch.float64)
    assert np.array_equal(of_rows(x.flatten(1).numpy()), edge_histograms(x).numpy())


def test_the_classifier_of_an_edged_set_sees_edges(monkeypatch):
    """Two classes that differ in the direction of a ramp, in contrasts of either sign about a brightness of chance."""
    rng = generator()
    labels = torch.arange(400) % 2
    ramps = torch.cat([ramp(0), ramp(90)])[labels] / 16
    x = ramps + torch.rand(400, 1, 1, 1, generator=rng) + 0.02 * torch.randn(400, 1, 16, 16, generator=rng)
    data = Dataset("edgy", 1, Split(x[:300], labels[:300]), Split(x[300:], labels[300:]))
    monkeypatch.setitem(kept.EDGED, "edgy", 40)
    found = kept.facts(data, 50)
    assert len(found.classifier.pipeline) == 3
    assert found.classifier.accuracy > 0.99
    faint = found.classifier.probabilities(0.5 * x[300:]).argmax(1)
    assert float((faint == labels[300:]).double().mean()) > 0.99
    plain = kept.facts(replace(data, name="plain"), 50)
    assert len(plain.classifier.pipeline) == 2
