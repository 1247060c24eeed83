import math

import pytest
import torch
from torch.utils._python_dispatch import TorchDispatchMode

from vaebench.kernels import path_roughness as kernel
from vaebench.kernels.estimate import Undefined
from vaebench.kernels.path_roughness import path_roughness


def walk(n):
    return torch.linspace(0, 1, n + 1, dtype=torch.float64)


def arc(angle, n, radius=3.0):
    turned = angle * walk(n)
    return radius * torch.stack([turned.cos(), turned.sin()], 1).unsqueeze(0)


def test_a_straight_even_walk_has_none(draw):
    points = draw(5, 1, 7) + draw(5, 1, 7) * walk(12)[:, None]
    assert float(path_roughness(points).max()) < 1e-20


@pytest.mark.parametrize("n", [2, 5, 40])
@pytest.mark.parametrize("angle", [0.1, math.pi / 2, math.pi])
def test_an_even_arc_is_the_closed_form_and_tends_to_the_squared_angle(angle, n):
    assert float(path_roughness(arc(angle, n))) == pytest.approx((2 * n * math.sin(angle / (2 * n))) ** 2)
    assert float(path_roughness(arc(angle, 20_000))) == pytest.approx(angle**2, rel=1e-6)


def test_a_change_of_pace_on_a_straight_line_counts():
    # x = uᵖ from 0 to 1: ∫ x″² = p²(p − 1)²/(2p − 3).
    for power in (2, 3, 4):
        points = walk(4000).pow(power)[None, :, None]
        exact = power**2 * (power - 1) ** 2 / (2 * power - 3)
        assert float(path_roughness(points)) == pytest.approx(exact, rel=4 / 4000)


def test_moving_turning_scaling_and_walking_back_change_nothing(draw):
    points = draw(4, 9, 6)
    rotation = torch.linalg.qr(draw(6, 6)).Q
    expected = path_roughness(points)
    for other in (points @ rotation.T, 1e3 * points, points + draw(6), points.flip(1), points.reshape(4, 9, 2, 3)):
        torch.testing.assert_close(path_roughness(other), expected)


def test_on_a_smooth_net_it_settles_as_the_steps_grow(mlp, draw):
    net, start, end = mlp([3, 32, 20]), draw(6, 1, 3), draw(6, 1, 3)

    def roughness(n):
        return path_roughness(net(start + (end - start) * walk(n)[:, None]))

    limit = roughness(2048)
    near, nearer = ((roughness(n) / limit - 1).abs().max() for n in (64, 256))
    assert float(near) < 0.2
    assert float(nearer) < 0.3 * float(near)


@pytest.mark.parametrize(("path", "growth"), [(lambda u: (u - 0.5).abs(), 1), (lambda u: (u > 0.5).double(), 3)])
def test_a_kink_grows_like_n_and_a_jump_like_its_cube(path, growth):
    # Deceptive where paths of different n are compared: nothing has become rougher.
    coarse, fine = (float(path_roughness(path(walk(n))[None, :, None])) for n in (100, 400))
    assert math.log(fine / coarse, 4) == pytest.approx(growth, abs=0.02)


def test_a_detour_is_rougher_than_the_straight_way_and_a_sharper_one_more_so():
    u = walk(50)
    bumps = [torch.stack([u, height * torch.sin(math.pi * u)], 1) for height in (0.0, 0.2, 0.5, 1.0)]
    roughness = path_roughness(torch.stack(bumps))
    assert bool((roughness.diff() > 0).all())


def test_single_precision_is_enough_for_paths_of_usual_length():
    exact, rounded = path_roughness(arc(1.0, 32)), path_roughness(arc(1.0, 32).float())
    assert rounded.dtype == torch.float32
    assert float(rounded) == pytest.approx(float(exact), rel=1e-4)


class Doubles(TorchDispatchMode):
    """The largest tensor in double precision that was made."""

    largest = 0

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        made = func(*args, **(kwargs or {}))
        if isinstance(made, torch.Tensor) and made.dtype == torch.float64:
            self.largest = max(self.largest, made.numel())
        return made


def test_paths_of_images_are_held_a_part_at_a_time_and_parts_do_not_show(draw, monkeypatch):
    """A thousand paths of MNIST took half a gigabyte: the peak of a whole cell."""
    points = draw(30, 9, 3, 8, 8).float()
    with Doubles() as whole:
        at_once = path_roughness(points)
    monkeypatch.setattr(kernel, "AT_ONCE", 4 * points[0].numel() + 1)
    with Doubles() as parts:
        assert torch.equal(path_roughness(points), at_once)
    assert whole.largest == points.numel() and parts.largest == 4 * points[0].numel()
    monkeypatch.setattr(kernel, "AT_ONCE", 1)
    assert torch.equal(path_roughness(points), at_once)


def test_standing_still_is_not_smooth_but_undefined(draw):
    points = draw(3, 8, 4)
    points[1] = points[1, :1]
    with pytest.raises(Undefined, match="stands still"):
        path_roughness(points)
    wobble = 1 + torch.finfo(torch.float32).eps * torch.arange(8).remainder(2)
    with pytest.raises(Undefined, match="stands still"):
        path_roughness(100 * wobble[None, :, None])
    points[1, 3, 0] = float("nan")
    with pytest.raises(Undefined, match="the path contains"):
        path_roughness(points)


@pytest.mark.parametrize("shape", [(4,), (4, 2), (4, 2, 3)])
def test_too_few_points_are_named(shape):
    with pytest.raises(ValueError, match="at least three points"):
        path_roughness(torch.zeros(shape))
