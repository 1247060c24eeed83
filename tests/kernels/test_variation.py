import pytest
import torch

from vaebench.kernels.estimate import Undefined
from vaebench.kernels.lengths import squared_norms
from vaebench.kernels.variation import mean_output, require_variation


@pytest.mark.parametrize("chunk", [1, 3, 10, 100])
def test_the_mean_does_not_depend_on_the_chunk(draw, chunk):
    inputs = draw(10, 4)
    torch.testing.assert_close(mean_output(torch.sin, inputs, chunk), torch.sin(inputs).mean(0))


def test_a_spread_of_rounding_is_no_variation_and_a_small_one_is(draw):
    constant = torch.full((64, 784), 0.3)
    centre = constant.mean(0) * (1 + 2e-7)
    with pytest.raises(Undefined, match="the decoder is constant"):
        require_variation(squared_norms(constant - centre), centre, "the decoder")
    varied = constant + 1e-4 * draw(64, 784).float()
    spreads = squared_norms(varied - varied.mean(0))
    assert require_variation(spreads, varied.mean(0)) is spreads


def test_reasons_are_told_apart():
    with pytest.raises(Undefined, match="the function is constant"):
        require_variation(torch.zeros(3), torch.zeros(2))
    with pytest.raises(Undefined, match="the function contains a value that is not finite"):
        require_variation(torch.tensor([1.0, float("nan")]), torch.zeros(2))
    with pytest.raises(Undefined, match="at least two examples, got 1"):
        require_variation(torch.ones(1), torch.zeros(2))
