"""Whether instruments get the same derivatives as training."""

from collections.abc import Callable

import torch
from torch import Tensor

from vaebench.kernels.complex_normal import paired, unpaired
from vaebench.kernels.jacobian import jacobian_columns, jacobian_rows
from vaebench.mistakes import first_line
from vaebench.models import ComplexNormal, Unfit
from vaebench.models.attention import plain_attention
from vaebench.training.intervened import Intervened

CLOSE = 1e-3
"""Relative difference of two derivatives that counts as rounding."""


def check_derivatives(model: Intervened, x: Tensor, rng: torch.Generator) -> None:
    """Compare vectorised derivatives of encoder and decoder with plain back-propagation, on two examples.

    Args:
        model: The model, in evaluation mode.
        x: Examples, shape (n, *shape).
        rng: Source of the directions.

    Raises:
        Unfit: There is no vectorised derivative, or it differs from the plain one. For some layers torch's is wrong.
    """
    x = x[:2]
    with torch.no_grad():
        posterior = model.encode(x)
    complex_codes = isinstance(posterior, ComplexNormal)
    codes = unpaired(posterior.mean) if complex_codes else posterior.mean

    def encoded(inputs: Tensor) -> Tensor:
        mean = model.encode(inputs).mean
        return unpaired(mean) if complex_codes else mean

    def decoded(z: Tensor) -> Tensor:
        return model.decode(paired(z) if complex_codes else z).mean

    weights, values = (torch.randn(part.shape, generator=rng, device=x.device) for part in (codes, x))
    sides: dict[str, tuple[Callable[[Tensor], Tensor], Tensor, Tensor, Callable[[], Tensor]]] = {
        "encode": (encoded, x, weights, lambda: torch.einsum("kb...,bk->b...", jacobian_rows(encoded, x), weights)),
        "decode": (decoded, codes, values, lambda: (jacobian_columns(decoded, codes) * values).flatten(2).sum(2).T),
    }
    with plain_attention():
        for side, (function, inputs, cotangent, vectorised) in sides.items():
            plain = _back_propagated(function, inputs, cotangent)
            if plain is None:
                continue  # nothing would train it: that is refused elsewhere
            try:
                found = vectorised().detach()
            except torch.OutOfMemoryError:
                raise
            except RuntimeError as error:
                said = first_line(error)
                raise Unfit(f"instruments cannot differentiate {side}: {said}"[:500]) from error
            if not torch.allclose(found, plain, rtol=CLOSE, atol=CLOSE * float(plain.abs().max())):
                raise Unfit(
                    f"torch's vectorised derivatives of {side} differ from plain back-propagation; for some layers "
                    "they are wrong, torch.cdist among them: measurements would be wrong too"
                )


def _back_propagated(function: Callable[[Tensor], Tensor], inputs: Tensor, cotangent: Tensor) -> Tensor | None:
    """Jᵀ·cotangent of each example, the shape of the inputs; None without a gradient."""
    with torch.enable_grad():
        leaf = inputs.detach().clone().requires_grad_(True)
        outputs = function(leaf)
        if not outputs.requires_grad:
            return None
        (gradient,) = torch.autograd.grad((outputs * cotangent).sum(), leaf, allow_unused=True)
    return gradient
