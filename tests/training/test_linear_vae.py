"""Training against mathematics: a linear VAE lands on the optimum that is known in closed form."""

from dataclasses import replace

import pytest
import torch

from vaebench import catalog
from vaebench.data import Dataset, Split
from vaebench.experiment import Interventions, TrainingConfig
from vaebench.models import negative_elbo

EIGENVALUES = (2.0, 0.8, 0.3, 0.05)


def spectrum(n=512):
    """Data with exactly these eigenvalues about a mean that is not 0, in R⁶."""
    rng = torch.Generator().manual_seed(5)
    rows = torch.randn(n, len(EIGENVALUES), generator=rng, dtype=torch.float64)
    rows = torch.linalg.qr(rows - rows.mean(0))[0] * (n * torch.tensor(EIGENVALUES).double()).sqrt()
    basis = torch.linalg.qr(torch.randn(6, len(EIGENVALUES), generator=rng, dtype=torch.float64))[0].T
    x = (rows @ basis + 0.5).float()
    return Dataset("spectrum", 1, Split(x), Split(x[:64])), basis


LINEAR = catalog.variant("linear_vae").variant
LONG = TrainingConfig(steps=1500, batch=512)


@pytest.mark.parametrize(("scale", "kl_weight"), [(0.1, 1.0), (0.4, 1.0), (1.0, 1.0), (0.2, 3.0)])
def test_a_trained_linear_vae_lands_on_the_closed_form(train, scale, kl_weight):
    data, basis = spectrum()
    variant = replace(LINEAR, objective=negative_elbo(kl_weight), kl_weight=kl_weight)
    interventions = Interventions(posterior_scale=scale, likelihood_variance=0.1)
    trained = train(variant, LONG, data=data, latent=4, interventions=interventions)
    model = trained.model.model
    encoder, decoder = (layer.weight.double() for layer in (model.mean, model.decoder[0]))
    beta = 2 * 0.1 * kl_weight
    excess = [max(0.0, (2 * value / beta) ** 0.5 / scale - 1) for value in EIGENVALUES]
    close = {"atol": 0.03, "rtol": 0.03}
    torch.testing.assert_close(
        torch.linalg.svdvals(decoder), torch.tensor([(beta / 2 * q) ** 0.5 for q in excess]).double(), **close
    )
    spread = (encoder @ basis.T).norm(dim=0) * torch.tensor(EIGENVALUES).double().sqrt()
    torch.testing.assert_close(spread, torch.tensor([scale * q**0.5 for q in excess]).double(), **close)
    end_to_end = basis @ decoder @ encoder @ basis.T
    expected = torch.diag(torch.tensor([q / (1 + q) for q in excess]).double())
    torch.testing.assert_close(end_to_end, expected, **close)


def test_a_trained_linear_vae_with_a_learned_scale_lands_on_its_closed_form(train):
    data, basis = spectrum()
    trained = train(LINEAR, LONG, data=data, latent=4, interventions=Interventions(likelihood_variance=0.1))
    squares = trained.model.encode(data.train.x).scale.square().mean(0).sort().values
    expected = torch.tensor([min(1.0, 0.2 / (2 * value)) for value in EIGENVALUES])
    torch.testing.assert_close(squares, expected, atol=0.02, rtol=0.05)
    decoder = trained.model.model.decoder[0].weight.double()
    gains = (basis @ decoder).norm(dim=1).square()
    torch.testing.assert_close(gains, (torch.tensor(EIGENVALUES) - 0.1).clamp_min(0).double(), atol=0.02, rtol=0.03)
