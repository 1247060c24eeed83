"""Scenes: what each factor does to the picture and what it leaves alone, and rays against another way to cast them."""

import colorsys
import math

import pytest
import torch
from torch import Tensor
from torch.nn.functional import normalize

from vaebench.data import Dataset, _solids, shapes3d

CUBE, CYLINDER, SPHERE, CAPSULE = range(4)
AHEAD = 7
FLOOR, WALL, OBJECT = range(3)


def _random_factors(n: int, seed: int = 0) -> Tensor:
    rng = torch.Generator().manual_seed(seed)
    return torch.stack([torch.randint(size, (n,), generator=rng) for size in shapes3d.FACTOR_SIZES], dim=-1)


def _scenes() -> Tensor:
    """Every scale, shape and orientation once, in one choice of colours."""
    scenes = torch.cartesian_prod(*(torch.arange(size) for size in shapes3d.FACTOR_SIZES[3:]))
    return torch.cat([torch.tensor([0, 3, 6]).expand(len(scenes), 3), scenes], dim=1)


def _parts(factors: Tensor, size: int = 64) -> Tensor:
    """Which pixels show floor, walls and object at all: those that another hue changes; shape (n, 3, size, size)."""
    parts = []
    before = shapes3d.render(factors, size)
    for surface in (FLOOR, WALL, OBJECT):
        other = factors.clone()
        other[:, surface] = (factors[:, surface] + 5) % 10
        parts.append((shapes3d.render(other, size) != before).any(1))
    return torch.stack(parts, dim=1)


@pytest.fixture(scope="module")
def data() -> Dataset:
    return shapes3d.load(16)


def test_factors_and_places_are_inverse_over_all_combinations() -> None:
    index = torch.arange(480_000)
    factors = shapes3d.index_to_factors(index)
    assert torch.equal(shapes3d.factors_to_index(factors), index)
    assert torch.equal(factors, torch.cartesian_prod(*map(torch.arange, shapes3d.FACTOR_SIZES)))


@pytest.mark.parametrize("size", shapes3d.SIZES)
def test_pixels_lie_between_black_and_full_colour(size: int) -> None:
    images = shapes3d.render(_random_factors(300), size)
    assert images.shape == (300, 3, size, size) and images.dtype == torch.float32
    assert images.min() == 0 and 0.9 < images.max() <= 1
    # No surface is darker than 0.4 in its brightest channel; a pixel may show two of other channels, half and half.
    assert images.amax(1).min() > 0.19


def test_a_coarser_image_is_the_mean_of_a_finer_one() -> None:
    factors = _random_factors(200)
    fine = shapes3d.render(factors, 64)
    for size in (16, 32):
        mean = torch.nn.functional.avg_pool2d(fine, 64 // size)
        assert torch.allclose(shapes3d.render(factors, size), mean, atol=1e-6)


@pytest.mark.parametrize("size", shapes3d.SIZES)
def test_drawing_does_not_depend_on_the_rest_of_the_batch(size: int) -> None:
    """Long enough a batch that it is drawn in several chunks at 32 and 64."""
    factors = _random_factors(1500)
    images = shapes3d.render(factors, size)
    order = torch.randperm(len(factors), generator=torch.Generator().manual_seed(1))
    assert torch.equal(shapes3d.render(factors[order], size), images[order])
    for row in (0, 1, 1499):
        assert torch.equal(shapes3d.render(factors[row : row + 1], size)[0], images[row])
    assert shapes3d.render(factors[:0], size).shape == (0, 3, size, size)


def test_drawing_leaves_its_arguments_alone_and_takes_any_integers() -> None:
    factors = _random_factors(20)
    before = factors.clone()
    images = shapes3d.render(factors, 16)
    assert torch.equal(factors, before)
    assert torch.equal(shapes3d.render(factors.to(torch.int32), 16), images)
    assert torch.equal(shapes3d.factors_to_index(factors.to(torch.uint8)), shapes3d.factors_to_index(factors))


@pytest.mark.parametrize("column", range(6))
def test_each_step_of_each_factor_changes_the_picture(column: int) -> None:
    """By one part in twenty of full brightness somewhere, at the coarsest size, wherever the other factors stand."""
    for factors in _random_factors(40, seed=column):
        values = factors.repeat(shapes3d.FACTOR_SIZES[column], 1)
        values[:, column] = torch.arange(len(values))
        images = shapes3d.render(values, 16).flatten(1)
        apart = (images[:, None] - images[None]).abs().amax(-1) + torch.eye(len(values))
        assert apart.min() > 0.05


def test_no_two_scenes_look_alike() -> None:
    """All combinations of scale, shape and orientation in one choice of colours, at the coarsest size."""
    images = shapes3d.render(_scenes(), 16).flatten(1)
    apart = torch.cdist(images, images, p=torch.inf) + torch.eye(len(images))
    assert apart.min() > 0.02


def test_every_pixel_shows_something_and_most_show_one_thing() -> None:
    parts = _parts(_scenes()[::7])
    assert parts.any(1).all()
    assert (parts.sum(1) == 1).float().mean() > 0.9


def test_a_pixel_has_the_hue_of_its_surface() -> None:
    """Hue k/10 and full saturation, wherever a pixel shows one surface only."""
    for k in range(10):
        factors = torch.tensor([[k, (k + 3) % 10, (k + 6) % 10, 5, k % 4, k]])
        image, parts = shapes3d.render(factors, 64)[0], _parts(factors)[0]
        alone = parts.sum(0) == 1
        for surface in (FLOOR, WALL, OBJECT):
            pixels = image[:, parts[surface] & alone].T.tolist()
            assert len(pixels) > 100
            for pixel in pixels[::25]:
                hue, saturation, _ = colorsys.rgb_to_hsv(*pixel)
                assert (hue, saturation) == pytest.approx((factors[0, surface].item() / 10, 1), abs=1e-5)


def test_the_floor_is_below_the_walls_are_above_and_the_object_stands_in_the_middle() -> None:
    parts = _parts(_scenes()).float()
    assert parts[:, FLOOR, -1].eq(1).all() and parts[:, WALL, 0].eq(1).all()
    height = torch.arange(64.0).flip(0)
    columns, rows = parts.sum(2), parts.sum(3)
    middle = (columns @ torch.arange(64.0)) / columns.sum(-1)
    assert (middle[:, OBJECT] - 31.5).abs().max() < 2  # a turned cube is not its own mirror image
    mean_height = (rows @ height) / rows.sum(-1)
    assert (mean_height[:, FLOOR] < mean_height[:, OBJECT]).all()
    assert (mean_height[:, OBJECT] < mean_height[:, WALL]).all()


def test_scale_lets_the_object_grow_and_moves_nothing_else() -> None:
    scenes = _scenes()
    brightness = shapes3d._pictures(64)  # scale first, as in `_scenes`
    area = _parts(scenes)[:, OBJECT].double().sum((1, 2)).view(8, 4, 15)
    assert (area.diff(dim=0) > 0).all()
    # (1.25/0.75)² = 2.8 if it were flat; what is nearer looks larger still.
    assert ((area[-1] / area[0] > 2.4) & (area[-1] / area[0] < 4)).all()
    # Where neither shows its object or its shadow, the smallest and the largest leave the same room.
    room = brightness[:, :, :, :OBJECT]
    away = torch.ones(64, 64, dtype=torch.bool)
    away[10:, 12:] = False
    assert torch.equal(room[0][..., away], room[-1][..., away])


def test_shapes_differ_in_their_outlines() -> None:
    outlines = _parts(_scenes())[:, OBJECT].view(8, 4, 15, -1)
    for one in range(4):
        for other in range(one):
            differ = (outlines[:, one] != outlines[:, other]).sum(-1)
            assert (differ > 0.08 * outlines[:, one].sum(-1)).all()


def test_orientation_turns_the_room_and_the_cube_but_no_round_outline() -> None:
    parts = _parts(_scenes()).view(8, 4, 15, 3, 64, 64)
    outline = parts[..., OBJECT, :, :]
    for shape in (CYLINDER, SPHERE, CAPSULE):
        assert (outline[:, shape] == outline[:, shape, :1]).float().mean() > 0.999
    widths = outline[:, CUBE].any(-2).sum(-1)
    assert (widths[:, :AHEAD] > widths[:, [AHEAD]]).any(1).all()
    walls = parts[5, SPHERE, :, WALL]
    assert (walls[1:] != walls[:-1]).flatten(1).any(1).all()


def test_opposite_orientations_are_mirror_images_but_for_the_light() -> None:
    outlines = _parts(_scenes()).view(8, 4, 15, 3, 64, 64)
    assert torch.equal(outlines.flip(2), outlines.flip(-1))
    images = shapes3d._pictures(64)
    assert not torch.allclose(images.flip(2), images.flip(-1), atol=0.1)


def test_the_object_throws_a_shadow_on_the_floor_to_the_right_of_it() -> None:
    floor = shapes3d._pictures(64)[:, :, AHEAD, FLOOR]
    lit = shapes3d._AMBIENT + (1 - shapes3d._AMBIENT) * shapes3d._LIGHT[1].item()
    shadow = (floor - shapes3d._AMBIENT).abs() < 1e-6
    left, right = shadow[..., :32].sum((-1, -2)), shadow[..., 32:].sum((-1, -2))
    assert (right > left + 5).all()
    assert (floor.amax((-1, -2)) - lit).abs().max() < 1e-6


def _distance(shape: int, point: Tensor) -> Tensor:
    """Signed distance to a solid of size 1, exact outside."""
    x, y, z = point.unbind(-1)
    if shape == CUBE:
        out = torch.stack([x.abs() - 0.8, (y - 0.8).abs() - 0.8, z.abs() - 0.8], dim=-1)
    elif shape == CYLINDER:
        out = torch.stack([torch.hypot(x, z) - 0.85, (y - 0.85).abs() - 0.85], dim=-1)
    else:
        radius, height = (1.0, 2.0) if shape == SPHERE else (0.65, 2.1)
        axis = torch.stack([x, y - y.clamp(radius, height - radius), z], dim=-1)
        return torch.linalg.vector_norm(axis, dim=-1) - radius
    return torch.linalg.vector_norm(out.clamp(min=0), dim=-1) + out.amax(-1).clamp(max=0)


@pytest.mark.parametrize("shape", range(4))
def test_rays_enter_where_marching_along_them_finds_the_surface(shape: int) -> None:
    """Two ways to one number: steps of the signed distance end on the surface, and its slope there is the normal."""
    rng = torch.Generator().manual_seed(shape)
    origin = 4 * normalize(torch.randn(4000, 3, generator=rng, dtype=torch.float64), dim=1)
    origin[:, 1] = origin[:, 1].abs() + 0.01
    target = torch.tensor([0, 0.9, 0]) + 0.8 * torch.randn(4000, 3, generator=rng, dtype=torch.float64)
    ray = normalize(target - origin, dim=1)
    time, normal = _solids.entry(_solids.SHAPES[shape], origin, 2 * ray)
    marched = torch.zeros(4000, dtype=torch.float64)
    for _ in range(300):
        marched += _distance(shape, origin + marched[:, None] * ray)
        marched.clamp_(max=100)
    met = marched < 10
    assert 500 < met.sum() < 3900
    # Marching along a grazing ray has not ended after so many steps.
    assert (met != (time < torch.inf)).float().mean() < 0.002
    both = met & (time < torch.inf)
    assert (2 * time - marched)[both].abs().quantile(0.99) < 1e-6
    point = (origin + 2 * time[:, None] * ray)[both]
    assert _distance(shape, point).abs().max() < 1e-12
    nearby = (point + 1e-4 * normal[both]).requires_grad_()
    (slope,) = torch.autograd.grad(_distance(shape, nearby).sum(), nearby)
    assert (slope - normal[both]).abs().max() < 1e-6
    assert torch.equal(_solids.is_hit(_solids.SHAPES[shape], origin, ray), time < torch.inf)


@pytest.mark.parametrize("shape", _solids.SHAPES)
def test_a_solid_behind_a_ray_is_not_met(shape: str) -> None:
    origin = torch.tensor([0.0, 1.0, 5.0], dtype=torch.float64)
    away = torch.tensor([[1e-3, 1e-3, 1.0]], dtype=torch.float64)
    assert _solids.entry(shape, origin, away)[0].item() == math.inf
    assert not _solids.is_hit(shape, origin, away).item()
    assert _solids.is_hit(shape, origin, -away).item()


def test_the_subset_is_drawn_without_replacement_and_uniform(data: Dataset) -> None:
    assert data.train.factors is not None and data.held_out.factors is not None
    assert (len(data.train.x), len(data.held_out.x)) == (12_000, 3_000)
    factors = torch.cat([data.train.factors, data.held_out.factors])
    assert len(shapes3d.factors_to_index(factors).unique()) == 15_000
    for column, size in enumerate(shapes3d.FACTOR_SIZES):
        counts = torch.bincount(factors[:, column], minlength=size).double()
        expected = 15_000 / size
        # Mean size − 1, standard deviation √(2(size − 1)).
        assert ((counts - expected) ** 2 / expected).sum() < size - 1 + 4 * math.sqrt(2 * (size - 1))


def test_a_data_sets_images_are_those_of_its_factors(data: Dataset) -> None:
    for split in (data.train, data.held_out):
        assert split.factors is not None and split.labels is not None
        assert torch.equal(split.x, shapes3d.render(split.factors, 16))
        assert torch.equal(split.labels, split.factors[:, 4])


def test_sizes_share_their_factors_and_have_their_names(data: Dataset) -> None:
    default = shapes3d.load()
    assert (default.name, default.shape) == ("shapes3d", (3, 32, 32))
    assert (data.name, data.shape) == ("shapes3d16", (3, 16, 16))
    assert default.train.factors is not None and data.train.factors is not None
    assert torch.equal(default.train.factors, data.train.factors)


@pytest.mark.parametrize("call", [lambda: shapes3d.load(48), lambda: shapes3d.render(_random_factors(1), 48)])
def test_an_unknown_size_is_refused(call) -> None:
    with pytest.raises(ValueError, match="unknown size 48; known: 16, 32, 64"):
        call()


def test_a_factor_out_of_range_is_refused() -> None:
    with pytest.raises(ValueError, match="the factor 'shape' has no value 4; known: 0 to 3"):
        shapes3d.render(torch.tensor([[0, 0, 0, 0, 4, 0]]))


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
def test_a_gpu_draws_the_same() -> None:
    factors = _random_factors(2000)
    for size in shapes3d.SIZES:
        drawn = shapes3d.render(factors.cuda(), size)
        assert drawn.is_cuda
        assert torch.allclose(drawn.cpu(), shapes3d.render(factors, size), atol=1e-6)
