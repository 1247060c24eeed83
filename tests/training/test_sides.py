"""Weights are told apart by what they do. A side can be slowed or frozen, and else nothing changes."""

from dataclasses import replace

import pytest
import torch
from torch import nn

from vaebench import catalog
from vaebench.experiment import Arm, Interventions, TrainingConfig
from vaebench.fingerprint import value_hash
from vaebench.models import AutoEncoder, Variant, autoencoder, negative_elbo
from vaebench.models.complex_autoencoder import complex_autoencoder
from vaebench.training.fit import build
from vaebench.training.sides import sides_of

SHAPE, LATENT = (1, 8, 8), 2
SMALL = Variant("small_vae", "tests", autoencoder, negative_elbo(), kl_weight=1.0)
LAZY = pytest.mark.usefixtures("loop_alone")


class Tied(AutoEncoder):
    """A decoder that uses the encoder's first weight, transposed."""

    def __init__(self, shape, latent):
        super().__init__(nn.Sequential(nn.Flatten(), nn.Linear(6, 5)), nn.Linear(latent, 5), 5, latent)
        self.shape = shape

    def decode(self, z):
        return self.likelihood((self.decoder(z) @ self.encoder[1].weight).reshape(-1, *self.shape))


TIED = Variant("tied_vae", "tests", lambda shape, latent, arch: Tied(shape, latent), negative_elbo(), kl_weight=1.0)


@pytest.mark.parametrize("arch", ["mlp", "conv", "resnet"])
@pytest.mark.parametrize("made", [autoencoder, complex_autoencoder])
def test_sides_of_the_suites_own_models_go_by_their_names(made, arch):
    model = made(SHAPE, LATENT, arch)
    sides = sides_of(model, torch.rand(3, *SHAPE))
    names = [name for name, _ in model.named_parameters()]
    assert sides.decoder == tuple(name for name in names if name.startswith("decoder."))
    assert sides.encoder == tuple(name for name in names if name not in sides.decoder)
    assert sides.outside == sides.shared == ()


def test_a_discriminator_is_outside_and_a_learned_variance_is_the_decoders():
    factor, sigma = (catalog.variant(name).variant for name in ("factor_vae", "sigma_vae"))
    x = torch.rand(2, *SHAPE)
    assert all(name.startswith("discriminator.") for name in sides_of(build(factor, SHAPE, 2, "mlp", 0), x).outside)
    found = sides_of(build(sigma, SHAPE, 2, "mlp", 0), x)
    assert "likelihood.log_variance" in found.decoder and not found.outside


def test_a_weight_of_both_sides_is_said_to_be_shared():
    assert sides_of(Tied((2, 3), 2), torch.rand(2, 2, 3)).shared == ("encoder.1.weight",)


def test_telling_sides_apart_leaves_the_model_and_the_generators_alone():
    encoder = nn.Sequential(nn.Flatten(), nn.Linear(64, 5), nn.Dropout(0.5))
    model = AutoEncoder(encoder, nn.Linear(2, 64), 5, 2).train()
    before, state = {name: w.clone() for name, w in model.state_dict().items()}, torch.get_rng_state()
    with torch.no_grad():
        sides_of(model, torch.zeros(2, *SHAPE))
    assert model.training and model.encoder[2].training and torch.equal(torch.get_rng_state(), state)
    assert all(torch.equal(weight, before[name]) for name, weight in model.state_dict().items())
    assert all(parameter.grad is None for parameter in model.parameters())


def weights(trained):
    return trained.model.model.state_dict()


TRAINING = TrainingConfig(steps=20, batch=8, snapshots=(0,))


def one_group(weights, names, paces, rate, betas, stops):
    assert not paces
    return torch.optim.Adam([{"params": [weights[n] for n in names], "pace": 1.0}], lr=rate, betas=betas, fused=True)


@LAZY
def test_plain_rates_leave_every_weight_as_it_was(train, monkeypatch):
    plain = train(SMALL, TRAINING)
    said = train(SMALL, TRAINING, interventions=Interventions(encoder_rate=1.0, decoder_rate=1.0))
    # Adam with one group of all weights: what the loop was before there were factors.
    monkeypatch.setattr("vaebench.training.teams._adam", one_group)
    before = train(SMALL, TRAINING)
    for name, weight in weights(plain).items():
        assert torch.equal(weights(said)[name], weight) and torch.equal(weights(before)[name], weight)


def test_plain_rates_are_in_no_hash():
    assert value_hash(Interventions()) == value_hash(Interventions(encoder_rate=1.0, decoder_rate=1.0))
    slow = Arm("slow_encoder", Interventions(encoder_rate=1 / 30), knob="middle")
    assert value_hash(slow) != value_hash(replace(slow, interventions=Interventions()))


@LAZY
@pytest.mark.parametrize("frozen", ["encoder", "decoder"])
def test_a_side_whose_rate_is_0_is_frozen_and_the_other_one_learns(train, frozen):
    trained = train(SMALL, TRAINING, interventions=Interventions(**{f"{frozen}_rate": 0.0}))
    first = trained.snapshots[0][1]
    for name, weight in weights(trained).items():
        assert torch.equal(weight, first[name]) == (name.startswith("decoder.") == (frozen == "decoder")), name


@LAZY
@pytest.mark.parametrize("kind", [SMALL, catalog.variant("sigma_vae").variant], ids=lambda kind: kind.name)
def test_a_slowed_side_goes_so_much_less_far_in_the_first_step(train, kind):
    one = TrainingConfig(steps=1, batch=8, schedule="constant", snapshots=(0,))
    plain, slow = (train(kind, one, interventions=by) for by in (Interventions(), Interventions(decoder_rate=0.1)))
    first = plain.snapshots[0][1]
    for name in weights(plain):
        factor = 0.1 if name.startswith(("decoder.", "likelihood.")) else 1.0
        expected = first[name] + factor * (weights(plain)[name] - first[name])
        torch.testing.assert_close(weights(slow)[name], expected, atol=1e-7, rtol=1e-4)


@LAZY
def test_a_shared_weight_keeps_its_rate_and_the_record_says_so(train):
    one = TrainingConfig(steps=1, batch=8, schedule="constant", snapshots=(0,))
    plain, slow = (train(TIED, one, interventions=by) for by in (Interventions(), Interventions(encoder_rate=0.0)))
    assert torch.equal(weights(slow)["encoder.1.weight"], weights(plain)["encoder.1.weight"])
    assert torch.equal(weights(slow)["mean.weight"], slow.snapshots[0][1]["mean.weight"])
    assert slow.notes == ("encoder and decoder share encoder.1.weight: its learning rate is the plain one",)
    assert plain.notes == ()


@pytest.mark.parametrize("name", ["encoder_rate", "decoder_rate"])
@pytest.mark.parametrize("value", [-1.0, float("inf"), float("nan")])
def test_a_rate_is_finite_and_not_negative(name, value):
    with pytest.raises(ValueError, match=rf"^{name} is 0 or above, not {value}$"):
        Interventions(**{name: value})
