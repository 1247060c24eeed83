"""Rounding twins: one rounding off, each with its own signs, and 0 leaves everything as it is."""

import torch

from vaebench.data import digits
from vaebench.experiment import Interventions, TrainingConfig
from vaebench.training.fit import fit
from vaebench.training.nudge import ULP, nudge
from vaebench.variants.vae import VARIANT


def weights(ulp, seed=0):
    torch.manual_seed(0)
    model = torch.nn.Linear(50, 40)
    before = [weight.detach().clone() for weight in model.parameters()]
    nudge(model, seed, ulp)
    return before, [weight.detach() for weight in model.parameters()]


def test_each_weight_is_off_by_one_rounding():
    before, after = weights(1)
    for old, new in zip(before, after, strict=True):
        relative = (new.double() / old.double() - 1) / ULP
        assert (relative.abs() - 1).abs().max() < 0.51  # the product is rounded as well
        assert 0.3 < (relative > 0).double().mean() < 0.7


def test_no_twin_is_the_model_itself():
    before, after = weights(0)
    assert all(torch.equal(old, new) for old, new in zip(before, after, strict=True))


def test_twins_differ_from_each_other_and_are_the_same_again():
    one, two, again, elsewhere = (weights(*which)[1][0] for which in ((1,), (2,), (1,), (1, 5)))
    assert torch.equal(one, again)
    assert not torch.equal(one, two)
    assert not torch.equal(one, elsewhere)


def test_a_twin_trains_to_nearly_the_same_model():
    def trained(ulp):
        training = TrainingConfig(steps=5, batch=32)
        found = fit(
            VARIANT,
            digits.load(),
            arch="mlp",
            latent=2,
            training=training,
            interventions=Interventions(),
            seed=0,
            ulp=ulp,
        )
        return torch.cat([weight.flatten() for weight in found.model.parameters()])

    itself, twin = trained(0), trained(1)
    assert torch.equal(itself, trained(0))
    assert (itself - twin).abs().max() > 0
    assert (itself - twin).abs().median() < 1e-6
