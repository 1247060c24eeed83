"""Independent sources: each law against quadrature, each sample against its law, the joint law against both."""

import math
import pickle
from itertools import pairwise

import numpy as np
import pytest
import torch
from scipy import stats
from scipy.integrate import quad
from torch import Tensor

from vaebench.data import Dataset, bimodal_sources, linear_gaussian_sources, three_sources
from vaebench.data._independent_sources import (
    JointLogDensity,
    Mixture,
    Normal,
    Ramp,
    Source,
    dataset,
    orthonormal_basis,
)
from vaebench.seeds import seed_for

PAGES = (three_sources, linear_gaussian_sources, bimodal_sources)
SOURCES = tuple(dict.fromkeys(source for page in PAGES for source in page.SOURCES))
VARIANCES = (8 / 3, 2 / 3, 1 / 6)


@pytest.fixture(scope="module", params=PAGES, ids=lambda page: page.__name__.rsplit(".", 1)[-1])
def page(request: pytest.FixtureRequest):
    return request.param


@pytest.fixture(scope="module")
def data(page) -> Dataset:
    return page.load()


def _density(source: Source, s: float) -> float:
    return source.log_density(torch.tensor(s, dtype=torch.float64)).exp().item()


def _breaks(source: Source) -> list[float]:
    """Points at which to cut an integral: the law's modes and edges, between ends that hold all the mass there is."""
    reach = 15 * math.sqrt(source.variance)
    inner = [0.0]
    if isinstance(source, Ramp):
        inner += [-2 * source.length / 3, source.length / 3]
    if isinstance(source, Mixture):
        width = math.sqrt(source.within)
        inner += [sign * source.mode + k * width for sign in (-1, 1) for k in (-3, 0, 3)]
    return sorted({-reach, reach, *inner})


def _integral(source: Source, power: int, end: float = math.inf) -> float:
    cuts = [cut for cut in _breaks(source) if cut < end] + ([end] if end < math.inf else [])
    pieces = pairwise(cuts)
    return sum(
        quad(lambda s: s**power * _density(source, s), a, b, epsabs=1e-12, epsrel=1e-11, limit=200)[0]
        for a, b in pieces
    )


@pytest.mark.parametrize("source", SOURCES, ids=str)
def test_density_has_mass_one_mean_zero_and_the_stated_variance(source: Source) -> None:
    assert _integral(source, 0) == pytest.approx(1, abs=1e-9)
    assert _integral(source, 1) == pytest.approx(0, abs=1e-9)
    assert _integral(source, 2) == pytest.approx(source.variance, rel=1e-8)


@pytest.mark.parametrize("source", SOURCES, ids=str)
def test_samples_follow_the_density(source: Source) -> None:
    """Kolmogorov–Smirnov against the distribution function by quadrature, n = 40,000."""
    drawn = source.sample(40_000, torch.Generator().manual_seed(3))
    assert drawn.dtype == torch.float64
    reach = 8 * math.sqrt(source.variance)
    grid = torch.linspace(-reach, reach, 400_001, dtype=torch.float64)
    density = source.log_density(grid).exp()
    mass = torch.cumulative_trapezoid(density, grid).numpy()
    # Where the numbers come from: the quadrature above, at one point, so that the grid is itself checked.
    assert mass[300_000] == pytest.approx(_integral(source, 0, end=grid[300_001].item()), abs=1e-4)

    def distribution(s: np.ndarray) -> np.ndarray:
        return np.interp(s, grid[1:].numpy(), mass)

    assert stats.kstest(drawn.numpy(), distribution).pvalue > 0.01
    # The test has the power to see a law that is wrong by little: 5 % in width, or another shape of that variance.
    assert stats.kstest(1.05 * drawn.numpy(), distribution).pvalue < 0.01
    if not isinstance(source, Normal):
        normal = Normal(source.variance).sample(40_000, torch.Generator().manual_seed(3))
        assert stats.kstest(normal.numpy(), distribution).pvalue < 1e-10


@pytest.mark.parametrize("source", SOURCES, ids=str)
def test_sampling_is_its_generators(source: Source) -> None:
    torch.manual_seed(0)
    before = torch.get_rng_state()
    one, same, other = (source.sample(50, torch.Generator().manual_seed(seed)) for seed in (1, 1, 2))
    assert torch.equal(one, same) and not torch.equal(one, other)
    assert torch.equal(torch.get_rng_state(), before)


def test_tails_are_exact_where_densities_underflow() -> None:
    """Far out one component of the mixture carries it: log p → −½ (|s| − m)²/within − log 2 − ½ log 2π·within."""
    for source in (Mixture(1 / 6, 0.75), Mixture(8 / 3, 0.95)):
        s = torch.tensor([-1e3, -50.0, 50.0, 1e3, 1e6], dtype=torch.float64)
        alone = stats.norm.logpdf(s.abs().numpy(), source.mode, math.sqrt(source.within)) - math.log(2)
        assert torch.allclose(source.log_density(s), torch.from_numpy(alone), rtol=1e-13, atol=0)
    s = torch.tensor([1e3, -1e6], dtype=torch.float64)
    exact = torch.from_numpy(stats.norm.logpdf(s.numpy(), 0, math.sqrt(2 / 3)))
    assert torch.allclose(Normal(2 / 3).log_density(s), exact, rtol=1e-13, atol=0)


@pytest.mark.parametrize("source", SOURCES, ids=str)
def test_log_density_keeps_dtype_and_has_finite_gradients(source: Source) -> None:
    assert source.log_density(torch.zeros(2, 3)).dtype == torch.float32
    lower_end = -2 * math.sqrt(2 * source.variance)  # of a ramp: −2L/3, L = √(18 variance)
    s = torch.tensor([-30.0, lower_end, -0.5, 0.0, 0.3, 30.0], dtype=torch.float64, requires_grad=True)
    source.log_density(s).sum().backward()
    assert s.grad is not None and s.grad.isfinite().all()


def test_the_ramp_is_linear_on_its_interval_and_nothing_outside() -> None:
    ramp = Ramp(2 / 3)
    low, high = -2 * ramp.length / 3, ramp.length / 3
    density = ramp.log_density(torch.linspace(low + 1e-9, high - 1e-9, 101, dtype=torch.float64)).exp()
    assert torch.allclose(density, torch.linspace(0, 2 / ramp.length, 101, dtype=torch.float64), atol=1e-8)
    outside = ramp.log_density(torch.tensor([-1e9, low - 1e-9, low, high + 1e-9, 1e9], dtype=torch.float64))
    assert (outside == -math.inf).all()


def test_valleys_are_as_deep_as_stated() -> None:
    """Shallow in the one set, deep in the other; below a share of one half there is one mode only."""
    for page, mixtures, low, high in ((three_sources, 1, 0.44, 0.45), (bimodal_sources, 3, 1 / 6800, 1 / 6600)):
        laws = [law for law in page.SOURCES if isinstance(law, Mixture)]
        assert len(laws) == mixtures
        for law in laws:
            grid = torch.linspace(0, 2 * law.mode, 20_001, dtype=torch.float64)
            log_density = law.log_density(grid)
            assert low < (log_density[0] - log_density.max()).exp() < high
    grid = torch.linspace(0, 3, 1001, dtype=torch.float64)
    assert (Mixture(1.0, 0.45).log_density(grid).diff() < 0).all()


def test_the_bimodal_slopes_are_as_stated() -> None:
    """The decoder that carries N(0, 1) to a source has slope φ(z)/p: in the valley z = 0, at a mode z = Φ⁻¹(¾)."""
    law = bimodal_sources.SOURCES[0]
    assert stats.norm.pdf(0) / _density(law, 0.0) == pytest.approx(4900, rel=0.01)
    at_mode = stats.norm.pdf(stats.norm.ppf(0.75)) / _density(law, law.mode)
    assert at_mode == pytest.approx(0.58, abs=0.01)
    assert math.sqrt(0.01 / 2) / at_mode == pytest.approx(0.12, abs=0.005)
    half_way = 2 * _integral(law, 0, end=law.mode / 2) - 1
    assert half_way / stats.norm.pdf(0) == pytest.approx(0.037, abs=0.001)


def test_variances_basis_and_flag(page, data: Dataset) -> None:
    truth = data.truth
    assert truth is not None and truth.basis is not None
    assert truth.source_variances == pytest.approx(VARIANCES)
    assert truth.gaussian == (page is linear_gaussian_sources)
    assert truth.basis.shape == (3, *data.shape) == (3, 16)
    assert torch.allclose(truth.basis @ truth.basis.T, torch.eye(3, dtype=torch.float64), atol=1e-14)
    assert (len(data.train.x), len(data.held_out.x)) == (20_000, 5_000)


def test_points_lie_on_the_manifold_to_rounding(data: Dataset) -> None:
    assert data.truth is not None and data.truth.basis is not None
    for x in (data.train.x.double(), data.held_out.x.double()):
        s = x @ data.truth.basis.T
        assert (s @ data.truth.basis - x).abs().max() < 1e-6
        assert torch.linalg.matrix_rank(x, atol=1e-2) == 3


def test_projections_are_the_sources_in_order(page, data: Dataset) -> None:
    """Every column of the projection follows its own law, has its variance, and the columns are uncorrelated."""
    assert data.truth is not None and data.truth.basis is not None
    s = data.train.x.double() @ data.truth.basis.T
    n = len(s)
    for j, law in enumerate(page.SOURCES):
        fourth = (s[:, j] ** 4).mean().item()
        stderr = math.sqrt((fourth - law.variance**2) / n)
        assert abs((s[:, j] ** 2).mean().item() - law.variance) < 4 * stderr
        fresh = law.sample(20_000, torch.Generator().manual_seed(11 + j))
        assert stats.ks_2samp(s[:, j].numpy(), fresh.numpy()).pvalue > 1e-3
    correlation = torch.corrcoef(s.T) - torch.eye(3)
    assert correlation.abs().max() < 4 / math.sqrt(n)


def test_train_and_held_out_share_no_point_and_one_law(data: Dataset) -> None:
    train, held_out = data.train.x, data.held_out.x
    assert len(torch.cat([train, held_out]).unique(dim=0)) == len(train) + len(held_out)
    for column in range(16):
        assert stats.ks_2samp(train[:, column].numpy(), held_out[:, column].numpy()).pvalue > 1e-3


def test_projecting_recovers_the_sources() -> None:
    basis = orthonormal_basis(3)
    s = torch.randn(100, 3, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    assert torch.allclose((s @ basis) @ basis.T, s, atol=1e-14)


def test_joint_log_density_is_the_sum_over_sources(page, data: Dataset) -> None:
    assert data.truth is not None and data.truth.basis is not None
    s = torch.stack([law.sample(200, torch.Generator().manual_seed(j)) for j, law in enumerate(page.SOURCES)], dim=-1)
    by_hand = torch.tensor(
        [sum(math.log(_density(law, v)) for law, v in zip(page.SOURCES, row, strict=True)) for row in s.tolist()]
    )
    joint = data.truth.log_density(s @ data.truth.basis)
    assert joint.dtype == torch.float64
    assert torch.allclose(joint.float(), by_hand, atol=1e-5)


def test_joint_density_integrates_to_one(data: Dataset) -> None:
    """Importance sampling over the manifold from a normal wider than the law: E_q[p/q] = 1."""
    assert data.truth is not None and data.truth.basis is not None
    widths = 1.2 * torch.tensor(VARIANCES, dtype=torch.float64).sqrt()
    z = torch.randn(1_000_000, 3, generator=torch.Generator().manual_seed(5), dtype=torch.float64)
    log_q = torch.distributions.Normal(torch.zeros(3, dtype=torch.float64), widths).log_prob(z * widths).sum(-1)
    weights = (data.truth.log_density((z * widths) @ data.truth.basis) - log_q).exp()
    stderr = weights.std() / math.sqrt(len(weights))
    assert stderr < 0.006
    assert (weights.mean() - 1).abs() < 4 * stderr


def test_entropy_of_the_data_agrees_with_quadrature(page, data: Dataset) -> None:
    """Mean −log p over the held-out points is the sum of the sources' entropies, within its standard error."""
    assert data.truth is not None
    log_density = data.truth.log_density(data.held_out.x)
    assert log_density.isfinite().all() and data.truth.log_density(data.train.x).isfinite().all()

    def surprise(law: Source, s: float) -> float:
        density = _density(law, s)
        return -density * math.log(density) if density > 0 else 0.0

    entropy = 0.0
    for law in page.SOURCES:
        cuts = _breaks(law)
        entropy += sum(quad(lambda s, law=law: surprise(law, s), a, b)[0] for a, b in pairwise(cuts))
    stderr = log_density.std().item() / math.sqrt(len(log_density))
    assert abs(-log_density.mean().item() - entropy) < 4 * stderr


def test_the_normal_set_is_the_multivariate_normal() -> None:
    """Two ways to one number: on the manifold the pseudo-determinant density of N(0, BᵀΛB)."""
    data = linear_gaussian_sources.load()
    assert data.truth is not None and data.truth.basis is not None
    basis = data.truth.basis.numpy()
    law = stats.multivariate_normal(np.zeros(16), basis.T @ np.diag(VARIANCES) @ basis, allow_singular=True)
    x = (data.held_out.x[:500].double() @ data.truth.basis.T) @ data.truth.basis
    assert np.allclose(data.truth.log_density(x).numpy(), law.logpdf(x.numpy()), atol=1e-6)


def test_log_density_reads_a_point_off_the_manifold_at_its_projection(data: Dataset) -> None:
    assert data.truth is not None and data.truth.basis is not None
    x = data.held_out.x[:50].double()
    off = torch.randn(50, 16, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    off -= (off @ data.truth.basis.T) @ data.truth.basis
    # Within 1e-6 of the ramp's edge a point may cross it by rounding; none of these fifty is.
    assert torch.allclose(data.truth.log_density(x + off), data.truth.log_density(x), atol=1e-9)


def test_outside_the_ramp_there_is_no_density() -> None:
    truth = three_sources.load().truth
    assert truth is not None and truth.basis is not None
    ramp = three_sources.SOURCES[1]
    s = torch.tensor([[0.0, ramp.length / 3 + 1e-6, 0.0], [0.0, -2 * ramp.length / 3 - 1e-6, 0.0], [0.0, 0.0, 0.0]])
    assert truth.log_density(s.double() @ truth.basis).isfinite().tolist() == [False, False, True]


def test_the_sets_share_their_basis_and_no_values() -> None:
    """Not even the values of the normal source that two of them have in common."""
    sets = [page.load() for page in PAGES]
    firsts = []
    for each in sets:
        assert each.truth is not None and each.truth.basis is not None
        assert torch.equal(each.truth.basis, orthonormal_basis(3))
        firsts.append(each.train.x.double() @ each.truth.basis[0])
    assert torch.corrcoef(torch.stack(firsts)).sub(torch.eye(3)).abs().max() < 4 / math.sqrt(20_000)


def test_changing_one_law_moves_no_other_sources_values() -> None:
    one = dataset("a set", 1, (Normal(1.0), Mixture(0.5, 0.9)))
    other = dataset("a set", 1, (Normal(1.0), Ramp(0.5)))
    basis = orthonormal_basis(2).T.float()
    assert torch.allclose((one.train.x @ basis)[:, 0], (other.train.x @ basis)[:, 0], atol=1e-5)
    assert not torch.allclose((one.train.x @ basis)[:, 1], (other.train.x @ basis)[:, 1], atol=1e-1)


@pytest.mark.parametrize("m", [1, 3, 16])
def test_the_basis_is_the_one_gram_and_schmidt_give(m: int) -> None:
    """Q with R's diagonal positive is what Gram–Schmidt makes of the columns, so no library's signs can enter it."""
    basis = orthonormal_basis(m)
    assert torch.allclose(basis @ basis.T, torch.eye(m, dtype=torch.float64), atol=1e-13)
    first = orthonormal_basis(1)[0]
    assert torch.allclose(basis[0], first, atol=1e-13)
    columns = torch.tensor(
        [[seed_for("independent_sources", "basis", i, j) / 2**62 - 1 for i in range(16)] for j in range(m)],
        dtype=torch.float64,
    )
    for j, column in enumerate(columns):
        rest = column - basis[:j].T @ (basis[:j] @ column)
        assert torch.allclose(rest / rest.norm(), basis[j], atol=1e-10)


def test_a_data_set_can_be_sent_to_another_process(data: Dataset) -> None:
    assert data.truth is not None
    x = data.held_out.x[:10]
    copy = pickle.loads(pickle.dumps(data.truth.log_density))
    assert torch.equal(copy(x), data.truth.log_density(x))


@pytest.mark.parametrize("between", [0.0, 1.0, -0.2, math.nan])
def test_a_mixture_needs_both_kinds_of_variance(between: float) -> None:
    with pytest.raises(ValueError, match=r"must lie in \(0, 1\), got"):
        Mixture(1.0, between)


@pytest.mark.parametrize("x", [torch.zeros(3, 15), torch.zeros(16), torch.zeros(2, 1, 16)])
def test_points_of_another_shape_are_refused(x: Tensor) -> None:
    law = JointLogDensity((Normal(1.0),), orthonormal_basis(1))
    with pytest.raises(ValueError, match=r"x must have shape \(n, 16\), got"):
        law(x)


@pytest.mark.parametrize("m", [0, 17])
def test_more_vectors_than_fit_are_refused(m: int) -> None:
    with pytest.raises(ValueError, match=rf"between 1 and 16 orthonormal vectors fit in R\^16, not {m}"):
        orthonormal_basis(m)


def test_sources_out_of_order_are_refused() -> None:
    with pytest.raises(ValueError, match=r"sources come in falling order of variance, got \(1.0, 2.0\)"):
        dataset("a set", 1, (Normal(1.0), Normal(2.0)))


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
def test_log_density_follows_its_points_to_a_gpu(data: Dataset) -> None:
    assert data.truth is not None
    there = data.truth.log_density(data.held_out.x.cuda())
    assert there.is_cuda
    assert torch.allclose(there.cpu(), data.truth.log_density(data.held_out.x), atol=1e-9)
