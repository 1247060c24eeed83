"""Whether the suite's interventions affect the loss, and the loss the weights."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from itertools import product
from typing import Any, cast, get_args

import torch
from torch import Tensor, nn
from torch.func import functional_call

from vaebench.experiment import Interventions, Target
from vaebench.models import Bernoulli, Gaussian, Likelihood, Model, Posterior, Refused, Unfit
from vaebench.models.priors import Density, Sampling
from vaebench.training.first_step.probe import Probe, Seen, Shifted, Silent, evaluating
from vaebench.training.intervened import Intervened

SCALES = (0.3, 0.6)
"""Two posterior scales that are compared."""

VARIANCES = (0.05, 0.1)
"""Two variances of a Gaussian likelihood that are compared."""

PERTURBED = (0.3, 1.0, 0.1, 0.0)
"""Sizes of the noise on the weights, see `Probe.weights`; each is tried if those before show no effect."""

LOUDER = 100.0
"""Factor on the noise on the input, where the loss has too few digits for the effect of a faint one."""

LISTED = 5
"""Most weights that a note names."""


def check_interventions(probe: Probe) -> None:
    """Vary what the suite controls, one thing at a time, and check that the loss changes.

    Args:
        probe: The step.

    Raises:
        Refused: The loss stays the same. A task's intervention would then change nothing, and every verdict would be
            about an unchanged model.
    """
    deaf: dict[str, str] | None = None
    # An initial network may pass on hardly anything, another may overflow, and an objective may start with fewer terms.
    for size, step in product(PERTURBED, _steps(probe)):
        silent = _unanswered(probe, size, step)
        if silent is None:
            continue
        deaf = silent if deaf is None else {what: deaf[what] for what in deaf if what in silent}
        if not deaf:
            return
    for what, remedy in (deaf or {}).items():
        raise Refused(f"the loss stays the same when {what} changes, so interventions cannot act: {remedy}")


def _steps(probe: Probe) -> tuple[int, ...]:
    """Steps that are checked, because an objective may change during training."""
    return tuple(dict.fromkeys((0, probe.steps - 1, probe.steps // 2)))


def _unanswered(probe: Probe, size: float, step: int) -> dict[str, str] | None:
    """What has no effect on the loss at perturbed weights, with its remedy; None if the loss is not finite."""
    weights, ours = probe.weights(0, size), probe.model.interventions

    def look(by: Interventions | None = None, **options: Any) -> Seen:
        return probe.look(by, weights=weights, step=step, **options)

    base = look()
    if not torch.isfinite(base.losses[0]):
        return None
    chance = _change(base, look())
    if chance > 0 and probe.x.device.type == "cpu":
        raise Refused("the loss differs between two evaluations with the same draws: draw from step.rng, or by torch")
    scaled = [look(replace(ours, posterior_scale=scale)) for scale in SCALES]
    noisy = replace(ours, input_noise=float(probe.x.std()) or 1.0)
    seen = [look(noisy, input_noise=probe.input_noise(draw)) for draw in (0, 1)]
    if not _change(*seen) > 10 * chance:
        # Of a colour image a loss is 10,000 nats, of which single precision has three decimals.
        loud = replace(noisy, input_noise=LOUDER * noisy.input_noise)
        seen = [look(loud, input_noise=probe.input_noise(draw)) for draw in (0, 1)]
    explained = [look(replace(noisy, target=target), input_noise=probe.input_noise(0)) for target in get_args(Target)]
    pairs = {
        "the posterior's scale": (scaled, "take step.posterior, or step.encode"),
        "the noise on the input": (seen, "take step.posterior, or encode step.seen"),
        "the decoder's output": ([base, look(kind=Shifted)], "take step.likelihood, or step.decode"),
        "the target": (explained, "explain step.x, not step.seen"),
    }
    # An objective that draws its own codes depends on the posterior that it draws them from.
    if not any(not torch.allclose(*codes) for codes in zip(*(one.decoded for one in scaled), strict=False)):
        drawn = [base, look(code_noise=probe.code_noise(1))]
        pairs["the draw of z"] = (drawn, "take step.z and step.likelihood, or step.encode and step.decode")
    if isinstance(base.step.likelihood, Gaussian) and not isinstance(base.step.likelihood.variance, Tensor):
        fixed = [look(replace(ours, likelihood_variance=variance)) for variance in VARIANCES]
        pairs["the likelihood's variance"] = (fixed, "take step.likelihood.log_prob(step.x) for the reconstruction")
    # NaN counts as no effect. On a GPU the order of sums varies.
    return {what: remedy for what, (looks, remedy) in pairs.items() if not _change(*looks) > 10 * chance}


def _change(one: Seen, other: Seen) -> float:
    return abs(float(one.losses[0].detach()) - float(other.losses[0].detach()))


def check_reconstruction(probe: Probe) -> None:
    """Check that the decoder's output, and not the KL alone, updates the encoder's weights.

    Args:
        probe: The step.

    Raises:
        Refused: The codes are detached, so the encoder would learn to ignore the data.
    """
    for step in _steps(probe):
        weights = probe.weights(0, PERTURBED[0])
        with evaluating(probe.model), torch.enable_grad():
            raw = functional_call(_Encoding(probe.model), {f"model.model.{n}": w for n, w in weights.items()}, probe.x)
            trained = {name: weight for name, weight in weights.items() if weight.requires_grad}
            encoder = [trained[name] for name in sorted(_reached(_of_posterior(raw), trained))]
        whole, silent = (probe.look(weights=weights, step=step, kind=kind).losses[0] for kind in (Intervened, Silent))
        if not torch.isfinite(whole - silent) or whole == silent:
            return  # nothing can be told of it here
        found, alone = (torch.autograd.grad(loss, encoder, allow_unused=True) for loss in (whole, silent))
        if any(not _alike(one, other) for one, other in zip(found, alone, strict=True)):
            return
    raise Refused("the decoder's output never moves the encoder's weights: is z detached?")


def _alike(one: Tensor | None, other: Tensor | None) -> bool:
    if one is None or other is None:
        return one is other
    return torch.allclose(one, other, rtol=1e-5, atol=1e-7 * float(other.abs().max()))


class _Encoding(nn.Module):
    """An encoder as a module's call, so that it can take other weights."""

    def __init__(self, model: Intervened) -> None:
        super().__init__()
        self.model = model

    def forward(self, x: Tensor) -> Posterior:
        return cast("Model", self.model.model).encode(x)


def check_gradients(probe: Probe) -> tuple[str, ...]:
    """Check which weights the losses update.

    Args:
        probe: The step.

    Returns:
        A note on weights that no loss updates, though no intervention explains it; empty if there are none.

    Raises:
        Refused: The loss has no gradient, or none that reaches the encoder's or the decoder's weights.
        Unfit: The loss updates weights outside encoder and decoder, and the variant does not declare that its prior is
            the standard normal.
    """
    named = {n: w for n, w in probe.model.model.named_parameters() if w.requires_grad}
    theirs = [f"{adversary.module}." for adversary in probe.variant.adversaries]
    own = {name for name in named if not name.startswith(tuple(theirs))}
    with torch.enable_grad():
        raw, under = _outputs(probe)
        encoder, decoder = (_reached(outputs, named) for outputs in raw)
        read = set().union(*(_reached(outputs, named) for outputs in under))
        beside = _reached(_of_prior(probe), named)
        by_loss, moved = set[str](), set[str]()
        for step in _steps(probe):
            losses = probe.look(step=step).losses
            by_loss |= _reached(losses[:1], named) & own
            moved |= by_loss | (_reached(losses[1:], named) - own)
            if own <= moved:
                break
        if not moved:
            raise Refused("the loss has no gradient: it is detached, or computed under torch.no_grad")
    for side, weights in (("encode", encoder), ("decode", decoder)):
        if not weights & moved:
            raise Refused(f"no weight behind {side} gets a gradient: is it detached, under torch.no_grad, or frozen?")
    if (elsewhere := by_loss - encoder - decoder - beside) and probe.variant.prior != "standard":
        raise Unfit(
            f"the loss moves weights outside encode and decode ({_list(elsewhere, named)}), so instruments would "
            'assume the prior N(0, I): if they are a prior, declare prior="own" and give the model prior_sample; if '
            'they move the codes, let encode give a FlowNormal; if neither, declare prior="standard"'
        )
    idle = (own - moved) - ((encoder | decoder) - read)
    return (f"no gradient reaches {len(idle)} of {len(own)} weight tensors: {_list(idle, named)}",) if idle else ()


def _list(names: Iterable[str], order: Iterable[str]) -> str:
    chosen = set(names)
    listed = [name for name in order if name in chosen]
    return ", ".join(listed[:LISTED]) + (f" and {len(listed) - LISTED} more" if len(listed) > LISTED else "")


def _outputs(probe: Probe) -> tuple[tuple[list[Tensor], list[Tensor]], tuple[list[Tensor], list[Tensor]]]:
    """Outputs of encoder and decoder, without and with the interventions."""
    own = cast("Model", probe.model.model)
    with evaluating(probe.model):
        posterior = own.encode(probe.x)
        codes = posterior.mean.detach()
        return (
            (_of_posterior(posterior), _of_likelihood(own.decode(codes))),
            (_of_posterior(probe.model.encode(probe.x)), _of_likelihood(probe.model.decode(codes))),
        )


def _of_posterior(posterior: Posterior) -> list[Tensor]:
    return list(posterior.parts())


def _of_prior(probe: Probe) -> list[Tensor]:
    """Codes from a prior of the model's own; nothing for the standard normal."""
    own = probe.model.model
    if not isinstance(own, Sampling):
        return []
    codes = own.prior_sample(probe.code_noise())
    return [codes, own.prior_log_prob(codes.detach())] if isinstance(own, Density) else [codes]


def _of_likelihood(likelihood: Likelihood) -> list[Tensor]:
    if isinstance(likelihood, Bernoulli):
        return [likelihood.logits]
    return [likelihood.mean, *([likelihood.variance] if isinstance(likelihood.variance, Tensor) else [])]


def _reached(outputs: Iterable[Tensor], named: Mapping[str, Tensor]) -> set[str]:
    """Names of the weights that outputs depend on."""
    parts = [torch.view_as_real(out) if out.is_complex() else out for out in outputs if out.requires_grad]
    if not parts or not named:
        return set()
    total = torch.stack([part.sum() for part in parts]).sum()
    found = torch.autograd.grad(total, list(named.values()), retain_graph=True, allow_unused=True)
    return {name for name, gradient in zip(named, found, strict=True) if gradient is not None}
