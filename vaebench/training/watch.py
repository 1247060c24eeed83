"""What is seen of a training while it runs: losses at checks, snapshots of weights, and which models have diverged."""

import math
from collections.abc import Callable, Mapping, Sequence

from torch import Tensor

from vaebench.training.teams import Team

CHECK_EVERY = 100
"""Steps between two checks of the loss; each check waits for the device."""

LOWEST = -50.0
"""Lower limit of a loss, in nats per value of an example: −log p of the narrowest Gaussian in single precision."""


class Diverged(RuntimeError):  # noqa: N818 - a status of the cell, caught by whoever runs it
    """The loss is not finite, or is unbounded below; the message says since which step."""


class Watch:
    """Watches a model, or the members of a stack, each by itself.

    Args:
        weights_of: A member's weights and buffers, by name.
        teams: Who moves them. A member that has diverged is moved no more.
        members: How many models there are.
        values: Values in one example.
        steps: Steps of the whole training.

    Attributes:
        history: Of each member, (step, loss) at every check, in nats per example.
        snapshots: Of each member, (step, weights).
        diverged: Members that have diverged, with what is to be said of it.
    """

    def __init__(
        self,
        weights_of: Callable[[int], Mapping[str, Tensor]],
        teams: Sequence[Team],
        members: int,
        values: int,
        steps: int,
    ) -> None:
        self._weights_of, self._teams, self._values, self._steps = weights_of, teams, values, steps
        self.history: list[list[tuple[int, float]]] = [[] for _ in range(members)]
        self.snapshots: list[list[tuple[int, dict[str, Tensor]]]] = [[] for _ in range(members)]
        self.diverged: dict[int, Diverged] = {}

    def snap(self, step: int) -> None:
        """Keep copies of all weights."""
        for member, kept in enumerate(self.snapshots):
            kept.append((step, {name: each.detach().clone() for name, each in self._weights_of(member).items()}))

    def check(self, losses: Tensor, step: int) -> None:
        """Note losses, and stop members whose loss is not finite or unbounded.

        Args:
            losses: In nats per example: a scalar, or one of each member.
            step: Number of the step.
        """
        for member, loss in enumerate(losses.reshape(-1).tolist()):
            if member in self.diverged:
                continue
            self.history[member].append((step, loss))
            if not math.isfinite(loss):
                self._stop(member, f"the loss was {loss} at step {step} of {self._steps}")
            elif loss < LOWEST * self._values:
                self._stop(
                    member, f"the loss fell to {loss:.3g} at step {step} of {self._steps}: it is unbounded below"
                )

    @property
    def over(self) -> bool:
        """Whether no model is left."""
        return len(self.diverged) == len(self.history)

    def end(self) -> None:
        """Check all weights after the last step."""
        for member in range(len(self.history)):
            finite = all(each.isfinite().all() for each in self._weights_of(member).values())
            if member not in self.diverged and not finite:
                self._stop(member, f"a weight is not finite after step {self._steps}")

    def _stop(self, member: int, why: str) -> None:
        self.diverged[member] = Diverged(why)
        for team in self._teams:
            team.parts[member].stop()
