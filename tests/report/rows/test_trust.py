"""How far a record is trusted is worked out from files, and never read from the record."""

import json
import shutil

import pytest
from report import honest
from report.received.test_admission import own, with_corpus_task

from vaebench.report.received.scrutiny import Standard, scrutinise
from vaebench.report.received.sent import Trust, sent
from vaebench.report.rows.trust import row_trust_said, trust_said, with_trust
from vaebench.results.store import read_record, write_record
from vaebench.results.submission import sha256


@pytest.fixture(scope="module")
def world(made):
    there = with_corpus_task(made)
    return honest.world(made, there, own(made, there))


@pytest.fixture
def board(made, world, tmp_path):
    """A board with an honest submission of alice's."""
    record = made.measured_for(world.there.tasks[0], made.record(variant="my_vae", code="1" * 16, seeds=3))
    folder = tmp_path / "submissions" / "alice"
    honest.submission(folder, record)
    return tmp_path


def record_of(board):
    (path,) = (board / "submissions" / "alice").glob("*/my_vae.*.json")
    return path, sent(read_record(path), "alice")


def trust(board, world):
    _, record = record_of(board)
    (found,), refused = with_trust(board, board / "submissions", world.there, world.references, [record])
    assert refused == ()
    return found.trust


def prove(board, **changes):
    path, record = record_of(board)
    proof = {"file": record.subject.file_name, "sha256": sha256(path), "level": "replayed", "machine": "one of ours"}
    proof |= {"date": "2026-12-01T03:00:00Z", "suite_version": "0.2", "seeds": [0]}
    place = board / "replays" / "alice.json"
    place.parent.mkdir(exist_ok=True)
    place.write_text(json.dumps({"schema_version": 1, "sender": "alice", "proofs": [proof | changes]}))


def test_a_submission_that_follows_from_its_files_is_verified(board, world):
    assert trust(board, world) == Trust("verified")


@pytest.mark.parametrize("missing", ["submission.json", "sources/my_vae/my_vae.py", "sources/my_vae/ENTRY"])
def test_without_its_list_or_its_sources_it_is_self_reported(board, world, missing):
    (board / "submissions" / "alice" / missing).unlink()
    assert trust(board, world) == Trust("self-reported")


@pytest.mark.parametrize("level", ["replayed", "retrained"])
def test_a_proof_raises_it_and_ends_when_the_record_changes(board, world, level):
    prove(board, level=level)
    assert trust(board, world) == Trust(level, "2026-12-01", "one of ours")
    path, _ = record_of(board)
    path.write_text(path.read_text() + "\n")
    honest.list_files(board / "submissions" / "alice")
    assert trust(board, world) == Trust("verified")


def test_a_proof_raises_nothing_that_is_not_verified_and_a_damaged_one_nothing_at_all(board, world):
    prove(board)
    (board / "submissions" / "alice" / "sources/my_vae/ENTRY").unlink()
    assert trust(board, world) == Trust("self-reported")


@pytest.mark.parametrize("change", [{"sha256": "0" * 64}, {"level": "ours"}, {"date": "today"}])
def test_a_damaged_proof_raises_nothing(board, world, change):
    prove(board, **change)
    assert trust(board, world) == Trust("verified")


def test_a_proof_in_the_senders_own_folder_counts_for_nothing(board, world):
    prove(board)
    (board / "replays").rename(board / "submissions" / "alice" / "replays")
    assert trust(board, world).level == "self-reported"


@pytest.mark.parametrize(("apart", "level"), [("", "self-reported"), ("its latents are its own", "verified")])
def test_a_source_that_declares_what_is_never_ranked_needs_a_record_that_says_so(board, world, apart, level):
    path, record = record_of(board)
    folder = path.parents[1]
    code = honest.sources(folder, b"VARIANT = Variant('my_vae', latent=7)\n")
    variant = record.subject.variant.model_copy(update={"apart": apart})
    plain = read_record(path)
    plain = plain.model_copy(update={"subject": plain.subject.model_copy(update={"variant": variant})})
    write_record(folder, honest.made_honest(plain, code))
    honest.list_files(folder)
    assert trust(board, world) == Trust(level)
    (found,) = scrutinise([record_of(board)[1]], Standard(world.there, world.references), folder)
    assert [line.partition(":")[0] for line in found.unproved] == ([] if apart else ["subject.variant.apart"])
    assert [line for line in found.remarks if "META" in line and "sources/my_vae/my_vae.py" in line]


def test_numbers_that_two_senders_have_are_verified_for_neither_and_a_replay_decides(board, world):
    path, record = record_of(board)
    eves = shutil.copytree(path.parents[1], board / "submissions" / "eve")
    listed = json.loads((eves / "submission.json").read_text())
    (eves / "submission.json").write_text(json.dumps(listed | {"sender": "eve"}))
    both = [record, sent(record, "eve")]

    def levels():
        shown, refused = with_trust(board, board / "submissions", world.there, world.references, both)
        assert refused == ()  # nobody can take another's row off the board by copying it
        return {one.sender: one.trust.level for one in shown}

    assert levels() == {"alice": "self-reported", "eve": "self-reported"}
    prove(board)
    assert levels() == {"alice": "replayed", "eve": "self-reported"}


def test_what_cannot_be_honest_is_taken_out(board, world):
    _, record = record_of(board)
    later = record.cells[0].model_copy(update={"date": "2099-01-01T00:00:00Z"})
    forged = record.model_copy(update={"cells": (later, *record.cells[1:])})
    shown, (left_out,) = with_trust(board, board / "submissions", world.there, world.references, [forged])
    assert shown == ()
    assert left_out.is_fault and left_out.why.startswith("cells.0.date: 2099")


def test_it_is_printed_with_date_and_machine_and_a_row_has_that_of_its_least_trusted_record(made):
    record = made.record()
    words = [trust_said(sent(record, "alice", Trust(level))) for level in ("self-reported", "verified", "replayed")]
    assert words == ["self-reported", "verified", "replayed"]
    assert trust_said(record) == "trained by us"
    proved = sent(record, "alice", Trust("replayed", "2026-12-01", "a|<b>"))
    assert trust_said(proved) == "replayed (2026-12-01, a&#124;&#60;b&#62;)"
    assert trust_said(sent(record, "alice", Trust("retrained"))) == "retrained by us"
    verified = sent(record, "alice", Trust("verified"))
    assert row_trust_said([proved, verified]) == "verified"
    assert row_trust_said([record, record]) == "trained by us"
