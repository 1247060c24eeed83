"""Three independent normal sources in R¹⁶, variances 8/3, 2/3, 1/6: a linear VAE's closed form is exact.

The variances are the only non-zero eigenvalues of x's covariance, and the basis its eigenvectors. So the best linear
VAE is known. For the loss ‖x − x̂‖² + β KL, a direction with eigenvalue λ > β/2 gets decoder gain √(λ − β/2) and
posterior variance β/(2λ). All others collapse. This is the easiest set for claims about densities. It is the positive
control for `three_sources` and `bimodal_sources`, which share its variances and its basis.
"""

from vaebench.data import Dataset
from vaebench.data._independent_sources import Normal, dataset

VERSION = 1
SOURCES = (Normal(8 / 3), Normal(2 / 3), Normal(1 / 6))


def load() -> Dataset:
    """Draw the data set.

    Returns:
        20,000 and 5,000 points, float32, shape (n, 16), with their truth.

    Examples:
        >>> load().truth.gaussian
        True
    """
    return dataset("linear_gaussian_sources", VERSION, SOURCES)
