"""Laws of architectures: shapes in and out for every family and side, and one line where a family does not fit."""

import copy
import re
from itertools import product

import pytest
import torch
from torch import nn
from torch.func import functional_call, stack_module_state, vmap
from torch.nn import functional

from vaebench import catalog
from vaebench.kernels.jacobian import directional_derivative, jacobian_columns, jacobian_rows
from vaebench.models import Unfit, architecture, autoencoder
from vaebench.models.networks import FEATURES, square_side
from vaebench.models.networks.resnet import Residual

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
@pytest.mark.parametrize("arch", ["conv", "resnet"])
def test_strided_convolutions_say_what_they_need(arch, shape):
    family, seen = architecture(arch), re.escape(str(shape))
    says = f"^{arch} needs square images with a side of 8, 16, 32, 64 …; these examples have shape {seen}$"
    for build in (lambda: family.encoder(shape), lambda: family.decoder(5, shape), lambda: square_side(shape, arch)):
        with pytest.raises(Unfit, match=says):
            build()


@pytest.mark.parametrize("side", [8, 16, 32, 64])
@pytest.mark.parametrize("arch", ["conv", "resnet"])
def test_convolutions_shrink_an_image_to_what_is_said(arch, side):
    stack = architecture(arch).encoder((1, side, side))
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


def double(arch, side=16):
    torch.manual_seed(3)
    return autoencoder((1, side, side), 3, arch).double()


@pytest.mark.parametrize("arch", ARCHS)
def test_forward_mode_reverse_mode_and_differences_agree(arch):
    """The instruments take decoders' Jacobians in forward mode and encoders' in reverse mode, vectorised."""
    model = double(arch)
    x, z = torch.rand(2, 1, 16, 16, dtype=torch.float64), torch.randn(2, 3, dtype=torch.float64)
    for function, at, jacobian in (
        (lambda z: model.decode(z).mean, z, jacobian_columns),
        (lambda x: model.encode(x).mean, x, jacobian_rows),
    ):
        along = torch.randn(at.shape, dtype=torch.float64)
        derivative = directional_derivative(function, at, along)
        step = 1e-5
        differences = (function(at + step * along) - function(at - step * along)) / (2 * step)
        torch.testing.assert_close(derivative, differences, rtol=1e-6, atol=1e-9)
        through = jacobian(function, at)
        if jacobian is jacobian_columns:
            product_with = torch.einsum("jb...,bj->b...", through, along)
        else:
            product_with = (through * along).flatten(2).sum(2).T
        torch.testing.assert_close(product_with, derivative)


@pytest.mark.parametrize("arch", ARCHS)
def test_members_stack(arch):
    """Several models of one architecture run as one under ``vmap`` and give what each gives alone."""
    networks = [double(arch).decoder for _ in range(2)]
    with torch.no_grad():
        for weight in networks[1].parameters():
            weight.mul_(1.5)
    skeleton = copy.deepcopy(networks[0]).to("meta")
    z = torch.randn(4, 3, dtype=torch.float64)
    run = vmap(lambda weights, buffers: functional_call(skeleton, (weights, buffers), (z,)))
    together = run(*stack_module_state(networks))
    torch.testing.assert_close(together, torch.stack([network(z) for network in networks]))
    assert not torch.allclose(*together)


def blocks_seen(side):
    """Each residual block of a fresh model with what enters it, from the data to the output."""
    torch.manual_seed(4)
    model, seen = autoencoder((1, side, side), 8, "resnet"), []
    for block in model.modules():
        if isinstance(block, Residual):
            block.register_forward_hook(lambda block, inputs, _: seen.append((block, inputs[0])))
    images = functional.interpolate(torch.rand(32, 1, 4, 4), side)
    with torch.no_grad():
        model.decode(model.encode(images).mean + torch.randn(32, 8))
    return tuple(seen)


@pytest.mark.parametrize("side", [8, 16, 32, 64])
def test_a_fresh_block_is_close_to_its_shortcut_and_yet_more(side):
    seen = blocks_seen(side)
    assert len(seen) == {8: 2, 16: 4, 32: 6, 64: 6}[side]
    for block, entering in seen:
        with torch.no_grad():
            shortcut = block.shortcut(entering)
            beside = block(entering) - shortcut
        assert 1 / 100 < float(beside.std(0).norm() / shortcut.std(0).norm()) < 1 / 3


def test_a_shortcut_keeps_the_mean_of_an_image():
    """Where the channels stay: averaging and repeating pixels neither adds nor loses light."""
    halving, doubling = (block for block, _ in blocks_seen(8))
    image = torch.rand(2, 32, 4, 4)
    smaller = halving.shortcut(image)
    assert smaller.shape == (2, 32, 2, 2)
    torch.testing.assert_close(smaller.mean((2, 3)), image.mean((2, 3)))
    larger = doubling.shortcut(image)
    assert larger.shape == (2, 32, 8, 8)
    torch.testing.assert_close(halving.shortcut(larger), image)


@pytest.mark.parametrize("side", [8, 32])
def test_a_resnet_is_about_as_large_as_the_stack_it_is_made_of(side):
    sizes = [
        sum(weight.numel() for weight in autoencoder((1, side, side), 8, arch).parameters())
        for arch in ("conv", "resnet")
    ]
    assert sizes[0] < sizes[1] < 1.3 * sizes[0]


@pytest.mark.parametrize("name", ["mpl", "__init__", "_private"])
def test_an_unknown_architecture_lists_the_known(name):
    with pytest.raises(ValueError, match=rf"^unknown architecture '{name}'; there are: {', '.join(ARCHS)}$"):
        architecture(name)
