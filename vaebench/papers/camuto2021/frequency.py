"""How much of what encoder and decoder compute is of high frequency."""

from torch import Tensor

from vaebench.claims import Measurement
from vaebench.kernels.jacobian import covariance_root
from vaebench.kernels.mean_degree import data_mean_degree, latent_mean_degree
from vaebench.kernels.noise_stability import high_frequency_share
from vaebench.measures.declared import gives
from vaebench.measures.model_view import encoded_mean, estimated, generator, held_out, is_continuous, none_of
from vaebench.measures.probe import Probe
from vaebench.models.kept import kept

RHO = 0.9
"""Correlation of the judged pair of codes. A part of degree k loses 1 − 0.9ᵏ of its energy."""


@gives("decoder_high_frequency_share", "decoder_mean_degree")
def decoder_frequency(probe: Probe) -> tuple[Measurement, ...]:
    """Measure the decoder's high-frequency share at ρ = 0.9, and its mean Hermite degree.

    Codes are z ~ N(0, I). A prior of the model's own is a part of the function then, from its noise to the data.

    Args:
        probe: ``samples`` codes are drawn; Jacobians are taken at an eighth as many.

    Returns:
        ``decoder_high_frequency_share`` and ``decoder_mean_degree``, pure numbers.
    """
    function, latent, samples = generator(probe.trained), probe.trained.latent, probe.budget.samples
    if not is_continuous(probe.trained, probe.data.train.x.device):
        return none_of(
            decoder_frequency, "its prior's draws jump as the noise changes: they are no function with a degree"
        )
    return (
        estimated(
            "decoder_high_frequency_share", lambda: high_frequency_share(function, latent, RHO, samples, probe.rng)
        ),
        estimated("decoder_mean_degree", lambda: latent_mean_degree(function, latent, samples // 8, probe.rng)),
    )


@gives("encoder_whitened_degree", "encoder_mean_degree")
def encoder_frequency(probe: Probe) -> tuple[Measurement, ...]:
    """Measure the scale-free frequency content of the encoder's mean over held-out data, raw and whitened.

    The raw degree is E‖J‖²_F / Var. It does not depend on the scale of the codes. It does depend on which directions
    survive in them: of an affine encoder it falls when weak principal directions die. The whitened degree is E‖J
    C^½‖²_F / Var, with C the covariance of the same data. It is 1 for every affine encoder, so only curvature changes
    it. On normal data it is the mean Hermite degree, at least 1. On other data it can be below 1, if the encoder is
    flat where data are rare.

    Args:
        probe: At most ``points`` examples are used.

    Returns:
        ``encoder_whitened_degree``, a pure number, and ``encoder_mean_degree``, per squared unit of the data.
    """
    x, function = held_out(probe.data, probe.budget.points, least=2), encoded_mean(probe.trained)
    root = _unbiased_root(x)
    return (
        estimated("encoder_whitened_degree", lambda: data_mean_degree(function, x, root=root)),
        estimated("encoder_mean_degree", lambda: data_mean_degree(function, x), "1/x²"),
    )


@kept
def _unbiased_root(x: Tensor) -> Tensor:
    """A root of the data's unbiased covariance, shape (d, r), computed once for all models.

    The variance of the codes is unbiased too. So the whitened degree of an affine encoder is 1 to the last digit.
    """
    root: Tensor = covariance_root(x.flatten(1).double()) * (len(x) / (len(x) - 1)) ** 0.5
    return root.to(x.dtype)
