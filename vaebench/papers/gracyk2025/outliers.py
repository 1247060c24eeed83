"""What counts as an outlier to two detectors. They are fixed on real data (`kept`) before anything is sampled."""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

SHARE = 0.05
"""Share of held-out real examples that a detector calls outliers."""

NEIGHBOUR = 5
"""How odd an example is: the distance to this nearest training example."""


@dataclass(frozen=True)
class Classifier:
    """A classifier of real data. An example of which it is not confident is an outlier.

    Attributes:
        pipeline: A fitted scikit-learn classifier.
        accuracy: On all held-out real examples.
        n: How many these are.
    """

    pipeline: object
    accuracy: float
    n: int

    def probabilities(self, x: Tensor) -> Tensor:
        """Class probabilities of examples, shape (n, classes), in double precision on the CPU."""
        rows = x.flatten(1).double().cpu().numpy()
        return torch.from_numpy(np.asarray(self.pipeline.predict_proba(rows)))  # type: ignore[attr-defined]
