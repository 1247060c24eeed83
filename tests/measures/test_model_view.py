"""What instruments share: means with their errors, posterior draws, and reasons instead of numbers."""

from dataclasses import replace

import pytest
import torch
from measures.known import GAUSSIAN_SOURCES, Known, generator, trained
from torch.utils._python_dispatch import TorchDispatchMode

from vaebench.claims import Measurement, declined
from vaebench.experiment import Interventions
from vaebench.kernels.estimate import Estimate, Undefined
from vaebench.measures.model_view import (
    decoded_mean,
    encoded_mean,
    estimated,
    held_out,
    kl_weight_in_squares,
    likelihood_at,
    of_sample,
    posterior_codes,
    real_posterior,
    reconstructed,
    total_variance,
)
from vaebench.models import ComplexNormal, Gaussian, Normal
from vaebench.models.complex_autoencoder import complex_autoencoder


class Largest(TorchDispatchMode):
    """Watches for the most double-precision numbers that an operation gives."""

    def __init__(self):
        super().__init__()
        self.numbers = 0

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        given = func(*args, **(kwargs or {}))
        if isinstance(given, torch.Tensor) and given.dtype == torch.float64:
            self.numbers = max(self.numbers, given.numel())
        return given


def test_the_variance_of_a_large_set_is_summed_by_columns_to_the_same_bits():
    """A copy of 60,000 images of 32×32 in double precision took 470 MB, and a process 1.7 GB in all."""
    x = torch.randn(50, 1, 32, 32, generator=generator())
    data = replace(GAUSSIAN_SOURCES, train=replace(GAUSSIAN_SOURCES.train, x=x))
    with Largest() as seen:
        found = total_variance(data)
    assert found.equal(x.flatten(1).double().var(0).sum())
    assert seen.numbers <= len(x) * 128


def test_a_mean_over_examples_has_the_error_of_a_mean():
    values = torch.tensor([1.0, 2.0, 6.0])
    assert of_sample("r", values, "x") == Measurement("r", 3.0, 7**0.5 / 3**0.5, 3, "x")


def test_one_example_has_no_spread():
    assert of_sample("r", torch.tensor([2.0])) == Measurement("r", 2.0, 0.0, 1)


def test_a_mean_that_is_no_number_is_an_error_and_no_measurement():
    with pytest.raises(ValueError, match=r"^r is not finite"):
        of_sample("r", torch.tensor([1.0, float("nan")]))


def test_an_estimate_is_a_measurement_and_an_undefined_one_its_reason():
    found = estimated("r", lambda: Estimate(torch.tensor(0.5), torch.tensor(0.25), 9), "x")
    assert found == Measurement("r", 0.5, 0.25, 9, "x")

    def undefined():
        raise Undefined("there is no variance")

    assert estimated("r", undefined) == declined("r", "there is no variance", "model")


def test_posterior_codes_have_the_posteriors_moments():
    x = torch.zeros(20_000, 2)
    codes = posterior_codes(trained(Known(lambda x: x + 3, lambda z: z, 0.5), 2), x, generator())
    assert ((codes.mean(0) - 3).abs() < 4 * 0.5 / 20_000**0.5).all()
    assert ((codes.std(0) / 0.5 - 1).abs() < 4 / 40_000**0.5).all()


def test_held_out_examples_are_those_that_training_did_not_see():
    assert torch.equal(held_out(GAUSSIAN_SOURCES, 7), GAUSSIAN_SOURCES.held_out.x[:7])
    assert len(held_out(GAUSSIAN_SOURCES, 10**9)) == 5000


def complex_model(scale=None):
    torch.manual_seed(0)
    by = Interventions(posterior_scale=scale, likelihood_variance=0.05)
    return replace(trained(complex_autoencoder((5,), 4, "mlp"), 4, by), complex_codes=True)


X = torch.rand(7, 5, generator=generator())


@pytest.mark.parametrize("scale", [None, 0.3])
def test_a_complex_posterior_is_read_as_a_real_one_of_twice_the_units(scale):
    model = complex_model(scale)
    own, real = model.model.encode(X), real_posterior(model, X)
    assert isinstance(own, ComplexNormal)
    assert isinstance(real, Normal)
    assert real.mean.shape == real.scale.shape == real.log_scale.shape == (7, 4)
    torch.testing.assert_close(real.mean[:, ::2], 2**0.5 * own.mean.real)
    torch.testing.assert_close(real.mean[:, 1::2], 2**0.5 * own.mean.imag)
    torch.testing.assert_close(real.scale, own.scale.repeat_interleave(2, 1))
    torch.testing.assert_close(real.kl(), own.kl())


def test_a_complex_decoder_is_read_at_real_codes_of_the_standard_prior():
    """Decoding a complex code, and decoding it read as real, give the same: encode, read, decode."""
    model = complex_model()
    torch.testing.assert_close(
        likelihood_at(model, real_posterior(model, X).mean).mean, model.model.decode(model.model.encode(X).mean).mean
    )
    torch.testing.assert_close(decoded_mean(model)(encoded_mean(model)(X)), reconstructed(model)(X))
    assert likelihood_at(model, torch.zeros(3, 4)).mean.shape == (3, 5)


def test_draws_from_a_complex_posterior_have_the_moments_of_it_read_as_real():
    model = complex_model()
    n, posterior = 20_000, real_posterior(model, X[:1])
    codes = posterior_codes(model, X[:1].expand(n, 5), generator())
    assert codes.shape == (n, 4)
    assert ((codes.mean(0) - posterior.mean[0]).abs() < 4 * posterior.scale[0] / n**0.5).all()
    assert ((codes.std(0) / posterior.scale[0] - 1).abs() < 4 / (2 * n) ** 0.5).all()


def test_a_real_model_is_read_as_it_is():
    model = trained(Known(lambda x: x + 3, lambda z: 2 * z, 0.5), 5)
    assert torch.equal(real_posterior(model, X).mean, model.model.encode(X).mean)
    assert torch.equal(likelihood_at(model, X).mean, 2 * X)
    assert torch.equal(encoded_mean(model)(X), X + 3)
    assert torch.equal(decoded_mean(model)(X), 2 * X)
    assert torch.equal(reconstructed(model)(X), 2 * (X + 3))


class OwnVariance(Known):
    """A model whose likelihood's variance is its own."""

    def __init__(self, variance):
        super().__init__(lambda x: x, lambda z: z)
        self.variance = variance

    def decode(self, z):
        return Gaussian(z, self.variance)


HELD = Interventions(likelihood_variance=0.05)
# Whose the variance is, what the suite holds it at, the declared weight, and β = 2·variance·weight.
WEIGHTS = [
    (0.7, HELD, 1.0, 0.1),
    (0.7, HELD, 4.0, 0.4),
    (0.7, Interventions(), 1.0, None),
    (0.7, HELD, None, None),
    (torch.tensor(0.7), HELD, 1.0, 1.4),
    (torch.tensor(0.7), Interventions(), 3.0, 4.2),
    (torch.tensor([[0.7]]), HELD, 1.0, 1.4),
    (torch.tensor(0.7), HELD, None, None),
    (torch.full((5,), 0.7), HELD, 1.0, None),
    (0.7, replace(HELD, likelihood="bernoulli"), 1.0, None),
    (torch.tensor(0.7), replace(HELD, likelihood="bernoulli"), 1.0, None),
]


@pytest.mark.parametrize(("variance", "interventions", "kl_weight", "beta"), WEIGHTS, ids=str)
def test_the_weight_beside_squares_is_twice_variance_times_weight_where_there_is_one_variance(
    variance, interventions, kl_weight, beta
):
    found = kl_weight_in_squares(trained(OwnVariance(variance), 5, interventions, kl_weight), X)
    assert found == (None if beta is None else pytest.approx(beta))


def test_coins_have_no_weight_beside_squares_and_complex_models_have_one():
    assert kl_weight_in_squares(trained(Known(lambda x: x, lambda z: z, bernoulli=True), 5, HELD), X) is None
    assert kl_weight_in_squares(complex_model(), X) == pytest.approx(0.1)
