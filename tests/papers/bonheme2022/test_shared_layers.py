"""Encoders of two settings are compared with encoders of two seeds. Common initial weights do not make them alike."""

from dataclasses import replace

import pytest
import torch
from measures.known import generator
from measures.planted import DATA, at_end, narrow

from vaebench.claims import declined
from vaebench.experiment import EvaluationBudget
from vaebench.kernels.cka import linear_cka
from vaebench.kernels.procrustes import procrustes_similarity
from vaebench.measures.probe import Cohort
from vaebench.models import negative_elbo
from vaebench.models.layers import HEADS
from vaebench.papers.bonheme2022 import shared_layers
from vaebench.papers.bonheme2022.layers import encoded, layers_of
from vaebench.papers.bonheme2022.shared_layers import DIFFERENCES, shared_encoders
from vaebench.papers.bonheme2022.trajectory import INDICES
from vaebench.variants import beta_tcvae

OTHER = tuple(f"{name}_other_objective" for name in DIFFERENCES.values())


def read(models):
    found = shared_encoders(Cohort(models, DATA, EvaluationBudget(points=96), generator()))
    return {(knob, measurement.name): measurement for knob, measurement in found}


def encoder_of(seed, **changed):
    """Weights of one draw, with those of some modules of another in their place."""
    weights = narrow(seed).state_dict()
    for module, other in changed.items():
        of_other = narrow(other).state_dict()
        weights |= {name: weight for name, weight in of_other.items() if name.startswith(f"{module}.")}
    return trained_to(weights, narrow(seed).state_dict())


def trained_to(weights, start, objective=None):
    return replace(at_end(weights, ((0, start), (9, weights))), objective=objective or negative_elbo())


def cell(strong, other=None, middle=0, twin=0):
    """Three strengths, of which the last is given, and a VAE with another objective."""
    plain = replace(other or encoder_of(7), objective=negative_elbo(1.01))
    models = {("trained", knob): encoder_of(middle) for knob in (1.0, 4.0)} | {("trained", 8.0): strong}
    return models | {("redrawn", 4.0): encoder_of(twin), ("other_objective", None): plain}


def test_settings_that_are_as_alike_as_seeds_differ_by_nothing():
    found = read(cell(encoder_of(0), encoder_of(0)))
    for name in DIFFERENCES.values():
        assert found[1.0, name].value == found[8.0, name].value == pytest.approx(0, abs=1e-9)
        assert found[None, f"{name}_other_objective"].value == pytest.approx(0, abs=1e-9)
        assert (4.0, name) not in found  # the middle strength is what the others are held against
    assert found[None, "alike_across_seeds_hidden"].value == pytest.approx(1)
    assert found[8.0, "alike_across_strengths_mean"].value == pytest.approx(1)


@pytest.mark.parametrize("head", HEADS)
def test_a_head_that_differs_is_the_exception_and_the_only_one(head):
    found = read(cell(encoder_of(0, **{head: 5}), encoder_of(0, **{head: 5})))
    for knob, end in ((8.0, ""), (None, "_other_objective")):
        for name in DIFFERENCES.values():
            difference = found[knob, name + end].value
            assert difference < -0.2 if name == f"exception_{head}" else abs(difference) < 1e-9
    assert all(abs(found[1.0, name].value) < 1e-9 for name in DIFFERENCES.values())


def test_hidden_layers_that_differ_are_not_shared():
    found = read(cell(encoder_of(0, encoder=5)))
    assert found[8.0, "shared_hidden"].value < -0.2
    assert found[8.0, "shared_last_hidden"].value < -0.2


def test_a_rotated_layer_is_the_same_representation():
    turned = narrow(0).state_dict()
    rotation = torch.linalg.qr(torch.randn(3, 3, generator=generator()))[0]
    turned["mean.weight"] = rotation @ turned["mean.weight"]
    found = read(cell(trained_to(turned, turned)))
    assert found[8.0, "exception_mean"].value == pytest.approx(0, abs=1e-6)


def test_wide_layers_that_share_nothing_are_not_alike(monkeypatch):
    """Biased alignments would be near 1 for any two layers with many more units than there are examples."""
    rng = generator()

    def wide(model, layers, x):
        return {"encoder_1": torch.randn(len(x), 4000, generator=rng)}, None

    monkeypatch.setattr(shared_layers, "encoded", wide)
    found = read(cell(encoder_of(3), twin=1))
    for knob, name in ((None, "alike_across_seeds_hidden"), (8.0, "alike_across_strengths_hidden")):
        assert abs(found[knob, name].value) < 0.1
        assert found[knob, f"{name}_biased"].value > 0.9
        assert found[knob, f"{name}_procrustes"].value > 0.9


def test_a_difference_is_that_of_the_two_alignments_beside_it():
    found = read(cell(encoder_of(3), twin=1))
    seeds = found[None, "alike_across_seeds_hidden"].value
    assert 0 < seeds < 0.9
    assert found[8.0, "shared_hidden"].value == pytest.approx(found[8.0, "alike_across_strengths_hidden"].value - seeds)
    other = found[None, "alike_across_objectives_hidden"].value
    assert found[None, "shared_hidden_other_objective"].value == pytest.approx(other - seeds)


def test_other_indices_read_the_same_pairs_of_encoders():
    strong, twin = encoder_of(3), encoder_of(1)
    found, x = read(cell(strong, twin=1)), DATA.held_out.x
    layers = layers_of(strong)
    ours, theirs, seed = (encoded(t.model, layers, x)[0] for t in (strong, twin, encoder_of(0)))
    for ending, index in (("_biased", linear_cka), ("_procrustes", procrustes_similarity)):
        pair, seeds = ([float(index(a[layer], theirs[layer])) for layer in ours] for a in (ours, seed))
        assert list(ours) == ["encoder_1", "encoder_2", *HEADS]
        expected = [sum(likeness[:2]) / 2 for likeness in (pair, seeds)]
        assert found[8.0, f"alike_across_strengths_hidden{ending}"].value == pytest.approx(expected[0])
        assert found[None, f"alike_across_seeds_hidden{ending}"].value == pytest.approx(expected[1])
        assert found[8.0, f"shared_hidden{ending}"].value == pytest.approx(expected[0] - expected[1])
        for place, name in enumerate(DIFFERENCES.values()):
            if place:
                assert found[8.0, name + ending].value == pytest.approx(pair[place] - seeds[place])
        assert f"shared_hidden_other_objective{ending}" in {name for _, name in found}


def test_weights_that_the_models_of_one_seed_share_do_not_count():
    """The judged models are one model, at every strength: only the redrawn one says how alike settings are."""
    found = read(cell(encoder_of(0), twin=1))
    assert found[8.0, "alike_across_strengths_hidden"].value < 0.9


def test_what_no_training_made_alike_is_read_at_the_first_snapshot():
    trained = encoder_of(0, encoder=2, mean=2)
    twin = encoder_of(1, encoder=2, mean=2)
    models = {("trained", 4.0): trained, ("redrawn", 4.0): twin}
    found = read(models)
    assert found[None, "alike_across_seeds_hidden"].value == pytest.approx(1)
    assert found[None, "alike_untrained_hidden"].value < 0.9


def test_a_variant_without_strengths_is_held_against_the_other_objective_alone():
    models = {("trained", None): encoder_of(0), ("redrawn", None): encoder_of(1)}
    found = read(models | {("other_objective", None): cell(encoder_of(0))["other_objective", None]})
    for name in DIFFERENCES.values():
        assert found[None, name] == declined(name, "the variant has no other strength")
        assert found[None, f"{name}_other_objective"].value is not None


def test_the_plain_vae_is_no_other_objective_to_itself():
    models = {
        ("trained", None): encoder_of(0),
        ("redrawn", None): encoder_of(1),
        ("other_objective", None): encoder_of(1),
    }
    found = read(models)
    assert {found[None, name].reason for name in OTHER} == {"the variant is the plain VAE itself"}
    del models["other_objective", None]
    assert {found[None, name].cause for name in OTHER} == {"setting"}


@pytest.mark.parametrize(("strength", "same"), [(1.0, True), (4.0, False)])
def test_a_total_correlation_makes_another_objective_though_untrained_codes_have_hardly_any(strength, same):
    twin = replace(encoder_of(1), objective=beta_tcvae.VARIANT.objective_at(strength))
    models = {("trained", None): encoder_of(0), ("redrawn", None): twin, ("other_objective", None): encoder_of(1)}
    declined = {found.value is None for (_, name), found in read(models).items() if name in OTHER}
    assert declined == {same}


def collapsed():
    trained = encoder_of(0)
    with torch.no_grad():
        trained.model.model.log_scale.bias.fill_(0.5)
    return trained


def test_a_collapsed_encoder_has_nothing_to_share():
    found = read(cell(collapsed()))
    assert {(found[8.0, name].cause, found[8.0, name].reason) for name in DIFFERENCES.values()} == {
        ("model", "every latent unit has collapsed: no representation was learned")
    }
    assert found[1.0, "shared_hidden"].value is not None
    found = read(cell(encoder_of(0)) | {("redrawn", 4.0): collapsed()})
    for knob, name in [(1.0, "shared_hidden"), (8.0, "exception_mean"), *((None, name) for name in OTHER)]:
        assert found[knob, name].cause == "model"
    found = read({("trained", None): encoder_of(0), ("redrawn", None): collapsed()})
    assert {measurement.cause for measurement in found.values()} == {"setting"}  # it has no other strength or objective


def starting(seed, *dead):
    """An encoder some of whose modules start with weights of 0."""
    start = narrow(seed).state_dict()
    for module in dead:
        start[f"{module}.weight"].zero_()
    return trained_to(narrow(seed).state_dict(), start)


def started(*dead):
    models = cell(encoder_of(3))
    return models | {("trained", 4.0): starting(0, *dead), ("redrawn", 4.0): starting(1, *dead)}


DEAD = "the representation does not vary over the sample"


def test_a_head_that_starts_at_0_costs_its_own_untrained_level_alone():
    found, known = read(started("log_scale")), read(started())
    lost = {(None, f"alike_untrained_log_scale{ending}") for ending in INDICES}
    assert found.keys() == known.keys()
    for place, one in found.items():
        assert one == (declined(place[1], DEAD, "model") if place in lost else known[place])
    assert all(known[place].value is not None for place in lost)


def test_a_hidden_layer_that_starts_dead_leaves_no_untrained_level_and_all_others():
    found, known = read(started("encoder.3")), read(started())
    for name in ("alike_untrained_hidden", "alike_untrained_last_hidden"):
        assert found[None, name] == declined(name, DEAD, "model")
    for place, one in known.items():
        if "untrained" not in place[1]:
            assert found[place] == one
    alone = {place: started("encoder.3")[place] for place in (("trained", 4.0), ("redrawn", 4.0))}
    assert {one.cause for (_, name), one in read(alone).items() if name.startswith("alike_untrained")} == {"setting"}


def test_a_head_that_never_varies_costs_its_own_differences_alone():
    still = encoder_of(3)
    still.model.model.log_scale.weight.zero_()
    found, known = read(cell(still)), read(cell(encoder_of(3)))
    for ending in INDICES:
        for name in ("exception_log_scale", "alike_across_strengths_log_scale"):
            assert found[8.0, name + ending] == declined(name + ending, DEAD, "model")
    for place, one in known.items():
        if not (place[0] == 8.0 and "log_scale" in place[1]):
            assert found[place] == one
    twin = encoder_of(1)
    twin.model.model.log_scale.weight.zero_()
    found = read(cell(encoder_of(3)) | {("redrawn", 4.0): twin})
    assert found[None, "alike_across_seeds_log_scale"].cause == found[1.0, "exception_log_scale"].cause == "model"
    assert found[8.0, "shared_hidden"].value is not None


def test_encoders_of_other_depths_or_heads_are_not_compared():
    deeper = at_end(narrow(0, depth=3).state_dict(), depth=3)
    found = read(cell(encoder_of(0), deeper))
    assert {found[None, name] for name in OTHER} == {
        declined(name, "the two encoders have not as many hidden layers") for name in OTHER
    }
    headless = encoder_of(0)
    headless.model.model.encoder_layers = ("encoder.2", "encoder.4", "mean")
    found = read(cell(headless))
    assert found[8.0, "exception_log_scale"].reason == "not both encoders have a head named log_scale"
    assert found[8.0, "exception_mean"].value == pytest.approx(0, abs=1e-9)
    shallow = encoder_of(0)
    shallow.model.model.encoder_layers = ("mean",)
    found = read(cell(encoder_of(0)) | {("redrawn", 4.0): shallow})
    assert {(r.reason, r.cause) for r in found.values()} == {
        ("the encoder or the decoder has no hidden layer", "setting")
    }
