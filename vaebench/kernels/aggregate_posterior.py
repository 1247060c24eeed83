"""The aggregate posterior q(z) = (1/N)·Σ_n q(z|x_n), estimated from a batch: density, dependence, covariance.

A batch holds M of the N examples. One code is drawn for each, z_i ~ q(z|x_i).
"""

import math

import torch
from torch import Tensor

from vaebench.kernels.normal import normal_log_density


def aggregate_log_density(z: Tensor, mean: Tensor, scale: Tensor, examples: int) -> Tensor:
    """Log density of the aggregate posterior at a batch's own codes, in nats.

    log q(z_i) ≈ log Σ_j w_ij·q(z_i|x_j),  w_ii = 1/N,  w_ij = (N−1)/(N·(M−1)) for j ≠ i.

    Source: Chen et al. 2018, arXiv 1802.04942, appendix: minibatch stratified sampling, averaged over which row is
    weighted apart. A code's own posterior is always in its batch; any other is there with probability (M−1)/(N−1). The
    weights correct for that. The minibatch-weighted sampling of the main text uses w = 1/(N·M) for every row. It
    differs in two ways: the density is too small by a factor of about N, a constant, and a code's own posterior counts
    (N−1)/(M−1) times too much relative to the others, which is not a constant.

    Args:
        z: One code for each row, shape (batch, latent).
        mean: μ, shape (batch, latent).
        scale: σ, a standard deviation, shape (batch, latent).
        examples: N, the number of examples that the rows were drawn from, each at most once.

    Returns:
        The log density, shape (batch,). Exact where the batch is the whole data set. Otherwise the density is unbiased
        over batches, and its logarithm is a lower bound in expectation, biased O(1/batch).

    Raises:
        ValueError: If the batch has one row only, or more than there are examples.

    Examples:
        >>> apart = torch.tensor([[-50.0], [50.0]])
        >>> aggregate_log_density(apart, apart, torch.ones(2, 1), 2) - normal_log_density(torch.zeros(1))
        tensor([-0.6931, -0.6931])
    """  # noqa: DOC502 - raised by what it calls
    return torch.logsumexp(_log_weights(z, examples) + _pairs(z, mean, scale).sum(-1), 1)


def total_correlation(z: Tensor, mean: Tensor, scale: Tensor, examples: int) -> Tensor:
    """Dependence between the units of the aggregate posterior, in nats.

    TC = KL(q(z) ‖ Π_j q(z_j)) ≈ (1/M)·Σ_i (log q(z_i) − Σ_j log q(z_ij)), each density as in `aggregate_log_density`.

    Source: Chen et al. 2018, arXiv 1802.04942, the decomposition of E KL(q(z|x) ‖ p(z)).

    Args:
        z: One code for each row, shape (batch, latent).
        mean: μ, shape (batch, latent).
        scale: σ, a standard deviation, shape (batch, latent).
        examples: N, the number of examples that the rows were drawn from, each at most once.

    Returns:
        The total correlation, a scalar. Unbiased where the batch is the whole data set; otherwise biased O(1/batch). If
        the posteriors are far apart, log q(z_i) = log q(z_i|x_i) − log N for every batch. The joint term then depends
        on the number of examples only, and the marginals alone say how the codes lie.

    Raises:
        ValueError: If the batch has one row only, or more than there are examples.

    Examples:
        >>> same = torch.tensor([[-50.0, -50.0], [50.0, 50.0]])  # each unit tells the other: log 2
        >>> total_correlation(same, same, torch.ones(2, 2), 2)
        tensor(0.6931)
    """  # noqa: DOC502 - raised by what it calls
    weights, pairs = _log_weights(z, examples), _pairs(z, mean, scale)
    joint = torch.logsumexp(weights + pairs.sum(-1), 1)
    marginals = torch.logsumexp(weights.unsqueeze(-1) + pairs, 1)
    return (joint - marginals.sum(-1)).mean()


def aggregate_covariance(mean: Tensor, scale: Tensor) -> Tensor:
    """Covariance matrix of a batch's aggregate posterior, in squared units of the codes.

    Cov_z = E[diag σ²] + Cov(μ), both over the batch: the law of total covariance.

    Source: Kumar et al. 2018, arXiv 1711.00848, as in DIP-VAE-II. Cov(μ) divides by the number of rows: this is the
    covariance of the mixture of these posteriors, not an estimate for other data.

    Args:
        mean: μ, shape (batch, latent).
        scale: σ, a standard deviation, shape (batch, latent).

    Returns:
        The covariance, shape (latent, latent). Exact for the batch; for the data set biased O(1/batch).

    Examples:
        >>> aggregate_covariance(torch.tensor([[-1.0, 0.0], [1.0, 0.0]]), torch.ones(2, 2))
        tensor([[2., 0.],
                [0., 1.]])
    """
    centred = mean - mean.mean(0)
    return torch.diag_embed(scale.square().mean(0)) + centred.mT @ centred / len(mean)


def units_shuffled(z: Tensor, rng: torch.Generator) -> Tensor:
    """Codes with each latent unit permuted over the batch independently.

    z̄_ij = z_{π_j(i) j},  π_j independent permutations of the batch.

    Source: Kim & Mnih 2018, arXiv 1802.05983, ``permute_dims``.

    Args:
        z: Codes, shape (batch, latent).
        rng: Source of the orders.

    Returns:
        Codes, in the unit of `z` and of its shape. If the rows are independent draws from q(z), each row is a draw from
        Π_j q(z_j) up to O(1/batch): two of its units come from the same row with probability 1/batch.

    Examples:
        >>> z = torch.arange(6.0).reshape(3, 2)
        >>> units_shuffled(z, torch.Generator().manual_seed(0)).sort(0).values.equal(z)
        True
    """
    orders = torch.rand(z.shape, generator=rng, device=rng.device).argsort(0).to(z.device)
    return z.gather(0, orders)


def _pairs(z: Tensor, mean: Tensor, scale: Tensor) -> Tensor:
    """Log density of each code unit under each row's posterior, shape (batch, batch, latent)."""
    by_unit = (each.unsqueeze(-1) for each in (z.unsqueeze(1), mean.unsqueeze(0), scale.unsqueeze(0)))
    return normal_log_density(*by_unit)


def _log_weights(z: Tensor, examples: int) -> Tensor:
    """Logarithms of the rows' weights, shape (batch, batch)."""
    batch = len(z)
    if not 1 < batch <= examples:
        raise ValueError(f"a batch has two rows at least and no more than examples: got {batch} of {examples}")
    own, other = -math.log(examples), math.log((examples - 1) / (examples * (batch - 1)))
    eye = torch.eye(batch, dtype=z.dtype, device=z.device)
    return other + (own - other) * eye
