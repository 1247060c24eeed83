"""The checks of `training.first_step`, which `fit` runs too, one by one on each network under each task."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

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

Finding = tuple[str, Word, str]
"""A check's name, word and reason."""


@dataclass(frozen=True)
class FirstSteps:
    """The findings of all first steps.

    Attributes:
        lines: One line for each check that passes everywhere, and for each distinct objection.
        sound: The settings in which nothing was refused.
    """

    lines: tuple[Line, ...]
    sound: tuple[Setting, ...]


def first_steps(variant: Variant, every: Sequence[Setting]) -> FirstSteps:
    """Run the first-step checks on each network under the interventions of each task.

    Args:
        variant: The variant.
        every: Settings that it fits.

    Returns:
        The findings.
    """
    found: dict[str, list[tuple[str, str, Word, str]]] = {name: [] for name in PASSES}
    sound = []
    for setting, interventions in _distinct(every):
        findings = list(_run(variant, setting, interventions))
        for name, word, says in findings:
            found.setdefault(name, []).append((setting.arch, setting.task.name, word, says))
        if not any(word == "refuse" for _, word, _ in findings):
            sound.append(setting)
    lines = [line for name, each in found.items() for line in merged(name, each)]
    return FirstSteps(tuple(lines), tuple(sound))


def _distinct(every: Sequence[Setting]) -> Iterator[tuple[Setting, Interventions]]:
    """Choose the first setting of each network under the interventions of each task and of its arms.

    Yields:
        Setting and interventions.
    """
    seen = set()
    for setting in every:
        arms = (arm.interventions for arm in setting.task.arms if arm.variant == "own")
        for by in (setting.task.interventions, *arms):
            x = setting.data.train.x
            log_odds = by is not None and by.likelihood == "bernoulli"
            key = (setting.arch, repr(by))
            if by is None or key in seen or (log_odds and not bool(x.min() >= 0 and x.max() <= 1)):
                continue
            seen.add(key)
            yield setting, by


def _run(variant: Variant, setting: Setting, interventions: Interventions) -> Iterator[Finding]:
    """Run each check; after a refusal only those that do not build on it.

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
            if word == "refuse" and (says in told or (told and (name in FOLLOWING or says.startswith(BROKEN)))):
                continue  # it goes wrong for the reason that was told
            told += [says] if word == "refuse" else []
            refused = refused or word == "refuse"
            yield name, word, says
            if refused and name in NEEDED:
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


def _tried(name: str, check: Check) -> tuple[Word, str]:
    try:
        notes = check()
    except (Refused, Unfit) as reason:
        return "refuse", str(reason)
    except torch.OutOfMemoryError:
        raise
    except (Exception, SystemExit) as error:
        return "refuse", f"{BROKEN}{explained(error)}{_hint(error)}"
    return ("warn", notes[0]) if notes else ("pass", PASSES.get(name, "fine"))


def _hint(error: BaseException) -> str:
    """Say what is None in a step: its labels, where the variant declares none."""
    reads_none = isinstance(error, AttributeError | TypeError) and "NoneType" in str(error)
    return "; step.labels is None unless the Variant declares labels=, a number of classes" if reads_none else ""
