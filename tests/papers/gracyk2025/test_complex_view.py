"""Reading a model as complex changes no measurement: the metric is the same in another basis."""

import pytest
import torch
from measures.known import Known, by_name, ellipsoid, generator, trained
from measures.planted_decoders import corners, model_of
from torch.func import jacrev, vmap

from vaebench.data.digits import load
from vaebench.experiment import EvaluationBudget, Interventions
from vaebench.kernels.complex_normal import paired, unpaired
from vaebench.kernels.estimate import Undefined
from vaebench.measures.probe import Cohort, Probe
from vaebench.papers.gracyk2025 import complex_view, kahler, signed_sampling, smoothness
from vaebench.papers.gracyk2025.complex_view import (
    COMPONENTS,
    at_a_time,
    metric_at,
    posterior_mixture,
    standardised_decoder,
)
from vaebench.papers.gracyk2025.ratings import decoded
from vaebench.training.fit import Trained, build
from vaebench.training.intervened import Intervened
from vaebench.variants import complex_vae, pair_tied_vae, vae

DIGITS = load()
ALL = torch.ones(2, dtype=torch.bool)


def fresh(variant, latent=4, complex_codes=False, seed=3):
    """A model as it is built, sharpened so that no unit has collapsed."""
    model = build(variant, DIGITS.shape, latent, "mlp", seed)
    with torch.no_grad():
        model.log_scale.bias -= 1.5
        model.mean.weight *= 10
    by = Interventions(likelihood_variance=0.05)
    return Trained(Intervened(model, by).eval().requires_grad_(False), latent, 1.0, complex_codes)


def read(model):
    evaluation = EvaluationBudget(samples=512, points=64)
    return {
        **by_name(signed_sampling.signed_sampling(Probe(model, DIGITS, evaluation, generator()))),
        **by_name(kahler.potential_fidelity(Probe(model, DIGITS, evaluation, generator()))),
        **by_name(kahler.plurisubharmonic(Probe(model, DIGITS, evaluation, generator()))),
        **by_name(
            tuple(
                r
                for _, r in smoothness.against_twin(Cohort({("trained", None): model}, DIGITS, evaluation, generator()))
            )
        ),
    }


def real_metric(function, z):
    jacobian = vmap(jacrev(lambda one: function(one[None]).flatten()))(z)
    return jacobian.mT @ jacobian


def hermitian_part(real):
    """P·G·Pᴴ with ∂/∂ζ_k = (∂/∂z_2k − i·∂/∂z_2k+1)/√2."""
    change = torch.zeros(2, 4, dtype=torch.complex64)
    for k in range(2):
        change[k, 2 * k], change[k, 2 * k + 1] = 2**-0.5, -1j * 2**-0.5
    return change @ real.to(torch.complex64) @ change.mH


def test_the_metric_is_the_real_fisher_metric_in_complex_coordinates():
    model = fresh(vae.VARIANT)
    z = torch.randn(20, 4, generator=generator())
    real = real_metric(lambda codes: model.model.decode(codes).mean, z) / 0.05
    torch.testing.assert_close(metric_at(model, paired(z), ALL), hermitian_part(real), rtol=1e-4, atol=1e-4)


def test_a_learned_variance_divides_the_metric_like_a_given_one():
    plain = model_of(torch.sin)
    z = paired(torch.randn(20, 4, generator=generator()))
    learned = model_of(torch.sin)
    decode = learned.model.model.decode
    learned.model.interventions, learned.model.model.decode = (
        Interventions(),
        lambda z: decode(z).with_variance(torch.tensor(0.2)),
    )
    torch.testing.assert_close(metric_at(learned, z, ALL) * 4, metric_at(plain, z, ALL))


def test_a_bernoullis_angle_has_the_metric_of_its_precision():
    """Σ_a ∂p_a·∂p_a/(p_a·(1 − p_a)), and nothing breaks where a probability saturates."""
    weight = torch.randn(4, 9, generator=generator(1))
    model = trained(Known(lambda x: x.flatten(1)[:, :4], lambda z: torch.sin(z @ weight), bernoulli=True), 4)
    z = torch.randn(20, 4, generator=generator())
    p = torch.sigmoid(torch.sin(z @ weight))
    slopes = vmap(jacrev(lambda one: torch.sigmoid(torch.sin(one @ weight))))(z)
    real = (slopes / (p * (1 - p)).unsqueeze(2)).mT @ slopes
    torch.testing.assert_close(metric_at(model, paired(z), ALL), hermitian_part(real), rtol=1e-4, atol=1e-4)

    saturated = trained(Known(lambda x: x, lambda z: 300 * torch.sign(z) + z, bernoulli=True), 4)
    found = metric_at(saturated, paired(z), ALL)
    assert bool(torch.isfinite(found.abs()).all()) and float(found.abs().max()) < 1e-9


def test_the_angle_ends_where_a_coin_is_certain_and_is_nought_where_it_is_even():
    model = trained(Known(lambda x: x, lambda z: 1000 * z, bernoulli=True), 2)
    angle = standardised_decoder(model)(paired(torch.tensor([[1.0, -1.0], [0.0, 0.0]])))
    torch.testing.assert_close(angle, torch.pi * torch.tensor([[0.5, -0.5], [0.0, 0.0]]))


def test_fewer_codes_are_decoded_at_a_time_where_a_hidden_layer_is_wide():
    """Of convolutions on 32×32 images 8,192 values against 1,024 in the output: 2.4 GB were held for their metric."""
    found = {}
    for arch in ("mlp", "conv", "resnet"):
        model = Intervened(build(vae.VARIANT, (1, 32, 32), 4, arch, 0), Interventions(likelihood_variance=0.05))
        codes = paired(torch.randn(3000, 4, generator=generator()))
        found[arch] = [at_a_time(Trained(model.eval(), 4, 1.0, False), codes, most, times=4) for most in (2048, 10**6)]
    assert found == {"mlp": [2048, 4096], "conv": [512, 512], "resnet": [512, 512]}
    assert not any(layer._forward_hooks for layer in model.modules())


def test_second_derivatives_are_taken_of_fewer_codes_where_a_hidden_layer_is_wide(monkeypatch):
    """64 codes at once took .7 GB of convolutions on 32×32 images. In parts the defect is the same."""
    seen, defect = list[int](), kahler.closedness_defect
    monkeypatch.setattr(kahler, "closedness_defect", lambda f, part: seen.append(len(part)) or defect(f, part))
    model, z = fresh(vae.VARIANT), paired(torch.randn(12, 4, generator=generator()))
    whole = kahler._defect(model, z)
    monkeypatch.setattr(complex_view, "VALUES", 5 * 256 * 16 // 4)  # five codes of a layer of 256, in 16 copies each
    parts = kahler._defect(model, z)
    assert seen == [12, 5, 5, 2]
    assert parts.value == pytest.approx(whole.value, rel=1e-5)


@pytest.mark.parametrize("arch", ["mlp", "conv"])
def test_decoding_in_parts_changes_no_image(monkeypatch, arch):
    model = Trained(Intervened(build(vae.VARIANT, (1, 8, 8), 4, arch, 0), Interventions()).eval(), 4, 1.0, False)
    codes = paired(torch.randn(40, 4, generator=generator()))
    whole = decoded(model, codes)
    monkeypatch.setattr(complex_view, "FEW", 1)
    monkeypatch.setattr(complex_view, "VALUES", 2**10)
    assert at_a_time(model, codes, 40, times=4) < 40
    torch.testing.assert_close(decoded(model, codes), whole)


@pytest.mark.parametrize(("values", "most"), [(1, 1), (28, 7), (10**6, 20)])
def test_codes_at_a_time_change_no_metric(monkeypatch, values, most):
    model, z = model_of(lambda z: torch.sin(2 * z)), paired(torch.randn(20, 4, generator=generator()))
    whole, parts = metric_at(model, z, ALL), list[int]()
    metric = complex_view.decoder_metric
    monkeypatch.setattr(complex_view, "decoder_metric", lambda f, part: parts.append(len(part)) or metric(f, part))
    monkeypatch.setattr(complex_view, "FEW", 1)
    monkeypatch.setattr(complex_view, "VALUES", values)
    torch.testing.assert_close(metric_at(model, z, ALL), whole)
    assert max(parts) == most


def test_a_complex_model_and_its_pair_tied_twin_of_the_same_weights_read_alike():
    one, two = read(fresh(complex_vae.VARIANT, complex_codes=True)), read(fresh(pair_tied_vae.VARIANT))
    assert one.keys() == two.keys()
    compared = 0
    for name, measurement in one.items():
        if measurement.value is not None:
            assert two[name].value == pytest.approx(measurement.value, rel=1e-3, abs=1e-4), name
            compared += 1
        else:
            assert two[name] == measurement
    assert compared > 30


def test_another_model_reads_otherwise():
    one, two = (read(fresh(pair_tied_vae.VARIANT, seed=seed)) for seed in (3, 4))
    assert abs(one["potential_spearman"].value - two["potential_spearman"].value) > 1e-3
    assert one["kahler_defect"].value != two["kahler_defect"].value


def test_the_mixture_is_that_of_the_posteriors():
    data, scale = ellipsoid(), torch.tensor([0.1, 0.3, 0.2, 0.2])
    model = trained(Known(lambda x: x.flatten(1)[:, :4], lambda z: z, scale), 4)
    mixture = posterior_mixture(model, data)
    torch.testing.assert_close(unpaired(mixture.means), data.train.x[:COMPONENTS].flatten(1)[:, :4])
    torch.testing.assert_close(mixture.scales, torch.tensor([[0.05**0.5, 0.2]]).expand(COMPONENTS, 2))
    assert bool(mixture.active.all())


@pytest.mark.parametrize(
    ("scale", "active"), [((0.1, 0.1, 1.0, 1.0), (True, False)), ((0.9, 0.3, 0.6, 0.9), (True, False))]
)
def test_a_complex_unit_is_active_where_its_mean_variance_is_below_a_half(scale, active):
    model = trained(Known(lambda x: x.flatten(1)[:, :4], lambda z: z, torch.tensor(scale)), 4)
    mixture = posterior_mixture(model, ellipsoid(9))
    assert tuple(mixture.active.tolist()) == active
    z = paired(torch.randn(5, 4, generator=generator()))
    assert metric_at(model, z, mixture.active).shape == (5, 1, 1)
    torch.testing.assert_close(metric_at(model, z, mixture.active)[:, 0, 0], metric_at(model, z, ALL)[:, 0, 0])


def test_where_all_units_have_collapsed_there_is_no_mixture():
    model = trained(Known(lambda x: x[:, :4], lambda z: z, 1.0), 4)
    with pytest.raises(Undefined, match="every complex latent unit has collapsed to the prior"):
        posterior_mixture(model, corners(100))
