"""Frequency of functions whose degree is known: affine, quadratic, and scaled to deceive."""

import time

import pytest
import torch
from measures.known import EIGENVALUES, EVALUATION, Known, by_name, ellipsoid, exact_at, generator, trained

from vaebench.claims import declined
from vaebench.data import Dataset, Split
from vaebench.experiment import EvaluationBudget
from vaebench.kernels.jacobian import covariance_root
from vaebench.measures.probe import Probe
from vaebench.papers.camuto2021 import frequency
from vaebench.papers.camuto2021.frequency import decoder_frequency, encoder_frequency

DATA = ellipsoid()


def flat(x):
    return x.flatten(1)[:, :3]


def frequency_of(decode, latent=3, evaluation=EVALUATION):
    return by_name(decoder_frequency(Probe(trained(Known(flat, decode), latent), DATA, evaluation, generator())))


@pytest.mark.parametrize("scale", [0.05, 0.4, 1.0])
def test_an_affine_decoder_has_share_a_tenth_and_degree_one(scale):
    found = by_name(decoder_frequency(Probe(exact_at(DATA, scale), DATA, EVALUATION, generator())))
    share, degree = found["decoder_high_frequency_share"], found["decoder_mean_degree"]
    assert abs(share.value - 0.1) < 4 * share.stderr < 0.01
    assert abs(degree.value - 1) < 4 * degree.stderr < 0.3
    assert (share.n, degree.n) == (4096, 512)


def test_a_pure_degree_has_its_share_and_its_degree():
    found = frequency_of(lambda z: (z**2 - 1).reshape(-1, 1, 3))
    share, degree = found["decoder_high_frequency_share"], found["decoder_mean_degree"]
    assert abs(share.value - (1 - 0.9**2)) < 4 * share.stderr
    assert abs(degree.value - 2) < 4 * degree.stderr


def test_scaling_and_shifting_a_decoder_fakes_nothing():
    plain, scaled = frequency_of(torch.sin), frequency_of(lambda z: 1e-3 * torch.sin(z) + 7)
    for name, measurement in plain.items():
        assert scaled[name].value == pytest.approx(measurement.value, rel=1e-3)
    wiggly = frequency_of(lambda z: torch.sin(4 * z))
    assert all(wiggly[name].value > 2 * measurement.value for name, measurement in plain.items())


def test_a_collapsed_decoder_has_no_frequency():
    found = frequency_of(lambda z: 0 * z + 1)
    assert all(measurement.value is None for measurement in found.values())
    assert found["decoder_mean_degree"].reason == "the function is constant: there is no variance to divide by"


def test_an_affine_encoder_has_the_frequency_of_its_gains_and_the_data():
    """‖A‖_F² / tr(A C Aᵀ): with gain g along each axis of variance λ it is Σg² / Σg²λ."""
    model = exact_at(DATA, 0.4)
    whitened, measurement = encoder_frequency(Probe(model, DATA, EvaluationBudget(points=600), generator()))
    gains = model.model.model.mean.weight.double().square().sum(1)
    expected = float(gains.sum() / (gains * torch.tensor(EIGENVALUES).double()).sum())
    assert measurement.value == pytest.approx(expected * 599 / 600, rel=1e-4)  # the variance is the unbiased one
    assert (measurement.name, measurement.unit, measurement.n) == ("encoder_mean_degree", "1/x²", 600)
    assert (whitened.name, whitened.unit, whitened.n) == ("encoder_whitened_degree", "1", 600)


def test_whitened_every_affine_encoder_has_degree_one_though_weak_directions_die():
    """The raw degree falls along the closed form as directions die: only the whitened one tells curvature."""
    whitened, raw = zip(
        *(encoder_frequency(Probe(exact_at(DATA, scale), DATA, EVALUATION, generator())) for scale in (0.05, 0.4, 1.9)),
        strict=True,
    )
    assert [measurement.value for measurement in whitened] == pytest.approx([1, 1, 1], abs=1e-4)
    assert raw[0].value > 1.05 * raw[2].value
    bent = trained(Known(lambda x: torch.sin(3 * flat(x)), lambda z: z), 3)
    assert encoder_frequency(Probe(bent, DATA, EVALUATION, generator()))[0].value > 1.5


def test_shrinking_an_encoder_fakes_nothing():
    measurements = [
        encoder_frequency(
            Probe(trained(Known(lambda x, c=c: c * torch.sin(flat(x)), lambda z: z), 3), DATA, EVALUATION, generator())
        )
        for c in (1.0, 1e-3)
    ]
    for small, large in zip(*measurements, strict=True):
        assert small.value == pytest.approx(large.value, rel=1e-4)


def test_a_collapsed_encoder_has_no_frequency():
    model = trained(Known(lambda x: 0 * flat(x), lambda z: z), 3)
    reason = "the function is constant: there is no variance to divide by"
    names = ("encoder_whitened_degree", "encoder_mean_degree")
    assert encoder_frequency(Probe(model, DATA, EVALUATION, generator())) == tuple(
        declined(n, reason, "model") for n in names
    )


def test_the_same_draws_give_the_same_measurement():
    model = exact_at(DATA, 0.4)
    assert decoder_frequency(Probe(model, DATA, EVALUATION, generator(3))) == decoder_frequency(
        Probe(model, DATA, EVALUATION, generator(3))
    )


def few_pictures(n=64, shape=(3, 32, 32)):
    x = torch.rand(n, *shape, generator=generator(5))
    return Dataset("few", 1, Split(x), Split(x))


def test_of_fewer_pictures_than_pixels_the_whitened_degree_is_found_in_no_time():
    """64 pictures of 3,072 numbers; by the root of the covariance a model takes most of a minute."""
    data = few_pictures()
    weight = torch.randn(3072, 3, generator=generator(6)) / 3072**0.5
    model = trained(Known(lambda x: x.flatten(1) @ weight, lambda z: z), 3)
    start = time.process_time()
    whitened, raw = encoder_frequency(Probe(model, data, EVALUATION, generator()))
    assert time.process_time() - start < 3
    assert whitened.value == pytest.approx(1, abs=1e-4)
    spread = float((data.held_out.x.flatten(1) @ weight).var(0).sum())
    assert raw.value == pytest.approx(float(weight.square().sum()) / spread, rel=1e-4)


def test_the_root_of_the_data_is_found_once_for_all_models(monkeypatch):
    calls = []
    monkeypatch.setattr(frequency, "covariance_root", lambda x: calls.append(len(x)) or covariance_root(x))
    data = few_pictures(40, (6,))
    first = [encoder_frequency(Probe(exact_at(data, scale), data, EVALUATION, generator())) for scale in (0.05, 0.4)]
    again = encoder_frequency(Probe(exact_at(data, 0.4), few_pictures(40, (6,)), EVALUATION, generator()))
    assert again == first[1]
    assert calls == [40]
    fewer = EvaluationBudget(points=20)
    encoder_frequency(Probe(exact_at(data, 0.4), data, fewer, generator()))
    assert calls == [40, 20]
