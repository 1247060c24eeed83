import math

import pytest
import torch
from kernels.scores import complex_scores, errors_in_metric
from torch import Tensor
from torch.distributions import Normal

from vaebench.kernels.complex_normal import complex_normal_log_density, paired, squared_moduli, unpaired
from vaebench.kernels.estimate import Undefined
from vaebench.kernels.fisher_metric import closedness_defect, decoder_metric, log_volume
from vaebench.kernels.wirtinger import wirtinger


@pytest.fixture
def codes(draw):
    return lambda *shape: torch.complex(draw(*shape), draw(*shape))


@pytest.fixture
def real_decoder(mlp):
    """Codes of 3 complex units to 10 real outputs."""
    net = mlp([6, 16, 10])
    return lambda z: net(unpaired(z))


@pytest.fixture
def complex_decoder(real_decoder):
    return lambda z: paired(real_decoder(z))


def mixed_hessian(function, z: Tensor) -> Tensor:
    """∂_i∂̄_j of a real function of complex codes, shape (batch, i, j), by automatic differentiation twice."""
    return wirtinger(lambda z: wirtinger(function, z)[1].movedim(0, 1), z)[0].movedim(0, 1)


def unitary(codes, d: int) -> Tensor:
    return torch.linalg.qr(codes(d, d))[0]


def test_a_holomorphic_affine_decoder_in_closed_form(codes, draw):
    matrix, shift, precision = codes(7, 3), codes(7), draw(7).square()
    metric = decoder_metric(lambda z: z @ matrix.T + shift, codes(4, 3), precision)
    expected = matrix.T @ torch.diag(precision).to(matrix.dtype) @ matrix.conj()
    torch.testing.assert_close(metric, expected.expand(4, 3, 3))


def test_affine_decoders_with_real_output_in_closed_form(codes):
    matrix = codes(7, 3)
    # Re(A·z) has ∂ = A/2, and a real normal has twice the information on its mean that a circular one has.
    metric = decoder_metric(lambda z: (z @ matrix.T).real, codes(4, 3), 2.0)
    torch.testing.assert_close(metric, (matrix.T @ matrix.conj() / 2).expand(4, 3, 3))
    both = decoder_metric(lambda z: torch.view_as_real(z @ matrix.T), codes(4, 3), 2.0)
    torch.testing.assert_close(both, (matrix.T @ matrix.conj()).expand(4, 3, 3))


def test_an_antiholomorphic_decoder_has_the_transposed_metric(codes):
    matrix, z = codes(7, 3), codes(4, 3)
    straight, mirrored = (decoder_metric(lambda z: z @ matrix.T, z), decoder_metric(lambda z: z.conj() @ matrix.mH, z))
    torch.testing.assert_close(straight, mirrored)
    assert float((straight - straight.mT).abs().max()) > 0.1


def test_the_metric_is_the_covariance_of_the_score_of_real_outputs(real_decoder, codes, draw):
    z, precision, n = codes(1, 3), draw(10).square() + 0.1, 40_000
    scale = precision.rsqrt()
    x = real_decoder(z) + scale * draw(n, 10)
    scores = complex_scores(lambda z: Normal(real_decoder(z), scale).log_prob(x).sum(1), z, n)
    assert bool((errors_in_metric(scores, decoder_metric(real_decoder, z, precision)[0]) < 5).all())


def test_the_metric_is_the_covariance_of_the_score_of_complex_outputs(complex_decoder, codes, draw):
    z, precision, n = codes(1, 3), draw(5).square() + 0.1, 40_000
    scale = precision.rsqrt()
    x = complex_decoder(z) + scale * paired(draw(n, 10))
    scores = complex_scores(lambda z: complex_normal_log_density(x, complex_decoder(z), scale), z, n)
    assert bool((errors_in_metric(scores, decoder_metric(complex_decoder, z, precision)[0]) < 5).all())


def test_the_metric_is_the_hessian_of_the_divergence(real_decoder, complex_decoder, codes, draw):
    z, precision = codes(4, 3), draw(10).square() + 0.1
    at, complex_at = real_decoder(z), complex_decoder(z)

    def real(other):
        return 0.5 * (precision * (real_decoder(other) - at).square()).sum(1, keepdim=True)

    def circular(other):
        return (precision[:5] * squared_moduli(complex_decoder(other) - complex_at)).sum(1, keepdim=True)

    torch.testing.assert_close(mixed_hessian(real, z)[..., 0], decoder_metric(real_decoder, z, precision))
    torch.testing.assert_close(mixed_hessian(circular, z)[..., 0], decoder_metric(complex_decoder, z, precision[:5]))


def test_both_ways_to_a_bernoullis_metric_are_the_hessian_of_its_divergence(real_decoder, codes):
    z = codes(4, 3)
    at = torch.sigmoid(real_decoder(z))

    def divergence(other):
        logits = real_decoder(other)
        cross = torch.nn.functional.softplus(logits) - at * logits
        return cross.sum(1, keepdim=True)

    expected = mixed_hessian(divergence, z)[..., 0]
    by_precision = decoder_metric(lambda z: torch.sigmoid(real_decoder(z)), z, 1 / (at * (1 - at)))
    by_angle = decoder_metric(lambda z: 2 * torch.atan(torch.exp(real_decoder(z) / 2)), z)
    torch.testing.assert_close(by_precision, expected)
    torch.testing.assert_close(by_angle, expected)


def test_the_angle_survives_a_saturated_bernoulli(real_decoder, codes):
    z = codes(4, 3).to(torch.complex64)
    metric = decoder_metric(lambda z: 2 * torch.atan(torch.exp(real_decoder(z.to(torch.complex128)).float() - 150)), z)
    assert bool(torch.isfinite(metric).all())


def test_the_metric_is_hermitian_and_positive(real_decoder, complex_decoder, codes):
    for function in (real_decoder, complex_decoder):
        metric = decoder_metric(function, codes(50, 3))
        assert torch.equal(metric, metric.mH)
        assert float(torch.linalg.eigvalsh(metric).min()) > 0
    narrow = decoder_metric(lambda z: real_decoder(z)[:, :2], codes(50, 3))
    assert float(torch.linalg.eigvalsh(narrow).abs().min()) < 1e-12


def test_unitary_changes_of_code_and_output_leave_the_geometry(complex_decoder, codes):
    z, turn = codes(5, 3), unitary(codes, 3)
    metric = decoder_metric(complex_decoder, z)
    turned = decoder_metric(lambda w: complex_decoder(w @ turn.T), z @ turn.conj())
    torch.testing.assert_close(turned, turn.T @ metric @ turn.conj())
    torch.testing.assert_close(log_volume(turned), log_volume(metric))
    outputs = unitary(codes, 5)
    torch.testing.assert_close(decoder_metric(lambda z: complex_decoder(z) @ outputs.T, z), metric)


def test_a_holomorphic_change_of_code_moves_the_volume_by_its_squared_jacobian(complex_decoder, codes):
    z, change = codes(5, 3), codes(3, 3)
    moved = decoder_metric(lambda w: complex_decoder(w @ change.T), z @ torch.linalg.inv(change).T)
    expected = log_volume(decoder_metric(complex_decoder, z)) + 2 * torch.linalg.slogdet(change)[1]
    torch.testing.assert_close(log_volume(moved), expected)


def test_the_volume_is_torchs_determinant_and_its_own_gradient(codes):
    root = codes(4, 3, 3)
    metric = root @ root.mH
    torch.testing.assert_close(log_volume(metric), torch.linalg.slogdet(metric)[1])
    torch.testing.assert_close(log_volume(metric, 2.0), torch.linalg.slogdet(metric + 2 * torch.eye(3))[1])
    assert torch.autograd.gradcheck(lambda root: log_volume(root @ root.mH, 0.5), (root.requires_grad_(),))


def test_the_volume_of_a_decoder_can_be_trained_on(draw, codes):
    weight, z = (draw(6, 8) / 4).requires_grad_(), codes(3, 3)

    def volume(weight):
        return log_volume(decoder_metric(lambda z: torch.tanh(unpaired(z) @ weight), z))

    assert torch.autograd.gradcheck(volume, (weight,))


def test_a_weak_unit_keeps_its_digits(codes):
    root = codes(3, 3)
    weak = torch.tensor([1.0, 1e-7, 1.0], dtype=torch.float64)
    metric = root @ root.mH * weak.unsqueeze(0) * weak.unsqueeze(1)
    single = log_volume(metric.to(torch.complex64)).double()
    exact = 2 * torch.linalg.slogdet(root)[1] + 2 * math.log(1e-7)
    torch.testing.assert_close(single, exact, rtol=1e-5, atol=1e-4)


def test_a_dead_unit_has_no_volume_and_counts_for_nothing_beside_the_prior(real_decoder, codes):
    z = codes(20, 3)
    alive = torch.tensor([1.0, 1.0, 0.0])
    metric = decoder_metric(lambda z: real_decoder(z * alive), z)
    with pytest.raises(Undefined, match="the metric is singular at 20 of 20 codes: no volume along a dead unit"):
        log_volume(metric)
    torch.testing.assert_close(log_volume(metric, 1.0), log_volume(metric[:, :2, :2], 1.0))


def test_a_unit_that_repeats_another_is_singular_in_both_precisions(codes):
    matrix = codes(8, 2)
    repeated = torch.cat((matrix, matrix.sum(1, keepdim=True)), 1)
    regular = decoder_metric(lambda z: z @ matrix.T, codes(1, 2))
    for dtype in (torch.complex64, torch.complex128):
        singular = decoder_metric(lambda z: z @ repeated.to(z.dtype).T, codes(1, 3).to(dtype))
        with pytest.raises(Undefined, match="singular at 1 of 1 codes"):
            log_volume(singular)
        assert math.isfinite(float(log_volume(regular.to(dtype))))


def test_holomorphic_decoders_are_kahler_and_random_networks_are_not(mlp, codes):
    z, first, second = codes(20, 3), codes(8, 3), codes(6, 8)
    holomorphic = closedness_defect(lambda z: torch.sin(z @ first.T / 4) @ second.T, z, 3.0)
    assert float(holomorphic.max()) < 1e-12
    net = mlp([6, 16, 10])
    ordinary = closedness_defect(lambda z: net(unpaired(z)), z)
    assert 0.1 < float(ordinary.median()) < 1
    assert float(ordinary.min()) > 0.01
    # A constant metric is Kähler, though it has no derivative to compare with.
    torch.testing.assert_close(closedness_defect(lambda z: (z @ first.T).real, z), torch.zeros(20, dtype=torch.float64))


def test_the_defect_in_closed_form(codes):
    z = codes(6, 2)
    # f = (z_0·z̄_1, z̄_1·c): g is diagonal, |z_1|² and |z_0|² + c², so ∂_1 g_00̄ = z̄_1 and ∂_0 g_11̄ = z̄_0 alone
    # remain.
    defect = closedness_defect(lambda z: torch.stack((z[:, 0] * z[:, 1].conj(), 2 * z[:, 1].conj()), 1), z)
    torch.testing.assert_close(defect, torch.full((6,), 0.5**0.5, dtype=torch.float64))


def test_the_defect_does_not_depend_on_unitary_coordinates_or_scale(mlp, codes):
    net, z, turn = mlp([6, 16, 10]), codes(5, 3), unitary(codes, 3)
    plain = closedness_defect(lambda z: net(unpaired(z)), z)
    turned = closedness_defect(lambda w: 3 * net(unpaired(w @ turn.T)), z @ turn.conj(), 0.1)
    torch.testing.assert_close(turned, plain)


def test_every_refusal_says_why(real_decoder, codes):
    with pytest.raises(ValueError, match=r"a precision must not be negative, got -1\.0"):
        decoder_metric(real_decoder, codes(2, 3), -1.0)
    with pytest.raises(Undefined, match="the metric contains a value that is not finite"):
        log_volume(torch.full((2, 1, 1), math.nan, dtype=torch.complex64))
    with pytest.raises(Undefined, match="every Hermitian metric in one complex dimension is Kähler"):
        closedness_defect(torch.sin, codes(4, 1))
    with pytest.raises(Undefined, match="the derivative of the metric contains a value that is not finite"):
        closedness_defect(lambda z: z * math.inf, codes(4, 2))
