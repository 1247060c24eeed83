"""Laws of architectures: shapes in and out for every family and side, and one line where a family does not fit."""

import re
from itertools import product

import pytest
import torch
from torch import nn

from vaebench import catalog
from vaebench.models import Unfit, architecture, autoencoder
from vaebench.models.networks import FEATURES, square_side
from vaebench.models.networks.conv import decoder, encoder

ARCHS = catalog.arch_names()
IMAGES = [(channels, side, side) for channels, side in product((1, 3), (8, 16, 32, 64))]
NO_SUCH_IMAGES = [(16,), (1, 12, 12), (1, 8, 16), (8, 8), (1, 4, 4), (1, 0, 0)]


@pytest.mark.parametrize("shape", IMAGES)
@pytest.mark.parametrize("arch", ARCHS)
def test_shapes_in_and_out(arch, shape):
    torch.manual_seed(0)
    model = autoencoder(shape, 5, arch)
    x = torch.rand(2, *shape)
    posterior = model.encode(x)
    assert posterior.mean.shape == posterior.scale.shape == posterior.log_scale.shape == (2, 5)
    assert architecture(arch).encoder(shape)(x).shape == (2, FEATURES)
    decoded = model.decode(posterior.mean).mean
    assert decoded.shape == x.shape
    assert torch.isfinite(decoded).all()


@pytest.mark.parametrize("shape", [(1,), (7,), (1, 12, 12), (2, 3), (3, 1, 2, 2)])
def test_the_mlp_takes_any_shape(shape):
    model = autoencoder(shape, 2, "mlp")
    assert model.decode(model.encode(torch.rand(3, *shape)).mean).mean.shape == (3, *shape)


@pytest.mark.parametrize("shape", NO_SUCH_IMAGES)
def test_strided_convolutions_say_what_they_need(shape):
    says = (
        f"^conv needs square images with a side of 8, 16, 32, 64 …; these examples have shape {re.escape(str(shape))}$"
    )
    for build in (lambda: encoder(shape), lambda: decoder(5, shape), lambda: square_side(shape, "conv")):
        with pytest.raises(Unfit, match=says):
            build()


@pytest.mark.parametrize("side", [8, 16, 32, 64])
def test_convolutions_shrink_an_image_to_what_is_said(side):
    stack = encoder((1, side, side))
    seen = torch.zeros(1, 1, side, side)
    for layer in stack[: [isinstance(layer, nn.Flatten) for layer in stack].index(True)]:
        seen = layer(seen)
    assert seen.shape == {8: (1, 32, 2, 2), 16: (1, 64, 2, 2), 32: (1, 64, 2, 2), 64: (1, 64, 4, 4)}[side]


@pytest.mark.parametrize("arch", ARCHS)
def test_examples_do_not_see_each_other(arch):
    """The instruments take a batch for independent examples."""
    torch.manual_seed(1)
    model = autoencoder((1, 8, 8), 3, arch)
    x = torch.rand(4, 1, 8, 8)
    torch.testing.assert_close(model.encode(x).mean[:1], model.encode(x[:1]).mean)
    z = torch.randn(4, 3)
    torch.testing.assert_close(model.decode(z).mean[:1], model.decode(z[:1]).mean)


@pytest.mark.parametrize("arch", ARCHS)
def test_every_weight_is_used(arch):
    torch.manual_seed(2)
    model = autoencoder((1, 8, 8), 3, arch)
    posterior = model.encode(torch.rand(4, 1, 8, 8))
    model.decode(posterior.sample(torch.randn(4, 3))).mean.square().sum().backward()
    assert all(p.grad is not None and p.grad.abs().sum() > 0 for p in model.parameters())


@pytest.mark.parametrize("name", ["mpl", "__init__", "_private"])
def test_an_unknown_architecture_lists_the_known(name):
    with pytest.raises(ValueError, match=rf"^unknown architecture '{name}'; there are: {', '.join(ARCHS)}$"):
        architecture(name)
