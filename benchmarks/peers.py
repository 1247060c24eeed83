"""Our kernels and training step against the packages that people would use instead, and against the machine's limit.

    make peers

Each pair runs in one process on one thread, in turn, and has to give the same values. Quoted are medians of processor
time. The limit is what a plain matrix product or copy reaches, measured in the same turns. The
table is `benchmarks/peers.md`.
"""

import os
import platform
import statistics
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from benchmarks.kernels.networks import DOUBLE, LATENT, PIXELS, SINGLE, decoder, draw
from vaebench.environment import processor_name
from vaebench.kernels.cka import cka_matrix
from vaebench.kernels.jacobian import jacobian_columns, spectral_norms
from vaebench.kernels.neighbours import nearest
from vaebench.kernels.procrustes import procrustes_similarity

ROUNDS, LEAST = 5, 0.01
"""Turns of a pair, and seconds that each side of a turn takes at least."""

TABLE = Path(__file__).with_name("peers.md")

Work = Callable[[], object]


@dataclass(frozen=True)
class Pair:
    """One comparison.

    Attributes:
        what: What is computed.
        peer: Who computes it too.
        ours: Our road.
        theirs: The peer's.
        limit: A plain product or copy.
        share: How much of what `limit` does one call of ours needs at least.
        bound: What the limit is.
        tolerance: Largest difference of the values, relative to the largest.
        note: Why a row that loses stays, or what to know of it.
        agreed: The difference, where it was taken before and not of what the two sides return.
    """

    what: str
    peer: str
    ours: Work
    theirs: Work
    limit: Work
    share: float
    bound: str
    tolerance: float
    note: str = ""
    agreed: float | None = None


def timed(work: Work, times: int) -> float:
    """Processor seconds of one call, over some calls: both sides have one thread, and neighbours count little."""
    start = time.process_time()
    for _ in range(times):
        work()
    return (time.process_time() - start) / times


def difference(ours: object, theirs: object) -> float:
    """Largest difference of two results, relative to the largest entry."""
    one, other = (torch.as_tensor(each).double() for each in (ours, theirs))
    return float((one - other).abs().max() / other.abs().max())


def row(pair: Pair) -> str:
    """Measure a pair, and write its row.

    Raises:
        AssertionError: The two do not agree.
    """
    found = difference(pair.ours(), pair.theirs()) if pair.agreed is None else pair.agreed
    assert found <= pair.tolerance, f"{pair.what}: ours and {pair.peer} differ by {found:.1e}"
    works = (pair.ours, pair.theirs, pair.limit)
    times = [max(1, int(LEAST / timed(work, 1))) for work in works]
    turns = [[timed(work, n) for work, n in zip(works, times, strict=True)] for _ in range(ROUNDS)]
    ours, theirs = (statistics.median(turn[side] for turn in turns) for side in (0, 1))
    ratio = statistics.median(turn[1] / turn[0] for turn in turns)
    reached = statistics.median(pair.share * turn[2] / turn[0] for turn in turns)
    cells = (
        pair.what, pair.peer, f"{1e3 * ours:.3g}", f"{1e3 * theirs:.3g}", f"{ratio:.1f}×", f"{found:.0e}",
        f"{reached:.0%} of {pair.bound}", pair.note,
    )  # fmt: skip
    return f"| {' | '.join(cells)} |"


def product(n: int, dtype: torch.dtype) -> tuple[Work, float]:
    """A square matrix product, and its operations."""
    a, b = draw(n, n, dtype=dtype), draw(n, n, seed=2, dtype=dtype)
    return lambda: a @ b, 2.0 * n**3


LAYERS, EXAMPLES, WIDTH = 13, 512, 1024


def alignment() -> list[Pair]:
    """All layers of one network with all of another, in double precision, and what single precision would save."""
    import ckatorch

    a, b = ([draw(EXAMPLES, WIDTH, seed=at + layer) for layer in range(LAYERS)] for at in (0, 100))
    limit, operations = product(768, DOUBLE)
    needed = 2 * LAYERS * 2.0 * EXAMPLES**2 * WIDTH + LAYERS**2 * EXAMPLES * (EXAMPLES + 1)

    def theirs() -> Tensor:
        return torch.stack([torch.stack([ckatorch.cka_base(x, y, unbiased=True) for y in b]) for x in a])

    what, bound = f"debiased CKA, {LAYERS} × {LAYERS} layers, ({EXAMPLES}, {WIDTH})", "float64 products"
    pairs = [Pair(what, "ckatorch", lambda: cka_matrix(a, b), theirs, limit, needed / operations, bound, 1e-8)]
    single = Pair(
        "the same in single-precision products", "ours, double", lambda: cka_matrix(a, b, single=True),
        lambda: cka_matrix(a, b), limit, needed / operations, bound, 1e-6, "offered; `cka_matrix` bounds its error",
    )  # fmt: skip
    return [*pairs, single]


def jacobians() -> list[Pair]:
    """Columns of a decoder's Jacobian, and the spectral norms."""
    batch, width = 128, 256
    function, z = decoder(width), draw(batch, LATENT)
    limit, operations = product(768, SINGLE)
    forward = 2.0 * batch * (LATENT * width + width * width + width * PIXELS)
    columns = jacobian_columns(function, z)

    def jacrev() -> Tensor:
        one = torch.func.jacrev(lambda code: function(code[None])[0])
        return torch.func.vmap(one)(z).permute(2, 0, 1)

    def jacobian() -> Tensor:
        # Of the sum over examples: an example's output depends on its own code alone.
        summed = torch.autograd.functional.jacobian(lambda codes: function(codes).sum(0), z, vectorize=True)
        return summed.permute(2, 1, 0)

    each = columns.flatten(2).transpose(0, 1).contiguous()
    copied = torch.empty_like(each)
    what = f"Jacobian columns, {LATENT} codes to {PIXELS} pixels, {batch} examples"
    bound, share = "float32 products", (1 + LATENT) * forward / operations
    ours = lambda: jacobian_columns(function, z)  # noqa: E731
    return [
        Pair(what, "torch.func.jacrev", ours, jacrev, limit, share, bound, 1e-5),
        Pair(what, "autograd.functional.jacobian", ours, jacobian, limit, share, bound, 1e-5),
        Pair(
            "spectral norms of these", "torch.linalg.svdvals", lambda: spectral_norms(columns),
            lambda: torch.linalg.svdvals(each)[:, 0], lambda: copied.copy_(each), 1.0, "one copy of the columns", 1e-5,
        ),
    ]  # fmt: skip


def neighbours() -> list[Pair]:
    """Five nearest of many, among images."""
    import faiss
    from sklearn.neighbors import NearestNeighbors
    from threadpoolctl import threadpool_limits

    faiss.omp_set_num_threads(1)
    batch, references, k = 256, 10_000, 5
    x, y = draw(batch, PIXELS), draw(references, PIXELS, seed=2)
    limit, operations = product(768, SINGLE)

    def by_sklearn() -> Tensor:
        with threadpool_limits(1):
            search = NearestNeighbors(n_neighbors=k, algorithm="brute").fit(y.numpy())
            return torch.from_numpy(search.kneighbors(x.numpy())[0])

    def by_faiss() -> Tensor:
        index = faiss.IndexFlatL2(PIXELS)
        index.add(y.numpy())
        return torch.from_numpy(index.search(x.numpy(), k)[0]).clamp_min(0).sqrt()

    what = f"{k} nearest of {references:,} × {PIXELS}, {batch} examples"
    share, bound = 2.0 * batch * references * PIXELS / operations, "float32 products"
    note = "kept: ours checks all numbers and measures candidates again by differences, exact where a product cancels"
    ours = lambda: nearest(x, y, k).distances  # noqa: E731
    return [
        Pair(what, "scikit-learn", ours, by_sklearn, limit, share, bound, 1e-4, note),
        Pair(what, "faiss-cpu", ours, by_faiss, limit, share, bound, 1e-4, note),
    ]


def rotations() -> list[Pair]:
    """The best rotation of one layer onto another. netrep is on no package index, so SciPy stands for it."""
    from scipy.spatial import procrustes

    x, y = draw(EXAMPLES, 256, dtype=DOUBLE), draw(EXAMPLES, 256, seed=2, dtype=DOUBLE)
    cross = x.T @ y

    def by_scipy() -> float:
        return float((1 - procrustes(x.numpy(), y.numpy())[2]) ** 0.5)

    note = "netrep is on no package index"
    return [
        Pair(
            f"Procrustes similarity, ({EXAMPLES}, 256)", "scipy.spatial.procrustes",
            lambda: procrustes_similarity(x, y), by_scipy, lambda: torch.linalg.svdvals(cross), 1.0,
            "the singular values alone", 1e-6, note,
        )
    ]  # fmt: skip


def training() -> list[Pair]:
    """A step of the plain VAE, with Pythae's trainer around the same networks."""
    from benchmarks.against_pythae import BATCH, pythae_trainer
    from benchmarks.against_pythae import LATENT as UNITS
    from vaebench.data import digits
    from vaebench.experiment import Interventions, TrainingConfig
    from vaebench.training.fit import fit
    from vaebench.variants.vae import VARIANT

    data = digits.load()
    x = data.train.x
    trainer = pythae_trainer(x)
    steps = len(trainer.train_loader)  # type: ignore[attr-defined]
    agreed = objectives_differ(trainer.model, x[:BATCH])  # type: ignore[attr-defined]
    bodies = [trainer.model.encoder.body, trainer.model.decoder.body]  # type: ignore[attr-defined]
    weights = sum(w.numel() for body in bodies for w in body.parameters() if w.ndim > 1) + 2 * 256 * UNITS
    limit, operations = product(768, SINGLE)
    config = TrainingConfig(steps=10 * steps, batch=BATCH)

    def ours() -> None:
        fit(VARIANT, data, arch="mlp", latent=UNITS, training=config, interventions=Interventions(), seed=0)

    def theirs() -> None:
        for epoch in range(10):
            trainer.train_step(epoch)  # type: ignore[attr-defined]

    share = 10 * steps * 3 * 2.0 * BATCH * weights / operations
    what = f"{10 * steps} training steps, mlp, digits, batch {BATCH}"
    note = "the difference is that of the losses on the same weights and draws; so many steps are one call"
    return [Pair(what, "Pythae", ours, theirs, limit, share, "float32 products", 1e-5, note, agreed)]


def objectives_differ(model: torch.nn.Module, x: Tensor) -> float:
    """By how much Pythae's loss and ours differ on its own outputs, relative to it."""
    from vaebench.models import Gaussian, Normal

    with torch.no_grad():
        encoded = model.encoder(x)  # type: ignore[operator]
        mean, log_variance = encoded.embedding, encoded.log_covariance
        z = mean + (log_variance / 2).exp() * draw(*mean.shape)
        decoded = model.decoder(z).reconstruction  # type: ignore[operator]
        theirs = model.loss_function(decoded, x, mean, log_variance, z)[0]  # type: ignore[operator]
        log_prob = Gaussian(decoded, 1.0).log_prob(x)
        constant = x[0].numel() * 0.5 * torch.log(torch.tensor(2 * torch.pi))
        ours = (Normal(mean, log_scale=log_variance / 2).kl() - log_prob - constant).mean()
    return difference(ours, theirs)


HEAD = """# Peers

`make peers` wrote this. One thread, one process, in turn; medians of {rounds} turns. Both sides give the same values:
the largest difference stands beside the times. The limit was measured in the same turns. Times are of the
processor. While it ran, the load was {load:.0f} on {cores} cores, which share caches and memory.

{where}

| what | peer | ours, ms | peer, ms | ratio | difference | reaches | note |
| --- | --- | ---: | ---: | ---: | ---: | --- | --- |
"""


def main() -> None:
    """Measure all pairs, and write the table."""
    torch.set_num_threads(1)
    made = (alignment, jacobians, neighbours, rotations, training)
    rows = []
    for pairs in made:
        for pair in pairs():
            rows.append(row(pair))
            sys.stdout.write(rows[-1] + "\n")
    where = f"{processor_name()}, torch {torch.__version__}, Python {platform.python_version()}."
    TABLE.write_text(
        HEAD.format(rounds=ROUNDS, where=where, load=os.getloadavg()[1], cores=os.cpu_count()) + "\n".join(rows) + "\n",
        "utf-8",
    )


if __name__ == "__main__":
    main()
