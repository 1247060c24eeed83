"""What the tests of closed forms share: data of exact moments, and a linear model's weights."""

import torch
from torch import Tensor

from vaebench.data import Dataset, Split, Truth
from vaebench.models import AutoEncoder

VARIANCES = (2.0, 0.7, 0.2, 0.02)


def exact_data(n: int = 400, shape: tuple[int, ...] = (2, 3), centre: float = 0.3) -> Dataset:
    """Examples whose mean and covariance are exactly what they should be, to rounding."""
    rng = torch.Generator().manual_seed(0)
    rows = torch.randn(n, len(VARIANCES), generator=rng, dtype=torch.float64)
    rows -= rows.mean(0)
    rows = rows @ torch.linalg.inv(torch.linalg.cholesky(rows.T @ rows / n)).T * torch.tensor(VARIANCES).double().sqrt()
    basis = torch.linalg.qr(torch.randn(6, len(VARIANCES), generator=rng, dtype=torch.float64))[0].T
    x = (rows @ basis + centre).float().reshape(n, *shape)
    truth = Truth(lambda x: x.sum(), VARIANCES, True, basis.reshape(-1, *shape))
    return Dataset("exact", 1, Split(x), Split(x[:50]), truth)


def weights_of(model: AutoEncoder) -> list[Tensor]:
    """Gain and shift of the mean, slope and intercept of the logarithm of the scale, gain and shift of the decoder."""
    layer = model.decoder[0]
    parts = (model.mean.weight, model.mean.bias, model.log_scale.weight, model.log_scale.bias, layer.weight, layer.bias)
    return [part.detach().double() for part in parts]
