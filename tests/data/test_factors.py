"""Tables of factors: places and combinations are inverse, and subsets are nested and without repetition."""

import pytest
import torch
from torch import Tensor

from vaebench.data._factors import FactorTable

TABLE = FactorTable(("hue", "size", "turn"), (4, 3, 5))


def test_places_and_combinations_are_inverse() -> None:
    factors = TABLE.at(torch.arange(TABLE.total))
    assert torch.equal(factors, torch.cartesian_prod(*map(torch.arange, TABLE.sizes)))
    assert torch.equal(TABLE.place(factors), torch.arange(60))


def test_a_subset_has_no_repetitions_begins_with_the_shorter_and_goes_by_its_name() -> None:
    one, longer, other = TABLE.subset("one", 20), TABLE.subset("one", 60), TABLE.subset("other", 20)
    assert torch.equal(longer[:20], one) and not torch.equal(other, one)
    assert torch.equal(TABLE.place(longer).sort().values, torch.arange(60))
    assert TABLE.subset("one", 0).shape == (0, 3)


def test_more_than_there_are_cannot_be_drawn() -> None:
    with pytest.raises(ValueError, match="there are 60 combinations, not 61"):
        TABLE.subset("one", 61)


@pytest.mark.parametrize("place", [-1, 60])
def test_a_place_out_of_range_is_refused(place: int) -> None:
    with pytest.raises(ValueError, match=rf"places must lie in \[0, 60\), got .*{place}"):
        TABLE.at(torch.tensor([5, place]))


def test_places_that_are_no_integers_are_refused() -> None:
    with pytest.raises(ValueError, match=r"places must be integers, got torch\.float32"):
        TABLE.at(torch.zeros(1))


@pytest.mark.parametrize("row", [(4, 0, 0), (-1, 0, 0)])
def test_a_value_out_of_range_is_refused(row: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match=f"the factor 'hue' has no value {row[0]}; known: 0 to 3"):
        TABLE.place(torch.tensor([[0, 0, 0], row]))


@pytest.mark.parametrize(
    "factors", [torch.zeros(2, 3), torch.zeros(2, 3, dtype=torch.bool), torch.zeros(2, 4, dtype=torch.int64)]
)
def test_what_is_no_table_is_refused(factors: Tensor) -> None:
    with pytest.raises(ValueError, match=r"factors must be integers of shape \(n, 3\), got torch\..* of shape \(2, "):
        TABLE.check(factors)
