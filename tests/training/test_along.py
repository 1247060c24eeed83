"""Models along a knob, trained as one, are the models that they are one by one."""

from dataclasses import replace
from functools import cache

import pytest
import torch
from torch import nn
from torch.nn.functional import linear

from vaebench import catalog
from vaebench.data.digits import load
from vaebench.experiment import Interventions, TrainingConfig
from vaebench.models import AutoEncoder, Gaussian, Unfit, Variant, autoencoder, negative_elbo
from vaebench.training import around
from vaebench.training.fit import Diverged, OutOfTime, fit_along, fit_seeds

DIGITS = load()
TRAINING = TrainingConfig(steps=12, batch=32, learning_rate=3e-3, snapshots=(0, 5, 12))
SCALES = tuple(Interventions(likelihood_variance=0.05, posterior_scale=scale) for scale in (0.05, 0.4, 1.0))
NOISES = tuple(Interventions(likelihood_variance=0.05, input_noise=noise) for noise in (0.0, 0.1, 0.8))
SUMMED_OTHERWISE = {"factor_vae"}
"""Variants whose weights have several gradients, which a stack adds in another order."""


def along(variants, interventions, stacked, training=TRAINING, arch="mlp", **more):
    return list(
        fit_along(
            variants,
            DIGITS,
            arch=arch,
            latent=4,
            training=training,
            interventions=interventions,
            seed=1,
            stacked=stacked,
            **more,
        )
    )


@pytest.fixture
def models_at_once():
    """How many models each training of a test had."""
    exact()  # which trains a model once
    seen = []

    def watched(models):
        seen.append(models)
        return around.nullcontext()

    around.watch(watched)
    yield seen
    around.watch(around.nullcontext)


def both(variant, interventions, **more):
    variants = [variant] * len(interventions)
    return [along(variants, interventions, stacked, **more) for stacked in (False, True)]


@cache
def exact() -> bool:
    """Whether this processor multiplies a stack of matrices as it does each: without AVX-512 some it does not."""
    plain = catalog.variant("vae").variant
    (one,) = along([plain], SCALES[:1], False, training=replace(TRAINING, steps=1, snapshots=()))
    draw = torch.Generator().manual_seed(0)
    for layer in (layer for layer in one.model.modules() if isinstance(layer, nn.Linear)):
        x = torch.randn(3, TRAINING.batch, layer.in_features, generator=draw)
        w, b = torch.randn(3, *layer.weight.shape, generator=draw), torch.randn(3, layer.out_features, generator=draw)
        if not torch.equal(torch.vmap(linear)(x, w, b), torch.stack(list(map(linear, x, w, b)))):
            return False
    return True


def same(one, other, exactly=True):
    """Weights, snapshots and history of two models; to the bit where this processor allows it."""
    if exactly and not exact():
        losses = [[loss for _, loss in model.history] for model in (one, other)]
        return losses[0] == pytest.approx(losses[1], rel=1e-3)
    weights = [(model.model.state_dict(), dict(model.snapshots), model.history) for model in (one, other)]
    pairs = [(weights[0][0][name], weight) for name, weight in weights[1][0].items()]
    for step, there in weights[0][1].items():
        pairs += [(there[name], weight) for name, weight in weights[1][1][step].items()]
    if exactly:
        return weights[0][2] == weights[1][2] and all(torch.equal(*pair) for pair in pairs)
    return all(torch.allclose(*pair, rtol=1e-3, atol=1e-3) for pair in pairs)


@pytest.mark.parametrize("interventions", [SCALES, NOISES], ids=["scales", "noises"])
@pytest.mark.parametrize("name", sorted(set(catalog.variant_names()) - SUMMED_OTHERWISE))
def test_a_stack_of_mlps_gives_the_numbers_of_each_alone_bit_for_bit(name, interventions, models_at_once):
    apart, together = both(catalog.variant(name).variant, interventions)
    assert all(same(*pair) for pair in zip(apart, together, strict=True))
    assert not same(together[0], together[2], exactly=False)
    assert models_at_once == [1, 1, 1, 3]
    assert {one.notes for one in apart} == {()} and {one.notes for one in together} == {("stacked: 3",)}
    assert [step for step, _ in together[1].snapshots] == [0, 5, 12]


@pytest.mark.parametrize(("name", "arch"), [("factor_vae", "mlp"), ("vae", "conv"), ("beta_tcvae", "resnet")])
def test_where_sums_have_another_order_a_stack_gives_the_same_up_to_rounding(name, arch):
    training = replace(TRAINING, steps=2, snapshots=())
    apart, together = both(catalog.variant(name).variant, SCALES, training=training, arch=arch)
    for one, other in zip(apart, together, strict=True):
        assert one.history[0][1] == pytest.approx(other.history[0][1], rel=1e-5)
        # Adam moves a weight whose gradient is nothing but rounding by as much as any: by the learning rate at most.
        for name_, weight in one.model.state_dict().items():
            assert float((weight - other.model.state_dict()[name_]).abs().max()) <= 2 * 3e-3 * 2
    assert together[0].notes[-1] == "stacked: 3"


@pytest.mark.parametrize("name", ["beta_vae", "annealed_vae", "dip_vae_ii", "denoising_vae", "beta_tcvae"])
def test_strengths_are_stacked_as_numbers_of_the_objective(name):
    variant = catalog.variant(name).variant
    variants = [replace(variant, objective=variant.objective_at(s), kl_weight=None) for s in variant.strengths]
    interventions = [Interventions(likelihood_variance=0.05)] * len(variants)
    found = [along(variants, interventions, stacked, strengths=variant.strengths) for stacked in (False, True)]
    for one, other in zip(*found, strict=True):
        losses = [[loss for _, loss in each.history] for each in (one, other)]
        assert losses[0] == pytest.approx(losses[1], rel=1e-4)
    assert len({one.history[-1][1] for one in found[1]}) == len(variants)
    assert found[1][0].notes[-1] == f"stacked: {len(variants)}"


def test_what_cannot_be_stacked_is_trained_one_by_one_and_says_why():
    """A strength that decides a shape; and an objective that asks for a number."""
    iwae = catalog.variant("iwae").variant
    variants = [replace(iwae, objective=iwae.objective_at(s), kl_weight=None) for s in iwae.strengths]
    found = along(variants, [Interventions(likelihood_variance=0.05)] * len(variants), True, strengths=iwae.strengths)
    assert found[0].notes[-1].startswith("trained one by one: ")

    def asks(step):
        loss = negative_elbo()(step)["kl"] + negative_elbo()(step)["reconstruction"]
        return loss if float(loss.detach()) > -1e9 else 2 * loss

    apart, together = both(Variant("asks", "tests", autoencoder, asks), SCALES)
    assert all(same(*pair) for pair in zip(apart, together, strict=True))
    assert all("one by one" in one.notes[-1] for one in together)


def test_a_model_that_has_no_copy_is_trained_one_by_one():
    """It keeps its last codes that hang on a graph; a cell of it was broken."""

    class Remembering(AutoEncoder):
        def encode(self, x):
            said = super().encode(x)
            if said.mean.grad_fn is not None:
                self.last = said.mean
            return said

    def build(shape, latent, arch):
        plain = autoencoder(shape, latent, arch)
        plain.__class__ = Remembering
        return plain

    variant = Variant("remembering", "tests", build, negative_elbo())
    plain = Variant("remembering", "tests", autoencoder, negative_elbo())
    found, alone = along([variant] * 3, SCALES, True), along([plain] * 3, SCALES, False)
    assert all(same(*pair) for pair in zip(found, alone, strict=True))
    assert all("one by one" in one.notes[-1] for one in found)


@pytest.mark.usefixtures("loop_alone")
def test_what_comes_out_otherwise_stacked_is_found_before_it_is_trained():
    """An objective that counts its calls gives something else when it is called once for all."""
    calls = []

    def counts(step):
        calls.append(1)
        return {**negative_elbo()(step), "calls": 0 * step.z.sum() + float(len(calls))}

    found = along([Variant("counts", "tests", autoencoder, counts)] * 3, SCALES, True)
    assert "has a loss of" in found[0].notes[-1]


def test_more_than_the_knob_is_no_stack():
    mixed = (SCALES[0], replace(SCALES[1], likelihood_variance=0.1))
    found = along([catalog.variant("vae").variant] * 2, mixed, True)
    assert "differ in more" in found[0].notes[-1]


class Breaking(AutoEncoder):
    """A decoder whose variance overflows once its knob is large: one member of a stack diverges."""

    def decode(self, z):
        mean = self.decoder(z)
        wild = (z.detach().std() > 0.9).float()
        return Gaussian(mean, torch.exp(-1e4 * wild * self.grows) + 0.05 * (1 - wild))


def breaking(shape, latent, arch):
    plain = autoencoder(shape, latent, arch)
    model = Breaking(plain.encoder, plain.decoder, plain.mean.in_features, latent)
    model.grows = nn.Parameter(torch.ones(()))
    return model


@pytest.mark.usefixtures("loop_alone")
def test_a_member_that_diverges_is_raised_at_its_place_and_touches_no_other():
    variant = Variant("breaking", "tests", breaking, negative_elbo())
    interventions = [Interventions(posterior_scale=scale) for scale in (0.05, 0.3, 5.0)]
    apart = along([variant] * 2, interventions[:2], False)
    together = fit_along(
        [variant] * 3,
        DIGITS,
        arch="mlp",
        latent=4,
        training=TRAINING,
        interventions=interventions,
        seed=1,
        stacked=True,
    )
    for one in apart:
        assert same(one, next(together), exactly=False)
    with pytest.raises(Diverged, match="step 0 of 12"):
        next(together)


def test_a_stack_has_the_time_of_all_its_members(models_at_once):
    variant = catalog.variant("vae").variant
    along([variant] * 3, SCALES, True)
    along([variant] * 2, SCALES[:2], False)
    assert models_at_once == [3, 1, 1]
    with pytest.raises(OutOfTime, match=r"after 3e-09 s"):
        along([variant] * 3, SCALES, True, seconds=1e-9)


def test_a_network_that_does_not_fit_is_raised_as_it_is_alone():
    for stacked in (False, True):
        with pytest.raises(Unfit):
            along([catalog.variant("linear_vae").variant] * 2, SCALES[:2], stacked, arch="conv")


@pytest.mark.parametrize("variant", ["vae", "factor_vae"])
def test_a_cpu_trains_one_by_one_so_no_reading_hangs_on_how_its_processor_rounds_a_stack(variant, models_at_once):
    """Stacked mlps had the bits of each alone where there is AVX-512, and no note where there is not."""
    assert not along([catalog.variant(variant).variant] * 3, SCALES, None)[0].notes
    assert models_at_once == [1, 1, 1]


@pytest.mark.usefixtures("loop_alone")
def test_members_that_all_diverge_have_their_own_reason_each():
    """The second one breaks at the start, and the first at the end."""

    def ends(step):
        return {**negative_elbo()(step), "end": 0 * step.z.sum() + (float("inf") if step.step == 11 else 0.0)}

    interventions = [Interventions(posterior_scale=scale) for scale in (0.05, 5.0)]
    with pytest.raises(Diverged, match="step 11 of 12"):
        along([Variant("breaking", "tests", breaking, ends)] * 2, interventions, True)


SEEDS = (1, 2)
DRAWING = {"denoising_vae", "factor_vae", "iwae", "kahler_vae"}
"""Variants whose objective draws for itself."""


def of_seeds(variant, interventions, data=(DIGITS, DIGITS), training=TRAINING, arch="mlp", **more):
    variants = [variant] * len(interventions) if isinstance(variant, Variant) else variant
    return fit_seeds(
        variants, data, arch=arch, latent=4, training=training, interventions=interventions, seeds=SEEDS, **more
    )


def of_seed(variant, interventions, seed, data=DIGITS, **more):
    options = {"arch": "mlp", "latent": 4, "training": TRAINING, **more}
    return list(
        fit_along(
            [variant] * len(interventions), data, interventions=interventions, seed=seed, stacked=False, **options
        )
    )


@pytest.mark.parametrize("name", sorted(catalog.variant_names()))
def test_seeds_are_stacked_to_the_numbers_of_each_alone_bit_for_bit(name, models_at_once):
    variant = catalog.variant(name).variant
    together = of_seeds(variant, SCALES)
    notes = {one.notes[-1] for models in together for one in models}
    if name in DRAWING:
        why = "trained one by one: its objective or a layer draws for itself, and each seed has its own draws"
        assert notes == {why} and models_at_once == [6] + [1] * 6
    else:
        assert notes == {"stacked: 6"} and models_at_once == [6]
    for seed, models in zip(SEEDS, together, strict=True):
        assert all(same(*pair) for pair in zip(models, of_seed(variant, SCALES, seed), strict=True))
    assert not same(together[0][0], together[1][0], exactly=False)


def test_each_seed_of_a_stack_has_data_of_its_own():
    shifted = replace(DIGITS, train=replace(DIGITS.train, x=DIGITS.train.x.flip(0)))
    variant = catalog.variant("vae").variant
    _, second = of_seeds(variant, SCALES, (DIGITS, shifted))
    assert {one.notes[-1] for one in second} == {"stacked: 6"}
    assert all(same(*pair) for pair in zip(second, of_seed(variant, SCALES, 2, shifted), strict=True))
    assert not same(second[0], of_seed(variant, SCALES, 2)[0], exactly=False)


def test_noise_on_inputs_is_each_seeds_own():
    variant = catalog.variant("vae").variant
    for seed, models in zip(SEEDS, of_seeds(variant, NOISES), strict=True):
        assert {one.notes[-1] for one in models} == {"stacked: 6"}
        assert all(same(*pair) for pair in zip(models, of_seed(variant, NOISES, seed), strict=True))


def test_strengths_are_stacked_over_seeds_too():
    variant = catalog.variant("beta_vae").variant
    variants = [replace(variant, objective=variant.objective_at(s), kl_weight=None) for s in variant.strengths]
    interventions = [Interventions(likelihood_variance=0.05)] * len(variants)
    together = of_seeds(variants, interventions, strengths=variant.strengths)
    assert together[1][0].notes[-1] == f"stacked: {2 * len(variants)}"
    for one, own in zip(together[1], variants, strict=True):
        (alone,) = of_seed(own, interventions[:1], 2)
        assert [loss for _, loss in one.history] == pytest.approx([loss for _, loss in alone.history], rel=1e-4)


def test_seeds_of_unequal_data_are_trained_one_by_one():
    fewer = replace(DIGITS, train=replace(DIGITS.train, x=DIGITS.train.x[:900], labels=DIGITS.train.labels[:900]))
    variant = catalog.variant("vae").variant
    _, second = of_seeds(variant, SCALES, (DIGITS, fewer))
    assert second[0].notes[-1] == "trained one by one: the seeds differ in the number of their examples"
    assert all(same(*pair) for pair in zip(second, of_seed(variant, SCALES, 2, fewer), strict=True))


def test_convolutions_of_several_seeds_agree_up_to_rounding():
    training = replace(TRAINING, steps=2, snapshots=())
    variant = catalog.variant("vae").variant
    together = of_seeds(variant, SCALES, training=training, arch="conv")
    for seed, models in zip(SEEDS, together, strict=True):
        for one, other in zip(models, of_seed(variant, SCALES, seed, training=training, arch="conv"), strict=True):
            assert one.history[0][1] == pytest.approx(other.history[0][1], rel=1e-5)
            assert same(one, other, exactly=False) or one.history[-1][1] == pytest.approx(
                other.history[-1][1], rel=1e-3
            )


@pytest.mark.usefixtures("loop_alone")
def test_a_member_that_diverges_touches_no_other_seed():
    variant = Variant("breaking", "tests", breaking, negative_elbo())
    interventions = [Interventions(posterior_scale=scale) for scale in (0.05, 5.0)]
    for seed, (fine, broken) in zip(SEEDS, of_seeds(variant, interventions), strict=True):
        assert isinstance(broken, Diverged) and "step 0 of 12" in str(broken)
        assert fine.notes[-1] == "stacked: 4"
        assert same(fine, *of_seed(variant, interventions[:1], seed), exactly=False)


class Jittered(AutoEncoder):
    """Draws a number when it is built, and keeps it beside its weights."""

    def __init__(self, *arguments):
        super().__init__(*arguments)
        self.jitter = float(torch.rand(()))


def jittered(shape, latent, arch):
    plain = autoencoder(shape, latent, arch)
    return Jittered(plain.encoder, plain.decoder, plain.mean.in_features, latent)


def test_what_a_model_keeps_beside_its_weights_is_not_taken_from_another_seed():
    """Its term comes in late: at the first step all members have the losses that they have alone."""

    def objective(step):
        ramp = 0.0 if step.step < 5 else 1.0
        return {**negative_elbo()(step), "late": ramp * step.model.jitter * step.z.square().mean()}

    variant = Variant("jittered", "tests", jittered, objective)
    for seed, models in zip(SEEDS, of_seeds(variant, SCALES), strict=True):
        assert "has a loss of" in models[0].notes[-1]
        assert all(same(*pair) for pair in zip(models, of_seed(variant, SCALES, seed), strict=True))


def test_an_objective_that_draws_in_the_middle_is_trained_seed_by_seed():
    def objective(step):
        drawn = torch.randn((), generator=step.rng) if step.step == 6 else 0.0
        return {**negative_elbo()(step), "drawn": drawn * step.z.mean()}

    variant = Variant("drawing", "tests", autoencoder, objective)
    for seed, models in zip(SEEDS, of_seeds(variant, SCALES), strict=True):
        assert "draws for itself" in models[0].notes[-1]
        assert all(same(*pair) for pair in zip(models, of_seed(variant, SCALES, seed), strict=True))


def test_a_checkpoint_of_several_seeds_is_not_trained(tmp_path):
    from safetensors.torch import save_file

    from vaebench.training.fit import build

    save_file(
        build(catalog.variant("vae").variant, (1, 8, 8), 4, "mlp", 0).state_dict(), tmp_path / "weights.safetensors"
    )
    variant = Variant(
        "kept", "tests", autoencoder, negative_elbo(), trained=True, weights=str(tmp_path / "weights.safetensors")
    )
    for (one,) in of_seeds(variant, (Interventions(),)):
        assert one.frozen and not any("stacked" in note for note in one.notes)


def test_no_seeds_and_no_knob_are_no_models():
    options = {"arch": "mlp", "latent": 4, "training": TRAINING}
    assert fit_seeds([], [DIGITS], interventions=[], seeds=[1], **options) == [[]]
    assert fit_seeds([catalog.variant("vae").variant] * 3, [], interventions=SCALES, seeds=[], **options) == []


@pytest.mark.parametrize(("latent", "batch"), [(1, 32), (4, 1)])
def test_one_unit_or_one_example_is_rounded_otherwise_in_a_stack_so_it_is_trained_alone(latent, batch, models_at_once):
    variant = catalog.variant("vae").variant
    training = replace(TRAINING, batch=batch)
    found = fit_along([variant] * 3, DIGITS, arch="mlp", latent=latent, training=training, interventions=SCALES, seed=1)
    alone = of_seed(variant, SCALES, 1, latent=latent, training=training)
    assert all(same(*pair) for pair in zip(found, alone, strict=True))
    assert models_at_once == [1] * 6


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="CUDA")
@pytest.mark.parametrize("arch", ["mlp", "conv"])
def test_seeds_that_are_stacked_on_a_gpu_give_the_numbers_of_each_alone(arch):
    training = replace(TRAINING, steps=8, snapshots=())  # the last ones are captured
    variant = catalog.variant("vae").variant
    together = of_seeds(variant, SCALES, training=training, arch=arch, device="cuda")
    for seed, models in zip(SEEDS, together, strict=True):
        alone = of_seed(variant, SCALES, seed, training=training, arch=arch, device="cuda")
        for one, other in zip(models, alone, strict=True):
            assert one.notes[-1] == "stacked: 6" and not any("without a CUDA graph" in note for note in one.notes)
            assert one.history[0][1] == pytest.approx(other.history[0][1], rel=1e-4)
