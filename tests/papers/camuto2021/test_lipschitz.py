"""Steepness of exact models is their largest gain. Rescaling the latent space does not change the whitened one."""

import pytest
import torch
from measures.known import EVALUATION, Known, by_name, ellipsoid, exact_at, generator, trained

from vaebench.data import Dataset, Split
from vaebench.experiment import EvaluationBudget
from vaebench.kernels.jacobian import covariance_root
from vaebench.measures.probe import Probe
from vaebench.papers.camuto2021.lipschitz import decoder_lipschitz, encoder_lipschitz, encoder_whitened_lipschitz

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


def whitened_encoder(model, data=DATA):
    return by_name(encoder_whitened_lipschitz(Probe(model, data, EVALUATION, generator())))[
        "encoder_whitened_lipschitz_mean"
    ]


def test_the_whitened_norm_of_an_affine_encoder_is_the_spread_of_its_codes():
    for scale in (0.05, 0.4, 1.0):
        model = exact_at(DATA, scale)
        codes = model.model.encode(DATA.held_out.x[: EVALUATION.points]).mean
        largest = float(torch.linalg.eigvalsh(torch.cov(codes.T, correction=0))[-1].sqrt())
        found = whitened_encoder(model)
        assert found.value == pytest.approx(largest, rel=1e-4)
        assert (found.unit, found.n) == ("z", 400)


def test_steepness_where_data_never_vary_counts_in_the_norm_alone():
    """A pixel that is always the same, and a weight on it that training never moved."""
    x = torch.nn.functional.pad(DATA.train.x.flatten(1), (0, 1), value=0.3)
    data = Dataset("padded", 1, Split(x), Split(x))
    plain = trained(Known(lambda x: x[:, :2], lambda z: z), 2)
    steep = trained(Known(lambda x: x[:, :2] + 50 * (x[:, -1:] - 0.3), lambda z: z), 2)
    for name, ratio in (("encoder_lipschitz_mean", 70), ("encoder_whitened_lipschitz_mean", 1)):
        read = encoder_lipschitz if name == "encoder_lipschitz_mean" else encoder_whitened_lipschitz
        one, other = (
            by_name(read(Probe(model, data, EVALUATION, generator())))[name].value for model in (plain, steep)
        )
        assert other / one == pytest.approx(ratio, rel=0.02)


@pytest.mark.parametrize("factor", [0.1, 7.0])
def test_a_map_that_is_scaled_is_read_as_much_steeper(factor):
    def bent(x):
        return torch.sin(x.flatten(1)[:, :2])

    for read in (encoder_lipschitz, encoder_whitened_lipschitz, decoder_lipschitz):
        if read is decoder_lipschitz:
            models = [trained(Known(bent, lambda z, c=c: c * curve(z)), 2) for c in (1.0, factor)]
        else:
            models = [trained(Known(lambda x, c=c: c * bent(x), curve), 2) for c in (1.0, factor)]
        plain, scaled = (by_name(read(Probe(model, DATA, EVALUATION, generator()))) for model in models)
        for name, measurement in plain.items():
            assert scaled[name].value == pytest.approx(factor * measurement.value, rel=1e-4)
