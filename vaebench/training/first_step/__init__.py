"""Checks of a variant's first step, before it costs a training.

| module | checks that |
| --- | --- |
| `readable` | encoder and decoder return the suite's distributions, in single precision, with scales above 0 |
| `alone` | each example is treated separately and repeatably |
| `differentiable` | instruments get the same derivatives as back-propagation |
| `prior` | a prior of the model's own has the density that it says |
| `reach` | interventions affect the loss, and the loss the weights |
| `declared` | the loss is −log p(x|z) + kl_weight·KL, where a variant declares it |

`Refused` is for an error that the author can correct. `Unfit` is for a sound model that instruments cannot measure yet.
The checks leave the model, its running averages and all generators unchanged.
"""

import random
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from vaebench.models import ComplexNormal, FlowNormal, Refused, Unfit, Variant
from vaebench.models.priors import has_own_prior
from vaebench.training.first_step import declared, prior, reach
from vaebench.training.first_step.alone import check_alone
from vaebench.training.first_step.differentiable import check_derivatives
from vaebench.training.first_step.probe import ROWS, Probe, evaluating, kept
from vaebench.training.first_step.readable import check_precision, check_spread, check_types_and_shapes, check_weights
from vaebench.training.intervened import Intervened


@dataclass(frozen=True)
class FirstLook:
    """Findings about a model that may be trained.

    Attributes:
        complex_codes: Whether its codes are complex.
        notes: Remarks for the record, one line each.
    """

    complex_codes: bool
    notes: tuple[str, ...] = ()


def look(variant: Variant, model: Intervened, x: Tensor, *, latent: int, steps: int, seed: int) -> FirstLook:
    """Check a variant's first step.

    Args:
        variant: The variant.
        model: Its untrained model with the task's interventions, on the device.
        x: The training examples, shape (n, *shape), likewise.
        latent: Requested number of latent units.
        steps: Number of steps of the training.
        seed: Seed of the draws.

    Returns:
        The findings.

    Raises:
        Refused: The variant breaks the protocol. The message begins with its name and says what to change.
        Unfit: The suite's instruments cannot measure such a model. The message begins likewise.
    """
    devices = [x.device] if x.device.type == "cuda" else []
    others = random.getstate(), np.random.get_state()
    try:
        with torch.random.fork_rng(devices=devices), kept(model):
            return _look(variant, model, x, Probe(variant, model, x[:ROWS], latent, steps, len(x), seed))
    except Refused as error:
        raise Refused(f"{variant.name}: {error}") from None
    except Unfit as error:
        raise Unfit(f"{variant.name}: {error}") from None
    finally:
        random.setstate(others[0])
        np.random.set_state(others[1])


def glance(model: Intervened, x: Tensor) -> FirstLook:
    """Find out what training needs to know of a model whose first step was checked already.

    Args:
        model: As for `look`.
        x: Likewise.

    Returns:
        The findings, without notes.
    """
    devices = [x.device] if x.device.type == "cuda" else []
    with torch.random.fork_rng(devices=devices), kept(model):
        _try_in_training_mode(model, x[:ROWS])
        return FirstLook(_has_complex_codes(model, x))


def _look(variant: Variant, model: Intervened, x: Tensor, probe: Probe) -> FirstLook:
    notes = [*getattr(model.model, "remarks", ())]
    notes += [note for check in checks(variant, model, x, probe).values() for note in check()]
    return FirstLook(_has_complex_codes(model, x), tuple(notes))


def _has_complex_codes(model: Intervened, x: Tensor) -> bool:
    with torch.no_grad(), evaluating(model):
        return isinstance(model.encode(x[:2]), ComplexNormal)


Check = Callable[[], tuple[str, ...]]
"""One check of a first step: it returns remarks for the record, and raises `Refused` or `Unfit`."""


def checks(variant: Variant, model: Intervened, x: Tensor, probe: Probe) -> dict[str, Check]:
    """List the checks of a first step. `look` runs them all; `vaebench check` runs them one by one.

    Args:
        variant: The variant.
        model: Its untrained model with the task's interventions, on the device.
        x: The training examples, shape (n, *shape), likewise.
        probe: The step.

    Returns:
        Checks by name, in the order in which they have to be run.
    """

    def still(check: Callable[..., object], *arguments: object) -> Check:
        def run() -> tuple[str, ...]:
            with evaluating(model):  # two examples must not move a layer's running averages
                check(*arguments)
            return ()

        return run

    def plain(check: Callable[..., object], *arguments: object) -> Check:
        def run() -> tuple[str, ...]:
            check(*arguments)
            return ()

        return run

    listed = {
        "weights": still(check_weights, model),
        "encode and decode": still(check_types_and_shapes, model, x, probe.latent),
        "training mode": plain(_try_in_training_mode, model, probe.x),
        "precision": still(check_precision, model, x),
        "scale": still(check_spread, model, x),
        "example by example": still(check_alone, model, x),
        "derivatives": still(check_derivatives, model, x, probe.generator("derivatives")),
        "posterior": still(_check_posterior, model, x),
        "prior": plain(_check_prior, variant, model, x, probe),
    }
    if variant.trained:
        return listed | {"kl_weight": lambda: _author_says(variant)}
    listed |= {
        "gradients": lambda: reach.check_gradients(probe),
        "interventions": plain(reach.check_interventions, probe),
        "reconstruction": plain(reach.check_reconstruction, probe),
    }
    if variant.kl_weight is not None:
        listed["kl_weight"] = plain(declared.check_kl_weight, probe, variant.kl_weight)
    return listed


def _try_in_training_mode(model: Intervened, x: Tensor) -> None:
    """Call a model once in training mode: a layer may set itself up in its first step of training."""
    with torch.no_grad():
        model.decode(model.encode(x).mean)


def _author_says(variant: Variant) -> tuple[str, ...]:
    if variant.kl_weight is None:
        return ()
    return ("its kl_weight is its author's word: the suite did not train it",)


def _check_posterior(model: Intervened, x: Tensor) -> None:
    if model.interventions.posterior_scale is not None and isinstance(model.encode(x[:2]), FlowNormal):
        raise Unfit("its posterior is moved by a flow: it has no scale that the task could fix")


def _check_prior(variant: Variant, model: Intervened, x: Tensor, probe: Probe) -> None:
    if has_own_prior(model.model):
        if variant.prior == "standard":
            raise Refused('it says prior="standard" and has a prior_sample: it is one of the two')
        with torch.no_grad(), evaluating(model):
            complex_codes = model.encode(x[:2]).mean.is_complex()
        prior.check_prior(model.model, probe.latent, complex_codes, probe.generator("prior"))
    elif variant.prior == "own":
        raise Unfit("its prior is its own, but it has no prior_sample(noise): instruments would assume N(0, I)")
