"""The encoder is first where it is planted first. Inputs, widths, depth and standing still do not fake it."""

import math

import pytest
import torch
from measures.known import generator
from measures.planted import DATA, STEPS, at_end, narrow, settling
from torch import nn

from vaebench.claims import Measurement, declined, map_entry
from vaebench.experiment import EvaluationBudget
from vaebench.kernels.cka import debiased_cka, linear_cka
from vaebench.kernels.estimate import Undefined
from vaebench.kernels.procrustes import procrustes_similarity
from vaebench.measures.probe import Cohort
from vaebench.models import AutoEncoder
from vaebench.models.layers import activations
from vaebench.papers.bonheme2022.convergence import LEADS, encoder_first
from vaebench.papers.bonheme2022.layers import decoded, layers_of, representations
from vaebench.papers.bonheme2022.settling import corrected_lead, lead, least_lead, settling_time, share_of_the_way
from vaebench.papers.bonheme2022.trajectory import INDICES, course_of

EVALUATION = EvaluationBudget(points=96)


def read(trained, redrawn=None, knob=1.0):
    models = {("trained", knob): trained} | ({("redrawn", knob): redrawn} if redrawn else {})
    found = encoder_first(Cohort(models, DATA, EVALUATION, generator()))
    return {measurement.name: measurement for _, measurement in found}


def values(found, names=LEADS):
    return {name: found[name].value for name in names}


def test_a_layer_settles_where_it_last_rises_through_the_level():
    steps = [0, 9, 99, 999]
    assert settling_time(steps, [0.95, 0.92, 0.99, 1.0]) == 0
    assert settling_time(steps, [0.0, 0.95, 0.9, 1.0]) == pytest.approx(0.9 / 0.95)
    assert settling_time(steps, [0.95, 0.8, 0.9, 1.0]) == 2  # what is lost again was not settled
    assert settling_time(steps, [0.1, 0.2, 0.3, 1.0]) == pytest.approx(2 + 6 / 7)


def test_a_settling_time_lies_between_the_snapshots_about_it_and_needs_an_end():
    for early in torch.linspace(0, 0.899, 7).tolist():
        assert math.log10(31) < settling_time([0, 30, 100], [0, early, 1.0]) <= math.log10(101)
    with pytest.raises(ValueError, match=r"its likeness is 1, not 0\.5"):
        settling_time([0, 1], [0.2, 0.5])


def test_the_corrected_likeness_is_the_share_of_the_way():
    assert share_of_the_way([0.8, 0.9, 1.0]) == pytest.approx([0, 0.5, 1])
    assert share_of_the_way([-0.5, 1.0]) == pytest.approx([0, 1])
    assert share_of_the_way([1.0, 1.0]) == [1, 1]


def test_a_layer_counts_by_the_way_it_had_to_go():
    steps, late, early = [0, 9, 99], [0.0, 0.0, 1.0], [0.0, 1.0, 1.0]
    assert corrected_lead(steps, [early], [late]) == pytest.approx(1)
    nearly_there = [1 - 1e-6, 1 - 1e-6, 1.0]  # drifts to the very last
    assert corrected_lead(steps, [early, nearly_there], [late]) == pytest.approx(1, abs=1e-5)
    assert corrected_lead(steps, [early, [0.5, 0.5, 1.0]], [late]) == pytest.approx(1 - 1 / 3)
    for sides in (([nearly_there], [late]), ([early], [[1.0, 1.0, 1.0]])):
        with pytest.raises(Undefined, match="from the first what they are at the end"):
            corrected_lead(steps, *sides)


def test_a_lead_is_the_difference_of_means():
    assert lead([1.0, 2.0], [3.0, 3.0, 3.0]) == 1.5


def test_a_time_that_depends_on_depth_alone_gives_no_lead():
    from_data = [0.5, 1.5, 2.5]
    assert least_lead(from_data, from_data[::-1]) == lead(from_data, from_data[::-1]) == 0
    assert least_lead([0.0, 1.0, 2.0], [1.5, 2.0, 3.0]) == -0.5  # one pair runs the other way
    assert least_lead([1.0, 1.0], [2.0, 3.0, 4.0]) == 1.0  # pairs at equal depth, from either end


@pytest.mark.parametrize("seeds", [(0, 1), (2, 3), (4, 5)])
def test_an_encoder_that_is_planted_first_is_found_first_in_every_way(seeds):
    found = read(settling(encoder_at=10, decoder_at=1000, seeds=seeds))
    assert min(values(found).values()) > 0 and found["lead_raw"].value > 0.5
    assert min(values(found, ("lead_raw_biased", "lead_raw_procrustes")).values()) > 0.5
    assert found["encoder_first_share"] == Measurement("encoder_first_share", 1.0, 0.0, 1)
    assert found["lead_raw"].unit == "decade"


@pytest.mark.parametrize("seeds", [(0, 1), (2, 3), (4, 5)])
def test_a_decoder_that_is_planted_first_is_found_out_though_its_input_moves_last(seeds):
    found = read(settling(encoder_at=1000, decoder_at=10, seeds=seeds))
    assert found["lead_fed_final"].value < -0.5
    assert found["lead_raw"].value > found["lead_fed_final"].value + 0.5
    assert found["encoder_first_share"].value == 0


def test_a_moving_input_alone_makes_a_lead_that_the_final_codes_take_away():
    """All weights go one way at one pace: what then looks like a lead is that the decoder's input moves."""
    found = [read(settling(300, 300, (2 * i, 2 * i + 1))) for i in range(12)]
    raw, fed = (torch.tensor([each[name].value for each in found]) for name in ("lead_raw", "lead_fed_final"))
    assert raw.mean() > 3 * raw.std() / len(raw) ** 0.5
    assert fed.mean() < 0


def test_a_frozen_encoder_leads_by_nothing_that_it_learned():
    weights = narrow(0).state_dict()
    moving = settling(10, 1000)
    frozen = tuple(
        (step, {n: w if n.startswith("decoder") else weights[n] for n, w in state.items()})
        for step, state in moving.snapshots
    )
    found = read(at_end(frozen[-1][1], frozen))
    assert found["lead_raw"].value > 0.5
    declined = found["lead_corrected"]
    assert (
        declined.value is None
        and declined.cause == "model"
        and "the encoder's hidden layers are from the first" in declined.reason
    )
    assert found["encoder_first_share"].value == 0


def test_a_frozen_decoder_seems_to_move_and_does_not_when_fed_the_final_codes():
    weights = narrow(0).state_dict()
    moving = settling(1000, 10)
    frozen = tuple(
        (step, {n: weights[n] if n.startswith("decoder") else w for n, w in state.items()})
        for step, state in moving.snapshots
    )
    found = read(at_end(frozen[-1][1], frozen))
    assert found["settling_step_decoder"].value > 50
    encoder = math.log10(1 + found["settling_step_encoder"].value)
    assert found["lead_fed_final"].value == pytest.approx(-encoder)


@pytest.mark.parametrize("index", ["biased", "procrustes"])
def test_each_lead_by_another_index_is_what_that_index_says_of_the_same_course(index):
    trained = settling(30, 300)
    found, layers = read(trained), layers_of(trained)
    course = course_of(trained, layers, DATA.held_out.x)
    sides = [[course.own[f"_{index}"][label] for label in side] for side in (layers.encoder, layers.decoder)]
    encoder, decoder = ([settling_time(STEPS, likeness) for likeness in side] for side in sides)
    fed = [settling_time(STEPS, course.fed[f"_{index}"][label]) for label in layers.decoder]
    expected = {
        "lead_raw": lead(encoder, decoder),
        "lead_corrected": corrected_lead(STEPS, *sides),
        "lead_fed_final": lead(encoder, fed),
        "lead_depth_matched": least_lead(encoder, decoder),
    }
    assert tuple(expected) == LEADS
    for name, decades in expected.items():
        assert found[f"{name}_{index}"].value == pytest.approx(decades)
        assert found[f"{name}_{index}"].value != pytest.approx(found[name].value)


def test_steps_and_lead_say_the_same():
    found = read(settling(30, 300))
    ratio = (1 + found["settling_step_decoder"].value) / (1 + found["settling_step_encoder"].value)
    assert math.log10(ratio) == pytest.approx(found["lead_raw"].value)
    assert {"settling_step_mean", "settling_step_log_scale", "settling_step_output"} <= found.keys()


def test_the_share_is_that_of_settings_where_every_lead_is_positive():
    models = {
        ("trained", 1.0): settling(10, 1000),
        ("trained", 2.0): settling(1000, 10),
        ("redrawn", 1.0): settling(1, 1),
    }
    found = encoder_first(Cohort(models, DATA, EVALUATION, generator()))
    (share,) = [(knob, r) for knob, r in found if r.name == "encoder_first_share"]
    assert share == (None, Measurement("encoder_first_share", 0.5, 0.0, 2))
    assert {knob for knob, r in found if r.name == "lead_raw"} == {1.0, 2.0}
    assert {knob for knob, r in found if map_entry(r.name)} == {1.0}


def test_maps_are_the_alignments_of_layers_with_their_ends_and_with_another_seeds():
    trained, redrawn = settling(10, 1000), settling(10, 1000, (2, 3))
    found = read(trained, redrawn)
    layers = ["encoder_1", "encoder_2", "mean", "log_scale", "decoder_1", "decoder_2", "output"]
    maps = {name: r.value for name, r in found.items() if map_entry(name)}
    assert [map_entry(n)[2] for n in maps if n.startswith(f"to_the_end__{STEPS[-1]}__")] == layers
    assert all(maps[f"to_the_end__{STEPS[-1]}__{label}"] == 1 for label in layers)
    x = DATA.held_out.x
    ours, theirs = (
        activations(t.model.model, lambda t=t: t.model.encode(x), ["encoder.2", "encoder.4"])
        for t in (trained, redrawn)
    )
    expected = float(debiased_cka(ours["encoder.2"], theirs["encoder.4"]))
    assert maps["across_seeds__encoder_1__encoder_2"] == pytest.approx(expected, abs=5e-4)
    assert len(maps) == len(STEPS) * len(layers) + len(layers) ** 2


def test_a_course_is_the_likeness_of_then_and_the_end_by_each_index():
    trained = settling(30, 300)
    layers, x = layers_of(trained), DATA.held_out.x
    course = course_of(trained, layers, x)
    then = at_end(trained.snapshots[1][1])
    (before, codes), (after, final) = (representations(t.model, layers, x) for t in (then, trained))
    assert not torch.allclose(codes, final)
    fed = decoded(then.model, layers, final)["decoder_2"]
    indices = (("", debiased_cka), ("_biased", linear_cka), ("_procrustes", procrustes_similarity))
    assert [ending for ending, _ in indices] == list(INDICES)
    for ending, index in indices:
        own, of_fed = float(index(before["encoder_2"], after["encoder_2"])), float(index(fed, after["decoder_2"]))
        assert course.own[ending]["encoder_2"][1] == pytest.approx(own)
        assert course.fed[ending]["decoder_2"][1] == pytest.approx(of_fed)
        assert course.own[ending]["decoder_2"][1] != pytest.approx(of_fed)
    assert course.steps == STEPS


def test_floors_are_none_for_the_debiased_index_and_some_for_the_others():
    found = read(settling(10, 1000), settling(10, 1000, (2, 3)))
    assert abs(found["null_debiased_cka"].value) < 0.05
    assert found["null_biased_cka"].value > found["null_debiased_cka"].value
    assert 0.05 < found["null_procrustes"].value < 0.6


def test_what_cannot_be_read_says_why():
    collapsed = settling(10, 1000)
    with torch.no_grad():
        collapsed.model.model.log_scale.bias.fill_(0.5)
    linear = AutoEncoder(nn.Flatten(), nn.Sequential(nn.Linear(3, 8), nn.Unflatten(1, (2, 4))), 8, 3)
    dead = settling(10, 1000)
    dead.snapshots[0][1]["encoder.1.weight"].zero_()
    cases = (
        (at_end(narrow(0).state_dict()), "fewer than two snapshots", "setting"),
        (at_end(narrow(0).state_dict(), ((0, narrow(0).state_dict()),)), "fewer than two snapshots", "setting"),
        (collapsed, "every latent unit has collapsed", "model"),
        (dead, "does not vary over the sample", "model"),
    )
    for trained, reason, cause in cases:
        found = read(trained)
        assert {(found[name].cause, reason in found[name].reason) for name in LEADS} == {(cause, True)}
        share = found["encoder_first_share"]
        assert share.value == 0 if cause == "model" else share.value is None
    shallow = settling(10, 1000)
    object.__setattr__(shallow.model, "model", linear)
    found = read(shallow)
    assert found["lead_raw"] == declined("lead_raw", "the encoder or the decoder has no hidden layer")


def dead_at_the_start(*modules):
    """A model whose modules give one number for every example at step 0, as with weights that start at 0."""
    trained = settling(10, 1000)
    for module in modules:
        trained.snapshots[0][1][f"{module}.weight"].zero_()
    return trained


def test_a_head_that_starts_at_0_costs_its_own_settling_step_alone():
    found, known = read(dead_at_the_start("log_scale")), read(settling(10, 1000))
    leads = [name for name in known if name.startswith("lead_")]
    assert len(leads) == 12
    for name in (*leads, "encoder_first_share", *(f"settling_step_{side}" for side in ("encoder", "mean", "output"))):
        assert known[name].value is not None and found[name] == known[name]
    reason = "the representation does not vary over the sample"
    assert found["settling_step_log_scale"] == declined("settling_step_log_scale", reason, "model")
    mapped = read(dead_at_the_start("log_scale"), settling(10, 1000, (2, 3)))
    rows = {map_entry(name)[2] for name in mapped if name.startswith("to_the_end")}
    assert rows == {"encoder_1", "encoder_2", "mean", "decoder_1", "decoder_2", "output"}


def test_codes_that_start_as_one_leave_the_lead_by_the_final_codes_alone():
    """A head of means that starts at 0 lets nothing vary in the decoder, but when this is fed the final codes."""
    starting = dead_at_the_start("mean")
    starting.snapshots[0][1]["mean.bias"].zero_()
    found, known = read(starting), read(settling(10, 1000))
    for ending in INDICES:
        assert found[f"lead_fed_final{ending}"] == known[f"lead_fed_final{ending}"]
        for name in ("lead_raw", "lead_corrected", "lead_depth_matched"):
            assert (found[name + ending].value, found[name + ending].cause) == (None, "model")
    for part in ("encoder", "log_scale"):
        assert found[f"settling_step_{part}"] == known[f"settling_step_{part}"]
    for part in ("mean", "decoder"):
        assert found[f"settling_step_{part}"].cause == "model"
    assert found["encoder_first_share"].value == 0


@pytest.mark.parametrize("module", ["encoder.1", "encoder.3", "decoder.0", "decoder.2"])
def test_a_hidden_layer_that_starts_dead_declines_every_lead(module):
    found = read(dead_at_the_start(module))
    leads = [one for name, one in found.items() if name.startswith("lead_")]
    assert len(leads) == 12
    assert {(one.value, one.cause) for one in leads} == {(None, "model")}
    assert found["encoder_first_share"].value == 0


def test_a_head_that_never_varies_is_left_out_of_the_map_and_costs_no_floor():
    trained, redrawn = settling(10, 1000), settling(10, 1000, (2, 3))
    known = read(trained, redrawn)
    redrawn.model.model.log_scale.weight.zero_()
    found = read(trained, redrawn)
    for name in ("null_debiased_cka", "null_biased_cka", "null_procrustes"):
        assert found[name] == known[name]
    pairs = {(map_entry(name)[1], map_entry(name)[2]) for name in found if name.startswith("across_seeds")}
    assert ("log_scale", "mean") in pairs and ("mean", "log_scale") not in pairs
    assert len(pairs) == 7 * 6
    redrawn.model.model.encoder[3].weight.zero_()
    found = read(trained, redrawn)
    assert {found[f"null_{index}"].cause for index in ("debiased_cka", "biased_cka", "procrustes")} == {"model"}


def test_measurement_leaves_the_model_as_it_was():
    trained = settling(10, 1000)
    before = {name: weight.clone() for name, weight in trained.model.model.state_dict().items()}
    read(trained, settling(10, 1000, (2, 3)))
    assert all(torch.equal(weight, before[name]) for name, weight in trained.model.model.state_dict().items())
