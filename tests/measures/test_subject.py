"""What instruments share: means with their errors, posterior draws, and reasons instead of numbers."""

import pytest
import torch
from measures.known import GAUSSIAN_SOURCES, Known, generator, trained

from vaebench.claims import Declined, Reading
from vaebench.kernels.estimate import Estimate, Undefined
from vaebench.measures._subject import estimated, held_out, of_sample, posterior_codes


def test_a_mean_over_examples_has_the_error_of_a_mean():
    values = torch.tensor([1.0, 2.0, 6.0])
    assert of_sample("r", values, "x") == Reading("r", 3.0, 7**0.5 / 3**0.5, 3, "x")


def test_one_example_has_no_spread():
    assert of_sample("r", torch.tensor([2.0])) == Reading("r", 2.0, 0.0, 1)


def test_a_mean_that_is_no_number_is_an_error_and_no_reading():
    with pytest.raises(ValueError, match="reading r is not finite"):
        of_sample("r", torch.tensor([1.0, float("nan")]))


def test_an_estimate_is_a_reading_and_an_undefined_one_its_reason():
    found = estimated("r", lambda: Estimate(torch.tensor(0.5), torch.tensor(0.25), 9), "x")
    assert found == Reading("r", 0.5, 0.25, 9, "x")

    def undefined():
        raise Undefined("there is no variance")

    assert estimated("r", undefined) == Declined("r", "there is no variance", "model")


def test_posterior_codes_have_the_posteriors_moments():
    x = torch.zeros(20_000, 2)
    codes = posterior_codes(trained(Known(lambda x: x + 3, lambda z: z, 0.5), 2), x, generator())
    assert ((codes.mean(0) - 3).abs() < 4 * 0.5 / 20_000**0.5).all()
    assert ((codes.std(0) / 0.5 - 1).abs() < 4 / 40_000**0.5).all()


def test_held_out_examples_are_those_that_training_did_not_see():
    assert torch.equal(held_out(GAUSSIAN_SOURCES, 7), GAUSSIAN_SOURCES.held_out.x[:7])
    assert len(held_out(GAUSSIAN_SOURCES, 10**9)) == 5000
