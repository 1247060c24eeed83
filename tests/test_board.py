"""Whole flows over stored records: what a preview puts beside a run."""

import math
from pathlib import Path

import pytest

from vaebench import board
from vaebench.claims.trends import LEAST
from vaebench.leaderboard.selection import judged
from vaebench.mistakes import Mistake
from vaebench.results.store import read_record, write_record

TASK = "nakagawa2021_posterior_isometry"
STORED = board.root() / board.REFERENCES / TASK


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
    records = [stored("vae.mlp.three_sources"), stored("linear_vae.mlp.three_sources")]
    monkeypatch.setattr(board, "committed", lambda folder: (records, []))
    return records


def rows(page):
    scores = page.read_text().split("## How to read this")[0]
    return [line.split("|")[2].strip().split(" ")[0] for line in scores.splitlines() if line.startswith("| –")]


def test_a_preview_shows_a_runs_rows_among_the_committed_ones(published, tmp_path):
    write_record(tmp_path, renamed(published[0], name="new_vae", code_hash="1" * 16))
    done = board.write_preview(tmp_path)
    assert (done.page, done.bad, done.strangers) == (tmp_path / "leaderboard" / "README.md", (), ())
    assert sorted(rows(done.page)) == ["linear_vae", "new_vae", "vae"]
    assert "**Preview, not a result.**" in done.page.read_text()


def test_a_run_takes_the_place_of_the_committed_record_of_the_same_code(published, tmp_path):
    write_record(tmp_path, published[0])
    page = board.write_preview(tmp_path).page
    assert sorted(rows(page)) == ["linear_vae", "vae"]
    assert "## Left out" not in page.read_text()


def test_a_quick_run_stands_alone(published, tmp_path):
    run = renamed(published[0], name="new_vae", code_hash="1" * 16)
    task = board.task_texts()[-1]
    subject = run.subject.model_copy(
        update={"preset": "quick", "task": run.subject.task.model_copy(update={"hash": task.hashes["quick"]})}
    )
    write_record(tmp_path, run.model_copy(update={"subject": subject}))
    page = board.write_preview(tmp_path).page
    assert rows(page) == ["new_vae"]


def test_a_file_that_is_no_record_is_told(published, tmp_path):
    write_record(tmp_path, published[0])
    (tmp_path / TASK / "broken.json").write_text("{")
    (line,) = board.write_preview(tmp_path).bad
    assert "broken.json" in line


def test_a_preview_of_a_file_is_a_mistake(tmp_path):
    (tmp_path / "record.json").write_text("{}")
    with pytest.raises(Mistake, match=r"record\.json is a file; give the folder of a run$"):
        board.write_preview(tmp_path / "record.json")


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
    with pytest.raises(Mistake, match=r"is a checkout or a part of one, .*; give the folder of a run$"):
        board.write_preview(Path(given))
    assert not list(tmp_path.rglob("*.md"))


def test_a_run_below_a_checkout_has_its_preview(published, tmp_path, monkeypatch):
    (tmp_path / "reference_results").mkdir()
    monkeypatch.chdir(tmp_path)
    write_record(Path("runs/mine"), published[0])
    assert board.write_preview(Path("runs/mine")).page.is_file()


def test_every_exact_model_of_the_references_got_the_verdict_that_mathematics_has():
    """The law behind the controls: where a closed form decides a claim, the instruments and the judge decide alike."""
    tasks = {task.name: task for task in board.task_texts()}
    found = board.read(board.root() / board.REFERENCES)[0]
    records = [judged(record, tasks[record.subject.task.name]) for record in found]
    said = {(r.subject.task.name, claim.id): claim.known for r in records for claim in r.claims if claim.known}
    found = {place: set() for place in said}
    for record in records:
        for verdict in record.control_verdicts:
            place = record.subject.task.name, verdict.claim
            if verdict.arm.startswith("known") and place in said and verdict.verdict != "not applicable":
                found[place].add(verdict.verdict)
    assert found == {place: {word} for place, word in said.items()}


def test_of_a_function_that_does_not_change_less_is_read_than_counts_as_a_trend():
    """The exact decoder is affine at every scale; what its degree and share seem to change by is the instruments'."""
    records, _ = board.read(board.root() / board.REFERENCES)
    drifts = []
    for record in records:
        course = {}
        for column in record.readings:
            if column.arm == "known" and column.name in ("decoder_mean_degree", "decoder_high_frequency_share"):
                course.setdefault(column.name, {})[column.knob] = column.values
        for at in course.values():
            ends = zip(at[min(at)], at[max(at)], strict=True)
            drifts += [abs(math.log(last / first)) for first, last in ends]
    assert len(drifts) > 100
    assert 0 < max(drifts) < LEAST


def test_the_glossary_has_a_line_for_every_name_and_its_page():
    terms = {(term.kind, term.name): term for term in board.glossary()}
    assert {"vae", "kahler_vae"} <= {name for kind, name in terms if kind == "variant"}
    assert {("network", "mlp"), ("data", "digits"), ("data", "sprites")} <= terms.keys()
    assert all(term.says.endswith(".") and "\n" not in term.says for term in terms.values())
    assert all((board.root() / term.path).is_file() for term in terms.values())


def test_every_reference_record_is_shown():
    pages = board.current_pages()[1]
    assert "## Left out" not in pages["README.md"]
    assert len([name for name in pages if name.startswith("records/")]) == len(list(STORED.parent.glob("*/*.json")))
