"""Laws of selection: only what is comparable stands side by side, and nothing vanishes unnamed."""

import random
from dataclasses import replace

import pytest

from vaebench.claims import Claim, Measurement, Near, column
from vaebench.experiment import Budget, Knob, TrainingConfig
from vaebench.report.received.sent import sent
from vaebench.report.rows.selection import select
from vaebench.report.rows.shown import Row


def test_every_record_is_shown_or_named(made):
    records = [
        made.record(),
        made.record(arch="conv", preset="quick"),
        made.record(variant="old_vae", task_hash="0" * 16),
        made.record(task="unknown_task"),
        made.record(device="cuda", seeds=3),
    ]
    chosen = select(made.suite, records, preview=False)
    assert len(chosen.shown) + len(chosen.stale) + len(chosen.left_out) == len(records)
    assert [one.row for one in chosen.shown] == [Row("standard", "vae", "mlp", "c" * 16)]


def test_a_record_of_another_definition_is_stale_and_says_of_which(made):
    chosen = select(made.suite, [made.record(task_hash="0" * 16)], preview=False)
    assert chosen.shown == ()
    (stale,) = map(str, chosen.stale)
    assert stale.startswith("camuto2021_variance_frequency/vae.mlp.digits.json (standard, code cccccccc): ")
    assert "0000000000000000" in stale and made.tasks[0].definition_hash("standard") in stale


def test_a_record_of_other_data_is_stale_however_many_there_are(made):
    records = [made.record()] + [made.record(variant=v, dataset_hash="0" * 16) for v in ("odd_vae", "off_vae")]
    chosen = select(made.suite, records, preview=False)
    assert [one.subject.variant.name for one in chosen.shown] == ["vae"]
    assert len(chosen.stale) == 2
    assert "0000000000000000" in str(chosen.stale[0]) and "dddddddddddddddd" in str(chosen.stale[0])


def test_a_size_of_a_data_set_is_shown_and_a_stranger_is_refused(made):
    chosen = select(made.suite, [made.record(dataset="digits16"), made.record(dataset="words")], preview=False)
    assert [one.dataset for one in chosen.shown] == ["digits16"]
    assert [one.record.subject.dataset.name for one in chosen.faults] == ["words"]


def test_quick_is_left_out_but_of_a_preview(made):
    quick = made.record(preset="quick")
    refused = select(made.suite, [quick], preview=False)
    assert (refused.shown, refused.faults) == ((), ())
    assert [one.record for one in refused.left_out] == [quick]
    assert select(made.suite, [quick], preview=True).shown != ()


def test_a_record_is_judged_by_its_tasks_claims_and_not_by_its_own(made):
    easy = (Claim("easy", "Anything goes.", (Near("energy", 1.0, 0.9, 0.0),)),)
    carried = made.measured_for(made.tasks[0], made.record(claims=easy))
    assert select(made.suite, [carried]) == select(made.suite, [made.record()])


def test_no_submission_replaces_a_record_of_our_own(made):
    ours, theirs = made.record(lost=(0,)), made.record(seeds=9)
    chosen = select(made.suite, [ours], preview=False, submissions=[theirs])
    assert chosen.shown == select(made.suite, [ours], preview=False).shown
    assert [one.record for one in chosen.left_out] == [theirs]
    alone = select(made.suite, [], preview=False, submissions=[theirs])
    assert [len(one.record.cells) for one in alone.shown] == [9]


@pytest.mark.parametrize(("device", "other"), [("cpu", "cuda"), ("cuda", "cpu")])
def test_of_two_records_of_one_row_and_data_set_the_one_with_more_finished_seeds_is_shown(made, device, other):
    short, full = made.record(device=other, lost=(0, 1)), made.record(device=device, lost=(2,))
    chosen = select(made.suite, [short, full], preview=False)
    assert [one.subject.device for one in chosen.shown] == [device]
    assert [one.record for one in chosen.left_out] == [short]
    assert other in chosen.left_out[0].why


def test_verdicts_are_made_anew_from_measurements(made):
    honest = made.record()
    boastful = honest.model_copy(update={"verdicts": (), "agreement": None})
    (shown,) = select(made.suite, [boastful], preview=False).shown
    assert (shown.record.verdicts, shown.record.agreement) == (honest.verdicts, honest.agreement)


def test_each_record_is_judged_once(made, records, monkeypatch):
    """Whatever is refused, sent or shown: judging is what a board spends its time on."""
    from vaebench.report.rows import selection

    judged = []
    monkeypatch.setattr(selection, "judged", lambda record, task: judged.append(id(record)) or record)
    theirs = [sent(made.record(variant="my_vae", code="1" * 16), name) for name in ("alice", "bob")]
    chosen = select(made.suite, [*records, made.record(task_hash="0" * 16)], submissions=theirs)
    assert len(chosen.shown) == len(records) + 2
    assert len(judged) == len(set(judged)) == len(records) + 2


def test_the_order_of_records_does_not_matter(made):
    records = [
        made.record(variant=v, device=d, seeds=s) for v in ("vae", "beta_vae") for d in ("cpu", "cuda") for s in (2, 3)
    ]
    mixed = records[:]
    random.Random(0).shuffle(mixed)
    assert select(made.suite, mixed, preview=False) == select(made.suite, records, preview=False)


def test_two_codes_of_one_name_are_two_rows_told_apart_by_their_hash(made):
    chosen = select(made.suite, [made.record(), made.record(code="9" * 16), made.record(arch="conv")], preview=False)
    of_one, other = f"({'c' * 16})", f"({'9' * 16})"
    assert sorted(chosen.labels.values()) == [f"vae · conv {of_one}", f"vae · mlp {other}", f"vae · mlp {of_one}"]


def test_a_record_with_an_arm_that_its_task_does_not_have_is_left_out(made):
    def with_more(rng):
        return [
            column(arm, sigma, 0, Measurement("attack_damage", 1.0 + sigma, 0.0, 1))
            for arm in ("trained", "analytic_by_us")
            for sigma in (0.1, 0.2)
        ]

    chosen = select(made.suite, [made.record(measurements=with_more)], preview=False)
    assert chosen.shown == ()
    assert chosen.faults[0].why.startswith("measurements: ") and "analytic_by_us" in chosen.faults[0].why


def scaled(task):
    """The task with a knob that the suite turns, at the values that its records have."""
    budget = Budget(1, 2, TrainingConfig(2), knob_values=(0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 1.0))
    return replace(task, knob=Knob("posterior_scale", "σ"), budgets={"standard": budget})


def without(record, unwanted):
    return record.model_copy(update={"measurements": tuple(c for c in record.measurements if not unwanted(c))})


@pytest.mark.parametrize(
    ("unwanted", "name", "of_the_knob"),
    [
        (lambda c: c.name == "attack_damage", "attack_damage", False),
        (lambda c: c.knob not in (None, 0.05, 1.0), "decoder_high_frequency_share", True),
        (lambda c: (c.name, c.knob) == ("attack_damage", 0.4), "attack_damage", True),
    ],
)
def test_a_record_gains_nothing_by_leaving_measurements_out(made, unwanted, name, of_the_knob):
    task = scaled(made.tasks[0])
    suite, whole = made.with_tasks(task), made.measured_for(task, made.record())
    assert len(select(suite, [whole], preview=False).shown) == 1
    chosen = select(suite, [without(whole, unwanted)], preview=False)
    assert chosen.shown == ()
    why = chosen.faults[0].why
    assert why.startswith("measurements: ") and name in why and "seed 0" in why
    assert ("knob" in why) == of_the_knob


def test_what_no_claim_judges_may_be_absent_and_what_is_declined_is_there(made):
    task = scaled(made.tasks[0])
    bare = without(made.record(), lambda c: c.name == "reconstruction_error")
    assert select(made.with_tasks(task), [made.measured_for(task, bare)]).shown
    assert select(made.suite, [made.record(made.tasks[1].name, "linear_vae", dataset="three_sources")]).shown


def test_seeds_are_not_picked(made):
    whole = made.record()
    picked = whole.model_copy(update={"cells": whole.cells[1::2]})
    chosen = select(made.suite, [picked], preview=False)
    assert chosen.shown == ()
    assert chosen.faults[0].why.startswith("cells: ") and "1, 3" in chosen.faults[0].why
