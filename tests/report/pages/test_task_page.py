"""Laws of a task's page: each claim with its evidence and its controls, and nothing hidden."""

import html
import math
import re
from dataclasses import replace
from types import SimpleNamespace

import pytest
from judged import observe

from vaebench import catalog
from vaebench.claims import Beyond, Claim, Measurement, Near, Plant, column, declined, judge, table
from vaebench.report.figures.prepare import task_pictures
from vaebench.report.pages.claim_section import CONTROLS, REPORTED, claim_section, invariant_section
from vaebench.report.pages.superseded import superseded_line
from vaebench.report.pages.task_page import definitions_of, task_page
from vaebench.report.received.sent import sent
from vaebench.report.rows.selection import select
from vaebench.report.suite import suite as real_suite
from vaebench.report.words.condition_words import condition_words
from vaebench.report.words.dated import UNDATED
from vaebench.report.words.decisive import decisive, distance
from vaebench.report.words.format import OF_WHAT, estimate_and_interval
from vaebench.report.words.in_words import EFFECTS, Effect
from vaebench.report.words.levels import plants_read
from vaebench.report.words.markdown import NO_RECORDS, PREVIEW, SYMBOLS, label


def written(made, records, place=0, preview=False):
    suite = made.judging(records)
    task, chosen = suite.tasks[place], select(suite, records, preview)
    return task_page(task, chosen, task_pictures(task, chosen), preview)


@pytest.fixture(scope="module")
def knob_page(made, records):
    return written(made, records, 0)


@pytest.fixture(scope="module")
def plain_page(made, records):
    return written(made, records, 1)


def section(page, heading):
    return page.partition(f"### {heading}\n")[2].partition("\n### ")[0]


def row_of(page, claim, record):
    """Cells of a record's row, its name without the link."""
    line = re.search(rf"^\| \[{record}\].*$", section(page, claim), re.MULTILINE)[0]
    return [re.sub(r"\[([^]]+ · [^]]+)\]\([^)]*\)", r"\1", cell) for cell in cells_of(line)]


def line_of(page, claim, begins):
    """The line of a claim's section that begins so; empty if there is none."""
    lines = section(page, claim).splitlines()
    return next((html.unescape(line) for line in lines if line.startswith(begins)), "")


def asked(page, claim):
    """What a claim asks for, as it is listed, by number."""
    lines = re.findall(r"^(\d+)\. (.*)$", section(page, claim), re.MULTILINE)
    assert [int(number) for number, _ in lines] == list(range(1, len(lines) + 1))
    return [html.unescape(text) for _, text in lines]


def cells_of(line):
    return [cell.strip() for cell in line.strip().strip("|").split("|")]


def test_the_head_says_what_is_asked_and_where_it_comes_from(knob_page, made):
    task = made.tasks[0]
    for piece in (
        f"# {task.title}",
        task.asks,
        *definitions_of(catalog.task_text(task.name)),
        "[arXiv:2105.14866](https://arxiv.org/abs/2105.14866)",
    ):
        assert piece in knob_page
    below = knob_page.partition(task.asks)[2].partition("\n")[0]
    assert "strength" in below and "σ" in below


def test_it_leads_to_where_the_experiment_and_the_measurements_are_written_but_not_in_a_preview(made, records):
    task = replace(made.tasks[0], instruments=("frequency.decoder_frequency",))
    measured = [made.measured_for(task, record) for record in records if record.subject.task.name == task.name]
    chosen = select(made.with_tasks(task), measured)
    page, preview = (task_page(task, chosen, (), preview) for preview in (False, True))
    name = task.name
    assert f"[`{name}`](../vaebench/papers/{name.replace('_', '/', 1)}.py)" in page
    assert "[`frequency.decoder_frequency`](../vaebench/papers/camuto2021/frequency.py)" in page
    assert "`frequency.decoder_frequency`" in preview
    assert "../vaebench" not in preview


@pytest.mark.parametrize("place", [0, 1])
def test_every_claim_has_its_sentence_and_a_row_for_each_record(made, records, place):
    page = written(made, records, place)
    task = made.tasks[place]
    own = [r for r in records if r.subject.task.name == task.name]
    for claim in made.claims[task.name]:
        part = section(page, claim.id)
        assert claim.says in part
        headline = part.partition("<details>")[0]
        silent = sum(v.claim == claim.id and v.word == "not applicable" for r in own for v in r.verdicts)
        rows = re.findall(rf"^\| \[\w+ · [^]]+\]\(records/{task.name}/", headline, re.MULTILINE)
        assert len(rows) == len(own) - silent


def test_a_row_gives_verdict_estimate_interval_and_seeds_and_the_control_stands_above(plain_page, records):
    record = next(
        r
        for r in records
        if r.subject.dataset.name == "linear_gaussian_sources"
        and r.subject.variant.name == "vae"
        and r.subject.arch == "mlp"
    )
    check = decisive(record.verdicts[0])
    row = row_of(plain_page, "isometry", "vae · mlp · linear_gaussian_sources")
    place = [one.statistic for one in record.verdicts[0].checks].index(check.statistic) + 1
    decided = f"({place}) {check.statistic.replace('_', ' ')}"
    expected = [
        "vae · mlp · linear_gaussian_sources",
        "✓ holds",
        decided,
        *estimate_and_interval(check.interval, check.scale),
    ]
    assert row == [*expected, "5 of 5", "✓", "✓"]
    controls = line_of(plain_page, "isometry", CONTROLS)
    assert "analytic arm ✓ holds" in controls and "(1.00)" in controls


def test_the_number_shown_is_the_one_that_decided_and_each_condition_has_its_own_word(plain_page, records):
    row = row_of(plain_page, "density", "vae · mlp · bimodal_sources")
    record = next(r for r in records if r.subject.file_name == f"{r.subject.task.name}/vae.mlp.bimodal_sources.json")
    checks = next(v.checks for v in record.verdicts if v.claim == "density")
    worst = min((c for c in checks if c.word == "fails"), key=distance)
    place = checks.index(worst) + 1
    estimate = estimate_and_interval(worst.interval, worst.scale)
    assert row[1:6] == ["✗ fails", f"({place}) {condition_words(worst.statistic)}", *estimate, "5 of 5"]
    assert row[6:] == [SYMBOLS[check.word] for check in checks]
    assert place > 1  # the first condition does not decide


def test_a_row_says_its_effect_in_a_unit_that_a_person_has(monkeypatch, made, records):
    statistic = "attack_damage: log-ratio across the knob"
    key = ("camuto2021_variance_frequency", "robustness")
    monkeypatch.setitem(EFFECTS, key, Effect((statistic,), "{} damage", "less"))
    page = written(made, records)
    heads = cells_of(line_of(page, "robustness", "| Record"))
    place = heads.index("How much (attack damage)")
    for arch in ("mlp", "conv"):
        record = next(r for r in records if r.subject.file_name == f"{key[0]}/vae.{arch}.digits.json")
        checks = next(v.checks for v in record.verdicts if v.claim == "robustness")
        interval = next(check.interval for check in checks if check.statistic == statistic)
        cell = html.unescape(row_of(page, "robustness", f"vae · {arch} · digits")[place])
        less = [f"{100 * -math.expm1(value):.2g}" for value in (interval.estimate, interval.low, interval.high)]
        assert cell == f"{less[0]} % less [{less[1]} to {less[2]} % less]"
    monkeypatch.setitem(EFFECTS, key, Effect((statistic,), "damage {}", "number"))
    assert "How much" not in section(written(made, records), "robustness")


def test_a_claim_that_holds_without_its_headline_says_so(made):
    def headless(rng):
        seen = [o for o in noise_of(rng) if o.name != "first"]
        return [*seen, column("trained", None, 0, declined("first", "the order is trivial"))]

    def noise_of(rng):
        names = ("first", "second")
        return [column("trained", None, 0, Measurement(name, 1 + 0.01 * rng.normal(), 0.0, 1)) for name in names]

    claims = (Claim("both", "Both are one.", (Near("first", 1.0, 0.1, 0.0), Near("second", 1.0, 0.1, 0.0))),)
    page = written(
        made, [made.record(made.tasks[1].name, dataset="three_sources", measurements=headless, claims=claims)], 1
    )
    row = row_of(page, "both", "vae · mlp · three_sources")
    assert row[1:3] == ["✓ holds", "(2) second"]
    assert float(row[3]) == pytest.approx(1.0, abs=0.02)
    assert row[6:] == ["–", "✓", "(1) the order is trivial"]


def test_what_is_not_applicable_says_why_in_one_line(plain_page):
    part = section(plain_page, "density")
    assert "| [linear_vae · mlp · three_sources]" not in part
    (line,) = (line for line in part.splitlines() if line.startswith(label("not applicable")))
    assert "[linear_vae · mlp · three_sources](" in line and "no kl_weight is declared" in line


def test_all_that_a_claim_asks_for_is_said_by_number(knob_page, plain_page):
    assert asked(plain_page, "isometry") == ["isometry mean 0.95 to 1.05", "isometry sd < 0.1"]
    first, *others = asked(knob_page, "decoder_frequency")
    assert "(decoder high frequency share: log-ratio across the knob)" in first and first.endswith("< −0.02")
    assert len(others) == 3


def test_at_several_knob_values_the_worst_is_shown_and_named(made):
    def failing_late(rng):
        values = {0.1: 1.0, 0.2: 0.3, 0.4: 0.4}
        return [
            column("trained", knob, 0, Measurement("r", value + 0.001 * rng.normal(), 0.0, 1))
            for knob, value in values.items()
        ]

    claims = (Claim("one", "It is one.", (Near("r", 1.0, 0.1, 0.0),)),)
    page = written(made, [made.record(measurements=failing_late, claims=claims)])
    assert [line.startswith("r 0.9 to 1.1") for line in asked(page, "one")] == [True]
    row = row_of(page, "one", "vae · mlp · digits")
    assert row[1:3] == ["✗ fails", "r at 0.2"]
    assert float(row[3]) == pytest.approx(0.3, abs=0.002)


def test_of_two_conditions_on_one_measurement_the_one_that_decides_is_shown(made):
    def high(rng):
        return [column("trained", None, 0, Measurement("r", 2.5 + 0.01 * rng.normal(), 0.0, 1))]

    claims = (Claim("between", "Between.", (Beyond("r", 0.5, 1.0, 0.0), Beyond("r", 2.0, 1.0, 3.0))),)
    row = row_of(written(made, [made.record(measurements=high, claims=claims)]), "between", "vae · mlp · digits")
    assert (row[1], row[2], row[6:]) == ("✗ fails", "(2) r", ["✓", "✗"])
    assert float(row[3]) == pytest.approx(2.5, abs=0.02)


def test_a_page_says_what_was_estimated_and_of_how_many_where_seeds_are_too_few(made):
    def read(rng):
        values = {"share": 1.0, "worst": 0.01 * math.exp(0.2 * rng.normal()), "codes": 1.0}
        return [column("trained", None, 0, Measurement(name, value, 0.0, 2048)) for name, value in values.items()]

    claims = (
        Claim("always", "It is always.", (Beyond("share", 0.9, 1.0, 0.5, scale="share"),), over_records=True),
        Claim("small", "It is small.", (Beyond("worst", 0.05, 0.0, 1.0, scale="log"),)),
        Claim("positive", "It is positive.", (Beyond("codes", 0.999, 1.0, 0.0, scale="draws"),)),
    )
    page = written(made, [made.record(measurements=read, claims=claims)])
    rows = [row_of(page, claim.id, "vae · mlp · digits") for claim in claims]
    assert rows[0][1:] == ["? undecided", "share", "1.00", "[0.48, 1.00]", "5 of 5", rows[0][-1]]
    assert {"5", "0.478"} <= set(re.findall(r"[\d.]*\d", rows[0][-1]))
    assert asked(page, "small") == [f"worst < 0.05{OF_WHAT['log']}"]
    assert rows[1][1] == "✓ holds"
    assert (rows[2][1], re.findall(r"\d+", rows[2][-1])) == ("✓ holds", ["10240", "10240"])


def test_a_course_that_is_too_uneven_is_said_to_be_so(made):
    def uneven(rng):
        course = zip((0.1, 0.2, 0.4, 0.6), (1.0, 1.2, 1.1, 0.9), strict=True)
        level = math.exp(0.01 * rng.normal())
        return [column("trained", s, 0, Measurement("attack_damage", level * at, 0.0, 1)) for s, at in course]

    page = written(made, [made.record(claims=made.claims[made.tasks[0].name][-1:], measurements=uneven)])
    tau = next(line for line in asked(page, "robustness") if "Kendall τ" in line)
    assert re.findall(r"< (\S*\d)", tau) == ["0", "−0.5"]
    row = row_of(page, "robustness", "vae · mlp · digits")
    assert row[1] == "? undecided"
    assert "−0.333" in row[3] + row[-1] and "−0.5" in row[-1]


def test_what_an_analytic_arm_must_get_is_said_with_what_it_got(made):
    claims = (replace(made.claims[made.tasks[0].name][0], analytic="fails"),)
    page = written(made, [made.record(claims=claims)])
    controls = line_of(page, "decoder_frequency", CONTROLS)
    assert re.findall(r"✓ holds|✗ fails|−[\d.]*\d", controls) == ["✓ holds", "✗ fails", "−0.431"]


def test_a_control_that_differs_between_records_has_a_column(made):
    def steady(rng):
        both = ("trained", -0.5 + 0.01 * rng.normal()), ("analytic", 0.0)
        return [
            column(arm, sigma, 0, Measurement("attack_damage", math.exp(power * i), 0.0, 1))
            for arm, power in both
            for i, sigma in enumerate((0.1, 0.2, 0.4))
        ]

    claims = made.claims[made.tasks[0].name][-1:]
    falling = lambda rng: [replace(seen, arm="analytic") for seen in steady(rng) if seen.arm == "trained"]  # noqa: E731
    records = [
        made.record(claims=claims, measurements=steady),
        made.record(arch="conv", claims=claims, measurements=lambda rng: [*falling(rng), *steady(rng)[:3]]),
    ]
    page = written(made, records)
    assert not line_of(page, "robustness", CONTROLS)
    cells = row_of(page, "robustness", "vae · mlp · digits")
    assert cells[9] == "✗ fails (0)"
    assert row_of(page, "robustness", "vae · conv · digits")[9].startswith("✓ holds (")


def test_what_is_said_of_other_variants_stands_below_the_rows(made):
    record = made.record()
    suite = made.judging([record])
    chosen = select(suite, [record])
    page = task_page(suite.tasks[0], chosen, (), False, general={"robustness": "It generalises so."})
    assert "It generalises so." in section(page, "robustness")
    assert page.count("It generalises so.") == 1


def test_measurements_that_are_reported_only_are_named(knob_page):
    assert "encoder lipschitz mean" in line_of(knob_page, "encoder_frequency", REPORTED)
    assert not line_of(knob_page, "decoder_frequency", REPORTED)


def test_invariants_are_given_with_their_values(plain_page):
    part = plain_page.partition("## Invariants")[2]
    assert "Hermite energies sum to the variance." in part
    assert re.search(r"\| \[vae · mlp · three_sources\]\S+ +\| ✓ holds +\| 1\.00 \[", part)
    assert "| energy 0.99 to 1.01 " in part


def test_along_a_knob_an_invariants_word_is_that_of_each_value():
    """All rows had the verdict's word: "undecided" stood beside intervals that lie inside."""
    claim = Claim("whole", "It is whole.", (Near("share", 1.0, 0.1, 0.0),))
    at = {0.1: (1.0, 1.01, 0.99), 0.8: (0.9, 1.2, 1.05)}
    columns = [
        column("trained", knob, seed, Measurement("share", value, 0.0, 1))
        for knob, values in at.items()
        for seed, value in enumerate(values)
    ]
    verdict = judge(claim, table(columns))
    assert verdict.word == "undecided"
    shown = SimpleNamespace(link="[vae](x.md)", invariant_verdicts={"whole": [verdict]})
    rows = [line for line in "\n".join(invariant_section(claim, [shown])).splitlines() if line.startswith("| [vae]")]
    assert [[cell.strip() for cell in row.split("|")][2:4] for row in rows] == [
        ["✓ holds", "0.1"],
        ["? undecided", "0.8"],
    ]


def test_what_is_planted_is_said_by_what_is_measured_of_it_and_held_against_what():
    plants = (
        Plant("trained", "rate", "above", 0.2, reads="auroc_midpoints", against=0.5),
        Plant("trained", "rate", "below", reads="rate_truncated", against="rate_prior"),
        Plant("slow_encoder", "rate", "below"),
        Plant("slow_both", "rate", "beside", 0.1),
    )
    claim = Claim("few", "They are few.", (Near("rate", 0.0, 0.1, 1.0),), plants=plants)
    seen = [
        *observe([0.02, 0.03, 0.01], "rate"),
        *observe([0.9, 0.91, 0.92], "auroc_midpoints"),
        *observe([0.5, 0.51, 0.52], "rate_truncated"),
        *observe([0.4, 0.41, 0.42], "rate_prior"),
        *observe([0.02, 0.04, 0.0], "rate", "slow_both"),
    ]
    rows = [
        [cell.strip() for cell in line.split("|")[1:-1]]
        for line in plants_read([judge(claim, table(seen))]).splitlines()
    ]
    assert rows[0] == ["Plant", "Read", "Must lie", "Shows the measure", "Found", "Missed", "Reversed", "Undecided"]
    assert rows[2:] == [
        ["auroc midpoints", "auroc midpoints", "above 0.5 by 0.2 or more", "rate", "1", "", "", ""],
        ["rate truncated", "rate truncated", "below rate prior", "rate", "", "", "1", ""],
        ["slow encoder", "rate", "below the judged model's", "rate", "", "", "", "1"],
        ["slow both", "rate", "within 0.1 of the judged model's", "rate", "1", "", "", ""],
    ]
    assert any(part.startswith("Can the measure tell? No record") for part in claim_section(claim, []))


def test_every_figure_is_shown_once_with_words_for_those_who_cannot_see_it(knob_page, plain_page):
    folded = knob_page.partition(f"<details><summary>{REPORTED}</summary>")[2].partition("</details>")[0]
    stem = "figures/camuto2021_variance_frequency.digits"
    for page, path in ((knob_page, f"{stem}.svg"), (folded, f"{stem}_beside.svg")):
        (alternative,) = re.findall(rf"!\[([^]]*)\]\({re.escape(path)}\)", page)
        assert "strength" in alternative and "digits" in alternative
    assert knob_page.count(f"{stem}_beside.svg") == 1
    for claim in ("isometry", "orthogonality", "density", "importance"):
        path = f"figures/nakagawa2021_posterior_isometry.{claim}.svg"
        (alternative,) = re.findall(rf"!\[([^]]*)\]\({re.escape(path)}\)", section(plain_page, claim))
        assert claim in alternative


def test_no_verdict_stands_without_its_symbol(plain_page):
    tables = "\n".join(line for line in plain_page.splitlines() if line.startswith("|"))
    for word, symbol in SYMBOLS.items():
        assert tables.count(word) == tables.count(f"{symbol} {word}")


def test_foreign_text_is_inert(made):
    hostile = "</details><script>x</script> | [a](http://evil.example)"

    def declining(rng):
        return [column("trained", None, 0, declined("energy", hostile))]

    claims = (Claim("a|b<b>", hostile, (Near("energy", 1.0, 0.1, 0.0), Near("x|y<b>", 1.0, 0.1, 0.0)), ("z|<b>",)),)
    hostiles = [made.record(lost=(0,), reason=hostile, source=hostile, measurements=declining, claims=claims)]
    page = written(made, [*hostiles, made.record(arch="conv", claims=claims)])
    assert "<b>" not in page
    assert "<script>" not in page
    assert "](http://" not in page
    assert page.count("<details>") == page.count("</details>")


def test_a_task_without_records_says_so(made):
    page = written(made, [], 1)
    assert NO_RECORDS in page
    assert "## Claims" not in page


def before(page, mark):
    """The words that a reader reads before something."""
    text, found, _ = page.partition(mark)
    assert found
    return re.findall(r"[\w’'-]+", re.sub(r"\]\([^)]*\)|<!--.*?-->|[#*|]", " ", text))


@pytest.mark.parametrize("place", [0, 1])
def test_the_result_comes_first_then_how_it_was_done_then_what_is_what_then_tables(made, records, place):
    page = written(made, records, place)
    headings = re.findall("^## (.*)$", page, re.MULTILINE)
    assert headings[:5] == ["Results", "Protocol", "Theirs and ours", "Definitions", "Claims"]
    results = page.partition("## Results\n\n")[2].partition("\n## ")[0]
    assert re.match(r"!\[[^]]+\]\(figures/\w+\.verdicts\.svg\)\n", results)
    task = made.tasks[place]
    for claim in task.claims:
        (line,) = (line for line in results.splitlines() if line.startswith(f"| [{claim.id}]"))
        assert claim.says in line and re.search(r"[✓✗?]\s\d", line)


@pytest.mark.parametrize("name", catalog.task_names())
def test_at_most_300_words_stand_before_the_first_result(made, name):
    """On the page of every task, also where it has no record."""
    task = catalog.task(name)
    page = task_page(task, select(real_suite(), []), (), False)
    assert len(before(page, NO_RECORDS)) <= 300
    assert page.index("## Results") < page.index("## Protocol") < page.index("## Theirs and ours")
    assert len(before(page, "## Claims") if "## Claims" in page else page.split()) > 300  # what was first before


def test_records_of_an_earlier_protocol_are_counted_apart_and_the_page_stands(made, records):
    newer = made.with_tasks(replace(made.tasks[0], version=2), made.tasks[1])
    of_task = [record for record in records if record.subject.task.name == made.tasks[0].name]
    for kept in ([], [made.measured_for(newer.tasks[0], of_task[0])]):
        chosen = select(newer, [*of_task[len(kept) :], *kept])
        page = task_page(newer.tasks[0], chosen, task_pictures(newer.tasks[0], chosen), False)
        results = page.partition("## Results")[2].partition("\n## ")[0]
        assert superseded_line(chosen.stale, newer.tasks[0].name) in results
        assert len(chosen.stale) == len(of_task) - len(kept)
        assert (NO_RECORDS in results) == (not kept)
        assert ("## Claims" in page) == bool(kept)
        assert "## Protocol" in page and "## Definitions" in page


def test_the_days_and_commits_that_records_carry_are_said(made):
    record = made.record()
    cells = tuple(
        cell.model_copy(update={"date": f"2026-11-{27 + place % 2}T01:02:03Z"})
        for place, cell in enumerate(record.cells)
    )
    environments = tuple(one.model_copy(update={"commit": "ab" * 20}) for one in record.environments)
    dated = record.model_copy(update={"cells": cells, "environments": environments})
    page = written(made, [dated])
    assert "2026-11-27 to 2026-11-28, commit abababa" in page
    undated = written(made, [record])
    assert UNDATED in undated and "commit" not in undated.partition("## Protocol")[0]
    assert f"in part {UNDATED}" in written(made, [dated, made.record(arch="conv")])


def test_a_preview_says_that_it_is_one(made):
    quick = [made.record(preset="quick", seeds=2)]
    page = written(made, quick, preview=True)
    assert PREVIEW in page
    assert "vae · mlp · digits (quick)" in page
    assert NO_RECORDS in written(made, quick)


def test_findings_stand_with_the_results_filled_from_the_suites_own_records_and_in_no_preview(made):
    name = made.tasks[0].name
    said = f'## {name}\n\n- The damage is {{mean("vae.mlp.digits", "attack_damage", knob=1):.2f}}.\n'
    suite = replace(made.suite, findings={"camuto2021": said})
    theirs = sent(made.record(variant="vae", code="1" * 16), "alice")
    board, preview = (made.pages([made.record()], suite, preview, [theirs]) for preview in (False, True))
    page = board[f"{name}.md"]
    (column,) = (c for c in made.record().measurements if (c.name, c.knob, c.arm) == ("attack_damage", 1.0, "trained"))
    results = page.partition("## Results")[2].partition("\n## ")[0]
    assert f"- The damage is {sum(column.values) / 5:.2f}." in results
    assert "The damage is" not in preview[f"{name}.md"]
