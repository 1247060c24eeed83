import pytest
import torch

from vaebench.kernels.estimate import Undefined
from vaebench.kernels.representation import (
    each_once,
    normalised,
    normalised_pair,
    require_same_examples,
    shuffled_rows,
)


def test_features_are_flattened_centred_and_of_unit_norm(draw):
    x = 3 + 5 * draw(7, 2, 3, 4)
    matrix = normalised(x.float())
    assert matrix.shape == (7, 24)
    assert matrix.dtype == torch.float64
    assert float(matrix.mean(0).abs().max()) < 1e-15
    assert float(matrix.norm()) == pytest.approx(1)
    torch.testing.assert_close(matrix, normalised(x.flatten(1)), rtol=1e-5, atol=1e-7)


def test_one_number_an_example_is_one_feature(draw):
    x = draw(7)
    torch.testing.assert_close(normalised(x), normalised(x.unsqueeze(1)))


def test_the_input_stays_as_it_was(draw):
    x = draw(7, 3)
    kept = x.clone()
    normalised(x)
    assert torch.equal(x, kept)


def test_complex_features_are_pairs_of_real_ones(draw):
    x = torch.complex(draw(7, 3), draw(7, 3))
    pairs = torch.stack([x.real, x.imag], -1)
    torch.testing.assert_close(normalised(x), normalised(pairs.flatten(1)))


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float32, torch.float64, torch.int64])
@pytest.mark.parametrize("constant", [0.0, 0.1, 123.456, 1e8])
def test_a_dead_layer_has_no_representation(dtype, constant):
    with pytest.raises(Undefined, match="does not vary over the sample"):
        normalised(torch.full((512, 64), constant, dtype=torch.float64).to(dtype))


def test_rounding_is_not_variation(draw):
    steps = torch.finfo(torch.float32).eps * 0.5 * draw(100, 4).sign()
    rounded = (1 + steps).float()
    assert len(rounded.unique()) == 2
    with pytest.raises(Undefined, match="does not vary over the sample"):
        normalised(rounded)


def test_a_layer_without_features_has_no_representation():
    with pytest.raises(Undefined, match="does not vary over the sample"):
        normalised(torch.zeros(5, 0))


def test_a_huge_constant_feature_does_not_hide_the_others(draw):
    x = draw(50, 3).float()
    beside = torch.cat([x, torch.full((50, 1), 1e8)], 1)
    torch.testing.assert_close(normalised(beside)[:, :3], normalised(x))


def test_one_example_is_too_few():
    with pytest.raises(Undefined, match="needs at least two examples, got 1"):
        normalised(torch.ones(1, 3))


def test_a_diverged_layer_has_no_representation(draw):
    x = draw(5, 3)
    x[2, 1] = float("nan")
    with pytest.raises(Undefined, match="the representation contains a value that is not finite"):
        normalised(x)


def test_other_examples_are_a_mistake(draw):
    for compare in (normalised_pair, require_same_examples):
        with pytest.raises(ValueError, match="on the same examples: got 5 and 6"):
            compare(draw(6, 2), draw(5, 2))


def test_a_layer_in_both_lists_is_reduced_once(draw):
    shared, own = draw(4, 2), draw(4, 3)
    seen = []
    a, b = each_once(iter([own, shared]), [shared], lambda layer: seen.append(layer.shape) or -layer)
    assert seen == [(4, 3), (4, 2)]
    assert a[1] is b[0]
    assert torch.equal(a[0], -own)


def test_an_empty_list_is_a_mistake(draw):
    for lists in (([], [draw(4, 2)]), ([draw(4, 2)], [])):
        with pytest.raises(ValueError, match="at least one layer on each side"):
            each_once(*lists, torch.clone)


def test_all_orders_come_up_alike(rng):
    draws = torch.stack([shuffled_rows(torch.ones(3, 1), rng) for _ in range(1200)])
    counts = torch.unique(draws, dim=0, return_counts=True)[1]
    assert len(counts) == 6
    assert float((counts - 200).abs().max()) < 4 * (1200 * (1 / 6) * (5 / 6)) ** 0.5
