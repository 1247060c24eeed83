"""Laws of the Kähler VAE's regulariser: 0 where the metric is even, above it elsewhere, and worth its gradient."""

import copy

import pytest
import torch
from models.steps import step_at, taken
from torch import nn
from torch.func import functional_call, grad_and_value, stack_module_state, vmap
from torch.utils.flop_counter import FlopCounterMode
from variants.trained import SHAPE, images, trained

from vaebench.catalog import arch_names
from vaebench.experiment import Interventions
from vaebench.kernels.complex_normal import squared_moduli, standard_complex_normal, unpaired
from vaebench.kernels.fisher_metric import decoder_metric, log_volume
from vaebench.kernels.wirtinger import wirtinger
from vaebench.models import Bernoulli, ComplexNormal, Gaussian
from vaebench.models.complex_autoencoder import ComplexAutoEncoder
from vaebench.models.objectives import total
from vaebench.training.fit import build
from vaebench.training.intervened import Intervened
from vaebench.training.step import TrainingStep
from vaebench.variants import complex_vae
from vaebench.variants.kahler_vae import VARIANT, WEIGHT, regularised, unevenness

MATRIX = torch.randn(4, 6, generator=torch.Generator().manual_seed(1), dtype=torch.float64)


def member(variant, by, arch="mlp", latent=4, seed=0):
    return TrainingStep(Intervened(build(variant, SHAPE, latent, arch, seed), by), (variant.objective,), 100, 1000)


class Decoder(nn.Module):
    """Stands for a model of which only the decoder is looked at."""

    def __init__(self, likelihood):
        super().__init__()
        self.decode = likelihood

    encode = None


def codes(n=12, units=2, seed=0):
    return standard_complex_normal((n, units), torch.Generator().manual_seed(seed), dtype=torch.complex128)


def step_of(likelihood, z=None, seed=0):
    z = codes() if z is None else z
    said = likelihood(z)
    return step_at(said.mean, ComplexNormal(z, torch.ones_like(z.real)), z, said, model=Decoder(likelihood), seed=seed)


def affine(z):
    return Gaussian(unpaired(z) @ MATRIX + 1, 0.3)


def bent(z):
    return Gaussian(torch.sin(unpaired(z) @ MATRIX), 0.3)


def dead(z):
    return Gaussian(0 * unpaired(z) @ MATRIX, 0.3)


def circles(z):
    """A curved decoder whose metric is the identity's multiple everywhere: each real code goes round a circle."""
    return Gaussian(torch.cat((torch.cos(unpaired(z)), torch.sin(unpaired(z))), 1), 0.3)


def flips_of_even_metric(z):
    """Probabilities (1 + sin)/2 of an affine map: their angle is affine, so the metric is even."""
    p = (1 + torch.sin(0.2 * unpaired(z) @ MATRIX)) / 2
    return Bernoulli(torch.log(p) - torch.log1p(-p))


@pytest.mark.parametrize("likelihood", [affine, circles, dead, flips_of_even_metric])
def test_an_even_metric_costs_nothing(likelihood):
    assert all(float(unevenness(step_of(likelihood, seed=s))) < 1e-12 for s in range(5))


def test_an_uneven_one_does():
    assert all(float(unevenness(step_of(bent, seed=s))) > 1e-3 for s in range(5))
    flips = lambda z: Bernoulli(unpaired(z) @ MATRIX)  # noqa: E731
    assert float(unevenness(step_of(flips))) > 1e-3


@pytest.mark.parametrize("likelihood", [bent, flips_of_even_metric, affine])
def test_it_is_the_variance_of_the_metric_along_one_direction(likelihood):
    step = step_of(likelihood)
    z = step.z[::2]
    v = standard_complex_normal((2,), torch.Generator().manual_seed(0), dtype=z.dtype)
    v = v / torch.linalg.vector_norm(v)
    said = likelihood(z)
    if isinstance(said, Gaussian):
        metric = decoder_metric(lambda z: likelihood(z).mean, z, 1 / 0.3)
    else:
        metric = decoder_metric(lambda z: likelihood(z).mean, z, said.precision())
    along = torch.einsum("i,bij,j->b", v, metric, v.conj()).real
    torch.testing.assert_close(unevenness(step), torch.log1p(along).var(correction=0))


def test_the_parameter_of_a_coin_flip_stays_finite_with_its_slope():
    logits = torch.tensor([-1e4, -50.0, 0.0, 50.0, 1e4], requires_grad=True)
    angle = Bernoulli(logits).standardised()
    angle.sum().backward()
    assert torch.isfinite(angle).all()
    assert torch.isfinite(logits.grad).all()
    assert float(logits.grad[2]) == pytest.approx(0.5)  # √(p(1 − p)) at p = ½


def test_its_gradient_leaves_the_encoder_alone():
    model = build(VARIANT, SHAPE, 4, "mlp", 0)
    unevenness(taken(model, images(8))).backward()
    assert all(p.grad is None for head in (model.encoder, model.mean, model.log_scale) for p in head.parameters())
    assert any(p.grad is not None and p.grad.abs().sum() > 0 for p in model.decoder.parameters())


def test_its_gradient_is_that_of_differences_and_descends():
    torch.manual_seed(0)
    net = nn.Sequential(nn.Linear(4, 8), nn.Tanh(), nn.Linear(8, 6)).double()
    model = ComplexAutoEncoder(nn.Identity(), net, 6, 4).double()
    z = codes()
    q = ComplexNormal(z, torch.ones_like(z.real))
    at = lambda: unevenness(step_at(z.real, q, z, model.decode(z), model=model))  # noqa: E731
    weight, h = net[0].weight, 1e-6
    start = at()
    gradient = torch.autograd.grad(start, weight)[0]
    with torch.no_grad():
        weight.add_(h * gradient)
        above = at()
        weight.sub_(2 * h * gradient)
        below = at()
    slope = gradient.square().sum()
    torch.testing.assert_close((above - below) / (2 * h), slope, rtol=1e-4, atol=1e-9)
    with torch.no_grad():
        weight.sub_(0.1 * gradient)
    assert at() < start


def test_training_with_it_evens_the_metric_and_its_volume_element_and_still_makes_a_vae():
    by, z = Interventions(likelihood_variance=0.02), codes(64, 2)
    volumes, slopes, losses = [], [], []
    for variant in (VARIANT, complex_vae.VARIANT):
        model = trained(variant, 300, interventions=by).model.double()
        metric_at = lambda z, model=model: decoder_metric(lambda z: model.decode(z).mean, z, 50.0)  # noqa: E731
        metric, slope = metric_at(z), wirtinger(metric_at, z)[0]
        volumes.append(float(log_volume(metric).var()))
        slopes.append(float(squared_moduli(slope).sum((0, 2, 3)).mean() / squared_moduli(metric).sum((1, 2)).mean()))
        losses.append(float(total(complex_vae.VARIANT.objective(taken(model, images(160).double()))).detach()))
    assert volumes[0] < 0.6 * volumes[1]
    assert slopes[0] < 0.8 * slopes[1]
    assert losses[0] < losses[1] + 1


def test_weightless_it_is_its_twin():
    model = build(VARIANT, SHAPE, 4, "mlp", 0)
    step = taken(model, images(8))
    torch.testing.assert_close(total(regularised(0.0)(step)), total(complex_vae.VARIANT.objective(step)))
    full = total(VARIANT.objective(taken(model, images(8)))) - total(complex_vae.VARIANT.objective(step))
    torch.testing.assert_close(full, WEIGHT * unevenness(taken(model, images(8))), rtol=1e-3, atol=1e-5)
    assert VARIANT.twin == complex_vae.VARIANT.name


@pytest.mark.parametrize("arch", arch_names())
def test_a_step_costs_less_than_three_of_its_twins(arch):
    """In multiplications, which no other load on the machine changes."""
    counted = []
    for variant in (VARIANT, complex_vae.VARIANT):
        step = member(variant, Interventions(), arch, latent=8)
        with FlopCounterMode(display=False) as count:
            step(images(16), torch.randn(16, 8), None, 0, torch.Generator())[0].backward()
        counted.append(count.get_total_flops())
    assert counted[1] < counted[0] < 3 * counted[1]


@pytest.mark.parametrize("arch", ["conv", "resnet"])
def test_members_stack_with_forward_mode_through_every_layer(arch):
    scales = (0.1, 0.5)
    steps = [member(VARIANT, Interventions(posterior_scale=s), arch, 4, seed) for seed, s in enumerate(scales)]
    x, noise = images(8), torch.randn(8, 4, generator=torch.Generator().manual_seed(1))
    weights, buffers = stack_module_state(steps)
    skeleton = copy.deepcopy(steps[0]).to("meta")
    rng = torch.Generator().manual_seed(2)

    def loss(own, state):
        return functional_call(skeleton, (own, state), (x, noise, None, 0, rng))[0]

    gradients, losses = vmap(grad_and_value(loss), randomness="same")(weights, buffers)
    assert losses[0] != losses[1]
    for number, step in enumerate(steps):
        (alone,) = step(x, noise, None, 0, torch.Generator().manual_seed(2))
        alone.backward()
        torch.testing.assert_close(losses[number], alone.detach(), rtol=1e-4, atol=1e-4)
        for name, weight in step.named_parameters():
            expected = torch.zeros_like(weight) if weight.grad is None else weight.grad
            off = (gradients[name][number] - expected).norm()
            assert off <= 1e-3 * (1 + expected.norm()), name


def test_at_one_code_there_is_nothing_to_even():
    assert float(unevenness(step_of(bent, codes()[:1].expand(12, 2)))) < 1e-12
    assert float(unevenness(step_of(bent, codes(1)))) == 0
