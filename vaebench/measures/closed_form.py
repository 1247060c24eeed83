"""How far a trained linear VAE is from its closed form."""

from collections.abc import Callable

import torch
from torch import Tensor

from vaebench.claims import Measurement
from vaebench.data import Dataset
from vaebench.kernels.jacobian import jacobian_columns, jacobian_rows
from vaebench.measures.declared import gives
from vaebench.measures.model_view import (
    decoded_mean,
    encoded_mean,
    has_own_prior,
    held_out,
    kl_weight_in_squares,
    none_of,
)
from vaebench.measures.probe import Probe
from vaebench.models import AutoEncoder, Unfit
from vaebench.models.exact import linear_vae_at_fixed_scale, linear_vae_on_principal_axes, principal_axes
from vaebench.training.fit import Trained

AFFINE = 1e-4
"""Relative change of a Jacobian between examples below which a map counts as affine."""


def _matrix(jacobian: Tensor) -> Tensor | None:
    """The matrix of an affine map from its Jacobians, shape (first axis, event), or None where they differ."""
    matrices = jacobian.flatten(2).double()
    spread = (matrices - matrices[:, :1]).abs().max()
    return matrices[:, 0] if spread <= AFFINE * matrices.abs().max() else None


def _gap(found: Tensor, exact: Tensor) -> float:
    return float(torch.linalg.norm(found - exact) / torch.linalg.norm(exact))


@gives("linear_gap_{decoder,encoder,end_to_end}")
def fixed_scale_gap(probe: Probe) -> tuple[Measurement, ...]:
    """Measure how far an affine model is from the linear VAE's closed form at its posterior scale.

    The optimum is unique up to a rotation of the latent space. So we compare singular values, and the end-to-end map,
    which no rotation changes. The encoder is free in directions in which the data do not vary. So it is compared along
    the coded principal axes. The end-to-end map is weighted with the covariance of the data.

    Args:
        probe: The training part of its data gives the closed form.

    Returns:
        ``linear_gap_decoder`` and ``linear_gap_encoder``, relative distance of the singular values.
        ``linear_gap_end_to_end`` is the relative root mean square distance of the reconstructions. A model that is not
        affine, or has no closed form, declines all three.
    """
    by = probe.trained.model.interventions
    scale = by.posterior_scale

    def exact(beta: float) -> AutoEncoder:
        data, latent = probe.data.to("cpu"), probe.trained.latent
        return linear_vae_at_fixed_scale(data, latent, scale, beta, by.input_noise, by.target)

    return _gaps(probe, None if scale is None else exact, "fixed")


@gives("linear_gap_{decoder,encoder,end_to_end}")
def learned_scale_gap(probe: Probe) -> tuple[Measurement, ...]:
    """Measure how far an affine model is from the closed form of a linear VAE that learns its posterior scale.

    It is as `fixed_scale_gap`. The optimum here codes along the principal axes, in any order.

    Args:
        probe: The training part of its data gives the closed form.

    Returns:
        The measurements of `fixed_scale_gap`.
    """

    def exact(beta: float) -> AutoEncoder:
        return linear_vae_on_principal_axes(probe.data.to("cpu"), probe.trained.latent, None, beta)

    return _gaps(probe, exact if probe.trained.model.interventions.posterior_scale is None else None, "learned")


def _affine_maps(trained: Trained, data: Dataset) -> tuple[Tensor, Tensor] | None:
    """The matrices of encoder and decoder, shape (latent, event) each, or None where one is not affine."""
    x = held_out(data, 8)
    encoder = _matrix(jacobian_rows(encoded_mean(trained), x))
    decoder = _matrix(jacobian_columns(decoded_mean(trained), encoded_mean(trained)(x)))
    return None if encoder is None or decoder is None else (encoder, decoder)


def _gaps(probe: Probe, exact_at: Callable[[float], AutoEncoder] | None, scale: str) -> tuple[Measurement, ...]:
    """Compare an affine model with the exact one of its β, if there is one for its posterior scale."""
    trained, data = probe.trained, probe.data
    if has_own_prior(trained):
        return none_of(fixed_scale_gap, "the closed form is for the prior N(0, I)")
    maps = _affine_maps(trained, data)
    if maps is None:
        return none_of(fixed_scale_gap, "the model is not affine")
    beta = kl_weight_in_squares(trained, data.held_out.x)
    if beta is None or exact_at is None:
        return none_of(fixed_scale_gap, f"the closed form needs β and a {scale} posterior scale")
    try:
        exact = exact_at(beta)
    except Unfit as reason:
        return none_of(fixed_scale_gap, str(reason))
    encoder, decoder = maps
    latent, x = len(encoder), data.train.x
    _, eigenvalues, axes = (part.to(x.device) for part in principal_axes(data.train.x))
    exact_encoder = exact.mean.weight.detach().double().to(x.device)
    exact_decoder = exact.decoder.get_submodule("0").weight.detach().double().to(x.device).T  # type: ignore[operator]
    if not exact_decoder.any():
        return none_of(fixed_scale_gap, "the closed form is zero: every direction is inactive")
    # A root of the covariance in the data's own axes, whose turn no distance sees.
    coded, weights = axes[:latent], eigenvalues.sqrt().unsqueeze(1) * axes
    gaps = {
        "linear_gap_decoder": _gap(torch.linalg.svdvals(decoder), torch.linalg.svdvals(exact_decoder)),
        "linear_gap_encoder": _gap(
            torch.linalg.svdvals(encoder @ coded.T), torch.linalg.svdvals(exact_encoder @ coded.T)
        ),
        "linear_gap_end_to_end": _gap(weights @ encoder.T @ decoder, weights @ exact_encoder.T @ exact_decoder),
    }
    return tuple(Measurement(name, gap, 0.0, 1) for name, gap in gaps.items())
