"""What holds for every variant of the suite: it trains, its strengths are objectives, and it stacks."""

import copy
import math

import pytest
import torch
from models.steps import taken
from torch.func import functional_call, grad_and_value, stack_module_state, vmap

from vaebench import catalog
from vaebench.experiment import Interventions, TrainingConfig
from vaebench.models.objectives import total
from vaebench.training.fit import build, fit
from vaebench.training.intervened import Intervened
from vaebench.training.step import TrainingStep

SHAPE, LATENT, BATCH = (1, 8, 8), 4, 6


def found(name):
    return catalog.variant(name).variant


def losses_at_strengths(variant):
    """Losses of one step half way through training, each with the same draws."""
    model = build(variant, SHAPE, LATENT, "mlp", 0)
    x = torch.rand(BATCH, *SHAPE, generator=torch.Generator().manual_seed(1))
    objectives = [variant.objective, *map(variant.objective_at, variant.strengths)]
    return [float(total(each(taken(model, x, step=50))).detach()) for each in objectives]


@pytest.fixture(scope="module")
def digits():
    return catalog.dataset("digits")


@pytest.mark.parametrize("name", catalog.variant_names())
def test_a_variant_trains_on_digits(name, digits):
    training = TrainingConfig(steps=3, batch=16, snapshots=(0, 3))
    trained = fit(found(name), digits, arch="mlp", latent=4, training=training, interventions=Interventions(), seed=0)
    assert all(math.isfinite(loss) for _, loss in trained.history)
    (_, before), (_, after) = trained.snapshots
    still = [key for key, weight in before.items() if torch.equal(weight, after[key])]
    assert not still, "these weights take no part in training"


@pytest.mark.parametrize("name", catalog.variant_names())
def test_every_strength_is_an_objective_of_its_own_and_the_variants_own_is_one_of_them(name):
    variant = found(name)
    if variant.strengths:
        own, *others = losses_at_strengths(variant)
        assert all(map(math.isfinite, others))
        assert len(set(others)) == len(others)
        assert own in others
    else:
        assert variant.objective_at is None


@pytest.mark.parametrize("name", catalog.variant_names())
def test_stacked_members_have_the_losses_and_gradients_that_each_has_alone(name):
    """Two members with other weights, and draws that they share."""
    variant = found(name)
    objectives = (variant.objective, *(adversary.objective for adversary in variant.adversaries))
    steps = [
        TrainingStep(Intervened(build(variant, SHAPE, LATENT, "mlp", seed), Interventions()), objectives, 100, 1000)
        for seed in (0, 1)
    ]
    rng = torch.Generator().manual_seed(0)
    x, noise = torch.rand(BATCH, *SHAPE, generator=rng), torch.randn(BATCH, LATENT, generator=rng)
    parameters, buffers = stack_module_state(steps)
    skeleton = copy.deepcopy(steps[0]).to("meta")
    shared = torch.Generator().manual_seed(7)

    def loss(own, state):
        return torch.stack(functional_call(skeleton, (own, state), (x, noise, None, 50, shared))).sum()

    gradients, losses = vmap(grad_and_value(loss), randomness="same")(parameters, buffers)
    for number, step in enumerate(steps):
        alone = torch.stack(step(x, noise, None, 50, torch.Generator().manual_seed(7))).sum()
        alone.backward()
        torch.testing.assert_close(losses[number], alone.detach(), rtol=1e-4, atol=1e-4)
        for key, weight in step.named_parameters():
            expected = torch.zeros_like(weight) if weight.grad is None else weight.grad
            close = {"rtol": 1e-3, "atol": 1e-4 * float(1 + expected.norm())}
            torch.testing.assert_close(gradients[key][number], expected, **close)
