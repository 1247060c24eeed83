"""The importance-weighted bound on the evidence, from several codes per example."""

import math

import torch
from torch import Tensor


def importance_bound(log_weights: Tensor) -> Tensor:
    """Lower bound on the log evidence, in nats.

    L_K = log (1/K)·Σ_k w_k,  w_k = p(x, z_k)/q(z_k|x),  z_k ~ q(z|x).

    Source: Burda et al. 2016, arXiv 1509.00519. The mean weight is p(x) in expectation. By Jensen's inequality E L_1 ≤
    E L_2 ≤ … ≤ log p(x), and E L_1 is the evidence lower bound.

    Args:
        log_weights: log w, shape (samples, *batch).

    Returns:
        The bound, shape (*batch). Exact for these weights. In expectation it is below log p(x) by O(1/samples) where
        the weights have a variance, and equal to it where q is the exact posterior.

    Raises:
        ValueError: If there is no sample.

    Examples:
        >>> importance_bound(torch.tensor([[0.0], [math.log(3.0)]]))  # log of the mean of 1 and 3
        tensor([0.6931])
    """
    if log_weights.ndim == 0 or not len(log_weights):
        raise ValueError(f"the bound needs one sample at least, got log weights of shape {tuple(log_weights.shape)}")
    return torch.logsumexp(log_weights, 0) - math.log(len(log_weights))
