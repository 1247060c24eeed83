"""The other way to Fisher's metric: the covariance of the scores of draws, which differentiates log densities alone."""

import torch


def complex_scores(log_prob, z, n):
    """∂ log p = ½·(∂/∂x − i·∂/∂y) log p at one complex code z = x + i·y, for each of n draws, shape (n, latent).

    `log_prob` takes the code n times over, (n, latent), and gives the log density of one draw at each.
    """
    x, y = (part.expand(n, -1).clone().requires_grad_() for part in (z.real, z.imag))
    by_x, by_y = torch.autograd.grad(log_prob(torch.complex(x, y)).sum(), (x, y))
    return torch.complex(by_x, -by_y) / 2


def errors_in_metric(scores, metric):
    """How far E[∂_i log p·conj(∂_j log p)] is from a metric (latent, latent), in its standard errors."""
    products = scores.unsqueeze(2) * scores.conj().unsqueeze(1)
    return (products.mean(0) - metric).abs() / (products.std(0) / len(scores) ** 0.5)
