"""Laws of the denoising objective: without noise the VAE's, with it noisy inputs and clean targets."""

import pytest
import torch
from models.steps import step_at, taken
from variants.trained import SHAPE, images

from vaebench.kernels.normal import standard_normal
from vaebench.models import negative_elbo
from vaebench.models.objectives import total
from vaebench.training.fit import build
from vaebench.variants.denoising_vae import NOISE, VARIANT, denoising_elbo


def made():
    model = build(VARIANT, SHAPE, 3, "mlp", 0).double()
    return model, images(8).double()


def by_hand(model, x, noise, target=None):
    """The VAE's objective at inputs with noise on them, with the draws that the variant makes."""
    rng = torch.Generator().manual_seed(0)
    q = model.encode(x + noise * standard_normal(x.shape, rng, dtype=x.dtype))
    z = q.sample(standard_normal(q.mean.shape, rng, dtype=x.dtype))
    return total(negative_elbo()(step_at(x if target is None else target, q, z, model.decode(z), model=model)))


@pytest.mark.parametrize("noise", [0.0, 0.2, 1.0])
def test_it_is_the_vaes_objective_of_noisy_inputs_and_clean_targets(noise):
    model, x = made()
    torch.testing.assert_close(total(denoising_elbo(noise)(taken(model, x))), by_hand(model, x, noise))


def test_without_noise_it_is_the_vaes_in_the_mean():
    model, x = made()
    with torch.no_grad():
        plain = torch.stack([total(negative_elbo()(taken(model, x, seed=s))) for s in range(300)])
        drawn = torch.stack([total(denoising_elbo(0.0)(taken(model, x, seed=s))) for s in range(300, 600)])
    spread = (plain.var() / 300 + drawn.var() / 300).sqrt()
    assert abs(plain.mean() - drawn.mean()) < 4 * spread


def test_it_comes_on_top_of_the_suites_noise():
    model, x = made()
    step = taken(model, x)
    already = x + 0.5
    with_suites = step_at(x, step.posterior, step.z, step.likelihood, model=model)
    object.__setattr__(with_suites, "seen", already)
    torch.testing.assert_close(total(denoising_elbo(0.2)(with_suites)), by_hand(model, already, 0.2, target=x))


def test_the_divergence_is_of_the_noisy_posterior():
    model, x = made()
    step = taken(model, x)
    assert not torch.isclose(denoising_elbo(0.5)(step)["kl"], step.posterior.kl().mean())


def test_the_page_runs_its_own_noise():
    model, x = made()
    assert VARIANT.objective_at is not None
    losses = [total(objective(taken(model, x))) for objective in (VARIANT.objective, VARIANT.objective_at(NOISE))]
    assert losses[0] == losses[1]
    assert len({float(total(VARIANT.objective_at(s)(taken(model, x))).detach()) for s in VARIANT.strengths}) == 3
