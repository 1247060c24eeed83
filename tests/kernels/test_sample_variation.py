import math

import pytest
import torch

from vaebench.kernels.estimate import Undefined
from vaebench.kernels.neighbours import nearest
from vaebench.kernels.sample_variation import (
    class_entropy,
    coverage,
    expected_coverage,
    mean_pairwise_distance,
    quantile_threshold,
)


def test_entropy_of_known_shares():
    for shares in ([1.0, 0.0, 0.0], [0.5, 0.5, 0.0], [0.2, 0.3, 0.5]):
        rows = torch.tensor(shares, dtype=torch.float64).expand(7, 3)
        exact = -sum(share * math.log(share) for share in shares if share)
        found = class_entropy(rows)
        assert float(found.value) == pytest.approx(exact)
        assert float(found.stderr) == pytest.approx(0, abs=1e-15)


def test_entropy_is_of_the_mean_and_not_the_mean_of_entropies():
    sure, unsure = torch.eye(4), torch.full((4, 4), 0.25)
    torch.testing.assert_close(class_entropy(sure).value, class_entropy(unsure).value)
    assert float(class_entropy(sure[:1].expand(4, 4)).value) == 0


def test_entropys_error_and_bias_are_those_seen_over_many_samples(draw):
    n, shares = 200, torch.tensor([0.1, 0.2, 0.7], dtype=torch.float64)
    exact = float(torch.special.entr(shares).sum())
    # Hard classes: labels drawn by the Gumbel trick from the fixture's normal draws.
    uniform = torch.special.ndtr(draw(2000, n, 3))
    labels = (shares.log() - (-uniform.log()).log()).argmax(2)
    estimates = [class_entropy(torch.nn.functional.one_hot(row, 3).double()) for row in labels]
    values, errors = (torch.stack([getattr(each, name) for each in estimates]) for name in ("value", "stderr"))
    assert float(errors.mean()) == pytest.approx(float(values.std()), rel=0.06)
    stderr = float(values.std()) / 2000**0.5
    assert float(values.mean()) - exact == pytest.approx(-(3 - 1) / (2 * n), abs=4 * stderr)


def test_mean_distance_of_normal_samples_is_the_closed_form(draw):
    # A difference of two is √2 times a chi variable.
    for dim in (1, 3, 20):
        found = mean_pairwise_distance(draw(800, dim))
        exact = 2 * math.gamma((dim + 1) / 2) / math.gamma(dim / 2)
        assert float(found.value) == pytest.approx(exact, abs=4 * float(found.stderr))


def test_mean_distance_counts_pairs_of_different_samples_in_any_parts(draw):
    x = draw(30, 2, 3)
    exact = torch.nn.functional.pdist(x.flatten(1)).mean()
    for chunk in (1, 7, 64):
        torch.testing.assert_close(mean_pairwise_distance(x, chunk=chunk).value, exact)


def test_its_error_is_the_jackknifes_by_leaving_each_out_in_turn(draw):
    x = draw(12, 2)
    left_out = torch.stack([torch.nn.functional.pdist(x[torch.arange(12) != i]).mean() for i in range(12)])
    expected = ((12 - 1) / 12 * (left_out - left_out.mean()).square().sum()).sqrt()
    torch.testing.assert_close(mean_pairwise_distance(x).stderr, expected)


@pytest.mark.parametrize("n", [20, 100])
def test_its_error_is_the_one_seen_over_many_samples(draw, n):
    found = [mean_pairwise_distance(draw(n, 2)) for _ in range(600)]
    values, errors = (torch.stack([getattr(each, name) for each in found]) for name in ("value", "stderr"))
    # A standard deviation over 600 is known to 3 %; the jackknife errs upwards by O(1/n) of the variance.
    assert 0.9 < float(errors.square().mean().sqrt() / values.std()) < 1.1 + 1 / n


@pytest.mark.parametrize(("n", "m", "k", "dim"), [(60, 60, 3, 1), (60, 60, 5, 8), (80, 20, 2, 3), (30, 100, 1, 2)])
def test_samples_of_the_datas_own_law_cover_what_the_closed_form_says(draw, n, m, k, dim):
    found = [coverage(draw(n, dim), draw(m, dim), k) for _ in range(300)]
    values, errors = (torch.stack([getattr(each, name) for each in found]) for name in ("value", "stderr"))
    assert float(values.mean()) == pytest.approx(expected_coverage(n, m, k), abs=4 * float(values.std()) / 300**0.5)
    # The root of the mean variance bounds the true error from above, and not by much more than twice.
    assert 1 < float(errors.square().mean().sqrt() / values.std()) < 2.5


def test_coverages_error_is_the_jackknifes_by_leaving_each_out_in_turn(draw):
    real, samples, k = draw(25, 2), draw(10, 2), 3
    without_real = torch.stack([coverage(real[torch.arange(25) != i], samples, k).value for i in range(25)])
    without_sample = torch.stack([coverage(real, samples[torch.arange(10) != j], k).value for j in range(10)])
    expected = without_real.var() * 24**2 / 25 + without_sample.var() * 9**2 / 10
    torch.testing.assert_close(coverage(real, samples, k).stderr.square(), expected)


def test_collapsed_samples_pass_for_real_ones_but_cover_little(draw):
    # Deceptive: every sample is as good as real data gets, so no outlier detector minds.
    real = torch.cat([draw(100, 2) + 10 * centre for centre in torch.eye(2, dtype=torch.float64)])
    one_example = real[:1].expand(200, 2)
    one_mode = draw(200, 2) + 10 * torch.tensor([1.0, 0.0], dtype=torch.float64)
    whole = torch.cat([draw(100, 2) + 10 * centre for centre in torch.eye(2, dtype=torch.float64)])
    shares = [float(coverage(real, samples, 5).value) for samples in (one_example, one_mode, whole)]
    assert shares[0] < 0.06
    assert shares[1] == pytest.approx(0.5, abs=0.03)
    assert shares[2] > 0.9
    distances = [float(mean_pairwise_distance(samples).value) for samples in (one_example, one_mode, whole)]
    assert distances[0] == 0
    assert distances[1] < 0.5 * distances[2]


def test_far_samples_cover_nothing_and_outliers_among_good_ones_take_nothing(draw):
    real, good = draw(100, 3), draw(100, 3)
    assert float(coverage(real, good + 100, 5).value) == 0
    with_freaks = torch.cat([good, draw(50, 3) + 100])
    assert float(coverage(real, with_freaks, 5).value) == float(coverage(real, good, 5).value)


def test_repeated_real_examples_are_covered_by_their_copies():
    real = torch.tensor([[0.0], [0.0], [0.0], [4.0], [4.0], [4.0]])
    assert float(coverage(real, torch.zeros(2, 1), 2).value) == 0.5


def test_coverage_knows_no_scale_no_place_and_no_parts(draw):
    real, samples = draw(60, 4), 0.7 * draw(60, 4)
    rotation = torch.linalg.qr(draw(4, 4)).Q
    expected = coverage(real, samples, 3)
    moved = coverage(5 * real @ rotation + 2, 5 * samples @ rotation + 2, 3, chunk=7)
    torch.testing.assert_close(moved, expected)


@pytest.mark.parametrize(("share", "n"), [(0.05, 19), (0.05, 30), (0.95, 19), (0.95, 50), (0.5, 4)])
def test_a_further_draw_falls_below_the_threshold_as_often_as_asked(draw, share, n):
    # The share below is known exactly for uniform draws: the threshold itself.
    uniform = torch.special.ndtr(draw(4000, n))
    below = torch.stack([quantile_threshold(row, share) for row in uniform])
    assert float(below.mean()) == pytest.approx(share, abs=4 * float(below.std()) / 4000**0.5)


def test_the_usual_quantile_does_not(draw):
    uniform = torch.special.ndtr(draw(4000, 20))
    assert float(uniform.quantile(0.05, dim=1).mean()) == pytest.approx(1.95 / 21, rel=0.05)


def test_a_threshold_mirrors_and_ignores_order(draw):
    values = draw(40)
    torch.testing.assert_close(quantile_threshold(values, 0.9), -quantile_threshold(-values.flip(0), 0.1))
    torch.testing.assert_close(quantile_threshold(values, 40 / 41), values.max())


def test_what_is_too_little_or_not_finite_is_undefined():
    broken = torch.tensor([[float("nan"), 1.0], [0.5, 0.5], [0.5, 0.5], [0.5, 0.5]])
    with pytest.raises(Undefined, match="the class probabilities contains"):
        class_entropy(broken)
    with pytest.raises(Undefined, match="at least two draws, got 1"):
        class_entropy(torch.ones(1, 1))
    with pytest.raises(Undefined, match="at least three samples, got 2"):
        mean_pairwise_distance(torch.zeros(2, 3))
    with pytest.raises(Undefined, match="contains a value that is not finite"):
        mean_pairwise_distance(broken)
    with pytest.raises(Undefined, match="contains a value that is not finite"):
        coverage(broken, broken, 1)
    with pytest.raises(Undefined, match=r"18 values are too few to bound a share of 0\.05"):
        quantile_threshold(torch.arange(18.0), 0.05)
    with pytest.raises(Undefined, match=r"18 values are too few to bound a share of 0\.95"):
        quantile_threshold(torch.arange(18.0), 0.95)
    with pytest.raises(Undefined, match="the held-out values contains"):
        quantile_threshold(broken[:, 0], 0.5)


def test_mistakes_are_named():
    for rows in ([[0.5, 0.4]], [[-0.1, 1.1]]):
        with pytest.raises(ValueError, match="sum to 1 in each row"):
            class_entropy(torch.tensor(rows * 2))
    for n, m, k in [(3, 5, 2), (9, 1, 2), (9, 9, 0)]:
        with pytest.raises(ValueError, match="coverage needs k of at least 1"):
            coverage(torch.zeros(n, 1), torch.zeros(m, 1), k)
    for n, m, k in [(2, 5, 2), (9, 0, 2), (9, 9, 0)]:
        with pytest.raises(ValueError, match="expected coverage needs"):
            expected_coverage(n, m, k)
    for values, share in [(torch.zeros(4, 1), 0.5), (torch.zeros(4), 0.0), (torch.zeros(4), 1.0)]:
        with pytest.raises(ValueError, match="cuts a share in"):
            quantile_threshold(values, share)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("share", [0.05, 0.3, 0.95])
def test_the_threshold_is_the_interpolated_order_statistic(draw, dtype, share):
    """The formula that stood in the place of NumPy's until issue 14, held on random rows."""
    for n in (19, 20, 37, 359):
        values = draw(n).to(dtype)
        place = round(share * (n + 1), 9)
        ordered, below = values.sort().values, math.floor(place)
        expected = torch.lerp(ordered[below - 1], ordered[min(below, n - 1)], place - below)
        found = quantile_threshold(values, share)
        assert found.dtype == dtype
        torch.testing.assert_close(found, expected, rtol=4 * torch.finfo(dtype).eps, atol=1e-8)


def test_known_neighbours_of_the_real_give_the_same_coverage(draw):
    real, samples = draw(60, 4), draw(50, 4)
    assert coverage(real, samples, 5, among_real=nearest(real, real, 7)) == coverage(real, samples, 5)
