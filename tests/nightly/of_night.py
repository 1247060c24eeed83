"""What the tests of nights share: outcomes without any training."""

from dataclasses import replace

from results.stored import ENVIRONMENT, SUBJECT, cell

from vaebench.claims import Measurement, column
from vaebench.nightly.cells import Asked
from vaebench.results.record import Versioned

TASK = "nakagawa2021_posterior_isometry"
NAMES = ("t2_mean", "t2_sd", "mean_absolute_cosine", "density_r2")
PROBE = {"mm": "1" * 16, "exp": "2" * 16}
CODE = {"training": "3" * 16, "models": "4" * 16}
ASKED = Asked(TASK, "vae", "mlp", "digits", "nightly", 0)


def here(**changes):
    return ENVIRONMENT.model_copy(update={"probe": PROBE, "code": CODE, "commit": "5" * 40} | changes)


def outcome(seed=0, shift=0.0, names=NAMES, environment=None, subject=None, unit="1", **changes):
    """One cell of a night; `shift` is added to every number."""
    about = SUBJECT.model_copy(
        update={"preset": "nightly", "task": Versioned(name=TASK, version=1, hash="a" * 16)} | (subject or {})
    )
    columns = tuple(
        column("trained", None, seed, Measurement(name, 0.3 + 0.1 * i + 0.01 * seed + shift, 0.0, 64, unit))
        for i, name in enumerate(names)
    )
    return cell(seed, columns, subject=about, environment=environment or here(), data="6" * 16, **changes)


def population(seed=0, twins=4, rounding=1e-6):
    """Outcomes of a cell, its twins and one further seed, by what was asked."""
    found = {replace(ASKED, seed=s): outcome(s) for s in (seed, seed + 1)}
    for k in range(1, twins + 1):
        found[replace(ASKED, seed=seed, ulp=k)] = outcome(seed, rounding * (-1) ** k * k)
    return found
