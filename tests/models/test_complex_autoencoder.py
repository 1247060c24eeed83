"""Laws of the complex model: complex codes over real networks, for every architecture."""

import pytest
import torch
from models.steps import taken
from torch import nn

from vaebench.catalog import arch_names
from vaebench.kernels.complex_normal import paired
from vaebench.kernels.wirtinger import wirtinger
from vaebench.models import Bernoulli, ComplexNormal, Unfit
from vaebench.models.complex_autoencoder import ComplexAutoEncoder, complex_autoencoder
from vaebench.models.layers import decoder_layers, encoder_layers


def built(arch="mlp", latent=6, **options):
    torch.manual_seed(0)
    return complex_autoencoder((1, 8, 8), latent, arch, **options)


@pytest.mark.parametrize("arch", arch_names())
def test_half_as_many_complex_units_as_real_ones(arch):
    model, x = built(arch), torch.rand(3, 1, 8, 8)
    posterior = model.encode(x)
    assert isinstance(posterior, ComplexNormal)
    assert posterior.mean.shape == posterior.scale.shape == posterior.log_scale.shape == (3, 3)
    assert posterior.mean.dtype == torch.complex64
    assert model.decode(posterior.mean).mean.shape == x.shape


@pytest.mark.parametrize("arch", arch_names())
def test_every_weight_is_used(arch):
    model = built(arch)
    step = taken(model, torch.rand(4, 1, 8, 8))
    (step.posterior.kl() - step.likelihood.log_prob(step.x)).mean().backward()
    assert all(p.grad is not None and p.grad.abs().sum() > 0 for p in model.parameters())


def test_the_decoder_is_shown_codes_of_unit_variance_under_the_prior():
    seen = []
    model = ComplexAutoEncoder(nn.Identity(), nn.Identity(), 4, 4, likelihood=lambda z: seen.append(z) or Bernoulli(z))
    noise = torch.randn(20_000, 4, generator=torch.Generator().manual_seed(0))
    model.decode(ComplexNormal(torch.zeros(1, 2, dtype=torch.complex64), torch.ones(1, 2)).sample(noise))
    torch.testing.assert_close(seen[0], noise)


def test_both_parts_of_a_code_reach_the_decoder_and_neither_is_conjugated():
    torch.manual_seed(0)
    real = nn.Linear(4, 4)
    model = ComplexAutoEncoder(nn.Identity(), real, 4, 4)
    z = torch.randn(2, 4)
    torch.testing.assert_close(model.decode(paired(z)).mean, real(z))


def test_an_ordinary_decoder_is_not_holomorphic():
    model = built().double().requires_grad_(False)
    z = torch.randn(3, 3, dtype=torch.complex128)
    derivative, conjugate = wirtinger(lambda z: model.decode(z).mean, z)
    torch.testing.assert_close(conjugate, derivative.conj())
    assert float(derivative.abs().max()) > 1e-3


def test_the_likelihood_is_the_callers():
    assert isinstance(built(likelihood=Bernoulli).decode(torch.zeros(1, 3, dtype=torch.complex64)), Bernoulli)


@pytest.mark.parametrize("arch", arch_names())
def test_its_layers_are_found_as_those_of_a_real_model(arch):
    model = built(arch)
    assert encoder_layers(model)[-2:] == ("mean", "log_scale")
    assert decoder_layers(model)


@pytest.mark.parametrize("latent", [1, 3, 7])
def test_an_odd_number_of_units_is_one_line(latent):
    with pytest.raises(Unfit, match=rf"^a complex unit is two real ones: .* is even, not {latent}$"):
        built(latent=latent)
