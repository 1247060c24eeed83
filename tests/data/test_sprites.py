"""Sprites: what each factor does to the picture, and what no factor may do."""

import math

import pytest
import torch
from torch import Tensor

from vaebench.data import Dataset, sprites

SQUARE, ELLIPSE, HEART = range(3)
MIDDLE = 16


def _factors(*rows: tuple[int, int, int, int, int]) -> Tensor:
    return torch.tensor(rows)


def _random_factors(n: int, seed: int = 0) -> Tensor:
    rng = torch.Generator().manual_seed(seed)
    return torch.stack([torch.randint(size, (n,), generator=rng) for size in sprites.FACTOR_SIZES], dim=-1)


def _centre_of_mass(images: Tensor) -> Tensor:
    """(x, y) in shares of the frame, from its upper left corner."""
    size = images.shape[-1]
    places = (torch.arange(size, dtype=torch.float64) + 0.5) / size
    weights = images[:, 0].double()
    mass = weights.sum((1, 2))
    return torch.stack([weights.sum(1) @ places / mass, weights.sum(2) @ places / mass], dim=-1)


@pytest.fixture(scope="module")
def data() -> Dataset:
    return sprites.load(16)


def test_factors_and_places_are_inverse_over_all_combinations() -> None:
    index = torch.arange(737_280)
    factors = sprites.index_to_factors(index)
    assert torch.equal(sprites.factors_to_index(factors), index)
    assert torch.equal(factors.amax(0), torch.tensor(sprites.FACTOR_SIZES) - 1)
    assert torch.equal(factors.amin(0), torch.zeros(5, dtype=torch.int64))
    table = torch.cartesian_prod(*map(torch.arange, sprites.FACTOR_SIZES))
    assert torch.equal(factors, table)


@pytest.mark.parametrize("size", sprites.SIZES)
def test_pixels_are_fractions(size: int) -> None:
    images = sprites.render(_random_factors(200), size)
    assert images.shape == (200, 1, size, size) and images.dtype == torch.float32
    assert (images.min(), images.max()) == (0, 1)
    assert ((images > 0) & (images < 1)).any()


def test_a_coarser_image_is_the_mean_of_a_finer_one() -> None:
    factors = _random_factors(300)
    fine = sprites.render(factors, 64)
    for size in (16, 32):
        assert torch.equal(sprites.render(factors, size), torch.nn.functional.avg_pool2d(fine, 64 // size))


@pytest.mark.parametrize("size", sprites.SIZES)
def test_drawing_does_not_depend_on_the_rest_of_the_batch(size: int) -> None:
    """Long enough a batch that it is drawn in several chunks at every size."""
    factors = _random_factors(8000)
    images = sprites.render(factors, size)
    order = torch.randperm(len(factors), generator=torch.Generator().manual_seed(1))
    assert torch.equal(sprites.render(factors[order], size), images[order])
    for row in (0, 1, 7999):
        assert torch.equal(sprites.render(factors[row : row + 1], size)[0], images[row])
    assert sprites.render(factors[:0], size).shape == (0, 1, size, size)


def test_drawing_leaves_its_arguments_alone_and_takes_any_integers() -> None:
    factors = _random_factors(20)
    before = factors.clone()
    images = sprites.render(factors, 16)
    assert torch.equal(factors, before)
    assert torch.equal(sprites.render(factors.to(torch.int32), 16), images)
    assert torch.equal(sprites.factors_to_index(factors.to(torch.uint8)), sprites.factors_to_index(factors))


@pytest.mark.parametrize("shape", [SQUARE, ELLIPSE, HEART])
def test_area_goes_with_the_square_of_scale(shape: int) -> None:
    """Means over the 40 orientations; the outline's length over the grid's fineness bounds what the grid adds."""
    area = torch.stack(
        [
            sprites.render(_factors(*((shape, scale, turn, MIDDLE, MIDDLE) for turn in range(40))), 64)
            .double()
            .mean((1, 2, 3))
            for scale in range(6)
        ]
    )
    stated = (5 / 16 * torch.arange(5, 11, dtype=torch.float64) / 10) ** 2
    assert (area.mean(1) / stated - 1).abs().max() < 0.005
    assert (area / stated[:, None] - 1).abs().max() < 0.03


def test_the_upright_square_is_exact() -> None:
    images = sprites.render(_factors(*((SQUARE, scale, 0, 3, 29) for scale in range(6))), 64)
    sides = 2.0 * torch.arange(5, 11)
    assert torch.equal(images.sum((1, 2, 3)), sides**2)


@pytest.mark.parametrize(("shape", "period"), [(SQUARE, 10), (ELLIPSE, 20)])
def test_a_shapes_symmetry_gives_the_same_bits(shape: int, period: int) -> None:
    factors = _random_factors(500)
    factors[:, 0] = shape
    turned = factors.clone()
    turned[:, 2] = (turned[:, 2] + period) % 40
    images = sprites.render(factors, 32)
    assert torch.equal(sprites.render(turned, 32), images)
    turned[:, 2] = (factors[:, 2] + period // 2) % 40
    assert (sprites.render(turned, 32) != images).flatten(1).any(1).all()


@pytest.mark.parametrize(("shape", "distinct"), [(SQUARE, 10), (ELLIPSE, 20), (HEART, 40)])
@pytest.mark.parametrize("size", sprites.SIZES)
def test_no_two_other_orientations_look_alike(shape: int, distinct: int, size: int) -> None:
    """Endpoint-exclusive: the fortieth orientation is not the first. The heart has no symmetry at all."""
    images = sprites.render(_factors(*((shape, 5, turn, MIDDLE, MIDDLE) for turn in range(40))), size)
    assert len(images.flatten(1).unique(dim=0)) == distinct


@pytest.mark.parametrize("shape", [SQUARE, ELLIPSE, HEART])
def test_ten_orientations_turn_the_whole_picture_a_quarter(shape: int) -> None:
    """Counter-clockwise as seen: what lay at (x, y) comes to lie at (y, 31 − x)."""
    factors = _random_factors(500)
    factors[:, 0] = shape
    turned = factors.clone()
    turned[:, 2] = (factors[:, 2] + 10) % 40
    turned[:, 3], turned[:, 4] = factors[:, 4], 31 - factors[:, 3]
    quarter = torch.rot90(sprites.render(factors, 64), 1, (-2, -1))
    assert torch.equal(sprites.render(turned, 64), quarter)


def test_the_upright_heart_points_down_and_the_upright_ellipse_lies() -> None:
    heart, ellipse = sprites.render(_factors((HEART, 5, 0, 15, 15), (ELLIPSE, 5, 0, 15, 15)), 64)[:, 0] > 0
    widths = heart.sum(1)[heart.any(1)]
    assert (widths[-8:].diff() < 0).all() and widths[-1] < 4 < 16 < widths[2]
    assert ellipse.any(0).sum() == pytest.approx(2 * ellipse.any(1).sum().item(), rel=0.1)


@pytest.mark.parametrize("shape", [SQUARE, ELLIPSE, HEART])
def test_upright_shapes_are_their_own_mirror_images(shape: int) -> None:
    image, mirrored = sprites.render(_factors((shape, 4, 0, 12, 7), (shape, 4, 0, 31 - 12, 7)), 64)
    assert torch.equal(mirrored, image.flip(-1))


def test_the_heart_has_no_other_symmetry() -> None:
    image = sprites.render(_factors((HEART, 5, 0, 15, 15), (HEART, 5, 0, 15, 16)), 64)
    assert not torch.equal(image[1], image[0].flip(-2))


def test_one_orientation_turns_by_a_fortieth_of_a_circle() -> None:
    """The principal axis of the ellipse, from its second moments, at every orientation."""
    images = sprites.render(_factors(*((ELLIPSE, 5, turn, MIDDLE, MIDDLE) for turn in range(20))), 64)[:, 0].double()
    place = torch.arange(64, dtype=torch.float64)
    x, up = place[None, :].expand(64, 64), -place[:, None].expand(64, 64)
    mass = images.sum((1, 2))

    def moment(a: Tensor, b: Tensor) -> Tensor:
        return (images * a * b).sum((1, 2)) / mass - (images * a).sum((1, 2)) * (images * b).sum((1, 2)) / mass**2

    angle = 0.5 * torch.atan2(2 * moment(x, up), moment(x, x) - moment(up, up))
    off = (angle - math.pi / 20 * torch.arange(20) + math.pi / 2) % math.pi - math.pi / 2
    assert off.abs().max() < math.radians(0.5)


@pytest.mark.parametrize(("size", "sub_pixels"), [(64, 0.3), (32, 0.3), (16, 0.6)])
@pytest.mark.parametrize("shape", [SQUARE, ELLIPSE, HEART])
def test_the_centre_of_mass_is_where_the_position_says(shape: int, size: int, sub_pixels: float) -> None:
    """Steps of 1/64 of the frame about its middle, x to the right and y downwards, whatever scale and orientation."""
    factors = _random_factors(500)
    factors[:, 0] = shape
    stated = 0.5 + (factors[:, 3:].double() - 15.5) / 64
    # A sub-pixel is 1/256 and a step four. The grid moves a heart's centre by a quarter of one where a straight side
    # lies along it; and an image knows its centre no better than its pixels are fine.
    assert (_centre_of_mass(sprites.render(factors, size)) - stated).abs().max() < sub_pixels / 256


@pytest.mark.parametrize("size", sprites.SIZES)
def test_moving_a_sprite_by_whole_pixels_moves_its_centre_of_mass_exactly(size: int) -> None:
    factors = _random_factors(300)
    steps_in_a_pixel = 64 // size
    moved = factors.clone()
    moved[:, 3:] = (factors[:, 3:] + steps_in_a_pixel * factors[:, [2, 2]] * torch.tensor([1, 3])) % 32
    centres = [_centre_of_mass(sprites.render(each, size)) for each in (factors, moved)]
    steps = (moved - factors)[:, 3:].double()
    assert torch.allclose(centres[1] - centres[0], steps / 64, rtol=0, atol=1e-12)


def test_a_step_is_a_pixel_at_64() -> None:
    factors = _random_factors(200)
    factors[:, 3:].clamp_(max=30)
    moved = factors + torch.tensor([0, 0, 0, 1, 1])
    assert torch.equal(sprites.render(moved, 64), sprites.render(factors, 64).roll((1, 1), (-2, -1)))


def test_every_sprite_lies_inside_the_frame() -> None:
    """The largest outlines in all four corners lose no area, and nothing wraps around."""
    for shape in (SQUARE, ELLIPSE, HEART):
        rows = [(shape, 5, turn) for turn in range(40)]
        middle = sprites.render(_factors(*((*row, MIDDLE, MIDDLE) for row in rows)), 64)
        for x, y in ((0, 0), (0, 31), (31, 0), (31, 31)):
            corner = sprites.render(_factors(*((*row, x, y) for row in rows)), 64)
            assert torch.equal(corner.sum((1, 2, 3)), middle.sum((1, 2, 3)))
            assert torch.equal(corner.roll((MIDDLE - y, MIDDLE - x), (-2, -1)), middle)


def test_no_sub_pixel_lies_where_rounding_could_flip_it() -> None:
    """Margins are of order one and their rounding errors of order 1e-15: the picture is the same on every machine."""
    for shape in (SQUARE, ELLIPSE, HEART):
        assert sprites._margins(shape).abs().min() > 1e-9


def test_the_outline_has_no_part_beyond_its_patch() -> None:
    """One sub-pixel further out all round, every shape at full scale and any angle is outside."""
    angle = torch.linspace(0, 2 * math.pi, 1001, dtype=torch.float64)
    for shape in (SQUARE, ELLIPSE, HEART):
        assert (sprites._margin(shape, 64 * angle.cos(), 64 * angle.sin()) < 0).all()
        assert sprites._margin(shape, torch.tensor(0.0), torch.tensor(0.0)) > 0


def test_the_subset_is_drawn_without_replacement(data: Dataset) -> None:
    assert data.train.factors is not None and data.held_out.factors is not None
    train, held_out = (sprites.factors_to_index(split.factors) for split in (data.train, data.held_out))
    assert (len(train), len(held_out)) == (20_000, 4_000)
    assert len(torch.cat([train, held_out]).unique()) == 24_000


def test_the_subset_is_uniform_in_every_factor(data: Dataset) -> None:
    for split in (data.train, data.held_out):
        assert split.factors is not None
        for column, size in enumerate(sprites.FACTOR_SIZES):
            counts = torch.bincount(split.factors[:, column], minlength=size).double()
            expected = len(split.x) / size
            chi_squared = ((counts - expected) ** 2 / expected).sum()
            # Mean size − 1, standard deviation √(2(size − 1)).
            assert chi_squared < size - 1 + 4 * math.sqrt(2 * (size - 1))


def test_a_data_sets_images_are_those_of_its_factors(data: Dataset) -> None:
    for split in (data.train, data.held_out):
        assert split.factors is not None and split.labels is not None
        assert torch.equal(split.x, sprites.render(split.factors, 16))
        assert torch.equal(split.labels, split.factors[:, 0])


def test_sizes_share_their_factors_and_have_their_names(data: Dataset) -> None:
    default = sprites.load()
    assert (default.name, default.shape) == ("sprites", (1, 32, 32))
    assert data.name == "sprites16"
    assert default.train.factors is not None and data.train.factors is not None
    assert torch.equal(default.train.factors, data.train.factors)


@pytest.mark.parametrize("call", [lambda: sprites.load(48), lambda: sprites.render(_random_factors(1), 48)])
def test_an_unknown_size_is_refused(call) -> None:
    with pytest.raises(ValueError, match="unknown size 48; known: 16, 32, 64"):
        call()


@pytest.mark.parametrize("use", [sprites.factors_to_index, sprites.render])
@pytest.mark.parametrize(
    ("row", "message"),
    [
        ((3, 0, 0, 0, 0), "the factor 'shape' has no value 3; known: 0 to 2"),
        ((0, 6, 0, 0, 0), "the factor 'scale' has no value 6; known: 0 to 5"),
        ((0, 0, -1, 0, 0), "the factor 'orientation' has no value -1; known: 0 to 39"),
        ((0, 0, 0, 32, 0), "the factor 'x' has no value 32; known: 0 to 31"),
        ((0, 0, 0, 0, 99), "the factor 'y' has no value 99; known: 0 to 31"),
    ],
)
def test_a_factor_out_of_range_is_refused(use, row: tuple[int, ...], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        use(torch.tensor([[0, 0, 0, 0, 0], row]))


@pytest.mark.parametrize("use", [sprites.factors_to_index, sprites.render])
@pytest.mark.parametrize(
    ("factors", "message"),
    [
        (torch.zeros(2, 5), r"integers of shape \(n, 5\), got torch.float32 of shape \(2, 5\)"),
        (torch.zeros(2, 5, dtype=torch.bool), "got torch.bool"),
        (torch.zeros(2, 4, dtype=torch.int64), r"of shape \(2, 4\)"),
        (torch.zeros(5, dtype=torch.int64), r"of shape \(5,\)"),
    ],
)
def test_a_table_that_is_no_table_of_factors_is_refused(use, factors: Tensor, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        use(factors)


@pytest.mark.parametrize("place", [-1, 737_280])
def test_a_place_out_of_range_is_refused(place: int) -> None:
    with pytest.raises(ValueError, match=rf"places must lie in \[0, 737280\), got .*{place}"):
        sprites.index_to_factors(torch.tensor([5, place]))


def test_places_that_are_no_integers_are_refused() -> None:
    with pytest.raises(ValueError, match=r"places must be integers, got torch\.float32"):
        sprites.index_to_factors(torch.zeros(1))


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
def test_a_gpu_draws_the_same_bits() -> None:
    factors = _random_factors(5000)
    for size in sprites.SIZES:
        drawn = sprites.render(factors.cuda(), size)
        assert drawn.is_cuda
        assert torch.equal(drawn.cpu(), sprites.render(factors, size))
