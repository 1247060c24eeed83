"""Layers without forward or vectorised derivatives are read all the same, and where torch's are wrong, not at all."""

import pytest
import torch
from torch import nn
from torch.nn import functional
from training.first_step.conftest import LATENT, SHAPE, Small

from vaebench.kernels.jacobian import jacobian_columns, jacobian_rows
from vaebench.models import Gaussian, Normal, Unfit
from vaebench.models.attention import plain_attention


class Recurrent(nn.Module):
    def __init__(self, kind):
        super().__init__()
        self.enter, self.layer = nn.Linear(LATENT, 12), kind(3, 4, batch_first=True)

    def forward(self, z):
        return self.layer(self.enter(z).unflatten(1, (4, 3)))[0].flatten(1)


class Attending(nn.Module):
    def __init__(self):
        super().__init__()
        self.enter = nn.Linear(LATENT, 16)
        self.layer = nn.TransformerEncoderLayer(4, 2, 8, batch_first=True)

    def forward(self, z):
        return self.layer(self.enter(z).unflatten(1, (4, 4))).flatten(1)


class Sampling(nn.Module):
    def __init__(self):
        super().__init__()
        self.enter, self.image = nn.Linear(LATENT, 6), nn.Parameter(torch.randn(1, 1, 5, 5))

    def forward(self, z):
        grid = functional.affine_grid(self.enter(z).reshape(-1, 2, 3), [len(z), 1, 4, 4], align_corners=False)
        image = self.image.expand(len(z), -1, -1, -1)
        return functional.grid_sample(image, grid, align_corners=False).flatten(1)


class Distances(nn.Module):
    def __init__(self, width=LATENT):
        super().__init__()
        self.centres = nn.Parameter(torch.randn(16, width))

    def forward(self, z):
        return torch.cdist(z.flatten(1), self.centres)


class Leaking(nn.Module):
    def __init__(self):
        super().__init__()
        self.enter, self.layer = nn.Linear(LATENT, 16), nn.RReLU()

    def forward(self, z):
        return self.layer(self.enter(z))


LAYERS = {
    "LSTM": lambda: Recurrent(nn.LSTM),
    "GRU": lambda: Recurrent(nn.GRU),
    "transformer": Attending,
    "grid_sample": Sampling,
    "cdist": Distances,
    "RReLU": Leaking,
    "GLU": lambda: nn.Sequential(nn.Linear(LATENT, 32), nn.GLU()),
}


def plain(function, z):
    """Jacobians by autograd, one example after the other, shape (batch, outputs, inputs)."""
    return torch.stack([torch.autograd.functional.jacobian(lambda one: function(one[None])[0], row) for row in z])


@pytest.mark.parametrize("layer", LAYERS)
def test_columns_are_those_of_plain_back_propagation(layer):
    torch.manual_seed(0)
    module = LAYERS[layer]().eval().requires_grad_(False)
    z = torch.randn(3, LATENT)
    with plain_attention():
        columns = jacobian_columns(module, z)
    torch.testing.assert_close(columns.permute(1, 2, 0), plain(module, z), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("layer", LAYERS)
def test_a_decoder_with_such_a_layer_passes(looked, layer):
    class Other(Small):
        def __init__(self):
            super().__init__()
            self.layer = LAYERS[layer]()
            self.decoder = nn.Sequential(self.layer, nn.Linear(16, 16), nn.Unflatten(1, SHAPE))

    assert looked(Other).notes == ()


def test_where_torchs_vectorised_derivatives_are_wrong_the_model_is_not_read(looked):
    """torch 2.14's gradient of cdist is another under vmap; should a later one be right, the model passes."""
    torch.manual_seed(0)
    module = Distances(16).requires_grad_(False)
    x = torch.rand(3, *SHAPE)
    rows = jacobian_rows(module, x).flatten(2).transpose(0, 1)
    right = torch.allclose(rows, plain(module, x).flatten(2), atol=1e-4)

    class Far(Small):
        def __init__(self):
            super().__init__()
            self.encoder = nn.Sequential(Distances(16), nn.Linear(16, 2 * LATENT))

    if right:
        assert looked(Far).notes == ()
    else:
        with pytest.raises(Unfit, match=r"^small: torch's vectorised derivatives of encode differ"):
            looked(Far)


class Once(torch.autograd.Function):
    """A function that says no to every derivative but plain back-propagation."""

    @staticmethod
    def forward(ctx, z):
        return 2 * z

    @staticmethod
    def backward(ctx, gradient):
        return 2 * gradient


def test_what_cannot_be_differentiated_so_is_not_read(looked):
    class Other(Small):
        def decode(self, z):
            return Gaussian(Once.apply(self.decoder(z)), 0.05)

        def encode(self, x):
            said = super().encode(x)
            return Normal(said.mean, log_scale=said.log_scale)

    with pytest.raises(Unfit, match=r"^small: instruments cannot differentiate decode: "):
        looked(Other)
