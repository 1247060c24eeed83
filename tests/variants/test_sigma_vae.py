"""Laws of the σ-VAE: its variance is free, and at rest where it is the mean squared error of a dimension."""

import pytest
import torch
from models.steps import taken
from variants.trained import SHAPE, images, trained

from vaebench.experiment import Interventions
from vaebench.measures.model_view import kl_weight_in_squares
from vaebench.models import Bernoulli
from vaebench.models.autoencoder import GAUSSIAN_VARIANCE
from vaebench.models.objectives import total
from vaebench.training.fit import build
from vaebench.variants.sigma_vae import FLOOR, VARIANT


def slope(log_variance_of):
    """Derivative of the loss by the variance's parameter, where that is a function of the mean squared error."""
    model = build(VARIANT, SHAPE, 3, "mlp", 0).double()
    step = taken(model, images(16).double())
    error = (step.x - step.likelihood.mean).square().mean().detach()
    with torch.no_grad():
        model.likelihood.log_variance.copy_(log_variance_of(error))
    loss = total(VARIANT.objective(taken(model, images(16).double())))
    return float(torch.autograd.grad(loss, model.likelihood.log_variance)[0])


def test_the_variance_rests_at_the_mean_squared_error_and_nowhere_else():
    assert slope(lambda error: torch.log(error - FLOOR)) == pytest.approx(0, abs=1e-9)
    assert slope(lambda error: torch.log(2 * error)) > 1
    assert slope(lambda error: torch.log(error / 2)) < -1


def test_training_finds_that_variance():
    """Data of which one part in two can be coded, the other is noise of a known variance."""
    rng = torch.Generator().manual_seed(0)
    line = torch.randn(512, 1, generator=rng) * torch.ones(1, 64)
    x = (line + 0.3 * torch.randn(512, 64, generator=rng)).reshape(-1, *SHAPE)
    done = trained(VARIANT, 400, latent=2, x=x)
    with torch.no_grad():
        q = done.model.encode(x)
        found = done.model.decode(q.sample(torch.randn(q.mean.shape, generator=rng)))
    assert float(found.variance) == pytest.approx(float((x - found.mean).square().mean()), rel=0.1)
    assert float(found.variance) == pytest.approx(0.09, rel=0.2)


def test_it_starts_at_the_variance_of_record_and_no_intervention_holds_it():
    model = build(VARIANT, SHAPE, 3, "mlp", 0).requires_grad_(False)
    assert float(model.decode(torch.zeros(1, 3)).variance) == pytest.approx(GAUSSIAN_VARIANCE)
    done = trained(VARIANT, 20, interventions=Interventions(likelihood_variance=0.5))
    variance = float(done.model.decode(torch.zeros(1, 4)).variance)
    assert variance not in (0.5, pytest.approx(GAUSSIAN_VARIANCE, rel=1e-3))
    assert kl_weight_in_squares(done, images(2)) == pytest.approx(2 * variance)


def test_it_never_falls_below_its_floor():
    model = build(VARIANT, SHAPE, 3, "mlp", 0).requires_grad_(False)
    with torch.no_grad():
        model.likelihood.log_variance.fill_(-1e3)
    likelihood = model.decode(torch.zeros(1, 3))
    assert float(likelihood.variance) == pytest.approx(FLOOR)
    assert torch.isfinite(likelihood.log_prob(likelihood.mean))


def test_with_coin_flips_it_is_the_ordinary_model():
    done = trained(VARIANT, 5, interventions=Interventions(likelihood="bernoulli"))
    assert isinstance(done.model.decode(torch.zeros(1, 4)), Bernoulli)
