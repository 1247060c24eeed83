"""Laws of a variant's page: its code, its verdicts, its places, what it gives, and its records."""

import re

import pytest

from vaebench.report.pages.places_page import lines_of, places_of
from vaebench.report.pages.variant_page import variant_page, variants_of
from vaebench.report.received.sent import sent
from vaebench.report.rows.distinct import distinct
from vaebench.report.rows.selection import select
from vaebench.report.rows.standing import by_data
from vaebench.report.suite import Name
from vaebench.report.words.markdown import PREVIEW


@pytest.fixture(scope="module")
def suite(made):
    from dataclasses import replace

    name = Name("variant", "vae", "The plain VAE.", "vaebench/variants/vae.py")
    return replace(made.suite, names=(name,))


@pytest.fixture(scope="module")
def shown(suite, records):
    return variants_of(select(suite, records).shown)["variants/vae.md"]


def cells_of(line):
    return [re.sub(r"\[([^]]*)\]\([^)]*\)", r"\1", cell).strip() for cell in line.strip().strip("|").split("|")]


def rows_of(page, heading):
    part = page.partition(f"## {heading}\n")[2].partition("\n## ")[0]
    return [cells_of(line) for line in part.splitlines() if line.startswith("| [")]


def test_each_variant_code_and_sender_has_a_page(suite, made):
    records = [made.record(), made.record(arch="conv"), made.record(code="f" * 16), made.record(variant="beta_vae")]
    theirs = sent(made.record(variant="new_vae", code="1" * 16), "alice")
    found = variants_of(select(suite, records, False, [theirs]).shown)
    assert {path: len(ones) for path, ones in found.items()} == {
        "variants/beta_vae.md": 1,
        "variants/new_vae.from.alice.md": 1,
        f"variants/vae.{'c' * 16}.md": 2,
        f"variants/vae.{'f' * 16}.md": 1,
    }


def test_two_codes_of_one_name_on_two_networks_have_a_page_each_that_says_which(suite, made):
    theirs = [
        sent(made.record(variant="mine", code="a" * 16), "bob"),
        sent(made.record(variant="mine", arch="conv", code="b" * 16), "bob"),
    ]
    found = variants_of(select(suite, [], False, theirs).shown)
    assert len(found) == 2
    for path, shown in found.items():
        (one,) = shown
        assert one.row.code_hash in path and one.row.code_hash in variant_page(suite, shown, False)


def test_the_head_leads_to_source_and_code(suite, shown):
    page, preview = (variant_page(suite, shown, preview) for preview in (False, True))
    assert page.startswith("# vae\n") and "The plain VAE." in page
    assert "[arXiv:1312.6114](https://arxiv.org/abs/1312.6114)" in page
    assert "[vaebench/variants/vae.py](../../vaebench/variants/vae.py) cccccccccccccccc" in page
    assert PREVIEW in preview and "../../vaebench" not in preview and "../../reference_results" not in preview


def test_somebody_elses_variant_has_no_code_of_ours(suite, made):
    theirs = sent(made.record(variant="vae", code="1" * 16), "alice")
    (page,) = (
        variant_page(suite, ones, False) for ones in variants_of(select(suite, [], False, [theirs]).shown).values()
    )
    assert "The plain VAE." not in page and "vaebench/variants" not in page
    assert "leaderboard/submissions/alice/camuto2021_variance_frequency/vae.mlp.digits.json" in page


def test_every_record_has_its_verdicts_at_both_levels(suite, shown, made):
    page = variant_page(suite, shown, False)
    rows = {row[0]: row[1:] for row in rows_of(page, "Verdicts")}
    assert len(rows) == len(shown) == 8
    record = made.record(made.tasks[1].name, "vae", "mlp", "bimodal_sources")
    symbols = {"holds": "✓", "fails": "✗", "undecided": "?", "not applicable": "–"}
    expected = [f"{symbols[v.published.word]} / {symbols[v.controlled.word]}" for v in record.verdicts]
    assert rows["mlp · bimodal_sources"] == expected


def test_places_are_those_that_are_given_in_the_order_of_tasks(suite, shown, made):
    first, second = (task.name for task in made.tasks)
    page = variant_page(suite, shown, False, {second: "1 to 3 of 9", first: "7 of 9"})
    part = page.partition("## Places\n")[2].partition("\n## ")[0]
    assert part.index("7 of 9") < part.index("1 to 3 of 9")
    assert "## Places" not in variant_page(suite, shown, False)


def test_places_are_among_the_suites_own_and_no_submission_moves_them(suite, made):
    records = [made.record(variant=v, arch=a) for v in ("vae", "beta_vae") for a in ("mlp", "conv")]
    theirs = [sent(made.record(variant=f"a_{n}", code=f"{n:016x}"), "eve") for n in range(3)]

    def placed(*submissions):
        chosen = select(suite, records, False, submissions)
        models = [one for one in distinct(chosen.of_task(made.tasks[0].name)) if one.is_own]
        own = {made.tasks[0].name: by_data(models)}
        return {path: places_of(ones, lines_of(own)) for path, ones in variants_of(chosen.shown).items()}

    alone, flooded = placed(), placed(*theirs)
    assert {path: flooded[path] for path in alone} == alone
    text = alone["variants/vae.md"][made.tasks[0].name]
    expected = {
        (one.model.first.row.arch, str(one.place))
        for one in by_data(distinct(select(suite, records).of_task(made.tasks[0].name)))["standard", "digits"]
        if one.model.name == "vae"
    }
    assert set(re.findall(r"\[(\w+) · digits\]\([^)]*\): place (\S+) of 4", text)) == expected
    assert "place" not in flooded["variants/a_0.from.eve.md"][made.tasks[0].name].replace("places/", "")


def test_what_it_gives_is_at_the_first_knob_value(suite, made):
    from vaebench.claims import Measurement, column

    def read(rng):
        found = [(k, "damage_small_per_data", v) for k, v in ((0.1, 0.5), (1.0, 0.2))] + [(None, "active_units", 3.0)]
        return [column("trained", k, 0, Measurement(name, value, 0.0, 1)) for k, name, value in found]

    records = [made.record(measurements=read)]
    (page,) = (variant_page(suite, ones, False) for ones in variants_of(select(suite, records, True).shown).values())
    ((_, _, at, unexplained, outliers, damage, units),) = rows_of(page, "What it gives")
    assert (at, unexplained, outliers, damage, units) == ("0.1", "–", "–", "0.500 ± 0", "3.00 ± 0")


def test_every_record_is_linked_with_its_data_and_its_day(suite, shown):
    rows = rows_of(variant_page(suite, shown, False), "Records")
    assert len(rows) == len(shown)
    assert {(*row[2:5], row[6]) for row in rows} == {("JSON", "5 of 5", "cpu", "before 2026-11-22")}
