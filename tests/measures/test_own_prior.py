"""A prior of a model's own: a known model with its codes moved and stretched gives every number that it gave."""

import math
from dataclasses import replace

import pytest
import torch
from measures.known import (
    BETA,
    GAUSSIAN_SOURCES,
    VARIANCE,
    Known,
    by_name,
    ellipsoid,
    exact_learned,
    generator,
    trained,
)
from measures.turned import Flowing, Stretched, Turned, rotation
from torch.distributions import Categorical, MixtureSameFamily, MultivariateNormal

from vaebench.claims import declined
from vaebench.data import Dataset, Split
from vaebench.experiment import EvaluationBudget, Interventions
from vaebench.kernels.complex_normal import complex_normal_log_density, paired
from vaebench.kernels.normal import normal_log_density
from vaebench.measures.closed_form import learned_scale_gap
from vaebench.measures.model_view import (
    about_the_prior,
    active,
    deviations,
    has_own_prior,
    is_continuous,
    kl_from_prior,
    log_prior,
    prior_codes,
    real_posterior,
)
from vaebench.measures.probe import Probe
from vaebench.models import Gaussian, Normal, mixture_log_prob, mixture_sample
from vaebench.models.exact import linear_vae_on_principal_axes
from vaebench.papers.camuto2021.frequency import decoder_frequency
from vaebench.papers.gracyk2025.kahler import potential_fidelity
from vaebench.papers.gracyk2025.signed_sampling import signed_sampling
from vaebench.papers.nakagawa2021.chart import OWN_PRIOR
from vaebench.papers.nakagawa2021.density import density
from vaebench.papers.nakagawa2021.importance import source_importance
from vaebench.papers.nakagawa2021.isometry import orthogonality, stationarity

SHIFT, GAIN = torch.tensor([0.5, -2.0, 1.0]), torch.tensor([0.5, 2.0, 1.5])
NOISE = 0.005
BUDGET = EvaluationBudget(samples=512, points=300, posterior_nodes=3)


def plain():
    return exact_learned(3, NOISE)


def stretched(density_known=True, kind=Stretched):
    model = trained(kind(plain().model.model, SHIFT, GAIN), 3, Interventions(likelihood_variance=NOISE))
    assert has_own_prior(model) and density_known
    return model


class DrawsAlone(Stretched):
    prior_log_prob = None

    def __getattribute__(self, name):
        if name == "prior_log_prob":
            raise AttributeError(name)
        return super().__getattribute__(name)


def read(instrument, model, data=GAUSSIAN_SOURCES, budget=BUDGET):
    return by_name(instrument(Probe(model, data, budget, generator())))


def test_codes_and_their_density_are_the_priors():
    model, noise = stretched(), torch.randn(50, 3, generator=generator())
    z = prior_codes(model, noise)
    torch.testing.assert_close(z, SHIFT + GAIN * noise)
    known = torch.distributions.Normal(SHIFT, GAIN).log_prob(z).sum(1)
    torch.testing.assert_close(log_prior(model, z), known)
    assert prior_codes(plain(), noise) is noise


def test_of_complex_codes_the_density_is_that_of_the_real_ones():
    class Complex(torch.nn.Module):
        def prior_sample(self, noise):
            return paired(noise)

        def prior_log_prob(self, z):
            return complex_normal_log_density(z)

    model = replace(trained(Complex(), 4), complex_codes=True)
    z = torch.randn(20, 4, generator=generator())
    torch.testing.assert_close(log_prior(model, z), normal_log_density(z))
    torch.testing.assert_close(prior_codes(model, z), z)


def test_scaling_the_prior_is_about_its_mean():
    model, noise = stretched(), torch.randn(50, 3, generator=generator())
    found = about_the_prior(model, prior_codes(model, noise), 0.4)
    torch.testing.assert_close(found, SHIFT + 0.4 * GAIN * noise, atol=0.1, rtol=0)  # its mean is that of 4096 draws
    assert torch.equal(about_the_prior(plain(), noise, 0.4), 0.4 * noise)


@pytest.mark.parametrize("name", ["decoder_high_frequency_share", "decoder_mean_degree"])
def test_the_frequency_of_the_generator_is_what_it_was(name):
    def bent(z):
        return torch.sin(2 * z) @ torch.ones(3, 4)

    inner = Known(lambda x: x[:, :3], bent)
    found = read(decoder_frequency, trained(Stretched(inner, SHIFT, GAIN), 3))[name]
    known = read(decoder_frequency, trained(inner, 3))[name]
    assert found.value == pytest.approx(known.value, rel=1e-3)


def test_active_units_are_told_by_the_priors_own_width():
    """The second unit has collapsed: its posterior is the prior, and in other units of length still is."""
    inner = Known(lambda x: x[:, :3], lambda z: z, scale=torch.tensor([0.1, 1.0, 0.2]))
    x = torch.randn(20, 3, generator=generator())
    for gain in (0.1, 1.0, 30.0):
        model = trained(Stretched(inner, SHIFT, torch.full((3,), gain)), 3)
        assert active(model, real_posterior(model, x)).tolist() == [True, False, True]


def test_density_of_the_data_is_what_it_was():
    found, known = read(density, stretched()), read(density, plain())
    for name, one in known.items():
        if one.value is None:
            assert found[name].reason == one.reason
        else:
            assert found[name].value == pytest.approx(one.value, abs=2e-3), name


def test_with_the_density_of_another_prior_the_bias_is_as_large_as_the_error():
    class Wrong(Stretched):
        def prior_log_prob(self, z):
            return super().prior_log_prob(z) + 1

    found = read(density, stretched(kind=Wrong))
    known = read(density, plain())
    for name in ("density_bias", "loss_density_bias"):
        assert found[name].value - known[name].value == pytest.approx(1, abs=2e-3)


def test_without_a_density_what_needs_it_is_not_applicable():
    for one in read(density, stretched(kind=DrawsAlone)).values():
        assert (one.value, one.cause) == (None, "setting") and "no prior_log_prob" in one.reason


def test_relations_for_the_standard_normal_are_not_applicable():
    for instrument in (stationarity, source_importance):
        for one in read(instrument, stretched()).values():
            assert (one.value, one.reason, one.cause) == (None, OWN_PRIOR, "setting")
    assert read(orthogonality, stretched())["mean_absolute_cosine"].value < 1e-3
    model = trained(Stretched(linear_vae_on_principal_axes(ellipsoid(), 3, None, BETA), SHIFT, GAIN), 3)
    for one in read(learned_scale_gap, model, ellipsoid()).values():
        assert one.cause == "setting" and one.reason == "the closed form is for the prior N(0, I)"


MEANS, SCALES = torch.tensor([[-2.0, 0.5], [1.0, 0.0], [1.5, -1.0]]), torch.tensor([[0.3, 1.0], [1.0, 0.2], [0.5, 0.5]])


class LinearMixture(torch.nn.Module):
    """A mixture prior with an affine decoder: p(x) is a known mixture of normals in the space of the data."""

    weight = torch.tensor([[1.0, 0.5], [0.0, 1.0], [2.0, -1.0]])

    def encode(self, x):
        return Normal(x[:, :2] * 0.9, torch.full((len(x), 2), 0.7))

    def decode(self, z):
        return Gaussian(z @ self.weight.T, VARIANCE)

    def prior_sample(self, noise):
        return mixture_sample(noise, MEANS, SCALES)

    def prior_log_prob(self, z):
        return mixture_log_prob(z, MEANS, SCALES)


def test_importance_sampling_with_the_prior_gives_the_known_density_of_the_data():
    """log p(x) = log E_q p(x|z)·p(z)/q(z), against the mixture that mathematics gives."""
    model, draws = trained(LinearMixture(), 2), 200_000
    wide = LinearMixture.weight
    covariance = wide @ torch.diag_embed(SCALES.square()) @ wide.T + VARIANCE * torch.eye(3)
    known = MixtureSameFamily(Categorical(torch.ones(3)), MultivariateNormal(MEANS @ wide.T, covariance))
    x = known.sample((1,)) * 0 + torch.tensor([[0.2, 0.1, 0.4]])
    q = model.model.encode(x)
    noise = torch.randn(draws, 1, 2, generator=generator(1))
    z = q.sample(noise)
    weights = (
        model.model.decode(z[:, 0]).log_prob(x.expand(draws, 3)) + (log_prior(model, z) - q.log_prob_at(noise))[:, 0]
    ).double()
    ratio = (weights - float(known.log_prob(x))).exp()
    assert abs(float(ratio.mean()) - 1) < 4 * float(ratio.std()) / math.sqrt(draws)
    # and what decodes from the prior's draws is that mixture
    codes = prior_codes(model, torch.randn(draws, 2, generator=generator(2)))
    decoded = model.model.decode(codes).mean
    exact = MEANS @ wide.T
    assert (decoded.mean(0) - exact.mean(0)).abs().max() < 5 * float(decoded.std(0).max()) / math.sqrt(draws)


def test_a_kl_from_the_prior_is_the_step_s_own():
    model, x = trained(LinearMixture(), 2), torch.randn(4, 3, generator=generator())
    found = kl_from_prior(model, model.model.encode(x), generator(1), 20_000)
    again = kl_from_prior(model, model.model.encode(x), generator(2), 20_000)
    assert (found > 0).all() and ((found - again).abs() < 0.1 * found).all()
    still = Flowing(plain().model.model)
    posterior = still.encode(GAUSSIAN_SOURCES.held_out.x[:50])
    sampled = kl_from_prior(trained(still, 3), posterior, generator(), 4000)
    torch.testing.assert_close(sampled, posterior.base.kl().double(), atol=0.15, rtol=0)


def test_a_mixtures_draws_jump_and_a_smooth_priors_do_not():
    model = trained(LinearMixture(), 2)
    here = torch.device("cpu")
    assert not is_continuous(model, here) and is_continuous(stretched(), here)
    for one in read(decoder_frequency, model).values():
        assert one.cause == "setting" and "draws jump" in one.reason


def test_scales_of_other_posteriors_are_those_of_their_draws():
    inner, x = plain().model.model, GAUSSIAN_SOURCES.held_out.x[:30]
    known = inner.encode(x).scale
    torch.testing.assert_close(deviations(Flowing(inner).encode(x)), known, rtol=0.5, atol=0)
    turned = rotation(3)
    variances = torch.einsum("ij,bj->bi", turned.square(), known.square())
    torch.testing.assert_close(deviations(Turned(inner, turned).encode(x)), variances.sqrt(), rtol=1e-4, atol=1e-6)


def labelled():
    data = ellipsoid()
    return Dataset("e", 1, *(Split(s.x, (s.x[:, 0, 0] > 0.5).long()) for s in (data.train, data.held_out)))


def bent_model():
    """A bent decoder, with an encoder that inverts it about the origin."""
    basis = torch.linalg.qr(torch.randn(8, 2, generator=generator(4)))[0].T

    def decode(z):
        return ((z + 0.3 * torch.tanh(z)) @ basis + 0.5).unflatten(1, (2, 4))

    return Known(lambda x: (x.flatten(1) - 0.5) @ basis.T / 1.2, decode, scale=0.2)


@pytest.mark.parametrize("instrument", [signed_sampling, potential_fidelity])
def test_samples_are_the_same_images_and_get_the_same_numbers(instrument):
    """Scaling both units alike changes det g by a constant, so that weights and potentials stay as they were."""
    budget, data, inner = EvaluationBudget(samples=512, points=128), labelled(), bent_model()
    one = read(instrument, trained(inner, 2), data, budget)
    other = read(instrument, trained(Stretched(inner, torch.zeros(2), torch.full((2,), 2.0)), 2), data, budget)
    assert one.keys() == other.keys()
    compared = 0
    for name, known in one.items():
        if known.value is None or "langevin" in name or "truncat" in name or "relative" in name:
            continue  # a truncated prior is about a mean that is drawn
        within = max(2e-2, 0.5 * known.stderr)  # ranks of near ties turn round with rounding
        assert other[name].value == pytest.approx(known.value, rel=2e-2, abs=within), name
        compared += 1
    assert compared >= (20 if instrument is signed_sampling else 1)


def test_a_posterior_that_is_not_diagonal_is_sampled_and_makes_no_mixture():
    budget, data = EvaluationBudget(samples=256, points=64), labelled()
    for kind in (lambda inner: Turned(inner, rotation(2)), Flowing):
        model = trained(kind(bent_model()), 2)
        assert read(signed_sampling, model, data, budget)["neighbour_auroc_prior"].value is not None
        for one in read(potential_fidelity, model, data, budget).values():
            assert one == declined(one.name, "its posterior is not diagonal: units have no scale of their own")
