"""Small models of digits, trained in a second each, whose sides are planted to be useful early or late."""

from dataclasses import replace
from functools import lru_cache
from pathlib import Path

from torch import nn

from vaebench import catalog
from vaebench.data import Dataset, Split
from vaebench.experiment import EvaluationBudget, Interventions, TrainingConfig
from vaebench.measures.probe import Cohort
from vaebench.models import AutoEncoder, Variant, negative_elbo
from vaebench.training.fit import fit

STEPS = (0, 1, 3, 10, 30, 100, 300)
"""Half decades: ten times later is two further."""

LATENT, WIDTH = 4, 64
COINS = Interventions(likelihood="bernoulli", pixels=64 * 64)
TRAINING = TrainingConfig(steps=STEPS[-1], batch=64, learning_rate=3e-3, schedule="constant", snapshots=STEPS)
EVALUATION = EvaluationBudget(points=256, retraining_steps=150)


@lru_cache
def digits():
    whole = catalog.dataset("digits", Path("data"))
    return Dataset("some_digits", 1, Split(whole.train.x[:600]), Split(whole.held_out.x[:256]))


def build(shape, latent, arch):
    encoder = nn.Sequential(nn.Flatten(), nn.Linear(64, WIDTH), nn.SiLU(), nn.Linear(WIDTH, WIDTH), nn.SiLU())
    inside = (nn.Linear(latent, WIDTH), nn.SiLU(), nn.Linear(WIDTH, WIDTH), nn.SiLU())
    return AutoEncoder(encoder, nn.Sequential(*inside, nn.Linear(WIDTH, 64), nn.Unflatten(1, shape)), WIDTH, latent)


SMALL = Variant("small_vae", "tests", build, negative_elbo(), kl_weight=1.0)


@lru_cache
def trained(seed=0, training=TRAINING, variant=SMALL, **rates):
    by = replace(COINS, **rates)
    return fit(variant, digits(), arch="mlp", latent=LATENT, training=training, interventions=by, seed=seed)


def is_of(side, name):
    return name.startswith("decoder.") == (side == "decoder")


def head_start(side, seed=0):
    """A model one of whose sides is another seed's at its end, and frozen."""
    ready = trained(seed=seed + 100).snapshots[-1][1]

    def with_ready(shape, latent, arch):
        model = build(shape, latent, arch)
        weights = {name: ready[name] if is_of(side, name) else w for name, w in model.state_dict().items()}
        model.load_state_dict(weights)
        return model

    return trained(seed, variant=replace(SMALL, build=with_ready), **{f"{side}_rate": 0.0})


def warped(one, side):
    """A model's course with one side ten times ahead: its weights of step t are those of step 10t."""
    states = dict(one.snapshots)

    def at(step):
        ahead = states[min(10 * step, STEPS[-1])]
        return {name: ahead[name] if is_of(side, name) else weight for name, weight in states[step].items()}

    return replace(one, snapshots=tuple((step, at(step)) for step in STEPS))


def cohort(rng, evaluation=EVALUATION, **models):
    """A cell without strengths: models by arm, with another seed's first weights for fresh sides."""
    models.setdefault("redrawn", trained(seed=200, training=replace(TRAINING, steps=1, snapshots=(0, 1))))
    placed = {(arm, None): model for arm, model in models.items() if model is not None}
    return Cohort(placed, digits(), evaluation, rng)
