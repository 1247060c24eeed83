"""Importance at the exact model is each source's variance. A source without a unit is an error of −1."""

from dataclasses import replace

import pytest
import torch
from measures.known import (
    EIGENVALUES,
    EVALUATION,
    GAUSSIAN_SOURCES,
    Known,
    by_name,
    ellipsoid,
    exact_learned,
    generator,
    trained,
)

from vaebench.claims import declined
from vaebench.data import Truth
from vaebench.experiment import Interventions
from vaebench.measures.probe import Probe
from vaebench.models.exact import linear_vae_with_learned_scale
from vaebench.papers.nakagawa2021.importance import source_importance


def read(model, data=GAUSSIAN_SOURCES):
    return by_name(source_importance(Probe(model, data, EVALUATION, generator())))


@pytest.mark.parametrize("latent", [3, 6])
@pytest.mark.parametrize("variance", [0.005, 0.05])
def test_importance_is_the_variance_of_each_source(latent, variance):
    found = read(exact_learned(latent, variance))
    for number, expected in enumerate((8 / 3, 2 / 3, 1 / 6), start=1):
        assert found[f"importance_{number}"].value == pytest.approx(expected, rel=1e-5)
        assert found[f"importance_{number}"].unit == "x²"
    assert abs(found["importance_worst_error"].value) < 1e-5


def test_the_order_of_units_does_not_matter():
    model = exact_learned()
    model.model.model.log_scale.bias.copy_(model.model.model.log_scale.bias.flip(0).clone())
    assert abs(read(model)["importance_worst_error"].value) < 1e-5


def test_a_source_that_is_not_coded_is_an_error_of_one():
    found = read(exact_learned(3, variance=0.2))  # β = .4 > 2/6: the last source is left to the prior
    assert found["importance_3"].value == 0
    assert found["importance_worst_error"].value == 1


def test_the_worst_error_is_the_largest_in_size():
    model = exact_learned()
    model.model.model.log_scale.bias[0] -= 0.5 * torch.log(torch.tensor(1.3))
    model.model.model.log_scale.bias[1] += 0.5 * torch.log(torch.tensor(1.2))
    assert read(model)["importance_worst_error"].value == pytest.approx(0.3, rel=1e-4)


def test_units_beyond_the_sources_are_not_matched():
    scale = (0.005 / torch.tensor([8 / 3, 2 / 3, 1 / 6, 1 / 50])).sqrt()
    model = trained(Known(lambda x: x[:, :4], lambda z: z, scale), 4, Interventions(likelihood_variance=0.005))
    found = read(model)
    assert "importance_4" not in found
    assert abs(found["importance_worst_error"].value) < 1e-5


def test_without_beta_there_is_nothing_to_compare():
    name = "importance_worst_error"
    model = exact_learned()
    for without in (
        trained(model.model.model, 3, model.model.interventions, kl_weight=None),
        trained(model.model.model, 3, Interventions()),
        trained(Known(lambda x: x[:, :3], lambda z: z, bernoulli=True), 3),
    ):
        assert read(without) == {name: declined(name, "β is not known")}


def test_on_a_curved_manifold_there_is_no_variance_to_compare_with():
    name = "importance_worst_error"
    curved = Truth(lambda x: x.sum(1), None, False, None, dimension=3)
    reason = "the data's manifold is curved: there are no source variances"
    assert read(exact_learned(), replace(GAUSSIAN_SOURCES, truth=curved)) == {name: declined(name, reason)}


def test_images_have_importances_and_nothing_to_hold_them_against():
    data = ellipsoid()
    model = trained(linear_vae_with_learned_scale(data, 2, None, 0.1), 2, Interventions(likelihood_variance=0.05))
    found = read(model, data)
    reason = "the sources of these data are not known"
    assert found["importance_worst_error"] == declined("importance_worst_error", reason)
    assert [found[f"importance_{j}"].value for j in (1, 2)] == pytest.approx(EIGENVALUES[:2], rel=1e-5)
    assert len(found) == 3


def test_a_posterior_of_a_point_has_no_importance_and_the_others_keep_theirs():
    """exp(−200) is 0 in single precision. It is the model that denies the number, and not the data."""
    model = exact_learned()
    model.model.model.log_scale.bias[0] = -200
    found = read(model)
    assert found["importance_1"].value is None
    assert (found["importance_1"].cause, found["importance_worst_error"].cause) == ("model", "model")
    assert "is a point" in found["importance_worst_error"].reason
    assert found["importance_3"].value == pytest.approx(1 / 6, rel=1e-5)
    unknown = read(model, replace(GAUSSIAN_SOURCES, truth=None))
    assert unknown["importance_1"].cause == "model"
    assert unknown["importance_worst_error"].reason == "the sources of these data are not known"
