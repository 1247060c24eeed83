"""Laws of the FactorVAE: what its discriminator learns is the total correlation, and neither part moves the other."""

import math
from dataclasses import replace

import pytest
import torch
from models.steps import NoModel, step_at, taken
from torch import nn

from vaebench.data import Dataset, Split
from vaebench.experiment import Interventions, TrainingConfig
from vaebench.models import Adversary, Gaussian, Normal, negative_elbo
from vaebench.models.objectives import total
from vaebench.training.fit import fit
from vaebench.variants.factor_vae import VARIANT, cross_entropy, discriminated

RHO = 0.8


class Judge(nn.Module):
    """Log odds of correlated normals against independent ones, the best there are at stretch 1 and shift 0."""

    def __init__(self):
        super().__init__()
        self.stretch = nn.Parameter(torch.tensor(1.0, dtype=torch.float64))
        self.shift = nn.Parameter(torch.tensor(0.0, dtype=torch.float64))

    def forward(self, z):
        one, other = z.unbind(1)
        squares = (one**2 - 2 * RHO * one * other + other**2) / (1 - RHO**2)
        ratio = -0.5 * (squares - one**2 - other**2 + math.log(1 - RHO**2))
        return self.stretch * ratio + self.shift


class LookedAt(NoModel):
    """A model of which nothing but the discriminator is used."""

    def __init__(self, discriminator):
        super().__init__()
        self.discriminator = discriminator


def step_of(rho, batch=20_000, seed=0):
    """A step with codes from correlated normals."""
    one, other = torch.randn(2, batch, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)
    z = torch.stack([one, rho * one + (1 - rho**2) ** 0.5 * other], 1).requires_grad_()
    posterior = Normal(z, torch.ones_like(z))
    return step_at(torch.zeros_like(z), posterior, z, Gaussian(z, 1.0), model=LookedAt(Judge()))


@pytest.mark.parametrize("weight", [1.0, 10.0])
def test_with_the_best_discriminator_the_codes_pay_their_total_correlation(weight):
    step = step_of(RHO)
    found = total(discriminated(weight)(step)) - total(negative_elbo()(step))
    assert float(found.detach()) == pytest.approx(
        -weight / 2 * math.log(1 - RHO**2), abs=weight * 4 * RHO / 20_000**0.5
    )


def test_the_discriminators_objective_is_least_at_the_true_ratio():
    slopes, values = [], []
    for seed in range(20):
        step = step_of(RHO, seed=seed)
        value = cross_entropy(step)
        slopes.append(torch.stack(torch.autograd.grad(value, list(step.model.discriminator.parameters()))))
        values.append(value.detach())
    slope = torch.stack(slopes)
    assert bool((slope.mean(0).abs() < 4 * slope.std(0) / 20**0.5).all())
    assert float(slope.std(0).max()) / 20**0.5 < 2e-3
    assert float(torch.stack(values).mean()) < math.log(2) - 0.05
    for wrong in (0.0, 0.5, 2.0, -1.0):
        with torch.no_grad():
            step.model.discriminator.stretch.fill_(wrong)
            assert float(cross_entropy(step)) > float(values[-1]) + 0.005


def test_a_discriminator_that_knows_nothing_pays_one_coin():
    step = step_of(RHO)
    with torch.no_grad():
        step.model.discriminator.stretch.fill_(0.0)
    assert float(cross_entropy(step).detach()) == pytest.approx(math.log(2))


def test_independent_codes_cannot_be_told_from_shuffled_ones():
    step = step_of(0.0)
    assert float(cross_entropy(step).detach()) > math.log(2)


def test_the_encoder_feels_the_discriminator_through_its_codes_and_lowers_what_it_sees():
    step = step_of(RHO, batch=50)
    felt = total(discriminated(10.0)(step)) - total(negative_elbo()(step))
    (slope,) = torch.autograd.grad(felt, step.z)
    moved = step.model.discriminator((step.z - slope).detach()).mean()
    assert float(moved.detach()) < float(step.model.discriminator(step.z).mean().detach()) - 0.1


def test_the_discriminators_objective_does_not_reach_the_encoder():
    step = step_of(RHO, batch=50)
    assert torch.autograd.grad(cross_entropy(step), step.z, allow_unused=True) == (None,)


def test_no_code_is_compared_with_its_own_parts():
    """The first half is judged as it is, the second shuffled: what the other half holds does not matter to it."""
    shown = []

    class Listening(Judge):
        def forward(self, z):
            shown.append(z.detach())
            return super().forward(z)

    step = step_of(RHO, batch=9)
    step.model.discriminator = Listening()
    cross_entropy(step)
    assert torch.equal(shown[0], step.z[:4])
    assert torch.equal(shown[1].sort(0).values, step.z[4:].sort(0).values)
    assert not torch.equal(shown[1], step.z[4:])


def trained(variant, steps=1):
    x = torch.randn(40, 2, 3, generator=torch.Generator().manual_seed(0))
    data = Dataset("small", 1, Split(x), Split(x[:8]))
    training = TrainingConfig(steps=steps, batch=8)
    model = fit(
        variant, data, arch="mlp", latent=3, training=training, interventions=Interventions(), seed=3
    ).model.model
    judge = {name: weight for name, weight in model.state_dict().items() if name.startswith("discriminator.")}
    return judge, {name: weight for name, weight in model.state_dict().items() if name not in judge}


def same(one, other):
    return all(torch.equal(weight, other[name]) for name, weight in one.items())


def test_in_training_each_adversary_moves_by_its_own_objective_alone():
    judge, rest = trained(VARIANT)
    heavier = trained(replace(VARIANT, objective=discriminated(40.0)))
    assert same(heavier[0], judge)
    assert not same(heavier[1], rest)
    turned = replace(
        VARIANT, adversaries=(replace(VARIANT.adversaries[0], objective=lambda step: -cross_entropy(step)),)
    )
    assert same(trained(turned)[1], rest)
    assert not same(trained(turned)[0], judge)


def test_a_vae_with_a_discriminator_that_is_not_asked_is_the_vae():
    """The discriminator's weights are drawn after the others, and a weight of 0 leaves the evidence bound."""
    _, unasked = trained(replace(VARIANT, objective=discriminated(0.0)), steps=3)
    _, vae = trained(replace(VARIANT, objective=negative_elbo()), steps=3)
    assert same(unasked, vae)


def test_the_discriminator_learns_to_tell_codes_from_shuffled_ones():
    """On dependent codes that stand still, its log odds rise to the total correlation, and swing about it."""
    torch.manual_seed(0)
    model, seen, found = VARIANT.build((2,), 2, "mlp"), step_of(RHO).z.detach().float(), []
    optimiser = torch.optim.Adam(model.discriminator.parameters(), 1e-3, betas=VARIANT.adversaries[0].betas)
    for seed in range(200):
        step = step_of(RHO, batch=512, seed=seed)
        optimiser.zero_grad()
        cross_entropy(replace(step, z=step.z.float(), model=model)).backward()
        optimiser.step()
        if seed >= 100 and seed % 5 == 0:
            with torch.no_grad():
                found.append(float(model.discriminator(seen).mean()))
    assert sum(found) / len(found) == pytest.approx(-0.5 * math.log(1 - RHO**2), abs=0.1)


def test_it_declares_its_adversary_and_no_weight_of_the_divergence():
    assert [adversary.module for adversary in VARIANT.adversaries] == ["discriminator"]
    assert isinstance(VARIANT.adversaries[0], Adversary)
    assert VARIANT.kl_weight is None
    assert taken(VARIANT.build((4,), 2, "mlp"), torch.rand(3, 4)).model.discriminator(torch.zeros(3, 2)).shape == (3,)
