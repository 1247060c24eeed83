"""An example's code and decoding hang on the example alone, and are the same when asked again."""

import pytest
import torch
from torch import nn
from torch.nn import functional
from training.first_step.conftest import LATENT, SHAPE, Small

from vaebench.models import Refused


def with_layer(layer, side):
    """A small VAE with one layer more in the middle of a side."""

    class Other(Small):
        def __init__(self):
            super().__init__()
            network = getattr(self, side)
            middle = [*network][:-1] if side == "encoder" else [*network][:2]
            setattr(self, side, nn.Sequential(*middle, layer(), *[*network][len(middle) :]))

    return Other


class Centred(nn.Module):
    def forward(self, h):
        return h - h.mean(0)


class Mixed(nn.Module):
    """Each example a little of its neighbour."""

    def forward(self, h):
        return h + 0.01 * h.roll(1, 0)


class Noisy(nn.Module):
    def forward(self, h):
        return h + 0.1 * torch.randn_like(h)


class Dropping(nn.Module):
    def forward(self, h):
        return functional.dropout(h, 0.3)


BATCH = {
    "batch statistics": lambda: nn.BatchNorm1d(24, track_running_stats=False),
    "centred by the batch": Centred,
    "mixed with a neighbour": Mixed,
}
CHANCE = {"noise": Noisy, "dropout that never ends": Dropping}


@pytest.mark.parametrize("side", ["encoder", "decoder"])
@pytest.mark.parametrize("layer", BATCH)
def test_what_hangs_on_the_others_of_a_batch_is_refused(looked, side, layer):
    says = rf"^small: {side[:6]} gives another result for an example in another batch"
    with pytest.raises(Refused, match=says):
        looked(with_layer(BATCH[layer], side))


@pytest.mark.parametrize("side", ["encoder", "decoder"])
@pytest.mark.parametrize("layer", CHANCE)
def test_what_hangs_on_chance_is_refused(looked, side, layer):
    says = rf"^small: {side[:6]} gives two results for the same input in evaluation mode"
    with pytest.raises(Refused, match=says):
        looked(with_layer(CHANCE[layer], side))


@pytest.mark.parametrize("side", ["encoder", "decoder"])
@pytest.mark.parametrize("layer", [lambda: nn.BatchNorm1d(24), lambda: nn.Dropout(0.3), lambda: nn.LayerNorm(24)])
def test_layers_that_know_evaluation_pass(looked, side, layer):
    assert looked(with_layer(layer, side)).notes == ()


def test_the_look_leaves_model_and_generators_as_they_were(x):
    from vaebench.experiment import Interventions
    from vaebench.models import Variant, negative_elbo
    from vaebench.training.first_step import look
    from vaebench.training.intervened import Intervened

    model = Intervened(
        with_layer(lambda: nn.Sequential(nn.BatchNorm1d(24), nn.Dropout(0.3)), "encoder")(), Interventions()
    )
    variant = Variant("small", "tests", lambda *_: model.model, negative_elbo(), kl_weight=1.0)
    before = {name: value.clone() for name, value in model.state_dict().items()}
    state = torch.get_rng_state()
    look(variant, model, x.reshape(-1, *SHAPE), latent=LATENT, steps=10, seed=0)
    assert model.training and model.model.encoder.training
    assert torch.equal(torch.get_rng_state(), state)
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())
    assert all(weight.grad is None for weight in model.parameters())


class Shadow(nn.Module):
    """Keeps a slow copy of a weight by moving it in place, a count in a plain attribute, and a frozen norm."""

    def __init__(self):
        super().__init__()
        self.own, self.slow = nn.Linear(24, 24), nn.Linear(24, 24).requires_grad_(False)
        self.norm = nn.BatchNorm1d(24).eval()
        self.register_buffer("seen", torch.zeros(()), persistent=False)

    def forward(self, h):
        if self.training:
            self.slow.weight.data.lerp_(self.own.weight.data, 0.1)
            self.seen = self.seen + 1
        return self.norm(self.own(h)) + 0 * self.slow(h)


def test_weights_moved_in_place_modes_of_layers_and_other_generators_stay_too(x):
    import random

    import numpy as np

    from vaebench.experiment import Interventions
    from vaebench.models import Variant, negative_elbo
    from vaebench.training.first_step import look
    from vaebench.training.intervened import Intervened

    model = Intervened(with_layer(Shadow, "encoder")(), Interventions())
    variant = Variant("small", "tests", lambda *_: model.model, negative_elbo(), kl_weight=1.0)
    tensors = {name: value.clone() for name, value in (*model.named_parameters(), *model.named_buffers())}
    modes = [module.training for module in model.modules()]
    states = random.getstate(), np.random.get_state()[1].copy()
    look(variant, model, x, latent=LATENT, steps=10, seed=0)
    assert [module.training for module in model.modules()] == modes
    assert all(torch.equal(v, tensors[n]) for n, v in (*model.named_parameters(), *model.named_buffers()))
    assert random.getstate() == states[0] and np.array_equal(np.random.get_state()[1], states[1])


@pytest.mark.filterwarnings("ignore:`torch.nn.utils.spectral_norm` is deprecated")
def test_a_norm_that_its_first_step_sets_up_is_looked_at_as_trained(looked):
    def spectral():
        return nn.utils.spectral_norm(nn.Linear(24, 24))

    assert looked(with_layer(spectral, "encoder")).notes == ()
