import torch

from vaebench.kernels.lengths import squared_norms, unit_vectors


def test_squared_norms_are_those_of_the_flattened_example(draw):
    outputs = draw(5, 2, 3)
    torch.testing.assert_close(squared_norms(outputs), outputs.flatten(1).norm(dim=1) ** 2)
    torch.testing.assert_close(squared_norms(outputs[:, 0, 0]), outputs[:, 0, 0] ** 2)


def test_directions_have_length_one_and_ignore_length(draw):
    vectors = draw(5, 2, 3)
    directions = unit_vectors(vectors)
    torch.testing.assert_close(squared_norms(directions), torch.ones(5, dtype=torch.float64))
    torch.testing.assert_close(unit_vectors(1e-100 * vectors), directions)
    assert not unit_vectors(torch.zeros(1, 3)).any()
