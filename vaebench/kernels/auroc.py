"""How far values lie above those of a reference, without a threshold."""

import torch
from torch import Tensor

from vaebench.kernels.estimate import Estimate, Undefined, require_finite


def placements(values: Tensor, reference: Tensor) -> Tensor:
    """Share of a reference that lies below each value, in [0, 1]; a tie counts one half.

    P_i = (1/m)·Σ_j (1[r_j < v_i] + ½·1[r_j = v_i]).

    Their mean is the AUROC of the values against the reference.

    Source: DeLong, DeLong & Clarke-Pearson 1988, Biometrics 44.

    Args:
        values: v, shape (n,).
        reference: r, shape (m,).

    Returns:
        Shape (n,), in double precision. Exact.

    Raises:
        Undefined: If there is no reference, or a number is not finite.

    Examples:
        >>> placements(torch.tensor([0.0, 2.0, 9.0]), torch.tensor([1.0, 2.0]))
        tensor([0.0000, 0.7500, 1.0000], dtype=torch.float64)
    """
    if not len(reference):
        raise Undefined("no value of the reference is there to compare with")
    require_finite(values, "the values")
    ordered = require_finite(reference, "the reference").sort().values
    values = values.contiguous()
    below = torch.searchsorted(ordered, values, right=False).double()
    return (below + torch.searchsorted(ordered, values, right=True)) / (2 * len(reference))


def auroc(values: Tensor, reference: Tensor) -> Estimate:
    """Probability that a value is above one of the reference, in [0, 1]: area under the ROC curve, without threshold.

    A = P(v > r) + ½·P(v = r),  stderr² = Var(P_i)/n + Var(Q_j)/m,

    with the `placements` P of the values among the reference, and Q of the reference among the values.

    Source: DeLong, DeLong & Clarke-Pearson 1988, Biometrics 44. A = ½ where both have one distribution.

    `Undefined` where a number is not finite.

    Args:
        values: v, independent, shape (n,).
        reference: r, independent, shape (m,).

    Returns:
        The probability, unbiased, its standard error, and n. The error is 0 where all values lie on one side.

    Raises:
        Undefined: If either has fewer than two values.

    Examples:
        >>> float(auroc(torch.tensor([1.0, 3.0]), torch.tensor([0.0, 2.0])).value)
        0.75
    """
    if min(len(values), len(reference)) < 2:
        raise Undefined(f"an AUROC needs two values of each, got {len(values)} and {len(reference)}")
    among, back = placements(values, reference), placements(reference, values)
    variance = among.var() / len(values) + back.var() / len(reference)
    return Estimate(among.mean(), variance.sqrt(), len(values))
