"""Laws of making records: order is nothing, every cell counts, and no verdict is believed."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from results.stored import CLAIMS, ENVIRONMENT, INVARIANTS, SUBJECT, cell, observe, whole_record

from vaebench.claims import Level, Verdict, judge, t_interval
from vaebench.mistakes import Mistake
from vaebench.results.assemble import agreement_by_seed, agreement_interval, assemble, rejudge
from vaebench.results.record import strict_json


def cells_of(seeds=5):
    made = []
    for seed in range(seeds):
        seen = [
            o
            for knob in (0.5, 1.0, 2.0)
            for o in observe(seed, {"gain": 3.0 - knob + 0.01 * seed, "loss": 1.0 + 0.01 * seed}, knob)
        ]
        seen += observe(seed, {"gain": 0.5 + 0.1 * seed}, 1.0, "analytic") + observe(
            seed, {"gap": f"reason {seed % 2}"}
        )
        made.append(cell(seed, tuple(seen), parameters=100 + seed))
    return made


@given(st.permutations(range(5)))
def test_cells_come_in_any_order(order):
    cells = cells_of()
    assert strict_json(assemble([cells[i] for i in order], CLAIMS, INVARIANTS)) == strict_json(
        assemble(cells, CLAIMS, INVARIANTS)
    )


def test_cells_of_two_subjects_or_of_none_are_no_record():
    other = SUBJECT.model_copy(update={"arch": "conv"})
    for cells in ([], [cell(0), cell(1, subject=other)]):
        with pytest.raises(ValueError, match="a record is made of the cells of one subject"):
            assemble(cells, CLAIMS, ())


@pytest.mark.parametrize("part", ["task", "dataset", "variant"])
def test_a_hash_is_part_of_the_subject(part):
    field = "code_hash" if part == "variant" else "hash"
    changed = getattr(SUBJECT, part).model_copy(update={field: "f" * 16})
    with pytest.raises(ValueError, match="of one subject"):
        assemble([cell(0), cell(1, subject=SUBJECT.model_copy(update={part: changed}))], CLAIMS, ())


def test_of_two_cells_with_one_seed_the_last_counts():
    first, last = (cell(0, observe(0, {"loss": value})) for value in (1.0, 2.0))
    record = assemble([first, last], CLAIMS, ())
    assert len(record.cells) == 1
    assert record.measurements[0].values == (2.0,)


def test_a_column_holds_one_measurement_over_the_seeds_in_order():
    record = assemble(cells_of()[::-1], CLAIMS, INVARIANTS)
    (column,) = (c for c in record.measurements if (c.arm, c.knob, c.name) == ("trained", 2.0, "gain"))
    assert column.seeds == (0, 1, 2, 3, 4)
    assert column.values == pytest.approx((1.0, 1.01, 1.02, 1.03, 1.04))
    assert (column.stderrs, column.counts) == ((0.1,) * 5, (7,) * 5)


def test_columns_come_in_the_order_in_which_they_were_read():
    columns = assemble(cells_of(), CLAIMS, ()).measurements
    places = [(c.arm, c.knob, c.name) for c in columns if c.values]
    trained = [("trained", knob, name) for knob in (0.5, 1.0, 2.0) for name in ("gain", "loss")]
    assert places == [*trained, ("analytic", 1.0, "gain")]


def test_what_was_declined_is_kept_by_reason():
    record = assemble(cells_of(), CLAIMS, INVARIANTS)
    (gap,) = (column for column in record.measurements if column.name == "gap")
    assert [(one.reason, one.seeds) for one in gap.absent] == [("reason 0", (0, 2, 4)), ("reason 1", (1, 3))]
    assert (gap.seeds, gap.values) == ((), ())
    assert record.invariant_verdicts[0].word == "not applicable"


def test_cells_that_did_not_finish_are_counted_and_their_measurements_are_not():
    unfinished = cell(5, observe(5, {"gain": 99.0}, 0.5), status="diverged", reason="the loss was nan")
    record = assemble([*cells_of(), unfinished], CLAIMS, ())
    assert [(c.seed, c.status) for c in record.cells][-1] == (5, "diverged")
    assert record.cells[-1].reason == "the loss was nan"
    assert all(5 not in column.seeds for column in record.measurements)
    assert record.verdicts == tuple(judge(claim, record.table, seeds_run=6) for claim in CLAIMS)


def test_too_many_cells_that_did_not_finish_leave_every_claim_undecided():
    lost = [cell(seed, status="diverged") for seed in (5, 6)]
    assert assemble(cells_of(), CLAIMS, ()).verdicts[0].word == "holds"
    assert {v.word for v in assemble([*cells_of(), *lost], CLAIMS, ()).verdicts} == {"undecided"}


def test_environments_are_kept_once_each():
    cells = cells_of(3)
    other = ENVIRONMENT.model_copy(update={"torch": "2.12.0"})
    cells[1] = cells[1].model_copy(update={"environment": other})
    assert assemble(cells, CLAIMS, ()).environments == (ENVIRONMENT, other)


def test_a_cell_that_never_built_a_model_hides_no_parameters():
    assert assemble([cell(5, status="error"), *cells_of()], CLAIMS, ()).parameters == 104


def test_controls_are_judged_like_the_trained_arm():
    record = assemble(cells_of(), CLAIMS, INVARIANTS)
    assert {(v.arm, v.claim) for v in record.control_verdicts} == {("analytic", claim.id) for claim in CLAIMS}
    assert record.control_verdicts[0] == judge(CLAIMS[0], record.table, "analytic", 5)
    assert {v.arm for v in (*record.verdicts, *record.invariant_verdicts)} == {"trained"}


def test_an_arm_with_a_closed_form_of_its_own_must_land_on_it_like_the_trained_one():
    cells = [
        cell(
            seed,
            tuple(
                o for arm in ("trained", *arms) for o in observe(seed, {"gap": 0.01 + 0.2 * (arm == "noisy")}, arm=arm)
            ),
        )
        for arms in (("noisy", "analytic_noisy", "twin"),)
        for seed in range(3)
    ]
    verdicts = assemble(cells, CLAIMS, INVARIANTS).invariant_verdicts
    assert [(v.arm, v.word) for v in verdicts if v.claim == INVARIANTS[0].id] == [
        ("trained", "holds"),
        ("noisy", "fails"),
    ]


def test_no_verdict_is_believed():
    honest = whole_record()
    level = Level("holds", (1.0,) * 4, (0, 1, 2, 3))
    praise = Verdict("near", "trained", level, level, ())
    tampered = honest.model_copy(
        update={"verdicts": (praise,) * 3, "control_verdicts": (), "invariant_verdicts": (praise,), "agreement": None}
    )
    assert rejudge(tampered) == honest


def test_judging_twice_changes_nothing():
    assert rejudge(whole_record()) == whole_record()


def test_a_tampered_measurement_shows_in_the_verdicts():
    record = whole_record()
    columns = [replace(c, values=c.values[::-1]) if c.knob == 2.0 else c for c in record.measurements]
    assert rejudge(record.model_copy(update={"measurements": tuple(columns)})) != record


def test_a_seeds_score_is_the_mean_of_its_agreements_and_needs_all_of_them():
    record = assemble(cells_of(), CLAIMS, INVARIANTS)
    agreements = [dict(zip(v.seeds, v.agreement, strict=True)) for v in record.verdicts]
    by_seed = agreement_by_seed(record.verdicts)
    assert by_seed == pytest.approx({seed: sum(a[seed] for a in agreements) / 3 for seed in range(5)})
    assert record.agreement == t_interval(list(by_seed.values()))
    lacking = cell(5, observe(5, {"loss": 1.0}, 0.5))
    assert set(agreement_by_seed(assemble([*cells_of(), lacking], CLAIMS, ()).verdicts)) == set(range(5))


def test_a_claim_that_does_not_apply_takes_no_part_in_the_score():
    record = assemble(cells_of(), CLAIMS[:1], ())
    assert assemble(cells_of(), (*CLAIMS[:1], *INVARIANTS), ()).agreement == record.agreement


def test_without_an_applicable_claim_there_is_no_score():
    assert agreement_interval(()) is None
    assert assemble(cells_of(), INVARIANTS, ()).agreement is None
    assert assemble([cell(0, status="error")], CLAIMS, INVARIANTS).agreement is None


def test_cells_that_read_more_than_a_record_holds_are_a_mistake_in_one_line():
    wide = {f"wide__r{row}__c0": 0.5 for row in range(65)}
    with pytest.raises(
        Mistake, match=r"^no record can be made of some_task/vae\.mlp\.digits\.json: measurements: a map of 65 "
    ):
        assemble([cell(0, observe(0, wide))], CLAIMS, INVARIANTS)


def test_a_nul_in_a_message_or_a_note_makes_no_record_that_cannot_be_read():
    one = cell(0, observe(0, {"gain": "no\0meaning"}), notes=("a\0note",))
    lost = cell(1, status="error", reason="ended\0early")
    record = assemble([one, lost], CLAIMS, INVARIANTS)
    assert "\\u0000" not in strict_json(record)
    assert record.cells[1].reason == "ended\N{REPLACEMENT CHARACTER}early"
