import pytest
import torch
from sklearn.neighbors import NearestNeighbors

from vaebench.kernels.estimate import Undefined
from vaebench.kernels.neighbours import DISTANCES, distances_in_parts, nearest, neighbour_distance


@pytest.mark.parametrize("chunk", [1, 7, 1000])
def test_search_agrees_with_scikit_learn_in_any_parts(draw, chunk):
    x, reference = draw(20, 2, 3), draw(30, 2, 3)
    found = nearest(x, reference, 4, chunk=chunk)
    search = NearestNeighbors(n_neighbors=4, algorithm="brute").fit(reference.flatten(1).numpy())
    distances, indices = search.kneighbors(x.flatten(1).numpy())
    torch.testing.assert_close(found.distances, torch.from_numpy(distances))
    assert torch.equal(found.indices, torch.from_numpy(indices))
    assert torch.equal(neighbour_distance(x, reference, 3, chunk=chunk), found.distances[:, 2])


def test_neighbours_of_even_points_on_a_line_are_whole_numbers():
    line = torch.arange(9.0).unsqueeze(1)
    middle = nearest(line[4:5], line, 5).distances[0]
    assert middle.tolist() == [0.0, 1.0, 1.0, 2.0, 2.0]


@pytest.mark.parametrize("offset", [0.0, 1e3])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_equal_examples_are_nothing_apart_and_near_ones_something(draw, dtype, offset):
    x = (draw(50, 784) + offset).to(dtype)
    assert float(nearest(x, x.clone(), 1).distances.max()) == 0
    moved = x.clone()
    moved[:, 0] += 1e-2
    exact = torch.linalg.vector_norm(moved.double() - x.double(), dim=1).to(dtype)
    torch.testing.assert_close(nearest(moved, x, 1).distances[:, 0], exact, rtol=1e-5, atol=0)


def test_moving_and_turning_both_changes_nothing_and_scaling_scales(draw):
    x, reference = draw(10, 4), draw(25, 4)
    rotation = torch.linalg.qr(draw(4, 4)).Q
    expected = neighbour_distance(x, reference, 3)
    torch.testing.assert_close(neighbour_distance(x @ rotation + 5, reference @ rotation + 5, 3), expected)
    torch.testing.assert_close(neighbour_distance(7 * x, 7 * reference, 3), 7 * expected)


def test_an_outlier_is_farther_than_the_data_and_a_copy_of_an_outlier_is_not(draw):
    # Deceptive: the first neighbour of a sample that copies a freak of the data is near; its fifth is not.
    data = draw(200, 3)
    data[0] = 50
    far, copy = torch.full((1, 3), 30.0, dtype=torch.float64), data[:1]
    usual = float(neighbour_distance(data, data, 6).quantile(0.95))
    assert float(neighbour_distance(far, data, 5)) > 5 * usual
    assert float(neighbour_distance(copy, data, 1)) == 0
    assert float(neighbour_distance(copy, data, 5)) > 5 * usual


def test_what_is_not_finite_has_no_neighbour(draw):
    x = draw(4, 2)
    broken = x.clone()
    broken[1, 1] = float("inf")
    with pytest.raises(Undefined, match="the sample contains"):
        nearest(broken, x, 1)
    with pytest.raises(Undefined, match="the reference contains"):
        nearest(x, broken, 1)


def test_mistakes_are_named(draw):
    for k in (0, 5):
        with pytest.raises(ValueError, match=f"at most the 4 reference examples, got {k}"):
            nearest(draw(3, 2), draw(4, 2), k)
    with pytest.raises(ValueError, match="examples of one shape are compared"):
        next(distances_in_parts(draw(3, 2), draw(3, 3), 8))


def test_a_large_reference_is_met_in_smaller_parts_and_left_as_it_was(draw):
    """MNIST's 60,000 pictures by 1,024 rows at a time were 2 GB of distances."""
    x, reference = draw(600, 1), draw(60_000, 1)
    before = reference.clone()
    parts = list(distances_in_parts(x, reference, 1024))
    assert max(part.numel() for part in parts) <= DISTANCES < 600 * 60_000
    assert reference.equal(before)
    exact = (x - reference[:50].T).abs()
    torch.testing.assert_close(torch.cat(parts)[:, :50], exact, rtol=1e-7, atol=1e-6)


@pytest.mark.parametrize("offset", [0.0, 1e4])
def test_many_near_copies_are_told_apart_far_from_the_origin(draw, offset):
    """Deceptive: more near copies than candidates to spare, whose gaps a product in single precision would drown."""
    x = draw(6, 30)
    reference = torch.cat([x + 10.0 ** -(2 + i / 8) * torch.sign(draw(6, 30)) for i in range(24)]) + offset
    found = nearest(x + offset, reference, 3)
    exact = (x[:, None] + offset - reference).norm(dim=2).topk(3, largest=False)
    torch.testing.assert_close(found.distances, exact.values, rtol=1e-9, atol=1e-10)
    assert torch.equal(found.indices, exact.indices)


def test_copies_are_at_distance_nought_however_many_they_are(draw):
    x = draw(5, 8)
    found = nearest(x, x.repeat(12, 1), 9)
    assert float(found.distances.max()) == 0
    assert torch.equal(found.indices % 5, torch.arange(5)[:, None].expand(5, 9))


def test_without_examples_there_are_no_neighbours(draw):
    assert nearest(draw(0, 4), draw(9, 4), 2).indices.shape == (0, 2)
    with pytest.raises(ValueError, match="examples of one shape are compared"):
        nearest(draw(3, 2), draw(3, 3), 1)
