"""Variants among the examples: each loads, passes the first look, and is measured."""

from pathlib import Path

import pytest
import torch
from conftest import extra
from measures.known import by_name, generator

from vaebench import catalog
from vaebench.experiment import EvaluationBudget, Interventions, TrainingConfig
from vaebench.measures.probe import Probe
from vaebench.measures.reconstruction import unexplained_variance
from vaebench.models.attention import plain_attention
from vaebench.papers.camuto2021.lipschitz import decoder_lipschitz
from vaebench.papers.nakagawa2021.isometry import stationarity
from vaebench.training.fit import fit

EXAMPLES = Path(__file__).parents[1] / "examples"
ADAPTED = {"pythae_beta_vae": "pythae", "autoencoder_kl": "diffusers"}
VARIANTS = {"full_covariance_vae": "mlp", "vamp_prior_vae": "mlp", "pythae_beta_vae": "mlp", "autoencoder_kl": "conv"}


def test_each_variant_among_the_examples_is_here():
    pages = {path.stem for path in EXAMPLES.glob("*.py") if "\nVARIANT" in path.read_text("utf-8")}
    assert pages == {*VARIANTS, "capacity_vae"}


@pytest.mark.parametrize("name", VARIANTS)
def test_it_runs_as_it_stands(name):
    if name in ADAPTED:
        extra(ADAPTED[name])
    variant = catalog.variant(str(EXAMPLES / f"{name}.py")).variant
    assert variant.name == name
    data = catalog.dataset("digits")
    with torch.random.fork_rng():
        trained = fit(
            variant,
            data,
            arch=VARIANTS[name],
            latent=variant.units(3, data.shape),
            training=TrainingConfig(steps=8, batch=32, learning_rate=3e-3),
            interventions=Interventions(likelihood_variance=0.05),
            seed=0,
        )
    probe = Probe(trained, data, EvaluationBudget(64, 32, 4, 2, 2), generator())
    with plain_attention():
        found = by_name((*decoder_lipschitz(probe), *stationarity(probe), *unexplained_variance(probe)))
    assert found["decoder_lipschitz_mean"].value is not None and found["unexplained_variance"].value is not None
    for one in found.values():
        own_prior = name == "vamp_prior_vae" and one.name.startswith(("t1", "t2", "active"))
        assert one.value is not None or one.cause == ("setting" if own_prior else "model"), one
