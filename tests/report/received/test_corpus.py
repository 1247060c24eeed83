"""The corpus: a hostile or broken submission is refused in one line, writes nothing, and disturbs nobody.

`verify` refuses all of them; a pull request and `submit` ask it. Put on the board by hand, a record that cannot be is
left out, and one whose making is not proved is self-reported. A copy of another sender's is not told there from its
original, which it would otherwise take off the board.
"""

import json
import re
import shutil
import time
from contextlib import nullcontext

import pytest
from report import honest, hostile
from report.hostile_submissions import FILE, FOLDERS, RECORDS, TASK
from report.received.test_admission import own, with_corpus_task

from vaebench.mistakes import Mistake
from vaebench.report import board
from vaebench.report.every_file import pages
from vaebench.report.figures.stamp import inputs_hash
from vaebench.report.rows.selection import select
from vaebench.report.rows.trust import with_trust
from vaebench.terminal import visible
from vaebench.verify import Change, verify_with
from vaebench.verify_table import verify_table

SECONDS = 2.0


@pytest.fixture(scope="module")
def world(made):
    there = with_corpus_task(made)
    return honest.world(made, there, own(made, there))


@pytest.fixture(scope="module")
def alices(made, world, tmp_path_factory):
    """An honest submission of hers, to be changed."""
    folder = tmp_path_factory.mktemp("board") / "submissions" / "alice"
    record = made.record(variant="my_vae", code="1" * 16, seeds=3)
    honest.submission(folder, made.measured_for(world.there.tasks[0], record))
    return folder


@pytest.fixture(scope="module", autouse=True)
def undrawn():
    """A figure is what it is drawn from: drawing it shows nothing more of whether it changed."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            "vaebench.report.every_file.drawings",
            lambda some, _: nullcontext({o.path: inputs_hash(o.figure) for o in some}),
        )
        yield


@pytest.fixture(scope="module")
def quiet(world):
    """The board without her."""
    return pages(world.there, select(world.there, world.references, submissions=[world.bob]))


@pytest.fixture
def folder(alices, tmp_path):
    return shutil.copytree(alices, tmp_path / "leaderboard" / "submissions" / "alice")


def snapshot(folder):
    """Everything below a folder: names, kinds, bytes."""
    return {
        path: path.read_bytes() if path.is_file() and not path.is_symlink() else path.lstat().st_mode
        for path in folder.rglob("*")
    }


def said_of(folder, world, file, answer):
    """Verify a folder, and hold what is said to what it has to be."""
    before = snapshot(folder.parents[1])
    start = time.process_time()
    lines = verify_with(folder, honest.standard(world)).reasons
    spent = time.process_time() - start
    assert [line for line in lines if visible(file) in visible(line) and re.search(answer, line)], lines
    assert not [line for line in map(visible, lines) if "\n" in line]
    assert snapshot(folder.parents[1]) == before
    assert spent < SECONDS
    return lines


def rows_of(folder, world, quiet):
    """Draw the board with her among the others, whose pages and figures stay as they are; give her rows."""
    start = time.process_time()
    found, bad = board._submitted(folder.parent)
    trusted, refused = with_trust(folder.parents[1], folder.parent, world.there, world.references, [*found, world.bob])
    selection = select(world.there, world.references, submissions=trusted)
    assert time.process_time() - start < SECONDS
    mine = [one for one in selection.shown if one.row.sender == "alice"]
    if not mine:
        unread = [one.path.name for one in bad]
        left_out = (*selection.left_out, *refused)
        made = pages(world.there, board.replace(selection, left_out=left_out), unread=unread)
        told = {"README.md", "left_out.md", "superseded.md"}  # what says that she is left out
        others = [
            {name: without_superseded(text) for name, text in all_pages.items() if name not in told}
            for all_pages in (made, quiet)
        ]
        assert others[0] == others[1]
        fronts = [
            [line for line in page["README.md"].splitlines() if line and not line.startswith("[All claims]")]
            for page in (made, quiet)
        ]
        assert [
            line
            for line in fronts[0]
            if "eft out" not in line and "left_out.md" not in line and "uperseded" not in line
        ] == fronts[1]
    others = {one.path for one in selection.shown} - {one.path for one in mine}
    assert others == {name for name in quiet if name.startswith("records/") and not name.endswith("README.md")}
    return mine


def without_superseded(text):
    """A page without what counts the records of superseded protocols."""
    return [line for line in text.splitlines() if line and "superseded.md" not in line]


def changed(folder, change, world):
    data = json.loads((folder / FILE).read_text())
    text = change(data, world)
    (folder / FILE).write_text(text if isinstance(text, str) else json.dumps(data), "utf-8")
    honest.list_files(folder)


def test_the_honest_submission_has_nothing_against_it_and_is_shown_as_verified(folder, world, quiet):
    found = verify_with(folder, honest.standard(world))
    assert (found.reasons, found.records) == ([], 1)
    (mine,) = rows_of(folder, world, quiet)
    assert mine.record.trust.level == "verified"


@pytest.mark.parametrize(("name", "change", "answer"), RECORDS, ids=[case[0] for case in RECORDS])
def test_a_hostile_record_is_refused_in_one_line_that_names_file_and_field(folder, world, quiet, name, change, answer):
    changed(folder, change, world)
    said_of(folder, world, "my_vae.mlp.digits.json", answer)
    shown = [one.record.trust.level for one in rows_of(folder, world, quiet)]
    assert shown in ([], ["self-reported"]) or (shown == ["verified"] and name.startswith("another sender's "))


@pytest.mark.parametrize(("name", "change", "file", "answer"), FOLDERS, ids=[case[0] for case in FOLDERS])
def test_a_hostile_folder_is_refused_in_one_line_that_names_file_and_field(
    folder, world, quiet, name, change, file, answer
):
    change(folder)
    said_of(folder, world, file, answer)
    shown = [one.record.trust.level for one in rows_of(folder, world, quiet)]
    assert shown in ([], ["self-reported"]) or (shown == ["verified"] and name == "another record of no task")


INSIDE = [(case[0], case[1], case[-1]) for case in hostile.CORPUS if len(case) < 5 and not isinstance(case[2], str)] + [
    (case[0], case[1], case[2]) for case in hostile.CORPUS if len(case) == 3
]
"""What `test_admission` refuses for the record's own content."""


@pytest.mark.parametrize(("name", "change", "answer"), INSIDE, ids=[case[0] for case in INSIDE])
def test_what_the_board_refuses_is_refused_before_too(folder, world, name, change, answer):
    changed(folder, lambda data, _: change(data), world)
    said_of(folder, world, "my_vae.mlp.digits.json", answer.removeprefix(r"^\S+my_vae.*: "))


def test_the_corpus_is_large():
    assert len({case[0] for case in (*RECORDS, *FOLDERS)}) >= 80
    assert len({case[0] for case in (*RECORDS, *FOLDERS, *INSIDE)}) >= 140


@pytest.mark.parametrize(
    "text", ["<script>alert(1)</script>", "a|b\n# c", "\x1b[2J", "\u202eabc", "[x](javascript:1)", "{{7*7}}"]
)
def test_markup_in_every_text_field_is_inert(folder, world, text):
    data = json.loads((folder / FILE).read_text())
    data["subject"]["variant"]["source"] = text
    data["cells"][0] |= {"notes": [text], "seconds": data["cells"][0]["seconds"] | {text[:60]: 0.5}}
    data["cells"][2] |= {"status": "diverged", "reason": text}
    for column in data["measurements"]:
        column["unit"] = text[:60]
        for part in hostile.PARTS:
            column[part].pop()
    data["environments"][0] |= {"python": text, "torch": text, "processor": text}
    data |= {"verdicts": [], "control_verdicts": [], "invariant_verdicts": [], "agreement": None}
    data |= {"agreement_published": None, "judged_by": None}
    (folder / FILE).write_text(json.dumps(data), "utf-8")
    honest.list_files(folder)
    found, _ = board._submitted(folder.parent)
    selection = select(world.there, world.references, submissions=found)
    written = "\n".join(pages(world.there, selection).values()) if selection.shown else ""
    table = verify_table(folder, verify_with(folder, honest.standard(world)))
    for page in (re.sub(r"<svg.*?</svg>", "", written, flags=re.DOTALL), table):
        assert text not in page and "<script" not in page and "\x1b" not in page and "\u202e" not in page


def test_a_variant_that_is_anothers_in_one_task_only_is_remarked_and_not_refused(made, world, folder):
    """Tasks that fix what tells two variants apart give both the same numbers."""
    record = honest.made_honest(
        made.measured_for(world.there.tasks[0], made.record(variant="my_vae", code="1" * 16, seeds=3)),
        honest.sources(folder),
    )
    beside = record.model_copy(
        update={
            "subject": record.subject.model_copy(
                update={"dataset": record.subject.dataset.model_copy(update={"name": "digits16"})}
            )
        }
    )
    of = {column.place: column for column in world.references[0].measurements}
    same = tuple(board.replace(one, values=of[one.place].values) for one in record.measurements)
    twin = record.model_copy(update={"measurements": same})
    from vaebench.report.received.scrutiny import scrutinise

    alone, together = (scrutinise(some, honest.standard(world), folder) for some in ([twin], [twin, beside]))
    assert [line.split(":")[0] for line in alone[0].untrue] == ["measurements"]
    assert together[0].untrue == []
    assert [remark for remark in together[0].remarks if "vae.mlp" in remark]


class TestAPullRequest:
    """What one may change."""

    def test_a_record_that_was_sent_before_needs_a_reason(self, folder, world, tmp_path):
        base = tmp_path / "base"
        before = shutil.copytree(folder, base / "leaderboard" / "submissions" / "alice")
        change = Change(base, (), "Alice")
        assert verify_with(folder, honest.standard(world), change).reasons == []
        old = honest.sha256(before / FILE)
        (folder / FILE).write_text((folder / FILE).read_text() + "\n")
        honest.list_files(folder)
        (line,) = verify_with(folder, honest.standard(world), change).reasons
        assert "supersedes" in line and FILE in line
        said = [{"file": FILE, "sha256": old, "reason": "a fault in my objective"}]
        honest.list_files(folder, supersedes=said)
        assert verify_with(folder, honest.standard(world), change).reasons == []

    def test_a_record_does_not_vanish(self, folder, world, tmp_path):
        base = tmp_path / "base"
        shutil.copytree(folder, base / "leaderboard" / "submissions" / "alice")
        (base / "leaderboard/submissions/alice" / TASK / "old_vae.mlp.digits.json").write_text("{}")
        (line,) = verify_with(folder, honest.standard(world), Change(base)).reasons
        assert "old_vae.mlp.digits.json" in line and "removed" in line

    @pytest.mark.parametrize(
        "path",
        [
            "vaebench/verify.py",
            "leaderboard/submissions/bob/x.json",
            "leaderboard/submissions/alice",
            "leaderboard/replays/alice.json",
            "leaderboard/submissions/alice/../bob/x.json",
            "reference_results/x.json",
            ".github/workflows/ci.yml",
            "README.md",
            "leaderboard/run.py",
        ],
    )
    def test_it_touches_nothing_else(self, folder, world, tmp_path, path):
        paths = ("leaderboard/README.md", f"leaderboard/submissions/alice/{FILE}", "leaderboard/figures/a.svg", path)
        (line,) = verify_with(folder, honest.standard(world), Change(tmp_path, paths, "alice")).reasons
        assert line.startswith(f"{path}: ")

    def test_it_is_of_its_author(self, folder, world, tmp_path):
        (line,) = verify_with(folder, honest.standard(world), Change(tmp_path, (), "Mallory")).reasons
        assert "mallory" in line and "alice" in line


def test_a_folder_without_a_record_is_a_mistake(tmp_path, world):
    (tmp_path / "run").mkdir()
    with pytest.raises(Mistake, match="run"):
        verify_with(tmp_path / "run", honest.standard(world))
