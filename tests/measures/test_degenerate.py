"""Degenerate models or data cost a measurement its value, and never the cell its other measurements."""

import pytest
import torch
from torch import Tensor, nn

from vaebench import catalog
from vaebench.cell import Place, compare, read
from vaebench.claims import Absence, judged_names
from vaebench.data import Dataset, Split
from vaebench.experiment import Budget, EvaluationBudget, Interventions, TrainingConfig
from vaebench.models import AutoEncoder, Bernoulli, Gaussian, Normal, negative_elbo
from vaebench.training.fit import Trained
from vaebench.training.intervened import Intervened

SHAPE = (1, 4, 4)
EVALUATION = EvaluationBudget(samples=64, points=32, attacked=3, attack_steps=2, attack_restarts=2, retraining_steps=2)
BUDGET = Budget(1, 4, TrainingConfig(steps=1), EVALUATION)
TASKS = [catalog.task(name) for name in catalog.task_names()]


class Planted(AutoEncoder):
    """A VAE with something the matter on one side."""

    def __init__(self, latent: int = 4, gain: float = 1.0, log_scale: float | None = None, coins: bool = False) -> None:
        torch.manual_seed(0)
        encoder = nn.Sequential(nn.Flatten(), nn.Linear(16, 12), nn.Tanh(), nn.Linear(12, 12), nn.Tanh())
        decoder = nn.Sequential(
            nn.Linear(latent, 12), nn.Tanh(), nn.Linear(12, 12), nn.Tanh(), nn.Linear(12, 16), nn.Unflatten(1, SHAPE)
        )
        super().__init__(encoder, decoder, 12, latent)
        self.gain, self.fixed, self.coins = gain, log_scale, coins

    def encode(self, x: Tensor) -> Normal:
        said = super().encode(x)
        log_scale = said.log_scale - 2 if self.fixed is None else torch.full_like(said.mean, self.fixed)
        return Normal(3 * said.mean, log_scale=log_scale)

    def decode(self, z: Tensor) -> Gaussian | Bernoulli:
        out = self.gain * self.decoder(z)
        return Bernoulli(out) if self.coins else Gaussian(out, 0.05)


class Blank(Planted):
    """Says the same of every code, and has no code."""

    def encode(self, x: Tensor) -> Normal:
        mean = 0 * super().encode(x).mean
        return Normal(mean, log_scale=mean)

    def decode(self, z: Tensor) -> Gaussian:
        return Gaussian(0 * self.decoder(z) + 0.5, 0.05)


class Constant(Planted):
    """Encodes everything alike, with a small scale."""

    def encode(self, x: Tensor) -> Normal:
        mean = 0 * super().encode(x).mean + 1
        return Normal(mean, log_scale=mean - 3)


class OffTheData(Planted):
    """Sound near the data, and no number away from them."""

    def decode(self, z: Tensor) -> Gaussian:
        far = z.square().sum(1).reshape(-1, 1, 1, 1) > 1
        return Gaussian(torch.where(far, torch.nan, self.decoder(z)), 0.05)


MODELS = {
    "sound": Planted,
    "collapsed": lambda: Planted(log_scale=0.0),
    "blank": Blank,
    "constant encoder": Constant,
    "gain 1e10": lambda: Planted(gain=1e10),
    "gain 1e20": lambda: Planted(gain=1e20),
    "gain 1e30": lambda: Planted(gain=1e30),
    "gain 1e-30": lambda: Planted(gain=1e-30),
    "loud coins": lambda: Planted(gain=2000.0, coins=True),
    "scale e⁻⁶⁰": lambda: Planted(log_scale=-60.0),
    "scale e³⁰": lambda: Planted(log_scale=30.0),
    "no number off the data": OffTheData,
    "one unit": lambda: Planted(latent=1),
    "two units": lambda: Planted(latent=2),
    "more units than dimensions": lambda: Planted(latent=20),
}


def images(n: int, m: int, labels: int | None = 3, spread: float = 1.0) -> Dataset:
    x = 0.5 + spread * (torch.rand(n + m, *SHAPE, generator=torch.Generator().manual_seed(1)) - 0.5)
    of_class = None if labels is None else torch.arange(n + m) % labels
    parts = (slice(n), slice(n, None))
    return Dataset("planted", 1, *(Split(x[p], None if of_class is None else of_class[p]) for p in parts))


DATA = {
    "sound": images(120, 60),
    "without labels": images(120, 60, None),
    "one class": images(120, 60, 1),
    "constant": images(120, 60, spread=0.0),
    "one held out": images(120, 1),
    "two held out": images(120, 2),
    "five of each": images(5, 5),
    "three to train on": images(3, 60),
    "fewer than dimensions": images(10, 10),
    "a class that training lacks": Dataset(
        "planted", 1, images(120, 60, 2).train, Split(images(120, 60).held_out.x, torch.full((60,), 2))
    ),
}


def given(model: nn.Module, by: Interventions, kl_weight: float = 1.0) -> Trained:
    """As an instrument is given it, with snapshots that differ."""
    weights = {name: w.clone() for name, w in model.state_dict().items()}
    started = {
        name: w + 0.3 * torch.randn(w.shape, generator=torch.Generator().manual_seed(2)) for name, w in weights.items()
    }
    wrapped = Intervened(model, by).eval().requires_grad_(False)
    latent = model.mean.out_features
    return Trained(wrapped, latent, 1.0, snapshots=((0, started), (1, weights)), objective=negative_elbo(kl_weight))


def everything(task, model, data):
    """All that a task reads of a model, in the places that its comparisons look at."""
    trained = given(model(), task.interventions)
    found = list(read(task, BUDGET, trained, data, Place("trained", None), 0))
    if task.comparisons:
        twins = {("trained", 1.0): trained, ("trained", 4.0): given(model(), task.interventions)}
        twins |= {
            ("redrawn", 1.0): given(model(), task.interventions),
            ("other_objective", None): given(model(), task.interventions, 4.0),
        }
        twins |= {("trained", None): trained, ("twin", None): given(model(), task.interventions)}
        found += compare(task, BUDGET, twins, data, 0)
    return found


@pytest.mark.parametrize("task", TASKS, ids=lambda task: task.name)
@pytest.mark.parametrize("plant", MODELS)
def test_every_instrument_answers_of_every_model(task, plant):
    check(task, everything(task, MODELS[plant], DATA["sound"]))


@pytest.mark.parametrize("task", TASKS, ids=lambda task: task.name)
@pytest.mark.parametrize("plant", DATA)
def test_every_instrument_answers_on_every_data_set(task, plant):
    columns = everything(task, Planted, DATA[plant])
    check(task, columns)
    for absence in _by_the_cell(task, columns):
        assert absence.cause == "setting", absence


def _by_the_cell(task, columns):
    """Why measurements are absent that the cell declined, and no instrument."""
    names = tuple(f"{name.partition('.')[2]}: " for name in (*task.instruments, *task.comparisons))
    return [absence for column in columns for absence in column.absent if absence.reason.startswith(names)]


def check(task, columns):
    """Every judged measurement is there, once at least, as a number or with a reason."""
    assert set(judged_names(task.claims)) <= {column.name for column in columns}
    for column in columns:
        assert column.values or all(absence.reason and "\n" not in absence.reason for absence in column.absent)


@pytest.mark.parametrize("task", TASKS, ids=lambda task: task.name)
def test_a_sound_model_on_sound_data_costs_no_instrument_anything(task):
    """Else the mechanism could hide a broken instrument."""
    assert not _by_the_cell(task, everything(task, Planted, DATA["sound"]))


def test_one_instrument_that_breaks_costs_its_own_measurements_alone(monkeypatch):
    task = catalog.task("camuto2021_variance_frequency")
    whole = catalog.instrument("camuto2021", "lipschitz.decoder_lipschitz")

    def breaks(*_):
        raise torch.linalg.LinAlgError("no convergence\nand more")

    breaks.gives, breaks.__name__ = whole.gives, "decoder_lipschitz"
    found = catalog.instrument
    monkeypatch.setattr(
        catalog, "instrument", lambda paper, name: breaks if name.endswith("decoder_lipschitz") else found(paper, name)
    )
    columns = {column.name: column for column in everything(task, Planted, DATA["sound"])}
    for name in whole.gives:
        assert columns[name].absent == (Absence("decoder_lipschitz: no convergence", "model", (0,)),)
    assert sum(bool(column.values) for column in columns.values()) > 8


def test_a_slip_in_an_instrument_is_no_property_of_the_model(monkeypatch):
    def slips(*_):
        raise KeyError("twin")

    slips.gives = ("decoder_lipschitz_mean",)
    monkeypatch.setattr(catalog, "instrument", lambda _paper, _name: slips)
    with pytest.raises(KeyError):
        everything(TASKS[1], Planted, DATA["sound"])
