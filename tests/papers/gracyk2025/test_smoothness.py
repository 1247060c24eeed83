"""Smoothness is compared with the twin: equal for equal models, 0 for straight ones, larger for what bends more."""

import pytest
import torch
from measures.known import EVALUATION, ellipsoid, generator
from measures.planted_decoders import model_of, spiral

from vaebench.claims import declined
from vaebench.measures.probe import Cohort
from vaebench.papers.gracyk2025.smoothness import against_twin

DATA = ellipsoid()
NAMES = ("path_roughness", "log_volume_variance")


def read(model, twin=None, seed=0):
    models = {("trained", None): model} | ({} if twin is None else {("twin", None): twin})
    found = against_twin(Cohort(models, DATA, EVALUATION, generator(seed)))
    assert all(knob is None for knob, _ in found)
    names = [measurement.name for _, measurement in found]
    assert names == [*NAMES, *(f"{name}_twin" for name in NAMES)]
    return {measurement.name: measurement for _, measurement in found}


def waves(pace):
    return model_of(lambda z: torch.cat([z, torch.sin(pace * z)], 1))


def test_a_straight_decoder_is_smooth():
    weight = torch.randn(4, 8, generator=generator(1))
    found = read(model_of(lambda z: z @ weight))
    assert found["path_roughness"].value < 1e-6
    assert found["log_volume_variance"].value < 1e-9
    assert (found["path_roughness"].unit, found["log_volume_variance"].unit) == ("rad²", "nats²")


def test_without_a_twin_there_is_nothing_beside():
    found = read(waves(1.0))
    for name in NAMES:
        assert found[name].value is not None
        assert found[f"{name}_twin"] == declined(f"{name}_twin", "the variant declares no twin", "setting")


def test_an_identical_twin_reads_exactly_the_same():
    found = read(waves(1.5), waves(1.5))
    for name in NAMES:
        one, other = found[name], found[f"{name}_twin"]
        assert (one.value, one.stderr, one.n) == (other.value, other.stderr, other.n)
    assert found["log_volume_variance"].value != read(waves(1.5), seed=1)["log_volume_variance"].value


def test_a_rougher_decoder_reads_rougher_on_either_side():
    found = read(waves(1.0), waves(3.0))
    for name in NAMES:
        assert found[f"{name}_twin"].value > 1.5 * found[name].value
        swapped = read(waves(3.0), waves(1.0))
        assert swapped[name].value == found[f"{name}_twin"].value


@pytest.mark.parametrize("pace", [0.3, 0.6])
def test_the_variance_of_a_known_volume(pace):
    """log det g = 2·pace·z₀ and a constant, of variance 4·pace²; that of a squared normal has the error √(2/n)."""
    measurement = read(model_of(lambda z: spiral(z, pace)))["log_volume_variance"]
    n = EVALUATION.samples // 4
    assert measurement.n == n
    assert measurement.stderr == pytest.approx(4 * pace**2 * (2 / n) ** 0.5, rel=0.2)
    assert abs(measurement.value - 4 * pace**2) < 4 * measurement.stderr


def test_an_arc_bends_by_the_square_of_its_angle():
    """Codes are angles, and a straight way between two of them is an even arc."""
    model = model_of(
        lambda z: torch.stack([torch.cos(z[:, 0]), torch.sin(z[:, 0])], 1),
        2,
        encode=lambda x: x.flatten(1)[:, :1].repeat(1, 2),
    )
    measurement = read(model)["path_roughness"]
    angles = DATA.held_out.x[: EVALUATION.points].flatten(1)[:, 0].diff().abs()
    expected = (32 * torch.sin(angles / 32)).square()  # chords of 16 segments
    assert measurement.n == EVALUATION.points - 1
    assert measurement.value == pytest.approx(float(expected.mean()), rel=1e-4)
    assert measurement.stderr == pytest.approx(float(expected.std()) / measurement.n**0.5, rel=1e-3)


def test_an_odd_number_of_units_has_paths_and_no_complex_volume():
    found = read(model_of(lambda z: torch.sin(z.repeat(1, 2)), 3))
    assert found["path_roughness"].value is not None
    reason = "an odd number of latent units cannot be paired"
    assert found["log_volume_variance"] == declined("log_volume_variance", reason, "setting")


def test_a_decoder_that_stands_still_is_not_smooth():
    found = read(model_of(lambda z: 0 * z + 1), waves(1.0))
    reason = "a path stands still: it has no length to divide by"
    assert found["path_roughness"] == declined("path_roughness", reason, "model")
    assert found["log_volume_variance"].cause == "model"
    assert found["path_roughness_twin"].value is not None


def test_collapse_is_not_smooth():
    dead, reason = model_of(torch.sin, 4, 1.0), "every complex latent unit has collapsed to the prior"
    beside_a_twin = read(dead, dead)["log_volume_variance"]
    assert beside_a_twin == declined("log_volume_variance", reason, "model")
    assert read(dead)["log_volume_variance"] == declined("log_volume_variance", reason, "setting")


def test_fewer_units_than_the_twins_are_not_smoother():
    scales = torch.tensor([0.1, 0.1, 1.0, 1.0])
    found = read(model_of(torch.sin, 4, scales), model_of(torch.sin, 4))
    reason = "1 active complex units and the twin's 2 make volumes of different dimensions"
    assert found["log_volume_variance"] == declined("log_volume_variance", reason, "model")
    assert found["log_volume_variance_twin"].value is not None
