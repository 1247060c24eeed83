"""The checks of `training.first_step`, which `fit` runs too, one by one on each network under each task."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

import torch

from vaebench.cell import explained
from vaebench.check.findings import Line, Word, merged
from vaebench.check.outputs import bounded_outputs
from vaebench.check.setting import Setting
from vaebench.experiment import Interventions
from vaebench.models import Refused, Unfit, Variant
from vaebench.models.priors import Density, Sampling
from vaebench.training.first_step import Check, checks
from vaebench.training.first_step.probe import kept

PASSES = {
    "weights": "all in single precision",
    "encode and decode": "the suite's distributions, with the expected shapes",
    "training mode": "both run in training mode",
    "precision": "computed in single precision",
    "scale": "positive and finite on 512 examples",
    "example by example": "the same twice, alone and in another batch",
    "derivatives": "forward and vectorised derivatives equal back-propagation",
    "posterior": "its scale can be fixed",
    "prior": "nothing says that it is not N(0, I)",
    "gradients": "the loss is a finite scalar, and reaches encoder and decoder",
    "interventions": "posterior scale, input noise, target, likelihood and z each change the loss",
    "reconstruction": "the decoder's output moves the encoder's weights",
    "kl_weight": "as declared",
    "outputs": "raw: neither a sigmoid nor a tanh bounds them",
}

NEEDED = ("encode and decode", "training mode")
"""Checks without which nothing further can be tried."""

FOLLOWING = ("derivatives",)
"""Checks that a refusal of an earlier one makes fail, for that reason and in other words."""

BROKEN = "raises "
"""How the reason begins where code of the variant's own raises an error."""

Outcome = Literal[Word, "decline"]
"""What a check finds; ``decline`` where a run would decline the cell, and measure others."""

Finding = tuple[str, Outcome, str]
"""A check's name, outcome and reason."""

Key = tuple[str, str, tuple[int, ...]]
"""Network, interventions and shape of an example: what decides a first step."""


@dataclass(frozen=True)
class FirstSteps:
    """The findings of all first steps.

    Attributes:
        lines: One line for each check that passes everywhere, and for each distinct objection.
        sound: The settings that were tried, and in which nothing was refused or declined.
        fitting: All settings that a run would not decline.
    """

    lines: tuple[Line, ...]
    sound: tuple[Setting, ...]
    fitting: tuple[Setting, ...]


def first_steps(variant: Variant, every: Sequence[Setting]) -> FirstSteps:
    """Run the first-step checks on each network under the interventions of each task and of its arms.

    One setting of each kind and shape of the examples is tried. A cell trains the models of all its arms, so it is
    declined where one of them is. What is declined is a warning, unless a run would decline everything.

    Args:
        variant: The variant.
        every: Settings that it fits.

    Returns:
        The findings.
    """
    found: list[tuple[Setting, Finding]] = []
    settled: set[Key] = set()
    declined: set[Key] = set()
    sound = []
    for setting in every:
        for by in _interventions(setting):
            key = _key(setting, by)
            if key in settled or key in declined:
                continue
            findings = list(_run(variant, setting, by))
            found += [(setting, finding) for finding in findings]
            outcomes = {outcome for _, outcome, _ in findings}
            if outcomes & {"decline", "refuse"} == {"decline"}:
                declined.add(key)
            else:
                settled.add(key)
            if not outcomes & {"decline", "refuse"}:
                sound.append(setting)
    fitting = [one for one in every if not any(_key(one, by) in declined for by in _interventions(one))]
    lines = _lines(found, nothing_left=not fitting)
    return FirstSteps(tuple(lines), tuple(one for one in sound if one in fitting), tuple(fitting))


def _interventions(setting: Setting) -> Iterator[Interventions]:
    """The interventions under which a cell trains the variant, but those that its data do not admit.

    Yields:
        Those of the task, and of each arm that has its own.
    """
    x = setting.data.train.x
    arms = (arm.interventions for arm in setting.task.arms if arm.variant == "own")
    for by in (setting.task.interventions, *arms):
        if by is not None and (by.likelihood != "bernoulli" or bool(x.min() >= 0 and x.max() <= 1)):
            yield by


def _key(setting: Setting, by: Interventions) -> Key:
    return setting.arch, repr(by), setting.data.shape


def _lines(found: Sequence[tuple[Setting, Finding]], *, nothing_left: bool) -> list[Line]:
    """Sum up the checks by name. What is declined is refused if nothing is left."""
    named: dict[str, list[tuple[str, str, Word, str]]] = {name: [] for name in PASSES}
    for setting, (name, outcome, says) in found:
        word: Word = "refuse" if outcome == "decline" else outcome
        if outcome == "decline" and not nothing_left:
            word, says = "warn", f"declined: {says}"  # noqa: PLW2901 - the same reason, in a warning's words
        named.setdefault(name, []).append((setting.arch, setting.task.name, word, says))
    return [line for name, each in named.items() for line in merged(name, each)]


def _run(variant: Variant, setting: Setting, interventions: Interventions) -> Iterator[Finding]:
    """Run each check; after a refusal only those that do not build on it, and none after what a run would decline.

    Yields:
        A finding for each check that was run.
    """
    probe = setting.probe(variant, interventions)
    with kept(probe.model):
        refused, told = False, list[str]()
        for name, check in checks(variant, probe.model, setting.data.train.x, probe).items():
            if refused and name == "kl_weight":
                continue  # a loss that is refused for another reason has no weight worth a word
            word, says = _tried(name, check)
            if (name, word) == ("prior", "pass"):
                says = _prior_said(probe.model.model)
            if word in ("refuse", "decline") and (
                says in told or (told and (name in FOLLOWING or says.startswith(BROKEN)))
            ):
                continue  # it goes wrong for the reason that was told
            told += [says] if word == "refuse" else []
            refused = refused or word == "refuse"
            yield name, word, says
            if word == "decline" or (refused and name in NEEDED):
                return
        try:
            yield "outputs", *bounded_outputs(probe)
        except (Exception, SystemExit):
            return  # told above, by the checks that call the decoder


def _prior_said(model: object) -> str:
    """What passes, by what the model says of its prior."""
    if isinstance(model, Density):
        return "its own; its draws have the density that it says"
    if isinstance(model, Sampling):
        return "its own; its draws depend on the noise alone, and it says no density"
    return PASSES["prior"]


def _tried(name: str, check: Check) -> tuple[Outcome, str]:
    try:
        notes = check()
    except Refused as reason:
        return "refuse", str(reason)
    except Unfit as reason:
        return "decline", str(reason)
    except torch.OutOfMemoryError:
        raise
    except (Exception, SystemExit) as error:
        return "refuse", f"{BROKEN}{explained(error)}{_hint(error)}"
    return ("warn", notes[0]) if notes else ("pass", PASSES.get(name, "fine"))


def _hint(error: BaseException) -> str:
    """Say what is None in a step: its labels, where the variant declares none."""
    reads_none = isinstance(error, AttributeError | TypeError) and "NoneType" in str(error)
    return "; step.labels is None unless the Variant declares labels=, a number of classes" if reads_none else ""
