"""Data of a seed's own, for data sets without an official split. Differences between seeds then come from data too.

Made data are drawn anew, with the same number of examples. The digits are 1,797, so each seed divides them anew. Data
sets with an official split keep it. They are not listed here.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial

import torch
from torch import Tensor

from vaebench.data import (
    Dataset,
    Split,
    bimodal_sources,
    digits,
    linear_gaussian_sources,
    projective_plane,
    shapes3d,
    sinc,
    sprites,
    three_sources,
)
from vaebench.data._independent_sources import Normal, Source, orthonormal_basis
from vaebench.seeds import seed_for


def load(page: str, size: int | None, seed: int) -> Dataset:
    """Load a data set as one seed sees it.

    Args:
        page: The data set's page, one of `PAGES`.
        size: Its size; None for the default, or where it has none.
        seed: The seed.

    Returns:
        The data set. Name, version, truth and numbers of examples are those of the fixed split.

    Examples:
        >>> one, other = (load("sinc", None, seed) for seed in (0, 1))
        >>> one.contents == other.contents, len(one.train.x) == len(other.train.x)
        (False, True)
    """
    return PAGES[page](size, seed)


def _sprites(size: int | None, seed: int) -> Dataset:
    return sprites.drawn(sprites.SIZES[0] if size is None else size, _stream("sprites", seed), seed)


def _stream(page: str, seed: int) -> str:
    return f"{page} {seed_for(page, seed, 'split')}"


def _shapes3d(size: int | None, seed: int) -> Dataset:
    side = shapes3d.SIZES[0] if size is None else size
    total = shapes3d._TRAIN + shapes3d._HELD_OUT
    factors = shapes3d._FACTORS.subset(_stream("shapes3d", seed), total)
    train, held_out = (
        Split(shapes3d.render(part, side), part[:, shapes3d.FACTOR_NAMES.index("shape")].clone(), part)
        for part in (factors[: shapes3d._TRAIN], factors[shapes3d._TRAIN :])
    )
    name = "shapes3d" if side == shapes3d.SIZES[0] else f"shapes3d{side}"
    return Dataset(name, shapes3d.VERSION, train, held_out)


def _digits(_: int | None, seed: int) -> Dataset:
    """Divide the digits anew, with as many of each class held out as in the fixed split."""
    fixed = digits.load()
    assert fixed.train.labels is not None and fixed.held_out.labels is not None
    x = torch.cat([fixed.train.x, fixed.held_out.x])
    labels = torch.cat([fixed.train.labels, fixed.held_out.labels])
    held_out = torch.zeros(len(x), dtype=torch.bool)
    for label, n in enumerate(fixed.held_out.labels.bincount().tolist()):
        members = (labels == label).nonzero().flatten().tolist()
        members.sort(key=lambda place: seed_for("digits", seed, "split", place))
        held_out[members[:n]] = True
    train, rest = (Split(x[part], labels[part]) for part in (~held_out, held_out))
    return replace(fixed, train=train, held_out=rest)


def _redrawn(
    fixed: Callable[[], Dataset],
    laws: Sequence[Source],
    embed: Callable[[Tensor], Tensor],
    _: int | None,
    seed: int,
) -> Dataset:
    """Draw data of known density anew: a stream for each coordinate of each part."""
    whole = fixed()

    def drawn(part: str, n: int) -> Split:
        streams = [
            torch.Generator().manual_seed(seed_for(whole.name, seed, "split", part, j)) for j in range(len(laws))
        ]
        coordinates = torch.stack([law.sample(n, rng) for law, rng in zip(laws, streams, strict=True)], dim=-1)
        return Split(embed(coordinates).float())

    return replace(whole, train=drawn("train", len(whole.train.x)), held_out=drawn("held_out", len(whole.held_out.x)))


def _on_basis(coordinates: Tensor) -> Tensor:
    return coordinates @ orthonormal_basis(coordinates.shape[1])


PAGES: Mapping[str, Callable[[int | None, int], Dataset]] = {
    "digits": _digits,
    "sprites": _sprites,
    "shapes3d": _shapes3d,
    "three_sources": partial(_redrawn, three_sources.load, three_sources.SOURCES, _on_basis),
    "linear_gaussian_sources": partial(
        _redrawn, linear_gaussian_sources.load, linear_gaussian_sources.SOURCES, _on_basis
    ),
    "bimodal_sources": partial(_redrawn, bimodal_sources.load, bimodal_sources.SOURCES, _on_basis),
    "sinc": partial(_redrawn, sinc.load, sinc.LAWS, sinc.embed),
    "projective_plane": partial(
        _redrawn, projective_plane.load, (Normal(projective_plane.SPREAD / 2),) * 4, projective_plane.embed
    ),
}
"""Data sets without an official split, and what makes them for a size and a seed."""
