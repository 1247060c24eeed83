"""Laws of the annealed VAE's objective: where the capacity stands, and a pull to it from both sides."""

import pytest
import torch
from models.steps import step_at

from vaebench.models import Gaussian, Normal
from vaebench.variants.annealed_vae import PULL, annealed

STEPS = 300


def terms(kl, step, capacity=25.0, rows=(1.0, 1.0)):
    """The objective's terms where the batch's divergence is kl in the mean, spread over its rows as said."""
    shares = torch.tensor(rows, dtype=torch.float64)
    moments = (2 * kl * shares / shares.mean()).sqrt().unsqueeze(1)
    posterior = Normal(moments, torch.ones_like(moments))
    x = torch.zeros_like(moments)
    return annealed(capacity)(step_at(x, posterior, x, Gaussian(x, 1.0), step=step, steps=STEPS))


@pytest.mark.parametrize(
    ("step", "allowed"), [(0, 0.0), (1, 0.25), (50, 12.5), (99, 24.75), (100, 25.0), (101, 25.0), (299, 25.0)]
)
def test_the_capacity_grows_from_nothing_to_all_in_a_third_of_the_training(step, allowed):
    assert float(terms(allowed, step)["capacity"]) == pytest.approx(0, abs=1e-9)
    for kl in (allowed + 2.0, allowed + 30.0):
        assert float(terms(kl, step)["capacity"]) == pytest.approx(PULL * (kl - allowed))


def test_a_divergence_short_of_the_capacity_is_pulled_up_where_the_beta_vae_pulls_down():
    slopes = []
    for kl in (24.0, 26.0):
        at = torch.tensor(kl, dtype=torch.float64, requires_grad=True)
        slopes.append(float(torch.autograd.grad(terms(at, 200)["capacity"], at)[0]))
    assert slopes == pytest.approx([-PULL, PULL])


def test_examples_may_lie_on_both_sides_of_the_capacity():
    assert float(terms(25.0, 200, rows=(0.2, 1.8))["capacity"]) == pytest.approx(0, abs=1e-9)


def test_the_strength_is_the_capacity_at_the_end():
    found = [float(terms(10.0, 200, capacity=capacity)["capacity"]) for capacity in (5.0, 25.0, 75.0)]
    assert found == pytest.approx([PULL * 5, PULL * 15, PULL * 65])


def test_the_reconstruction_is_weighed_once():
    assert float(terms(3.0, 0)["reconstruction"]) == pytest.approx(0.9189385332)  # ½·log 2π
