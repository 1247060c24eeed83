import pytest
import torch
from torch.nn import functional

from vaebench.kernels.attack import maximum_damage
from vaebench.kernels.estimate import Undefined
from vaebench.kernels.jacobian import jacobian_rows, spectral_norms


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


@pytest.mark.parametrize("seed", range(4))
def test_a_linear_map_is_solved_within_one_percent_in_thirty_steps(seed):
    matrix = torch.randn(64, 64, generator=seeded(seed), dtype=torch.float64)
    x = torch.randn(50, 64, generator=seeded(seed + 100), dtype=torch.float64)
    damage = maximum_damage(lambda x: x @ matrix.T + 5, x, 0.7, 30, 2, seeded(seed))
    shortfall = 1 - damage / (0.7 * torch.linalg.matrix_norm(matrix, 2))
    assert float((shortfall < 0.01).double().mean()) >= 0.98
    assert float(shortfall.min()) >= -1e-12


@pytest.mark.parametrize("radius", [0.1, 1.0, 5.0])
@pytest.mark.parametrize("activation", [torch.relu, torch.tanh])
def test_damage_stays_below_the_lipschitz_bound_and_above_as_many_random_directions(mlp, draw, activation, radius):
    net, x = mlp([20, 32, 32, 6], activation), draw(40, 20)
    damage = maximum_damage(net, x, radius, 30, 3, seeded())
    assert bool((damage <= radius * net.lipschitz_bound()).all())
    directions = radius * functional.normalize(draw(3 * 31, 40, 20), dim=-1)
    random = torch.stack([(net(x + delta) - net(x)).norm(dim=1) for delta in directions]).amax(0)
    assert float((damage >= random).double().mean()) >= 0.95
    assert float((damage / random).mean()) > 1.3


def test_a_small_ball_sees_the_jacobian(mlp, draw):
    net, x = mlp([10, 32, 6]), draw(20, 10)
    damage = maximum_damage(net, x, 1e-5, 60, 2, seeded())
    torch.testing.assert_close(damage, 1e-5 * spectral_norms(jacobian_rows(net, x)), rtol=1e-3, atol=0.0)


def test_it_finds_the_kink_that_a_gradient_at_the_centre_does_not_see():
    # Flat around 0 in every direction but one, and steep beyond ½ there.
    def function(x):
        return 0.1 * x + 10 * functional.relu(x[:, :1] - 0.5)

    damage = maximum_damage(function, torch.zeros(1, 3, dtype=torch.float64), 1.0, 30, 4, seeded())
    assert float(damage) > 8


@pytest.mark.parametrize("radius", [0.0, 1e-3, 2.0])
def test_every_point_tried_lies_in_the_ball_and_the_best_of_them_counts(mlp, radius):
    net, tried = mlp([10, 32, 6], torch.relu, gain=3.0), []

    def recorded(x):
        tried.append(torch.func.debug_unwrap(x).clone())
        return net(x)

    damage = maximum_damage(recorded, torch.zeros(20, 10, dtype=torch.float64), radius, 15, 2, seeded())
    assert len(tried) == 1 + 2 * 16
    assert float(torch.stack(tried).norm(dim=-1).max()) <= radius * (1 + 1e-12)
    found = torch.stack([(net(x) - net(tried[0])).norm(dim=1) for x in tried]).amax(0)
    torch.testing.assert_close(damage, found)
    assert bool((damage > 0).all()) == (radius > 0)


def test_damage_of_an_affine_map_scales_with_the_radius(draw):
    matrix, x = draw(6, 10), draw(3, 10)
    damages = [maximum_damage(lambda x: x @ matrix.T - 1, x, radius, 10, 1, seeded()) for radius in (0.5, 1.0, 2.0)]
    torch.testing.assert_close(damages[1], 2 * damages[0])
    torch.testing.assert_close(damages[2], 2 * damages[1])


def test_more_restarts_never_find_less(mlp, draw):
    net, x = mlp([10, 32, 6], torch.relu, gain=3.0), draw(20, 10)
    damages = [maximum_damage(net, x, 2.0, 10, restarts, seeded()) for restarts in (1, 2, 5)]
    assert bool((damages[0] <= damages[1]).all())
    assert bool((damages[1] <= damages[2]).all())
    assert float((damages[2] - damages[0]).max()) > 0


def test_examples_do_not_influence_one_another(encoder, draw):
    # One example, or the same one among others: its own start is what counts.
    x = draw(4, 2, 8, 8)
    together = maximum_damage(encoder, x, 1.0, 10, 1, seeded())
    scaled = x * torch.tensor([1.0, 1.0, 1.0, 50.0], dtype=torch.float64).reshape(-1, 1, 1, 1)
    torch.testing.assert_close(maximum_damage(encoder, scaled, 1.0, 10, 1, seeded())[:3], together[:3])


def test_images_in_images_out_single_precision_no_gradient(encoder, decoder, draw):
    x = draw(3, 2, 8, 8).float().requires_grad_()
    damage = maximum_damage(lambda x: decoder(encoder(x.double())).float(), x, 1.0, 5, 1, seeded())
    assert damage.shape == (3,)
    assert damage.dtype == torch.float32
    assert not damage.requires_grad


def test_a_constant_function_takes_no_damage(draw):
    assert not maximum_damage(lambda x: torch.ones(len(x), 2, dtype=x.dtype), draw(3, 4), 1.0, 5, 1, seeded()).any()


def test_every_refusal_says_why(draw):
    x = draw(3, 4)
    with pytest.raises(ValueError, match="radius must not be negative, got -1"):
        maximum_damage(torch.sin, x, -1.0, 5, 1, seeded())
    with pytest.raises(ValueError, match="at least 1, got 0 and 1"):
        maximum_damage(torch.sin, x, 1.0, 0, 1, seeded())
    with pytest.raises(ValueError, match="at least 1, got 5 and 0"):
        maximum_damage(torch.sin, x, 1.0, 5, 0, seeded())
    with pytest.raises(Undefined, match="the damage contains a value that is not finite"):
        maximum_damage(lambda x: x / 0, x, 1.0, 5, 1, seeded())
