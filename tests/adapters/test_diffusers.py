"""An AutoencoderKL of diffusers, from the registry, attention included: latents flattened, at their own scale."""

import math

import pytest
import torch
from conftest import extra

diffusers_package = extra("diffusers")

from vaebench.adapters import diffusers  # noqa: E402
from vaebench.experiment import Interventions  # noqa: E402
from vaebench.kernels.jacobian import jacobian_columns  # noqa: E402
from vaebench.models import Unfit  # noqa: E402
from vaebench.models.attention import plain_attention  # noqa: E402
from vaebench.training.first_step import look  # noqa: E402
from vaebench.training.fit import build  # noqa: E402
from vaebench.training.intervened import Intervened  # noqa: E402

SHAPE = (1, 8, 8)
VARIANT = diffusers.variant("brought")
X = torch.rand(64, *SHAPE, generator=torch.Generator().manual_seed(0))


@pytest.fixture(scope="module")
def model():
    return build(VARIANT, SHAPE, 3, "conv", 0).eval()


def test_its_codes_are_the_packages_own_flattened_and_unscaled(model):
    assert VARIANT.units(3, SHAPE) == 16 and diffusers.latent_shape(diffusers.small(SHAPE), SHAPE) == (1, 4, 4)
    with torch.no_grad():
        known = model.inner.encode(X[:4]).latent_dist
        found = model.encode(X[:4])
        torch.testing.assert_close(found.mean, known.mean.reshape(4, 16))
        torch.testing.assert_close(found.scale, known.std.reshape(4, 16))
        torch.testing.assert_close(found.kl(), known.kl(), rtol=1e-4, atol=1e-4)  # N(0, I) at this scale, at no other
        torch.testing.assert_close(model.decode(found.mean).mean, model.inner.decode(known.mean).sample)


def test_it_has_attention_and_its_derivatives_are_right(model):
    names = [type(part).__name__ for part in model.modules()]
    assert names.count("Attention") == 2
    z, step = torch.randn(2, 16, generator=torch.Generator().manual_seed(1)), 1e-2
    with plain_attention(), torch.no_grad():
        columns = jacobian_columns(lambda codes: model.decode(codes).mean, z)
        apart = torch.zeros_like(z)
        apart[:, 5] = step
        known = (model.decode(z + apart).mean - model.decode(z - apart).mean) / (2 * step)
    torch.testing.assert_close(columns[5], known, rtol=2e-2, atol=2e-3)


def test_the_first_look_lets_it_pass_and_says_which_scale_it_reads(model):
    wrapped = Intervened(model, Interventions(likelihood_variance=0.05))
    found = look(VARIANT, wrapped, X, latent=16, steps=50, seed=0)
    (note,) = found.notes
    assert "scaling_factor 0.18215 is not applied" in note


def test_it_is_shown_and_not_ranked():
    assert VARIANT.apart == "its number of latent units is its own"


@pytest.mark.parametrize("shape", [(16,), (1, 7, 8), (1, 8, 7)])
def test_data_that_it_does_not_take_are_told_in_one_line(shape):
    with pytest.raises(Unfit, match=r"an AutoencoderKL takes images|cannot be made 2 times smaller"):
        build(VARIANT, shape, 3, "conv", 0)


def test_more_channels_make_more_units():
    wide = diffusers.variant("wide", lambda shape: diffusers.small(shape, latent_channels=2))
    assert wide.units(3, SHAPE) == 2 * math.prod((4, 4))
    assert build(wide, SHAPE, 3, "conv", 0).encode(X[:2]).mean.shape == (2, 32)
