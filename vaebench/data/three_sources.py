"""Three independent sources of known density in R¹⁶, variances 8/3, 2/3, 1/6: normal, ramp and mixture.

The structure follows Nakagawa, Kato & Suzuki 2021 (arXiv 2007.15190); the exact shapes are ours. Three sources in R¹⁶
have variances in the ratio 1:4:16, shaped as a mixture of normals, a ramp and a normal. This is remembered from the
paper and unconfirmed. Our choices are which variance has which shape, and how far apart the mixture's modes are. The
mixture has two modes and a valley 0.45 as high, shallow enough for a smooth decoder. The ramp ends in a sharp edge.
"""

from vaebench.data import Dataset
from vaebench.data._independent_sources import Mixture, Normal, Ramp, dataset

VERSION = 1
SOURCES = (Normal(8 / 3), Ramp(2 / 3), Mixture(1 / 6, between=0.75))


def load() -> Dataset:
    """Draw the data set.

    Returns:
        20,000 and 5,000 points, float32, shape (n, 16), with their truth.

    Examples:
        >>> [round(variance, 3) for variance in load().truth.source_variances]
        [2.667, 0.667, 0.167]
    """
    return dataset("three_sources", VERSION, SOURCES)
