"""Laws of a record's page: every check of every arm, every measurement with its error, and what is missing."""

import re
from dataclasses import replace

import pytest

from vaebench.claims import t_interval
from vaebench.report.pages.record_page import record_page
from vaebench.report.rows.remake import command
from vaebench.report.rows.selection import select
from vaebench.report.words.condition_words import condition_words
from vaebench.report.words.dated import UNDATED
from vaebench.report.words.markdown import PREVIEW, label

PATH = "records/camuto2021_variance_frequency/vae.mlp.digits.md"


def pages_of(made, records, preview=False):
    suite = made.judging(records)
    chosen = select(suite, records, preview)
    return {one.path: record_page(suite.by_name[one.subject.task.name], one, preview) for one in chosen.shown}


@pytest.fixture(scope="module")
def knob_page(made):
    (page,) = pages_of(made, [made.record()]).values()
    return page


@pytest.fixture(scope="module")
def plain_page(made):
    (page,) = pages_of(made, [made.record(made.tasks[1].name, variant="linear_vae", dataset="three_sources")]).values()
    return page


def section(page, heading):
    return page.partition(f"### [{heading}](../../")[2].partition("\n#")[0]


def bullet(page, *pieces):
    """Whether one item of the page's last list names all of these."""
    return any(all(piece in line for piece in pieces) for line in page.splitlines() if line.startswith("- "))


def cells_of(line):
    return [cell.strip() for cell in line.strip().strip("|").split("|")]


def test_the_head_says_what_was_run_and_leads_back_to_the_task(knob_page, made):
    assert knob_page.startswith("# vae · mlp · digits\n")
    assert f"[{made.tasks[0].title}](../../{made.tasks[0].name}.md)" in knob_page
    assert "\nVariant: [arXiv:1312.6114](https://arxiv.org/abs/1312.6114), code cccccccccccccccc" in knob_page
    origin = next(line for line in knob_page.splitlines() if line.startswith("Variant"))
    for piece, part in zip(("5 of 5", "cpu", "37.0 s", "trained by us"), origin.split(" · ")[-4:], strict=True):
        assert part.startswith(piece)
    assert "2.11.0" in origin


def test_it_leads_to_its_data_and_its_variant_and_says_how_it_is_made_again(made):
    suite = made.judging([made.record()])
    (shown,) = select(suite, [made.record()]).shown
    page, preview = (record_page(suite.tasks[0], shown, preview, {"vae": "c" * 16}) for preview in (False, True))
    assert "[JSON](../../../reference_results/camuto2021_variance_frequency/vae.mlp.digits.json)" in page
    assert "[vae](../../variants/vae.md)" in page
    assert "reference_results" not in preview
    shell = page.partition("```sh\n")[2].partition("\n```")[0]
    assert " ".join(shell.replace("\\\n", " ").split()) == command(shown.record, {"vae": "c" * 16})
    assert max(map(len, shell.splitlines())) < 80
    assert f"Measured {UNDATED}" in page


def test_every_check_of_every_arm_is_there(knob_page, made):
    record = made.record()
    for claim in made.claims[made.tasks[0].name]:
        rows = [cells_of(row) for row in section(knob_page, claim.id).splitlines() if row[:1] == "|"]
        judged = [v for v in (*record.verdicts, *record.control_verdicts) if v.claim == claim.id]
        judged = [v for v in judged if v.word != "not applicable"]
        assert [row[0] for row in rows[2:]] == [v.arm for v in judged for _ in v.checks]
        found = [(condition_words(f.statistic), f.statistic.replace("_", " ")) for v in judged for f in v.checks]
        assert [(row[1].partition(" at ")[0], row[2]) for row in rows[2:]] == found


def test_an_arm_that_a_claim_does_not_apply_to_has_its_reason_and_no_rows(knob_page):
    part = section(knob_page, "robustness")
    said = part.partition("analytic arm ")[2]
    assert said.startswith(label("not applicable")) and "attack_damage" in said.partition("\n")[0]
    assert "| analytic " not in part


def test_the_verdict_stands_with_its_controls_and_its_reason(knob_page, plain_page):
    says, own, control = section(knob_page, "decoder_lipschitz").split("\n\n")[1].split(" · ")
    assert says == "The decoder's Lipschitz constant falls as the posterior's scale rises."
    assert (own, control) == ("**✓ holds**", "analytic arm ✓ holds")
    _, own, *_ = section(plain_page, "density").split("\n\n")[1].split(" · ")
    assert own.startswith("**– not applicable**") and "no kl_weight is declared" in own


def test_measurements_are_given_by_knob_with_the_instruments_error(knob_page):
    measurements = knob_page.partition("## Measurements")[2]
    head = cells_of(re.search(r"^\| Arm .*$", measurements, re.MULTILINE)[0])
    knobs = [f"σ = {knob}" for knob in ("0.05", "0.1", "0.2", "0.4", "0.6", "0.8", "1")]
    assert head == ["Arm", "Measurement", "Unit", "no knob", *knobs, "Instrument's error ≤"]
    exact = cells_of(re.search(r"^\| analytic +\| decoder lipschitz mean .*$", measurements, re.MULTILINE)[0])
    assert exact[4:6] == ["1.50 ± 0", "1.16 ± 0"]
    assert exact[-1] == "exact"
    assert measurements.index("| trained ") < measurements.index("| analytic ")


def test_what_was_declined_or_did_not_finish_is_said(made, plain_page):
    assert bullet(plain_page, "trained arm", "no kl_weight is declared", "density r squared")
    (page,) = pages_of(made, [made.record(lost=(2,), reason="loss is nan")]).values()
    assert bullet(page, "seed 2", "diverged", "loss is nan")
    assert " · 4 of 5 " in page
    assert "4 of 5" in section(page, "decoder_frequency")


def test_what_was_noted_is_said_once_for_all_its_seeds(made):
    record = made.record()
    cells = tuple(
        cell.model_copy(update={"notes": ("no gradient reaches spare",) if cell.seed else ()}) for cell in record.cells
    )
    (page,) = pages_of(made, [record.model_copy(update={"cells": cells})]).values()
    assert page.count("no gradient reaches spare") == 1
    assert bullet(page, "no gradient reaches spare", "1, 2, 3, 4")


def test_invariants_are_there(plain_page):
    assert "Hermite energies sum to the variance. · **✓ holds**" in plain_page.partition("## Invariants")[2]


def test_records_of_one_name_have_pages_of_their_own(made):
    records = [
        made.record(),
        made.record(code="c" * 8 + "f" * 8),
        made.record(arch="conv"),
        made.record(preset="quick"),
    ]
    pages = pages_of(made, records, preview=True)
    folder = f"records/{made.tasks[0].name}"
    stems = (
        f"vae.conv.{'c' * 16}.digits",
        f"vae.mlp.{'c' * 16}.digits",
        f"vae.mlp.{'c' * 16}.digits.quick",
        f"vae.mlp.{'c' * 8}{'f' * 8}.digits",
    )
    assert sorted(pages) == sorted(f"{folder}/{stem}.md" for stem in stems)
    assert all(PREVIEW in page for page in pages.values())


def test_a_record_without_measurements_has_no_table_of_them(made):
    (page,) = pages_of(made, [made.record(lost=range(5))]).values()
    assert "|" not in page.partition("## Measurements")[2]
    assert "? undecided" in page


def test_a_control_says_whether_it_got_what_mathematics_has(made):
    claims = tuple(
        replace(claim, analytic=word)
        for claim, word in zip(made.claims[made.tasks[0].name], ("holds", "fails", "", "holds"), strict=True)
    )
    (page,) = pages_of(made, [made.record(claims=claims)]).values()

    def said(claim):
        return section(page, claim).partition("analytic arm ")[2].partition("\n")[0]

    assert said("decoder_frequency").startswith("✓ holds") and "✗ fails" not in said("decoder_frequency")
    assert said("decoder_lipschitz").startswith("✓ holds") and said("decoder_lipschitz").endswith("✗ fails")
    assert said("robustness").startswith(label("not applicable")) and "✓" not in said("robustness")


def test_its_name_says_what_it_is_of(made):
    (shown,) = select(made.suite, [made.record()]).shown
    assert (shown.row_label, shown.label) == ("vae · mlp", "vae · mlp · digits")
    assert (shown.path, shown.link) == (PATH, f"[vae · mlp · digits]({PATH})")


def test_an_interval_is_computed_once(made, monkeypatch):
    from vaebench.report.rows import shown

    (one,) = select(made.suite, [made.record()]).shown
    calls = []
    monkeypatch.setattr(shown, "t_interval", lambda values: calls.append(values) or t_interval(values))
    column = one.columns["attack_damage"][0]
    assert one.interval(column) == one.interval(column) == t_interval(column.values)
    assert len(calls) == 1


def test_foreign_text_is_inert(made):
    hostile = "</details><script>x</script> | [a](http://evil.example)"
    (page,) = pages_of(made, [made.record(lost=(0,), reason=hostile, source=hostile)]).values()
    assert "<script>" not in page
    assert "](http://" not in page
