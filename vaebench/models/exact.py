"""Models with weights in closed form: the ``analytic`` arms, built and never trained.

Each function builds a linear VAE at its optimum on a data set. Its arguments are the number of latent units, the
posterior scale where the task fixes one, and β, the weight of the KL relative to a sum of squared errors. Then follow
the noise on the encoder's input and the target under it. A function raises `Unfit` where there is no closed form.
"""

import math

import torch
from torch import Tensor, nn

from vaebench.data import Dataset
from vaebench.experiment import Target
from vaebench.kernels.linear_vae import fixed_scale_gains, learned_scale_solution
from vaebench.models.autoencoder import AutoEncoder
from vaebench.models.kept import kept
from vaebench.models.networks import Unfit

WHOLE = 20_000
"""Most examples whose double-precision copy is held whole."""

AT_ONCE = 4096
"""Examples whose double-precision copy is held at a time, where there are more."""


@kept
def principal_axes(x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Principal component analysis in double precision, cached for the latest data.

    n examples span at most n axes. Where n < d a thin singular value decomposition finds them. At d = 3,072 it takes a
    second; the covariance takes most of a minute. Of more than `WHOLE` examples the covariance is summed in parts.

    Args:
        x: Examples, shape (n, *shape), with d numbers each.

    Returns:
        Mean, shape (d,); eigenvalues of the covariance, in descending order, shape (k,), k = min(n, d); axes, the rows
        of shape (k, d). The data have no variance along other directions.
    """
    if len(x) > WHOLE:
        return _summed(x.flatten(1))
    rows = x.flatten(1).double()
    mean = rows.mean(0)
    centred = rows - mean
    if len(rows) < len(mean):
        _, sizes, axes = torch.linalg.svd(centred / len(rows) ** 0.5, full_matrices=False)
        return mean, sizes.square(), axes
    eigenvalues, axes = torch.linalg.eigh(centred.T @ centred / len(rows))
    return mean, eigenvalues.flip(0).clamp(min=0), axes.T.flip(0)


def _summed(x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """As `principal_axes`, of rows that are many, with copies in double precision of a part at a time."""
    parts = torch.split(x, AT_ONCE)
    mean = torch.stack([part.double().sum(0) for part in parts]).sum(0) / len(x)
    products = mean.new_zeros(len(mean), len(mean))
    for part in parts:
        centred = part.double() - mean
        products.addmm_(centred.T, centred)
    eigenvalues, axes = torch.linalg.eigh(products / len(x))
    return mean, eigenvalues.flip(0).clamp(min=0), axes.T.flip(0)


def _coded_axes(data: Dataset, latent: int) -> tuple[Tensor, Tensor, Tensor]:
    """Mean of the training data, and variances and axes of the directions that a linear VAE codes.

    If the examples span fewer axes, perpendicular ones of variance 0 are added.
    """
    size = math.prod(data.shape)
    if latent > size:
        raise Unfit(f"{latent} latent units are more than {size} dimensions of the data")
    mean, eigenvalues, axes = principal_axes(data.train.x)
    if latent > len(axes):
        found = len(axes)
        others = torch.eye(size, latent - found, dtype=axes.dtype, device=axes.device)
        # Householder reflections return perpendicular columns for any input.
        complete = torch.linalg.qr(torch.cat((axes.T, others), 1)).Q.T
        axes = torch.cat((axes, complete[found:]))
        eigenvalues = torch.cat((eigenvalues, eigenvalues.new_zeros(latent - found)))
    return mean, eigenvalues[:latent], axes[:latent]


def affine_model(
    shape: tuple[int, ...], mean: Tensor, axes: Tensor, encoder_gain: Tensor, decoder_gain: Tensor, scale: Tensor
) -> AutoEncoder:
    """Build a linear VAE that codes along given axes.

    Args:
        shape: Shape of one example, of d numbers.
        mean: Mean of the data, shape (d,).
        axes: Orthonormal axes, shape (latent, d).
        encoder_gain: Shape (latent,).
        decoder_gain: Shape (latent,).
        scale: Posterior standard deviations, shape (latent,).

    Returns:
        The model, in single precision.
    """
    latent, size = axes.shape
    decoder = nn.Linear(latent, size)
    model = AutoEncoder(nn.Flatten(), nn.Sequential(decoder, nn.Unflatten(1, shape)), features=size, latent=latent)
    encoding = encoder_gain[:, None] * axes
    with torch.no_grad():
        model.mean.weight.copy_(encoding)
        model.mean.bias.copy_(-encoding @ mean)
        model.log_scale.weight.zero_()
        model.log_scale.bias.copy_(scale.log())
        decoder.weight.copy_((decoder_gain[:, None] * axes).T)
        decoder.bias.copy_(mean)
    return model


def linear_vae_at_fixed_scale(
    data: Dataset,
    latent: int,
    posterior_scale: float | None,
    beta: float,
    input_noise: float = 0.0,
    target: Target = "clean",
) -> AutoEncoder:
    """Linear VAE with a fixed posterior scale, at its optimum on the training data.

    Args:
        data: Any data. The first principal axes are coded.
        latent: Number of latent units.
        posterior_scale: The fixed posterior scale.
        beta: Weight of the KL relative to a sum of squared errors.
        input_noise: Standard deviation of the noise on the encoder's input.
        target: What is reconstructed: the clean or the noisy input.

    Returns:
        The model.

    Raises:
        Unfit: The posterior scale is not fixed, or there are more latent units than dimensions of the data.
    """
    if posterior_scale is None:
        raise Unfit("this closed form needs a fixed posterior scale")
    mean, eigenvalues, axes = _coded_axes(data, latent)
    gains = fixed_scale_gains(eigenvalues, posterior_scale, beta, input_noise, target)
    scale = torch.full((latent,), posterior_scale)
    return affine_model(data.shape, mean, axes, gains.encoder_gain, gains.decoder_gain, scale)


def linear_vae_on_principal_axes(
    data: Dataset,
    latent: int,
    posterior_scale: float | None,
    beta: float,
    input_noise: float = 0.0,
    target: Target = "clean",  # noqa: ARG001 - without input noise the two targets are one
) -> AutoEncoder:
    """Linear VAE with a learned scale, at its optimum on the training data.

    Args:
        data: Any data. The first principal axes are coded.
        latent: Number of latent units.
        posterior_scale: None, because the scale is learned.
        beta: Weight of the KL relative to a sum of squared errors.
        input_noise: 0; other values raise `Unfit`.
        target: Either; without input noise they are the same.

    Returns:
        The model.

    Raises:
        Unfit: The scale is fixed, there is input noise, or there are more latent units than dimensions of the data.
    """
    if posterior_scale is not None or input_noise:
        raise Unfit("this closed form needs a posterior scale that is learned, and no input noise")
    mean, eigenvalues, axes = _coded_axes(data, latent)
    solution = learned_scale_solution(eigenvalues, beta)
    return affine_model(data.shape, mean, axes, solution.encoder_gain, solution.decoder_gain, solution.scale)


def linear_vae_with_learned_scale(
    data: Dataset,
    latent: int,
    posterior_scale: float | None,
    beta: float,
    input_noise: float = 0.0,
    target: Target = "clean",
) -> AutoEncoder:
    """Linear VAE at its optimum on known normal sources, else on principal axes.

    Args:
        data: Data of known density with normal sources, or of unknown density. For the latter the principal axes are
            used.
        latent: Number of latent units.
        posterior_scale: None, because the scale is learned.
        beta: Weight of the KL relative to a sum of squared errors.
        input_noise: 0; other values raise `Unfit`.
        target: Either; without input noise they are the same.

    Returns:
        The model.

    Raises:
        Unfit: The sources are known and not normal, or more than the latent units; the scale is fixed; or there is
            input noise.
    """
    if input_noise:
        raise Unfit("this closed form is for an encoder without input noise")
    if posterior_scale is not None:
        raise Unfit("this closed form needs a posterior scale that is learned")
    truth = data.truth
    if truth is None:
        return linear_vae_on_principal_axes(data, latent, posterior_scale, beta, input_noise, target)
    if not truth.gaussian or truth.basis is None or truth.source_variances is None:
        raise Unfit("the linear VAE's closed form is exact only for normal sources")
    if latent < truth.dimension:
        raise Unfit(f"{latent} latent units cannot code {truth.dimension} sources")
    size = math.prod(data.shape)
    axes = torch.zeros(latent, size, dtype=torch.float64)
    axes[: truth.dimension] = truth.basis.flatten(1).double()
    variances = torch.zeros(latent, dtype=torch.float64)
    variances[: truth.dimension] = torch.tensor(truth.source_variances, dtype=torch.float64)
    solution = learned_scale_solution(variances, beta)
    mean = torch.zeros(size, dtype=torch.float64)
    return affine_model(data.shape, mean, axes, solution.encoder_gain, solution.decoder_gain, solution.scale)
