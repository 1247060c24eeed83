"""The training step as a function: several members at once, stacked, give what each gives alone."""

import copy
from dataclasses import replace

import pytest
import torch
from torch import nn
from torch.func import functional_call, grad_and_value, stack_module_state, vmap

from vaebench.experiment import Interventions
from vaebench.models import AutoEncoder, Bernoulli, Gaussian, Variant, autoencoder, negative_elbo
from vaebench.training.fit import build
from vaebench.training.intervened import Intervened
from vaebench.training.step import TrainingStep

SHAPE, LATENT, BATCH = (1, 8, 8), 3, 5


def bernoulli(shape, latent, arch):
    return autoencoder(shape, latent, arch, Bernoulli)


class OwnVariance(AutoEncoder):
    """A model that learns the variance of its noise."""

    def __init__(self, shape, latent, arch):
        plain = autoencoder(shape, latent, arch)
        super().__init__(plain.encoder, plain.decoder, plain.mean.in_features, latent)
        self.log_variance = nn.Parameter(torch.zeros(()))

    def decode(self, z):
        return Gaussian(self.decoder(z), self.log_variance.exp())


VAE = Variant("small_vae", "tests", autoencoder, negative_elbo(), kl_weight=1.0)
VARIANTS = {
    "gaussian": VAE,
    "bernoulli": replace(VAE, build=bernoulli),
    "own variance": replace(VAE, build=OwnVariance),
    "beta": replace(VAE, objective=negative_elbo(4.0)),
}
TURNED = {
    "posterior scales": [Interventions(posterior_scale=s, likelihood_variance=0.1) for s in (0.05, 0.3, 1.0)],
    "input noises": [Interventions(input_noise=s) for s in (0.0, 0.1, 0.8)],
    "seeds": [Interventions()] * 3,
}


def members(variant, turned, arch):
    built = (build(variant, SHAPE, LATENT, arch, seed) for seed in range(len(turned)))
    return [
        TrainingStep(Intervened(model, by), (variant.objective,), 100, 1000)
        for model, by in zip(built, turned, strict=True)
    ]


def draws(count):
    rng = torch.Generator().manual_seed(0)
    x = torch.rand(BATCH, *SHAPE, generator=rng)
    code_noise = torch.randn(count, BATCH, LATENT, generator=rng)
    return x, code_noise, torch.randn(count, BATCH, *SHAPE, generator=rng)


def together(steps, x, code_noise, input_noise):
    """Losses and gradients of all members in one call."""
    parameters, buffers = stack_module_state(steps)
    skeleton = copy.deepcopy(steps[0]).to("meta")
    rng = torch.Generator().manual_seed(1)

    def loss(own, state, codes, inputs):
        return functional_call(skeleton, (own, state), (x, codes, inputs, 0, rng))[0]

    # The same draws for every member: that is what members of one seed would draw each for itself.
    run = vmap(grad_and_value(loss), randomness="same")
    gradients, losses = run(parameters, buffers, code_noise, input_noise)
    return losses, gradients


@pytest.mark.parametrize("arch", ["mlp", "conv", "resnet"])
@pytest.mark.parametrize("name", VARIANTS)
@pytest.mark.parametrize("what", TURNED)
def test_stacked_members_give_what_each_gives_alone(what, name, arch):
    steps = members(VARIANTS[name], TURNED[what], arch)
    x, code_noise, input_noise = draws(len(steps))
    losses, gradients = together(steps, x, code_noise, input_noise)
    assert len(set(losses.tolist())) == len(steps)
    for number, step in enumerate(steps):
        (loss,) = step(x, code_noise[number], input_noise[number], 0, torch.Generator())
        loss.backward()
        torch.testing.assert_close(losses[number], loss.detach(), rtol=1e-4, atol=1e-4)
        for weight, parameter in step.named_parameters():
            alone = torch.zeros_like(parameter) if parameter.grad is None else parameter.grad
            torch.testing.assert_close(gradients[weight][number], alone, rtol=1e-3, atol=1e-4 * float(1 + alone.norm()))


def test_an_objective_that_draws_stacks_when_members_share_its_draws():
    def objective(step):
        drawn = torch.randn(step.z.shape, generator=step.rng)
        return negative_elbo()(step)["kl"] + (drawn * step.z).mean()

    steps = members(replace(VAE, objective=objective), TURNED["posterior scales"], "mlp")
    x, code_noise, input_noise = draws(3)
    losses, _ = together(steps, x, code_noise, input_noise)
    for number, step in enumerate(steps):
        (alone,) = step(x, code_noise[number], input_noise[number], 0, torch.Generator().manual_seed(1))
        torch.testing.assert_close(losses[number], alone.detach())


def test_what_differs_between_stacked_members_is_in_their_buffers():
    steps = members(VAE, TURNED["posterior scales"], "mlp")
    _, buffers = stack_module_state(steps)
    torch.testing.assert_close(buffers["model.posterior_scale"], torch.tensor([0.05, 0.3, 1.0]))
    _, buffers = stack_module_state(members(VAE, TURNED["input noises"], "mlp"))
    torch.testing.assert_close(buffers["model.input_noise"], torch.tensor([0.0, 0.1, 0.8]))


def test_a_members_own_interventions_are_no_part_of_what_is_stored():
    """The suite's knobs are not the variant's weights."""
    model = Intervened(build(VAE, SHAPE, LATENT, "mlp", 0), Interventions(posterior_scale=0.3, input_noise=0.1))
    assert not any("posterior_scale" in name or "input_noise" in name for name in model.state_dict())


def test_noise_of_size_nought_is_no_noise():
    step = members(VAE, [Interventions()], "mlp")[0]
    x, code_noise, input_noise = draws(1)
    with torch.no_grad():
        shown = [step(x, code_noise[0], noise, 0, torch.Generator())[0] for noise in (None, input_noise[0])]
    assert torch.equal(*shown)


def test_called_plainly_a_step_uses_its_own_weights():
    step = members(VAE, [Interventions()], "mlp")[0]
    x, code_noise, _ = draws(1)
    arguments = (x, code_noise[0], None, 0, torch.Generator())
    with torch.no_grad():
        assert torch.equal(step(*arguments)[0], functional_call(step, dict(step.named_parameters()), arguments)[0])


def test_a_linear_model_stacks_too():
    def build_linear(shape, latent, arch):
        return AutoEncoder(nn.Flatten(), nn.Sequential(nn.Linear(latent, 64), nn.Unflatten(1, shape)), 64, latent)

    steps = members(replace(VAE, build=build_linear), TURNED["posterior scales"], "mlp")
    x, code_noise, input_noise = draws(3)
    losses, _ = together(steps, x, code_noise, input_noise)
    for number, step in enumerate(steps):
        (alone,) = step(x, code_noise[number], input_noise[number], 0, torch.Generator())
        torch.testing.assert_close(losses[number], alone.detach())
