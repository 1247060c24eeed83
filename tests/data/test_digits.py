"""The digits: all of them, once each, and a stratified split."""

from collections import Counter

import pytest
import torch
from sklearn.datasets import load_digits

from vaebench.data import Dataset, Split, digits


@pytest.fixture(scope="module")
def data() -> Dataset:
    return digits.load()


def _rows(split: Split) -> list[tuple[float, ...]]:
    assert split.labels is not None
    return [(*image.flatten().tolist(), label.item()) for image, label in zip(split.x, split.labels, strict=True)]


def test_the_split_is_disjoint_and_complete(data: Dataset) -> None:
    pixels, labels = load_digits(return_X_y=True)
    rows = zip(pixels.tolist(), labels.tolist(), strict=True)
    whole = Counter((*(pixel / 16 for pixel in image), label) for image, label in rows)
    assert whole.total() == 1797
    assert Counter(_rows(data.train)) + Counter(_rows(data.held_out)) == whole


def test_the_split_is_stratified(data: Dataset) -> None:
    assert data.train.labels is not None and data.held_out.labels is not None
    held_out = torch.bincount(data.held_out.labels, minlength=10)
    of_class = held_out + torch.bincount(data.train.labels, minlength=10)
    assert len(held_out) == 10
    assert ((5 * held_out - of_class).abs() <= 2).all()


def test_the_held_out_part_is_spread_over_the_set(data: Dataset) -> None:
    """A split by position would put one group of writers into each part; one by hash takes a fifth of every stretch."""
    whole = torch.tensor(load_digits().data, dtype=torch.float32) / 16
    held_out = {tuple(image.flatten().tolist()) for image in data.held_out.x}
    taken = torch.tensor([tuple(image.tolist()) in held_out for image in whole], dtype=torch.float64)
    shares = torch.stack([part.mean() for part in taken.chunk(9)])
    # A share of 200 has standard deviation √(.2 · .8 / 200) = .028.
    assert (shares - 0.2).abs().max() < 4 * 0.029


def test_images_are_sixteenths_in_the_unit_interval(data: Dataset) -> None:
    x = torch.cat([data.train.x, data.held_out.x])
    assert data.shape == (1, 8, 8)
    assert (x.min(), x.max()) == (0, 1)
    assert torch.equal(16 * x, (16 * x).round())
