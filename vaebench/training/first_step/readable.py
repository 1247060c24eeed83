"""Whether the suite can use a model: types, shapes and precision of its outputs."""

import re
from typing import cast

import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode

from vaebench.models import (
    Bernoulli,
    ComplexNormal,
    FlowNormal,
    FullNormal,
    Gaussian,
    Model,
    Normal,
    Posterior,
    Refused,
    Unfit,
)
from vaebench.training.intervened import Intervened

LOOKED_AT = 512
"""Examples whose posterior scales are checked."""

POSTERIORS = "a Normal, ComplexNormal, FullNormal or FlowNormal"

LOG_VARIANCE = "is it a log variance? Normal(mean, log_scale=log_variance / 2)"


def check_types_and_shapes(model: Intervened, x: Tensor, latent: int) -> Posterior:
    """Check a model's outputs on two examples.

    Args:
        model: The model, in evaluation mode.
        x: Examples, shape (n, *shape).
        latent: Requested number of latent units.

    Returns:
        The posterior of the two examples.

    Raises:
        Refused: An output is not one of the suite's distributions, or has another shape.
        Unfit: An output is a subclass of one, which instruments would treat as the base class.
    """  # noqa: DOC502 - raised by what it calls
    x = x[:2]
    with torch.no_grad():
        posterior = model.encode(x)
        _check_type("encode", posterior, (Normal, ComplexNormal, FullNormal, FlowNormal), POSTERIORS)
        _check_posterior_shape(posterior, len(x), latent)
        likelihood = model.decode(posterior.mean)
        _check_type("decode", likelihood, (Gaussian, Bernoulli), "a Gaussian or a Bernoulli")
        if likelihood.mean.shape != x.shape:
            raise Refused(f"decode should give shape {tuple(x.shape)}, gave {tuple(likelihood.mean.shape)}")
    return posterior


def _check_posterior_shape(posterior: Posterior, n: int, latent: int) -> None:
    expected = (n, latent // 2 if isinstance(posterior, ComplexNormal) else latent)
    if isinstance(posterior, FlowNormal):
        _check_type("encode's flow", posterior.base, (Normal,), "a Normal")
        _check_posterior_shape(posterior.base, n, latent)
        codes, logarithm = posterior.flow(posterior.base.mean)
        if codes.shape != expected or logarithm.shape != (n,):
            found = f"{tuple(codes.shape)} and {tuple(logarithm.shape)}"
            raise Refused(f"a flow should give codes {expected} and log determinants ({n},), gave {found}")
        return
    if isinstance(posterior, FullNormal) and posterior.tril.shape != (*expected, latent):
        raise Refused(f"a FullNormal's tril should have shape {(*expected, latent)}, has {tuple(posterior.tril.shape)}")
    if posterior.mean.shape != expected or posterior.scale.shape != expected:
        found = f"mean {tuple(posterior.mean.shape)}, scale {tuple(posterior.scale.shape)}"
        raise Refused(f"encode should give a posterior of shape {expected}, gave {found}")


DECLINED = {
    r"vq|quanti[sz]|categorical|onehot|gumbel": "codes of a finite set have no density over z",
    r"mises|spher": "codes on a sphere are no normal in R^d",
    r"poincar|hyperbol|riemann|lorentz": "codes in a curved space are no normal in R^d",
}
"""Families of posteriors that the suite declines, by the name of their type, and why."""


def _check_type(method: str, given: object, kinds: tuple[type, ...], wanted: str) -> None:
    if type(given) in kinds:
        return
    name = type(given).__name__
    if isinstance(given, kinds):
        base = next(kind.__name__ for kind in kinds if isinstance(given, kind))
        raise Unfit(f"{method} gives a {name}, a subclass of {base}: instruments would treat it as a plain {base}")
    for pattern, reason in DECLINED.items():
        if method == "encode" and re.search(pattern, name, re.IGNORECASE):
            raise Unfit(f"encode gives a {name}: {reason}, and the suite's instruments need one")
    if name in {kind.__name__ for kind in kinds}:
        name = f"{type(given).__module__}.{name}"
    hint = "; wrap it: Normal(mean, log_scale=log_variance / 2)" if method == "encode" and name == "tuple" else ""
    raise Refused(f"{method} should give {wanted} of vaebench.models, gave a {name}{hint}")


def check_spread(model: Intervened, x: Tensor) -> None:
    """Check that the encoder's scales and a Gaussian decoder's variances are valid.

    Args:
        model: The model, in evaluation mode.
        x: Examples, shape (n, *shape).

    Raises:
        Refused: A scale or a variance is negative, zero or not finite.
        Unfit: A variance is a tensor that depends on no weight, while the task fixes variances.
    """
    own = cast("Model", model.model)
    with torch.no_grad():
        posterior = own.encode(x[:LOOKED_AT])
        _check_positive(_scales(posterior), "the posterior's scales", LOG_VARIANCE)
        if isinstance(posterior, FullNormal) and bool(torch.triu(posterior.tril, 1).any()):
            raise Refused("a FullNormal's tril is 0 above its diagonal: is it a covariance? torch.linalg.cholesky")
    # Gradients distinguish a learned variance from a constant tensor.
    with torch.enable_grad():
        likelihood = own.decode(posterior.mean)
    variance = likelihood.variance if isinstance(likelihood, Gaussian) else 1.0
    if not isinstance(variance, Tensor):
        if not variance > 0:
            raise Refused(f"the Gaussian's variance is above 0, not {variance}")
        return
    _check_positive(variance.detach(), "the Gaussian's variances", "is it a log variance? variance.exp()")
    if model.interventions.likelihood_variance is not None and not variance.requires_grad:
        raise Unfit(
            "the Gaussian's variance is a tensor that depends on no weight: the suite takes it for a learned one and "
            "cannot fix it: give a float"
        )


def _scales(posterior: Posterior) -> Tensor:
    if isinstance(posterior, FlowNormal):
        return posterior.base.scale
    return posterior.tril.diagonal(dim1=-2, dim2=-1) if isinstance(posterior, FullNormal) else posterior.scale


def _check_positive(values: Tensor, what: str, hint: str) -> None:
    for wrong, word in ((~torch.isfinite(values), "not finite"), (values < 0, "negative"), (values == 0, "zero")):
        if bool(wrong.any()):
            raise Refused(f"{float(wrong.double().mean()):.0%} of {what} are {word}: {hint}")


class _Precisions(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """Records every precision other than single."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.others: dict[torch.dtype, str] = {}

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):  # type: ignore[no-untyped-def]
        found = func(*args, **(kwargs or {}))
        for result in found if isinstance(found, tuple | list) else (found,):
            if isinstance(result, Tensor) and _other_precision(result.dtype):
                self.others.setdefault(result.dtype, str(func.overloadpacket).rpartition(".")[2])
        return found


def _other_precision(dtype: torch.dtype) -> bool:
    return (dtype.is_floating_point or dtype.is_complex) and dtype not in (torch.float32, torch.complex64)


def check_weights(model: Intervened) -> None:
    """Check that weights and buffers are in single precision, as records state.

    Args:
        model: The model.

    Raises:
        Unfit: A weight or a buffer has another precision.
    """
    for name, tensor in (*model.model.named_parameters(), *model.model.named_buffers()):
        if _other_precision(tensor.dtype):
            raise Unfit(f"{name} is {_word(tensor.dtype)}: the suite's records are of float32")


def check_precision(model: Intervened, x: Tensor) -> None:
    """Check that computations are in single precision, as records state.

    Args:
        model: The model, in evaluation mode.
        x: Examples, shape (n, *shape).

    Raises:
        Unfit: An intermediate result of encoder or decoder has another precision.
    """
    with torch.no_grad(), _Precisions() as seen:
        model.decode(model.encode(x[:2]).mean)
    for dtype, operation in seen.others.items():
        raise Unfit(f"the model computes in {_word(dtype)} ({operation}): the suite's records are of float32")


def _word(dtype: torch.dtype) -> str:
    return str(dtype).removeprefix("torch.")
