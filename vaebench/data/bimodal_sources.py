"""Three strongly bimodal sources in R¹⁶, variances 8/3, 2/3, 1/6: an expected failure of the isometry relation.

Each is two narrow normals with means ±m, where m² is 0.95 of the variance. The valley's density is about 1/6,700 of the
modes'. A decoder that maps the standard normal prior onto such a source has the slope φ(z)/p(x). For variance 8/3 that
is 0.6 at the modes and 4,900 in the valley, at z = 0, where the prior is densest. Half of the way between the modes is
crossed within 0.04 of z. A posterior at the modes has a standard deviation of 0.12 (β = 0.01). The relation
(2/β)σ²‖∂x̂/∂μ‖² = 1 − σ² assumes that the decoder is linear across the posterior's width. So it is expected to fail
where a posterior reaches the steep part. Variances and basis are those of `three_sources`. The slopes of its mixture
differ by a factor of four; here they differ by thousands.
"""

from vaebench.data import Dataset
from vaebench.data._independent_sources import Mixture, dataset

VERSION = 1
SOURCES = (Mixture(8 / 3, between=0.95), Mixture(2 / 3, between=0.95), Mixture(1 / 6, between=0.95))


def load() -> Dataset:
    """Draw the data set.

    Returns:
        20,000 and 5,000 points, float32, shape (n, 16), with their truth.

    Examples:
        >>> load().truth.gaussian
        False
    """
    return dataset("bimodal_sources", VERSION, SOURCES)
