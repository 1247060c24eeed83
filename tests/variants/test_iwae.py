"""Laws of the importance-weighted bound in training, on a linear-Gaussian model whose evidence is known."""

import math
from itertools import pairwise

import pytest
import torch
from models.steps import taken
from torch import nn

from vaebench.models import Gaussian, Normal, negative_elbo
from vaebench.models.objectives import total
from vaebench.variants.iwae import importance_weighted

GAIN, VARIANCE, X = 1.3, 0.2, 0.7
PRECISION = 1 + GAIN**2 / VARIANCE
EVIDENCE = -0.5 * (X**2 / (GAIN**2 + VARIANCE) + math.log(2 * math.pi * (GAIN**2 + VARIANCE)))
EXACT = (GAIN * X / VARIANCE / PRECISION, PRECISION**-0.5)


class Linear(nn.Module):
    """x = GAIN·z + noise, with a posterior that is said and not learned."""

    def __init__(self, mean, scale):
        super().__init__()
        self.mean = nn.Parameter(torch.tensor(mean, dtype=torch.float64))
        self.scale = nn.Parameter(torch.tensor(scale, dtype=torch.float64))

    def encode(self, x):
        return Normal(self.mean.expand(x.shape), self.scale.expand(x.shape))

    def decode(self, z):
        return Gaussian(GAIN * z, VARIANCE)


def step_with(mean, scale, rows=20_000, seed=0):
    step = taken(Linear(mean, scale), torch.full((rows, 1), X, dtype=torch.float64), seed=seed)
    step.rng.manual_seed(seed + 1000)  # not the stream that its code came from
    return step


def loss(samples, step):
    return float(total(importance_weighted(samples)(step)).detach())


@pytest.mark.parametrize("samples", [1, 2, 5, 20])
def test_at_the_exact_posterior_every_draw_gives_the_evidence(samples):
    assert loss(samples, step_with(*EXACT, rows=3)) == pytest.approx(-EVIDENCE, rel=1e-9)


def test_more_samples_tighten_the_bound_down_to_the_evidence():
    """The twin that averages K evidence bounds would stay where K = 1 is."""
    losses = [loss(samples, step_with(0.2, 0.6)) for samples in (1, 2, 5, 20)]
    assert losses[0] + EVIDENCE > 0.5
    assert all(later + EVIDENCE < 0.6 * (earlier + EVIDENCE) for earlier, later in pairwise(losses))
    assert losses[-1] == pytest.approx(-EVIDENCE, abs=0.02)


def test_one_sample_is_the_evidence_bound_with_its_gradient():
    model = step_with(0.2, 0.6).model
    weights = list(model.parameters())
    found = []
    for objective in (importance_weighted(1.0), negative_elbo()):
        each = [total(objective(step_with(0.2, 0.6, rows=500, seed=seed))) for seed in range(40)]
        found.append(torch.stack(each).detach())
    gap = found[0] - found[1]
    assert abs(float(gap.mean())) < 4 * float(gap.std()) / 40**0.5
    slopes = []
    for seed in range(40):
        step = taken(model, torch.full((500, 1), X, dtype=torch.float64), seed=seed)
        one = torch.autograd.grad(total(importance_weighted(1)(step)), weights, retain_graph=True)
        other = torch.autograd.grad(total(negative_elbo()(step)), weights)
        slopes.append(torch.stack(one) - torch.stack(other))
    slope = torch.stack(slopes)
    assert bool((slope.mean(0).abs() < 4 * slope.std(0) / 40**0.5).all())


def test_the_samples_are_drawn_anew_and_the_steps_own_code_is_one_of_them():
    step = step_with(0.2, 0.6, rows=4)
    assert loss(2, step) != loss(2, step)  # its own randomness moved on
    assert loss(1, step) == loss(1, step)
    torch.testing.assert_close(
        total(importance_weighted(1)(step)),
        -(
            step.likelihood.log_prob(step.x)
            + torch.distributions.Normal(0.0, 1.0).log_prob(step.z).sum(1)
            - torch.distributions.Normal(step.posterior.mean, step.posterior.scale).log_prob(step.z).sum(1)
        ).mean(),
    )


def test_each_code_is_held_against_its_own_example():
    """Two examples far apart, each with its exact posterior: swapped rows would be off by hundreds of nats."""
    x = torch.tensor([[-9.0], [4.0], [0.5]], dtype=torch.float64)

    class Exact(Linear):
        def encode(self, x):
            return Normal(GAIN * x / VARIANCE / PRECISION, torch.full_like(x, PRECISION**-0.5))

    spread = GAIN**2 + VARIANCE
    evidence = -0.5 * (x.square() / spread + math.log(2 * math.pi * spread)).mean()
    assert loss(5, taken(Exact(0.0, 1.0), x)) == pytest.approx(-float(evidence), rel=1e-9)
