"""Laws of the page that says where each claim holds: it divides the front page's counts, and adds none."""

import re
from collections import Counter
from dataclasses import replace
from types import SimpleNamespace

import pytest

from vaebench import catalog
from vaebench.claims import Beyond, Claim, Found, Level, Plant, Verdict
from vaebench.mistakes import Mistake
from vaebench.papers import REAL_IMAGES
from vaebench.report.every_file import overall_pages, summed_up
from vaebench.report.first_population import COLUMNS, FILE, Before, first_population
from vaebench.report.pages.claims_table import IN_TESTS, NO_CONTROL, Counted
from vaebench.report.pages.versions import RENAMED
from vaebench.report.pages.where_holds import NOWHERE, PAGE, TURNS, where_page
from vaebench.report.received.sent import sent
from vaebench.report.rows.selection import select
from vaebench.report.words.levels import CANNOT_TELL
from vaebench.report.words.markdown import PREVIEW
from vaebench.results.references import REFERENCES, root

PUBLISHED = Beyond("gain", 0.0, 1.0, -1.0)
CLAIMS = (
    Claim("gain", "There is gain.", (PUBLISHED, replace(PUBLISHED, measurement="lead", role="control"))),
    Claim("loss", "There is loss.", (PUBLISHED,)),
)
YES, NO, OPEN, SILENT = (Level(word) for word in ("holds", "fails", "undecided", "not applicable"))


def model(dataset, arch, published, controlled=None, plants=(), claim="gain"):
    """A model with one verdict. A claim that it has no verdict on does not apply to it."""
    verdict = Verdict(claim, "trained", published, controlled or published, (), plants)
    return SimpleNamespace(
        first=SimpleNamespace(dataset=dataset, row=SimpleNamespace(arch=arch), verdicts={claim: verdict})
    )


@pytest.fixture
def task(made):
    return replace(made.tasks[0], also_on=REAL_IMAGES, claims=CLAIMS)


def page_of(task, models=(), before=(), **how):
    claims = [Counted(task, c, tuple(m for m in models if c.id in m.first.verdicts), ()) for c in task.claims]
    return where_page([task], claims, before, **how)


def rows_of(page, task="## "):
    """Cells of a task's table, its claims by their ids and named in every row."""
    lines = [line for line in page.partition(task)[2].partition("\n## ")[0].splitlines() if line.startswith("| ")]
    rows, claim = [], ""
    for line in lines[1:]:
        name, *cells = (cell.strip() for cell in line.replace("\N{NO-BREAK SPACE}", " ").strip("|").split("|"))
        claim = re.sub(r"^\[(.*)\]\(.*\)$", r"\1", name) or claim
        rows.append([claim, *cells])
    return rows


def numbers(text):
    return Counter(dict(zip("✓✗?", map(int, re.findall(r"\d+", text)), strict=True))) if text else Counter()


def test_its_rows_add_up_to_the_counts_of_the_front_page(made, records):
    copy = records[0].subject.variant.model_copy(update={"name": "copy"})
    twin = records[0].model_copy(update={"subject": records[0].subject.model_copy(update={"variant": copy})})
    chosen = select(made.suite, [*records, twin])
    pages = overall_pages(made.suite, chosen, summed_up(made.suite, chosen, {}))
    front = pages["README.md"].partition("## All claims")[2].partition("\n## ")[0]
    for task in made.tasks:
        found = {}
        for claim, _, models, published, controlled, _ in rows_of(pages[PAGE], f"## {task.name}"):
            at = found.setdefault(claim, [0, Counter(), Counter()])
            at[0] += int(models)
            at[1] += numbers(published)
            at[2] += Counter() if controlled == NO_CONTROL else numbers(controlled)
        assert list(found) == [claim.id for claim in task.claims]
        for claim, (models, published, controlled) in found.items():
            (line,) = (line for line in front.splitlines() if line.startswith(f"| [{claim}]({task.name}.md#"))
            said = [cell.partition("(")[0].strip() for cell in line.split("|")[3:5]]
            assert (published, controlled) == (numbers(said[0]), numbers("" if said[1] == NO_CONTROL else said[1]))
            assert models == sum(published.values())


def test_data_sets_stand_in_the_boards_order_and_a_claim_is_named_once(task):
    places = [("fashion_mnist", "mlp"), ("mnist", "mlp"), ("digits", "mlp"), ("digits", "conv")]
    page = page_of(task, [model(*place, YES) for place in places] + [model("mnist", "mlp", NO, claim="loss")])
    assert [row[:2] for row in rows_of(page)] == [
        ["gain", "digits · conv"],
        ["gain", "digits · mlp"],
        ["gain", "mnist · mlp"],
        ["gain", "fashion mnist · mlp"],
        ["loss", "mnist · mlp"],
    ]
    assert page.count(f"[gain]({task.name}.md#gain)") == page.count(f"[loss]({task.name}.md#loss)") == 1


def test_both_levels_are_counted_and_a_claim_without_controls_says_so(task):
    models = [model("digits", "mlp", YES, NO), model("digits", "mlp", SILENT, OPEN), model("digits", "mlp", YES, NO)]
    page = page_of(task, [*models, model("digits", "mlp", YES, claim="loss")])
    assert " ✗" not in page.partition("|")[2]  # a count is never broken between two lines
    assert [row[2:] for row in rows_of(page)] == [
        ["3", "✓ 2 · ✗ 0 · ? 0", "✓ 0 · ✗ 2 · ? 1", IN_TESTS],
        ["1", "✓ 1 · ✗ 0 · ? 0", NO_CONTROL, IN_TESTS],
    ]


def test_whether_the_measure_can_tell_is_said_of_each_place(task):
    plants = (Found(Plant("slow", "lead", "below"), None, "reversed"),)
    blind, shown = replace(OPEN, valid="cannot tell"), replace(YES, valid="shown")
    models = [model("digits", "mlp", YES, blind, plants), model("mnist", "mlp", YES, shown, plants)]
    first, second = rows_of(page_of(task, models))[:2]
    assert first[5] == f"{CANNOT_TELL.format('the measure')} (1 of 1)" and second[5] == "shown in 1 of 1"


def test_a_claim_that_turns_round_between_data_sets_is_named_above_the_table(task):
    models = [model("digits", "mlp", YES, NO), model("mnist", "mlp", NO)]
    assert f"{TURNS}\n\n- gain, as published: digits 1 of 1; mnist 0 of 1\n\n|" in page_of(task, models)
    assert TURNS not in page_of(task, models[:1])


def test_before_stands_beside_its_own_data_set_and_network_alone(task):
    old = [Before(task.name, "gain", arch, "digits", "holds", "fails") for arch in ("mlp", "mlp", "resnet")]
    old += [
        Before("another", "gain", "mlp", "mnist", "holds", "holds"),
        Before(task.name, "gone", "mlp", "mnist", "holds", "holds"),
    ]
    page = page_of(task, [model("digits", "mlp", YES), model("mnist", "mlp", NO)], old)
    assert [row[1:5] + row[6:] for row in rows_of(page) if row[0] == "gain"] == [
        ["digits · mlp", "1", "✓ 1 · ✗ 0 · ? 0", "✓ 1 · ✗ 0 · ? 0", "✓ 2 · ✗ 0 · ? 0", "✓ 0 · ✗ 2 · ? 0"],
        ["digits · resnet", "0", "", "", "✓ 1 · ✗ 0 · ? 0", "✓ 0 · ✗ 1 · ? 0"],
        ["mnist · mlp", "1", "✓ 0 · ✗ 1 · ? 0", "✓ 0 · ✗ 1 · ? 0", "", ""],
    ]
    assert "*Before* is" in page and "(versions.md)" in page
    alone = page_of(task, [model("digits", "mlp", YES)])
    assert "Before" not in alone and "(versions.md)" not in alone


def test_not_applicable_now_or_before_is_told_from_not_measured(task):
    old = [Before(task.name, "loss", "mlp", "digits", "not applicable", "holds")]
    old += [Before(task.name, "loss", "mlp", "mnist", "not applicable", "not applicable")]
    page = page_of(task, [model("digits", "mlp", YES), model("mnist", "mlp", YES)], old)
    assert rows_of(page)[2:] == [["loss", "digits · mlp", "0", "–", "–", "", "–", "✓ 1 · ✗ 0 · ? 0"]]
    nowhere = rows_of(page_of(task, [model("digits", "mlp", YES)]))[-1]
    assert nowhere == ["loss", NOWHERE, "0", "", "", ""]


def test_a_claim_that_has_another_name_now_has_its_words_of_before(task):
    now, then = next(iter(RENAMED.items()))
    task = replace(task, claims=(replace(CLAIMS[0], id=now),))
    page = page_of(
        task, [model("digits", "mlp", YES, claim=now)], [Before(task.name, then, "mlp", "digits", "fails", "fails")]
    )
    assert rows_of(page)[0][6] == "✓ 0 · ✗ 1 · ? 0"


def test_a_task_whose_records_all_wait_shows_what_was_said_before(made):
    old = [Before(made.tasks[1].name, "isometry", "mlp", "three_sources", "holds", "fails")]
    suite = replace(made.suite, first=tuple(old))
    chosen = select(suite, [made.record()])
    page = overall_pages(suite, chosen, summed_up(suite, chosen, {}))[PAGE]
    row = rows_of(page, f"## {made.tasks[1].name}")[0]
    assert row == ["isometry", "three sources · mlp", "0", "", "", "", "✓ 1 · ✗ 0 · ? 0", "✓ 0 · ✗ 1 · ? 0"]


def test_the_legend_names_the_sets_of_real_images_that_are_there(task):
    models = [model(dataset, "mlp", YES) for dataset in ("digits", *REAL_IMAGES)]
    assert "Real images, with their official split: mnist, fashion mnist." in page_of(task, models)
    assert "official split: mnist." in page_of(task, models[:2])
    assert "Real images" not in page_of(task, models[:1])


def test_what_others_send_changes_nothing_and_a_preview_says_so(made):
    own, theirs = [made.record()], [sent(made.record(variant="my_vae", code="1" * 16), "eve")]
    pages = []
    for submissions, preview in (((), False), (theirs, False), ((), True)):
        chosen = select(made.suite, own, preview, submissions)
        pages.append(overall_pages(made.suite, chosen, summed_up(made.suite, chosen, {}), preview)[PAGE])
    assert pages[0] == pages[1] and PREVIEW in pages[2] and PREVIEW not in pages[0]


def test_without_records_there_is_no_page(made):
    chosen = select(made.suite, [])
    assert overall_pages(made.suite, chosen, summed_up(made.suite, chosen, {}))[PAGE] == ""


def test_the_committed_first_population_has_a_known_data_set_and_network_in_each_line():
    found = first_population(root() / REFERENCES / FILE)
    sizes = {size for name in catalog.dataset_names() for size in catalog.dataset_sizes(name)}
    assert found and {one.dataset for one in found} <= sizes
    assert {one.network for one in found} <= set(catalog.arch_names())


def test_a_table_of_other_columns_or_words_is_refused(tmp_path):
    path = tmp_path / FILE
    assert first_population(path) == ()
    path.write_text(",".join(COLUMNS) + "\nt,1,vae,mlp,digits,c,holds,fails,x\n")
    assert first_population(path) == (Before("t", "c", "mlp", "digits", "holds", "fails"),)
    path.write_text(",".join(COLUMNS) + "\nt,1,vae,mlp,digits,c,holds,maybe,x\n")
    with pytest.raises(Mistake, match="line 2: a verdict is one of holds"):
        first_population(path)
    path.write_text("task,claim\n")
    with pytest.raises(Mistake, match="its columns are task, version"):
        first_population(path)
