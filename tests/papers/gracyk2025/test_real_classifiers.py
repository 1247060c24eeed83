"""The classifiers of MNIST and Fashion-MNIST pass their floors, where `make data` has installed the sets."""

import os
from pathlib import Path

import pytest

from vaebench.data import fashion_mnist, mnist
from vaebench.papers.gracyk2025.kept import EDGED, FLOORS, facts

HERE = Path(os.environ.get("VAEBENCH_DATA", Path(__file__).parents[3] / "data"))


@pytest.mark.parametrize("page", [mnist, fashion_mnist], ids=["mnist", "fashion_mnist"])
def test_a_real_sets_classifier_passes_its_floor(page):
    """With REAL_DATA set, the set has to be there."""
    if not os.environ.get("REAL_DATA") and not all((HERE / file).exists() for file in page.FILES):
        pytest.skip(f"the set is not under {HERE}; `make data` installs it")
    data = page.load(HERE)
    known = facts(data, 1024, 10_000)
    assert data.name in EDGED
    assert FLOORS[data.name] < known.classifier.accuracy < FLOORS[data.name] + 0.03
    assert len(known.reference) == 10_000
