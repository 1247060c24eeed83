"""Orthogonality beside the same model turned at random: exact models pass, and what is turned or random does not."""

import pytest
import torch
from measures.known import EVALUATION, GAUSSIAN_SOURCES, Known, by_name, exact_learned, generator, trained

from vaebench.claims import Beyond, Claim, Exceeds, column, declined, judge, table
from vaebench.data import Dataset, Split
from vaebench.experiment import Interventions
from vaebench.measures.probe import Probe
from vaebench.papers.nakagawa2021.isometry import _rotation, orthogonality, rotated_orthogonality

CLAIM = Claim(
    "orthogonality",
    "The columns of the decoder's Jacobian are orthogonal.",
    (
        Beyond("mean_absolute_cosine", 0.1, ideal=0, null=0.46, scale="log"),
        Exceeds("mean_absolute_cosine", "mean_absolute_cosine_rotated", ideal=0, side="below"),
    ),
)
SEEDS = range(5)


def read(model, seed=0, data=GAUSSIAN_SOURCES):
    """Both measurements as a cell takes them: each instrument has draws of its own."""
    own = orthogonality(Probe(model, data, EVALUATION, generator(seed)))
    return by_name((*own, *rotated_orthogonality(Probe(model, data, EVALUATION, generator(1000 + seed)))))


def verdict(model_of, data=GAUSSIAN_SOURCES):
    found = ((seed, read(model_of(seed), seed, data).values()) for seed in SEEDS)
    return judge(CLAIM, table(column("trained", None, seed, one) for seed, both in found for one in both))


def turned(model, seed):
    """The same model with its latent space rotated: prior and reconstructions stay, J becomes J·Rᵀ."""
    inner, rotation = model.model, _rotation(3, generator(seed)).float()
    scale = (rotation.square() @ inner.encode(GAUSSIAN_SOURCES.held_out.x[:1]).scale[0].square()).sqrt()
    return trained(
        Known(lambda x: inner.encode(x).mean @ rotation.T, lambda z: inner.decode(z @ rotation).mean, scale),
        3,
        Interventions(likelihood_variance=0.005),
    )


def test_exact_models_are_orthogonal_and_turned_at_random_they_are_not():
    model = exact_learned()
    assert verdict(lambda _: model).published.word == "holds"
    assert verdict(lambda seed: turned(model, seed)).published.word == "fails"


def test_a_turned_model_reconstructs_the_same_and_is_read_alike():
    model, x = exact_learned(), GAUSSIAN_SOURCES.held_out.x[:50]
    other = turned(model, 3)
    torch.testing.assert_close(
        other.model.decode(other.model.encode(x).mean).mean, model.model.decode(model.model.encode(x).mean).mean
    )
    one, two = read(model), read(other)
    assert one["mean_absolute_cosine"].value < 1e-5 < two["mean_absolute_cosine"].value
    # Over rotations of a rotation as over rotations: both are means of twelve draws of one law.
    name = "mean_absolute_cosine_rotated"
    assert one[name].value == pytest.approx(two[name].value, abs=0.15)
    assert one[name].value == pytest.approx(0.46, abs=0.1)  # the null of the claim


def test_random_directions_in_many_dimensions_meet_the_limit_and_gain_nothing():
    """The deceptive plant: 400 dimensions, columns of one length, cosines of .04."""
    x = torch.randn(60, 400, generator=generator(2))
    data = Dataset("wide", 1, Split(x), Split(x))

    def random(seed):
        weights = torch.nn.functional.normalize(torch.randn(6, 400, generator=generator(seed)), dim=1)
        return trained(Known(lambda x: x[:, :6], lambda z: z @ weights), 6)

    found = verdict(random, data)
    assert found.checks[0].word == "holds"
    assert found.published.word != "holds"


def test_orthogonal_columns_of_one_length_stay_orthogonal_however_turned():
    """Nothing could be gained there, and the claim does not fail by it."""
    isometric = trained(Known(lambda x: x[:, :3], lambda z: torch.nn.functional.pad(z, (0, 13))), 3)
    found = read(isometric)
    assert found["mean_absolute_cosine_rotated"].value < 1e-6
    assert verdict(lambda _: isometric).published.word != "fails"


def test_a_rotation_is_one_and_every_direction_is_as_likely():
    draws = torch.stack([_rotation(3, generator(seed)) for seed in range(2000)])
    torch.testing.assert_close(draws @ draws.mT, torch.eye(3).double().expand(2000, 3, 3), atol=1e-10, rtol=0)
    assert (draws.mean(0).abs() < 4 * (1 / 3 / 2000) ** 0.5).all()
    assert ((draws.square().mean(0) - 1 / 3).abs() < 4 * (0.09 / 2000) ** 0.5).all()


def test_collapsed_units_are_not_turned_and_one_unit_has_no_angle():
    name = "mean_absolute_cosine_rotated"
    model, wide = exact_learned(), exact_learned(6)
    assert read(wide)[name].value == pytest.approx(read(model)[name].value, abs=1e-6)
    single = trained(Known(lambda x: x[:, :2], lambda z: z, scale=torch.tensor([0.1, 1.0])), 2)
    assert read(single)[name] == declined(name, "angles between columns need two active units", "model")
    flat = trained(Known(lambda x: x[:, :2], lambda z: 0 * z), 2)
    assert read(flat)[name].reason == "a column of the Jacobian is zero or not finite: it has no direction"
