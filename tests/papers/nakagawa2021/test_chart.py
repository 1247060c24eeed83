"""Which axes a chart calls active, and what their scales multiply to."""

from itertools import product

import pytest
import torch
from measures.known import generator, trained
from measures.turned import rotation

from vaebench.measures.model_view import active
from vaebench.models import FullNormal
from vaebench.papers.nakagawa2021.chart import chart_of

GAIN = torch.tensor([0.5, 2.0, 10.0])
"""Widths of the prior's units."""


class Wide(torch.nn.Module):
    """A prior of the model's own: N(0, GAIN²)."""

    def prior_sample(self, noise):
        return GAIN * noise


def correlated(narrow):
    """Full covariances, mixed in part, of units that are a tenth as wide as the prior or as wide, shape (50, 3, 3)."""
    relative = torch.where(torch.tensor(narrow), 0.1, 1.0)
    below = 0.3 * torch.randn(50, 3, 3, generator=generator()).tril(-1)
    factor = torch.nn.functional.normalize(torch.eye(3) + below, dim=2)
    return FullNormal(torch.randn(50, 3, generator=generator(1)), (GAIN * relative)[:, None] * factor)


def root_of_determinant(covariance, units):
    return torch.linalg.det(covariance[:, units][:, :, units]).sqrt()


@pytest.mark.parametrize("narrow", list(product([True, False], repeat=3)))
def test_under_a_prior_of_its_own_the_models_units_are_active_or_not(narrow):
    """Eigenvalues in rising order belong to no unit: the first ones were called active, whichever had collapsed."""
    model, posterior = trained(Wide(), 3), correlated(narrow)
    chart = chart_of(model, posterior)
    assert chart.active.tolist() == active(model, posterior).tolist() == list(narrow)
    assert torch.equal(chart.axes, torch.eye(3, dtype=torch.float64))
    torch.testing.assert_close(chart.covariance, posterior.covariance())
    torch.testing.assert_close(chart.mean, posterior.mean.double())


@pytest.mark.parametrize("narrow", list(product([True, False], repeat=3)))
def test_the_scales_of_active_units_multiply_to_the_root_of_their_determinant(narrow):
    chart = chart_of(trained(Wide(), 3), correlated(narrow))
    found = chart.scale[:, chart.active].prod(1)
    torch.testing.assert_close(found, root_of_determinant(chart.covariance, chart.active))


@pytest.mark.parametrize("collapsed", [0, 1, 2])
def test_under_a_standard_prior_the_axes_are_the_posteriors_own(collapsed):
    """One direction across all units has collapsed, and is told from the others."""
    turned = rotation(3, seed=4).double()
    scale = torch.tensor([0.1, 0.2, 0.3], dtype=torch.float64)
    scale[collapsed] = 1.0
    tril = torch.linalg.cholesky(turned @ torch.diag(scale.square()) @ turned.T).expand(20, 3, 3)
    chart = chart_of(trained(torch.nn.Identity(), 3), FullNormal(torch.zeros(20, 3, dtype=torch.float64), tril))
    assert chart.active.tolist() == [True, True, False]
    torch.testing.assert_close(chart.scale, scale.sort().values.expand(20, 3))
    assert float((chart.axes[2] @ turned[:, collapsed]).abs()) == pytest.approx(1)
    torch.testing.assert_close(
        chart.scale[:, chart.active].prod(1), root_of_determinant(chart.covariance, chart.active)
    )
