from itertools import permutations

import pytest
import torch
from scipy.linalg import orthogonal_procrustes
from torch import Tensor

from vaebench.kernels.cka import linear_cka
from vaebench.kernels.estimate import Undefined
from vaebench.kernels.procrustes import (
    chance_procrustes,
    procrustes_matrix,
    procrustes_similarity,
    shuffled_procrustes,
)

SHAPES = [(30, 4, 6), (12, 50, 40), (20, 3, 80), (15, 15, 15)]


def related(draw, n: int, p: int, q: int) -> tuple[Tensor, Tensor]:
    shared = draw(n, 2)
    return shared @ draw(2, p) + draw(n, p) + 3, (shared @ draw(2, q)).tanh() + draw(n, q) - 1


def unit(x: Tensor, width: int) -> Tensor:
    centred = x - x.mean(0)
    return torch.nn.functional.pad(centred / centred.norm(), (0, width - x.shape[1]))


@pytest.mark.parametrize("shape", SHAPES)
def test_similarity_is_the_distance_left_by_the_best_rotation(draw, shape):
    x, y = related(draw, *shape)
    a, b = (unit(each, max(shape[1:])) for each in (x, y))
    rotation = torch.from_numpy(orthogonal_procrustes(a.numpy(), b.numpy())[0])
    squared_distance = float((a @ rotation - b).norm() ** 2)
    assert squared_distance == pytest.approx(2 - 2 * float(procrustes_similarity(x, y)), abs=1e-10)


@pytest.mark.parametrize("shape", SHAPES)
def test_narrowing_wide_layers_keeps_the_nuclear_norm(draw, shape):
    x, y = related(draw, *shape)
    whole = torch.linalg.matrix_norm(unit(x, shape[1]).T @ unit(y, shape[2]), "nuc")
    assert float(procrustes_similarity(x, y)) == pytest.approx(float(whole), abs=1e-12)


def test_no_drawn_rotation_comes_nearer(draw):
    x, y = related(draw, 30, 4, 4)
    best = 2 - 2 * float(procrustes_similarity(x, y))
    rotations = [torch.linalg.qr(draw(4, 4)).Q for _ in range(200)]
    assert min(float((unit(x, 4) @ rotation - unit(y, 4)).norm() ** 2) for rotation in rotations) >= best


@pytest.mark.parametrize(("p", "q"), [(5, 7), (40, 60)])
def test_rotation_scale_and_translation_leave_it_alone(p, q, draw):
    x, y = related(draw, 20, p, q)
    moved = 1e-3 * (x @ torch.linalg.qr(draw(p, p)).Q) + 7 * draw(p)
    assert float(procrustes_similarity(moved, -50 * y)) == pytest.approx(float(procrustes_similarity(x, y)), abs=1e-10)
    assert float(procrustes_similarity(y, x)) == pytest.approx(float(procrustes_similarity(x, y)), abs=1e-12)


@pytest.mark.parametrize("p", [3, 60])
def test_a_layer_is_fully_like_itself(p, draw):
    x = draw(20, p)
    assert float(procrustes_similarity(x, x)) == pytest.approx(1, abs=1e-12)
    assert float(procrustes_similarity(x, draw(20, p))) < 0.99


def test_a_stretched_axis_deceives_it(draw):
    """y is an invertible linear map of x, and yet it keeps about Σ s_j/(2·‖s‖) = 103/(2·100) of the likeness."""
    x = draw(500, 4)
    y = x * torch.tensor([100.0, 1, 1, 1], dtype=x.dtype)
    assert float(procrustes_similarity(x, y)) == pytest.approx(0.515, abs=0.05)


def test_small_directions_count_here_where_alignment_forgets_them(draw):
    """Directions of 1 % of the variance each: alignment weighs them by the square, the nuclear norm does not."""
    shared, noise, other = draw(400, 1), draw(400, 40), draw(400, 40)
    x, y = torch.cat([shared, 0.1 * noise], 1), torch.cat([shared, 0.1 * other], 1)
    assert float(linear_cka(x, y)) > 0.95
    assert float(procrustes_similarity(x, y)) < 0.85


@pytest.mark.parametrize(("n", "p", "excess"), [(400, 1, 0.06), (400, 10, 0.015), (400, 40, 0.015), (1000, 60, 0.01)])
def test_floor_of_isotropic_layers_is_simulations(n, p, excess, draw):
    """High by what the docstring says, no more and no less than the simulation can tell."""
    repeats = 1500 if p == 1 else 40
    drawn = torch.stack([procrustes_similarity(draw(n, p), draw(n, p)) for _ in range(repeats)]) / chance_procrustes(
        n, p
    )
    assert float(drawn.mean()) == pytest.approx(1 / (1 + excess), abs=0.01 + 3 * float(drawn.std()) / repeats**0.5)
    assert float(drawn.mean()) < 1 + 3 * float(drawn.std()) / repeats**0.5


def test_floor_is_too_high_for_layers_that_are_not_isotropic(draw):
    scales = torch.linspace(0, 3, 40, dtype=torch.float64).exp()
    floor = float(procrustes_similarity(draw(400, 40) * scales, draw(400, 40) * scales))
    assert floor < 0.9 * chance_procrustes(400, 40)


def test_mean_over_all_orders_is_drawn(draw, rng):
    x, y = draw(5, 3), draw(5, 20)
    exact = torch.stack([procrustes_similarity(x, y[list(order)]) for order in permutations(range(5))]).mean()
    floor = shuffled_procrustes(x, y, rng, 300)
    assert floor.n == 300
    assert 0 < float(floor.stderr) < 0.02
    assert abs(float(floor.value - exact)) < 4 * float(floor.stderr)


def test_matrix_is_the_similarity_of_each_pair(draw):
    layers_a = [draw(25, 3), draw(25, 2, 4, 4), draw(25, 400)]
    layers_b = [layers_a[1], layers_a[0] ** 2]
    expected = torch.stack([torch.stack([procrustes_similarity(a, b) for b in layers_b]) for a in layers_a])
    torch.testing.assert_close(procrustes_matrix(layers_a, layers_b), expected, rtol=0, atol=1e-12)


@pytest.mark.parametrize("kernel", [procrustes_similarity, lambda x, y: procrustes_matrix([x], [y])])
def test_a_constant_layer_has_no_similarity(kernel, draw):
    for pair in ((draw(9, 3), torch.ones(9, 4)), (torch.ones(9, 4), draw(9, 3))):
        with pytest.raises(Undefined, match="does not vary over the sample"):
            kernel(*pair)


def test_other_examples_are_a_mistake(draw):
    with pytest.raises(ValueError, match="on the same examples: got 5 and 6"):
        procrustes_similarity(draw(6, 2), draw(5, 2))


def test_floor_has_a_domain():
    with pytest.raises(ValueError, match="at least one feature, got 0"):
        chance_procrustes(100, 0)
    with pytest.raises(Undefined, match="p ≤ n/10, got p = 11 and n = 100"):
        chance_procrustes(100, 11)
