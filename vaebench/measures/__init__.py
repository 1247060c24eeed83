"""Instruments: each takes a trained model and data and gives readings; none trains, none judges.

An instrument is a function ``(trained, data, effort, rng) -> tuple[Reading | Declined, ...]``, asked for as
``module.function`` of this folder.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Effort:
    """How much an instrument may spend.

    Attributes:
        samples: Draws from the prior for Monte-Carlo means.
        points: Held-out examples, at most, for means over data.
        attacked: Held-out examples, at most, that are attacked.
        attack_steps: Ascent steps of an attack.
        attack_restarts: Random starts of an attack.
    """

    samples: int = 8192
    points: int = 1024
    attacked: int = 128
    attack_steps: int = 30
    attack_restarts: int = 4
