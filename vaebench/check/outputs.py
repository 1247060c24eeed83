"""Whether a decoder's outputs are bounded as by a sigmoid or tanh: the suite reads them as they are."""

from typing import cast

import torch
from torch import Tensor, nn
from torch.func import functional_call

from vaebench.check.findings import Word
from vaebench.models import Bernoulli, Likelihood, Model
from vaebench.training.first_step.probe import Probe, evaluating

BOUNDS = ((0.0, 1.0, "a sigmoid"), (-1.0, 1.0, "a tanh"))

SIZE = 3.0
"""Noise on the weights, see `Probe.weights`: much more than training moves them."""

SPREAD = (1.0, 30.0)
"""Standard deviations of the codes."""


class _Decoding(nn.Module):
    """A decoder as a module's call, so that it can take other weights."""

    def __init__(self, model: nn.Module) -> None:
        super().__init__()
        self.model = model

    def forward(self, z: Tensor) -> Likelihood:
        return cast("Model", self.model).decode(z)


def bounded_outputs(probe: Probe) -> tuple[Word, str]:
    """Look at a decoder's raw outputs under strongly perturbed weights, at codes near and far.

    Args:
        probe: The step.

    Returns:
        ``refuse`` for log odds that never leave [0, 1] or [−1, 1], ``warn`` for such means, else ``pass``; with the
        reason.
    """
    own = probe.model.model
    lowest, highest, kind = torch.inf, -torch.inf, "mean"
    with torch.no_grad(), evaluating(own):
        mean = cast("Model", own).encode(probe.x).mean
        for draw, spread in enumerate(SPREAD):
            weights = {f"model.{name}": value for name, value in probe.weights(draw, SIZE).items()}
            codes = spread * torch.randn(mean.shape, generator=probe.generator("far", draw), dtype=mean.dtype)
            said = functional_call(_Decoding(own), weights, (codes.to(mean.device),))
            if not isinstance(said, Bernoulli) and said.log_odds is not None:
                raw, kind = said.log_odds, "log odds"  # what a task that reads log odds takes
            else:
                raw, kind = (said.logits, "log odds") if isinstance(said, Bernoulli) else (said.mean, "mean")
            if not torch.isfinite(raw).all():
                continue
            lowest, highest = min(lowest, float(raw.min())), max(highest, float(raw.max()))
    for low, high, name in BOUNDS:
        if low <= lowest and highest <= high and lowest < highest:
            return _bounded(kind, low, high, name)
    return "pass", "raw: no sigmoid or tanh bounds them"


def _bounded(kind: str, low: float, high: float, name: str) -> tuple[Word, str]:
    stays = "stay" if kind == "log odds" else "stays"
    seen = f"the decoder's {kind} {stays} in [{low:g}, {high:g}] whatever weights and codes: does it end in {name}?"
    if kind == "log odds":
        return "refuse", f"{seen} Bernoulli takes log odds: give the raw output"
    return "warn", f"{seen} Tasks that read the mean as log odds would be misled: give the raw output"
