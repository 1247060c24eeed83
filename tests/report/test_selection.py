"""Laws of selection: only what is comparable stands side by side, and nothing vanishes unnamed."""

import random
from dataclasses import replace

import pytest

from vaebench.claims import Claim, Measurement, Near, column
from vaebench.report.selection import Entry, entry, select


def test_every_record_is_shown_or_named(made):
    records = [
        made.record(),
        made.record(arch="conv", preset="quick"),
        made.record(variant="old_vae", task_hash="0" * 16),
        made.record(task="unknown_task"),
        made.record(device="cuda", seeds=3),
    ]
    chosen = select(made.tasks, records, preview=False)
    assert len(chosen.records) + len(chosen.stale) + len(chosen.left_out) == len(records)
    assert [entry(record) for record in chosen.records] == [Entry("standard", "vae", "mlp", "c" * 16)]


def test_a_record_of_another_definition_is_stale_and_says_of_which(made):
    chosen = select(made.tasks, [made.record(task_hash="0" * 16)], preview=False)
    assert chosen.records == ()
    assert chosen.stale == (
        "camuto2021_variance_frequency/vae.mlp.digits.json (standard, code cccccccc): "
        "task hash 0000000000000000, the board's is aaaaaaaaaaaaaaaa",
    )


def test_a_record_of_other_data_is_stale_however_many_there_are(made):
    records = [made.record()] + [made.record(variant=v, dataset_hash="0" * 16) for v in ("odd_vae", "off_vae")]
    chosen = select(made.tasks, records, preview=False)
    assert [r.subject.variant.name for r in chosen.records] == ["vae"]
    assert len(chosen.stale) == 2
    assert "data set hash 0000000000000000, the board's is dddddddddddddddd" in chosen.stale[0]


def test_a_size_of_a_data_set_has_the_hash_of_its_page_and_a_stranger_none(made):
    chosen = select(made.tasks, [made.record(dataset="digits16"), made.record(dataset="words")], preview=False)
    assert [r.subject.dataset.name for r in chosen.records] == ["digits16"]
    assert chosen.stale[0].endswith("the board knows no such data set")


def test_quick_is_left_out_but_of_a_preview(made):
    quick = made.record(preset="quick")
    refused = select(made.tasks, [quick], preview=False)
    assert refused.records == ()
    assert "quick" in refused.left_out[0]
    assert select(made.tasks, [quick], preview=True).records != ()


def test_a_record_is_judged_by_its_tasks_claims_and_not_by_its_own(made):
    easy = (Claim("easy", "Anything goes.", (Near("energy", 1.0, 0.9, 0.0),)),)
    assert select(made.tasks, [made.record(claims=easy)], False) == select(made.tasks, [made.record()], False)


def test_no_submission_takes_the_place_of_a_record_of_our_own(made):
    ours, theirs = made.record(lost=(0,)), made.record(seeds=9)
    chosen = select(made.tasks, [ours], preview=False, submissions=[theirs])
    assert chosen.records == select(made.tasks, [ours], preview=False).records
    assert "another record stands in its place" in chosen.left_out[0]
    alone = select(made.tasks, [], preview=False, submissions=[theirs])
    assert [len(record.cells) for record in alone.records] == [9]


@pytest.mark.parametrize(("device", "other"), [("cpu", "cuda"), ("cuda", "cpu")])
def test_of_two_records_in_one_place_the_one_with_more_finished_seeds_stands(made, device, other):
    short, full = made.record(device=other, lost=(0, 1)), made.record(device=device, lost=(2,))
    chosen = select(made.tasks, [short, full], preview=False)
    assert [r.subject.device for r in chosen.records] == [device]
    assert f"another record stands in its place (this one ran on {other})" in chosen.left_out[0]


def test_verdicts_are_made_anew_from_measurements(made):
    honest = made.record()
    boastful = honest.model_copy(update={"verdicts": (), "score": None})
    assert select(made.tasks, [boastful], preview=False).records[0].verdicts == honest.verdicts


def test_the_order_of_records_does_not_matter(made):
    records = [
        made.record(variant=v, device=d, seeds=s) for v in ("vae", "beta_vae") for d in ("cpu", "cuda") for s in (2, 3)
    ]
    mixed = records[:]
    random.Random(0).shuffle(mixed)
    assert select(made.tasks, mixed, preview=False) == select(made.tasks, records, preview=False)


def test_two_codes_of_one_name_are_two_rows_told_apart_by_their_hash(made):
    chosen = select(made.tasks, [made.record(), made.record(code="9" * 16), made.record(arch="conv")], preview=False)
    assert sorted(chosen.labels.values()) == ["vae · conv", f"vae · mlp ({'9' * 16})", f"vae · mlp ({'c' * 16})"]


def test_a_record_with_an_arm_that_its_task_does_not_have_is_left_out(made):
    def with_more(rng):
        return [
            column(arm, sigma, 0, Measurement("attack_damage", 1.0 + sigma, 0.0, 1))
            for arm in ("trained", "analytic_by_us")
            for sigma in (0.1, 0.2)
        ]

    tasks = [replace(made.tasks[0], arms=("analytic",))]
    assert len(select(tasks, [made.record()], preview=False).records) == 1
    chosen = select(tasks, [made.record(measurements=with_more)], preview=False)
    assert chosen.records == ()
    assert chosen.left_out[0].endswith("its task has no arm known_by_us")


NEEDED = {"standard": (0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 1.0)}


def without(record, unwanted):
    return record.model_copy(update={"measurements": tuple(c for c in record.measurements if not unwanted(c))})


@pytest.mark.parametrize(
    ("unwanted", "why"),
    [
        (lambda c: c.name == "attack_damage", "it has no attack_damage of seed 0"),
        (
            lambda c: c.knob not in (None, 0.05, 1.0),
            "it has no decoder_high_frequency_share of seed 0 at every knob value",
        ),
        (lambda c: (c.name, c.knob) == ("attack_damage", 0.4), "it has no attack_damage of seed 0 at every knob value"),
    ],
)
def test_a_record_gains_nothing_by_leaving_measurements_out(made, unwanted, why):
    tasks = [replace(made.tasks[0], knob_values=NEEDED)]
    whole = made.record()
    assert len(select(tasks, [whole], preview=False).records) == 1
    chosen = select(tasks, [without(whole, unwanted)], preview=False)
    assert chosen.records == ()
    assert chosen.left_out[0].endswith(f": {why}")


def test_what_no_claim_judges_may_be_absent_and_what_is_declined_is_there(made):
    tasks = [replace(made.tasks[0], knob_values=NEEDED)]
    assert select(tasks, [without(made.record(), lambda c: c.name == "reconstruction_error")], False).records
    tasks = [replace(made.tasks[1], knob_values={"standard": ()})]
    assert select(tasks, [made.record(tasks[0].name, "linear_vae", dataset="three_sources")], False).records


def test_seeds_are_not_picked(made):
    whole = made.record()
    picked = whole.model_copy(update={"cells": whole.cells[1::2]})
    chosen = select(made.tasks, [picked], preview=False)
    assert chosen.records == ()
    assert chosen.left_out[0].endswith("its seeds are 1, 3, not 0, 1, 2 and on")
