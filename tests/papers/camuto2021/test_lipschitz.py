"""Steepness of exact models is their largest gain. Rescaling the latent space does not change the whitened one."""

import pytest
import torch
from measures.known import EVALUATION, Known, by_name, ellipsoid, exact_at, generator, trained

from vaebench.experiment import EvaluationBudget
from vaebench.kernels.jacobian import covariance_root
from vaebench.measures.probe import Probe
from vaebench.papers.camuto2021.lipschitz import decoder_lipschitz, encoder_lipschitz

DATA = ellipsoid()


def parts(model):
    return model.model.model.mean.weight, model.model.model.decoder[0].weight


@pytest.mark.parametrize("scale", [0.05, 0.4, 1.0])
def test_an_affine_model_is_as_steep_as_its_largest_gain_everywhere(scale):
    model = exact_at(DATA, scale)
    encoder, decoder = parts(model)
    found = by_name(
        decoder_lipschitz(Probe(model, DATA, EVALUATION, generator()))
        + encoder_lipschitz(Probe(model, DATA, EVALUATION, generator()))
    )
    for side, weight, unit in (("decoder", decoder, "x/z"), ("encoder", encoder, "z/x")):
        largest = float(torch.linalg.svdvals(weight)[0])
        for which in ("mean", "max"):
            measurement = found[f"{side}_lipschitz_{which}"]
            assert measurement.value == pytest.approx(largest, rel=1e-5)
            assert measurement.stderr < 1e-6
            assert (measurement.unit, measurement.n) == (unit, 400)


def test_the_whitened_norm_of_an_affine_model_is_the_spread_of_its_reconstructions():
    model = exact_at(DATA, 0.4)
    found = by_name(decoder_lipschitz(Probe(model, DATA, EVALUATION, generator())))["decoder_whitened_lipschitz_mean"]
    x = DATA.held_out.x[: EVALUATION.points]
    reconstructions = model.model.decode(model.model.encode(x).mean).mean.flatten(1)
    largest = torch.linalg.eigvalsh(torch.cov(reconstructions.T, correction=0))[-1].sqrt()
    assert found.value == pytest.approx(float(largest), rel=1e-4)


def curve(z):
    return torch.stack([z[:, 0], z[:, 0] * z[:, 1], torch.sin(z[:, 1])], 1)


def test_spreading_the_codes_fakes_a_small_norm_and_no_small_whitened_one():
    found = []
    for stretch in (1.0, 10.0):
        model = Known(
            lambda x, c=stretch: c * x.flatten(1)[:, :2], lambda z, c=stretch: curve(z / c), scale=0.1 * stretch
        )
        found.append(by_name(decoder_lipschitz(Probe(trained(model, 2), DATA, EVALUATION, generator()))))
    plain, spread = found
    assert spread["decoder_lipschitz_mean"].value == pytest.approx(plain["decoder_lipschitz_mean"].value / 10, rel=1e-4)
    name = "decoder_whitened_lipschitz_mean"
    assert spread[name].value == pytest.approx(plain[name].value, rel=1e-4)


def test_the_decoder_is_read_at_posterior_samples_and_the_maximum_is_the_largest_of_them():
    """With a decoder z², the slope is 2|z|: a wide posterior about 0 shows it, its mean alone would show none."""
    model = trained(Known(lambda x: 0 * x.flatten(1)[:, :1], lambda z: z**2, scale=0.5), 1)
    found = by_name(decoder_lipschitz(Probe(model, DATA, EvaluationBudget(points=600), generator())))
    mean, largest = found["decoder_lipschitz_mean"], found["decoder_lipschitz_max"]
    assert abs(mean.value - 2 * 0.5 * (2 / torch.pi) ** 0.5) < 4 * mean.stderr
    assert 2 < largest.value < 5
    assert found["decoder_whitened_lipschitz_mean"].value == 0  # codes that do not vary


def test_mean_and_maximum_are_those_over_the_data():
    model = trained(Known(lambda x: x.flatten(1)[:, :1] ** 2 / 2, lambda z: z), 1)
    x = DATA.held_out.x[:400].flatten(1)[:, 0].abs()
    found = by_name(encoder_lipschitz(Probe(model, DATA, EVALUATION, generator())))
    assert found["encoder_lipschitz_mean"].value == pytest.approx(float(x.mean()), rel=1e-5)
    assert found["encoder_lipschitz_mean"].stderr == pytest.approx(float(x.std()) / 20, rel=1e-4)
    assert found["encoder_lipschitz_max"].value == pytest.approx(float(x.max()), rel=1e-5)


def test_the_root_that_whitens_is_that_of_posterior_means():
    codes = exact_at(DATA, 0.4).model.encode(DATA.held_out.x).mean
    root = covariance_root(codes)
    torch.testing.assert_close(root @ root.T, torch.cov(codes.T, correction=0), atol=1e-5, rtol=1e-4)
