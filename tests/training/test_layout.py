"""Weights move down their gradients however either lies in memory."""

import pytest
import torch
from torch import Tensor, nn

from vaebench.experiment import TrainingConfig
from vaebench.models import Gaussian, Normal, Variant, negative_elbo


class Transposing(nn.Module):
    """Begins with a product whose gradient comes transposed."""

    def __init__(self, shape: tuple[int, ...], latent: int) -> None:
        super().__init__()
        self.first = nn.Parameter(torch.randn(5, shape[1]) / 2)
        self.second = nn.Linear(5 * shape[0], latent)
        self.back = nn.Linear(latent, shape[0] * shape[1])
        self.shape = shape

    def encode(self, x: Tensor) -> Normal:
        hidden = torch.tanh(torch.einsum("bti,oi->bto", x, self.first))
        mean = self.second(hidden.flatten(1))
        return Normal(mean, log_scale=mean / 4)

    def decode(self, z: Tensor) -> Gaussian:
        return Gaussian(self.back(z).unflatten(1, self.shape), 1.0)


class Convolving(Transposing):
    """A convolution whose weights are contiguous, shown an image whose channels come last."""

    def __init__(self, shape: tuple[int, ...], latent: int) -> None:
        super().__init__(shape, latent)
        self.first = nn.Parameter(torch.randn(4, 3, 2, 2) / 2)
        self.second = nn.Linear(4 * 3, latent)

    def encode(self, x: Tensor) -> Normal:
        image = x.unsqueeze(1).expand(-1, 3, *x.shape[1:]).contiguous(memory_format=torch.channels_last)
        image = nn.functional.pad(image, (0, 1, 0, 1))
        mean = self.second(torch.tanh(nn.functional.conv2d(image, self.first)).flatten(1)[:, :12])
        return Normal(mean, log_scale=mean / 4)


class Gapped(Transposing):
    """A weight that is every other column of a wider tensor."""

    def __init__(self, shape: tuple[int, ...], latent: int) -> None:
        super().__init__(shape, latent)
        self.first = nn.Parameter(torch.randn(5, 2 * shape[1])[:, ::2])


class Turned(Transposing):
    """A weight that lies transposed."""

    def __init__(self, shape: tuple[int, ...], latent: int) -> None:
        super().__init__(shape, latent)
        self.first = nn.Parameter(torch.randn(shape[1], 5).t())


def not_fused(weights: dict[str, Tensor], names: list[str], paces, rate: float, betas, stops) -> torch.optim.Adam:
    return torch.optim.Adam([{"params": [weights[n] for n in names], "pace": 1.0}], lr=rate, betas=betas, foreach=True)


@pytest.mark.parametrize("kind", [Transposing, Convolving, Gapped, Turned])
def test_a_weight_moves_as_another_adam_moves_it(train, monkeypatch, kind):
    variant = Variant("laid_out", "tests", lambda shape, latent, arch: kind(shape, latent), negative_elbo())
    training = TrainingConfig(steps=3, batch=16, learning_rate=0.03)
    ours = train(variant, training).model.model.state_dict()
    monkeypatch.setattr("vaebench.training.teams._adam", not_fused)
    theirs = train(variant, training).model.model.state_dict()
    for name, weight in ours.items():
        torch.testing.assert_close(weight, theirs[name], rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("kind", [Transposing, Convolving])
def test_the_plants_gradients_do_lie_otherwise_than_their_weights(kind):
    """Else the test above could not fail."""
    torch.manual_seed(0)
    model = kind((2, 3), 2)
    (gradient,) = torch.autograd.grad(model.encode(torch.randn(4, 2, 3)).mean.sum(), model.first)
    assert gradient.stride() != model.first.stride()
