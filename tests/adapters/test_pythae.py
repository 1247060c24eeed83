"""Pythae's own models, from the registry: through their parts, with their own losses, under interventions."""

import inspect
import math
from dataclasses import replace

import pytest
import torch
from conftest import extra
from models.steps import taken

pythae_models = extra("pythae.models")

from vaebench.adapters import pythae  # noqa: E402
from vaebench.data import Dataset, Split  # noqa: E402
from vaebench.experiment import Interventions, TrainingConfig  # noqa: E402
from vaebench.models import Bernoulli, Gaussian, Refused, Unfit, negative_elbo  # noqa: E402
from vaebench.models.layers import activations, decoder_layers, encoder_layers  # noqa: E402
from vaebench.models.objectives import total  # noqa: E402
from vaebench.training.first_step import look  # noqa: E402
from vaebench.training.fit import build, fit  # noqa: E402
from vaebench.training.intervened import Intervened  # noqa: E402

SHAPE, LATENT = (1, 4, 4), 3
X = torch.rand(96, *SHAPE, generator=torch.Generator().manual_seed(0))
DATA = Dataset("made", 1, Split(X[:64]), Split(X[64:]))

KINDS = {
    "VAE": {},
    "BetaVAE": {"beta": 4.0},
    "DisentangledBetaVAE": {"beta": 2.0, "C": 5.0, "warmup_epoch": 3},
    "BetaTCVAE": {"beta": 2.0, "use_mss": False},
    "FactorVAE": {"gamma": 2.0},
    "INFOVAE_MMD": {},
    "IWAE": {"number_samples": 4},
    "CIWAE": {"number_samples": 4},
    "VAMP": {"number_components": 5},
}
CONFIGS = {"INFOVAE_MMD": "INFOVAE_MMD_Config"}


def variant(kind, **options):
    settings = KINDS[kind] | options
    config = getattr(pythae_models, CONFIGS.get(kind, f"{kind}Config"))

    def configured(shape, latent):
        return config(input_dim=shape, latent_dim=latent, **settings)

    return pythae.variant("brought", getattr(pythae_models, kind), configured)


def model(kind, seed=0, **options):
    return build(variant(kind, **options), SHAPE, LATENT, "mlp", seed)


def step_of(kind, seed=0, **options):
    made = model(kind, **options)
    step = taken(made, X[:16], step=7, steps=100, examples=64, seed=seed)
    noise = (step.z - step.posterior.mean) / step.posterior.scale
    return replace(step, noise=noise.detach())


def loss(kind, step):
    return float(total(variant(kind).objective(step)).detach())


@pytest.mark.parametrize("kind", KINDS)
def test_the_first_look_lets_it_pass_with_its_own_loss(kind):
    one = variant(kind)
    for by in (Interventions(likelihood_variance=0.05), Interventions(likelihood="bernoulli")):
        wrapped = Intervened(model(kind), by)
        assert look(one, wrapped, X, latent=LATENT, steps=100, seed=1).notes == ()


@pytest.mark.parametrize("kind", KINDS)
def test_its_forward_is_never_called(kind, monkeypatch):
    def forward(*_, **__):
        raise AssertionError("forward() was called")

    monkeypatch.setattr(getattr(pythae_models, kind), "forward", forward)
    found = fit(
        variant(kind),
        DATA,
        arch="mlp",
        latent=LATENT,
        training=TrainingConfig(steps=3, batch=16),
        interventions=Interventions(posterior_scale=0.2, likelihood_variance=0.05),
        seed=0,
    )
    assert len(found.history) == 2


def test_the_vaes_loss_is_the_elbo_up_to_the_normaliser():
    step = step_of("VAE")
    for likelihood in (step.likelihood, replace(step.likelihood, variance=0.05), Bernoulli(step.likelihood.log_odds)):
        at = replace(step, likelihood=likelihood)
        known = float(total(negative_elbo()(at)).detach())
        if isinstance(likelihood, Gaussian):
            known -= 8 * math.log(2 * math.pi * likelihood.variance)
        assert loss("VAE", at) == pytest.approx(known, rel=1e-4)


@pytest.mark.parametrize("kind", ["VAE", "BetaVAE", "DisentangledBetaVAE", "BetaTCVAE", "VAMP"])
def test_with_a_variance_of_1_it_is_pythaes_own_number(kind):
    """The loss_function of the package itself, with the tensors that its forward() would give it."""
    step, made = step_of(kind), model(kind)
    arguments = {
        "recon_x": step.likelihood.mean,
        "x": step.x,
        "mu": step.posterior.mean,
        "log_var": 2 * step.posterior.log_scale,
        "z": step.z,
        "epoch": 1 + 7 * 16 // 64,
        "dataset_size": 64,
    }
    wanted = inspect.signature(made.pythae.loss_function).parameters
    known = float(made.pythae.loss_function(**{name: arguments[name] for name in wanted})[0].detach())
    assert loss(kind, step) == pytest.approx(known, rel=1e-5)


def test_the_importance_weighted_loss_is_the_bound_of_its_codes():
    step = step_of("IWAE")
    rng = torch.Generator().manual_seed(0)  # that of the step
    more = torch.randn(3, 16, LATENT, generator=rng)
    codes = torch.cat([step.z.unsqueeze(0), step.posterior.sample(more)])
    seen = []
    for z in codes:
        likely = -0.5 * (step.decode(z).mean - step.x).flatten(1).square().sum(1)
        seen.append(likely + torch.distributions.Normal(0, 1).log_prob(z).sum(1))
        seen[-1] = seen[-1] - torch.distributions.Normal(step.posterior.mean, step.posterior.scale).log_prob(z).sum(1)
    weights = torch.stack(seen)
    known = -(torch.softmax(weights, 0) * weights).sum(0).mean()
    assert loss("IWAE", step) == pytest.approx(float(known.detach()), rel=1e-4)


def test_the_prior_of_vamp_is_pythaes_own():
    made, z = model("VAMP"), torch.randn(9, LATENT, generator=torch.Generator().manual_seed(2))
    known = made.pythae._log_p_z(z) - LATENT / 2 * math.log(2 * math.pi)
    torch.testing.assert_close(made.prior_log_prob(z), known, rtol=1e-4, atol=1e-4)
    assert variant("VAMP").prior == "own" and variant("VAMP").kl_weight == 1.0


def test_the_factor_vaes_discriminator_is_an_adversary():
    one = variant("FactorVAE")
    assert [adversary.module for adversary in one.adversaries] == ["pythae.discriminator"]
    step = step_of("FactorVAE")
    again = replace(step, rng=torch.Generator().manual_seed(0))
    weights = list(step.model.pythae.discriminator.parameters())
    slopes = torch.autograd.grad(one.adversaries[0].objective(again), weights)
    assert all(slope.abs().sum() > 0 for slope in slopes)


def test_weights_of_the_kl_are_declared_where_the_loss_has_one():
    found = {kind: variant(kind).kl_weight for kind in KINDS}
    assert {kind: weight for kind, weight in found.items() if weight} == {"VAE": 1.0, "BetaVAE": 4.0, "VAMP": 1.0}
    assert variant("VAMP", linear_scheduling_steps=10).kl_weight is None


def test_a_model_for_probabilities_is_a_bernoulli_of_the_same_means():
    z = torch.randn(5, LATENT, generator=torch.Generator().manual_seed(3))
    squared, coins = model("VAE").decode(z), model("VAE", reconstruction_loss="bce").decode(z)
    assert isinstance(squared, Gaussian) and isinstance(coins, Bernoulli)
    torch.testing.assert_close(coins.mean, squared.mean, rtol=1e-5, atol=1e-6)
    read = Intervened(model("VAE"), Interventions(likelihood="bernoulli")).decode(z)
    torch.testing.assert_close(read.mean, squared.mean, rtol=1e-5, atol=1e-6)


NO_VAE = ("AE", "RAE_L2", "RAE_GP", "WAE_MMD", "VQVAE", "SVAE", "PoincareVAE", "HVAE", "RHVAE", "VAE_IAF", "VAE_LinNF")
OTHERS = ("Adversarial_AE", "VAEGAN", "MSSSIM_VAE", "MIWAE", "PIWAE")


@pytest.mark.parametrize("kind", [*NO_VAE, *OTHERS])
def test_what_has_no_such_parts_is_declined_by_name(kind):
    with pytest.raises(Unfit, match=f"^Pythae's {kind} is declined: it") as raised:
        pythae.variant("brought", getattr(pythae_models, kind), lambda *_: None)
    assert "\n" not in str(raised.value)


def test_every_autoencoder_of_the_package_is_one_or_the_other():
    there = {
        name for name, thing in vars(pythae_models).items()
        if inspect.isclass(thing) and issubclass(thing, pythae_models.BaseAE)
    } - {"BaseAE"}  # fmt: skip
    assert there == set(KINDS) | set(pythae.DECLINED)


def test_a_loss_that_needs_more_than_a_step_has_is_declined_by_what_it_needs():
    class Own(pythae_models.VAE):
        def loss_function(self, recon_x, x, mu, log_var, z, weather):
            return ()

    with pytest.raises(Unfit, match="loss_function of Own needs weather, which no step has"):
        pythae.variant("brought", Own, lambda *_: None)
    with pytest.raises(Unfit, match="Linear is no VAE of Pythae"):
        pythae.variant("brought", torch.nn.Linear, lambda *_: None)


def test_its_objective_is_for_its_models_alone():
    step = replace(step_of("VAE"), model=torch.nn.Linear(1, 1))
    with pytest.raises(Refused, match=r"for a model of vaebench\.adapters\.pythae"):
        variant("VAE").objective(step)


def of_networks(encoder, decoder):
    """Pythae's VAE with networks of one's own: of the data to mean and log variance, and of the code to the data."""
    from pythae.models.base.base_utils import ModelOutput
    from pythae.models.nn import BaseDecoder, BaseEncoder

    class Encoder(BaseEncoder):
        def __init__(self):
            super().__init__()
            self.net = encoder

        def forward(self, x):
            mean, log_variance = self.net(x.flatten(1)).chunk(2, 1)
            return ModelOutput(embedding=mean, log_covariance=log_variance)

    class Decoder(BaseDecoder):
        def __init__(self):
            super().__init__()
            self.net = decoder

        def forward(self, z):
            return ModelOutput(reconstruction=self.net(z).reshape(-1, *SHAPE))

    def config(shape, latent):
        return pythae_models.VAEConfig(input_dim=shape, latent_dim=latent)

    return pythae.variant("brought", pythae_models.VAE, config, lambda *_: (Encoder(), Decoder()))


def test_networks_of_ones_own_are_taken():
    one = of_networks(torch.nn.Linear(16, 2 * LATENT), torch.nn.Linear(LATENT, 16))
    made = build(one, SHAPE, LATENT, "mlp", 0)
    assert made.decode(torch.zeros(2, LATENT)).log_odds is None  # no sigmoid at its end
    wrapped = Intervened(made, Interventions(likelihood_variance=0.05))
    assert look(one, wrapped, X, latent=LATENT, steps=100, seed=1).notes == ()


HIDDEN = (torch.nn.Linear(LATENT, 8), torch.nn.Tanh(), torch.nn.Linear(8, 8), torch.nn.Tanh())
ENDS = {
    "a linear layer": ((torch.nn.Linear(8, 16), torch.nn.Unflatten(1, SHAPE)), "4"),
    "a sigmoid": ((torch.nn.Linear(8, 16), torch.nn.Sigmoid()), "5"),
}


@pytest.mark.parametrize("end", ENDS)
def test_the_last_layer_of_a_decoder_is_its_output(end):
    """One that ends in no activation was left out, so that the last hidden layer was taken for the output."""
    last, name = ENDS[end]
    decoder = torch.nn.Sequential(*HIDDEN, *last)
    made = build(of_networks(torch.nn.Linear(16, 2 * LATENT), decoder), SHAPE, LATENT, "mlp", 0)
    names = decoder_layers(made)
    assert names == tuple(f"pythae.decoder.net.{one}" for one in ("1", "3", name))
    z = torch.randn(5, LATENT, generator=torch.Generator().manual_seed(4))
    found = activations(made, lambda: made.decode(z), names)[names[-1]]
    torch.testing.assert_close(found, made.decode(z).mean.flatten(1).detach())


def test_the_layers_of_pythaes_own_networks_are_those_that_the_suite_finds():
    made = model("VAE")
    assert decoder_layers(made) == tuple(f"pythae.{name}" for name in decoder_layers(made.pythae))
    assert decoder_layers(made) == ("pythae.decoder.layers.0.1", "pythae.decoder.layers.1.1")
    assert encoder_layers(made) == ("pythae.encoder.layers.0.1",)


def test_a_decoder_in_which_no_layer_is_found_is_built_all_the_same():
    class Table(torch.nn.Module):
        def forward(self, z):
            return z.repeat(1, 6)[:, :16]

    made = build(of_networks(torch.nn.Linear(16, 2 * LATENT), Table()), SHAPE, LATENT, "mlp", 0)
    assert made.decoder_layers == ()
