"""Priors of a model's own: mixtures are those of torch, divergences are sampled without bias."""

import math

import pytest
import torch
from models.steps import NoModel, step_at
from scipy.stats import kstest
from torch.distributions import Categorical, Independent, MixtureSameFamily, Normal

from vaebench.models import FlowNormal, Gaussian, Refused, mixture_log_prob, mixture_sample, negative_elbo
from vaebench.models import Normal as Posterior
from vaebench.models.priors import divergence, has_own_prior, log_prior

MEANS = torch.tensor([[-2.0, 0.5], [0.0, 0.0], [1.5, -1.0]])
SCALES = torch.tensor([[0.3, 1.0], [1.0, 0.2], [0.5, 0.5]])
KNOWN = MixtureSameFamily(Categorical(torch.ones(3)), Independent(Normal(MEANS, SCALES), 1))


class Mixed(NoModel):
    """A model whose prior is the mixture."""

    def prior_sample(self, noise):
        return mixture_sample(noise, MEANS, SCALES)

    def prior_log_prob(self, z):
        return mixture_log_prob(z, MEANS, SCALES)


class DrawsAlone(NoModel):
    def prior_sample(self, noise):
        return mixture_sample(noise, MEANS, SCALES)


def noise(n, seed=0):
    return torch.randn(n, 2, generator=torch.Generator().manual_seed(seed))


def test_the_density_of_a_mixture_is_that_of_torch():
    z = 2 * noise(200)
    torch.testing.assert_close(mixture_log_prob(z, MEANS, SCALES), KNOWN.log_prob(z), rtol=1e-5, atol=1e-5)
    assert mixture_log_prob(z.reshape(4, 50, 2), MEANS, SCALES).shape == (4, 50)


@pytest.mark.parametrize("unit", [0, 1])
def test_draws_of_a_mixture_follow_its_marginals(unit):
    z = mixture_sample(noise(20_000, 1), MEANS, SCALES)[:, unit].double()

    def cumulative(t):
        each = Normal(MEANS[:, unit].double(), SCALES[:, unit].double())
        return each.cdf(torch.as_tensor(t)[..., None]).mean(-1).numpy()

    assert kstest(z.numpy(), cumulative).pvalue > 1e-3


def test_the_units_of_a_component_stay_independent():
    z = mixture_sample(noise(60_000, 2), MEANS, SCALES)
    second = z[(z[:, 0] + 2).abs() < 0.9]  # the first component, and hardly any of the second
    first = second[(second[:, 0] < -1.4)]
    assert abs(float(torch.corrcoef(first.T)[0, 1])) < 0.05


def posterior():
    return Posterior(torch.tensor([[-1.5, 0.3]]), torch.tensor([[0.4, 0.6]]))


def test_a_sampled_divergence_is_that_of_numerical_integration():
    q, n = posterior(), 40_000
    draws = noise(n, 3).unsqueeze(1)
    found = divergence(Mixed(), q, draws)
    axis = torch.linspace(-5, 5, 801, dtype=torch.float64)
    z = torch.cartesian_prod(axis, axis)
    log_q = Independent(Normal(q.mean[0].double(), q.scale[0].double()), 1).log_prob(z)
    prior = MixtureSameFamily(
        Categorical(torch.ones(3).double()), Independent(Normal(MEANS.double(), SCALES.double()), 1)
    )
    exact = float((log_q.exp() * (log_q - prior.log_prob(z))).sum() * (axis[1] - axis[0]) ** 2)
    assert abs(float(found.mean()) - exact) < 4 * float(found.std()) / math.sqrt(n)


def test_under_the_standard_normal_it_is_the_closed_form_whatever_the_noise():
    q = posterior()
    assert torch.equal(divergence(NoModel(), q, None), q.kl())
    assert not has_own_prior(NoModel()) and has_own_prior(Mixed())


def test_a_flow_that_moves_nothing_has_the_divergence_of_its_base():
    q, draws = posterior(), noise(40_000, 4).unsqueeze(1)
    still = FlowNormal(q, lambda z: (z, torch.zeros(z.shape[:-1])))
    found = divergence(NoModel(), still, draws)
    assert abs(float(found.mean() - q.kl())) < 4 * float(found.std()) / math.sqrt(len(found))


def test_a_prior_without_a_density_has_no_divergence_and_draws_all_the_same():
    with pytest.raises(Refused, match=r"its prior has no prior_log_prob\(z\)"):
        divergence(DrawsAlone(), posterior(), noise(1))
    with pytest.raises(Refused, match="sampled with the noise of the step"):
        divergence(Mixed(), posterior(), None)
    assert float(log_prior(NoModel(), torch.zeros(1, 2))) == pytest.approx(-math.log(2 * math.pi))


def test_the_elbo_of_a_step_takes_the_models_own_prior():
    q, draws, x = posterior(), noise(1, 5), torch.zeros(1, 3)
    z = q.sample(draws)
    step = step_at(x, q, z, Gaussian(torch.ones(1, 3), 0.5), model=Mixed())
    with pytest.raises(Refused, match="noise of the step"):
        negative_elbo()(step)
    from dataclasses import replace

    found = negative_elbo(2.0)(replace(step, noise=draws))["kl"]
    known = Independent(Normal(q.mean, q.scale), 1).log_prob(z) - KNOWN.log_prob(z)
    torch.testing.assert_close(found, 2 * known.mean())
