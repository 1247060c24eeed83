"""Interventions reach the loss, and the loss the weights, or the variant is refused."""

import importlib.util

import numpy as np
import pytest
import torch
from conftest import BROUGHT
from torch import nn
from training.first_step.conftest import LATENT, SHAPE, Small

from vaebench import catalog
from vaebench.experiment import Interventions
from vaebench.models import AutoEncoder, Bernoulli, Gaussian, Normal, Refused, Unfit, negative_elbo
from vaebench.seeds import seed_for
from vaebench.training.first_step import look, reach
from vaebench.training.fit import build
from vaebench.training.intervened import Intervened


def test_a_forward_pass_of_ones_own_is_refused(x):
    spec = importlib.util.spec_from_file_location("escape_vae", BROUGHT / "escape_vae.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    variant = module.VARIANT
    model = Intervened(build(variant, SHAPE, LATENT, "mlp", 0), Interventions())
    with pytest.raises(Refused, match=r"^escape_vae: the loss stays the same when the posterior's scale changes, so "):
        look(variant, model, x, latent=LATENT, steps=10, seed=0)


def own_noise(step):
    return torch.randn_like(step.posterior.mean)


def codes_of_its_own(step):
    """The KL sees the suite's scale, the decoder never."""
    own = step.model.encode(step.seen)
    z = own.mean + own.scale * own_noise(step)
    return (step.posterior.kl() - step.decode(z).log_prob(step.x)).mean()


def decoder_of_its_own(step):
    """The suite's codes, but the decoder by the back door: no variance, no coins."""
    return (step.posterior.kl() - step.model.decode(step.z).log_prob(step.x)).mean()


def deaf_to_noise(step):
    """Encodes the clean examples, through the suite."""
    posterior = step.encode(step.x)
    return (posterior.kl() - step.decode(posterior.sample(own_noise(step))).log_prob(step.x)).mean()


def means_alone(step):
    """An autoencoder with a penalty: no draw of z counts."""
    return (step.posterior.kl() - step.decode(step.posterior.mean).log_prob(step.x)).mean()


def squared_errors(step):
    """What public code writes: no variance counts."""
    error = (step.likelihood.mean - step.x).flatten(1).square().sum(1)
    return (error + step.posterior.kl()).mean()


def explaining_the_noise(step):
    """The noisy examples for a target: another experiment."""
    return (step.posterior.kl() - step.likelihood.log_prob(step.seen)).mean()


ESCAPES = {
    explaining_the_noise: "the target",
    codes_of_its_own: "the draw of z",
    decoder_of_its_own: "the decoder's output",
    deaf_to_noise: "the noise on the input",
    means_alone: "the draw of z",
    squared_errors: "the likelihood's variance",
}


@pytest.mark.parametrize("objective", ESCAPES, ids=lambda objective: objective.__name__)
@pytest.mark.parametrize("by", [Interventions(likelihood_variance=0.05), Interventions(posterior_scale=0.2)])
def test_a_loss_that_an_intervention_does_not_move_is_refused(looked, objective, by):
    says = rf"^small: the loss stays the same when {ESCAPES[objective]} changes, so interventions cannot act: "
    with pytest.raises(Refused, match=says):
        looked(objective=objective, by=by)


def through_the_suite(step):
    """A second look at the noisy examples, with draws of its own: all of it through the step."""
    posterior = step.encode(step.seen)
    return (posterior.kl() - step.decode(posterior.sample(own_noise(step))).log_prob(step.x)).mean()


def faint(step):
    """A loss of 10,000 nats, as of a colour image, of which the noise on the input moves little."""
    posterior = step.encode(step.x + 1e-5 * (step.seen - step.x))
    return (posterior.kl() - step.decode(posterior.sample(own_noise(step))).log_prob(step.x)).mean() + 10_000


def test_noise_that_moves_a_large_loss_by_less_than_its_last_digit_is_made_louder(looked, monkeypatch):
    """`vae` with `conv` on 32×32 colour patches was refused in some seeds."""
    assert looked(objective=faint, by=Interventions(likelihood_variance=0.05)).notes == ()
    monkeypatch.setattr(reach, "LOUDER", 1.0)
    with pytest.raises(Refused, match="the noise on the input"):
        looked(objective=faint, by=Interventions(likelihood_variance=0.05))


class Mute(Small):
    """Its decoder's last layer starts at zero, so that at first no code changes anything."""

    def __init__(self):
        super().__init__()
        nn.init.zeros_(self.decoder[2].weight)


class Coins(Small):
    def decode(self, z):
        return Bernoulli(self.decoder(z))


@pytest.mark.parametrize("objective", [negative_elbo(), through_the_suite])
@pytest.mark.parametrize("model", [Small, Mute, Coins])
@pytest.mark.parametrize("by", [Interventions(), Interventions(likelihood="bernoulli", pixels=64)])
def test_a_loss_that_interventions_move_passes(looked, model, objective, by):
    assert looked(model, objective, by).notes == ()


@pytest.mark.parametrize("arch", catalog.arch_names())
@pytest.mark.parametrize("name", catalog.variant_names())
def test_every_variant_of_the_suite_passes_with_every_network_and_no_weight_of_it_is_idle(name, arch):
    variant, data = catalog.variant(name).variant, catalog.dataset("digits")
    if variant.archs is not None and arch not in variant.archs:
        pytest.skip(f"{name} is not built with {arch}")
    for by in (Interventions(likelihood_variance=0.05, posterior_scale=0.2), Interventions(likelihood="bernoulli")):
        model = Intervened(build(variant, data.shape, 4, arch, 0), by)
        found = look(variant, model, data.train.x, latent=4, steps=1000, seed=seed_for(name))
        assert found.notes == ()


class Dead(Small):
    @torch.no_grad()
    def encode(self, x):
        return super().encode(x)


class Cut(Small):
    def decode(self, z):
        return Gaussian(self.decoder(z).detach(), 0.05)


class Frozen(Small):
    def __init__(self):
        super().__init__()
        self.encoder.requires_grad_(False)


@pytest.mark.parametrize(("model", "side"), [(Dead, "encode"), (Cut, "decode"), (Frozen, "encode")])
def test_a_side_that_never_trains_is_refused(looked, model, side):
    says = rf"^small: no weight behind {side} gets a gradient: is it detached, under torch\.no_grad, or frozen\?$"
    with pytest.raises(Refused, match=says):
        looked(model)


def detached(step):
    return negative_elbo()(step)["reconstruction"].detach()


class Wide(Small):
    """A raw variance that noise on the weights turns negative; and its own forward pass is still found out."""

    def __init__(self):
        super().__init__()
        self.variance = nn.Parameter(torch.tensor(0.05))

    def decode(self, z):
        return Gaussian(self.decoder(z), self.variance)


def own_forward(step):
    posterior = step.model.encode(step.x)
    z = posterior.mean + posterior.scale * own_noise(step)
    return (posterior.kl() - step.model.decode(z).log_prob(step.x)).mean()


@pytest.mark.parametrize("seed", range(3))
def test_what_is_no_number_is_no_answer(looked, seed):
    with pytest.raises(Refused, match=r"^small: the loss stays the same when the posterior's scale changes"):
        looked(Wide, own_forward, seed=seed)


def detached_codes(step):
    """The decoder learns, and the encoder hears of the KL alone."""
    return (step.posterior.kl() - step.decode(step.z.detach()).log_prob(step.x)).mean()


@pytest.mark.parametrize("by", [Interventions(), Interventions(posterior_scale=0.2, likelihood_variance=0.05)])
def test_codes_detached_on_the_way_are_refused(looked, by):
    says = r"^small: the decoder's output never moves the encoder's weights: is z detached\?$"
    with pytest.raises(Refused, match=says):
        looked(objective=detached_codes, by=by)


def by_numpy(step):
    return negative_elbo()(step)["reconstruction"] * float(np.random.rand()) + step.posterior.kl().mean()


def test_chance_that_no_seed_of_the_suite_holds_is_refused_with_that_reason(looked):
    with pytest.raises(
        Refused, match=r"^small: the loss differs between two evaluations with the same draws: draw from step"
    ):
        looked(objective=by_numpy)


def warmed_reconstruction(step):
    return -min(1.0, step.step / 100) * step.likelihood.log_prob(step.x).mean() + step.posterior.kl().mean()


def an_autoencoder_first(step):
    late = step.step > step.steps / 2
    codes = step.z if late else step.posterior.mean
    kl = step.posterior.kl().mean() if late else 0 * step.posterior.mean.sum()
    return -step.decode(codes).log_prob(step.x).mean() + kl


def penalised_gradient(step):
    leaf = step.z.detach().requires_grad_(True)
    (slope,) = torch.autograd.grad(step.decode(leaf).mean.sum(), leaf, create_graph=True)
    return sum(negative_elbo()(step).values()) + slope.square().mean()


@pytest.mark.parametrize("objective", [warmed_reconstruction, an_autoencoder_first, penalised_gradient])
def test_objectives_that_change_on_the_way_or_take_gradients_pass(looked, objective):
    assert looked(objective=objective).notes == ()


def test_a_path_that_is_cut_is_no_traceback(looked):
    class Cutting(Small):
        def decode(self, z):
            return super().decode(z.detach())

    with pytest.raises(Refused, match=r"^small: (the decoder's output never moves|the loss stays the same)"):
        looked(Cutting)


def test_a_detached_loss_is_refused(looked):
    with pytest.raises(
        Refused, match=r"^small: the loss has no gradient: it is detached, or computed under torch\.no_grad$"
    ):
        looked(objective=detached)


@pytest.mark.parametrize(
    ("given", "says"),
    [(lambda step: 1.0, "a float"), (lambda step: None, "a NoneType"), (lambda step: (step.x.sum(),), "a tuple")],
)
def test_an_objective_that_gives_no_tensor_is_told_so(looked, given, says):
    line = rf"^small: an objective gives a scalar tensor, or scalar tensors by name; this one gives {says}$"
    with pytest.raises(Refused, match=line):
        looked(objective=given)


class Idle(Small):
    """Has weights that nothing uses, and a layer whose use is cut."""

    def __init__(self):
        super().__init__()
        self.spare = nn.Parameter(torch.zeros(2))
        self.side = nn.Linear(LATENT, 16)

    def decode(self, z):
        return Gaussian(self.decoder(z) + self.side(z).detach().unflatten(1, SHAPE), 0.05)


def test_weights_without_a_gradient_are_named(looked):
    (note,) = looked(Idle).notes
    assert note == "no gradient reaches 3 of 11 weight tensors: spare, side.weight, side.bias"


def test_many_such_weights_are_counted(looked):
    class Crowd(Small):
        def __init__(self):
            super().__init__()
            self.spare = nn.ParameterList(nn.Parameter(torch.zeros(1)) for _ in range(9))

    (note,) = looked(Crowd).notes
    assert note.endswith("9 of 17 weight tensors: spare.0, spare.1, spare.2, spare.3, spare.4 and 4 more")


def test_the_head_of_a_scale_that_the_suite_fixes_is_no_idle_weight(looked):
    def headed():
        return AutoEncoder(nn.Flatten(), nn.Sequential(nn.Linear(LATENT, 16), nn.Unflatten(1, SHAPE)), 16, LATENT)

    assert looked(headed, by=Interventions(posterior_scale=0.2)).notes == ()


class Vamp(Small):
    """A prior of its own: the mean posterior of made-up examples."""

    def __init__(self):
        super().__init__()
        self.made_up = nn.Parameter(torch.rand(5, *SHAPE))


def vamp_elbo(step):
    made_up = step.encode(step.model.made_up)
    z = step.z.unsqueeze(1)
    prior = torch.distributions.Normal(made_up.mean, made_up.scale).log_prob(z).sum(-1).logsumexp(1)
    own = torch.distributions.Normal(step.posterior.mean, step.posterior.scale).log_prob(step.z).sum(-1)
    return (own - prior - step.likelihood.log_prob(step.x)).mean()


def test_a_prior_of_ones_own_is_unfit_unless_the_variant_says_that_it_is_none(looked):
    says = r"^small: the loss moves weights outside encode and decode \(made_up\), so instruments would "
    with pytest.raises(Unfit, match=says):
        looked(Vamp, vamp_elbo)
    with pytest.raises(
        Unfit,
        match=r"^small: its prior is its own, but it has no prior_sample\(noise\): instruments would assume N\(0, I\)$",
    ):
        looked(Vamp, vamp_elbo, prior="own")
    assert looked(Vamp, vamp_elbo, prior="standard").notes == ()


class OneLayer(Small):
    """Shares a layer between its sides, which is no prior."""

    def encode(self, x):
        mean, log_scale = (self.encoder(x)).chunk(2, 1)
        return Normal(mean + 0 * self.decoder[0].weight.sum(), log_scale=log_scale)


def test_shared_weights_are_no_prior(looked):
    assert looked(OneLayer).notes == ()
