"""Laws of the board's page: what it counts, in which order, and that its size does not depend on the number of rows."""

import re
from collections import Counter
from dataclasses import replace
from types import SimpleNamespace

import pytest

from vaebench.claims import Beyond, Claim, Measurement, Near, column
from vaebench.experiment import Knob
from vaebench.report.every_file import overall_pages, summed_up
from vaebench.report.pages.claims_table import Counted, _how_often, how_much
from vaebench.report.pages.over_variants import Group
from vaebench.report.pages.records_page import records_page
from vaebench.report.received.sent import sent
from vaebench.report.rows.distinct import distinct
from vaebench.report.rows.pooled import pooled
from vaebench.report.rows.selection import select
from vaebench.report.rows.standing import standings
from vaebench.report.suite import Name
from vaebench.report.words import in_words
from vaebench.report.words.dated import UNDATED
from vaebench.report.words.glossary import SECTIONS, glossary_page
from vaebench.report.words.in_words import Effect
from vaebench.report.words.markdown import NO_RECORDS, PREVIEW, SYMBOLS, anchor, words
from vaebench.results.assemble import rejudge
from vaebench.results.references import root

FREQUENCY, ISOMETRY = "camuto2021_variance_frequency", "nakagawa2021_posterior_isometry"


def overall(suite, records, preview=False, submissions=(), **how):
    """The pages for all tasks together."""
    chosen = select(suite, records, preview, submissions)
    return overall_pages(suite, chosen, summed_up(suite, chosen, {}), preview, **how)


def written(made, records, preview=False, **how):
    return overall(made.judging(records), records, preview, **how)["README.md"]


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


def numbers(text):
    return [int(number) for number in re.findall(r"\d+", text)]


def test_the_first_screen_says_what_was_tested_when_and_where_else_to_look(page, records):
    head = page.partition("## All claims")[0]
    tested, dated, legend = page.split("\n\n")[1].split("\\\n")
    assert legend.startswith("**n** of m models: ✓ ")
    assert numbers(tested) == [2, 3, 2, 4, 5]  # papers, variants, networks, data sets, seeds
    assert UNDATED in dated and f"{len(records)} records" in dated and records[0].suite_version in dated
    targets = ("changes.md", "results/verdicts.csv", "cite.md", "../CONTRIBUTING.md", "../README.md")
    assert all(f"({target})" in dated for target in targets)
    assert all(f"{symbol} " in head for word, symbol in SYMBOLS.items() if word != "not applicable")


def test_the_first_screen_leads_to_protocol_places_and_coverage_of_each_task(made, records, page):
    head = page.partition("## All claims")[0]
    for task in made.suite.tasks:
        for target in (
            f"{task.name}.md",
            f"{task.name}.md#protocol",
            *(f"places/{task.name}.md{at}" for at in ("", "#coverage")),
        ):
            assert f"]({target})" in head, target


def test_records_that_wait_to_be_measured_again_are_said_in_one_line(made):
    old = made.record(made.tasks[1].name, dataset="three_sources", task_hash="0" * 16)
    current = [made.record(made.tasks[0].name, variant=name) for name in ("vae", "beta_vae")]
    head = written(made, [*current, old]).partition("## All claims")[0]
    (line,) = (line for line in head.splitlines() if "](superseded.md)" in line and "#superseded" not in line)
    assert "[1 record]" in line and f"]({made.tasks[1].name}.md)" in line and f"]({made.tasks[0].name}.md)" not in line
    assert "](superseded.md)" not in written(made, current)


def test_a_dated_record_gives_the_day_of_the_newest(made):
    record = made.record()
    cells = [cell.model_copy(update={"date": f"2026-11-2{i}T10:00:00Z"}) for i, cell in enumerate(record.cells)]
    page = written(made, [record.model_copy(update={"cells": tuple(cells)}), made.record(arch="conv")])
    assert "2026-11-24" in page.split("\n\n")[1].split("\\\n")[1]


def constant(claims, values):
    """A measurement of what each claim judges, with a little noise."""

    def measured(rng):
        return [
            column("trained", None, 0, Measurement(claim.conditions[0].measurement, value + 0.01 * rng.normal(), 0, 1))
            for claim, value in zip(claims, values, strict=True)
        ]

    return measured


def test_headlines_are_those_of_the_table_those_that_hold_most_widely_first(made, monkeypatch):
    claims = tuple(Claim(name, f"It is {name}.", (Beyond(name, 0.0, 1.0, -1.0),)) for name in ("a", "b", "c"))
    effects = {(FREQUENCY, name): Effect((name,), "by {}", "number", f"Short {name}") for name in ("a", "b")}
    monkeypatch.setattr(in_words, "EFFECTS", effects)
    values = {"vae": (-1.0, 1.0, 1.0), "beta_vae": (1.0, 1.0, 1.0)}
    records = [made.record(variant=v, claims=claims, measurements=constant(claims, at)) for v, at in values.items()]
    head = written(made, records).partition("## All claims")[0]
    rows = rows_of(head, "# ")
    assert [row[0] for row in rows] == [f"[Short b]({FREQUENCY}.md#b)", f"[Short a]({FREQUENCY}.md#a)"]
    assert [numbers(row[1]) for row in rows] == [[2, 2], [1, 2, 1]] and {row[2] for row in rows} == {"no control"}
    assert rows[1][5] == "✗ vae" and rows[0][5] == ""
    assert all("by **" in row[3] for row in rows)


def test_where_a_claim_turns_round_between_data_sets_its_row_says_so(made, monkeypatch):
    """It holds on the first set and not on others, which differ. Half of a set's models are not most."""
    task = made.tasks[1]
    one, two, three = task.datasets[:3]
    a, b = (Beyond(name, 0.0, 1.0, -1.0) for name in ("a", "b"))
    conditions = {"a": (a,), "b": (b,), "ab": (a, replace(b, role="control"))}
    claims = tuple(Claim(name, f"It is {name}.", several) for name, several in conditions.items())
    effects = {(task.name, c.id): Effect(("a",), "by {}", "number", f"Short {c.id}") for c in claims}
    monkeypatch.setattr(in_words, "EFFECTS", effects)
    values = {
        ("vae", one): (1.0, -1.0),
        ("beta_vae", one): (1.0, -1.0),
        ("vae", two): (1.0, -1.0),
        ("beta_vae", two): (-1.0, -1.0),
        ("vae", three): (-1.0, -1.0),
    }
    records = [
        made.record(task.name, v, dataset=data, claims=claims, measurements=constant(claims[:2], at))
        for (v, data), at in values.items()
    ]
    page = written(made, records)
    said = f"{words(one)} 2 of 2; {words(two)} 1 of 2; {words(three)} 0 of 1"
    rows = rows_of(page.partition("## All claims")[0], "# ")
    three, none = "**3** of 5, ✗\u00a02", "**0** of 5, ✗\u00a05"
    where = f"{three} ({said.replace(' of ', '/')})"
    assert [row[1:3] for row in rows] == [[where, "no control"], [where, none], [none, "no control"]]
    alike = [record for record in records if record.subject.dataset.name == one]
    assert "2 of 2;" not in written(made, alike)
    turned, half, same = rows_of(page, "## All claims")
    assert all(f"({said})" in cell for cell in (turned[2], half[2]))
    assert all("(" not in cell for cell in (half[3], *same[2:4]))


def turning(**held):
    """A claim's count on data sets, by the words of its models on each."""
    models = [
        SimpleNamespace(
            first=SimpleNamespace(dataset=name, verdicts={"a": SimpleNamespace(published=SimpleNamespace(word=word))})
        )
        for name, words_of in held.items()
        for word in words_of
    ]
    return Counted(SimpleNamespace(counted_on=tuple(held)), SimpleNamespace(id="a"), tuple(models), ())


YES, NO = ("holds",), ("fails",)


def test_of_many_data_sets_where_a_claim_turns_round_the_few_are_named():
    def where(**held):
        return turning(**held).by_dataset("published")

    yes, no = YES, NO
    assert where(a=yes, b=yes, c=no + yes, d=yes * 2) == "c 1 of 2; the others 4 of 4"
    assert where(a=no, b=no, c=yes, d=no) == "c 1 of 1; the others 0 of 3"
    assert where(a=no, b=no, c=yes, d=yes) == "c, d 2 of 2; a, b 0 of 2"
    assert where(a=no, b=no + yes, c=no, **dict.fromkeys("defg", yes)) == "a, c 0 of 2; b 1 of 2; the others 4 of 4"
    assert where(a=no, b=no, c=yes, d=yes, e=yes, f=no) == "c, d, e 3 of 3; the others 0 of 3"


def test_the_first_screen_names_all_sets_of_the_shorter_side():
    """It named a set with one undecided model, and not the one with all failures."""

    def where(**held):
        return turning(**held).by_dataset("published", brief=True)

    yes, no = YES, NO
    assert where(digits=yes * 8, mnist=no * 6) == "digits 8/8; mnist 0/6"
    assert where(a=yes * 2 + no * 3, b=yes + no, c=no, **dict.fromkeys("defg", yes)) == "a 2/5; b 1/2; c 0/1"
    assert where(a=yes + no, b=no + yes, **dict.fromkeys("defg", yes)) == "a, b 2/4"
    assert where(a=yes * 3 + no * 2, **dict.fromkeys("bcd", no)) == "a 3/5"
    assert where(**dict.fromkeys("abc", yes), **dict.fromkeys("def", no)) == "a, b, c 3/3"
    assert where(a=yes, b=yes, c=yes) == where(a=no) == ""


def test_a_model_that_a_papers_own_measure_has_no_meaning_for_counts_under_controls_alone():
    """Four of 26 models have no published density: the board said 12 of 26, and meant 12 of 22."""

    def model(published, controlled):
        levels = {"published": SimpleNamespace(word=published), "controlled": SimpleNamespace(word=controlled)}
        return SimpleNamespace(first=SimpleNamespace(dataset="a", verdicts={"c": SimpleNamespace(**levels)}))

    models = (model("holds", "fails"), model("fails", "fails"), model("not applicable", "holds"))
    one = Counted(SimpleNamespace(counted_on=("a",)), SimpleNamespace(id="c"), models, ())
    assert [(one.held(at), one.applies(at)) for at in ("published", "controlled")] == [(1, 2), (1, 3)]
    assert one.breadth == (1 / 3, 1 / 2)


@pytest.mark.parametrize(
    ("limit", "ideal", "seeds", "scale", "can"),
    [
        (0.9, 1.0, 5, "share", False),
        (0.4, 1.0, 5, "share", True),
        (0.9, 1.0, 36, "share", True),
        (0.1, 0.0, 5, "share", False),
        (0.6, 0.0, 5, "share", True),
        (0.9, 1.0, 5, "mean", True),
    ],
)
def test_a_claim_that_no_measurement_could_show_with_so_few_seeds_says_so(limit, ideal, seeds, scale, can):
    """Five seeds that all read 1 show a share above .478: eleven models were undecided, and no count said why."""
    condition = Beyond("r", limit, ideal, null=limit if scale == "mean" else 1 - ideal, scale=scale)
    model = SimpleNamespace(first=SimpleNamespace(record=SimpleNamespace(cells=(None,) * seeds)))
    claims = (
        Claim("c", "It is.", (condition,)),
        Claim("c", "It is.", (Beyond("q", 0, 1, 0), replace(condition, role="control"))),
    )
    assert [Counted(SimpleNamespace(), claim, (model,), ()).out_of_reach for claim in claims] == [
        "" if can else f"{seeds} seeds cannot show it",
        "",
    ]


def test_how_much_is_the_mean_over_variants_with_what_to_expect_of_a_new_one(made, monkeypatch):
    claims = (Claim("r", "It is high.", (Beyond("r", 0.0, 1.0, -1.0),)),)
    monkeypatch.setattr(in_words, "EFFECTS", {(FREQUENCY, "r"): Effect(("r",), "r {}", "number", "R is high")})
    at = {f"vae_{number}": float(number) for number in range(1, 6)}
    records = [made.record(variant=v, claims=claims, measurements=constant(claims, (x,))) for v, x in at.items()]
    (row,) = rows_of(written(made, records), "# ")
    assert row[3] == "r **3.0**"
    low, high = (float(number.replace("−", "-")) for number in row[4].split(" to "))
    assert low < 1 and high > 5 and low + high == pytest.approx(6, abs=0.2)
    three = rows_of(written(made, records[:3]), "# ")[0]
    assert "median" in three[3] and "2.0" in three[3] and three[4] == "too few; here 1.0 to 3.0"


@pytest.mark.parametrize(("there", "said"), [(-0.02, "; mnist 2.0 more"), (-0.001, ", digits"), (0.02, ", digits")])
def test_an_effect_that_turns_round_on_another_data_set_says_so(there, said):
    """On digits five points fewer, on MNIST six more: the row told the first alone. An open one is none."""

    def group(dataset, value):
        values = tuple(value + noise for noise in (-0.003, -0.001, 0.0, 0.001, 0.003))
        found = pooled(values, (1e-6,) * 5)
        return Group("t", "c", "mlp", dataset, Effect(("x",), "{}", "points"), False, values, (1e-6,) * 5, 5, found)

    claim = SimpleNamespace(id="c", conditions=())
    task = SimpleNamespace(counted_on=("digits", "mnist"), name="t", knob=None)
    one = Counted(task, claim, (), (group("digits", 0.05), group("mnist", there)))
    assert how_much(one, network=False)[0] == f"**5.0 points fewer**{said}"


def test_every_claim_is_counted_over_models_and_leads_to_its_section(page, made, records):
    rows = {row[0]: row for row in rows_of(page, "## All claims")}
    claims = [(task.name, claim) for task in made.tasks for claim in made.claims[task.name]]
    assert len(rows) == len(claims)
    for task, claim in claims:
        row = rows[f"[{claim.id}]({task}.md#{claim.id})"]
        assert row[1] == claim.says
        found = [v for r in records if r.subject.task.name == task for v in r.verdicts if v.claim == claim.id]
        counted = [[v.published.word for v in found], [v.controlled.word for v in found]]
        shown = [word for word in SYMBOLS if word != "not applicable"]
        several = any(condition.role == "control" for condition in claim.conditions)
        assert several or row[3] == "no control"
        assert [numbers(cell.partition("(")[0]) for cell in row[2 : 4 if several else 3]] == [
            [one.count(word) for word in shown] for one in (counted if several else counted[:1])
        ]


def test_claims_stand_in_the_order_of_how_widely_they_hold(page):
    shares = []
    for row in rows_of(page, "## All claims"):
        at = row[2] if row[3] == "no control" else row[3]
        holds, fails, undecided = numbers(at.partition("(")[0])
        shares.append(holds / (holds + fails + undecided))
    assert shares == sorted(shares, reverse=True) and len(set(shares)) > 1


def test_one_model_under_two_names_counts_once(made):
    record = made.record()
    other = record.model_copy(
        update={"subject": record.subject.model_copy(update={"variant": _variant(record, "other")})}
    )
    row = rows_of(written(made, [record, other, made.record(variant="beta_vae")]), "## All claims")[0]
    assert sum(numbers(row[2])) == 2


def _variant(record, name):
    return record.subject.variant.model_copy(update={"name": name})


def test_there_is_no_mean_and_no_overall_rank(page):
    cells = [cell for row in page.splitlines() if row.startswith("|") for cell in row.split("|")]
    assert not {"Mean", "Rank"} & {cell.strip() for cell in cells}


def test_what_others_send_changes_nothing_here(made, records):
    plain = overall(made.suite, records)
    theirs = [sent(made.record(variant=f"my_vae_{number}", seeds=5), "eve") for number in range(3)]
    flooded = overall(made.suite, records, submissions=theirs)
    assert flooded["README.md"] == plain["README.md"] and flooded["over_variants.md"] == plain["over_variants.md"]


def test_the_page_does_not_grow_with_the_rows(made):
    few = made.board(("vae", "beta_vae"), ("mlp",))
    many = made.board(tuple(f"vae_{number}" for number in range(12)), ("mlp",))
    sizes = [len(written(made, records)) for records in (few, many)]
    assert sizes[1] < 1.05 * sizes[0]
    assert max(*sizes, (root() / "leaderboard/README.md").stat().st_size) < 200_000


def analytic_claims(made):
    claims = made.claims[made.tasks[0].name]
    return (replace(claims[0], analytic="holds"), replace(claims[1], analytic="fails"), *claims[2:])


def analytic_cells(page):
    return sorted(row[5] for row in rows_of(page, "## All claims"))


def test_a_claim_says_whether_the_analytic_arms_got_the_verdict_that_mathematics_has(made):
    page = written(made, [made.record(variant=v, claims=analytic_claims(made)) for v in ("vae", "beta_vae")])
    assert analytic_cells(page) == sorted(["✓ holds 1/1", "✗ fails 0/1", "", ""])


@pytest.mark.parametrize(("power", "models"), [(0.0, 1), (-1e-7, 1), (-0.1, 2)])
def test_an_analytic_arm_counts_once_however_a_processor_rounds(made, power, models):
    def bent(column):
        if column.arm != "analytic":
            return column
        return replace(column, values=tuple(value * column.knob**power for value in column.values))

    first, second = (made.record(variant=v, claims=analytic_claims(made)) for v in ("vae", "beta_vae"))
    second = rejudge(second.model_copy(update={"measurements": tuple(map(bent, second.measurements))}))
    assert f"✓ holds {models}/{models}" in analytic_cells(written(made, [first, second]))


def test_other_data_sets_than_the_tasks_do_not_count_among_its_claims(made):
    page = written(made, [made.record(), made.record(dataset="my_data")])
    assert [sum(numbers(row[2])) for row in rows_of(page, "## All claims")] == [1, 1, 1, 1]


def test_each_task_leads_to_its_places_and_records(page, made):
    rows = rows_of(page, "## Places by task")
    assert [row[0] for row in rows] == [f"[{task.title}]({task.name}.md)" for task in made.tasks]
    for row, task in zip(rows, made.tasks, strict=True):
        assert row[3:] == [f"[places](places/{task.name}.md)", f"[records](records/{task.name}/README.md)"]


def test_names_are_explained_where_they_are_on_the_board(made):
    names = [Name("variant", "vae", "The VAE.", "vaebench/variants/vae.py"), Name("variant", "iwae", "Other.", "x")]
    names += [Name("data", "digits", "Small digits.", "vaebench/data/digits.py")]
    suite = replace(made.suite, names=tuple(names))
    page, preview = (overall(suite, [made.record()], preview)["README.md"] for preview in (False, True))
    assert rows_of(page, "## Names") == [
        ["variant", "[vae](../vaebench/variants/vae.py)", "The VAE."],
        ["data", "[digits](../vaebench/data/digits.py)", "Small digits."],
    ]
    assert rows_of(preview, "## Names")[0][1] == "vae"


def test_the_board_sums_up_its_records_and_lists_them_by_task(made):
    records = [made.record(lost=(1, 3)), made.record(arch="conv", device="cuda")]
    summed = paragraph(written(made, records), "## Records")
    assert re.findall(r"\d[\d.]*\d|\d", summed.partition(" Measured")[0]) == ["2", "10", "2", "2.11.0"]
    assert f"Measured {UNDATED}" in summed
    assert all(name in summed for name in ("diverged", "cpu", "cuda"))
    suite = made.judging(records)
    first, second = rows_of(records_page(suite.tasks[0], select(suite, records), False), "# Records")
    assert first == [
        "digits",
        "[vae · conv](vae.conv.digits.md)",
        "standard",
        "5 of 5",
        "none",
        "✓ holds (1)",
        "cuda",
        "37.0 s",
        UNDATED,
        "trained by us",
    ]
    assert second[3:5] == ["3 of 5", "2 diverged"]


def test_what_is_superseded_or_left_out_has_a_page_that_the_board_leads_to(made):
    records = [made.record(task_hash="0" * 16), made.record(preset="quick")]
    pages = overall(made.judging(records), records)
    superseded, _, left_out = pages["README.md"].partition("## Superseded\n")[2].partition("## Left out\n")
    name = "camuto2021_variance_frequency/vae.mlp.digits.json"
    assert "1 record " in superseded and "(superseded.md)" in superseded
    assert "(left_out.md)" in left_out and f"- {name} (quick" in pages["left_out.md"]
    assert NO_RECORDS in pages["README.md"]


def test_a_fresh_board_has_no_empty_headings(made, records, page):
    assert "## Superseded" not in page and "## Left out" not in page
    pages = overall(made.suite, records)
    assert not pages["superseded.md"] and not pages["left_out.md"]


def test_quick_is_shown_in_a_preview_alone_and_under_a_banner(made):
    quick = made.board(("new_vae",), ("mlp",), preset="quick")
    assert "## All claims" not in written(made, quick)
    preview = written(made, quick, preview=True)
    assert "## All claims" in preview
    assert PREVIEW in preview and PREVIEW not in written(made, quick)


def test_a_board_without_tasks_or_records_is_empty_and_whole(made):
    for suite in (made.with_tasks(), made.suite):
        page = overall(suite, [])["README.md"]
        assert NO_RECORDS in page and "## All claims" not in page


def test_the_range_of_the_knob_stands_beside_a_change_across_it(made, monkeypatch):
    task = made.tasks[0]
    budgets = {preset: replace(one, knob_values=(0.05, 0.1, 1.0)) for preset, one in task.budgets.items()}
    task = replace(task, budgets=budgets, knob=Knob("strength", "σ"))
    at = {f"vae_{number}": made.measured_for(task, made.record(variant=f"vae_{number}")) for number in range(4)}
    head = overall(made.with_tasks(task), list(at.values()))["README.md"].partition("## All claims")[0]
    assert "σ 0.05 → 1" in head.replace("\N{NO-BREAK SPACE}", " ") and re.search(
        r"damage \*\*−\d+\N{NO-BREAK SPACE}%\*\*", head
    )


def test_a_model_that_is_kept_apart_is_shown_and_has_no_place(made):
    task = made.tasks[0]
    variant = made.record(task.name).subject.variant.model_copy(update={"apart": "its number of units is its own"})
    records = [made.record(task.name, variant=f"vae_{number}") for number in range(3)]
    subject = records[0].subject.model_copy(update={"variant": variant.model_copy(update={"name": "mine"})})
    mine = records[0].model_copy(update={"subject": subject})
    found = standings(distinct(select(made.suite, [*records, mine]).of_task(task.name)))
    by_name = {one.model.first.subject.variant.name: one for one in found}
    assert by_name["mine"].place is None and "its number of units is its own" in by_name["mine"].lacks


def test_the_glossary_explains_each_word_of_a_verdict():
    glossary = glossary_page()
    for word, symbol in SYMBOLS.items():
        assert paragraph(glossary, f"### {word}").startswith(f"{symbol} ")
        assert f"{symbol} {word}" in glossary.partition("### verdict rules")[2].partition("###")[0]


def test_terms_of_the_glossary_have_anchors_of_their_own_and_short_sentences():
    terms = [term for entries in SECTIONS.values() for term in entries]
    assert len(set(map(anchor, terms))) == len(terms)
    for term in terms:
        says = paragraph(glossary_page(), f"### {term}")
        assert says.endswith("."), term
        assert all(len(sentence.split()) <= 30 for sentence in re.split(r"(?<=[.;:])\s", says)), term


def test_a_claim_whose_models_differ_names_the_condition_that_decides_most_often(made):
    claim = Claim("two", "Both are 1.", (Near("first", 1.0, 0.1, 0.0), Near("second", 1.0, 0.1, 0.0)))

    def measured(second):
        def take(rng):
            at = {"first": 1.0, "second": second}
            return [column("trained", None, 0, Measurement(n, v + 0.001 * rng.normal(), 0, 1)) for n, v in at.items()]

        return take

    records = [
        made.record(variant=f"vae_{number}", claims=(claim,), measurements=measured(0.1 * number))
        for number in range(5)
    ]
    (row,) = rows_of(written(made, records), "## All claims")
    assert row[4].replace("\N{NO-BREAK SPACE}", " ") == "second (✗ 5)"
    (row,) = rows_of(written(made, records[:2]), "## All claims")
    assert row[4] == "✗ vae_0, vae_1"


def test_what_decides_is_what_most_models_fail_by():
    """The first screen named what left ten undecided, where eight failed by another condition."""
    found = {"far": Counter(fails=1, undecided=10), "near": Counter(fails=8), "other": Counter(undecided=12)}
    assert [name for name, _ in sorted(found.items(), key=_how_often)] == ["near", "far", "other"]
