from itertools import permutations

import ckatorch
import pytest
import torch
from torch import Tensor

from vaebench.kernels.cka import chance_cka, cka_direction, cka_matrix, debiased_cka, linear_cka, shuffled_cka
from vaebench.kernels.estimate import Undefined

BOTH = pytest.mark.parametrize("cka", [linear_cka, debiased_cka])
# (n, width of x, width of y): narrow layers, wide layers, one of each, and where the two costs meet.
SHAPES = [(40, 3, 5), (20, 50, 90), (30, 2, 200), (24, 16, 16), (4, 3, 2)]


def related(draw, n: int, p: int, q: int) -> tuple[Tensor, Tensor]:
    """Two layers that share a part of what they say, away from the origin."""
    shared = draw(n, 2)
    return shared @ draw(2, p) + draw(n, p) + 3, (shared @ draw(2, q)).tanh() + draw(n, q) - 1


def gram(x: Tensor) -> Tensor:
    centred = x - x.mean(0)
    return centred @ centred.T


def u_centred(x: Tensor) -> Tensor:
    """The definition entry by entry, from the Gram of activations that were not centred."""
    n = len(x)
    k = [[0.0 if i == j else float(x[i] @ x[j]) for j in range(n)] for i in range(n)]
    means = [sum(row) / (n - 2) for row in k]
    shift = sum(means) / (2 * (n - 1))
    means = [mean - shift for mean in means]
    centred = [[0.0 if i == j else k[i][j] - means[i] - means[j] for j in range(n)] for i in range(n)]
    return torch.tensor(centred, dtype=torch.float64)


def cosine(k: Tensor, l: Tensor) -> float:  # noqa: E741
    return float((k * l).sum() / (k.norm() * l.norm()))


def orthogonal(draw, width: int) -> Tensor:
    return torch.linalg.qr(draw(width, width)).Q


@pytest.mark.parametrize("shape", SHAPES)
def test_biased_form_in_features_is_the_form_in_grams(draw, shape):
    x, y = related(draw, *shape)
    a, b = x - x.mean(0), y - y.mean(0)
    in_features = (b.T @ a).norm() ** 2 / ((a.T @ a).norm() * (b.T @ b).norm())
    assert float(linear_cka(x, y)) == pytest.approx(cosine(gram(x), gram(y)), abs=1e-12)
    assert float(linear_cka(x, y)) == pytest.approx(float(in_features), abs=1e-12)


@pytest.mark.parametrize("shape", SHAPES)
def test_debiased_form_is_the_cosine_of_u_centred_grams(draw, shape):
    x, y = related(draw, *shape)
    assert float(debiased_cka(x, y)) == pytest.approx(cosine(u_centred(x), u_centred(y)), abs=1e-11)


@pytest.mark.parametrize("shape", SHAPES)
def test_the_peer_agrees(draw, shape):
    x, y = related(draw, *shape)
    assert float(linear_cka(x, y)) == pytest.approx(float(ckatorch.cka_base(x, y)), abs=1e-9)
    assert float(linear_cka(x, y)) == pytest.approx(float(ckatorch.cka_base(x, y, method="hsic")), abs=1e-9)
    assert float(debiased_cka(x, y)) == pytest.approx(float(ckatorch.cka_base(x, y, unbiased=True)), abs=1e-9)
    assert float(debiased_cka(x, y)) == pytest.approx(float(ckatorch.cka_batch(x[None], y[None])), abs=1e-9)


@BOTH
def test_a_layer_is_fully_like_itself_and_the_index_is_symmetric(cka, draw):
    x, y = related(draw, 20, 6, 50)
    assert float(cka(x, x)) == pytest.approx(1, abs=1e-12)
    assert float(cka(y, y)) == pytest.approx(1, abs=1e-12)
    assert float(cka(x, y)) == pytest.approx(float(cka(y, x)), abs=1e-12)
    assert abs(float(cka(x, y))) < 1


@BOTH
@pytest.mark.parametrize(("p", "q"), [(5, 7), (40, 60)])
def test_rotation_scale_and_translation_leave_it_alone(cka, p, q, draw):
    x, y = related(draw, 20, p, q)
    moved = 1e-3 * (x @ orthogonal(draw, p)) + 7 * draw(p)
    assert float(
        cka(moved, -50 * y[:, torch.randperm(q, generator=torch.Generator().manual_seed(1))])
    ) == pytest.approx(float(cka(x, y)), abs=1e-10)


@BOTH
def test_a_common_order_of_the_examples_leaves_it_alone(cka, draw):
    x, y = related(draw, 20, 5, 40)
    assert float(cka(x.flip(0), y.flip(0))) == pytest.approx(float(cka(x, y)), abs=1e-12)


@BOTH
def test_a_stretched_axis_deceives_it(cka, draw):
    """All of y can be read off x linearly, and still they are not alike: the index weighs axes by their variance."""
    x = draw(500, 4)
    y = x * torch.tensor([100.0, 1, 1, 1], dtype=x.dtype)
    assert float(cka(x, y)) == pytest.approx(0.5, abs=0.1)


@BOTH
def test_a_unitary_map_of_complex_features_leaves_it_alone(cka, draw):
    x, y = torch.complex(draw(20, 4), draw(20, 4)), draw(20, 3)
    unitary = torch.linalg.qr(torch.complex(draw(4, 4), draw(4, 4))).Q
    assert float(cka(x @ unitary, y)) == pytest.approx(float(cka(x, y)), abs=1e-12)


def test_wide_independent_layers_look_alike_until_debiased(draw):
    x, y = draw(30, 3000), draw(30, 3000)
    assert float(linear_cka(x, y)) > 0.97
    spread = 2**0.5 / 30
    assert abs(float(debiased_cka(x, y))) < 4 * spread


def test_debiasing_finds_the_populations_alignment_in_few_examples(draw):
    """y is the first 5 of 20 independent axes of x, so that ‖Σ_xy‖²/(‖Σ_x‖·‖Σ_y‖) = 5/√(20·5)."""
    pairs = [(z, z[:, :5]) for z in draw(200, 25, 20)]
    biased, debiased = (torch.stack([cka(*pair) for pair in pairs]).mean() for cka in (linear_cka, debiased_cka))
    assert float(debiased) == pytest.approx(0.5, abs=0.02)
    assert float(biased) > 0.6


def every_order(cka, x: Tensor, y: Tensor) -> Tensor:
    return torch.stack([cka(x, y[list(order)]) for order in permutations(range(len(y)))])


@pytest.mark.parametrize(("p", "q"), [(2, 3), (20, 3), (20, 30)])
def test_mean_over_all_orders_is_the_floor_exactly(p, q, draw):
    x, y = draw(5, p), draw(5, q).exp()
    assert float(every_order(linear_cka, x, y).mean()) == pytest.approx(float(chance_cka(x, y)), abs=1e-12)
    assert float(every_order(debiased_cka, x, y).mean()) == pytest.approx(0, abs=1e-12)


def participation(spectrum: Tensor) -> float:
    return float(spectrum.sum() ** 2 / spectrum.square().sum())


@pytest.mark.parametrize("p", [4, 60, 2000])
def test_floor_is_that_of_the_populations_dimensions(p, draw):
    n, q = 100, 30
    scales, others = torch.linspace(0.5, 1.5, p, dtype=torch.float64), torch.linspace(0.1, 2, q, dtype=torch.float64)
    d, e = participation(scales.square()), participation(others.square())
    expected = (d / (n + d) * e / (n + e)) ** 0.5
    pairs = [(draw(n, p) * scales, draw(n, q) * others) for _ in range(60 if p < 100 else 12)]
    floors, drawn = (torch.stack([cka(*pair) for pair in pairs]) for cka in (chance_cka, linear_cka))
    assert float(floors.mean()) == pytest.approx(expected, rel=0.03)
    assert abs(float(drawn.mean() - floors.mean())) < 4 * float(drawn.std()) / len(pairs) ** 0.5


def test_the_samples_own_dimensions_would_halve_the_floor_of_wide_layers(draw):
    n, x, y = 30, draw(30, 3000), draw(30, 3000)
    d, e = (participation(torch.linalg.eigvalsh(gram(layer))) for layer in (x, y))
    assert (d / (n + d) * e / (n + e)) ** 0.5 == pytest.approx(0.5, abs=0.02)
    assert float(chance_cka(x, y)) == pytest.approx(float(linear_cka(x, y)), abs=0.01)


@pytest.mark.parametrize("debiased", [True, False])
def test_drawn_floor_is_the_exact_one_within_its_error(debiased, draw, rng):
    x, y = related(draw, 30, 5, 60)
    floor = shuffled_cka(x, y, rng, 400, debiased=debiased)
    exact = 0.0 if debiased else float(chance_cka(x, y))
    assert floor.n == 400
    assert abs(float(floor.value) - exact) < 4 * float(floor.stderr)
    spread = float(floor.stderr) * floor.n**0.5
    assert float((debiased_cka if debiased else linear_cka)(x, y)) > exact + 4 * spread


@pytest.mark.parametrize(("debiased", "cka"), [(True, debiased_cka), (False, linear_cka)])
def test_a_draw_is_the_index_of_permuted_rows(debiased, cka, draw):
    x, y = related(draw, 12, 5, 40)
    rng = torch.Generator().manual_seed(3)
    drawn = [cka(x, y[torch.randperm(12, generator=rng)]) for _ in range(4)]
    floor = shuffled_cka(x, y, torch.Generator().manual_seed(3), 4, debiased=debiased)
    assert float(floor.value) == pytest.approx(float(torch.stack(drawn).mean()), abs=1e-12)


@pytest.mark.parametrize(("debiased", "cka"), [(True, debiased_cka), (False, linear_cka)])
def test_matrix_is_the_index_of_each_pair(debiased, cka, draw):
    layers_a = [draw(25, 3), draw(25, 2, 4, 4), draw(25, 400)]
    layers_b = [layers_a[1], layers_a[0] ** 2]
    expected = torch.stack([torch.stack([cka(a, b) for b in layers_b]) for a in layers_a])
    torch.testing.assert_close(cka_matrix(layers_a, layers_b, debiased), expected, rtol=0, atol=1e-12)


def test_single_precision_layers_lose_only_their_own_rounding(draw):
    layers = [draw(64, 5), 3 + draw(64, 2000), draw(64, 5).exp() @ draw(5, 700)]
    single = cka_matrix([layer.float() for layer in layers], layers)
    assert single.dtype == torch.float64
    assert float((single - cka_matrix(layers, layers)).abs().max()) < 1e-7


def test_direction_is_a_unit_vector_of_half_the_gram(draw):
    for debiased in (True, False):
        u = cka_direction(draw(12, 3), debiased)
        assert u.shape == (12 * 13 // 2,)
        assert float(u.norm()) == pytest.approx(1)


@pytest.mark.parametrize("kernel", [linear_cka, debiased_cka, chance_cka, lambda x, y: cka_matrix([x], [y])])
def test_a_constant_layer_has_no_alignment(kernel, draw):
    for pair in ((draw(9, 3), torch.ones(9, 4)), (torch.ones(9, 4), draw(9, 3))):
        with pytest.raises(Undefined, match="does not vary over the sample"):
            kernel(*pair)


@pytest.mark.parametrize("kernel", [debiased_cka, lambda x, y: cka_matrix([x], [y])])
@pytest.mark.parametrize(
    "nothing",
    [
        torch.eye(9),
        torch.nn.functional.one_hot(torch.tensor([0] * 8 + [1])),
        torch.cat([torch.zeros(8, 2), torch.ones(1, 2)]),
    ],
)
def test_what_u_centring_empties_is_undefined_though_the_biased_index_is_not(kernel, nothing, draw):
    x = draw(9, 3)
    assert 0 < float(linear_cka(x, nothing)) < 1
    for pair in ((x, nothing), (nothing, x)):
        with pytest.raises(Undefined, match="nothing of the representation is left"):
            kernel(*pair)


@pytest.mark.parametrize("kernel", [debiased_cka, lambda x, y: cka_matrix([x], [y])])
def test_three_examples_are_too_few_to_debias(kernel, draw):
    with pytest.raises(Undefined, match="needs at least four examples, got 3"):
        kernel(draw(3, 2), draw(3, 2))


@pytest.mark.parametrize(
    "kernel",
    [
        linear_cka,
        debiased_cka,
        chance_cka,
        lambda x, y: cka_matrix([x], [y]),
        lambda x, y: shuffled_cka(x, y, torch.Generator(), 2),
    ],
)
def test_other_examples_are_a_mistake(kernel, draw):
    with pytest.raises(ValueError, match="on the same examples: got 5 and 6"):
        kernel(draw(6, 2), draw(5, 2))


def test_one_draw_has_no_spread(draw, rng):
    with pytest.raises(Undefined, match="at least two draws"):
        shuffled_cka(draw(6, 2), draw(6, 2), rng, 1)


@pytest.mark.parametrize("index", [linear_cka, debiased_cka])
def test_activations_in_double_precision_are_left_as_they_were(index):
    x, y = (torch.randn(20, 5, generator=torch.Generator().manual_seed(seed), dtype=torch.float64) for seed in (0, 1))
    before = x.clone(), y.clone()
    index(x, y)
    cka_matrix([x], [y])
    assert torch.equal(x, before[0]) and torch.equal(y, before[1])


def test_activations_that_hang_on_a_graph_are_read_as_numbers():
    x = torch.randn(20, 5, generator=torch.Generator().manual_seed(0), requires_grad=True)
    assert not debiased_cka(x, x.square()).requires_grad
    assert not cka_matrix([x], [x.square()]).requires_grad


def test_a_sum_that_overflows_is_no_reason_to_call_numbers_infinite():
    x = torch.full((8, 1), 3e38)
    x[0] = -3e38
    assert torch.isinf(x.sum())
    assert float(linear_cka(x, x)) == pytest.approx(1.0)


@pytest.mark.parametrize("debiased", [True, False])
@pytest.mark.parametrize("offset", [0.0, 100.0])
def test_single_precision_is_as_close_as_it_says(debiased, offset):
    rng = torch.Generator().manual_seed(0)
    shared = torch.randn(64, 3, generator=rng)
    layers = [
        torch.randn(64, width, generator=rng) + shared @ torch.randn(3, width, generator=rng) + offset
        for width in (5, 64, 1024)
    ]
    double, single = (cka_matrix(layers, layers, debiased, single=single) for single in (False, True))

    def norm(layer):
        x = layer.double() - layer.double().mean(0)
        k = (x / x.norm()) @ (x / x.norm()).T
        if debiased:
            k.fill_diagonal_(0)
            rows = k.sum(1) / (len(k) - 2)
            k = (k - rows - rows[:, None] + k.sum() / ((len(k) - 1) * (len(k) - 2))).fill_diagonal_(0)
        return float(k.norm())

    inverse = torch.tensor([1 / norm(layer) for layer in layers], dtype=torch.float64)
    bound = 1024 * 2.0**-22 * (inverse[:, None] + inverse)
    assert bool(((single - double).abs() <= bound).all())
    assert 0 < float((single - double).abs().max()) < 1e-6
