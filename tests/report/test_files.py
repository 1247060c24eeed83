"""Laws of the board's folder: only what bears the suite's mark is written over or taken away, and nothing outside."""

import json
import os
import subprocess
import sys

import pytest

from vaebench.mistakes import Mistake
from vaebench.report import board
from vaebench.report.figures.stamp import STAMP_BEGINS
from vaebench.report.files import IN_THE_WAY, MARK, MAX_BYTES, STRANGER, drawn_figures, stale_pages
from vaebench.report.tables.taken_away import CSV_BEGINS
from vaebench.report.words.markdown import MADE_BY

STAMPED = f"<svg></svg>\n{STAMP_BEGINS}{'0' * 16}, drawing {'0' * 16} -->\n"
PAGES = {
    "README.md": f"{MARK}\n\nall\n",
    "some_task.md": f"{MARK}\n\none\n",
    "records/some_task/vae.mlp.digits.md": f"{MARK}\n\nits record\n",
    "figures/some_task.digits.svg": STAMPED,
    "results/verdicts.csv": f"{CSV_BEGINS}arm\n",
    "results/croissant.json": json.dumps({"description": MADE_BY}),
}


@pytest.fixture
def folder(tmp_path):
    board.write_pages(tmp_path / "leaderboard", PAGES)
    return tmp_path / "leaderboard"


def put(path, text="somebody's own"):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def texts(folder):
    return {path.relative_to(folder).as_posix(): path.read_text() for path in folder.rglob("*") if path.is_file()}


def test_every_page_and_figure_bears_the_mark(made, records):
    written = made.pages(records[:2])
    assert {name.rpartition(".")[2] for name in written} == {"md", "svg", "csv", "json"}
    for name, text in written.items():
        if name.endswith(".svg"):
            assert text.splitlines()[-1].startswith(STAMP_BEGINS), name
        elif name.endswith(".csv"):
            assert text.startswith(CSV_BEGINS)
        elif name.endswith(".json"):
            assert MADE_BY in json.loads(text)["description"]
        else:
            assert text.startswith(f"{MARK}\n\n# "), name


def test_pages_that_a_loss_of_power_left_empty_are_written_again(folder):
    """Pages do not wait for the disk. An empty one has no mark, and is nobody's."""
    for name in PAGES:
        (folder / name).write_text("")
    assert set(stale_pages(folder, PAGES)) == set(PAGES)
    board.write_pages(folder, PAGES)
    assert texts(folder) == PAGES


LEAVING = """
import warnings
warnings.simplefilter("always")
from vaebench.report.processes import side_by_side
with side_by_side(abs, [-1, -2, -3]) as found:
    assert list(found) == [1, 2, 3]
try:
    with side_by_side(abs, range(-50, 0)) as found:
        raise ValueError("a mistake")
except ValueError as error:
    print(error)
"""


def test_who_leaves_work_that_goes_on_beside_says_its_own_mistake_alone(tmp_path):
    done = subprocess.run([sys.executable, "-c", LEAVING], capture_output=True, text=True, cwd=tmp_path, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "a mistake\n", "")


def test_a_board_is_written_whole_and_is_fresh_then(folder):
    assert texts(folder) == PAGES
    assert stale_pages(folder, {name: text for name, text in PAGES.items() if not name.endswith(".svg")}).keys() == {
        "figures/some_task.digits.svg"
    }
    assert board.write_pages(folder, {"README.md": PAGES["README.md"]}).files == tuple(
        folder / name for name in sorted(PAGES) if name != "README.md"
    )


OF_OTHERS = [
    "diary.md",
    "index.html",
    "fake/README.md",
    "records/tax.pdf",
    "records/some_task/notes.md",
    "records/some_task/deep/a.markdown",
    "figures/win.png",
    "figures/drawn_by_hand.svg",
]


@pytest.mark.parametrize("name", OF_OTHERS)
def test_a_file_without_the_mark_is_named_and_never_touched(folder, name):
    put(folder / name)
    assert stale_pages(folder, PAGES)[name] == STRANGER
    done = board.write_pages(folder, PAGES)
    assert done.strangers == (f"{folder / name} {STRANGER}",)
    assert (folder / name).read_text() == "somebody's own"


@pytest.mark.parametrize("name", ["gone_task.md", "records/gone_task/vae.mlp.digits.md", "records/gone_task/deep/a.md"])
def test_a_page_of_what_is_gone_is_taken_away(folder, name):
    put(folder / name, PAGES["README.md"])
    put(folder / "figures" / "gone.svg", STAMPED)
    gone = {name, "figures/gone.svg", "figures/some_task.digits.svg"}  # a made-up stamp is never fresh
    assert stale_pages(folder, PAGES).keys() == gone
    assert not board.write_pages(folder, PAGES).strangers
    assert texts(folder) == PAGES


def test_a_page_in_conflict_is_written_again(folder):
    ours, theirs = PAGES["README.md"], f"{MARK}\n\nother\n"
    put(folder / "README.md", f"<<<<<<< HEAD\n{ours}=======\n{theirs}>>>>>>> theirs\n")
    board.write_pages(folder, PAGES)
    assert texts(folder) == PAGES


@pytest.mark.parametrize("name", PAGES)
def test_a_file_of_anothers_in_a_pages_place_is_kept_and_nothing_is_written(folder, name):
    put(folder / "some_task.md", f"{MARK}\nstale\n")
    put(folder / name)
    before = texts(folder)
    with pytest.raises(Mistake, match=f"{name} {IN_THE_WAY}$"):
        board.write_pages(folder, PAGES)
    assert texts(folder) == before


def test_submissions_and_files_whose_name_begins_with_a_dot_are_not_looked_at(folder):
    for name in ("submissions/me/notes.md", "submissions/README.md", ".gitkeep", "records/.DS_Store"):
        put(folder / name)
    assert stale_pages(folder, PAGES).keys() == {"figures/some_task.digits.svg"}


LINKS = ["", "records", "records/some_task", "figures", "README.md", ".README.md.half", "records/other", "records/x.md"]


@pytest.mark.parametrize("at", LINKS)
@pytest.mark.parametrize("do", [board.write_pages, stale_pages, lambda folder, _: drawn_figures(folder)])
def test_a_link_anywhere_in_a_board_is_refused_and_what_it_leads_to_is_whole(folder, tmp_path, at, do):
    victim = tmp_path / "victim"
    for name in ("diary.md", "records/tax.pdf", "some_task/thesis.docx"):
        put(victim / name)
    place = folder / at
    if place.is_dir():
        subprocess.run(["rm", "-r", str(place)], check=True)
    place.unlink(missing_ok=True)
    place.symlink_to(victim / "diary.md" if place.suffix else victim)
    before = texts(victim)
    with pytest.raises(Mistake) as found:
        do(folder, PAGES)
    assert str(found.value).startswith(f"{place} ")
    assert texts(victim) == before


def test_a_pipe_or_a_file_in_the_place_of_a_folder_is_refused_and_not_waited_for(folder, tmp_path):
    os.mkfifo(folder / "records" / "pipe.md")
    with pytest.raises(Mistake, match=r"pipe\.md"):
        stale_pages(folder, PAGES)
    with pytest.raises(Mistake, match=r"/other "):
        stale_pages(put(tmp_path / "other"), PAGES)


def test_a_huge_file_is_a_strangers_and_read_no_further(folder):
    with (folder / "huge.md").open("wb") as file:
        file.truncate(2**40)
    assert stale_pages(folder, PAGES)["huge.md"] == STRANGER


def test_a_huge_file_under_a_pages_name_is_in_the_way_and_stays(folder):
    with (folder / "README.md").open("wb") as file:
        file.truncate(MAX_BYTES + 1)
    assert stale_pages(folder, PAGES)["README.md"] == IN_THE_WAY
    with pytest.raises(Mistake, match=r"README\.md"):
        board.write_pages(folder, PAGES)
    assert (folder / "README.md").stat().st_size == MAX_BYTES + 1
