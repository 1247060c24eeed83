"""The first look at models with full covariances, flows and priors of their own: sound ones pass, slips are refused."""

import math

import pytest
import torch
from brought.zoo import FlowPrior, Full, Ladder, PlanarPosterior, Vamp
from scipy.stats import t as student
from torch import nn
from training.first_step.conftest import LATENT, SHAPE, Small

from vaebench.experiment import Interventions
from vaebench.kernels.complex_normal import complex_normal_log_density
from vaebench.models import FlowNormal, FullNormal, Refused, Unfit, Variant, negative_elbo
from vaebench.models.priors import mixture_log_prob, mixture_sample
from vaebench.training.first_step.declared import PERTURBED, estimate
from vaebench.training.first_step.prior import check_prior
from vaebench.training.first_step.probe import Probe
from vaebench.training.fit import build
from vaebench.training.intervened import Intervened

OWN = {"VampPrior": Vamp, "ladder": Ladder, "flow prior": FlowPrior}
POSTERIORS = {"full": Full, "planar flow": PlanarPosterior}


def made(kind):
    return lambda: kind(SHAPE, LATENT)


@pytest.mark.parametrize("kind", OWN)
def test_own_priors_pass_with_their_weight_of_the_kl(looked, kind):
    assert looked(made(OWN[kind]), kl_weight=1.0, prior="own").notes == ()


@pytest.mark.parametrize("kind", POSTERIORS)
def test_posteriors_without_scales_pass_with_their_weight_of_the_kl(looked, kind):
    assert looked(made(POSTERIORS[kind]), kl_weight=1.0).notes == ()


@pytest.mark.parametrize("kind", [*OWN.values(), PlanarPosterior])
def test_a_divergence_is_of_the_weights_of_its_own_loss(x, kind):
    """Priors and flows are read under the perturbed weights, so eight draws show the weight exactly."""
    prior = "own" if kind in OWN.values() else "standard"
    variant = Variant("small", "tests", lambda *_: kind(SHAPE, LATENT), negative_elbo(3.0), kl_weight=3.0, prior=prior)
    model = Intervened(build(variant, SHAPE, LATENT, "mlp", 0), Interventions(likelihood_variance=0.05))
    found = estimate(Probe(variant, model, x[:64], LATENT, 1000, len(x), 0), range(8), PERTURBED[0])
    assert found.value == pytest.approx(3.0, rel=1e-4)
    assert found.half < 1e-3


def half(step):
    return -step.likelihood.log_prob(step.x).mean() + 0.5 * step.kl().mean()


@pytest.mark.parametrize("kind", [Vamp, Full, PlanarPosterior])
def test_a_wrong_weight_is_told_of_them_too(looked, kind):
    with pytest.raises(Refused, match=r"kl_weight is declared 1, but the loss has 0\.(5|49)"):
        looked(made(kind), half, kl_weight=1.0)


def against_the_standard_normal(step):
    return -step.likelihood.log_prob(step.x).mean() + step.posterior.kl().mean()


def test_the_kl_from_another_prior_than_the_models_own_is_refused(looked):
    with pytest.raises(Refused, match="kl_weight is declared 1, but the loss"):
        looked(made(FlowPrior), against_the_standard_normal, kl_weight=1.0, prior="own")


def test_a_prior_is_one_of_the_two(looked):
    with pytest.raises(Refused, match=r'says prior="standard" and has a prior_sample'):
        looked(made(FlowPrior), prior="standard")


def test_a_task_that_fixes_the_scale_cannot_fix_a_flows(looked):
    with pytest.raises(Unfit, match="it has no scale that the task could fix"):
        looked(made(PlanarPosterior), by=Interventions(posterior_scale=0.2, likelihood_variance=0.05))
    assert looked(made(Full), by=Interventions(posterior_scale=0.2, likelihood_variance=0.05)).notes == ()


class Beside(Vamp):
    """A weight that neither codes nor prior depend on."""

    def __init__(self, *arguments):
        super().__init__(*arguments)
        self.other = nn.Parameter(torch.ones(()))


def test_weights_of_no_prior_stay_unfit(looked):
    def objective(step):
        return {**negative_elbo()(step), "other": step.model.other.square()}

    with pytest.raises(Unfit, match=r"the loss moves weights outside encode and decode \(other\)"):
        looked(made(Beside), objective, prior="own")


def encoding(posterior):
    class Other(Small):
        def encode(self, x):
            return posterior(super().encode(x))

    return Other


def test_a_covariance_for_its_factor_is_refused(looked):
    def covariance(q):
        root = torch.diag_embed(q.scale) + 0.1 * q.mean.unsqueeze(2) * torch.ones(LATENT, LATENT).tril(-1)
        return FullNormal(q.mean, root @ root.mT)

    with pytest.raises(Refused, match=r"tril is 0 above its diagonal: is it a covariance\? torch\.linalg\.cholesky"):
        looked(encoding(covariance))


def test_a_negative_diagonal_is_refused(looked):
    with pytest.raises(Refused, match="100% of the posterior's scales are negative"):
        looked(encoding(lambda q: FullNormal(q.mean, -torch.diag_embed(q.scale))))


def test_shapes_of_factors_and_flows_are_told(looked):
    with pytest.raises(Refused, match=r"tril should have shape \(2, 3, 3\), has \(2, 3\)"):
        looked(encoding(lambda q: FullNormal(q.mean, q.scale)))
    with pytest.raises(Refused, match=r"a flow should give codes \(2, 3\) and log determinants \(2,\), gave"):
        looked(encoding(lambda q: FlowNormal(q, lambda z: (z, torch.zeros_like(z)))))
    with pytest.raises(Refused, match="encode's flow should give a Normal"):
        looked(encoding(lambda q: FlowNormal((q.mean, q.scale), lambda z: (z, 0))))


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("VectorQuantizerOutput", "codes of a finite set"),
        ("RelaxedOneHotCategorical", "codes of a finite set"),
        ("VonMisesFisher", "codes on a sphere"),
        ("HypersphericalUniform", "codes on a sphere"),
        ("PoincareBall", "codes in a curved space"),
        ("RiemannianNormal", "codes in a curved space"),
    ],
)
def test_what_is_no_normal_in_a_plane_space_is_declined_in_one_line(looked, name, says):
    posterior = type(name, (), {})
    with pytest.raises(Unfit, match=rf"^small: encode gives a {name}: {says}") as raised:
        looked(encoding(lambda q: posterior()))
    assert "\n" not in str(raised.value)


def checked(sample, log_prob=None, complex_codes=False, seed=0):
    model = nn.Module()
    model.prior_sample = sample
    if log_prob is not None:
        model.prior_log_prob = log_prob
    check_prior(model, 2, complex_codes, torch.Generator().manual_seed(seed))


def standard(z):
    return -0.5 * z.square().sum(-1) - math.log(2 * math.pi)


def of_scale(s):
    return lambda z: standard(z / s) - 2 * math.log(s)


@pytest.mark.parametrize("scale", [0.1, 1.0, 3.0])
def test_the_density_of_the_draws_passes(scale):
    checked(lambda e: scale * e, of_scale(scale))


def two_modes(scale):
    """Draws and density of an even mixture of normals at ±5."""
    means, scales = torch.tensor([[-5.0, 0.0], [5.0, 0.0]]), torch.full((2, 2), scale)
    return lambda e: mixture_sample(e, means, scales), lambda z: mixture_log_prob(z, means, scales)


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("scale", [0.05, 0.3, 1.0])
def test_modes_far_apart_pass(scale, seed):
    """The valley between them decided by a few draws: a sound mixture was refused at one seed of two."""
    checked(*two_modes(scale), seed=seed)


@pytest.mark.parametrize("scale", [0.3, 1.0])
def test_modes_of_other_shares_are_refused(scale):
    draws, density = two_modes(scale)
    with pytest.raises(Refused, match="prior_log_prob is not the density of prior_sample"):
        checked(draws, lambda z: density(z) + torch.where(z[..., 0] > 0, math.log(1.6), math.log(0.4)))


def test_heavy_tails_pass_with_their_density_and_not_with_a_normal_one():
    heavy = torch.distributions.StudentT(3.0)

    def draws(e):
        return torch.from_numpy(student.ppf(torch.special.ndtr(e.double()).numpy(), 3)).to(e.dtype)

    checked(draws, lambda z: heavy.log_prob(z).sum(-1))
    with pytest.raises(Refused, match="prior_log_prob is not the density of prior_sample"):
        checked(draws, of_scale(1.5))


def complex_draws(e):
    """Codes of the standard complex normal, with a variance of 1/2 in either part."""
    return torch.complex(e[:, :1], e[:, 1:]) / math.sqrt(2)


def test_the_density_of_complex_draws_passes():
    checked(complex_draws, complex_normal_log_density, complex_codes=True)
    checked(lambda e: complex_draws(e).conj(), complex_normal_log_density, complex_codes=True)


@pytest.mark.parametrize(
    "log_prob",
    [
        lambda z: complex_normal_log_density(z, scale=math.sqrt(2)),
        lambda z: complex_normal_log_density(z) + math.log(2),
        lambda z: complex_normal_log_density(z, mean=0.2j),
    ],
    ids=["variance of 1 in either part", "per another volume", "another place"],
)
def test_another_density_than_that_of_complex_draws_is_refused(log_prob):
    with pytest.raises(Refused, match="prior_log_prob is not the density of prior_sample"):
        checked(complex_draws, log_prob, complex_codes=True)


def test_complex_draws_on_a_line_have_no_density():
    with pytest.raises(Refused, match="never varies: such codes have no density"):
        checked(lambda e: torch.complex(e[:, :1], 0 * e[:, 1:]), complex_normal_log_density, complex_codes=True)


def tilted(z):
    """Standard normal, a part of it moved from one side to the other; it integrates to 1."""
    return standard(z) + torch.log1p(0.3 * torch.tanh(3 * z[..., 0]))


WRONG = {
    "without its constant": lambda z: standard(z) + math.log(2 * math.pi),
    "a tenth too large": lambda z: standard(z) + 0.1,
    "another scale": of_scale(1.2),
    "another place": lambda z: standard(z - 0.2),
    "tilted": tilted,
    "one unit forgotten": lambda z: standard(z[..., :1]) + 0.5 * math.log(2 * math.pi),
}


@pytest.mark.parametrize("log_prob", WRONG)
def test_another_density_than_that_of_the_draws_is_refused(log_prob):
    with pytest.raises(Refused, match="prior_log_prob is not the density of prior_sample"):
        checked(lambda e: e, WRONG[log_prob])


@pytest.mark.parametrize(
    ("sample", "says"),
    [
        (lambda e: e[:, :1], r"codes of shape \(20000, 2\), gave \(20000, 1\)"),
        (lambda e: torch.complex(e, e), r"codes of shape \(20000, 2\)"),
        (lambda e: e / 0, "not finite"),
        (torch.zeros_like, "one code for all noise"),
        (lambda e: e + torch.randn_like(e), "two results for the same noise"),
    ],
)
def test_draws_that_are_none_are_refused(sample, says):
    with pytest.raises(Refused, match=says):
        checked(sample)


def test_a_density_of_another_shape_or_of_no_number_is_refused():
    with pytest.raises(Refused, match=r"prior_log_prob should give shape \(8,\), gave \(8, 2\)"):
        checked(lambda e: e, lambda z: z)
    with pytest.raises(Refused, match="numbers that do not exist"):
        checked(lambda e: e, lambda z: standard(z) + torch.log(z[:, 0]))
