"""Whether a model's sides can be frozen one by one, and what is needed for that."""

import torch
from torch import Tensor

from vaebench.claims.measurements import Cause
from vaebench.measures.probe import Cohort
from vaebench.papers.bonheme2022.retraining import Bench
from vaebench.training.fit import Trained
from vaebench.training.sides import sides_of
from vaebench.training.step import TrainingStep


class NoReading(Exception):  # noqa: N818 - carried to where the measurements are named
    """A model has no functional lead; the message says why in one line."""

    def __init__(self, reason: str, cause: Cause = "setting") -> None:
        super().__init__(reason)
        self.cause = cause


def bench_of(cohort: Cohort, trained: Trained, x: Tensor, seed: int) -> Bench:
    """Put together what retraining needs.

    Args:
        cohort: With ``redrawn``, whose first weights fresh sides start from.
        trained: The model.
        x: Held-out examples, shape (n, *shape).
        seed: Of batches and noise.

    Returns:
        The bench.

    Raises:
        NoReading: A side cannot be frozen alone, or there is nothing to start from.
    """
    if len(trained.snapshots) < 2 or trained.objective is None:
        raise NoReading("fewer than two snapshots were kept in training")
    fresh = next((one for (arm, _), one in cohort.models.items() if arm == "redrawn"), None)
    if fresh is None or not fresh.snapshots or fresh.snapshots[0][0] != 0:
        raise NoReading("there are no first weights of another seed, from which fresh sides start")
    sides = sides_of(trained.model.model, x[:2])
    if sides.shared:
        raise NoReading(f"encoder and decoder share {sides.shared[0]}: one cannot be frozen alone")
    if not (sides.encoder and sides.decoder):
        raise NoReading(f"the {'decoder' if sides.encoder else 'encoder'} has no weights")
    bench = Bench(trained, sides, fresh.snapshots[0][1], cohort.data.train.x, x, seed)
    _require_two_sides(bench)
    return bench


def _require_two_sides(bench: Bench) -> None:
    """Stop where the loss uses weights of neither side, or where a model keeps more than weights."""
    model, (_, first), (_, last) = bench.trained.model.model, bench.trained.snapshots[0], bench.trained.snapshots[-1]
    weights = dict(model.named_parameters())
    moved = (name for name in last if name not in weights and not torch.equal(first[name], last[name]))
    tied = {name for name, _ in model.named_parameters(remove_duplicate=False)}
    if kept := next((name for name in moved if name not in tied), None):
        raise NoReading(f"{kept} changes in training and is no weight: sides cannot be put together")
    if used := _used_outside(bench):
        raise NoReading(f"the loss uses {used}, which belongs neither to the encoder nor to the decoder")


def _used_outside(bench: Bench) -> str:
    """Name a weight outside both sides that the loss depends on, such as a discriminator's; or nothing."""
    trained, x = bench.trained, bench.x[:16]
    weights = {name: dict(trained.model.model.named_parameters())[name] for name in bench.sides.outside}
    if not weights:
        return ""
    rng = torch.Generator(x.device).manual_seed(bench.seed)
    noise = torch.randn(len(x), trained.latent, generator=rng, device=x.device)
    assert trained.objective is not None
    with torch.enable_grad():
        copies = {f"model.model.{name}": weight.detach().requires_grad_() for name, weight in weights.items()}
        step_of = TrainingStep(trained.model, (trained.objective,), 1, len(bench.x))
        (loss,) = torch.func.functional_call(step_of, copies, (x, noise, None, 0, rng))
        if not loss.requires_grad:
            return ""
        slopes = torch.autograd.grad(loss, list(copies.values()), allow_unused=True)
    return next((name for name, slope in zip(weights, slopes, strict=True) if slope is not None), "")
