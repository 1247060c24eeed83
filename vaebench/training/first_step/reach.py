"""Whether the suite's interventions reach the loss, and the loss the weights."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import cast

import torch
from torch import Tensor

from vaebench.models import Bernoulli, Gaussian, Likelihood, Model, Posterior, Refused, Unfit
from vaebench.training.first_step.probe import Probe, Seen, Shifted

SCALES = (0.3, 0.6)
"""Two posterior scales that are tried in turn."""

VARIANCES = (0.05, 0.1)
"""Likewise, variances of a Gaussian likelihood."""

PERTURBED = (0.3, 1.0)
"""Sizes of the noise on the weights, see `Probe.weights`; the second where the first shows nothing."""

LISTED = 5
"""Weights that a note names, at most."""


def check_interventions(probe: Probe) -> None:
    """Turn what the suite controls, one thing at a time, and see that the loss answers.

    Args:
        probe: The step.

    Raises:
        Refused: The loss stays the same. Then a task's intervention would change nothing, and every verdict would be
            about a model that was never intervened on.
    """
    with torch.no_grad():
        deaf = _unanswered(probe, PERTURBED[0])
        # A network at its start may hardly pass anything on: rounding may hide an answer.
        further = _unanswered(probe, PERTURBED[1]) if deaf else {}
    for what, remedy in deaf.items():
        if what in further:
            raise Refused(f"the loss stays the same when {what} changes, so interventions cannot act: {remedy}")


def _unanswered(probe: Probe, size: float) -> dict[str, str]:
    """What the loss does not answer to at perturbed weights, and what an author can do about it."""
    weights, ours = probe.weights(0, size), probe.model.interventions
    base, again = (probe.look(weights=weights) for _ in range(2))
    scaled = [probe.look(replace(ours, posterior_scale=scale), weights=weights) for scale in SCALES]
    noisy = replace(ours, input_noise=float(probe.x.std()) or 1.0)
    pairs = {
        "the posterior's scale": (scaled, "take step.posterior, or step.encode"),
        "the noise on the input": (
            [probe.look(noisy, weights=weights, input_noise=probe.input_noise(draw)) for draw in (0, 1)],
            "take step.posterior, or encode step.seen",
        ),
        "what the decoder says": (
            [base, probe.look(weights=weights, kind=Shifted)],
            "take step.likelihood, or step.decode",
        ),
    }
    # An objective that draws its own codes is reached through the posterior that it draws them from.
    if not any(not torch.allclose(*codes) for codes in zip(*(seen.decoded for seen in scaled), strict=False)):
        pairs["the draw of z"] = (
            [base, probe.look(weights=weights, code_noise=probe.code_noise(1))],
            "take step.z and step.likelihood, or step.encode and step.decode",
        )
    if isinstance(base.step.likelihood, Gaussian) and not isinstance(base.step.likelihood.variance, Tensor):
        pairs["the likelihood's variance"] = (
            [probe.look(replace(ours, likelihood_variance=variance), weights=weights) for variance in VARIANCES],
            "take step.likelihood.log_prob(step.x) for the reconstruction",
        )
    chance = _change(base, again)  # 0 on a CPU; on a GPU sums come in any order
    return {what: remedy for what, (looks, remedy) in pairs.items() if _change(*looks) <= 10 * chance}


def _change(one: Seen, other: Seen) -> float:
    return abs(float(one.losses[0]) - float(other.losses[0]))


def check_gradients(probe: Probe) -> tuple[str, ...]:
    """See which weights the losses move.

    Args:
        probe: The step.

    Returns:
        A note on the weights that no loss moves, though no intervention explains it; empty where there are none.

    Raises:
        Refused: The loss has no gradient, or none that reaches the encoder's weights, or the decoder's.
        Unfit: The loss moves weights that are neither the encoder's nor the decoder's, and the variant does not say
            that its prior is the standard normal nevertheless.
    """
    named = {n: w for n, w in probe.model.model.named_parameters() if w.requires_grad}
    theirs = [f"{player.module}." for player in probe.variant.players]
    own = {name for name in named if not name.startswith(tuple(theirs))}
    with torch.enable_grad():
        raw, under = _outputs(probe)
        encoder, decoder = (_reached(outputs, named) for outputs in raw)
        read = set().union(*(_reached(outputs, named) for outputs in under))
        losses = probe.look().losses
        if not losses[0].requires_grad:
            raise Refused("the loss has no gradient: it is detached, or computed under torch.no_grad")
        by_loss = _reached(losses[:1], named) & own
        moved = by_loss | (_reached(losses[1:], named) - own)
    for side, weights in (("encode", encoder), ("decode", decoder)):
        if not weights & moved:
            raise Refused(f"no weight behind {side} gets a gradient: is it detached, under torch.no_grad, or frozen?")
    if (elsewhere := by_loss - encoder - decoder) and probe.variant.prior != "standard":
        raise Unfit(
            f"the loss moves weights outside encode and decode ({_list(elsewhere, named)}); if they are a prior or a "
            'flow, instruments would read N(0, I) in their place; if not, say prior="standard" in the Variant'
        )
    idle = (own - moved) - ((encoder | decoder) - read)
    return (f"no gradient reaches {len(idle)} of {len(own)} weight tensors: {_list(idle, named)}",) if idle else ()


def _list(names: Iterable[str], order: Iterable[str]) -> str:
    chosen = set(names)
    listed = [name for name in order if name in chosen]
    return ", ".join(listed[:LISTED]) + (f" and {len(listed) - LISTED} more" if len(listed) > LISTED else "")


def _outputs(probe: Probe) -> tuple[tuple[list[Tensor], list[Tensor]], tuple[list[Tensor], list[Tensor]]]:
    """What encoder and decoder say of themselves, and what of it is left under the interventions."""
    was_training = probe.model.training
    probe.model.eval()  # so that no running average moves
    own = cast("Model", probe.model.model)
    posterior = own.encode(probe.x)
    codes = posterior.mean.detach()
    found = (
        (_of_posterior(posterior), _of_likelihood(own.decode(codes))),
        (_of_posterior(probe.model.encode(probe.x)), _of_likelihood(probe.model.decode(codes))),
    )
    probe.model.train(was_training)
    return found


def _of_posterior(posterior: Posterior) -> list[Tensor]:
    return [posterior.mean, posterior.scale, posterior.log_scale]


def _of_likelihood(likelihood: Likelihood) -> list[Tensor]:
    if isinstance(likelihood, Bernoulli):
        return [likelihood.logits]
    return [likelihood.mean, *([likelihood.variance] if isinstance(likelihood.variance, Tensor) else [])]


def _reached(outputs: Iterable[Tensor], named: Mapping[str, Tensor]) -> set[str]:
    """Names of the weights that outputs hang on."""
    parts = [torch.view_as_real(out) if out.is_complex() else out for out in outputs if out.requires_grad]
    if not parts or not named:
        return set()
    total = torch.stack([part.sum() for part in parts]).sum()
    found = torch.autograd.grad(total, list(named.values()), retain_graph=True, allow_unused=True)
    return {name for name, gradient in zip(named, found, strict=True) if gradient is not None}
