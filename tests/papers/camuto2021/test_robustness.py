"""Damage to an affine model is radius times its largest end-to-end gain. A collapsed model has no scale of damage."""

from dataclasses import replace

import pytest
import torch
from measures.known import EVALUATION, Known, by_name, ellipsoid, exact_at, generator, trained

from vaebench.claims import declined
from vaebench.data import Split
from vaebench.measures.probe import Probe
from vaebench.measures.reconstruction import unexplained_variance
from vaebench.models.complex_autoencoder import complex_autoencoder
from vaebench.papers.camuto2021.robustness import RADII, robustness

DATA = ellipsoid()
DATA_SD = float(DATA.train.x.flatten(1).double().var(0).sum().sqrt())


def damage(model):
    return by_name(robustness(Probe(model, DATA, EVALUATION, generator())))


@pytest.mark.parametrize("scale", [0.05, 0.4, 1.0])
def test_damage_to_an_affine_model_is_radius_times_gain(scale):
    model = exact_at(DATA, scale)
    inner = model.model.model
    gain = float(torch.linalg.svdvals(inner.decoder[0].weight @ inner.mean.weight)[0])
    x = DATA.held_out.x[: EVALUATION.points]
    sd = float(model.model.decode(model.model.encode(x).mean).mean.flatten(1).var(0).sum().sqrt())
    found = damage(model)
    for name, share in RADII.items():
        assert found[f"damage_{name}"].value == pytest.approx(share * DATA_SD * gain / sd, rel=1e-2)
        assert found[f"damage_{name}"].value <= share * DATA_SD * gain / sd * (1 + 1e-4)  # a lower bound
        assert found[f"damage_{name}"].n == EVALUATION.attacked
    assert found["damage_medium_per_data"].value == pytest.approx(RADII["medium"] * gain, rel=1e-2)


def test_a_larger_radius_does_more_damage():
    found = damage(trained(Known(lambda x: x.flatten(1)[:, :3], lambda z: pad(torch.sin(3 * z))), 3))
    assert found["damage_small"].value < found["damage_medium"].value < found["damage_large"].value


def pad(out):
    return torch.nn.functional.pad(out, (0, 5)).reshape(-1, 2, 4)


def test_shrinking_reconstructions_fakes_no_robustness():
    mean = DATA.train.x.mean(0)
    found = [
        damage(trained(Known(lambda x: x.flatten(1)[:, :3], lambda z, c=c: c * pad(torch.sin(3 * z)) + mean), 3))
        for c in (1.0, 1e-2)
    ]
    for name in RADII:
        assert found[1][f"damage_{name}"].value == pytest.approx(found[0][f"damage_{name}"].value, rel=1e-3)
    assert found[1]["unexplained_variance"].value == pytest.approx(1, rel=0.2)


def test_the_identity_leaves_nothing_unexplained_and_a_constant_everything():
    identity = trained(Known(lambda x: x.flatten(1), lambda z: z.reshape(-1, 2, 4)), 8)
    assert damage(identity)["unexplained_variance"].value == 0
    mean = DATA.train.x.mean(0)
    constant = damage(trained(Known(lambda x: x.flatten(1), lambda z: 0 * z.reshape(-1, 2, 4) + mean), 8))
    lost = constant["unexplained_variance"]
    assert abs(lost.value - 1) < 4 * lost.stderr
    for name in RADII:
        none = declined(f"damage_{name}", "reconstructions do not vary: damage has no such scale", "model")
        assert constant[f"damage_{name}"] == none


def unexplained(model, points=400):
    (measurement,) = unexplained_variance(Probe(model, DATA, replace(EVALUATION, points=points), generator()))
    return measurement


def scaled_about_the_mean(share):
    mean = DATA.train.x.mean(0)
    return trained(Known(lambda x: x.flatten(1), lambda z: mean + share * (z.reshape(-1, 2, 4) - mean)), 8)


@pytest.mark.parametrize("share", [1.0, 0.5, 0.0, -1.0])
def test_what_is_left_of_a_shrunken_reconstruction_is_the_square_of_what_is_missing(share):
    found = unexplained(scaled_about_the_mean(share), len(DATA.held_out.x))
    assert found.value == pytest.approx(
        (1 - share) ** 2, rel=5e-3, abs=1e-9
    )  # over all of them but the n − 1 of a variance
    assert (found.name, found.n) == ("unexplained_variance", len(DATA.held_out.x))
    few = unexplained(scaled_about_the_mean(share), 50)
    assert few.n == 50
    assert abs(few.value - (1 - share) ** 2) <= 4 * few.stderr + 1e-9


def test_it_is_the_one_that_stands_beside_an_attack():
    for model in (exact_at(DATA, 0.4), scaled_about_the_mean(0.3), scaled_about_the_mean(0.0)):
        assert damage(model)["unexplained_variance"] == unexplained(model)


def test_it_knows_no_unit_and_no_place():
    """Data and reconstructions moved and stretched alike leave the same share."""
    model = exact_at(DATA, 0.4)
    x = 3 * DATA.held_out.x - 7
    moved = replace(DATA, train=Split(3 * DATA.train.x - 7), held_out=Split(x))
    inner = model.model.model

    def reconstruct(x):
        return 3 * inner.decode(inner.encode((x + 7) / 3).mean).mean - 7

    both = trained(Known(lambda x: reconstruct(x).flatten(1), lambda z: z.reshape(-1, 2, 4)), 8)
    (found,) = unexplained_variance(Probe(both, moved, EVALUATION, generator()))
    assert found.value == pytest.approx(unexplained(model).value, rel=1e-4)


def test_a_model_of_complex_codes_is_read_like_any_other():
    torch.manual_seed(0)
    inner = complex_autoencoder((2, 4), 4, "mlp")
    model = replace(trained(inner, 4), complex_codes=True)
    x = DATA.held_out.x[:100]
    with torch.no_grad():
        left = (x - inner.decode(inner.encode(x).mean).mean).flatten(1).square().sum(1).mean()
    variance = DATA.train.x.flatten(1).var(0).sum()
    assert unexplained(model, 100).value == pytest.approx(float(left / variance), rel=1e-4)


def attacked(model, evaluation=EVALUATION):
    return by_name(robustness(Probe(model, DATA, evaluation, generator())))


def bent():
    return trained(Known(lambda x: torch.tanh(2 * x.flatten(1)), lambda z: pad(torch.sin(5 * z[:, :3]))), 8)


@pytest.mark.parametrize("scale", [0.05, 0.4, 1.0])
def test_in_both_units_damage_to_an_affine_model_is_radius_times_gain(scale):
    model = exact_at(DATA, scale)
    inner = model.model.model
    gain = float(torch.linalg.svdvals(inner.decoder[0].weight @ inner.mean.weight)[0])
    x = DATA.held_out.x[: EVALUATION.points]
    sd = float(model.model.decode(model.model.encode(x).mean).mean.flatten(1).var(0).sum().sqrt())
    found = attacked(model)
    for name, share in RADII.items():
        assert found[f"damage_{name}_per_data"].value == pytest.approx(share * gain, rel=1e-2)
        assert found[f"damage_{name}"].value == pytest.approx(share * DATA_SD * gain / sd, rel=1e-2)
    assert found["unexplained_variance"] == damage(model)["unexplained_variance"]


def test_what_the_second_half_of_the_restarts_adds_is_in_the_error_and_shrinks():
    spread = attacked(bent(), replace(EVALUATION, attack_restarts=1))["damage_large"].stderr
    gains = []
    for restarts in (2, 4, 16):
        found = attacked(bent(), replace(EVALUATION, attack_restarts=restarts))
        gains.append(found["attack_gain"].value)
        large = found["damage_large"]
        assert large.stderr < 1.5 * spread + gains[-1] * large.value
    assert gains[0] > gains[1] > gains[2] >= 0
    assert attacked(bent())["damage_large"].stderr > spread


def test_a_collapsed_decoder_takes_no_damage_and_damage_has_no_scale():
    mean = DATA.train.x.mean(0)
    found = attacked(trained(Known(lambda x: x.flatten(1), lambda z: 0 * z.reshape(-1, 2, 4) + mean), 8))
    for name in RADII:
        reason = "reconstructions do not vary: damage has no such scale"
        assert found[f"damage_{name}"] == declined(f"damage_{name}", reason, "model")
        assert found[f"damage_{name}_per_data"].value == 0
    assert found["attack_gain"].value == 0


def test_shrinking_reconstructions_lowers_damage_per_data_alone():
    mean = DATA.train.x.mean(0)
    whole, small = (
        attacked(trained(Known(lambda x: x.flatten(1)[:, :3], lambda z, c=c: c * pad(torch.sin(3 * z)) + mean), 3))
        for c in (1.0, 1e-2)
    )
    for name in RADII:
        assert small[f"damage_{name}"].value == pytest.approx(whole[f"damage_{name}"].value, rel=1e-3)
        ratio = small[f"damage_{name}_per_data"].value / whole[f"damage_{name}_per_data"].value
        assert ratio == pytest.approx(1e-2, rel=1e-3)


def test_a_single_restart_attacks_all_the_same_and_has_no_gain():
    once = replace(EVALUATION, attack_restarts=1)
    found = attacked(bent(), once)
    assert found["attack_gain"] == declined("attack_gain", "a single restart has no second half")
    assert all(found[f"damage_{name}"].value > 0 for name in RADII)
