"""Each kernel over forty decades of size, against its answer at gain 1 in double precision; and what lies beyond."""

import inspect
import math
import pkgutil
from importlib import import_module

import numpy as np
import pytest
import torch
from kernels.laws_of_size import LAWS
from kernels.sizes import WITHOUT_SIZE, Law, Numbers, whole
from torch import Tensor

import vaebench.kernels
from vaebench.kernels.cka import linear_cka
from vaebench.kernels.estimate import Undefined
from vaebench.kernels.fisher_metric import closedness_defect
from vaebench.kernels.jacobian import covariance_root, power_iteration_norms, spectral_norms
from vaebench.kernels.lengths import factored, norms, power_of_two, squared_norms, unit_vectors
from vaebench.kernels.mixture_potential import smallest_eigenvalue

PLACES = 9


def public_kernels() -> set[str]:
    names = [found.name for found in pkgutil.iter_modules(vaebench.kernels.__path__)]
    return {
        name
        for module in (import_module(f"vaebench.kernels.{name}") for name in names)
        for name, thing in vars(module).items()
        if inspect.isfunction(thing) and thing.__module__ == module.__name__ and not name.startswith("_")
    }


def test_every_kernel_has_a_law_or_a_reason_why_it_has_none():
    lawful = {law.kernel.__name__ for law in LAWS}
    assert not lawful & WITHOUT_SIZE.keys()
    assert lawful | WITHOUT_SIZE.keys() == public_kernels()


def gain_at(place: int, decades: int) -> float:
    """One of `PLACES` powers of two, from 10^−decades to 10^decades: scaling by them rounds nothing."""
    return 2.0 ** round((2 * place / (PLACES - 1) - 1) * decades / math.log10(2))


def results(law: Law, numbers: Numbers, gain: float) -> list[Tensor]:
    found = law.call(numbers, gain)
    several = list(found) if isinstance(found, tuple | list) else [found]
    assert len(several) == len(law.degrees)
    return [torch.tensor(each, dtype=torch.float64) if isinstance(each, float) else each for each in several]


def as_doubles(values: Tensor) -> Tensor:
    return (torch.view_as_real(values.resolve_conj()) if values.is_complex() else values).double()


def assert_right(found: Tensor, exact: Tensor) -> None:
    """Right to single precision wherever the truth has a place in the dtype found, and infinite or NaN elsewhere."""
    single = found.dtype in {torch.float32, torch.complex64}
    limits = torch.finfo(torch.float32 if single else torch.float64)
    held, values = exact.abs() < limits.max, as_doubles(found)
    assert not torch.isfinite(values[~held]).any()
    if found.is_complex() and not held.all():
        return  # a product of complex numbers is not a number where one of its four terms is infinite
    atol = 1e-5 * float(exact[held].abs().max()) if held.any() else 0.0
    torch.testing.assert_close(values[held], exact[held], rtol=1e-4, atol=max(atol, 2 * limits.tiny))


@pytest.mark.parametrize("place", range(PLACES))
@pytest.mark.parametrize("law", LAWS, ids=lambda law: law.kernel.__name__)
def test_a_kernel_follows_its_law_over_forty_decades(law, place):
    gain = gain_at(place, law.decades)
    truth = results(law, Numbers(torch.float32 if law.drawn else torch.float64), 1.0)
    for found, at_one, degree in zip(results(law, Numbers(torch.float32), gain), truth, law.degrees, strict=True):
        exact = as_doubles(at_one) + degree * math.log(gain) if law.log else as_doubles(at_one) * gain**degree
        assert_right(found, exact)


def test_lengths_are_those_of_extended_precision_whatever_else_is_in_the_batch(draw):
    sizes = torch.tensor([1e-38, 1e-30, 1e-25, 1e-20, 1e-10, 1.0, 1e10, 1e18, 1e20, 1e30, 1e36, 0.0])
    rows = draw(12, 2, 7).float() * sizes.reshape(-1, 1, 1)
    exact = np.sqrt((rows.flatten(1).numpy().astype(np.longdouble) ** 2).sum(1))
    torch.testing.assert_close(norms(rows).double(), torch.from_numpy(exact.astype(np.float64)), rtol=3e-7, atol=0)
    squares = torch.from_numpy((exact**2).astype(np.float64))
    torch.testing.assert_close(squared_norms(rows), squares, rtol=1e-6, atol=0)
    torch.testing.assert_close(norms(unit_vectors(rows[1:-1])), torch.ones(10))
    assert not unit_vectors(rows)[-1].any()


@pytest.mark.parametrize("size", [1e-25, 1e-20, 1e20, 1e30])
def test_spectral_norms_of_faint_and_of_steep_jacobians(size):
    steep = spectral_norms(torch.full((2, 1, 3), size))
    torch.testing.assert_close(steep, torch.tensor([6**0.5 * size]), rtol=1e-6, atol=0)
    found = power_iteration_norms(lambda v: size * v, torch.zeros(1, 2), 5, torch.Generator().manual_seed(0))
    torch.testing.assert_close(found, torch.tensor([size]), rtol=1e-6, atol=0)


@pytest.mark.parametrize("power", [-110, -70, 70, 110])
def test_a_power_of_two_costs_no_digit(draw, power):
    x, gain = draw(5, 3, 4).float(), 2.0**power
    assert norms(gain * x).equal(gain * norms(x))
    assert squared_norms(gain * x).equal(gain**2 * squared_norms(x))
    assert unit_vectors(gain * x).equal(unit_vectors(x))
    assert power_of_two(gain * x.abs()).equal(gain * power_of_two(x.abs()))
    y, unit = factored(gain * x, "x")
    assert whole(y, unit).equal(gain * x)
    assert bool(((y.abs().flatten(1).amax(1) >= 1) & (y.abs().flatten(1).amax(1) < 2)).all())


def test_a_power_of_two_is_one_at_the_ends_of_the_range_too():
    limits = torch.finfo(torch.float32)
    ends = torch.tensor([0.0, 1e-45, limits.tiny, limits.max, math.inf])
    assert power_of_two(ends).tolist() == [2.0**-126] * 3 + [2.0**127] * 2


def test_what_is_not_finite_stays_so_or_is_refused():
    odd = torch.tensor([[1.0, math.inf], [math.nan, 1.0], [3.0, 4.0]])
    assert norms(odd)[0] == math.inf
    assert norms(odd)[1].isnan()
    assert norms(odd)[2] == 5
    for refuses in (lambda x: factored(x, "it"), spectral_norms, smallest_eigenvalue, covariance_root):
        with pytest.raises(Undefined, match="contains a value that is not finite"):
            refuses(odd[:2] if refuses is covariance_root else torch.full((2, 2, 2), math.inf))


def test_a_decoder_beyond_the_range_of_its_metric_has_its_defect(draw):
    def steep(z):
        return 1e30 * torch.stack((z[:, 0] * z[:, 1].conj(), 2 * z[:, 1].conj()), 1)

    z = torch.complex(*draw(2, 6, 2).float())
    torch.testing.assert_close(closedness_defect(steep, z), torch.full((6,), 0.5**0.5))


def test_a_conjugate_that_torch_has_not_carried_out_has_its_length_too(draw):
    z = torch.complex(*draw(2, 6, 2))
    assert z.conj().is_conj()
    torch.testing.assert_close(norms(z.conj()), norms(z))
    torch.testing.assert_close(linear_cka(z.conj(), z), linear_cka(torch.view_as_real(z.conj().resolve_conj()), z))
