"""Laws of a task's page: each claim with its evidence, its control beside, and nothing hidden."""

import html
import math
import re
from dataclasses import replace

import pytest

from vaebench import catalog
from vaebench.claims import Beyond, Claim, Measurement, Near, column, declined
from vaebench.report.figures.prepare import task_pictures
from vaebench.report.format import estimate_and_interval
from vaebench.report.markdown import SYMBOLS
from vaebench.report.selection import select
from vaebench.report.sent import sent
from vaebench.report.task_page import task_page


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


def cells_of(line):
    return [cell.strip() for cell in line.strip().strip("|").split("|")]


def test_the_head_says_what_is_asked_and_where_it_comes_from(knob_page, made):
    task = made.tasks[0]
    for piece in (
        f"# {task.title}",
        task.asks,
        catalog.task_text(task.name),
        "[arXiv:2105.14866](https://arxiv.org/abs/2105.14866)",
    ):
        assert piece in knob_page
    assert "The knob is the strength, σ." in knob_page


def test_it_leads_to_where_the_experiment_and_the_measurements_are_written_but_not_in_a_preview(made, records):
    task = replace(made.tasks[0], instruments=("frequency.decoder_frequency",))
    measured = [made.measured_for(task, record) for record in records if record.subject.task.name == task.name]
    chosen = select(made.with_tasks(task), measured)
    page, preview = (task_page(task, chosen, (), preview) for preview in (False, True))
    name = task.name
    assert f"[`{name}`](../vaebench/papers/{name.replace('_', '/', 1)}.py)" in page
    assert "[`frequency.decoder_frequency`](../vaebench/papers/camuto2021/frequency.py)" in page
    assert "`frequency.decoder_frequency`, which name the kernels with their formulas" in preview
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
    verdict = record.verdicts[0]
    row = row_of(plain_page, "isometry", "vae · mlp · linear_gaussian_sources")
    expected = ["vae · mlp · linear_gaussian_sources", "✓ holds", *estimate_and_interval(verdict.checks[0].interval)]
    assert row == [*expected, "5 of 5"]
    assert "In every record that has one: analytic arm ✓ holds (1.00)." in section(plain_page, "isometry")


def test_a_verdict_that_the_headline_does_not_explain_names_what_decided(plain_page, records):
    row = row_of(plain_page, "density", "vae · mlp · bimodal_sources")
    assert row[1] == "✗ fails"
    found = dict(piece.split(": ") for piece in html.unescape(row[-1]).split("; "))
    slope, bias = "density slope", "density bias"
    assert list(found) == [slope, bias, f"loss {slope}"]
    record = next(r for r in records if r.subject.file_name == f"{r.subject.task.name}/vae.mlp.bimodal_sources.json")
    interval = next(f.interval for v in record.verdicts for f in v.checks if f.statistic.replace("_", " ") == slope)
    assert found[slope] == " ".join(estimate_and_interval(interval))


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
    assert row[1] == "✓ holds"
    assert float(row[2]) == pytest.approx(1.0, abs=0.02)
    assert row[-1] == "second is shown: the order is trivial"


def test_what_is_not_applicable_says_why_in_one_line(plain_page):
    part = section(plain_page, "density")
    assert "| [linear_vae · mlp · three_sources]" not in part
    assert re.search(r"^– not applicable to \[linear_vae · .*: no kl_weight is declared\.$", part, re.MULTILINE)


def test_all_that_a_claim_asks_for_is_said_and_what_is_shown_of_it(knob_page, plain_page):
    asked = "It holds if all of these do: **isometry mean 0.95 to 1.05** (shown); isometry sd &#60; 0.1."
    assert asked in section(plain_page, "isometry")
    share = "decoder high frequency share: log-ratio across the knob &#60; −0.02"
    assert f"It holds if all of these do: **{share}** (shown); " in section(knob_page, "decoder_frequency")


def test_at_several_knob_values_the_first_that_decides_is_shown_and_named(made):
    def failing_late(rng):
        values = {0.1: 1.0, 0.2: 0.4, 0.4: 0.3}
        return [
            column("trained", knob, 0, Measurement("r", value + 0.001 * rng.normal(), 0.0, 1))
            for knob, value in values.items()
        ]

    claims = (Claim("one", "It is one.", (Near("r", 1.0, 0.1, 0.0),)),)
    page = written(made, [made.record(measurements=failing_late, claims=claims)])
    assert "It holds if all of these do: **r 0.9 to 1.1 at each knob value it is measured at** (shown)." in page
    row = row_of(page, "one", "vae · mlp · digits")
    assert row[1] == "✗ fails"
    assert row[2].endswith(" at 0.2")


def test_of_two_conditions_on_one_measurement_the_first_is_shown_by_its_own_limit(made):
    def high(rng):
        return [column("trained", None, 0, Measurement("r", 2.5 + 0.01 * rng.normal(), 0.0, 1))]

    claims = (Claim("between", "Between.", (Beyond("r", 0.5, 1.0, 0.0), Beyond("r", 2.0, 1.0, 3.0))),)
    row = row_of(written(made, [made.record(measurements=high, claims=claims)]), "between", "vae · mlp · digits")
    assert row[1] == "✗ fails"
    assert row[-1].startswith("r: 2.5")


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
    assert rows[0][1:] == ["? undecided", "1.00", "[0.48, 1.00]", "5 of 5", rows[0][-1]]
    assert rows[0][-1] == "5 of 5 read 1, and a sample of 5 cannot show a mean above 0.478"
    assert "**worst &#60; 0.05 in the geometric mean** (shown)." in section(page, "small")
    assert rows[1][1] == "✓ holds"
    assert (rows[2][1], rows[2][-1]) == ("✓ holds", "10240 of 10240 draws")


def test_a_course_that_is_too_uneven_is_said_to_be_so(made):
    def uneven(rng):
        course = zip((0.1, 0.2, 0.4, 0.6), (1.0, 1.2, 1.1, 0.9), strict=True)
        level = math.exp(0.01 * rng.normal())
        return [column("trained", s, 0, Measurement("attack_damage", level * at, 0.0, 1)) for s, at in course]

    page = written(made, [made.record(claims=made.claims[made.tasks[0].name][-1:], measurements=uneven)])
    asked = "attack damage&#58; Kendall τ &#60; 0, and &#60; −0.5 in the mean"
    assert html.unescape(asked) in html.unescape(section(page, "robustness"))
    row = row_of(page, "robustness", "vae · mlp · digits")
    assert row[1] == "? undecided"
    assert html.unescape(row[-1]).endswith("(its mean, −0.333, is not below −0.5)")


def test_what_a_known_arm_must_get_stands_at_its_column(made):
    claims = (replace(made.claims[made.tasks[0].name][0], analytic="fails"),)
    page = written(made, [made.record(claims=claims)])
    assert "In every record that has one: analytic arm ✓ holds, where mathematics has ✗ fails (−0.270)." in page


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
    assert "In every record" not in section(page, "robustness")
    assert row_of(page, "robustness", "vae · mlp · digits")[5] == "✗ fails (0)"
    assert row_of(page, "robustness", "vae · conv · digits")[5].startswith("✓ holds (−")


def test_a_claim_of_all_settings_is_judged_over_records_too_each_counted_once(made):
    def page(limit):
        claim = Claim("share", "It is so everywhere.", (Beyond("share", limit, 1.0, 0.0),), over_records=True)
        records = [
            made.record(
                made.tasks[1].name,
                variant,
                dataset="three_sources",
                claims=(claim, replace(claim, id="each", over_records=False)),
                measurements=lambda rng, value=value: [column("trained", None, 0, Measurement("share", value, 0.0, 1))],
            )
            for variant, value in (("vae", 0.5), ("beta_vae", 0.6), ("linear_vae", 0.7))
        ]
        return written(made, records, 1)

    said = "With records as the sample in place of seeds: {}, share 0.600 [0.352, 0.848] over 3 of them"
    assert said.format("✓ holds") in section(page(0.3), "share")
    assert said.format("? undecided") in section(page(0.5), "share")  # each record has no spread, and two lie inside
    assert said.format("✗ fails") in section(page(0.9), "share")
    assert "With records as the sample" not in section(page(0.3), "each")


def test_measurements_beside_are_named(knob_page):
    said = "Reported beside it and not judged, on the records' pages: encoder lipschitz mean."
    assert said in section(knob_page, "encoder_frequency")


def test_invariants_are_given_with_their_values(plain_page):
    part = plain_page.partition("## Invariants")[2]
    assert "Hermite energies sum to the variance." in part
    assert re.search(r"\| \[vae · mlp · three_sources\]\S+ +\| ✓ holds +\| 1\.00 \[", part)
    assert "| energy 0.99 to 1.01 " in part


def test_every_figure_is_shown_once_with_words_for_those_who_cannot_see_it(knob_page, plain_page):
    assert (
        knob_page.count("![measurements over the strength on digits](figures/camuto2021_variance_frequency.digits.svg)")
        == 1
    )
    folded = knob_page.partition("<details><summary>Measurements that are not judged</summary>")[2].partition(
        "</details>"
    )[0]
    stem = "figures/camuto2021_variance_frequency.digits_beside.svg"
    assert folded.strip() == f"![measurements that are not judged, over the strength, on digits]({stem})"
    for claim in ("isometry", "orthogonality", "density", "importance"):
        link = f"![estimates for {claim}](figures/nakagawa2021_posterior_isometry.{claim}.svg)"
        assert link in section(plain_page, claim)


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
    assert "There are no records yet." in page
    assert "## Claims" not in page


def test_a_preview_says_that_it_is_one(made):
    quick = [made.record(preset="quick", seeds=2)]
    page = written(made, quick, preview=True)
    assert "**Preview, not a result.**" in page
    assert "vae · mlp · digits (quick)" in page
    assert "There are no records yet." in written(made, quick)


def test_findings_stand_below_the_claims_filled_from_the_suites_own_records_and_in_no_preview(made):
    name = made.tasks[0].name
    said = f'## {name}\n\n- The damage is {{mean("vae.mlp.digits", "attack_damage", knob=1):.2f}}.\n'
    suite = replace(made.suite, findings={"camuto2021": said})
    theirs = sent(made.record(variant="vae", code="1" * 16), "alice")
    board, preview = (made.pages([made.record()], suite, preview, [theirs]) for preview in (False, True))
    page = board[f"{name}.md"]
    (column,) = (c for c in made.record().measurements if (c.name, c.knob, c.arm) == ("attack_damage", 1.0, "trained"))
    assert f"- The damage is {sum(column.values) / 5:.2f}." in page.partition("## Findings")[2]
    assert page.index("## Claims") < page.index("## Findings")
    assert "The damage is" not in preview[f"{name}.md"]
