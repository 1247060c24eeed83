"""The metric of the instruments is the covariance of the likelihood's scores, with the variance's share."""

import pytest
import torch
from kernels.scores import complex_scores, errors_in_metric
from measures.known import Known, generator
from torch import distributions

from vaebench.experiment import Interventions
from vaebench.kernels.complex_normal import paired, unpaired
from vaebench.kernels.fisher_metric import closedness_defect, decoder_metric
from vaebench.kernels.wirtinger import wirtinger
from vaebench.models import Bernoulli, Gaussian
from vaebench.papers.gracyk2025.complex_view import metric_at, standardised_decoder
from vaebench.training.fit import Trained
from vaebench.training.intervened import Intervened

N = 40_000
ALL = torch.ones(2, dtype=torch.bool)
WEIGHTS = torch.randn(2, 4, 6, generator=generator(1), dtype=torch.float64)
Z = paired(torch.randn(8, 4, generator=generator(2), dtype=torch.float64))


def mean(z):
    return torch.sin(z @ WEIGHTS[0])


def variance(z):
    return torch.sin(z @ WEIGHTS[1] + 1).exp() / 3


LIKELIHOODS = {
    "one variance": lambda z: Gaussian(mean(z), 0.05),
    "a variance for each value": lambda z: Gaussian(mean(z), variance(torch.ones_like(z[0]))),
    "a variance of the code": lambda z: Gaussian(mean(z), variance(z)),
    "one variance of the code": lambda z: Gaussian(mean(z), variance(z)[:, :1]),
    "coins": lambda z: Bernoulli(mean(z)),
    "coins counted four times": lambda z: Bernoulli(mean(z), 4),
}
OF_THE_CODE = ("a variance of the code", "one variance of the code")


class Says(Known):
    """A decoder that is a function of real codes to a likelihood."""

    def __init__(self, likelihood, complex_codes=False):
        super().__init__(lambda x: x, lambda z: z)
        self.likelihood, self.complex_codes = likelihood, complex_codes

    def decode(self, z):
        return self.likelihood(unpaired(z) if self.complex_codes else z)


def model_of(likelihood, complex_codes=False):
    model = Intervened(Says(likelihood, complex_codes), Interventions()).eval()
    return Trained(model, 4, 1.0, complex_codes)


def drawn(likelihood):
    """One x of each likelihood, from torch's global generator: its distributions take no other."""
    with torch.random.fork_rng():
        torch.manual_seed(3)
        if isinstance(likelihood, Bernoulli):
            return (
                distributions.Binomial(int(likelihood.repeats), logits=likelihood.logits).sample() / likelihood.repeats
            )
        scale = torch.as_tensor(likelihood.variance).sqrt()
        return distributions.Normal(likelihood.mean, scale.expand_as(likelihood.mean)).sample()


@pytest.mark.parametrize("complex_codes", [False, True])
@pytest.mark.parametrize("name", LIKELIHOODS)
def test_the_metric_is_the_covariance_of_the_scores_of_draws(name, complex_codes):
    model, z = model_of(LIKELIHOODS[name], complex_codes), Z[:1]
    decode = lambda z: model.model.decode(z if complex_codes else unpaired(z))  # noqa: E731
    x = drawn(decode(z.expand(N, -1)))
    scores = complex_scores(lambda z: decode(z).log_prob(x), z, N)
    assert bool((scores.mean(0).abs() < 5 * scores.std(0) / N**0.5).all())
    assert bool((errors_in_metric(scores, metric_at(model, z, ALL)[0]) < 5).all())
    if name in OF_THE_CODE:
        of_the_mean = decoder_metric(lambda z: decode(z).mean, z, decode(z).precision())[0]
        of_the_ratio = decoder_metric(lambda z: decode(z).mean / decode(z).variance.sqrt(), z)[0]
        assert all(float(errors_in_metric(scores, wrong).max()) > 10 for wrong in (of_the_mean, of_the_ratio))


def in_two_shares(z):
    """Σ ∂m·∂m/v + ½·Σ ∂log v·∂log v, with the precision of the first share as a function of the code too."""
    of_mean = decoder_metric(lambda z: mean(unpaired(z)), z, 1 / variance(unpaired(z)))
    return of_mean + decoder_metric(lambda z: variance(unpaired(z)).log(), z, 0.5)


def test_where_the_variance_depends_on_the_code_the_metric_has_two_shares_and_so_have_its_derivatives():
    model = model_of(LIKELIHOODS["a variance of the code"])
    torch.testing.assert_close(metric_at(model, Z, ALL), in_two_shares(Z))
    expected = wirtinger(in_two_shares, Z)[0]
    torch.testing.assert_close(wirtinger(lambda z: metric_at(model, z, ALL), Z)[0], expected)
    odd = (expected - expected.transpose(0, 2)) / 2
    defect = odd.abs().square().sum((0, 2, 3)).sqrt() / expected.abs().square().sum((0, 2, 3)).sqrt()
    torch.testing.assert_close(closedness_defect(standardised_decoder(model), Z), defect)


def test_a_variance_alone_has_a_metric_of_its_own_the_same_everywhere_where_its_logarithm_is_affine():
    model = model_of(lambda z: Gaussian(torch.zeros_like(z @ WEIGHTS[0]), (z @ WEIGHTS[1]).exp()))
    of_the_logarithm = decoder_metric(lambda z: unpaired(z) @ WEIGHTS[1], Z, 0.5)
    torch.testing.assert_close(metric_at(model, Z, ALL), of_the_logarithm)
    assert float(wirtinger(lambda z: metric_at(model, z, ALL), Z)[0].abs().max()) < 1e-12
