import pytest
import torch

from vaebench.kernels.estimate import Undefined, mean_estimate, ratio_estimate, require_finite


def test_standard_error_of_a_mean_covers_the_truth_as_often_as_it_says(draw):
    samples = draw(400, 500).exp()
    estimates = [mean_estimate(sample) for sample in samples]
    scores = torch.stack([(e.value - torch.e**0.5) / e.stderr for e in estimates])
    assert 0.90 < float((scores.abs() < 1.96).double().mean()) < 0.98


def test_mean_keeps_the_event_shape_and_counts_draws(draw):
    values = draw(7, 2, 3)
    estimate = mean_estimate(values)
    assert estimate.n == 7
    assert estimate.value.shape == estimate.stderr.shape == (2, 3)
    torch.testing.assert_close(estimate.stderr, ((values - values.mean(0)).square().sum(0) / 6 / 7).sqrt())


def test_standard_error_of_a_ratio_covers_the_truth_as_often_as_it_says(draw):
    below = 2 + draw(400, 500)
    above = below.square() + draw(400, 500)
    estimates = [ratio_estimate(a, b) for a, b in zip(above, below, strict=True)]
    scores = torch.stack([(e.value - 2.5) / e.stderr for e in estimates])
    assert 0.92 < float((scores.abs() < 1.96).double().mean()) < 0.98
    assert abs(float(scores.std()) - 1) < 0.1


def test_ratio_of_proportional_draws_is_exact(draw):
    below = draw(50).exp()
    estimate = ratio_estimate(3 * below, below)
    assert float(estimate.value) == pytest.approx(3)
    assert float(estimate.stderr) < 1e-15


def test_bias_of_a_ratio_is_of_order_one_over_n(draw):
    below = 1 + 0.5 * draw(20_000, 80)
    above = below.square()
    bias = {n: float((above[:, :n].mean(1) / below[:, :n].mean(1)).mean()) - 1.25 for n in (20, 80)}
    assert bias[20] / bias[80] == pytest.approx(4, rel=0.35)


def test_standard_error_of_a_ratio_stays_positive_below_zero(draw):
    assert float(ratio_estimate(draw(50), draw(50) - 5).stderr) > 0


@pytest.mark.parametrize("bad", [float("nan"), float("inf")])
def test_values_that_are_not_finite_have_no_estimate(bad):
    with pytest.raises(Undefined, match="the sample contains a value that is not finite"):
        mean_estimate(torch.tensor([1.0, bad]))
    with pytest.raises(Undefined, match="the numerator contains a value that is not finite"):
        ratio_estimate(torch.tensor([1.0, bad]), torch.ones(2))
    with pytest.raises(Undefined, match="the denominator contains a value that is not finite"):
        ratio_estimate(torch.ones(2), torch.tensor([1.0, bad]))
    with pytest.raises(Undefined, match="the loss contains a value that is not finite"):
        require_finite(torch.tensor(bad), "the loss")


def test_one_draw_has_no_standard_error():
    with pytest.raises(Undefined, match="at least two draws, got 1"):
        mean_estimate(torch.ones(1))
    with pytest.raises(Undefined, match="at least two draws, got 1"):
        ratio_estimate(torch.ones(1), torch.ones(1))


def test_a_ratio_over_zero_is_undefined_and_mismatched_draws_are_an_error():
    with pytest.raises(Undefined, match="the denominator of the ratio is zero"):
        ratio_estimate(torch.ones(2), torch.tensor([1.0, -1.0]))
    with pytest.raises(ValueError, match="a ratio pairs its draws"):
        ratio_estimate(torch.ones(2), torch.ones(3))
