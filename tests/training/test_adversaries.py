"""Laws of adversaries: each part moves by its own objective, at its own pace, all from the same state."""

from dataclasses import replace
from itertools import pairwise

import pytest
import torch
from torch import nn

from vaebench.data import Dataset, Split
from vaebench.experiment import Interventions, TrainingConfig
from vaebench.models import Adversary, Gaussian, Normal, Variant
from vaebench.training.fit import fit

pytestmark = pytest.mark.usefixtures("loop_alone")
X = torch.full((8, 1), 2.0)
DATA = Dataset("twos", 1, Split(X), Split(X))


class Duel(nn.Module):
    """Two numbers that objectives pull at, and two that none does; codes are of no account."""

    def __init__(self):
        super().__init__()
        self.own = nn.Parameter(torch.tensor(1.0))
        self.other = nn.ParameterDict({"weight": nn.Parameter(torch.tensor(3.0)), "idle": nn.Parameter(torch.ones(()))})
        self.third = nn.ParameterDict({"weight": nn.Parameter(torch.tensor(5.0))})
        self.unused = nn.Parameter(torch.tensor(7.0))

    def encode(self, x):
        return Normal(x * 0, torch.ones_like(x))

    def decode(self, z):
        return Gaussian(z, 1.0)


def own_of(step):
    return step.model.own


def other_of(step):
    return step.model.other["weight"]


def bilinear(step):
    """What the two fight over: the one lowers the product, the other raises it."""
    return own_of(step) * other_of(step)


VARIANT = Variant(
    "duel", "tests", lambda *_: Duel(), bilinear, adversaries=(Adversary("other", lambda step: -bilinear(step)),)
)
RATE = 0.1


def played(variant, steps=1, schedule="constant", **options):
    training = TrainingConfig(
        steps=steps, batch=4, learning_rate=RATE, schedule=schedule, snapshots=tuple(range(steps + 1))
    )
    trained = fit(
        variant, DATA, arch="mlp", latent=1, training=training, interventions=Interventions(), seed=0, **options
    )
    return [{name: float(weight) for name, weight in weights.items()} for _, weights in trained.snapshots]


def with_adversary(**changes):
    return replace(VARIANT, adversaries=(replace(VARIANT.adversaries[0], **changes),))


def test_each_moves_down_its_own_objective_and_nobody_else_does():
    before, after = played(VARIANT)
    assert after["own"] == pytest.approx(before["own"] - RATE)
    assert after["other.weight"] == pytest.approx(before["other.weight"] + RATE)
    for name in ("other.idle", "third.weight", "unused"):
        assert after[name] == before[name]


def test_the_adversarys_weights_do_not_move_by_the_variants_objective_though_it_reaches_them():
    held = played(with_adversary(objective=lambda step: 0 * other_of(step)), steps=3)
    assert {at["other.weight"] for at in held} == {3.0}
    assert held[-1]["own"] < held[0]["own"]


def test_the_variants_weights_do_not_move_by_an_adversarys_objective_though_it_reaches_them():
    held = played(replace(VARIANT, objective=lambda step: 0 * own_of(step)), steps=3)
    assert {at["own"] for at in held} == {1.0}
    assert held[-1]["other.weight"] > held[0]["other.weight"]


def test_without_the_adversary_its_weights_are_the_variants_own():
    before, after = played(replace(VARIANT, adversaries=()))
    assert after["other.weight"] == pytest.approx(before["other.weight"] - RATE)


@pytest.mark.parametrize(("asked", "rate"), [(None, RATE), (0.03, 0.03), (0.3, 0.3)])
def test_an_adversary_has_the_recipes_rate_or_its_own(asked, rate):
    """Adam's first step moves a weight by the rate, whatever its gradient."""
    before, after = played(with_adversary(learning_rate=asked))
    assert after["other.weight"] - before["other.weight"] == pytest.approx(rate, rel=1e-5)
    assert before["own"] - after["own"] == pytest.approx(RATE, rel=1e-5)


def test_where_the_variant_has_a_rate_of_its_own_an_adversary_without_one_has_that():
    before, after = played(replace(VARIANT, learning_rate=0.02))
    assert after["other.weight"] - before["other.weight"] == pytest.approx(0.02, rel=1e-5)
    before, after = played(replace(with_adversary(learning_rate=0.5), learning_rate=0.02))
    assert after["other.weight"] - before["other.weight"] == pytest.approx(0.5, rel=1e-5)


@pytest.mark.parametrize("schedule", ["constant", "cosine"])
def test_an_adversarys_rate_falls_with_the_recipes_schedule(schedule):
    """On a slope that never changes Adam moves by the rate at every step."""
    straight = replace(with_adversary(learning_rate=0.3, objective=other_of), objective=own_of)
    course = played(straight, steps=4, schedule=schedule)
    for name, rate in (("own", RATE), ("other.weight", 0.3)):
        training = TrainingConfig(steps=4, learning_rate=rate, schedule=schedule)
        moved = [now[name] - then[name] for then, now in pairwise(course)]
        assert moved == pytest.approx([-training.rate(step) for step in range(4)], rel=1e-4)


def adam(gradients, rate, betas):
    """Adam by the book, one number at a constant rate: where it stands after each gradient."""
    at, first, second, course = 0.0, 0.0, 0.0, []
    for t, gradient in enumerate(gradients, start=1):
        first = betas[0] * first + (1 - betas[0]) * gradient
        second = betas[1] * second + (1 - betas[1]) * gradient**2
        at -= rate * (first / (1 - betas[0] ** t)) / ((second / (1 - betas[1] ** t)) ** 0.5 + 1e-8)
        course.append(at)
    return course


@pytest.mark.parametrize("betas", [(0.9, 0.999), (0.5, 0.9), (0.0, 0.5)])
def test_an_adversary_remembers_as_long_as_its_betas_say_and_the_variant_as_it_always_does(betas):
    pulls = (1.0, -2.0, 0.5, 3.0)
    turning = with_adversary(betas=betas, objective=lambda step: pulls[step.step] * other_of(step))
    course = played(replace(turning, objective=lambda step: pulls[step.step] * own_of(step)), steps=4)
    moved = [[at[name] - course[0][name] for at in course[1:]] for name in ("other.weight", "own")]
    assert moved[0] == pytest.approx(adam(pulls, RATE, betas), rel=1e-4)
    assert moved[1] == pytest.approx(adam(pulls, RATE, (0.9, 0.999)), rel=1e-4)


def test_all_move_at_once_from_the_same_state():
    """Of own·other, each feels the other where it stood before the step: hand over the other's move, and it differs."""
    felt = {}

    def feeling(name, sign):
        def objective(step):
            value = sign * bilinear(step)
            felt.setdefault(name, []).append((float(own_of(step).detach()), float(other_of(step).detach())))
            return value

        return objective

    variant = replace(with_adversary(objective=feeling("other", -1)), objective=feeling("own", 1))
    course = played(variant, steps=5)
    assert felt["own"] == felt["other"] == [(at["own"], at["other.weight"]) for at in course[:-1]]
    own, other = ([at[name] for at in course[:-1]] for name in ("own", "other.weight"))
    moved = [[at[name] - course[0][name] for at in course[1:]] for name in ("own", "other.weight")]
    assert moved[0] == pytest.approx(adam(other, RATE, (0.9, 0.999)), rel=1e-4)
    assert moved[1] == pytest.approx(adam([-at for at in own], RATE, (0.9, 0.999)), rel=1e-4)


def test_several_adversaries_each_move_their_own_part():
    third = Adversary("third", lambda step: step.model.third["weight"] * own_of(step), learning_rate=0.7)
    before, after = played(replace(VARIANT, adversaries=(*VARIANT.adversaries, third)))
    moved = [after[name] - before[name] for name in ("own", "other.weight", "third.weight")]
    assert moved == pytest.approx([-RATE, RATE, -0.7], rel=1e-5)


def test_the_history_is_the_variants_loss_and_no_adversarys():
    training = TrainingConfig(steps=1, batch=4)
    trained = fit(VARIANT, DATA, arch="mlp", latent=1, training=training, interventions=Interventions(), seed=0)
    assert trained.history == ((0, 3.0),)


def test_an_adversary_that_is_no_part_of_the_model_is_an_error():
    with pytest.raises(AttributeError, match="nobody"):
        played(with_adversary(module="nobody"))
