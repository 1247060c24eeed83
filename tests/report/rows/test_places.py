"""Laws of places: intervals with ties on common claims, nothing imputed, and a reason for each gap."""

import re
import time

import numpy as np
import pytest

from vaebench import catalog
from vaebench.claims import Claim, Measurement, Near, column, declined
from vaebench.report.pages.places_page import places_page
from vaebench.report.rows.distinct import distinct
from vaebench.report.rows.fits import IMAGES_ONLY, VECTORS, cannot_be, networks_of
from vaebench.report.rows.places import Place, places
from vaebench.report.rows.selection import select
from vaebench.report.rows.standing import Standing, by_data, coverage, shared_claims, standings

SEEDS = range(5)


def row(mean, claims=("a",), spread=0.01, seeds=SEEDS):
    return {claim: {seed: mean + spread * (-1) ** seed for seed in seeds} for claim in claims}


def said(rows):
    return {name: str(place) for name, place in places(rows).items()}


def test_rows_that_differ_have_places_and_rows_that_do_not_share_them():
    rows = {"low": row(0.1), "high": row(0.9), "same": row(0.1001)}
    assert said(rows) == {"low": "2–3", "high": "1", "same": "2–3"}


def test_the_order_of_rows_and_of_claims_does_not_matter():
    rows = {f"r{i}": row(0.1 * i, ("a", "b") if i % 2 else ("b", "a")) for i in range(6)}
    assert places(dict(reversed(rows.items()))) == places(rows)


def test_a_third_row_does_not_change_how_two_stand_to_each_other():
    two = {"x": row(0.4), "y": row(0.6)}
    three = places({**two, "z": row(0.9)})
    assert (three["x"].best - 1, three["y"].best - 1) == (places(two)["x"].best, places(two)["y"].best)


def test_rows_are_compared_on_their_common_claims_only():
    """A row that lacks a claim on which all do badly gains nothing; averaging what is there would put it first."""
    whole = {**row(0.5, ("easy",)), **row(-0.6, ("hard",))}
    lacking = row(0.45, ("easy",))
    assert said({"whole": whole, "lacking": lacking}) == {"whole": "1", "lacking": "2"}


def test_rows_without_a_common_claim_are_not_compared():
    assert said({"x": row(0.1, ("a",)), "y": row(0.9, ("b",))}) == {"x": "1–2", "y": "1–2"}


def test_rounding_is_no_difference():
    assert said({"x": row(0.5, spread=0.0), "y": row(0.5 + 1e-6, spread=0.0)}) == {"x": "1–2", "y": "1–2"}
    assert said({"x": row(0.5, spread=0.0), "y": row(0.6, spread=0.0)}) == {"x": "2", "y": "1"}


@pytest.mark.parametrize("agreements", [{}, {"a": {0: 0.5}}, {"a": {0: 0.5, 1: 0.5}, "b": {1: 0.5, 2: 0.5}}])
def test_a_row_without_two_seeds_of_every_claim_has_no_place(agreements):
    with pytest.raises(ValueError, match="lone"):
        places({"lone": agreements})


@pytest.mark.parametrize("spreads", [(1.0, 1.0), (0.3, 3.0)])
def test_two_rows_of_one_mean_differ_in_five_per_cent_at_most(spreads):
    rng = np.random.default_rng(0)
    runs, wrong = 1200, 0
    for _ in range(runs):
        drawn = {name: {"a": dict(enumerate(rng.normal(0, s, 5)))} for name, s in zip("xy", spreads, strict=True)}
        wrong += places(drawn)["x"] != places(drawn)["y"]
    assert 0.005 < wrong / runs < 0.05 + 3 * (0.05 * 0.95 / runs) ** 0.5


def test_a_thousand_rows_are_placed_in_seconds():
    rng = np.random.default_rng(0)
    rows = {
        f"r{i}": {c: dict(enumerate(rng.normal(i % 9 / 9, 0.1, 5))) for c in ("abcd" if i % 9 else "abc")}
        for i in range(1000)
    }
    began = time.process_time()
    found = places(rows)
    assert time.process_time() - began < 10
    assert all(1 <= place.best <= place.worst <= 1000 for place in found.values())


# ---- pages


def page_of(made, records, place=0, **how):
    suite = made.judging(records)
    chosen = select(suite, records, **how)
    task = suite.tasks[place]
    return places_page(task, by_data(distinct(chosen.of_task(task.name))), chosen, False)


def table(page, heading):
    below = page.partition(f"## {heading}\n")[2]
    lines = re.search(r"(?:^\|.*\n)+", below, re.MULTILINE)[0].splitlines()
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]


def test_each_data_set_has_its_own_places_with_the_verdicts_beside(made, records):
    page = page_of(made, records, 1)
    for dataset in made.tasks[1].datasets:
        rows = table(page, dataset.replace("_", " "))
        assert len(rows) == 6
        best = [int(row[0].partition("–")[0]) for row in rows]
        assert min(best) == 1 and all(re.fullmatch(r"\d+(–\d+)?", row[0]) for row in rows)
        vae = next(row for row in rows if row[1].startswith("[vae · mlp]"))
        record = next(r for r in records if r.subject.file_name == f"{made.tasks[1].name}/vae.mlp.{dataset}.json")
        holds = [
            sum(getattr(v, level).word == "holds" for v in record.verdicts) for level in ("published", "controlled")
        ]
        assert [int(n) for n in re.findall(r"\d+", vae[3])] == [*holds, 4]
        assert vae[1].endswith(f"(../records/{made.tasks[1].name}/vae.mlp.{dataset}.md)")


def test_coverage_tells_not_run_from_cannot_be(made):
    task = made.tasks[1]
    records = [made.record(task.name, dataset="three_sources"), made.record(arch="conv")]
    rows = {row[0]: row[1:] for row in table(page_of(made, records, 1), "Coverage")}
    assert rows["vae · mlp"] == ["three sources", "", "bimodal sources, linear gaussian sources", ""]
    placed, unsound, not_run, cannot = rows["vae · conv"]
    assert (placed, unsound, not_run) == ("", "", "")
    assert all(name.replace("_", " ") in cannot for name in task.datasets) and "square images" in cannot


def unsound(rng):
    return [column("trained", None, 0, Measurement("energy", 2.0 + 0.01 * rng.normal(), 0.0, 1))]


def test_a_run_that_is_unsound_has_no_place_and_says_why(made):
    claims = (Claim("low", "It is low.", (Near("energy", 1.9, 0.3, 0.0),)),)
    page = page_of(made, [made.record(measurements=unsound, claims=claims)])
    assert table(page, "digits")[0][0] == "–"
    (row,) = table(page, "Coverage")
    assert row[1] == "" and "energy sums" in row[2]


def test_a_row_to_which_no_claim_applies_or_with_one_seed_has_no_place(made):
    def nothing(rng):
        return [column("trained", None, 0, declined("energy", "not for <this> variant"))]

    claims = (Claim("energy", "It sums.", (Near("energy", 1.0, 0.1, 0.0),)),)
    (row,) = table(page_of(made, [made.record(measurements=nothing, claims=claims)]), "Coverage")
    assert "not for &#60;this&#62; variant" in row[2]
    (row,) = table(page_of(made, [made.record(seeds=1)]), "Coverage")
    assert row[1] == "" and "two seeds" in row[2]


def test_presets_are_placed_apart(made):
    page = page_of(made, [made.record(), made.record(variant="beta_vae", preset="paper")])
    assert len(table(page, "digits")) == 1
    assert table(page, "digits (paper)")[0][1].startswith("[beta_vae · mlp]")


def test_a_model_under_two_names_has_one_place(made):
    record = made.record()
    variant = record.subject.variant.model_copy(update={"name": "other"})
    other = record.model_copy(update={"subject": record.subject.model_copy(update={"variant": variant})})
    chosen = select(made.suite, [record, other, made.record(variant="beta_vae")])
    found = standings(distinct(chosen.shown))
    assert sorted(one.model.name for one in found) == ["beta_vae", "vae = other"]
    assert {one.place.worst for one in found} <= {1, 2}


def test_every_data_set_of_a_task_is_in_one_place_of_the_coverage(made, records):
    task = made.tasks[1]
    chosen = select(made.suite, [r for r in records if r.subject.dataset.name != "three_sources"])
    of_data = {}
    for one in distinct(chosen.of_task(task.name)):
        of_data.setdefault(one.first.dataset, []).append(one)
    found = [(name, standing) for name, models in of_data.items() for standing in standings(models)]
    one = coverage(task, "vae · mlp", "vae", "mlp", [pair for pair in found if pair[1].model.label == "vae · mlp"])
    assert len(one.placed) == 2 and one.not_run == ("three sources",)
    assert len((*one.placed, *one.unsound, *one.not_run, *one.cannot)) == len(task.datasets)


def test_the_coverage_tells_what_waits_to_be_rerun_from_what_was_never_run(made):
    """Networks whose records were all superseded had no line: they looked as if nobody had thought of them."""
    task = made.tasks[0]
    old = made.record(task.name, arch="conv", task_hash="0" * 16)
    chosen = select(made.suite, [made.record(task.name), old])
    found = by_data(distinct(chosen.of_task(task.name)))
    page = places_page(task, found, chosen, False).partition("## Coverage")[2]
    assert re.search(r"\| vae · mlp +\|.*\| +\|$", page, re.MULTILINE)
    assert re.search(rf"\| vae · conv +\|[ |]+\| {old.subject.dataset.name} +\|$", page, re.MULTILINE)


def test_the_mean_that_is_shown_is_over_the_claims_that_all_rows_with_a_place_have():
    """Over each row's own claims, one that lacks a poor claim looked better than one beside whose place it stood."""
    whole, part = row(0.2, ("a", "b")), row(0.2, ("a",))
    whole["b"] = row(-0.6, ("b",))["b"]
    placed = [Standing(None, of, place=Place(1, 2)) for of in (whole, part)]
    without = Standing(None, row(0.1, ("c",)), lacks="fewer than two seeds have every claim")
    assert shared_claims([*placed, without]) == ("a",) and shared_claims([without]) == ()
    means = [one.agreement_on(("a",)).estimate for one in placed]
    assert means == pytest.approx([np.mean(list(of["a"].values())) for of in (whole, part)])
    assert without.agreement_on(("a",)) is None is placed[0].agreement_on(())


def test_a_place_prints_as_a_range():
    assert (str(Place(1, 3)), str(Place(2, 2))) == ("1–3", "2")


def test_what_cannot_be_is_what_the_networks_and_data_say():
    """The declared facts against the things themselves, for all data without a download."""
    from vaebench.models import Unfit
    from vaebench.models.networks import architecture

    for task in map(catalog.task, catalog.task_names()):
        for name in task.datasets:
            shape = tuple(catalog.dataset(name).train.x.shape[1:])
            assert (len(shape) == 1) == (name in VECTORS), name
            for arch in catalog.arch_names():
                fits = True
                try:
                    architecture(arch).encoder(shape)
                except Unfit:
                    fits = False
                assert bool(cannot_be("vae", arch, name)) == (not fits), (arch, name)
    assert set(catalog.arch_names()) >= IMAGES_ONLY


def test_networks_of_a_variant_are_read_from_its_page():
    for name in catalog.variant_names():
        assert networks_of(name) == (catalog.variant(name).variant.archs or ()), name
    assert networks_of("nobodys") == ()
    assert "mlp" in cannot_be("linear_vae", "conv", "digits")
