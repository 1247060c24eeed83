"""Instruments: each takes a trained model and data and gives readings; none trains, none judges.

An instrument is a function ``(trained, data, effort, rng) -> tuple[Reading | Declined, ...]``, asked for as
``module.function`` of this folder. A comparison reads several models of one cell together: it is given them by arm and
knob value, ``(models, data, effort, rng) -> tuple[tuple[knob value, Reading | Declined], ...]``.

Most instruments read real codes. A complex code is read as its real and imaginary part, √2 of each, which turns its
prior into the standard normal and changes no divergence, see `_subject`.
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
