"""What every data set keeps to, and what a split refuses."""

import importlib
import random
import re
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import Tensor

from vaebench.data import Dataset, Split, Truth

NAMES = (
    "digits",
    "sprites",
    "shapes3d",
    "three_sources",
    "linear_gaussian_sources",
    "bimodal_sources",
    "sinc",
    "projective_plane",
    "photo_patches",
)


def _load(name: str) -> Dataset:
    return importlib.import_module(f"vaebench.data.{name}").load()


@pytest.mark.parametrize("name", NAMES)
def test_every_data_set_keeps_the_form(name: str) -> None:
    module = importlib.import_module(f"vaebench.data.{name}")
    data = module.load()
    assert (data.name, data.version) == (name, module.VERSION)
    assert module.__doc__.splitlines()[0].endswith(".")
    for split in (data.train, data.held_out):
        assert split.x.dtype == torch.float32
        assert tuple(split.x.shape[1:]) == data.shape
        for known in (split.labels, split.factors):
            assert known is None or (known.dtype == torch.int64 and len(known) == len(split.x))


@pytest.mark.parametrize("name", NAMES)
def test_loading_neither_reads_nor_moves_the_global_generators(name: str) -> None:
    torch.manual_seed(1)
    np.random.seed(1)
    random.seed(1)
    before = torch.get_rng_state(), np.random.get_state()[1].copy(), random.getstate()
    one = _load(name)
    assert torch.equal(torch.get_rng_state(), before[0])
    assert np.array_equal(np.random.get_state()[1], before[1])
    assert random.getstate() == before[2]
    torch.manual_seed(2)
    np.random.seed(2)
    random.seed(2)
    other = _load(name)
    assert torch.equal(one.train.x, other.train.x)
    assert torch.equal(one.held_out.x, other.held_out.x)


@pytest.mark.parametrize("bad", [float("nan"), float("inf"), -float("inf")])
def test_data_that_are_not_finite_are_refused(bad: float) -> None:
    x = torch.zeros(3, 2)
    Split(x)
    x[2, 1] = bad
    with pytest.raises(ValueError, match="the data contain a value that is not finite"):
        Split(x)


def test_shape_is_one_examples() -> None:
    assert Dataset("name", 1, Split(torch.zeros(5, 3, 4)), Split(torch.zeros(2, 3, 4))).shape == (3, 4)


@pytest.mark.parametrize(
    "device",
    [
        "cpu",
        pytest.param("cuda", marks=[pytest.mark.gpu, pytest.mark.skipif(not torch.cuda.is_available(), reason="CUDA")]),
    ],
)
def test_moving_a_data_set_moves_all_of_both_splits(device: str) -> None:
    known = Split(torch.arange(6.0).view(2, 3), torch.tensor([4, 5]), torch.tensor([[7], [8]]))
    bare = Split(torch.ones(1, 3))
    moved = Dataset("name", 2, known, bare).to(device)
    assert (moved.name, moved.version, moved.truth) == ("name", 2, None)
    assert moved.train.labels is not None and moved.train.factors is not None
    for there, here in (
        (moved.train.x, known.x),
        (moved.train.labels, known.labels),
        (moved.train.factors, known.factors),
        (moved.held_out.x, bare.x),
    ):
        assert there.device.type == device and torch.equal(there.cpu(), here)
    assert moved.held_out.labels is None and moved.held_out.factors is None


def _zero(x: torch.Tensor) -> torch.Tensor:
    return x.sum(1)


def test_a_flat_truth_knows_its_dimension_from_its_sources() -> None:
    truth = Truth(_zero, (2.0, 1.0), True, torch.eye(2, 5))
    assert truth.dimension == 2
    assert replace(truth, gaussian=False).dimension == 2
    assert Truth(_zero, (2.0, 1.0), True, torch.eye(2, 5), dimension=2).dimension == 2


def test_a_curved_truth_states_its_dimension() -> None:
    truth = Truth(_zero, None, False, None, dimension=4)
    assert (truth.dimension, truth.source_variances, truth.basis) == (4, None, None)


@pytest.mark.parametrize(
    ("parts", "message"),
    [
        (((1.0,), True, None, 1), "sources have variances and a basis, a curved manifold has neither"),
        ((None, False, torch.eye(1, 5), 1), "sources have variances and a basis, a curved manifold has neither"),
        (((2.0, 1.0), True, torch.eye(3, 5)), "2 variances do not fit a basis of 3"),
        (((2.0, 1.0), True, torch.eye(2, 5), 3), "2 sources do not make a 3-dimensional manifold"),
        ((None, True, None, 2), "a curved manifold has no normal sources"),
        ((None, False, None), "a curved manifold states its dimension, at least 1, got 0"),
        ((None, False, None, -1), "a curved manifold states its dimension, at least 1, got -1"),
    ],
)
def test_a_truth_whose_parts_do_not_fit_is_refused(parts, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Truth(_zero, *parts)


PLAIN = Dataset(
    "plain",
    1,
    Split(torch.arange(12.0).reshape(3, 4), torch.tensor([0, 1, 2]), torch.tensor([[0], [1], [2]])),
    Split(torch.arange(8.0).reshape(2, 4), torch.tensor([1, 0])),
)


def with_train(**changes: Tensor | None) -> Dataset:
    return replace(PLAIN, train=replace(PLAIN.train, **changes))


OTHER_CONTENTS = {
    "a value": with_train(x=torch.arange(12.0).reshape(3, 4) * 2),
    "its type": with_train(x=torch.arange(12.0).reshape(3, 4).double()),
    "its shape": with_train(x=torch.arange(12.0).reshape(3, 2, 2)),
    "a label": with_train(labels=torch.tensor([0, 1, 1])),
    "no labels": with_train(labels=None),
    "a factor": with_train(factors=torch.tensor([[0], [1], [1]])),
    "no factors": with_train(factors=None),
    "their order": with_train(x=PLAIN.train.x.flip(0)),
    "the held-out part": replace(PLAIN, held_out=PLAIN.train),
    "the parts turned round": replace(PLAIN, train=PLAIN.held_out, held_out=PLAIN.train),
    "labels for factors": with_train(labels=None, factors=PLAIN.train.labels),
}


def test_whatever_a_cell_sees_of_the_data_counts() -> None:
    hashes = [PLAIN.contents, *(data.contents for data in OTHER_CONTENTS.values())]
    assert len(set(hashes)) == len(hashes)
    assert replace(PLAIN, name="other", version=2).contents == PLAIN.contents
    laid_out_otherwise = PLAIN.train.x.mT.contiguous().mT
    assert not laid_out_otherwise.is_contiguous()
    assert with_train(x=laid_out_otherwise).contents == PLAIN.contents == PLAIN.to("cpu").contents


def test_contents_are_the_same_in_another_process() -> None:
    code = "from vaebench.data import digits; print(digits.load().contents)"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip()
    assert found == _load("digits").contents
    assert re.fullmatch("[0-9a-f]{16}", found)
