"""A model that the suite cannot read is told so before it is trained, and what to change where that would help."""

import pytest
import torch
from torch import nn
from training.first_step.conftest import Small

from vaebench.experiment import Interventions
from vaebench.models import Bernoulli, Gaussian, Normal, Refused, Unfit


def saying(encode=None, decode=None):
    """A small VAE whose encoder's, or decoder's, last word is changed."""

    class Other(Small):
        def encode(self, x):
            said = super().encode(x)
            return encode(said) if encode else said

        def decode(self, z):
            said = super().decode(z)
            return decode(said) if decode else said

    return Other


class FullNormal(Normal):
    """Right in itself, and no Normal to an instrument."""


class Sharp(Gaussian):
    """Likewise."""


class Coins(Bernoulli):
    """Likewise."""


UNREADABLE = {
    "a full covariance": (
        saying(lambda q: FullNormal(q.mean, log_scale=q.log_scale)),
        "encode gives a FullNormal, a subclass of Normal: instruments would treat it as a plain Normal",
    ),
    "a likelihood of its own": (
        saying(decode=lambda p: Sharp(p.mean, p.variance)),
        "decode gives a Sharp, a subclass of Gaussian: instruments would treat it as a plain Gaussian",
    ),
    "coins of its own": (
        saying(decode=lambda p: Coins(p.mean)),
        "decode gives a Coins, a subclass of Bernoulli: instruments would treat it as a plain Bernoulli",
    ),
    "a constant in a tensor": (
        saying(decode=lambda p: Gaussian(p.mean, torch.tensor(1.0))),
        "the Gaussian's variance is a tensor that depends on no weight: the suite takes it for a learned one and "
        "cannot fix it: give a float",
    ),
    "a constant of the data's shape": (
        saying(decode=lambda p: Gaussian(p.mean, torch.ones_like(p.mean))),
        "the Gaussian's variance is a tensor that depends on no weight",
    ),
    "double weights": (lambda: Small().double(), "encoder.1.weight is float64: the suite's records are of float32"),
    "half a buffer": (
        lambda: registered(Small(), torch.zeros(1, dtype=torch.float16)),
        "kept is float16: the suite's records are of float32",
    ),
}


def registered(model, buffer):
    model.register_buffer("kept", buffer)
    return model


@pytest.mark.parametrize("plant", UNREADABLE)
def test_a_sound_model_that_instruments_cannot_read_is_unfit(looked, plant):
    model, says = UNREADABLE[plant]
    with pytest.raises(Unfit) as raised:
        looked(model)
    assert str(raised.value).startswith(f"small: {says}")


class Casting(Small):
    """Single on the outside, and another precision within."""

    def __init__(self, dtype):
        super().__init__()
        self.dtype = dtype

    def encode(self, x):
        said = super().encode(x)
        return Normal((said.mean.to(self.dtype) * 1.5).float(), log_scale=said.log_scale)


@pytest.mark.parametrize(("dtype", "word"), [(torch.float64, "float64"), (torch.bfloat16, "bfloat16")])
def test_another_precision_within_is_seen(looked, dtype, word):
    with pytest.raises(
        Unfit, match=rf"^small: the model computes in {word} \(\w+\): the suite's records are of float32$"
    ):
        looked(lambda: Casting(dtype))


MISTAKEN = {
    "a log variance for a scale": (
        saying(lambda q: Normal(q.mean, q.log_scale)),
        r"\d+% of the posterior's scales are negative: is it a log variance\? "
        r"Normal\(mean, log_scale=log_variance / 2\)",
    ),
    "a scale of zero": (
        saying(lambda q: Normal(q.mean, q.log_scale * 0)),
        r"100% of the posterior's scales are zero: is it a log variance\?",
    ),
    "an infinite scale": (
        saying(lambda q: Normal(q.mean, log_scale=q.log_scale + 100)),
        r"100% of the posterior's scales are not finite: is it a log variance\?",
    ),
    "a negative variance": (
        saying(decode=lambda p: Gaussian(p.mean, p.mean * 0 - 3)),
        r"100% of the Gaussian's variances are negative: is it a log variance\? variance\.exp\(\)",
    ),
    "a negative number": (
        saying(decode=lambda p: Gaussian(p.mean, -3.0)),
        r"the Gaussian's variance is above 0, not -3\.0",
    ),
    "mean and log variance": (
        saying(lambda q: (q.mean, 2 * q.log_scale)),
        r"encode should give a Normal, ComplexNormal, FullNormal or FlowNormal of vaebench\.models, gave a tuple; "
        r"wrap it: Normal\(mean, log_scale=log_variance / 2\)",
    ),
}


@pytest.mark.parametrize("by", [Interventions(), Interventions(posterior_scale=0.2, likelihood_variance=0.05)])
@pytest.mark.parametrize("plant", MISTAKEN)
def test_a_slip_is_refused_under_every_intervention_and_says_what_to_write(looked, plant, by):
    """Where the task fixes the scale, a wrong one would be thrown away and never show."""
    model, says = MISTAKEN[plant]
    with pytest.raises(Refused, match=f"^small: {says}"):
        looked(model, by=by)


class Learning(Small):
    """Learns its variance, one for all data or one for each code."""

    def __init__(self, by_code):
        super().__init__()
        self.log_variance = nn.Linear(3, 1) if by_code else nn.Parameter(torch.zeros(()))

    def decode(self, z):
        own = self.log_variance
        log_variance = own(z)[..., None, None] if isinstance(own, nn.Module) else own
        return Gaussian(self.decoder(z), log_variance.exp())


@pytest.mark.parametrize("model", [Small, lambda: Learning(False), lambda: Learning(True)])
def test_a_variance_that_is_a_number_or_learned_is_read(looked, model):
    assert looked(model).notes == ()


def test_a_constant_tensor_is_read_where_no_task_would_fix_it(looked):
    model = saying(decode=lambda p: Gaussian(p.mean, torch.tensor(0.3)))
    assert not looked(model, by=Interventions()).complex_codes
