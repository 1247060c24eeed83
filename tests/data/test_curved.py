"""Curved manifolds of known density: volume elements against autodiff, densities against mass 1 and their samples."""

import math
import pickle

import pytest
import torch
from scipy import stats
from torch import Tensor

from vaebench.data import Dataset, projective_plane, sinc
from vaebench.data._independent_sources import orthonormal_basis

PAGES = (sinc, projective_plane)
DIMENSION = {sinc: 2, projective_plane: 4}


@pytest.fixture(scope="module", params=PAGES, ids=lambda page: page.__name__.rsplit(".", 1)[-1])
def page(request: pytest.FixtureRequest):
    return request.param


@pytest.fixture(scope="module")
def data(page) -> Dataset:
    return page.load()


def _widths(page) -> Tensor:
    """Standard deviation of each of the normal coordinates that the page draws."""
    if page is sinc:
        return torch.tensor([8 / 3, 2 / 3], dtype=torch.float64).sqrt()
    return torch.full((4,), math.sqrt(projective_plane.SPREAD / 2), dtype=torch.float64)


def _coordinates(page, n: int, seed: int = 0, wider: float = 1.0) -> tuple[Tensor, Tensor]:
    """Normal coordinates and the logarithm of the density that they are drawn from."""
    noise = torch.randn(n, DIMENSION[page], generator=torch.Generator().manual_seed(seed), dtype=torch.float64)
    widths = wider * _widths(page)
    log_q = -0.5 * (noise**2).sum(1) - widths.log().sum() - DIMENSION[page] / 2 * math.log(2 * math.pi)
    return noise * widths, log_q


def _jacobian(page, coordinates: Tensor) -> Tensor:
    """∂x/∂coordinates, shape (n, 16, coordinates): rows do not mix, so the gradient of a column's sum has them all."""
    leaf = coordinates.clone().requires_grad_()
    x = page.embed(leaf)
    columns = [torch.autograd.grad(column.sum(), leaf, retain_graph=True)[0] for column in x.T]
    return torch.stack(columns, dim=1)


def _log_volume(page, coordinates: Tensor) -> Tensor:
    """½ log det JᵀJ of the embedding, by autodiff."""
    jacobian = _jacobian(page, coordinates)
    return 0.5 * torch.linalg.slogdet(jacobian.mT @ jacobian).logabsdet


def _read_back(page, x: Tensor) -> Tensor:
    """Coordinates of points of the manifold."""
    x = x.double()
    if page is sinc:
        return x @ orthonormal_basis(3)[:2].T
    numbers = x @ orthonormal_basis(9).T
    # P₁₂ and P₁₃ are conj(z)/(1 + ‖z‖²), P₁₁ is 1/(1 + ‖z‖²).
    z = torch.complex(numbers[:, 3:5], -numbers[:, 6:8]) / (math.sqrt(2) * numbers[:, :1])
    return torch.view_as_real(z).flatten(1)


def test_the_density_is_that_of_the_coordinates_over_the_volume_element(page) -> None:
    coordinates, log_q = _coordinates(page, 500)
    exact = log_q - _log_volume(page, coordinates)
    found = page.log_density(page.embed(coordinates))
    assert found.dtype == torch.float64
    assert torch.allclose(found, exact, atol=1e-10)
    # And the volume element is no constant, so that leaving it out would be seen.
    assert _log_volume(page, coordinates).std() > 0.05


def test_the_density_has_mass_one_over_the_manifold(page) -> None:
    """∫ p dV = E_q[p √det JᵀJ / q], q wider than the law, its volume element by autodiff."""
    coordinates, log_q = _coordinates(page, 20_000, seed=1, wider=1.2)
    weights = (page.log_density(page.embed(coordinates)) + _log_volume(page, coordinates) - log_q).exp()
    stderr = weights.std() / math.sqrt(len(weights))
    assert stderr < 0.006
    assert (weights.mean() - 1).abs() < 4 * stderr


def test_the_density_has_mass_one_on_a_grid_of_triangles() -> None:
    """Without any derivative: the surface cut into triangles in R¹⁶, each with its own area."""
    u, v = torch.linspace(-13, 13, 521, dtype=torch.float64), torch.linspace(-6.5, 6.5, 261, dtype=torch.float64)
    points = sinc.embed(torch.cartesian_prod(u, v)).view(521, 261, 16)
    corner, right, up = points[:-1, :-1], points[1:, :-1], points[:-1, 1:]
    a, b = right - corner, up - corner
    area = ((a * a).sum(-1) * (b * b).sum(-1) - (a * b).sum(-1) ** 2).sqrt()
    density = sinc.log_density(((right + up) / 2).flatten(0, 1)).exp()
    assert (density * area.flatten()).sum().item() == pytest.approx(1, abs=1e-3)


def test_the_data_follow_the_density(page, data: Dataset) -> None:
    """Coordinates read back from the data are the normals that the density says, and mean −log p is the entropy."""
    coordinates = _read_back(page, data.train.x) / _widths(page)
    assert torch.corrcoef(coordinates.T).sub(torch.eye(DIMENSION[page])).abs().max() < 4 / math.sqrt(len(coordinates))
    for column in coordinates.T:
        assert stats.kstest(column.numpy(), "norm").pvalue > 1e-3
    fresh, log_q = _coordinates(page, 20_000, seed=2)
    entropy = _log_volume(page, fresh) - log_q
    surprise = -page.log_density(data.held_out.x)
    assert surprise.isfinite().all() and page.log_density(data.train.x).isfinite().all()
    stderr = math.hypot(surprise.std().item() / math.sqrt(len(surprise)), entropy.std().item() / math.sqrt(len(fresh)))
    assert abs(surprise.mean().item() - entropy.mean().item()) < 4 * stderr


def test_points_lie_on_the_manifold_to_rounding(page, data: Dataset) -> None:
    for x in (data.train.x, data.held_out.x):
        assert (page.embed(_read_back(page, x)) - x).abs().max() < 2e-6


def test_the_data_span_what_the_page_says(page, data: Dataset) -> None:
    variances = torch.linalg.eigvalsh(torch.cov(data.train.x.double().T)).flip(0)
    spanned = 3 if page is sinc else 8
    assert (variances[:spanned] > 0.1).all() and (variances[spanned:] < 1e-9).all()
    if page is projective_plane:
        assert variances[:8].mean() == pytest.approx(0.51, abs=0.01)


def test_train_and_held_out_share_no_point_and_one_law(data: Dataset) -> None:
    train, held_out = data.train.x, data.held_out.x
    assert (len(train), len(held_out)) == (20_000, 5_000)
    assert len(torch.cat([train, held_out]).unique(dim=0)) == len(train) + len(held_out)
    for column in range(16):
        assert stats.ks_2samp(train[:, column].numpy(), held_out[:, column].numpy()).pvalue > 1e-3


def test_the_truth_is_a_curved_ones_and_can_be_sent_to_another_process(page, data: Dataset) -> None:
    assert data.truth is not None
    assert (data.truth.dimension, data.truth.gaussian) == (DIMENSION[page], False)
    copy = pickle.loads(pickle.dumps(data.truth.log_density))
    assert torch.equal(copy(data.held_out.x), page.log_density(data.held_out.x))


def test_log_density_has_finite_gradients(page) -> None:
    coordinates = torch.cat(
        [torch.zeros(1, DIMENSION[page]), 1e-4 * torch.ones(1, DIMENSION[page]), torch.eye(4)[:, : DIMENSION[page]]]
    )
    x = page.embed(coordinates.double()).requires_grad_()
    page.log_density(x).sum().backward()
    assert x.grad is not None and x.grad.isfinite().all()


@pytest.mark.parametrize("x", [torch.zeros(3, 15), torch.zeros(16), torch.zeros(2, 1, 16)])
def test_points_of_another_shape_are_refused(page, x: Tensor) -> None:
    with pytest.raises(ValueError, match=r"x must have shape \(n, 16\), got"):
        page.log_density(x)


def test_the_slope_of_the_surface_is_that_of_the_height_also_at_the_centre() -> None:
    r = torch.cat([torch.logspace(-9, -2, 200), torch.linspace(0.01, 12, 2000)]).double().requires_grad_()
    (slope,) = torch.autograd.grad((2 * torch.where(r > 1e-2, r.sin() / r, 1 - r**2 / 6 + r**4 / 120)).sum(), r)
    assert torch.allclose(sinc._squared_slope(r.detach() ** 2), slope**2, rtol=1e-8, atol=1e-20)
    assert sinc._squared_slope(torch.zeros(1)).item() == 0


def test_the_surface_is_as_steep_and_as_bent_as_stated() -> None:
    r = torch.linspace(0.001, 4.6, 100_001, dtype=torch.float64)
    squared = sinc._squared_slope(r**2)
    assert squared.max().sqrt().item() == pytest.approx(0.87, abs=0.005)
    assert 0.5 * squared.max().log1p().item() == pytest.approx(0.28, abs=0.005)
    assert 1 / (squared[1].sqrt() / r[1]).item() == pytest.approx(1.5, abs=1e-3)
    ring = r[10_000:][squared[10_000:].argmin()].item()
    assert ring == pytest.approx(4.49, abs=0.005) and ring / math.sqrt(8 / 3) == pytest.approx(2.75, abs=0.005)


def test_the_embedding_is_isometric_to_the_fubini_study_metric() -> None:
    """JᵀJ is 2c² times the metric of the closed form, and chords have the length that the angle between lines gives."""
    coordinates, _ = _coordinates(projective_plane, 200)
    jacobian = _jacobian(projective_plane, coordinates)
    z = torch.view_as_complex(coordinates.view(-1, 2, 2))
    growth = 1 + (z.abs() ** 2).sum(1)[:, None, None]
    hermitian = (growth * torch.eye(2) - z.conj()[:, :, None] * z[:, None, :]) / growth**2
    steps = torch.randn(200, 4, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    dz = torch.view_as_complex(steps.view(-1, 2, 2))
    squared = (dz[:, None, :] @ hermitian @ dz.conj()[:, :, None]).real.flatten()
    moved = torch.einsum("nij,nj->ni", jacobian, steps)
    assert torch.allclose((moved**2).sum(1), 2 * projective_plane.SCALE**2 * squared)
    lines = torch.nn.functional.normalize(torch.cat([torch.ones(200, 1), z], dim=1), dim=1)
    cosine = (lines[:100].conj() * lines[100:]).sum(1).abs()
    x = projective_plane.embed(coordinates)
    chord = torch.linalg.vector_norm(x[:100] - x[100:], dim=1)
    assert torch.allclose(chord, projective_plane.SCALE * (2 - 2 * cosine**2).sqrt())


def test_turning_c3_turns_the_data_and_keeps_the_metric() -> None:
    """The embedding is that of lines, not of a chart: a unitary map of C³ keeps all distances between points."""
    coordinates, _ = _coordinates(projective_plane, 50)
    z = torch.view_as_complex(coordinates.view(-1, 2, 2))
    rng = torch.Generator().manual_seed(4)
    unitary = torch.linalg.qr(torch.randn(3, 3, generator=rng, dtype=torch.complex128))[0]
    turned = torch.cat([torch.ones(50, 1), z], dim=1) @ unitary
    turned = torch.view_as_real(turned[:, 1:] / turned[:, :1]).flatten(1)
    before, after = (torch.cdist(x, x) for x in map(projective_plane.embed, (coordinates, turned)))
    assert torch.allclose(before, after, atol=1e-6)


def test_the_plane_is_covered_as_stated() -> None:
    """The distance of a point from the centre is arctan ‖z‖; half of the points lie farther than 0.91."""
    distance = torch.linalg.vector_norm(_read_back(projective_plane, projective_plane.load().train.x), dim=1).atan()
    assert distance.median().item() == pytest.approx(0.91, abs=0.01)


def test_where_there_is_no_line_there_is_no_density() -> None:
    """P₁₁ > 0 for every point of the chart; beyond, −∞ and no gradient."""
    x = torch.cat([-projective_plane.embed(torch.ones(1, 4)), torch.zeros(1, 16)]).requires_grad_()
    found = projective_plane.log_density(x)
    assert (found == -math.inf).all()
    (gradient,) = torch.autograd.grad(found.sum(), x)
    assert (gradient == 0).all()


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
def test_log_density_follows_its_points_to_a_gpu(page, data: Dataset) -> None:
    there = page.log_density(data.held_out.x.cuda())
    assert there.is_cuda
    assert torch.allclose(there.cpu(), page.log_density(data.held_out.x), atol=1e-9)
