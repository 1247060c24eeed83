"""The complex VAE and the pair-tied real one are one model: the same weights, losses, gradients, reconstructions."""

import pytest
import torch
from models.steps import taken
from variants.trained import SHAPE, images, trained

from vaebench.catalog import arch_names
from vaebench.experiment import Interventions
from vaebench.kernels.complex_normal import paired, unpaired
from vaebench.models import ComplexNormal, Normal, Unfit
from vaebench.models.objectives import total
from vaebench.training.fit import build
from vaebench.variants import complex_vae, pair_tied_vae

COMPLEX, REAL = complex_vae.VARIANT, pair_tied_vae.VARIANT


def both(arch="mlp", latent=4):
    return [build(variant, SHAPE, latent, arch, 0).double() for variant in (COMPLEX, REAL)]


@pytest.mark.parametrize("arch", arch_names())
def test_a_seed_gives_both_the_same_weights_under_the_same_names(arch):
    one, other = (model.state_dict() for model in both(arch))
    assert list(one) == list(other)
    assert all(torch.equal(one[name], other[name]) for name in one)


@pytest.mark.parametrize("arch", arch_names())
def test_same_posterior_divergence_reconstruction_loss_and_gradient(arch):
    x = images(6).double()
    steps = [taken(model, x) for model in both(arch)]
    posteriors = [step.posterior for step in steps]
    assert [type(posterior) for posterior in posteriors] == [ComplexNormal, Normal]
    torch.testing.assert_close(posteriors[0].real().mean, posteriors[1].mean)
    torch.testing.assert_close(posteriors[0].real().scale, posteriors[1].scale)
    torch.testing.assert_close(posteriors[0].kl(), posteriors[1].kl())
    torch.testing.assert_close(unpaired(steps[0].z), steps[1].z)
    torch.testing.assert_close(steps[0].likelihood.mean, steps[1].likelihood.mean)
    losses = [total(variant.objective(step)) for variant, step in zip((COMPLEX, REAL), steps, strict=True)]
    torch.testing.assert_close(*losses)
    sum(losses).backward()
    for mine, its in zip(steps[0].model.parameters(), steps[1].model.parameters(), strict=True):
        torch.testing.assert_close(mine.grad, its.grad)


@pytest.mark.parametrize("by", [Interventions(likelihood_variance=0.02), Interventions(posterior_scale=0.3)])
def test_training_keeps_them_together(by):
    one, other = (trained(variant, 30, interventions=by) for variant in (COMPLEX, REAL))
    assert (one.complex_codes, other.complex_codes) == (True, False)
    assert (one.history[-1][1] - other.history[-1][1]) / other.history[-1][1] == pytest.approx(0, abs=1e-4)
    assert other.history[-1][1] < other.history[0][1] - 1
    x, z = images(8), torch.randn(8, 4, generator=torch.Generator().manual_seed(3))
    torch.testing.assert_close(one.model.decode(paired(z)).mean, other.model.decode(z).mean, atol=1e-3, rtol=1e-3)
    torch.testing.assert_close(one.model.encode(x).kl(), other.model.encode(x).kl(), atol=1e-3, rtol=1e-3)


def test_scales_are_one_for_each_pair_of_neighbours():
    scale = both()[1].encode(images(5).double()).scale
    assert torch.equal(scale[:, 0::2], scale[:, 1::2])
    assert not torch.allclose(scale[:, 0], scale[:, 2])


@pytest.mark.parametrize("variant", [COMPLEX, REAL], ids=["complex", "real"])
def test_an_odd_number_of_units_is_one_line(variant):
    with pytest.raises(Unfit, match=r"the number of latent units is even, not 5$"):
        build(variant, SHAPE, 5, "mlp", 0)
