"""Laws of likelihoods: densities of torch's own distributions, precision equal to Fisher information three ways."""

import math

import pytest
import torch
from torch import distributions
from torch.func import hessian, jacfwd, jacrev, vmap

from vaebench.kernels.jacobian import directional_derivative
from vaebench.models import Bernoulli, Gaussian

EVENT = (2, 3, 2)


@pytest.fixture(autouse=True, scope="module")
def forward_mode():
    """Torch warns of its own internals when forward mode is first used: this loads it with the warning caught."""
    directional_derivative(torch.sin, torch.zeros(1), torch.ones(1))


def draws(seed, batch=4):
    return torch.randn(2, batch, *EVENT, generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize("variance", [0.05, 3.0, torch.full((4, 1, 1, 1), 0.3), torch.rand(4, *EVENT) + 0.1])
def test_the_gaussian_density_is_that_of_torch(variance):
    mean, x = draws(0)
    scale = torch.as_tensor(variance).sqrt()
    expected = distributions.Normal(mean, scale.expand_as(mean)).log_prob(x).flatten(1).sum(1)
    found = Gaussian(mean, variance).log_prob(x)
    assert found.shape == (4,)
    torch.testing.assert_close(found, expected)


def test_the_bernoulli_density_is_that_of_torch_on_black_and_white_data():
    logits, x = draws(1)
    x = (x > 0).float()
    expected = distributions.Bernoulli(logits=logits).log_prob(x).flatten(1).sum(1)
    torch.testing.assert_close(Bernoulli(logits).log_prob(x), expected)


def test_grey_data_are_read_as_probabilities():
    """The log density of grey x is the mean over black and white draws with probability x: the cross entropy."""
    logits, x = draws(2)
    x = torch.sigmoid(x)
    white, black = (Bernoulli(logits).log_prob(torch.full_like(x, value)) for value in (1.0, 0.0))
    likelihood = distributions.Bernoulli(logits=logits)
    expected = x * likelihood.log_prob(torch.ones_like(x)) + (1 - x) * likelihood.log_prob(torch.zeros_like(x))
    torch.testing.assert_close(Bernoulli(logits).log_prob(x), expected.flatten(1).sum(1))
    middle = Bernoulli(logits).log_prob(torch.full_like(x, 0.5))
    torch.testing.assert_close(middle, (white + black) / 2)


def test_grey_data_are_best_explained_by_themselves():
    x = torch.sigmoid(draws(3)[1])
    at, beside = Bernoulli(torch.logit(x)), Bernoulli(torch.logit(x) + 0.1)
    assert (at.log_prob(x) > beside.log_prob(x)).all()
    torch.testing.assert_close(at.mean, x)


def test_saturated_logits_cost_what_they_should_and_stay_finite():
    logits = torch.full((1, *EVENT), 80.0)
    assert float(Bernoulli(logits).log_prob(torch.zeros(1, *EVENT))) == pytest.approx(-80.0 * math.prod(EVENT))
    assert torch.isfinite(Bernoulli(logits).precision()).all()


@pytest.mark.parametrize("repeats", [1.0, 16.0])
def test_the_metric_of_saturated_coins_keeps_its_digits(repeats):
    """The slope of the standardised parameter by the log odds l is √repeats/(2·cosh(l/2)), and its square times the
    squared slope of l by p is the precision; both in single precision, from a fair coin to one of 10⁻⁷⁴."""
    logits = torch.linspace(-170, 170, 1361)[:, None].requires_grad_()
    coin = Bernoulli(logits, repeats)
    (slope,) = torch.autograd.grad(coin.standardised().sum(), logits)
    half = logits.detach().double() / 2
    exact = repeats**0.5 / (2 * torch.cosh(half))
    torch.testing.assert_close(slope.double(), exact, rtol=5e-5, atol=0)
    torch.testing.assert_close(coin.precision().detach(), 4 * repeats * torch.cosh(half) ** 2)
    values = coin.standardised().detach()
    assert bool((values.diff(dim=0) >= 0).all())
    torch.testing.assert_close(values[[0, -1]], repeats**0.5 * torch.tensor([[-1.0], [1.0]]) * math.pi / 2)


def gaussian(mean):
    return Gaussian(mean, 0.3)


def bernoulli(mean):
    return Bernoulli(torch.logit(mean))


@pytest.mark.parametrize("likelihood", [gaussian, bernoulli])
def test_precision_is_the_expected_curvature_of_the_log_density_in_the_mean(likelihood):
    mean = torch.tensor([[0.2, 0.5, 0.9]], dtype=torch.float64)

    def curvature(x):
        return -torch.autograd.functional.hessian(lambda m: likelihood(m).log_prob(x).sum(), mean).reshape(3, 3)

    # Of either family it is at most linear in x, so that its mean over x is its value at the mean of x.
    torch.testing.assert_close(torch.diag(likelihood(mean).precision()[0]), curvature(mean))


@pytest.mark.parametrize("likelihood", [gaussian, bernoulli])
def test_precision_is_the_variance_of_the_score(likelihood):
    n, rng = 100_000, torch.Generator().manual_seed(4)
    mean = torch.tensor([[0.2, 0.5, 0.9]])
    if likelihood is gaussian:
        x = mean + math.sqrt(0.3) * torch.randn(n, 3, generator=rng)
    else:
        x = torch.bernoulli(mean.expand(n, 3), generator=rng)
    means = mean.expand(n, 3).clone().requires_grad_()
    (score,) = torch.autograd.grad(likelihood(means).log_prob(x).sum(), means)
    squares = score.square()
    assert (score.mean(0).abs() < 4 * score.std(0) / math.sqrt(n)).all()
    gap = (squares.mean(0) - likelihood(mean).precision()[0]).abs()
    assert (gap < 4 * squares.std(0) / math.sqrt(n) + 1e-4).all()


def test_precision_has_the_shape_of_the_mean():
    mean, _ = draws(5)
    assert Gaussian(mean, 0.1).precision().shape == Bernoulli(mean).precision().shape == mean.shape


def test_another_variance_leaves_the_means():
    mean, x = draws(6)
    one = Gaussian(mean, torch.rand(4, 1, 1, 1) + 1).with_variance(0.5)
    assert one.mean is mean
    torch.testing.assert_close(one.log_prob(x), Gaussian(mean, 0.5).log_prob(x))


def test_a_variance_of_the_wrong_dtype_is_no_matter():
    mean, x = draws(7)
    found = Gaussian(mean, torch.tensor(0.5, dtype=torch.float64)).log_prob(x)
    assert found.dtype == torch.float32


def test_coins_counted_often_are_an_image_shown_larger():
    logits, x = torch.randn(3, 1, 4, 4, dtype=torch.float64), torch.rand(3, 1, 4, 4, dtype=torch.float64)
    larger = [part.repeat_interleave(2, 2).repeat_interleave(2, 3) for part in (logits, x)]
    torch.testing.assert_close(Bernoulli(logits, 4).log_prob(x), Bernoulli(larger[0]).log_prob(larger[1]))
    torch.testing.assert_close(Bernoulli(logits, 4).precision(), 4 * Bernoulli(logits).precision())


@pytest.mark.parametrize("repeats", [1.0, 16.0])
def test_a_standardised_parameter_has_information_one(repeats):
    """d(parameter)/d(mean) is the root of the precision, for either likelihood."""
    logits = torch.linspace(-3, 3, 7, dtype=torch.float64)[:, None].requires_grad_()
    coin = Bernoulli(logits, repeats)
    (slope,) = torch.autograd.grad(coin.standardised().sum(), logits)
    (of_mean,) = torch.autograd.grad(coin.mean.sum(), logits)
    torch.testing.assert_close((slope / of_mean).square(), coin.precision().detach())
    gaussian = Gaussian(logits, 0.3)
    (slope,) = torch.autograd.grad(gaussian.standardised().sum(), logits)
    torch.testing.assert_close(slope.square(), gaussian.precision().detach())


WEIGHTS = torch.randn(2, 3, 4, generator=torch.Generator().manual_seed(8), dtype=torch.float64)
PER_VALUE = torch.tensor([0.2, 0.5, 1.0, 3.0], dtype=torch.float64)
CODES = torch.randn(5, 3, generator=torch.Generator().manual_seed(9), dtype=torch.float64)
VARIANCES = {
    "a number": lambda z: 0.3,
    "learned": lambda z: PER_VALUE[0],
    "learned for each value": lambda z: PER_VALUE,
    "learned for each value, repeated": lambda z: PER_VALUE.expand(len(z), 4),
    "of the code": lambda z: torch.sin(z @ WEIGHTS[1] + 1).exp(),
    "of the code, one for all values": lambda z: (torch.sin(z @ WEIGHTS[1] + 1).exp())[:, :1],
}
each_variance = pytest.mark.parametrize("variance", VARIANCES.values(), ids=VARIANCES)


def metric(variance, by=jacfwd):
    """The metric at one code, from the slopes of what is standardised."""

    def slopes(z):
        return by(lambda z: Gaussian(torch.sin(z[None] @ WEIGHTS[0]), variance(z[None])).standardised().flatten())(z)

    return lambda z: slopes(z).mT @ slopes(z)


def curvature_of_divergence(variance):
    """Fisher's metric at one code by another way, the Hessian of the divergence from the code's own normal."""

    def normal(z):
        return distributions.Normal(torch.sin(z @ WEIGHTS[0]), torch.as_tensor(variance(z[None])).sqrt().flatten())

    return lambda z: hessian(lambda other: distributions.kl_divergence(normal(z), normal(other)).sum())(z)


@each_variance
@pytest.mark.parametrize("by", [jacfwd, jacrev])
def test_the_slopes_of_a_standardised_gaussian_make_its_fisher_metric_in_either_mode(variance, by):
    torch.testing.assert_close(vmap(metric(variance, by))(CODES), vmap(curvature_of_divergence(variance))(CODES))


@each_variance
@pytest.mark.parametrize("by", [jacfwd, jacrev])
def test_and_so_do_the_derivatives_of_that_metric(variance, by):
    """Kähler's condition is about them, and a regulariser descends by them."""
    found, expected = (vmap(by(of(variance)))(CODES) for of in (metric, curvature_of_divergence))
    torch.testing.assert_close(found, expected)


def test_a_learned_variance_may_be_repeated_for_each_code_and_has_the_same_gradient():
    def metrics(log_variance, repeats):
        return vmap(metric(lambda z: log_variance.exp().expand(*repeats, 4)))(CODES).square().sum()

    shared, repeated = (torch.func.grad(metrics)(PER_VALUE.log(), repeats) for repeats in ((), (1,)))
    assert float(shared.abs().min()) > 0
    torch.testing.assert_close(repeated, shared)


def test_a_variance_that_serves_all_codes_only_divides():
    mean, variance = draws(10)[0], torch.rand(EVENT) + 0.1
    for each in (0.3, torch.tensor(0.3), variance, variance[None]):
        assert torch.equal(Gaussian(mean, each).standardised(), mean / each**0.5)
