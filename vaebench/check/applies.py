"""Which claims will be judged: one tiny cell of each task, by the suite's own instruments and its own judge."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

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


@dataclass(frozen=True)
class Judged:
    """What tiny cells say.

    Attributes:
        claims: Whether each claim will be judged.
        lines: A line for each task where a cell ends early.
        declined: The tasks and data sets whose cells a run would decline, as far as they were tried.
    """

    claims: tuple[Applies, ...] = ()
    lines: tuple[Line, ...] = ()
    declined: frozenset[tuple[str, str]] = frozenset()


def claims_judged(brought: Brought, reference: str, every: Sequence[Setting], tell: Callable[[str], None]) -> Judged:
    """Run a tiny cell of each task, and judge its claims.

    It is on the task's first data set, or on the next where a run would decline that cell. A claim that is not
    applicable there will not be judged. A verdict of a tiny cell says nothing else. What a run would decline is a
    warning, unless it would decline every task.

    Args:
        brought: The variant.
        reference: How the user named it.
        every: Settings that it fits, of one network.
        tell: Called with each task's name before its cell.

    Returns:
        What they say.
    """
    tasks: dict[str, list[Setting]] = {}
    for setting in every:
        tasks.setdefault(setting.task.name, []).append(setting)
    found: list[Judged] = []
    for name, of_task in tasks.items():
        tell(name)
        found.append(_of_task(brought, reference, of_task))
    claims = tuple(claim for one in found for claim in one.claims)
    lines = tuple(line for one in found for line in one.lines)
    declined = frozenset(place for one in found for place in one.declined)
    if declined == {(one.task.name, one.dataset) for one in every}:
        lines = tuple(replace(line, word="refuse", says=line.says.removeprefix("declined: ")) for line in lines)
    return Judged(claims, lines, declined)


def _of_task(brought: Brought, reference: str, every: Sequence[Setting]) -> Judged:
    task, arch = every[0].task.name, every[0].arch
    claims, objection, reasons = _first_measured(brought, reference, every)
    lines = []
    if reasons:
        places = "" if len(reasons) == len(every) else f" on {', '.join(reasons)}"
        says = f"declined{places}: {next(iter(reasons.values()))}"
        lines.append(Line("tasks", "warn", says, f"{arch}; {task}"))
    if objection:
        lines.append(Line("tasks", "refuse", objection, f"{arch}; {task}"))
    return Judged(tuple(claims), tuple(lines), frozenset((task, dataset) for dataset in reasons))


def _first_measured(
    brought: Brought, reference: str, every: Sequence[Setting]
) -> tuple[list[Applies], str, dict[str, str]]:
    """Judge claims on the first data set that is not declined: the claims, an objection, and why each is declined."""
    reasons: dict[str, str] = {}
    for setting in every:
        try:
            columns = _measured(brought, reference, setting)
        except Unfit as reason:
            reasons[setting.dataset] = str(reason)
        except (Refused, Diverged) as reason:
            return [], str(reason), reasons
        except (Exception, SystemExit) as error:
            return [], f"a cell raises {explained(error)}", reasons
        else:
            return _judged(setting, columns), "", reasons
    return [], "", reasons


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
