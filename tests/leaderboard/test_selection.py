"""Laws of selection: only what is comparable stands side by side, and nothing vanishes unnamed."""

import random
from dataclasses import replace

import pytest

from vaebench.claims import Claim, Near, Observation, Reading
from vaebench.leaderboard.selection import Entry, entry, select


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


def test_a_record_of_other_data_than_most_is_stale(made):
    records = [made.record(variant=v) for v in ("vae", "beta_vae")] + [
        made.record(variant="odd_vae", dataset_hash="0" * 16)
    ]
    chosen = select(made.tasks, records, preview=False)
    assert [r.subject.variant.name for r in chosen.records] == ["beta_vae", "vae"]
    assert "data set hash 0000000000000000, the board's is dddddddddddddddd" in chosen.stale[0]


def test_quick_is_left_out_but_of_a_preview(made):
    quick = made.record(preset="quick")
    refused = select(made.tasks, [quick], preview=False)
    assert refused.records == ()
    assert "quick" in refused.left_out[0]
    assert select(made.tasks, [quick], preview=True).records != ()


def test_a_record_with_claims_of_its_own_is_left_out(made):
    easy = (Claim("easy", "Anything goes.", (Near("energy", 1.0, 0.9, 0.0),)),)
    records = [made.record(variant=v) for v in ("vae", "beta_vae")] + [made.record(variant="sly_vae", claims=easy)]
    chosen = select(made.tasks, records, preview=False)
    assert [r.subject.variant.name for r in chosen.records] == ["beta_vae", "vae"]
    assert "its claims are not those of the task's other records" in chosen.left_out[0]


@pytest.mark.parametrize(("device", "other"), [("cpu", "cuda"), ("cuda", "cpu")])
def test_of_two_records_in_one_place_the_one_with_more_finished_seeds_stands(made, device, other):
    short, full = made.record(device=other, lost=(0, 1)), made.record(device=device, lost=(2,))
    chosen = select(made.tasks, [short, full], preview=False)
    assert [r.subject.device for r in chosen.records] == [device]
    assert f"another record stands in its place (this one ran on {other})" in chosen.left_out[0]


def test_verdicts_are_made_anew_from_readings(made):
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
            Observation(arm, sigma, 0, Reading("attack_damage", 1.0 + sigma, 0.0, 1))
            for arm in ("trained", "known_by_us")
            for sigma in (0.1, 0.2)
        ]

    tasks = [replace(made.tasks[0], arms=("known",))]
    assert len(select(tasks, [made.record()], preview=False).records) == 1
    chosen = select(tasks, [made.record(readings=with_more)], preview=False)
    assert chosen.records == ()
    assert chosen.left_out[0].endswith("its task has no arm known_by_us")
