"""Whole flows over stored records: what a preview shows with a run."""

import math
import random
import re
from dataclasses import replace
from pathlib import Path

import pytest

from vaebench.claims.trends import LEAST
from vaebench.mistakes import Mistake
from vaebench.report import board, preview
from vaebench.report.received.admission import judged
from vaebench.report.suite import suite
from vaebench.report.words.markdown import PREVIEW
from vaebench.results.assemble import rejudge
from vaebench.results.references import REFERENCES, read, root
from vaebench.results.store import read_record, write_record

TASK = "gracyk2025_kahler_sampling"
STORED = root().resolve() / REFERENCES / TASK


def stored(name):
    return read_record(STORED / f"{name}.json")


def renamed(record, **changes):
    subject = record.subject
    return record.model_copy(
        update={"subject": subject.model_copy(update={"variant": subject.variant.model_copy(update=changes)})}
    )


@pytest.fixture
def published(monkeypatch):
    """A small board: two variants on one data set."""
    records = [stored("vae.mlp.digits"), stored("linear_vae.mlp.digits")]
    monkeypatch.setattr(preview, "published", lambda folder: board.Published(tuple(records)))
    return records


def rows(page):
    run = page.read_text().partition("## This run\n")[2].partition("\n## ")[0]
    return re.findall(r"^\| \[(\w+) ·", run, re.MULTILINE)


def placed_rows(page):
    places = (page.parent / "places" / f"{TASK}.md").read_text().partition("## Coverage")[2]
    return sorted(re.findall(r"^\| (\w+) ·", places, re.MULTILINE))


def test_a_preview_shows_a_runs_rows_among_the_committed_ones(published, tmp_path):
    write_record(tmp_path, renamed(published[0], name="new_vae", code_hash="1" * 16))
    done = preview.write_preview(tmp_path)
    assert (done.page, done.bad, done.strangers) == (tmp_path / "leaderboard" / "README.md", (), ())
    assert rows(done.page) == ["new_vae"]
    assert placed_rows(done.page) == ["linear_vae", "new_vae", "vae"]
    assert PREVIEW in done.page.read_text()


def test_a_run_replaces_the_committed_record_of_the_same_code(published, tmp_path):
    write_record(tmp_path, published[0])
    page = preview.write_preview(tmp_path).page
    assert sorted(rows(page)) == placed_rows(page) == ["linear_vae", "vae"]
    assert "## Left out" not in page.read_text()


def test_a_quick_run_stands_alone(published, tmp_path):
    run = renamed(published[0], name="new_vae", code_hash="1" * 16)
    task = suite().by_name[TASK]
    subject = run.subject.model_copy(
        update={"preset": "quick", "task": run.subject.task.model_copy(update={"hash": task.definition_hash("quick")})}
    )
    write_record(tmp_path, run.model_copy(update={"subject": subject}))
    page = preview.write_preview(tmp_path).page
    assert rows(page) == ["new_vae"]


def test_a_file_that_is_no_record_is_told(published, tmp_path):
    write_record(tmp_path, published[0])
    (tmp_path / TASK / "broken.json").write_text("{")
    (line,) = preview.write_preview(tmp_path).bad
    assert "broken.json" in line


def test_a_preview_of_a_file_is_a_mistake(tmp_path):
    (tmp_path / "record.json").write_text("{}")
    with pytest.raises(Mistake, match=r"record\.json"):
        preview.write_preview(tmp_path / "record.json")


@pytest.mark.parametrize(
    "given", [".", "reference_results", "leaderboard/submissions/me", "..", "../beside", "../other"]
)
def test_a_preview_never_lies_in_a_checkout(published, tmp_path, monkeypatch, given):
    checkout = tmp_path / "checkout"
    (checkout / "reference_results").mkdir(parents=True)
    (checkout / "leaderboard" / "submissions" / "me").mkdir(parents=True)
    (tmp_path / "beside").symlink_to(checkout)
    (tmp_path / "other" / "reference_results").mkdir(parents=True)
    monkeypatch.chdir(checkout)
    write_record(Path(given), published[0])
    with pytest.raises(Mistake) as found:
        preview.write_preview(Path(given))
    assert str(found.value).startswith(f"{Path(given)} ")
    assert not list(tmp_path.rglob("*.md"))


def test_a_run_below_a_checkout_has_its_preview(published, tmp_path, monkeypatch):
    (tmp_path / "reference_results").mkdir()
    monkeypatch.chdir(tmp_path)
    write_record(Path("runs/mine"), published[0])
    assert preview.write_preview(Path("runs/mine")).page.is_file()


def anothers(record):
    """A record with numbers and durations of its own, or it would be a copy of the suite's."""
    rng = random.Random(7)
    columns = tuple(
        replace(c, values=tuple(v * rng.uniform(0.97, 0.99) for v in c.values)) if c.arm == "trained" else c
        for c in record.measurements
    )
    cells = tuple(cell.model_copy(update={"seconds": {"train": rng.uniform(9, 99)}}) for cell in record.cells)
    return rejudge(record.model_copy(update={"measurements": columns, "cells": cells}))


def placed(folder, record, sender="alice"):
    """Put a record among the submissions of a checkout, as somebody's own."""
    return write_record(
        folder / "leaderboard" / "submissions" / sender, renamed(record, name="new_vae", code_hash="1" * 16)
    )


@pytest.fixture
def checkout(tmp_path, monkeypatch):
    """A checkout with two reference results and one good submission, and where we are; no findings rest on so few."""
    there = replace(suite(), findings={})
    monkeypatch.setattr(board, "suite", lambda: there)
    for name in ("vae.mlp.digits", "linear_vae.mlp.digits"):
        write_record(tmp_path / "reference_results", stored(name))
    placed(tmp_path, anothers(stored("vae.mlp.digits")))
    monkeypatch.chdir(tmp_path)
    board.write()
    return tmp_path


def test_a_bad_submission_is_named_and_left_out_and_blocks_nobody(checkout):
    front, left_out = (checkout / "leaderboard" / name for name in ("README.md", "left_out.md"))
    places = checkout / "leaderboard" / "places" / f"{TASK}.md"
    assert "new_vae · mlp (from alice)" in places.read_text()
    good = front.read_text()
    for sender in ("bob", "eve"):
        path = placed(checkout, stored("vae.mlp.digits"), sender)
        path.write_text("{")
    (checkout / "leaderboard" / "submissions" / "loose.json").write_text("{}")
    stale, bad = board.stale()
    assert [line.split(":")[0].split("/")[2] for line in bad] == ["bob", "eve", "loose.json"]
    assert [line.split(":")[0] for line in stale] == ["README.md", "left_out.md"]
    done = board.write()
    assert done.bad == bad
    assert board.stale() == ([], bad)
    lines = [line for line in left_out.read_text().splitlines() if line.startswith("- ")]
    assert [line.split("/")[1].split(":")[0] for line in lines] == ["bob", "eve", "loose.json"]
    before, after = (text.partition("## All claims")[2] for text in (good, front.read_text()))
    assert before and after.partition("## Left out")[0].strip() == before.strip()


def test_a_preview_names_files_among_the_submissions_that_are_no_records(checkout, tmp_path):
    (checkout / "leaderboard" / "submissions" / "loose.json").write_text("{}")
    run = tmp_path / "run_of_mine"
    write_record(run, renamed(stored("vae.mlp.digits"), name="my_vae", code_hash="2" * 16))
    preview.write_preview(run)
    assert "submissions/loose.json" in (run / "leaderboard" / "left_out.md").read_text()


def test_a_submission_that_cannot_be_is_named_with_file_and_field_as_a_previewed_run_is(checkout, tmp_path):
    copied = stored("vae.mlp.digits")
    columns = tuple(replace(c, values=c.values[:1] * len(c.values)) for c in copied.measurements)
    copied = copied.model_copy(update={"measurements": columns})
    path = placed(checkout, copied, "eve")
    _, (line,) = board.stale()
    assert line.startswith(f"{path.relative_to(checkout)}: measurements: ")
    for number, run in enumerate((renamed(copied, name="my_vae", code_hash="2" * 16), copied)):
        path = write_record(tmp_path / f"run_{number}", run)
        (line,) = preview.write_preview(tmp_path / f"run_{number}").bad
        assert line.startswith(f"{path}: measurements: ")


def test_bad_reference_results_stop_the_board_and_all_are_named(checkout):
    before = (checkout / "leaderboard" / "README.md").read_text()
    folder = checkout / "reference_results" / TASK
    (folder / "broken.json").write_text("{")
    copied = stored("iwae.mlp.digits")
    columns = tuple(replace(c, values=c.values[:1] * len(c.values)) for c in copied.measurements)
    write_record(folder.parent, copied.model_copy(update={"measurements": columns}))
    for do in (board.stale, board.write):
        with pytest.raises(board.BadReferences, match=r"^2 ") as found:
            do()
        assert [line.rpartition("/")[2].split(":")[0] for line in found.value.lines] == [
            "broken.json",
            "iwae.mlp.digits.json",
        ]
        assert ": measurements: " in found.value.lines[1]
    assert (checkout / "leaderboard" / "README.md").read_text() == before


@pytest.mark.parametrize("changes", [{"arch": "quantum"}, {"task": "no_such_task"}])
def test_a_reference_result_of_what_is_not_there_stops_the_board(checkout, changes):
    record = stored("vae.mlp.digits")
    task = record.subject.task.model_copy(update={"name": changes.get("task", TASK)})
    subject = record.subject.model_copy(update={"task": task, "arch": changes.get("arch", "mlp")})
    write_record(checkout / "reference_results", record.model_copy(update={"subject": subject}))
    with pytest.raises(board.BadReferences) as found:
        board.write()
    assert re.search(r"json: subject\.(arch: .*quantum|task\.name: .*no_such_task)$", found.value.lines[0])


def test_a_link_among_the_submissions_is_named_and_not_followed(checkout, tmp_path):
    (tmp_path / "leaderboard" / "submissions" / "mallory").symlink_to(
        tmp_path / "leaderboard" / "submissions" / "alice"
    )
    _, (line,) = board.stale()
    assert line.startswith("leaderboard/submissions/mallory: ")


def test_every_analytic_arm_of_the_references_got_the_verdict_that_mathematics_has():
    """The law behind the controls: where a closed form decides a claim, the instruments and the judge decide alike."""
    there = suite()
    tasks = there.by_name
    # A record of a superseded protocol was judged by other conditions.
    records = [
        judged(record, tasks[record.subject.task.name])
        for record in read(root() / REFERENCES)[0]
        if record.subject.task.hash == there.definition(record)
    ]
    said = {(r.subject.task.name, claim.id): claim.analytic for r in records for claim in r.claims if claim.analytic}
    found = {place: set() for place in said}
    for record in records:
        for verdict in record.control_verdicts:
            place = record.subject.task.name, verdict.claim
            if verdict.arm.startswith("analytic") and place in said and verdict.word != "not applicable":
                found[place].add(verdict.word)
    assert found == {place: {word} for place, word in said.items()}


def test_measurements_of_a_function_that_does_not_change_show_no_trend():
    """The exact decoder is affine at every scale; what its degree and share seem to change by is the instruments'."""
    records, _ = read(root() / REFERENCES)
    drifts = []
    for record in records:
        course = {}
        for column in record.measurements:
            if column.arm == "analytic" and column.name in ("decoder_mean_degree", "decoder_high_frequency_share"):
                course.setdefault(column.name, {})[column.knob] = column.values
        for at in course.values():
            ends = zip(at[min(at)], at[max(at)], strict=True)
            drifts += [abs(math.log(last / first)) for first, last in ends]
    assert len(drifts) > 100
    assert 0 < max(drifts) < LEAST


def test_every_name_has_a_meaning_and_its_page():
    terms = {(term.kind, term.name): term for term in suite().names}
    assert {"vae", "kahler_vae"} <= {name for kind, name in terms if kind == "variant"}
    assert {("network", "mlp"), ("data", "digits"), ("data", "sprites")} <= terms.keys()
    assert all(term.says.endswith(".") and "\n" not in term.says for term in terms.values())
    assert all((root() / term.path).is_file() for term in terms.values())


def test_each_size_of_a_data_set_has_the_hash_of_its_page():
    there = suite().datasets
    assert there["sprites"] == there["sprites16"]
    assert there["sprites"] != there["digits"]


def test_every_reference_record_is_shown():
    pages = board.current_pages()[1]
    assert "## Left out" not in pages["README.md"]
    superseded = pages.get("superseded.md", "").count("(../reference_results/")
    shown = [name for name in pages if name.startswith("records/") and not name.endswith("/README.md")]
    assert len(shown) + superseded == len(list(STORED.parent.glob("*/*.json")))
