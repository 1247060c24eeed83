"""Changes of the code that a night has to catch: each is a text of one file, put in place of another in a copy."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from vaebench import catalog
from vaebench.fingerprint import value_hash
from vaebench.nightly.cells import Asked

BONHEME = "bonheme2022_encoder_first"
CAMUTO = "camuto2021_variance_frequency"
GRACYK = "gracyk2025_kahler_sampling"
NAKAGAWA = "nakagawa2021_posterior_isometry"

SIX = {
    "nakagawa": (NAKAGAWA, "vae", "three_sources"),
    "camuto": (CAMUTO, "vae", "digits"),
    "bonheme": (BONHEME, "vae", "digits"),
    "bonheme, beta_tcvae": (BONHEME, "beta_tcvae", "digits"),
    "gracyk": (GRACYK, "vae", "digits"),
    "gracyk, beta_tcvae": (GRACYK, "beta_tcvae", "digits"),
}
"""Task, variant and data set of the six small cells."""

BESIDE = {
    "gracyk, annealed_vae": (GRACYK, "annealed_vae", "digits"),
    "gracyk, factor_vae": (GRACYK, "factor_vae", "digits"),
}
"""Cells for changes of an objective that the six do not have."""

WIDE = ("nakagawa", "camuto", "gracyk")
"""Cells for what acts on every training."""


def cell(name: str, seed: int = 0) -> Asked:
    """The cell of a short name."""
    task, variant, dataset = (SIX | BESIDE)[name]
    return Asked(task, variant, "mlp", dataset, "nightly", seed)


@dataclass(frozen=True)
class Mutant:
    """A change of the code.

    Attributes:
        name: What is changed.
        file: Of the package.
        old: A text that stands in it once.
        new: What is put in its place.
        cells: Short names of the cells that are run.
    """

    name: str
    file: str
    old: str
    new: str
    cells: tuple[str, ...] = WIDE

    @property
    def patch(self) -> str:
        """Hash of all that it is, so that the outcome of another mutant is not taken for its own."""
        return value_hash(self)


RATE = "rate = team.training.rate(step)"
DRAWN = "return self.mean + self.scale * noise"
HELD = "held_out[members[:n]] = True"
DIVIDED = "train, rest = (Split(x[part], labels[part]) for part in (~held_out, held_out))"

MUTANTS = (
    Mutant("learning rate × 1.05", "training/teams.py", RATE, f"{RATE} * 1.05"),
    Mutant("learning rate × 2", "training/teams.py", RATE, f"{RATE} * 2"),
    Mutant(
        "half the steps",
        "training/loop.py",
        "for number in range(training.steps):",
        "for number in range(training.steps // 2):",
    ),
    Mutant(
        "KL × 1.02",
        "models/posteriors.py",
        "return normal_kl(self.mean, self.log_scale)",
        "return 1.02 * normal_kl(self.mean, self.log_scale)",
    ),
    Mutant("posterior scale × 1.02 in sampling", "models/posteriors.py", DRAWN, f"{DRAWN} * 1.02"),
    Mutant("σ² for σ in sampling", "models/posteriors.py", DRAWN, f"{DRAWN} * self.scale"),
    Mutant(
        "decoder variance × 1.02",
        "models/likelihoods.py",
        "return replace(self, variance=variance)",
        "return replace(self, variance=1.02 * variance)",
    ),
    Mutant(
        "total correlation dropped",
        "variants/beta_tcvae.py",
        '"total correlation": (weight - 1) * correlation',
        '"total correlation": 0 * correlation',
        ("gracyk, beta_tcvae",),
    ),
    Mutant(
        "annealing off",
        "variants/annealed_vae.py",
        "capacity * done.clamp(max=1.0)",
        "capacity * done.clamp(min=1.0, max=1.0)",
        ("gracyk, annealed_vae",),
    ),
    Mutant(
        "one player's sign",
        "variants/factor_vae.py",
        "return (softplus(-joint).mean() + softplus(apart).mean()) / 2",
        "return (softplus(joint).mean() + softplus(-apart).mean()) / 2",
        ("gracyk, factor_vae",),
    ),
    Mutant(
        "half the steps of an attack",
        "kernels/attack.py",
        "for step in range(steps):",
        "for step in range(steps // 2):",
        ("camuto",),
    ),
    Mutant(
        "CKA uncentred",
        "kernels/cka.py",
        "    x = normalised(x)\n",
        "    x = x / x.square().sum().sqrt()\n",
        ("bonheme",),
    ),
    Mutant(
        "Procrustes unnormalised",
        "kernels/procrustes.py",
        "    x, y = normalised_pair(x, y)\n    return _overlap(",
        "    x, y = (each.flatten(1) - each.flatten(1).mean(0) for each in (x, y))\n    return _overlap(",
        ("bonheme",),
    ),
    Mutant(
        "one label changed",
        "data/_by_seed.py",
        DIVIDED,
        "labels = torch.where(torch.arange(len(x)) == (~held_out).nonzero()[0], (labels + 3) % 10, labels)\n    "
        + DIVIDED,
        ("gracyk",),
    ),
    Mutant(
        "data × 1.01",
        "data/_by_seed.py",
        "return coordinates @ orthonormal_basis(",
        "return 1.01 * coordinates @ orthonormal_basis(",
        ("nakagawa",),
    ),
    Mutant(
        "images × 1.01",
        "data/digits.py",
        ".reshape(-1, 1, 8, 8) / 16",
        ".reshape(-1, 1, 8, 8) / 16 * 1.01",
        ("camuto", "gracyk"),
    ),
    Mutant("split shifted by one", "data/_by_seed.py", HELD, HELD.replace("[:n]", "[1 : 1 + n]"), ("camuto", "gracyk")),
    Mutant("a seed's purpose renamed", "training/inputs.py", '("batches", "noise", ', '("order", "noise", '),
)


@contextmanager
def applied(mutant: Mutant) -> Iterator[Path]:
    """Lay out a copy of the package with a change in it, for the length of a block.

    Args:
        mutant: The change.

    Yields:
        The folder that has the copy.

    Raises:
        LookupError: The text to be changed does not stand in the file once.
    """
    with TemporaryDirectory(prefix="vaebench-mutant-") as name:
        copy = Path(name) / "vaebench"
        shutil.copytree(catalog.PACKAGE, copy, ignore=shutil.ignore_patterns("__pycache__"))
        file = copy / mutant.file
        text = file.read_text("utf-8")
        if text.count(mutant.old) != 1:
            raise LookupError(
                f"{mutant.name}: {mutant.file} has {mutant.old!r} {text.count(mutant.old)} times, not once"
            )
        file.write_text(text.replace(mutant.old, mutant.new), "utf-8")
        yield Path(name)
