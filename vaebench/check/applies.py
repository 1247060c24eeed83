"""Which claims will be judged: one tiny cell of each task, by the suite's own instruments and its own judge."""

import math
from collections.abc import Callable, Sequence
from dataclasses import replace

from torch import Tensor

from vaebench.catalog import Brought
from vaebench.cell import Cell, arms, compare, explained, read
from vaebench.check.findings import Applies, Line
from vaebench.check.setting import Setting
from vaebench.claims import Column, judge, table
from vaebench.experiment import Budget, EvaluationBudget
from vaebench.models import ComplexNormal, FlowNormal, Normal, Refused, Unfit
from vaebench.models.attention import plain_attention
from vaebench.models.posteriors import Posterior
from vaebench.results.record import DatasetInfo, Subject, VariantInfo, Versioned
from vaebench.training.fit import Diverged, Trained
from vaebench.training.intervened import Intervened

STEPS, BATCH = 4, 32

EFFORT = EvaluationBudget(samples=64, points=16, attacked=4, attack_steps=1, attack_restarts=1, retraining_steps=1)

NARROW = 0.3
"""Scale of the posteriors that instruments see: units that have not learned anything yet would count as collapsed."""


class Narrow(Intervened):
    """A model whose posteriors are narrow, so that all its units count as active."""

    def encode(self, x: Tensor, labels: Tensor | None = None) -> Posterior:
        """Posterior of each example, shape (batch, latent), about `NARROW` wide at most."""
        said: Posterior = super().encode(x, labels)
        if self.posterior_scale is not None:
            return said
        if isinstance(said, Normal | ComplexNormal):
            return type(said)(said.mean, scale=NARROW * said.scale / (1 + said.scale))
        return said.moved(said.base.mean if isinstance(said, FlowNormal) else said.mean, math.log(NARROW))


def claims_judged(
    brought: Brought, reference: str, every: Sequence[Setting], tell: Callable[[str], None]
) -> tuple[tuple[Applies, ...], tuple[Line, ...]]:
    """Run a tiny cell on the first data set of each task, and judge its claims.

    A claim that is not applicable there will not be judged. A verdict of a tiny cell says nothing else.

    Args:
        brought: The variant.
        reference: How the user named it.
        every: Settings that it fits, of one network.
        tell: Called with each task's name before its cell.

    Returns:
        The claims, and a line for each task whose cell ends early.
    """
    claims: list[Applies] = []
    lines: list[Line] = []
    first = {one.task.name: one for one in reversed(every)}
    for name, setting in reversed(first.items()):
        tell(name)
        try:
            columns = _measured(brought, reference, setting)
        except (Refused, Unfit, Diverged) as reason:
            lines.append(Line("tasks", "refuse", str(reason), f"{setting.arch}; {name}"))
        except (Exception, SystemExit) as error:
            lines.append(Line("tasks", "refuse", f"a cell raises {explained(error)}", f"{setting.arch}; {name}"))
        else:
            claims += _judged(setting, columns)
    return tuple(claims), tuple(lines)


def _judged(setting: Setting, columns: Sequence[Column]) -> list[Applies]:
    measured = table(columns)
    verdicts = [judge(claim, measured, seeds_run=1) for claim in setting.task.claims]
    return [
        Applies(
            setting.task.name,
            setting.dataset,
            verdict.claim,
            verdict.word != "not applicable",
            verdict.reason if verdict.word == "not applicable" else "",
        )
        for verdict in verdicts
    ]


def _measured(brought: Brought, reference: str, setting: Setting) -> list[Column]:
    budget, task, data = _tiny(setting.budget), setting.task, setting.data
    cell = _cell(brought, reference, setting)
    models: dict[tuple[str, float | None], Trained] = {}
    columns: list[Column] = []
    with plain_attention():
        for place, trained in arms(task, budget, brought.variant, data, cell):
            seen = trained if place.arm.startswith("analytic") else _narrowed(trained)
            models[place.arm, place.knob] = seen
            columns += read(task, budget, seen, data, place, 0) if place.read else []
        return [*columns, *compare(task, budget, models, data, 0)]


def _narrowed(trained: Trained) -> Trained:
    narrow = Narrow(trained.model.model, trained.model.interventions)  # type: ignore[arg-type]
    return replace(trained, model=narrow.eval().requires_grad_(False))


def _tiny(budget: Budget) -> Budget:
    snapshots = (0, STEPS // 2, STEPS) * bool(budget.training.snapshots)
    batch = min(BATCH, budget.training.batch)
    training = replace(budget.training, steps=STEPS, batch=batch, snapshots=snapshots)
    knobs = budget.knob_values
    nodes = min(3, budget.evaluation.posterior_nodes)
    return replace(
        budget,
        seeds=1,
        training=training,
        evaluation=replace(EFFORT, posterior_nodes=nodes),
        knob_values=(knobs[0], knobs[-1]) if knobs else (),
    )


def _cell(brought: Brought, reference: str, setting: Setting) -> Cell:
    variant, none = brought.variant, "0" * 16
    subject = Subject(
        task=Versioned(name=setting.task.name, version=setting.task.version, hash=none),
        dataset=DatasetInfo(name=setting.dataset, version=1, hash=none),
        variant=VariantInfo(
            name=variant.name, source=variant.source, code_hash=brought.code_hash, kl_weight=variant.kl_weight
        ),
        arch=setting.arch,
        preset="standard",
        device="cpu",
    )
    return Cell(none, subject, reference, setting.dataset, 0, seconds=60.0)
