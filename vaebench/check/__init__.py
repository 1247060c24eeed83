"""Check a variant before it costs a run: what `fit` would refuse, what it would misread, and what it takes.

| module | contents |
| --- | --- |
| `source` | the file: what it defines, what of it is hashed |
| `setting` | networks on the tasks' data; whether the variant can be built there |
| `first_step` | the checks of `training.first_step`, one by one |
| `outputs` | whether a sigmoid or a tanh bounds the decoder's outputs |
| `objective` | what the loss weighs, by measurement |
| `trial` | a hundred steps |
| `applies` | which claims will be judged |
| `forecast` | how long a run takes |
"""

import sys
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import torch

from vaebench import catalog
from vaebench.check.applies import claims_judged
from vaebench.check.findings import Applies, Forecast, Line, LossWeights, Report, Word
from vaebench.check.first_step import first_steps
from vaebench.check.forecast import forecast
from vaebench.check.objective import loss_weights, objective_lines
from vaebench.check.setting import Setting, built, settings
from vaebench.check.source import source_line, text_lines
from vaebench.check.trial import trial
from vaebench.mistakes import first_line
from vaebench.models import Variant
from vaebench.results.meta import meta_of

__all__ = ["Applies", "Forecast", "Line", "LossWeights", "Report", "Word", "check", "meta_of"]


def check(reference: str, archs: Sequence[str], jobs: int, tell: Callable[[str], None] = lambda _: None) -> Report:
    """Check a variant. Its code is run.

    Args:
        reference: A file, a name, or ``package.module:NAME``.
        archs: Networks to check; empty for all that it declares.
        jobs: Number of cores that a run would use.
        tell: Called with what is being checked.

    Returns:
        The findings.

    Raises:
        UnknownName: There is no such variant or network.
        BadVariant: There is no such file.
    """  # noqa: DOC502 - raised by what it calls
    for arch in archs:
        catalog.checked("architecture", arch, catalog.arch_names())
    catalog.check_variant(reference)
    tell("loading the variant")
    with _one_thread():
        before = set(sys.modules)
        try:
            brought = catalog.variant(reference)
        except catalog.BadVariant as error:
            return Report("", (Line("loads", "refuse", str(error)),))
        return _checked(brought, reference, archs, jobs, tell, list(_of_source(reference, before)))


def _of_source(reference: str, before: set[str]) -> Iterator[Line]:
    """Check the file of a variant that is brought as one.

    Yields:
        A line for each check.
    """
    if reference.endswith(".py"):
        path = Path(reference).resolve()
        yield source_line(path, "", before)
        yield from text_lines(path)
    elif ":" in reference:
        module = sys.modules[reference.partition(":")[0]]
        yield source_line(Path(str(module.__file__)).resolve(), module.__package__ or "", before)


def _checked(
    brought: catalog.Brought,
    reference: str,
    archs: Sequence[str],
    jobs: int,
    tell: Callable[[str], None],
    lines: list[Line],
) -> Report:
    variant = brought.variant
    chosen = tuple(archs) or variant.archs or ("mlp", *(name for name in catalog.arch_names() if name != "mlp"))
    lines.insert(
        0, Line("loads", "pass", f"{variant.name}, from {variant.source or 'nowhere'}, on {', '.join(chosen)}")
    )
    if strange := [arch for arch in chosen if arch not in catalog.arch_names()]:
        says = f"archs names {', '.join(strange)}; the suite's networks are {', '.join(catalog.arch_names())}"
        return Report(variant.name, (*lines, Line("builds", "refuse", says)))
    tell("building models")
    buildable, found = built(variant, settings(chosen))
    lines += found
    if not buildable or any(line.word == "refuse" for line in found):
        return Report(variant.name, tuple(lines))
    tell("looking at the first step")
    steps = first_steps(variant, buildable)
    lines += steps.lines
    weights = None
    if steps.sound:
        tell("weighing the objective")
        weights, said = _weighed(variant, _first_images(steps.sound))
        lines += said
    if any(line.word == "refuse" for line in lines):
        return Report(variant.name, tuple(lines), weights)
    first = [one for one in steps.fitting if one.arch == steps.fitting[0].arch]
    judged = claims_judged(brought, reference, first, lambda name: tell(f"trying {name}"))
    fitting = [one for one in steps.fitting if (one.task.name, one.dataset) not in judged.declined]
    if fitting:
        tell("training for 100 steps")
        lines += trial(variant, _first_images(fitting))
    lines += judged.lines
    if any(line.word == "refuse" for line in lines):
        return Report(variant.name, tuple(lines), weights, judged.claims)
    tell("timing steps")
    try:
        hours = forecast(variant, fitting, jobs)
    except (Exception, SystemExit) as error:
        says = f"a training step raises {type(error).__name__}: {first_line(str(error))}"
        lines.append(Line("forecast", "refuse", says))
        return Report(variant.name, tuple(lines), weights, judged.claims)
    return Report(variant.name, tuple(lines), weights, judged.claims, hours)


def _weighed(variant: Variant, setting: Setting) -> tuple[LossWeights | None, list[Line]]:
    probe = setting.probe(variant)
    try:
        weights = loss_weights(probe)
    except (Exception, SystemExit) as error:
        return None, [Line("objective", "warn", f"its weights cannot be measured: {type(error).__name__}: {error}")]
    return weights, objective_lines(weights, variant.kl_weight, probe.x[0].numel(), setting.latent)


def _first_images(fitting: Sequence[Setting]) -> Setting:
    """The first setting whose data are images with a Gaussian likelihood, else the first."""
    images = (one for one in fitting if len(one.data.shape) == 3 and one.task.interventions.likelihood != "bernoulli")
    return next(images, fitting[0])


@contextmanager
def _one_thread() -> Iterator[None]:
    """Use one thread, as cells do, and leave the warnings of others' code aside."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        torch.set_num_threads(threads)
