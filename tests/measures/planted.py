"""Models whose layers settle at planted steps."""

from itertools import pairwise

import torch
from measures.known import generator
from torch import nn

from vaebench.data import Dataset, Split
from vaebench.experiment import Interventions
from vaebench.models import AutoEncoder
from vaebench.training.fit import Trained
from vaebench.training.intervened import Intervened

STEPS = (0, 10, 30, 100, 300, 1000)
SHAPE, LATENT, WIDTH = (2, 4), 3, 5
DATA = Dataset(
    "noise",
    1,
    Split(torch.randn(64, *SHAPE, generator=generator(3))),
    Split(torch.randn(96, *SHAPE, generator=generator(4))),
)


def narrow(seed, depth=2, decoder_depth=2):
    """A model of narrow random layers, no two of which are alike, with active units."""
    torch.manual_seed(seed)

    def stack(widths):
        return [part for w, v in pairwise(widths) for part in (nn.Linear(w, v), nn.Tanh())]

    encoder = nn.Sequential(nn.Flatten(), *stack((8, *[WIDTH] * depth)))
    out = [nn.Linear(WIDTH, 8), nn.Unflatten(1, SHAPE)]
    model = AutoEncoder(encoder, nn.Sequential(*stack((LATENT, *[WIDTH] * decoder_depth)), *out), WIDTH, LATENT)
    with torch.no_grad():
        for weight in model.parameters():
            weight.normal_(0, 1.2 / (weight.shape[-1] ** 0.5))
        model.log_scale.weight.mul_(0.1)
        model.log_scale.bias.fill_(-2.0)
    return model


def settling(encoder_at, decoder_at, seeds=(0, 1), steps=STEPS, **depths):
    """A model whose sides go from one draw of weights straight to another, and are there at the steps told."""
    (start, end) = (narrow(seed, **depths).state_dict() for seed in seeds)

    def weights(step):
        share = {True: min(1.0, step / decoder_at), False: min(1.0, step / encoder_at)}
        return {name: start[name].lerp(end[name], share[name.startswith("decoder")]) for name in end}

    return at_end(end, tuple((step, weights(step)) for step in steps), **depths)


def at_end(weights, snapshots=(), history=(), **depths):
    """A model of these weights as an instrument is given it."""
    model = narrow(0, **depths)
    model.load_state_dict(weights)
    wrapped = Intervened(model, Interventions()).eval().requires_grad_(False)
    return Trained(wrapped, LATENT, 1.0, snapshots=snapshots, history=history)
