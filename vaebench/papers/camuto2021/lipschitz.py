"""How steep encoder and decoder are where the data are: spectral norms of Jacobians."""

from torch import Tensor

from vaebench.claims import Measurement
from vaebench.kernels.jacobian import covariance_root, jacobian_columns, jacobian_rows, spectral_norms, whitened
from vaebench.measures.declared import gives
from vaebench.measures.model_view import decoded_mean, encoded_mean, held_out, of_sample, posterior_codes
from vaebench.measures.probe import Probe
from vaebench.models.kept import kept


def _largest(name: str, norms: Tensor, unit: str) -> Measurement:
    return Measurement(name, float(norms.max()), 0.0, len(norms), unit)


@gives("decoder_lipschitz_{mean,max}", "decoder_whitened_lipschitz_mean")
def decoder_lipschitz(probe: Probe) -> tuple[Measurement, ...]:
    """Measure ‖J_g‖₂ of the decoder's mean at one posterior sample of each held-out example.

    The whitened norm is that of J C^½, with C the covariance of the posterior means. A decoder can be flat only because
    its codes are spread out. Then its norm is small and its whitened norm is large.

    Args:
        probe: At most ``points`` examples are used.

    Returns:
        Mean and maximum, in units of x per unit of z, and the whitened mean, in units of x. They are lower bounds of
        the Lipschitz constant.
    """
    trained, x = probe.trained, held_out(probe.data, probe.budget.points)
    columns = jacobian_columns(decoded_mean(trained), posterior_codes(trained, x, probe.rng))
    norms = spectral_norms(columns)
    whitened_norms = spectral_norms(whitened(columns, covariance_root(encoded_mean(trained)(x))))
    return (
        of_sample("decoder_lipschitz_mean", norms, "x/z"),
        _largest("decoder_lipschitz_max", norms, "x/z"),
        of_sample("decoder_whitened_lipschitz_mean", whitened_norms, "x"),
    )


@gives("encoder_lipschitz_{mean,max}")
def encoder_lipschitz(probe: Probe) -> tuple[Measurement, ...]:
    """Measure ‖J‖₂ of the encoder's mean at held-out examples.

    Args:
        probe: At most ``points`` examples are used.

    Returns:
        Mean and maximum, in units of z per unit of x. They are lower bounds of the Lipschitz constant.
    """
    norms = spectral_norms(jacobian_rows(encoded_mean(probe.trained), held_out(probe.data, probe.budget.points)))
    return (of_sample("encoder_lipschitz_mean", norms, "z/x"), _largest("encoder_lipschitz_max", norms, "z/x"))


@gives("encoder_whitened_lipschitz_mean")
def encoder_whitened_lipschitz(probe: Probe) -> tuple[Measurement, ...]:
    """Measure ‖J C^½‖₂ of the encoder's mean at held-out examples, with C the covariance of these.

    Weights on pixels that never change keep their initial values until noise is added to the input. They are a part of
    ‖J‖₂ and none of ‖J C^½‖₂. Of an affine encoder this is the standard deviation of the codes along their longest
    axis.

    Args:
        probe: At most ``points`` examples are used.

    Returns:
        ``encoder_whitened_lipschitz_mean``, in units of z.
    """
    x = held_out(probe.data, probe.budget.points, least=2)
    rows = jacobian_rows(encoded_mean(probe.trained), x).flatten(2)
    return (of_sample("encoder_whitened_lipschitz_mean", spectral_norms(rows @ data_root(x)), "z"),)


@kept
def data_root(x: Tensor) -> Tensor:
    """A root of the covariance of examples, shape (d, r), computed once for all models."""
    root: Tensor = covariance_root(x.flatten(1).double()).to(x.dtype)
    return root
