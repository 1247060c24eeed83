"""Laws of the command on a record's page: it asks for this record's cells and no other."""

import shlex

import pytest

from vaebench.cli.app import app
from vaebench.cli.verbs import run as verb
from vaebench.mistakes import Mistake
from vaebench.report.board import published
from vaebench.report.received.sent import THIS_RUN, sent
from vaebench.report.rows.remake import AGAIN, FILE, command, json_path
from vaebench.report.suite import suite
from vaebench.results.references import root
from vaebench.runner import plan


class Asked(Exception):  # noqa: N818 - no error, a way out
    """Carries what the command line asked for."""


@pytest.fixture
def parsed(monkeypatch):
    """Parse a command as the command line does, and stop before anything is run."""

    def stop(request):
        raise Asked(request)

    monkeypatch.setattr(verb, "check", stop)

    def parse(line):
        program, *arguments = shlex.split(line)
        assert program == "vaebench"
        with pytest.raises(Asked) as found:
            app(arguments, standalone_mode=False)
        return found.value.args[0]

    return parse


@pytest.fixture(scope="module")
def stored():
    records = published(root()).references
    assert len(records) > 100
    return records


def test_every_committed_record_is_made_again_by_its_command(parsed, stored):
    own = suite().variants
    seen = set()
    for record in stored:
        subject, request = record.subject, parsed(command(record, own))
        asked = (request.tasks, request.variants, request.archs, request.datasets)
        assert asked == tuple(
            (name,) for name in (subject.task.name, subject.variant.name, subject.arch, subject.dataset.name)
        )
        assert (request.preset, request.device) == (subject.preset, subject.device)
        assert request.seeds == len(record.cells)
        assert [cell.seed for cell in record.cells] == list(range(request.seeds))  # which the command cannot choose
        assert (request.out.as_posix(), request.missing, request.seconds) == (AGAIN, False, None)
        seen.add(asked)
    assert len(seen) == len(stored)


def test_its_cells_are_those_of_the_record(parsed, stored, monkeypatch):
    record = next(one for one in stored if one.subject.file_name.endswith("/vae.mlp.three_sources.json"))
    request = parsed(command(record, suite().variants))
    monkeypatch.undo()
    cells = plan(request).cells
    assert [cell.seed for cell in cells] == [cell.seed for cell in record.cells]
    (subject,) = {cell.subject for cell in cells}
    assert subject.file_name == record.subject.file_name
    assert (subject.preset, subject.device) == (record.subject.preset, record.subject.device)


def test_a_variant_of_somebody_elses_needs_its_file(made, parsed):
    record = made.record(variant="new_vae", preset="quick", seeds=2, device="cuda")
    request = parsed(command(record, {"vae": "0" * 16}))
    assert (request.variants, request.preset, request.seeds, request.device) == ((FILE,), "quick", 2, "cuda")
    with pytest.raises(Mistake, match=FILE):
        plan(request)


def test_a_record_knows_its_file(made, stored):
    assert all((root() / json_path(record)).is_file() for record in stored)
    record = made.record()
    name = "camuto2021_variance_frequency/vae.mlp.digits.json"
    assert json_path(sent(record, "alice")) == f"leaderboard/submissions/alice/{name}"
    assert json_path(sent(record, THIS_RUN)) == ""
