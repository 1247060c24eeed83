"""Laws of the board as files: the same from the same records, and stale as soon as it is not."""

import posixpath
import random
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

import vaebench
from vaebench.report.figures.prepare import task_pictures
from vaebench.report.files import DIFFERS, MISSING, drawn_figures, stale_pages
from vaebench.report.pages.task_page import FIRST_ROWS, task_page
from vaebench.report.received.sent import THIS_RUN, sent
from vaebench.report.rows.first_rows import first_rows
from vaebench.report.rows.selection import select
from vaebench.report.words.markdown import NO_RECORDS, PREVIEW, anchor

FIGURE = "figures/camuto2021_variance_frequency.digits.svg"
BESIDE = "figures/camuto2021_variance_frequency.digits_beside.svg"
TOP = {"README.md", "glossary.md", "changes.md", "cite.md", "results/README.md"}
TABLES = {"results/verdicts.csv", "results/croissant.json"}
TOP |= TABLES
RECORD = "records/camuto2021_variance_frequency/vae.mlp.digits.md"


OVERALL = ("README.md", "glossary.md", "over_variants.md", "where_claims_hold.md")
"""The pages for all tasks together."""


def of_task(task):
    """The pages of one task, whether it has records or not."""
    return f"{task.name}.md", f"places/{task.name}.md", f"records/{task.name}/README.md"


@pytest.fixture(scope="module")
def few(made):
    """A small board: a variant and a half."""
    records = [made.record(), made.record(variant="beta_vae")]
    return records + [made.record(made.tasks[1].name, dataset=name) for name in made.tasks[1].datasets]


@pytest.fixture(scope="module")
def board(made, few):
    return made.pages(few)


@pytest.fixture
def folder(tmp_path, board):
    for name, text in board.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text, "utf-8")
    return tmp_path


def test_the_board_is_a_page_for_all_a_page_a_task_a_page_a_record_and_their_figures(board, made):
    claims = ("verdicts", "isometry", "orthogonality", "density", "importance")
    own = ("decoder_frequency", "decoder_lipschitz", "encoder_frequency", "robustness")
    assert set(board) == {
        *TOP,
        *OVERALL,
        *(page for task in made.tasks for page in of_task(task)),
        "variants/vae.md",
        "variants/beta_vae.md",
        "figures/camuto2021_variance_frequency.verdicts.svg",
        *(FIGURE.replace("digits", f"{of}{claim}") for claim in own for of in ("", "digits_")),
        RECORD,
        f"records/{made.tasks[0].name}/beta_vae.mlp.digits.md",
        *(f"records/{made.tasks[1].name}/vae.mlp.{name}.md" for name in made.tasks[1].datasets),
        FIGURE,
        BESIDE,
        *(f"figures/nakagawa2021_posterior_isometry.{claim}.svg" for claim in claims),
    }


def test_every_file_is_linked_and_every_link_leads_somewhere(board, made):
    linked = {
        posixpath.normpath(posixpath.join(posixpath.dirname(name), re.split("[)#]", part)[0]))
        for name, text in board.items()
        for part in text.split("](")[1:]
        if "<svg" not in text and not part.startswith(("https://arxiv.org/abs/", "#"))
    }
    outside = {link for link in linked if link.startswith("../")}
    assert linked - outside == set(board)
    assert outside >= {
        "../README.md",
        *(f"../vaebench/papers/{task.name.replace('_', '/', 1)}.py" for task in made.tasks),
    }
    assert all((Path(vaebench.__file__).parents[1] / link.removeprefix("../")).is_file() for link in outside)


def test_every_link_into_a_page_leads_to_a_heading_of_it(board, made):
    links = [
        (posixpath.normpath(posixpath.join(posixpath.dirname(name), page)) if page else name, place)
        for name, text in board.items()
        for page, place in re.findall(r"\]\(([^)#]*)#([^)]+)\)", text)
    ]
    tops = {*OVERALL, "results/README.md"}
    tops |= {"variants/vae.md", "variants/beta_vae.md"}
    of_tasks = {f"{folder}{task.name}.md" for task in made.tasks for folder in ("", "places/")}
    assert {page for page, _ in links} == tops | of_tasks
    for page, place in links:
        assert place in {anchor(heading) for heading in re.findall("^##+ (.*)$", board[page], re.MULTILINE)}


def test_a_page_links_to_the_glossary_at_a_words_first_use(board):
    for name, text in board.items():
        if name.endswith(".md") and name not in {*TOP} - {"README.md"}:
            terms = re.findall(r"glossary\.md#([\w-]+)\)", text)
            assert terms
            assert len(terms) == len(set(terms)), name


def test_the_same_records_in_any_order_make_the_same_bytes(board, made, few):
    mixed = few[:]
    random.Random(1).shuffle(mixed)
    assert made.pages(mixed, drawn=board) == board  # a figure of other inputs would be drawn again


def test_a_written_board_is_fresh(folder, board):
    assert stale_pages(folder, board) == {}


def test_an_edited_page_is_stale(folder, board):
    page = folder / "README.md"
    page.write_text(page.read_text("utf-8").replace("0.9", "1.0", 1), "utf-8")
    assert stale_pages(folder, board) == {"README.md": DIFFERS}


def test_a_missing_page_and_a_missing_figure_are_stale(folder, board):
    (folder / "README.md").unlink()
    (folder / FIGURE).unlink()
    assert stale_pages(folder, board) == {"README.md": MISSING, FIGURE: MISSING}


def test_an_empty_folder_lacks_everything(tmp_path, board):
    assert len(stale_pages(tmp_path, board)) == len(board)


def test_a_changed_record_makes_its_page_and_figure_stale_and_no_other_figure(folder, made, few, board):
    changed = made.pages([few[0], made.record(variant="beta_vae", lost=(0,)), *few[2:]], drawn=board)
    said = stale_pages(folder, changed)
    figures = {name for name in board if name.startswith("figures/camuto2021")}
    figures |= {"over_variants.md", "where_claims_hold.md"}  # the last only where a verdict turns
    names = {"README.md", *of_task(made.tasks[0]), "variants/beta_vae.md", *TABLES}
    names.add(RECORD.replace("vae.", "beta_vae.", 1))
    assert set(said.values()) == {DIFFERS}
    assert {FIGURE, BESIDE} < set(said) - names <= figures
    assert names < set(said)


def test_a_submission_touches_only_pages_of_its_task(made, few, board):
    theirs = sent(made.record(variant="my_vae", code="1" * 16), "alice")
    changed = made.pages(few, submissions=[theirs], drawn=board)
    task = made.tasks[0]
    own = {f"records/{task.name}/my_vae.mlp.from.alice.digits.md", "variants/my_vae.from.alice.md"}
    assert {name for name in changed if board.get(name) != changed[name]} == {*own, *of_task(task), *TABLES}


def test_figures_show_the_first_rows_and_say_so_and_the_count_of_verdicts_is_of_all(made, monkeypatch):
    """A tally of the first rows contradicted the line beneath it."""
    task = made.tasks[0]
    names = ["a_0", "a_1", "a_2", "a_3", "vae"]
    records = [made.record(variant=name, code=f"{number:016x}") for number, name in enumerate(names)]
    chosen = select(made.suite, records)
    whole, *all_drawn = task_pictures(task, chosen)
    assert not any(one.undrawn for one in all_drawn)
    assert FIRST_ROWS not in task_page(task, chosen, [whole, *all_drawn], False)
    monkeypatch.setattr("vaebench.report.figures.prepare.MOST_DRAWN", 3)
    counted, *drawn = task_pictures(task, chosen)
    assert counted == whole
    assert [one.path for one in drawn] == [one.path for one in all_drawn]
    for one, before in zip(drawn, all_drawn, strict=True):
        assert one.alternative.endswith(". 2 more records are not drawn")
        assert (one.undrawn, one.claim) == (2, before.claim)
        if one.claim:  # the verdicts are those of all records
            said = before.alternative.partition(". ")[0]
            assert "5 hold" in said or "5 are undecided" in said or "5 fail" in said
            assert one.alternative.startswith(f"{said}. ")
    (curves,) = (one.figure for one in drawn if one.path.endswith("digits_robustness.svg"))
    assert [panel.title for panel in curves.panels] == ["a_0", "a_1", "vae"]
    page = task_page(task, chosen, [counted, *drawn], False)
    assert FIRST_ROWS in page.partition("## Claims")[2]
    assert all(f"{name} · mlp" in page for name in names)


def test_a_task_page_lists_the_first_rows_counts_all_and_says_where_the_others_are(made, monkeypatch):
    """At a thousand rows a page had nine megabytes, which no site shows."""
    task = made.tasks[0]
    names = ["a_0", "a_1", "a_2", "a_3", "vae"]
    records = [made.record(variant=name, code=f"{number:016x}") for number, name in enumerate(names)]
    chosen = select(made.suite, records)
    assert "more records are not" not in task_page(task, chosen, [], False)
    monkeypatch.setattr("vaebench.report.pages.task_page.MOST_LISTED", 3)
    page = task_page(task, chosen, [], False)
    assert "2 more records are not in the tables below" in page
    assert f"records/{task.name}/README.md" in page and "results/verdicts.csv" in page
    claims = page.partition("## Claims")[2]
    assert [name for name in names if f"[{name} · mlp" in claims] == ["a_0", "a_1", "vae"]
    assert "Over 5 distinct models" in claims


def test_figures_show_a_previewed_run_and_the_plain_vae_before_all_and_every_data_set(made):
    def of(variant, dataset="three_sources", code="f"):
        return made.record(made.tasks[1].name, variant, dataset=dataset, code=code * 16)

    own = [of("a_0", code="0"), of("a_1", code="1"), of("vae", code="2"), of("b_0", "bimodal_sources", "b")]
    run = [sent(of("my_vae"), THIS_RUN)]
    shown = select(made.suite, own, preview=True, submissions=run).of_task(made.tasks[1].name)
    assert (len(shown), first_rows(shown, 4)) == (5, list(shown))
    assert {(one.dataset, one.row.variant) for one in first_rows(shown, 2)} == {
        ("three_sources", "my_vae"),
        ("three_sources", "vae"),
        ("bimodal_sources", "b_0"),
    }


def test_a_figure_drawn_by_another_matplotlib_is_fresh_and_an_edited_one_is_not(folder, board):
    from vaebench.report.figures.stamp import _hash, stamp

    body, mark, tail = board[FIGURE].rpartition("<!-- vaebench figure")
    other = body.replace("</svg>", "<!-- moved --></svg>")
    drawing = tail.rpartition("drawing ")[2][:16]
    (folder / FIGURE).write_text(other + mark + tail.replace(drawing, _hash(other)), "utf-8")
    assert stamp((folder / FIGURE).read_text("utf-8")).inputs == stamp(board[FIGURE]).inputs
    assert stale_pages(folder, board) == {}
    (folder / FIGURE).write_text(board[FIGURE].replace("</svg>", "<!-- moved --></svg>"), "utf-8")
    assert stale_pages(folder, board) == {FIGURE: DIFFERS}


def test_a_fresh_figure_is_kept_and_a_stale_one_drawn_again(folder, made, few, board, monkeypatch):
    drawn = drawn_figures(folder)
    assert drawn == {n: text for n, text in board.items() if n.endswith(".svg") or n == "over_variants.md"}
    calls = []
    monkeypatch.setattr("vaebench.report.figures.draw.svg", lambda figure: calls.append(figure) or "new")
    assert made.pages(few, drawn=drawn) == board
    assert calls == []
    again = made.pages(few, drawn={**drawn, FIGURE: drawn[FIGURE].replace("path", "pth")})
    assert (again[FIGURE], len(calls)) == ("new", 1)


def test_a_new_definition_of_a_task_empties_its_page(made, few, board):
    suite = made.with_tasks(replace(made.tasks[0], version=2), made.tasks[1])
    changed = made.pages(few, suite, drawn=board)
    assert NO_RECORDS in changed["camuto2021_variance_frequency.md"]
    assert FIGURE not in changed
    assert "## Superseded" in changed["README.md"] and "superseded.md" in changed


def test_quick_records_make_no_board_but_in_a_preview(made):
    quick = [made.record(preset="quick")]
    assert "| vae" not in "".join(made.pages(quick).values())
    preview = made.pages(quick, preview=True)
    assert all(
        PREVIEW in text for name, text in preview.items() if name.endswith(".md") and name not in {*TOP} - {"README.md"}
    )


def test_no_records_make_a_whole_board(made):
    empty = made.pages([])
    assert set(empty) == {*TOP, *(page for task in made.tasks for page in of_task(task))}
    assert empty["results/verdicts.csv"].count("\n") == 1


def test_pages_are_plain_text_with_one_line_break_at_the_end(board):
    for name, text in board.items():
        assert text.endswith("\n") and not text.endswith("\n\n"), name
        assert "\r" not in text and "None" not in text.partition("<svg")[0], name


@pytest.mark.parametrize("module", ["vaebench.report", "vaebench.report.figures.draw", "vaebench.results.score"])
def test_no_torch_in_the_paper_wing(module):
    code = f"import sys, {module}; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_matplotlib_is_loaded_only_to_draw():
    code = "import sys, vaebench.report; sys.exit('matplotlib' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
