"""Laws of comparison: a side against itself is 0, turned round it is negative, and unlike things are not compared."""

import json
from dataclasses import asdict, replace

import numpy as np
import pytest

from vaebench.claims import Interval, t_interval
from vaebench.mistakes import Mistake
from vaebench.report.compare import compare, side
from vaebench.report.differences import AtLevel
from vaebench.report.figures.draw_differences import draw_differences
from vaebench.report.received.sent import THIS_RUN, sent
from vaebench.report.rows.run_places import run_places
from vaebench.report.rows.selection import select
from vaebench.report.rows.standing import standings
from vaebench.results.assemble import rejudge
from vaebench.results.store import write_record

CAMUTO, NAKAGAWA = "camuto2021_variance_frequency", "nakagawa2021_posterior_isometry"


def shifted(record, by, only=None):
    """The same record with another level of every judged measurement of its trained models, by a factor."""
    columns = tuple(
        replace(one, values=tuple(value * by for value in one.values))
        if one.arm == "trained" and one.name != "energy" and (only is None or one.name == only)
        else one
        for one in record.measurements
    )
    return record.model_copy(update={"measurements": columns})


def test_a_side_against_itself_differs_by_nothing(made, records):
    found = compare(records, records)
    assert found.compared > 10
    assert found.left_out == ()
    intervals = [one.controlled.difference for one in found.claims if one.controlled.difference]
    assert {(one.estimate, one.low, one.high) for one in intervals} == {(0.0, 0.0, 0.0)}
    assert not any(one.controlled.differs or one.published.differs for one in found.claims)


def test_turned_round_the_differences_are_negative(made):
    one, other = [made.record(variant="vae")], [made.record(variant="beta_vae")]
    there, back = compare(one, other), compare(other, one)
    assert there.compared == back.compared == 4
    for here, turned in zip(there.claims, back.claims, strict=True):
        ours, theirs = here.controlled.difference, turned.controlled.difference
        assert ours.estimate == pytest.approx(-theirs.estimate)
        assert (ours.low, ours.high) == pytest.approx((-theirs.high, -theirs.low))
        assert here.controlled.words == turned.controlled.words[::-1]


def test_what_both_seeds_share_is_paired_away(made):
    """A factor common to all seeds: the differences vary far less than either side."""
    record = made.record(NAKAGAWA, dataset="three_sources")
    found = compare([record], [shifted(record, 1.5, "density_slope")])
    (one,) = [one for one in found.measurements if one.name == "density_slope"]
    (column,) = [one for one in record.measurements if (one.name, one.arm) == ("density_slope", "trained")]
    expected = t_interval([0.5 * value for value in column.values])
    assert (one.difference.estimate, one.difference.low) == pytest.approx((expected.estimate, expected.low))
    unpaired = t_interval(column.values)
    assert one.difference.high - one.difference.low < 0.6 * (unpaired.high - unpaired.low)
    others = [each for each in found.measurements if each.name != "density_slope"]
    assert {each.difference.estimate for each in others} == {0.0}


def test_a_worse_model_is_told_from_a_better_one(made):
    record = made.record(NAKAGAWA, dataset="three_sources")
    found = {one.claim: one.controlled for one in compare([record], [shifted(record, 0.5)]).claims}
    assert found["isometry"].differs
    assert found["isometry"].difference.high < 0
    assert found["isometry"].words[0] == "holds" != found["isometry"].words[1]


def test_records_of_other_definitions_data_and_presets_are_left_out(made):
    one = [made.record()]
    for other in (made.record(task_hash="0" * 16), made.record(dataset_hash="0" * 16)):
        found = compare(one, [other])
        assert (found.claims, len(found.left_out)) == ((), 1)
        assert "0000000000000000" in found.left_out[0] and CAMUTO in found.left_out[0]
    more = compare(one, [made.record(NAKAGAWA, dataset="three_sources"), made.record(task_hash="0" * 16)])
    assert ["0" * 16 in line for line in more.left_out] == [True, False]  # what nearly paired comes first
    quick = compare(one, [made.record(preset="quick")])
    assert quick.compared == 0
    assert [CAMUTO in line for line in quick.left_out] == [True, True]


def test_records_of_other_bytes_of_the_data_are_left_out(made):
    record = made.record()
    data = record.subject.dataset.model_copy(update={"files": "0" * 16})
    other = record.model_copy(update={"subject": record.subject.model_copy(update={"dataset": data})})
    found = compare([record], [other])
    assert (found.claims, found.measurements, found.compared) == ((), (), 0)
    assert found.left_out == (f"{CAMUTO} digits standard cpu: data set's files none, second side {'0' * 16}",)
    assert compare([other], [other]).compared == compare([record], [record]).compared > 0


def test_rows_of_one_network_pair_with_another_and_several_pair_by_name(made):
    one, other = [made.record(arch="mlp")], [made.record(arch="conv")]
    assert compare(one, other).compared == 4
    both = compare([*one, *other], [*one, *other])
    assert {claim.subject for claim in both.claims} == {"mlp", "conv"}
    assert compare(one, [*one, *other]).left_out == (f"{CAMUTO} digits standard cpu conv: only on the second side",)


def test_two_records_of_one_place_are_a_mistake(made):
    twice = [made.record(code="1" * 16), made.record(code="2" * 16)]
    with pytest.raises(Mistake, match=f"second side has several records of {CAMUTO} digits"):
        compare([made.record()], twice)


def test_what_is_not_applicable_to_one_side_has_a_reason_and_no_number(made):
    one, other = (made.record(NAKAGAWA, name, dataset="three_sources") for name in ("vae", "linear_vae"))
    found = {claim.claim: claim.controlled for claim in compare([one], [other]).claims}
    assert found["density"].difference is None
    assert "no kl_weight is declared" in found["density"].why
    assert found["isometry"].difference is not None


def test_survivors_are_no_sample(made):
    whole = made.record(seeds=5)
    assert {one.controlled.difference.n for one in compare([whole], [made.record(seeds=5, lost=(4,))]).claims} == {4}
    found = compare([whole], [made.record(seeds=5, lost=(3, 4))])
    assert found.compared == 0
    assert "3 of 5" in found.claims[0].controlled.why
    # Fewer seeds that all finished are a sample.
    assert {one.controlled.difference.n for one in compare([whole], [made.record(seeds=3)]).claims} == {3}


def test_verdicts_that_a_record_carries_are_not_believed(made):
    record = made.record(NAKAGAWA, dataset="bimodal_sources")
    better = tuple(
        replace(verdict, controlled=replace(verdict.controlled, word="holds", agreement=(1.0,) * 5))
        for verdict in record.verdicts
    )
    found = compare([record], [record.model_copy(update={"verdicts": better})])
    assert not any(one.controlled.differs for one in found.claims)
    assert all(one.controlled.words[0] == one.controlled.words[1] for one in found.claims)


def test_a_side_is_a_folder_or_a_row_of_the_suites_own(made, tmp_path, monkeypatch):
    checkout = tmp_path / "checkout"
    for arch in ("mlp", "conv"):
        write_record(checkout / "reference_results", made.record(arch=arch))
    write_record(tmp_path / "run", made.record(variant="mine"))
    monkeypatch.chdir(checkout)
    assert [record.subject.arch for record in side("vae.conv")[0]] == ["conv"]
    assert len(side("vae")[0]) == 2
    assert [record.subject.variant.name for record in side(str(tmp_path / "run"))[0]] == ["mine"]
    with pytest.raises(Mistake, match=r"vea is no folder of a run and no row; the nearest: vae"):
        side("vea")
    with pytest.raises(Mistake, match="there is no runs/none"):
        side("runs/none")


def test_a_figure_is_drawn_and_names_both_sides(made, tmp_path):
    found = compare([made.record()], [made.record(variant="beta_vae")])
    for name in ("a.svg", "b/a.svg"):
        draw_differences(found.claims, ("vae", "mine"), tmp_path / name)
    assert (tmp_path / "a.svg").read_bytes() == (tmp_path / "b" / "a.svg").read_bytes()
    assert (tmp_path / "a.svg").read_text().count(">decoder frequency · digits<") == 1
    with pytest.raises(Mistake, match=r"\.svg.*a\.txt"):
        draw_differences(found.claims, ("vae", "mine"), tmp_path / "a.txt")
    with pytest.raises(Mistake, match="no difference"):
        draw_differences((), ("vae", "mine"), tmp_path / "c.svg")


def preview_of(made, run, others):
    return select(made.suite, others, preview=True, submissions=[sent(record, THIS_RUN) for record in run])


def renamed(record, factor=1.0):
    subject = record.subject.model_copy(
        update={"variant": record.subject.variant.model_copy(update={"name": "mine", "code_hash": "1" * 16})}
    )
    return rejudge(shifted(record.model_copy(update={"subject": subject}), factor))


def test_a_row_near_another_cannot_be_told_from_it(made):
    ours = [made.record(NAKAGAWA, "vae", dataset=data) for data in made.tasks[1].datasets]
    (row,) = run_places(made.suite.tasks, preview_of(made, [renamed(record, 1.002) for record in ours], ours))
    for there in row.places:
        assert (there.best, there.worst, there.of, there.not_told_from) == (1, 2, 2, ("vae · mlp",))
    (row,) = run_places(made.suite.tasks, preview_of(made, [renamed(record, 0.5) for record in ours], ours))
    found = {(there.best, there.worst, there.of, there.not_told_from) for there in row.places}
    assert (2, 2, 2, ()) in found
    assert found <= {(2, 2, 2, ()), (1, 2, 2, ("vae · mlp",))}


def test_the_agreement_beside_a_place_is_over_the_claims_that_all_rows_have(made, monkeypatch):
    """Over its own claims, a row that lacks one where it is poor would look better than one that it stands behind."""
    ours = made.record(NAKAGAWA, "vae", dataset=made.tasks[1].datasets[0])
    mine = renamed(ours, 1.002)
    first, *rest = (verdict.claim for verdict in ours.verdicts)

    def without_the_first(models):
        for one in standings(models):
            agreements = {claim: of for claim, of in one.agreements.items() if claim != first}
            yield one if "mine" in one.model.label else replace(one, agreements=agreements)

    monkeypatch.setattr("vaebench.report.rows.standing.standings", lambda models: tuple(without_the_first(models)))
    (row,) = run_places(made.suite.tasks, preview_of(made, [mine], [ours]))
    (place,) = row.places
    assert (place.shared, place.judged) == (len(rest), len(rest) + 1)
    agreements = {verdict.claim: verdict.agreement for verdict in mine.verdicts}
    assert place.agreement.estimate == pytest.approx(np.mean([agreements[claim] for claim in rest]))
    assert place.agreement.estimate != pytest.approx(np.mean([*agreements.values()]))


def test_a_row_that_is_the_same_model_has_its_place(made):
    ours = [made.record(NAKAGAWA, "vae", dataset=data) for data in made.tasks[1].datasets]
    (row,) = run_places(made.suite.tasks, preview_of(made, [renamed(record, 1 + 1e-12) for record in ours], ours))
    assert {(there.best, there.worst, there.of) for there in row.places} == {(1, 1, 1)}


def test_what_is_missing_has_its_reason(made):
    ours = [made.record(NAKAGAWA, "vae", dataset=data) for data in made.tasks[1].datasets]
    (row,) = run_places(made.suite.tasks, preview_of(made, [renamed(record) for record in ours[:2]], ours))
    assert row.not_run == (CAMUTO,)
    assert [one.dataset for one in row.places] == list(made.tasks[1].datasets[:2])


def test_places_are_json(made):
    ours = [made.record(NAKAGAWA, "vae", dataset=data) for data in made.tasks[1].datasets]
    (row,) = run_places(made.suite.tasks, preview_of(made, [renamed(one, 1.002) for one in ours], ours))
    assert json.loads(json.dumps(asdict(row)))["places"][1]["of"] == 2


def test_what_chance_alone_would_give_is_of_the_claims_that_it_can_reach():
    def at(low, high):
        return AtLevel(("holds", "holds"), (0.5, 0.5), Interval(0.1, low, high, 5))

    assert [one.can_differ for one in (at(0.0, 0.2), at(None, None), at(0.1, 0.1))] == [True, False, False]
    assert not AtLevel(("holds", "holds"), None, None, "no seed").can_differ


def test_presets_of_one_row_have_places_of_their_own(made):
    ours = [made.record(), made.record(preset="quick")]
    mine = [
        renamed(one, 1.002) for one in (made.record(preset="quick"), made.record(made.tasks[1].name, dataset="digits"))
    ]
    standard = made.record(made.tasks[1].name, dataset="digits")
    rows = run_places(made.suite.tasks, preview_of(made, mine, [*ours, standard]))
    assert [(row.preset, [place.task for place in row.places]) for row in rows] == [
        ("quick", [made.tasks[0].name]),
        ("standard", [made.tasks[1].name]),
    ]
    assert all(len(row.not_run) == len(made.suite.tasks) - 1 for row in rows)
