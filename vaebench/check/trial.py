"""A hundred steps of training: whether the loss falls, stays finite, and codes carry something."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import torch

from vaebench.cell import explained
from vaebench.check.findings import Line, Word
from vaebench.check.setting import Setting
from vaebench.measures.model_view import active, real_posterior
from vaebench.models import Refused, Step, Terms, Unfit, Variant
from vaebench.seeds import seed_for
from vaebench.training.fit import Diverged, OutOfTime, Trained, fit

STEPS = 100

LIMIT = 60.0
"""Seconds after which the trial is given up."""


@dataclass
class _Watch:
    """The first term of an objective that was not finite."""

    term: str = ""
    step: int = -1

    def of(self, variant: Variant) -> Variant:
        """The same variant, its objective watched."""

        def objective(step: Step) -> Terms:
            terms = variant.objective(step)
            if step.step == 0:
                self.term = ""  # what came before were the checks of the first step, at perturbed weights
            if not self.term:
                named = terms if isinstance(terms, Mapping) else {"the loss": terms}
                wrong = [name for name, term in named.items() if not bool(torch.isfinite(term.detach()).all())]
                if wrong:
                    self.term, self.step = wrong[0], int(step.step)
            return terms

        return replace(variant, objective=objective)

    def line(self) -> Line | None:
        """The objection to a term that was not finite."""
        says = (
            f"{self.term} was not finite at step {self.step}, expected a number: does a logarithm or a scale overflow?"
        )
        return Line("100 steps", "refuse", says) if self.term else None


def trial(variant: Variant, setting: Setting) -> list[Line]:
    """Train for 100 steps under a task's own budget.

    Args:
        variant: The variant.
        setting: Where.

    Returns:
        Lines on the loss and on the active units.
    """
    if variant.trained:
        return [Line("100 steps", "pass", "its weights are given, so the suite trains nothing")]
    training = replace(setting.budget.training, steps=STEPS, snapshots=())
    watch = _Watch()
    try:
        trained = fit(
            watch.of(variant),
            setting.data,
            arch=setting.arch,
            latent=setting.latent,
            training=training,
            interventions=setting.task.interventions,
            seed=seed_for("check", "trial"),
            seconds=LIMIT,
        )
        lines = _said(trained, setting)
    except Diverged as error:
        return [watch.line() or Line("100 steps", "refuse", str(error))]
    except (OutOfTime, Unfit) as error:
        return [Line("100 steps", "warn", f"declined: {error}" if isinstance(error, Unfit) else str(error))]
    except Refused as error:
        return [Line("100 steps", "refuse", str(error))]
    except (Exception, SystemExit) as error:
        return [Line("100 steps", "refuse", f"training raises {explained(error)}")]
    odd = watch.line()
    return [odd] if odd else lines


def _said(trained: Trained, setting: Setting) -> list[Line]:
    (_, first), (_, last) = trained.history[0], trained.history[-1]
    course = f"the loss went from {first:.4g} to {last:.4g} nats per example"
    falls = (
        Line("100 steps", "pass", course) if last < first else Line("100 steps", "warn", f"{course}: it did not fall")
    )
    with torch.no_grad():
        posterior = real_posterior(trained, setting.data.held_out.x)
        units = active(trained, posterior)
    number, of = int(units.sum()), len(units)
    word: Word = "pass" if number else "warn"
    collapsed = "" if number else ": the codes carry nothing yet; claims about codes may come out undecided"
    return [falls, Line("active units", word, f"{number} of {of} after {STEPS} steps{collapsed}")]
