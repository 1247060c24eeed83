"""Laws of what is kept by data: found once for equal data, again for others, and nothing holds the data themselves."""

import gc
import weakref

import pytest
import torch

from vaebench.models.kept import KEPT, kept


@pytest.fixture
def asked():
    calls = []

    @kept
    def total(x):
        """Sum of all values."""
        calls.append(x.shape)
        return x.sum()

    total.calls = calls
    return total


def test_the_same_data_and_a_copy_of_them_are_found_once(asked):
    x = torch.randn(20, 3, generator=torch.Generator().manual_seed(0))
    assert asked(x) is asked(x) is asked(x.clone()) is asked(x[:]) is asked(x.mT.contiguous().mT)
    assert len(asked.calls) == 1
    assert asked.__doc__ == "Sum of all values."


def test_a_copy_finds_what_an_original_left_that_is_gone(asked):
    """As on a GPU, where each model of a cell has the data copied to the CPU anew."""
    for _ in range(3):
        asked(torch.ones(20, 3))
    assert len(asked.calls) == 1


@pytest.mark.parametrize(
    "other", [torch.ones(3, 20), torch.ones(60), torch.ones(20, 3, dtype=torch.float64), torch.ones(20, 3).neg()]
)
def test_other_shapes_types_and_values_are_other_data(asked, other):
    asked(torch.ones(20, 3))
    assert asked(other) == other.sum()
    assert len(asked.calls) == 2


def test_data_that_were_changed_are_other_data(asked):
    x = torch.ones(20, 3)
    assert asked(x) == 60
    x[0] = 0
    assert asked(x) == 57


def test_no_more_is_kept_than_is_said_and_the_oldest_goes_first(asked):
    for value in (*range(KEPT + 1), KEPT, 0):
        assert asked(torch.full((5,), float(value))) == 5 * value
    assert len(asked.calls) == KEPT + 2


def test_the_data_are_not_held(asked):
    x = torch.ones(20, 3)
    asked(x)
    seen = weakref.ref(x)
    del x
    gc.collect()
    assert seen() is None
