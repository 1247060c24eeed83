"""Laws of training configurations and interventions: what they refuse, how the rate falls, what β comes to."""

import math

import pytest

from vaebench.experiment import Interventions, TrainingConfig


@pytest.mark.parametrize("schedule", ["cosine", "constant"])
def test_the_rate_starts_where_it_is_said_to(schedule):
    assert TrainingConfig(steps=10, learning_rate=0.5, schedule=schedule).rate(0) == 0.5


def test_a_constant_rate_is_constant():
    assert {TrainingConfig(steps=10, learning_rate=0.5, schedule="constant").rate(step) for step in range(10)} == {0.5}


def test_a_cosine_falls_all_the_way_and_is_half_gone_half_way():
    training = TrainingConfig(steps=1000, learning_rate=0.5)
    rates = [training.rate(step) for step in range(1001)]
    assert rates == sorted(rates, reverse=True)
    assert rates[500] == pytest.approx(0.25)
    assert rates[-1] == 0.0
    assert rates[999] < 1e-5
    for step in (100, 300):  # the fall is even about the middle
        assert rates[step] + rates[1000 - step] == pytest.approx(0.5)


@pytest.mark.parametrize(
    "wrong",
    [{"steps": 0}, {"batch": 0}, {"learning_rate": 0.0}, {"learning_rate": math.nan}, {"learning_rate": math.inf}],
)
def test_a_configuration_that_trains_nothing_is_refused(wrong):
    with pytest.raises(ValueError, match=r"^a recipe needs steps, batch and a finite learning rate above 0"):
        TrainingConfig(**{"steps": 10, **wrong})


def test_an_unknown_schedule_lists_the_known():
    with pytest.raises(ValueError, match=r"^unknown schedule 'linear'; there are: cosine, constant$"):
        TrainingConfig(steps=10, schedule="linear")


@pytest.mark.parametrize("snapshots", [(-1,), (11,), (0, 5, 12)])
def test_a_snapshot_outside_of_training_is_refused(snapshots):
    with pytest.raises(ValueError, match=r"^snapshots lie between 0 and 10: \("):
        TrainingConfig(steps=10, snapshots=snapshots)


@pytest.mark.parametrize("name", ["posterior_scale", "likelihood_variance"])
@pytest.mark.parametrize("value", [0.0, -0.1, math.nan, math.inf])
def test_a_scale_that_is_none_is_refused(name, value):
    with pytest.raises(ValueError, match=rf"^{name} is above 0 or None, not {value}$"):
        Interventions(**{name: value})


@pytest.mark.parametrize("value", [-0.1, math.nan, math.inf])
def test_a_noise_that_is_none_is_refused(value):
    with pytest.raises(ValueError, match=rf"^input_noise is 0 or above, not {value}$"):
        Interventions(input_noise=value)


def test_an_unknown_target_or_likelihood_lists_the_known():
    with pytest.raises(ValueError, match=r"^unknown target 'dirty'; there are: clean, noisy$"):
        Interventions(target="dirty")
    with pytest.raises(ValueError, match=r"^unknown likelihood 'laplace'; there are: own, bernoulli$"):
        Interventions(likelihood="laplace")
    assert (Interventions().target, Interventions().likelihood) == ("clean", "own")


def test_beta_is_twice_variance_times_weight_and_unknown_where_either_is():
    assert Interventions(likelihood_variance=0.05).beta(4.0) == pytest.approx(0.4)
    assert Interventions(likelihood_variance=0.05).beta(None) is None
    assert Interventions().beta(1.0) is None
    assert Interventions(likelihood_variance=0.05, likelihood="bernoulli").beta(1.0) is None


@pytest.mark.parametrize("wrong", [{"pixels": 64}, {"pixels": 0, "likelihood": "bernoulli"}])
def test_pixels_are_counted_by_the_suites_bernoulli_likelihood_alone(wrong):
    with pytest.raises(ValueError, match="pixels is 1 or more, and of the suite's Bernoulli likelihood"):
        Interventions(**wrong)
