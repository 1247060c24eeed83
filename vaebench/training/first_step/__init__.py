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
    notes: tuple[str, ...]


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


def _look(variant: Variant, model: Intervened, x: Tensor, probe: Probe) -> FirstLook:
    with evaluating(model):  # two examples must not move a layer's running averages
        check_weights(model)
        posterior = check_types_and_shapes(model, x, probe.latent)
    with torch.no_grad():  # a layer may set itself up in its first step of training
        model.decode(model.encode(probe.x).mean)
    with evaluating(model):
        check_precision(model, x)
        check_spread(model, x)
        check_alone(model, x)
        check_derivatives(model, x, probe.generator("derivatives"))
    notes = tuple(getattr(model.model, "remarks", ()))
    if isinstance(posterior, FlowNormal) and model.interventions.posterior_scale is not None:
        raise Unfit("its posterior is moved by a flow: it has no scale that the task could fix")
    _check_prior(variant, model, probe, posterior.mean.is_complex())
    if variant.trained:
        if variant.kl_weight is not None:
            notes += ("its kl_weight is its author's word: the suite did not train it",)
        return FirstLook(isinstance(posterior, ComplexNormal), notes)
    notes += reach.check_gradients(probe)
    reach.check_interventions(probe)
    reach.check_reconstruction(probe)
    if variant.kl_weight is not None:
        declared.check_kl_weight(probe, variant.kl_weight)
    return FirstLook(isinstance(posterior, ComplexNormal), notes)


def _check_prior(variant: Variant, model: Intervened, probe: Probe, complex_codes: bool) -> None:
    if has_own_prior(model.model):
        if variant.prior == "standard":
            raise Refused('it says prior="standard" and has a prior_sample: it is one of the two')
        prior.check_prior(model.model, probe.latent, complex_codes, probe.generator("prior"))
    elif variant.prior == "own":
        raise Unfit("its prior is its own, but it has no prior_sample(noise): instruments would assume N(0, I)")
