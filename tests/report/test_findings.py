"""Findings say what the records say: their numbers, relations that are true; all else is an error of one line."""

import pytest
from results.stored import SUBJECT, cell, observe

from vaebench.claims import Beyond, Claim, Trend
from vaebench.report.findings import MOST_BULLETS, BadFinding, findings
from vaebench.results.assemble import assemble

TASK = "some_task"
CLAIMS = (
    Claim("large", "It is large.", (Beyond("loss", 0.5, ideal=1.0, null=0.0),), reported=("gap",)),
    Claim(
        "strict",
        "It is large, and its control is too.",
        (
            Beyond("loss", 0.5, ideal=1.0, null=0.0),
            Beyond("loss", 0.99, ideal=1.0, null=0.0, role="control"),
        ),
    ),
    Claim("falls", "It falls.", (Trend("gain", "falls"),)),
)


def record(variant, loss, gains=((0.5, 3.0), (2.0, 1.0)), arch="mlp", gap="the data's density is not known"):
    info = SUBJECT.variant.model_copy(update={"name": variant})
    subject = SUBJECT.model_copy(update={"variant": info, "arch": arch})
    cells = []
    for seed in range(5):
        swept = [one for knob, gain in gains for one in observe(seed, {"gain": gain + 0.01 * seed}, knob)]
        exact = observe(seed, {"loss": 0.25}, arm="analytic")
        own = observe(seed, {"loss": loss + 0.01 * seed, "gap": gap})
        cells.append(cell(seed, (*own, *swept, *exact), subject=subject))
    return assemble(cells, CLAIMS, ())


RECORDS = {
    TASK: [
        record("vae", 0.8),
        record("beta_vae", 0.1),
        record("iwae", 0.9, gains=((0.5, 1.0), (2.0, 3.0))),
        record("vae", 0.7, arch="conv", gap=0.125),
    ],
    "another_task": [],
}


def said(line, records=RECORDS):
    return findings(f"# Title\n\nWhat stands before a task is not published.\n\n## {TASK}\n\n{line}\n", "f.md", records)


@pytest.mark.parametrize(
    ("query", "text"),
    [
        ('{mean("vae.mlp.digits", "loss"):.2f}', "0.82"),
        ('{mean("vae.mlp.digits", "loss", arm="analytic")}', "0.25"),
        ('{mean("vae.mlp.digits", "gain", knob=2.0):.2f}', "1.02"),
        ('{mean("vae.conv.digits", "gap"):.3f}', "0.125"),
        ('{lowest("loss"):.2f} to {highest("loss"):.2f}', "0.12 to 0.92"),
        ('{lowest("loss", network="mlp", variant="vae"):.2f}', "0.82"),
        ('{highest("gap"):g}', "0.125"),
        ('{count("large", "holds")} of {applicable("large")}', "3 of 4"),
        ('{count("large", "holds", network="conv")}', "1"),
        (
            '{published("strict", "holds")} as published, {count("strict", "holds")} under controls',
            "3 as published, 0 under controls",
        ),
        ('{both("large", "holds")}, {both("strict", "holds")}, {both("strict", "fails")}', "3, 0, 1"),
        (
            '{above("large", "loss", 0.5)} above, {below("large", "loss", 0.5)} below, '
            '{above("large", "loss", 0.82) + below("large", "loss", 0.82)} clear of its middle',
            "3 above, 1 below, 3 clear of its middle",
        ),
        ('{variants("large", "holds")}', "`iwae` and `vae`"),
        ('{variants("large", "fails")}', "`beta_vae`"),
        ('{word("beta_vae.mlp.digits", "large")}', "fails"),
        ('{word("vae.mlp.digits", "large", arm="analytic")}', "fails"),
        (
            '{word("vae.mlp.digits", "strict")}, {word("vae.mlp.digits", "strict", level="published")} as published',
            "fails, holds as published",
        ),
        ('{estimate("vae.mlp.digits", "large", "loss"):.2f}', "0.82"),
        ('{estimate("vae.mlp.digits", "large", "loss", arm="analytic"):.2f}', "0.25"),
        ('{count("large", "fails", arm="analytic")} of {applicable("large", arm="analytic")}', "4 of 4"),
        ('{variants("large", "fails", network="conv", arm="analytic")}', "`vae`"),
        ('{checked("large", "loss", "holds")}, {checked("large", "loss", "fails", variant="beta_vae")}', "3, 1"),
        ('{checked("falls", "gain: Kendall τ", "fails")}', "1"),
        ('{checked("large", "loss", "fails", arm="analytic", network="conv")}', "1"),
        ('{agreement("vae.mlp.digits", "falls"):+.0f}', "+1"),
        ('{(mean("vae.mlp.digits", "loss") - mean("beta_vae.mlp.digits", "loss")):.1f}', "0.7"),
        ('{(-mean("vae.mlp.digits", "loss")):.2f}', "−0.82"),
        ("{exp(log(2)):.1f}", "2.0"),
        ('[rises]{mean("iwae.mlp.digits", "gain", knob=2.0) > mean("iwae.mlp.digits", "gain", knob=0.5)}', "rises"),
        ('[rises]{rises("gap", "loss", network="conv")}', "rises"),
        (
            '[rises for none]{rises("loss", "gap", "loss", network="conv") != rises("gap", "loss", network="conv")}',
            "rises for none",
        ),
        ('[for none]{count("large", "undecided") == 0 and 0 <= lowest("loss") < highest("loss")}', "for none"),
    ],
)
def test_a_query_prints_what_the_records_have(query, text):
    assert said(f"- It is {query}.") == {TASK: f"- It is {text}."}


@pytest.mark.parametrize(
    "query",
    [
        '{mean("vae.mlp.digitz", "loss")}',
        '{mean("vae.mlp.digits", "los")}',
        '{mean("vae.mlp.digits", "gain")}',
        '{mean("vae.mlp.digits", "gain", knob=3)}',
        '{mean("vae.mlp.digits", "gap")}',
        '{mean("vae.mlp.digits", "loss", arm="twin")}',
        '{lowest("gap", network="mlp")}',
        '{lowest("loss", network="resnet")}',
        '{lowest("loss", variant="iwae", network="conv")}',
        '{lowest("nothing")}',
        '[rises]{rises("loss", "gap", network="conv")}',
        '[rises]{rises("loss", "loss")}',
        '[rises]{rises("gap", "loss")}',
        '[rises]{rises("loss")}',
        '{count("larger", "holds")}',
        '{count("large", "wins")}',
        '{word("vae.mlp.digits", "large", level="final")}',
        '{applicable("large", level="claim")}',
        '{before("large", "holds", level="network")}',
        '{variants("large", "undecided")}',
        '{word("vae.mlp.digits", "large", arm="twin")}',
        '{estimate("vae.mlp.digits", "large", "gain")}',
        '{estimate("vae.mlp.digits", "large", "loss", knob=0.5)}',
        '{count("large", "holds", arm="twin")}',
        '{applicable("large", arm="twin")}',
        '{checked("large", "gain", "holds")}',
        '{checked("large", "loss", "wins")}',
        '{checked("larger", "loss", "holds")}',
        '{average("vae.mlp.digits", "loss")}',
        '{_named("vae.mlp.digits")}',
        '{__class__("x")}',
        '{mean("vae.mlp.digits")}',
        '{mean("vae.mlp.digits", "loss", colour="red")}',
        '{mean("vae.mlp.digits", str(3))}',
        '{mean("vae.mlp.digits", "loss").real}',
        '{open("/etc/passwd")}',
        '{mean("vae.mlp.digits", "loss"):.2q}',
        '{1 / 0 * mean("vae.mlp.digits", "loss")}',
        "{exp(1e6)}",
        '{exp("x")}',
        "{}",
        "{three words here}",
        "{loss",
        "loss}",
        '{count("large", "holds") > 2}',
        '[falls]{mean("iwae.mlp.digits", "gain", knob=2.0) < mean("iwae.mlp.digits", "gain", knob=0.5)}',
        '[some]{count("large", "holds")}',
        '[some]{count("large", "holds") in 3}',
        "{log(0)}",
        "{exp(1, x=2)}",
        "[so]{True}",
        "[so]{1 < exp(1)}",
    ],
)
def test_what_cannot_be_answered_is_an_error_of_one_line_with_its_place(query):
    with pytest.raises(BadFinding) as caught:
        said(f"- It is {query}.")
    assert str(caught.value).startswith("f.md:7: ")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("query", "nearest"),
    [
        ('{mean("vae.mlp.digitz", "loss")}', "vae.mlp.digits"),
        ('{mean("vae.mlp.digits", "los")}', "loss"),
        ('{count("larg", "holds")}', "large"),
        ('{meen("vae.mlp.digits", "loss")}', "mean"),
        ('{mean("vae.mlp.digits", "gap")}', "the data's density is not known"),
        ('{mean("vae.mlp.digits", "gain")}', "knob=0.5"),
    ],
)
def test_the_line_names_what_was_meant_or_why_there_is_nothing(query, nearest):
    with pytest.raises(BadFinding, match=nearest):
        said(f"- {query}")


def test_a_statistic_counts_where_it_has_the_word_at_every_knob_value():
    claims = (Claim("small", "It is small.", (Beyond("gain", 2.0, ideal=0.0, null=4.0),)),)

    def swept(*course):
        cells = (
            tuple(one for knob, gain in course for one in observe(seed, {"gain": gain}, knob)) for seed in range(5)
        )
        return assemble([cell(seed, found) for seed, found in enumerate(cells)], claims, ())

    records = [swept((0.5, 1.0), (2.0, 1.5)), swept((0.5, 1.0), (2.0, 3.0))]
    line = '- {checked("small", "gain", "holds")}, {checked("small", "gain", "fails")}'
    assert said(line, {TASK: records}) == {TASK: "- 1, 0"}


def test_records_without_an_arm_that_others_have_are_left_out():
    alone = assemble([cell(seed, observe(seed, {"loss": 0.1, "gain": 1.0}, None)) for seed in range(5)], CLAIMS, ())
    line = '- {applicable("large", arm="analytic")} of {applicable("large")}'
    assert said(line, {TASK: [record("vae", 0.8), alone]}) == {TASK: "- 1 of 2"}


def test_a_model_under_two_names_counts_once_and_answers_to_both():
    twice = [*RECORDS[TASK], copy := record("complex_vae", 0.8)]
    text = '- {count("large", "holds")} of {applicable("large")}; {mean("complex_vae.mlp.digits", "loss"):.2f}'
    found = findings(f"## {TASK}\n{text}\n", "f.md", {TASK: twice}, copies=[copy])
    assert found == {TASK: "- 3 of 4; 0.82"}


def test_a_finding_falls_with_its_record():
    line = '- [It holds for all.]{count("large", "holds", network="mlp") == applicable("large", network="mlp")}'
    kept = {TASK: [one for one in RECORDS[TASK] if one.subject.variant.name != "beta_vae"]}
    assert said(line, kept) == {TASK: "- It holds for all."}
    with pytest.raises(BadFinding, match="It holds for all"):
        said(line)


def test_a_task_that_is_not_there_is_told():
    with pytest.raises(BadFinding, match=r"^f\.md:1: .*some_tusk.*some_task"):
        findings("## some_tusk\n- A finding.\n", "f.md", RECORDS)


def test_of_a_task_without_a_record_of_its_present_version_nothing_is_found():
    text = f"## another_task\n- It is {{mean('x', 'y')}}.\n## {TASK}\n- A finding.\n"
    assert findings(text, "f.md", RECORDS) == {TASK: "- A finding."}


def test_more_bullets_than_anybody_reads_are_refused():
    text = f"## {TASK}\n" + "- A finding.\n" * MOST_BULLETS
    assert findings(text, "f.md", RECORDS)[TASK].count("- ") == MOST_BULLETS
    with pytest.raises(BadFinding, match="9 bullets"):
        findings(f"{text}- One more.\n", "f.md", RECORDS)


def test_a_file_that_says_nothing_yet_has_no_findings():
    assert findings("# Title\n\nNothing yet.\n", "f.md", RECORDS) == {}
