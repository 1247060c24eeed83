import math

import pytest
import torch

from vaebench.kernels.estimate import Undefined
from vaebench.kernels.jacobian import jacobian_columns
from vaebench.kernels.mala import TARGET_ACCEPTANCE, mala, with_gradient

SCALES = torch.tensor([0.5, 1.0, 2.0], dtype=torch.float64)


def stretched(z):
    """Log density of N(0, diag SCALES²) up to a constant, and its gradient."""
    return -(z / SCALES).square().sum(1) / 2, -z / SCALES.square()


def standard(z):
    return -z.square().sum(1) / 2, -z


@with_gradient
def quartic(z):
    return -z.pow(4).sum(1) / 4


@pytest.mark.parametrize("step_size", [0.3, 0.8, 1.2])
def test_exact_draws_stay_exact_however_coarse_the_step(draw, rng, step_size):
    chains = mala(stretched, SCALES * draw(8000, 3), 15, step_size, rng)
    assert bool((chains.z.mean(0).abs() < 4 * SCALES / 8000**0.5).all())
    assert bool(((chains.z / SCALES).square().mean(0) - 1).abs().lt(4 * math.sqrt(2 / 8000)).all())


def test_without_the_decision_such_steps_would_not_be_exact(draw):
    z = draw(8000, 1)
    for _ in range(15):
        z = z + 1.2**2 / 2 * -z + 1.2 * draw(8000, 1)
    assert float(z.var()) > 1.3


def test_a_known_target_is_reached_from_the_prior(draw, rng):
    # log p = −z⁴/4: E z² = 2·Γ(¾)/Γ(¼), E z⁴ = 1.
    start = draw(6000, 2)
    z = mala(quartic, start, 150, 0.4, rng).z
    for power, exact in [(2, 2 * math.gamma(0.75) / math.gamma(0.25)), (4, 1.0)]:
        values = z.pow(power).flatten()
        assert float(values.mean()) == pytest.approx(exact, abs=4 * float(values.std()) / 12_000**0.5)
        assert abs(float(start.pow(power).mean()) - exact) > 0.2


def test_volume_weights_agree_with_the_closed_form(draw, rng):
    # N(0, I)·exp(−3|z|²/2) is N(0, I/4): what resampling by weight gives, without its weights.
    z = mala(with_gradient(lambda z: -(1 + 3) * z.square().sum(1) / 2), draw(5000, 4), 40, 0.1, rng, burn_in=60).z
    assert float(z.square().mean()) == pytest.approx(0.25, rel=4 * math.sqrt(2 / 20_000))


@pytest.mark.parametrize("step_size", [0.2, 0.7, 1.5])
def test_acceptance_on_a_normal_is_the_closed_form(draw, rng, step_size):
    # There the log ratio is −(s²/8)·(|z′|² − |z|²), with z′ = (1 − s²/2)·z + s·ξ.
    start, noise = draw(40_000, 2), draw(40_000, 2)
    proposed = (1 - step_size**2 / 2) * start + step_size * noise
    log_ratio = -(step_size**2) / 8 * (proposed.square() - start.square()).sum(1)
    expected = log_ratio.clamp_max(0).exp()
    found = mala(standard, draw(40_000, 2), 1, step_size, rng).acceptance
    stderr = math.hypot(float(expected.std()), float(found.std())) / 200
    assert float(found.mean()) == pytest.approx(float(expected.mean()), abs=4 * stderr)


def test_rejections_vanish_like_the_cube_of_the_step(draw, rng):
    start = draw(20_000, 2)
    coarse, fine = (float(1 - mala(standard, start, 1, size, rng).acceptance.mean()) for size in (0.2, 0.1))
    assert fine < 1e-3
    assert coarse / fine == pytest.approx(8, rel=0.1)


@pytest.mark.parametrize("step_size", [1e-2, 30.0])
def test_the_step_size_is_adapted_in_burn_in_and_then_kept(draw, rng, step_size):
    chains = mala(stretched, SCALES * draw(500, 3), 40, step_size, rng, burn_in=150)
    assert float(chains.acceptance.mean()) == pytest.approx(TARGET_ACCEPTANCE, abs=0.04)
    kept = mala(stretched, chains.z, 40, float(chains.step_size), rng)
    assert float(kept.step_size) == float(chains.step_size)
    longer = mala(stretched, SCALES * draw(500, 3), 1, step_size, rng, burn_in=300)
    assert float(longer.step_size) == pytest.approx(float(chains.step_size), rel=0.1)


@pytest.mark.parametrize("outside", [float("nan"), float("inf"), float("-inf")])
@pytest.mark.parametrize("where", ["value", "gradient"])
def test_chains_never_enter_where_the_density_is_not_finite(draw, rng, outside, where):
    def walled(z):
        value, gradient = standard(z)
        beyond = z[:, 0] < 0
        if where == "value":
            return torch.where(beyond, outside, value), gradient
        return value, torch.where(beyond[:, None], outside, gradient)

    z = mala(walled, draw(6000, 1).abs(), 15, 0.8, rng).z
    assert bool((z > 0).all())
    # What is left is the half normal, of mean √(2/π) and second moment 1.
    assert float(z.mean()) == pytest.approx(math.sqrt(2 / math.pi), abs=4 * float(z.std()) / 6000**0.5)
    assert float(z.square().mean()) == pytest.approx(1, abs=4 * math.sqrt(2 / 6000))


def test_a_stuck_chain_shows_in_its_own_acceptance(rng):
    # The gradient −z³ throws it so far to the other side, every time, that the mean over chains would hardly tell.
    start = torch.ones(100, 1, dtype=torch.float64)
    start[0] = 5.0
    chains = mala(quartic, start, 20, 0.8, rng)
    assert float(chains.acceptance[0]) < 1e-6
    assert float(chains.z[0]) == 5
    assert float(chains.acceptance[1:].min()) > 0.3


def test_two_far_modes_keep_the_shares_of_the_starts(draw, rng):
    # The deceptive target: every diagnostic is fine, and a quarter stays where a half belongs.
    two_modes = with_gradient(lambda z: torch.logaddexp(-(z - 8).square(), -(z + 8).square()).sum(1) * 2)
    start = draw(800, 1) / 2 + 8.0 * torch.where(torch.arange(800) < 200, -1, 1)[:, None]
    chains = mala(two_modes, start, 50, 0.5, rng)
    assert float(chains.acceptance.mean()) > 0.8
    assert float((chains.z < 0).double().mean()) == pytest.approx(0.25)


def test_the_gradient_is_each_chains_own_even_under_no_grad(draw, mlp):
    net, z = mlp([3, 8, 1]), draw(5, 3)
    with torch.no_grad():
        value, gradient = with_gradient(lambda z: net(z)[:, 0])(z)
    assert not value.requires_grad
    step = 1e-6 * torch.eye(3, dtype=torch.float64)
    differences = torch.stack([(net(z + each) - net(z - each))[:, 0] / 2e-6 for each in step], 1)
    torch.testing.assert_close(gradient, differences, rtol=1e-6, atol=1e-8)


def test_no_more_chains_are_differentiated_at_once_than_were_said_and_parts_do_not_show(draw, mlp):
    """The metrics of all chains on images of MNIST were held at once."""
    net, z, seen = mlp([3, 8, 1]), draw(10, 3), []

    def density(z):
        seen.append(len(z))
        return net(z)[:, 0]

    whole, parts = with_gradient(density)(z), with_gradient(density, 4)(z)
    assert seen == [10, 4, 4, 2]
    for one, other in zip(whole, parts, strict=True):
        torch.testing.assert_close(one, other)


def test_a_density_may_hold_derivatives_of_its_own(draw, rng):
    # The volume element of sinh, coordinate by coordinate, is ∏ cosh(z_j)², and the gradient of its logarithm 2·tanh.
    def volume_weighted(z):
        columns = jacobian_columns(torch.sinh, z)
        gram = torch.einsum("ibk,jbk->bij", columns, columns)
        return torch.logdet(gram) - z.square().sum(1) / 2

    z = draw(6, 2)
    torch.testing.assert_close(with_gradient(volume_weighted)(z)[1], 2 * torch.tanh(z) - z)
    assert bool(mala(with_gradient(volume_weighted), z, 3, 0.3, rng).z.isfinite().all())


def test_the_start_is_left_alone_and_draws_come_from_the_generator(draw):
    start = draw(20, 2)
    kept, before = start.clone(), torch.random.get_rng_state()
    one, other = (mala(standard, start, 5, 0.5, torch.Generator().manual_seed(2), burn_in=5) for _ in range(2))
    assert torch.equal(one.z, other.z)
    assert torch.equal(start, kept)
    assert torch.equal(before, torch.random.get_rng_state())


def test_a_start_outside_the_density_is_undefined(rng):
    with pytest.raises(Undefined, match="the log density of the starts"):
        mala(lambda z: (z[:, 0].log(), 1 / z), torch.zeros(3, 1), 1, 0.1, rng)
    with pytest.raises(Undefined, match="the gradient at the starts"):
        mala(lambda z: (z[:, 0].sqrt(), 0.5 / z.sqrt()), torch.zeros(3, 1), 1, 0.1, rng)


def test_mistakes_are_named(rng):
    start = torch.zeros(4, 2)
    with pytest.raises(ValueError, match="batch of vectors"):
        mala(standard, torch.zeros(4), 1, 0.1, rng)
    for steps, size, burn_in in [(0, 0.1, 0), (1, 0.0, 0), (1, float("nan"), 0), (1, 0.1, -1)]:
        with pytest.raises(ValueError, match="chains need steps of at least 1"):
            mala(standard, start, steps, size, rng, burn_in=burn_in)
    with pytest.raises(ValueError, match="as many values and gradients"):
        mala(lambda z: (standard(z)[0][:, None], -z), start, 1, 0.1, rng)
