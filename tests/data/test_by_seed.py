"""Data of a seed's own: seeds differ, a seed comes again, and all else is as in the fixed split."""

import importlib
from collections.abc import Callable
from itertools import pairwise

import pytest
import torch

from vaebench.data import Dataset, Split, _by_seed, digits, shapes3d, sprites
from vaebench.data._apart import apart

SMALLEST = {"sprites": 16, "shapes3d": 16}
SEEDS = (0, 1, 7)

FIXED: dict[str, Callable[[], Dataset]] = {
    page: lambda page=page: importlib.import_module(f"vaebench.data.{page}").load(*filter(None, [SMALLEST.get(page)]))
    for page in _by_seed.PAGES
}


def of_seed(page: str, seed: int) -> Dataset:
    return _by_seed.load(page, SMALLEST.get(page), seed)


def bits(split: Split) -> list[bytes]:
    return [example.numpy().tobytes() for example in split.x]


def shared(data: Dataset) -> int:
    """Number of held-out examples that are training examples too, bit for bit."""
    train = set(bits(data.train))
    return sum(example in train for example in bits(data.held_out))


@pytest.mark.parametrize("page", _by_seed.PAGES)
def test_seeds_differ_and_a_seed_comes_again(page: str) -> None:
    found = [of_seed(page, seed) for seed in SEEDS]
    assert len({data.contents for data in (*found, FIXED[page]())}) == len(SEEDS) + 1
    assert of_seed(page, SEEDS[0]).contents == found[0].contents
    held_out = [set(bits(data.held_out)) for data in found]
    assert all(len(one & other) < len(one) / 2 for one, other in pairwise(held_out))


@pytest.mark.parametrize("page", _by_seed.PAGES)
def test_all_but_the_examples_is_as_in_the_fixed_split(page: str) -> None:
    data, fixed = of_seed(page, 3), FIXED[page]()
    assert (data.name, data.version, data.shape) == (fixed.name, fixed.version, fixed.shape)
    assert (len(data.train.x), len(data.held_out.x)) == (len(fixed.train.x), len(fixed.held_out.x))
    assert (data.truth is None) == (fixed.truth is None)
    for one, other in ((data.train, fixed.train), (data.held_out, fixed.held_out)):
        for own, known in ((one.labels, other.labels), (one.factors, other.factors), (one.x, other.x)):
            assert (own is None) == (known is None)
            assert own is None or (own.dtype, own.shape) == (known.dtype, known.shape)


@pytest.mark.parametrize("page", _by_seed.PAGES)
def test_no_held_out_example_is_a_training_example(page: str) -> None:
    assert [shared(of_seed(page, seed)) for seed in SEEDS] == [0, 0, 0]


@pytest.mark.parametrize("page", _by_seed.PAGES)
def test_in_the_fixed_split_neither_save_for_the_sprites_of_version_1(page: str) -> None:
    """116 of 4,000: squares and ellipses are symmetric, and version 1 splits by orientation all the same."""
    known = 116 if page == "sprites" and sprites.VERSION == 1 else 0
    assert shared(FIXED[page]()) == known


@pytest.mark.parametrize("page", ["three_sources", "linear_gaussian_sources", "bimodal_sources"])
def test_sources_have_their_variances_and_lie_on_their_basis(page: str) -> None:
    data = of_seed(page, 2)
    assert data.truth is not None and data.truth.basis is not None and data.truth.source_variances is not None
    x = data.train.x.double()
    s = x @ data.truth.basis.T
    torch.testing.assert_close(s @ data.truth.basis, x, atol=1e-6, rtol=0)
    expected = torch.tensor(data.truth.source_variances, dtype=torch.float64)
    # The fourth moment of these laws is 3 variances² at most, so a variance has a relative error of √(2/n).
    assert ((s.var(0) / expected - 1).abs() < 4 * (2 / len(x)) ** 0.5).all()
    assert torch.isfinite(data.truth.log_density(data.held_out.x)).all()
    correlations = torch.corrcoef(s.T) - torch.eye(len(expected), dtype=torch.float64)
    assert correlations.abs().max() < 4 / len(x) ** 0.5


@pytest.mark.parametrize("page", ["sinc", "projective_plane"])
def test_points_of_a_manifold_lie_on_it_and_have_its_density(page: str) -> None:
    """The mean log density over two draws of one law agrees."""
    data, fixed = of_seed(page, 2), FIXED[page]()
    assert data.truth is not None
    one, other = (data.truth.log_density(part.train.x) for part in (data, fixed))
    error = (one.var() / len(one) + other.var() / len(other)).sqrt()
    assert abs(float(one.mean() - other.mean())) < 4 * float(error)
    if page == "projective_plane":
        torch.testing.assert_close(data.train.x.norm(dim=1), torch.full((20_000,), 2.5))


def test_each_coordinate_of_each_part_has_a_stream_of_its_own() -> None:
    data = of_seed("linear_gaussian_sources", 0)
    assert data.truth is not None and data.truth.basis is not None
    train, held_out = (part.x[:5000].double() @ data.truth.basis.T for part in (data.train, data.held_out))
    both = torch.cat([train, held_out], dim=1)
    assert (torch.corrcoef(both.T) - torch.eye(6, dtype=torch.float64)).abs().max() < 4 / 5000**0.5


def test_digits_are_all_there_once_and_each_class_is_divided_as_before() -> None:
    fixed, data = digits.load(), of_seed("digits", 5)

    def whole(of: Dataset) -> list[bytes]:
        return sorted(bits(of.train) + bits(of.held_out))

    assert whole(data) == whole(fixed)
    assert data.held_out.labels is not None and fixed.held_out.labels is not None
    assert torch.equal(data.held_out.labels.bincount(), fixed.held_out.labels.bincount())
    labels = {
        image: int(label)
        for part in (fixed.train, fixed.held_out)
        for image, label in zip(bits(part), part.labels, strict=True)
    }
    assert [labels[image] for image in bits(data.held_out)] == data.held_out.labels.tolist()


@pytest.mark.parametrize("page", ["sprites", "shapes3d"])
def test_classes_are_as_even_as_before(page: str) -> None:
    for seed in SEEDS:
        for part in (of_seed(page, seed).train, of_seed(page, seed).held_out):
            assert part.labels is not None
            counts, n = part.labels.bincount().double(), len(part.x)
            share = 1 / len(counts)
            assert ((counts / n - share).abs() < 4.5 * (share * (1 - share) / n) ** 0.5).all()


@pytest.mark.parametrize("page", ["sprites", "shapes3d"])
def test_images_are_those_of_their_factors_at_every_size(page: str) -> None:
    module = {"sprites": sprites, "shapes3d": shapes3d}[page]
    data = of_seed(page, 1)
    assert data.held_out.factors is not None and data.name == f"{page}16"
    assert torch.equal(module.render(data.held_out.factors[:50], 16), data.held_out.x[:50])
    larger = _by_seed.load(page, None, 1)
    assert larger.name == page and torch.equal(larger.held_out.factors, data.held_out.factors)


def test_no_picture_of_the_fixed_sprites_is_on_both_sides() -> None:
    data = sprites.load(16)
    assert (len(data.train.x), len(data.held_out.x), shared(data)) == (20_000, 4_000, 0)
    groups = [
        set(sprites.factors_to_index(sprites.picture(part.factors)).tolist()) for part in (data.train, data.held_out)
    ]
    assert not groups[0] & groups[1]


def test_pictures_are_equal_if_and_only_if_the_sprites_look_alike() -> None:
    rng = torch.Generator().manual_seed(0)
    factors = torch.stack([torch.randint(size, (4000,), generator=rng) for size in (3, 2, 40, 2, 2)], dim=-1)
    images = sprites.render(factors, 16).flatten(1)
    _, looks = images.unique(dim=0, return_inverse=True)
    _, named = sprites.picture(factors).unique(dim=0, return_inverse=True)
    pairs = set(zip(looks.tolist(), named.tolist(), strict=True))
    assert len(pairs) == len(set(looks.tolist())) == len(set(named.tolist()))


def test_groups_stay_together_and_large_ones_are_held_out_as_often_as_small_ones() -> None:
    groups = torch.arange(2000).repeat_interleave(torch.tensor([1, 4]).repeat(1000))
    held_out = apart(groups, 1000, "a test", 0)
    assert held_out.sum() == 1000
    per_group = torch.zeros(2000).index_add_(0, groups, held_out.float()) / groups.bincount()
    assert set(per_group.tolist()) == {0.0, 1.0}
    small, large = per_group[::2].mean(), per_group[1::2].mean()
    # Each share has a standard deviation of √(.2 · .8 / 1000) = .013.
    assert abs(float(small - large)) < 4 * 0.018
    assert not torch.equal(held_out, apart(groups, 1000, "a test", 1))
    assert torch.equal(held_out, apart(groups, 1000, "a test", 0))


def test_groups_that_cannot_come_to_a_number_are_told() -> None:
    with pytest.raises(ValueError, match="no whole groups come to 3 of 8 examples"):
        apart(torch.arange(4).repeat_interleave(2), 3, "a test")
