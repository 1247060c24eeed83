"""Laws of the board's page: who is ranked, what is said of whom, and what it rests on."""

import re
from dataclasses import replace

import pytest

from vaebench.claims import Claim, Measurement, Near, column, declined
from vaebench.report.front_page import front_page
from vaebench.report.glossary import SECTIONS, glossary_page
from vaebench.report.markdown import NO_RECORDS, PREVIEW, SYMBOLS, anchor
from vaebench.report.row_summary import row_summary
from vaebench.report.selection import select
from vaebench.report.suite import Name
from vaebench.results.assemble import rejudge


@pytest.fixture(scope="module")
def page(made, records):
    return written(made, records)


def rows_of(page, heading):
    """Cells of the first table below a heading, without its two header lines."""
    below = page.partition(heading)[2]
    table = re.search(r"(?:^\|.*\n)+", below, re.MULTILINE)[0].splitlines()
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in table[2:]]


def paragraph(page, heading):
    """The first paragraph below a heading."""
    return page.partition(f"{heading}\n\n")[2].partition("\n\n")[0].strip()


def note(page, number):
    """A footnote below the table of agreement."""
    return re.search(rf"^\({number}\) (.*)$", page, re.MULTILINE)[1]


def written(made, records, preview=False):
    suite = made.judging(records)
    return front_page(suite, select(suite, records, preview), preview)


def summary(made, records, place=0):
    """How the records' row stands on one of the tasks."""
    suite = made.judging(records)
    task = suite.tasks[place]
    return row_summary(task, select(suite, records).of_task(task.name))


def test_every_row_and_every_task_is_on_the_board(page, made):
    rows = rows_of(page, "## Agreement")
    assert {row[1] for row in rows} == {
        f"{variant} · {arch}" for variant in ("vae", "beta_vae", "linear_vae") for arch in ("mlp", "conv")
    }
    for task in made.tasks:
        assert f"[{task.name.replace('_', ' ')}]({task.name}.md)" in page
        assert f"[{task.title}]({task.name}.md)" in page


def test_agreement_is_the_mean_over_data_sets_then_seeds_with_half_its_interval(page, made, records):
    own = [r for r in records if (r.subject.variant.name, r.subject.arch) == ("vae", "mlp")]
    camuto = next(r for r in own if r.subject.task.name.startswith("camuto")).agreement
    row = next(row for row in rows_of(page, "## Agreement") if row[1] == "vae · mlp")
    half = (camuto.high - camuto.low) / 2
    assert row[3].startswith(f"{camuto.estimate:.3f} ± {half:.3f}<br>")
    nakagawa = [r.agreement.estimate for r in own if r.subject.task.name.startswith("nakagawa")]
    assert float(row[4].split(" ")[0]) == pytest.approx(sum(nakagawa) / 3, abs=0.0006)
    assert float(row[2]) == pytest.approx((camuto.estimate + sum(nakagawa) / 3) / 2, abs=0.0006)


def test_verdicts_that_hold_are_counted_over_claims_and_data_sets(made, records):
    own = [r for r in records if (r.subject.variant.name, r.subject.arch) == ("linear_vae", "mlp")]
    task = made.tasks[1]
    verdicts = [v.word for r in own if r.subject.task.name == task.name for v in r.verdicts]
    found = summary(made, own, 1)
    assert found.holds == verdicts.count("holds")
    assert found.applicable == len(verdicts) - verdicts.count("not applicable")
    assert found.silent == verdicts.count("not applicable") == 3  # its density, on three data sets
    row = next(row for row in rows_of(written(made, records), "## Agreement") if row[1] == "linear_vae · mlp")
    numbers = row[4].split("<br>")[-2:]
    assert re.findall(r"\b\d+\b", " ".join(numbers)) == [str(found.published), str(found.holds), "9", "3"]


def test_rows_stand_in_order_of_their_mean_agreement(page):
    means = [float(row[2]) for row in rows_of(page, "## Agreement")]
    assert means == sorted(means, reverse=True)


def test_rows_whose_agreement_differs_by_rounding_stand_in_order_of_their_names(made):
    claims = (Claim("near", "It is 1.", (Near("r", 1.0, 0.1, 0.0),)),)

    def measurement(value):
        seeds = iter(range(5))
        return lambda rng: [column("trained", None, 0, Measurement("r", value + 0.01 * next(seeds), 0.0, 1))]

    values = {"a_vae": 0.5, "b_vae": 0.5 + 1e-12, "c_vae": 0.7}
    board = [
        made.record(variant=name, claims=claims, measurements=measurement(value)) for name, value in values.items()
    ]
    suite = made.with_tasks(replace(made.tasks[0], claims=claims))
    rows = rows_of(front_page(suite, select(suite, board), False), "## Agreement")
    assert [row[:2] for row in rows] == [["1", "c_vae · mlp"], ["2–3", "a_vae · mlp"], ["2–3", "b_vae · mlp"]]


def test_a_row_that_lacks_a_data_set_is_not_ranked_and_says_why(made, records):
    fewer = [
        r
        for r in records
        if (r.subject.variant.name, r.subject.arch, r.subject.dataset.name) != ("vae", "mlp", "three_sources")
    ]
    page = written(made, fewer)
    last = rows_of(page, "## Agreement")[-1]
    assert last[:3] == ["– (1)", "vae · mlp", "–"]
    assert last[3].startswith("0.")
    assert last[4].startswith("–<br>")
    assert "nakagawa2021 posterior isometry" in note(page, 1) and "three sources" in note(page, 1)
    assert "camuto" not in note(page, 1) and "bimodal" not in note(page, 1)


def test_a_row_without_a_task_is_not_ranked_and_says_why(made):
    page = written(made, [made.record()])
    assert "nakagawa2021 posterior isometry" in note(page, 1) and "bimodal sources" in note(page, 1)
    assert rows_of(page, "## Agreement")[0][4] == "–"


def test_a_task_on_which_no_claim_applies_is_not_covered(made):
    def nothing(rng):
        return [column("trained", None, 0, declined("energy", "not for <this> variant"))]

    claims = (Claim("energy", "It sums.", (Near("energy", 1.0, 0.1, 0.0),)),)
    record = made.record(measurements=nothing, claims=claims)
    found = summary(made, [record])
    assert (found.by_seed, found.agreement) == ({}, None)
    assert "digits" in found.lacks and "not for <this> variant" in found.lacks
    assert "not for &#60;this&#62; variant" in note(written(made, [record]), 1)


def test_one_seed_is_shown_and_not_ranked(made):
    records = made.board(("vae",), ("mlp",), seeds=1)
    row = rows_of(written(made, records), "## Agreement")[0]
    assert row[0] == "– (1)"
    assert float(row[3].split(" ")[0]) == pytest.approx(records[0].agreement.estimate, abs=0.0006)
    assert "±" not in row[3]
    assert summary(made, records).lacks


def test_data_sets_that_share_no_seed_have_no_agreement(made):
    task = made.tasks[1]
    records = [
        made.record(task.name, dataset=name, seeds=4, lost=lost)
        for name, lost in zip(task.datasets, ((0, 1), (2, 3), ()), strict=True)
    ]
    found = summary(made, records, 1)
    assert (found.by_seed, found.agreement) == ({}, None)
    assert found.lacks and found.applicable


def test_an_unsound_run_is_not_ranked(made):
    def unsound(rng):
        return [column("trained", None, 0, Measurement("energy", 2.0 + 0.01 * rng.normal(), 0.0, 1))]

    claims = (Claim("low", "It is low.", (Near("energy", 1.9, 0.3, 0.0),)),)
    found = summary(made, [made.record(measurements=unsound, claims=claims)])
    assert "digits" in found.lacks and "energy sums" in found.lacks
    assert (found.by_seed, found.agreement) == ({}, None)


def test_rows_that_cannot_be_told_apart_share_ranks_on_the_page(made):
    page = written(made, made.board(("vae", "twin_vae"), ("mlp",)))
    assert [row[0] for row in rows_of(page, "## Agreement")] == ["1–2", "1–2"]


def test_presets_are_tabled_apart(made):
    page = written(made, [*made.board(("vae",), ("mlp",)), *made.board(("beta_vae",), ("mlp",), preset="paper")])
    assert [row[1] for row in rows_of(page, "## Agreement, preset standard")] == ["vae · mlp"]
    assert [row[1] for row in rows_of(page, "## Agreement, preset paper")] == ["beta_vae · mlp"]
    assert "beta_vae · mlp (paper)" in page


def test_every_verdict_word_bears_its_symbol_and_the_glossary_explains_it(page):
    matrices = page.partition("## Verdicts, row by row")[2].partition("## Records")[0]
    cells = [cell for line in matrices.splitlines() if line.startswith("|") for cell in line.split("|")[2:-1]]
    assert {symbol for symbol in SYMBOLS.values() if any(f"{symbol} / " in cell for cell in cells)} == {
        *SYMBOLS.values()
    }
    legend, glossary = page.partition("## Claims")[0], glossary_page()
    for word, symbol in SYMBOLS.items():
        assert f"{symbol} {word}" in legend
        assert paragraph(glossary, f"### {word}").startswith(f"{symbol} ")
        assert f"{symbol} {word}" in glossary.partition("### verdict rules")[2].partition("###")[0]


def test_terms_of_the_glossary_have_anchors_of_their_own_and_short_sentences():
    terms = [term for entries in SECTIONS.values() for term in entries]
    assert len(set(map(anchor, terms))) == len(terms)
    for term in terms:
        says = paragraph(glossary_page(), f"### {term}")
        assert says.endswith("."), term
        assert all(len(sentence.split()) <= 30 for sentence in re.split(r"(?<=[.;:])\s", says)), term


def test_every_claim_is_counted_over_all_records_and_leads_to_its_section(page, made, records):
    rows = rows_of(page, "## Claims")
    claims = [(task.name, claim) for task in made.tasks for claim in made.claims[task.name]]
    assert len(rows) == len(claims)
    for row, (task, claim) in zip(rows, claims, strict=True):
        assert row[1] == f"[{claim.id}]({task}.md#{claim.id})"
        assert row[2] == claim.says
        found = [v for r in records if r.subject.task.name == task for v in r.verdicts if v.claim == claim.id]
        counted = [[v.published.word for v in found], [v.controlled.word for v in found]]
        shown = [word for word in SYMBOLS if word != "not applicable"]
        said = [[int(number) for number in re.findall(r"\d+", cell)] for cell in row[3:5]]
        assert said == [[one.count(word) for word in shown] for one in counted]


def analytic_claims(made):
    claims = made.claims[made.tasks[0].name]
    return (replace(claims[0], analytic="holds"), replace(claims[1], analytic="fails"), *claims[2:])


def test_a_claim_says_whether_the_analytic_arms_got_the_verdict_that_mathematics_has(made):
    page = written(made, [made.record(variant=v, claims=analytic_claims(made)) for v in ("vae", "beta_vae")])
    assert [row[-1] for row in rows_of(page, "## Claims")] == ["✓ holds 1/1", "✗ fails 0/1", "", ""]


@pytest.mark.parametrize(("power", "models"), [(0.0, 1), (-1e-7, 1), (-0.1, 2)])
def test_an_analytic_arm_counts_once_however_a_processor_rounds(made, power, models):
    def bent(column):
        if column.arm != "analytic":
            return column
        return replace(column, values=tuple(value * column.knob**power for value in column.values))

    first, second = (made.record(variant=v, claims=analytic_claims(made)) for v in ("vae", "beta_vae"))
    second = rejudge(second.model_copy(update={"measurements": tuple(map(bent, second.measurements))}))
    assert rows_of(written(made, [first, second]), "## Claims")[0][-1] == f"✓ holds {models}/{models}"


def test_other_data_sets_than_the_tasks_do_not_count_among_its_claims(made):
    page = written(made, [made.record(), made.record(dataset="my_data")])
    assert [sum(map(int, re.findall(r"\d+", row[3]))) for row in rows_of(page, "## Claims")] == [1, 1, 1, 1]


def test_names_are_explained_where_they_are_on_the_board(made):
    names = [Name("variant", "vae", "The VAE.", "vaebench/variants/vae.py"), Name("variant", "iwae", "Other.", "x")]
    names += [Name("data", "digits", "Small digits.", "vaebench/data/digits.py")]
    chosen = select(made.suite, [made.record()])
    suite = replace(made.suite, names=tuple(names))
    page, preview = (front_page(suite, chosen, preview) for preview in (False, True))
    assert rows_of(page, "## Names") == [
        ["variant", "[vae](../vaebench/variants/vae.py)", "The VAE."],
        ["data", "[digits](../vaebench/data/digits.py)", "Small digits."],
    ]
    assert rows_of(preview, "## Names")[0][1] == "vae"


def test_verdicts_that_differ_by_data_set_are_counted(page):
    rows = rows_of(page, "### [Isometry of the posterior]")
    vae = next(row for row in rows if row[0] == "vae · mlp")
    assert vae[1] == "✓ / ✓ (2)<br>✗ / ✗ (1)"
    assert next(row for row in rows if row[0] == "linear_vae · mlp")[3] == "– / –"


def test_the_board_sums_up_its_records(made):
    page = written(made, [made.record(lost=(1, 3)), made.record(arch="conv", device="cuda")])
    summed = paragraph(page, "## Records")
    assert re.findall(r"\d[\d.]*\d|\d", summed) == ["2", "10", "2", "2.11.0"]
    assert all(name in summed for name in ("diverged", "cpu", "cuda"))
    first, second = rows_of(page, "## Records")
    names = "camuto2021 variance frequency"
    assert first == [
        names,
        "digits",
        "[vae · conv](records/camuto2021_variance_frequency/vae.conv.digits.md)",
        "standard",
        "5 of 5",
        "none",
        "✓ holds (1)",
        "cuda",
        "37.0 s",
        "trained by us",
    ]
    assert second[4:6] == ["3 of 5", "2 diverged"]


def test_what_is_stale_or_left_out_is_named(made):
    page = written(made, [made.record(task_hash="0" * 16), made.record(preset="quick")])
    stale, _, left_out = page.partition("## Stale\n")[2].partition("## Left out\n")
    name = "camuto2021_variance_frequency/vae.mlp.digits.json"
    assert f"- {name} (standard" in stale and "0000000000000000" in stale
    assert f"- {name} (quick" in left_out
    assert NO_RECORDS in page


def test_a_fresh_board_has_no_empty_headings(page):
    assert "## Stale" not in page
    assert "## Left out" not in page


def test_quick_is_shown_in_a_preview_alone_and_under_a_banner(made):
    quick = made.board(("new_vae",), ("mlp",), preset="quick")
    assert "| new_vae" not in written(made, quick)
    preview = written(made, quick, preview=True)
    assert PREVIEW in preview and PREVIEW not in written(made, quick)
    assert [row[1] for row in rows_of(preview, "## Agreement, preset quick")] == ["new_vae · mlp"]


def test_a_board_without_tasks_is_empty_and_whole(made):
    suite = made.with_tasks()
    page = front_page(suite, select(suite, []), False)
    assert NO_RECORDS in page and "## Agreement" not in page
