"""The exact linear model's own fall as a control: what it must not take for a finding.

Training never moves weights on pixels that never change, until noise is added to the input. So even a trained linear
VAE falls faster than its closed form in the raw norm.
"""

import pytest
import torch
from measures.known import BETA, EVALUATION, by_name, ellipsoid, generator, trained

from vaebench.claims import Claim, OutpacesArm, Trend, column, judge, table
from vaebench.experiment import Interventions
from vaebench.measures.probe import Probe
from vaebench.models.exact import linear_vae_at_fixed_scale
from vaebench.papers.camuto2021.lipschitz import encoder_lipschitz, encoder_whitened_lipschitz

DATA = ellipsoid()
NOISE = (0.0, 0.2, 0.8)


def solved(noise, unmoved=0.0, steeper=1.0):
    """The closed form under input noise, with weights left where no datum varies, or steeper where data vary."""
    model = linear_vae_at_fixed_scale(DATA, 3, 0.2, BETA, noise)
    x = DATA.train.x.flatten(1)
    nowhere = torch.linalg.svd(x - x.mean(0))[2][-1]
    with torch.no_grad():
        model.mean.weight.mul_(steeper).add_(unmoved * torch.outer(torch.ones(3), nowhere))
        model.mean.bias.copy_(-model.mean.weight @ x.mean(0))
    return trained(model, 3, Interventions(posterior_scale=0.2, likelihood_variance=0.05, input_noise=noise))


def word(name, read, model_at):
    """The verdict where every seed has such models along the knob."""
    columns = [
        column(arm, noise, seed, by_name(read(Probe(model, DATA, EVALUATION, generator())))[name])
        for noise in NOISE
        for arm, model in (("trained", model_at(noise)), ("analytic", solved(noise)))
        for seed in range(3)
    ]
    claim = Claim("noise_lipschitz", "It falls.", (Trend(name, "falls"), OutpacesArm(name, role="control")))
    verdict = judge(claim, table(columns))
    return verdict.published.word, verdict.word


RAW = ("encoder_lipschitz_mean", encoder_lipschitz)
WHITENED = ("encoder_whitened_lipschitz_mean", encoder_whitened_lipschitz)


def unmoved(noise):
    return solved(noise, unmoved=2.0 if noise == 0 else 0.0)


def tamed(noise):
    return solved(noise, steeper=3.0 if noise == 0 else 1.0)


@pytest.mark.parametrize("reading", [RAW, WHITENED], ids=["raw", "whitened"])
def test_the_closed_form_itself_falls_as_published_and_not_under_this_control(reading):
    assert word(*reading, solved) == ("holds", "fails")


@pytest.mark.parametrize("reading", [RAW, WHITENED], ids=["raw", "whitened"])
def test_an_encoder_that_noise_tames_where_the_data_are_is_found(reading):
    assert word(*reading, tamed) == ("holds", "holds")


def test_unmoved_weights_fool_the_raw_norm_and_not_the_whitened_one():
    assert word(*RAW, unmoved) == ("holds", "holds")
    assert word(*WHITENED, unmoved) == ("holds", "fails")
