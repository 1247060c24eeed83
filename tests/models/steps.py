"""Training steps for the tests of objectives: a value of every field, from few."""

import torch
from torch import Tensor, nn

from vaebench.models import Likelihood, Posterior, Step
from vaebench.seeds import seed_for


class NoModel(nn.Module):
    """Stands where an objective should look at nothing but the step itself."""

    def encode(self, x: Tensor) -> Posterior:
        raise AssertionError("this step has no encoder")

    def decode(self, z: Tensor) -> Likelihood:
        raise AssertionError("this step has no decoder")


def step_at(
    x: Tensor,
    posterior: Posterior,
    z: Tensor,
    likelihood: Likelihood,
    *,
    model: nn.Module | None = None,
    step: int = 0,
    steps: int = 100,
    examples: int = 1000,
    seed: int = 0,
) -> Step:
    """A step without input noise."""
    model = NoModel() if model is None else model
    rng = torch.Generator().manual_seed(seed)
    return Step(x, posterior, z, likelihood, step, rng, steps, examples, x, model.encode, model.decode, model)


def taken(model: nn.Module, x: Tensor, *, step: int = 0, steps: int = 100, examples: int = 1000, seed: int = 0) -> Step:
    """The step that the suite would take with a model: z's noise is of another stream than the step's own."""
    posterior = model.encode(x)
    noise = torch.Generator().manual_seed(seed_for(seed, "noise"))
    units = posterior.mean.shape[1] * (2 if posterior.mean.is_complex() else 1)
    z = posterior.sample(torch.randn(len(x), units, generator=noise, dtype=x.dtype))
    return step_at(x, posterior, z, model.decode(z), model=model, step=step, steps=steps, examples=examples, seed=seed)
