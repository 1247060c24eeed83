"""A record of schema 1 is read as what it was: the same numbers, reasons and verdicts under today's names.

The two records in ``schema1/`` were made by the suite in November 2026, and are kept as they were written.
"""

import json
from pathlib import Path

import pytest

from vaebench.results.assemble import rejudge
from vaebench.results.record import Record
from vaebench.results.schema1 import analytic, upgraded
from vaebench.results.store import BadRecord, read_record

KEPT = sorted((Path(__file__).parent / "schema1").glob("*.json"))


@pytest.mark.parametrize("path", KEPT, ids=lambda path: path.stem)
def test_every_number_of_an_old_record_is_there_with_its_place(path):
    old, new = json.loads(path.read_text("utf-8")), read_record(path)
    found = {one.place: one for one in new.measurements}
    assert sum(len(one.values) for one in new.measurements) == sum(len(one["values"]) for one in old["readings"]) > 0
    for one in old["readings"]:
        column = found[analytic(one["arm"]), one["knob"], one["name"]]
        assert [*column.values] == one["values"]
        assert [*column.stderrs] == one["stderrs"]
        assert [*column.seeds] == one["seeds"]
        assert set(column.counts) == {one["n"]}
    for one in old["declined"]:
        column = found[analytic(one["arm"]), one["knob"], one["name"]]
        assert (one["reason"], one["cause"], tuple(one["seeds"])) in [
            (absence.reason, absence.cause, absence.seeds) for absence in column.absent
        ]


@pytest.mark.parametrize("path", KEPT, ids=lambda path: path.stem)
def test_an_old_record_is_judged_as_it_was(path):
    old, new = json.loads(path.read_text("utf-8")), read_record(path)
    words = [(one["claim"], one["verdict"], tuple(one["agreement"])) for one in old["verdicts"]]
    assert [(one.claim, one.word, one.agreement) for one in new.verdicts] == words
    assert new.agreement == rejudge(new).agreement
    assert {one.arm for one in new.control_verdicts} == {analytic(one["arm"]) for one in old["control_verdicts"]}


@pytest.mark.parametrize("path", KEPT, ids=lambda path: path.stem)
def test_what_an_old_record_never_said_is_left_open(path):
    new = read_record(path)
    assert all((cell.date, cell.data, cell.split) == (None, None, "fixed") for cell in new.cells)
    assert all((one.commit, one.code, one.probe) == (None, {}, {}) for one in new.environments)
    assert {cell.environment for cell in new.cells} == ({0} if len(new.environments) == 1 else {None})


def test_of_several_environments_none_is_guessed():
    old = json.loads(KEPT[0].read_text("utf-8"))
    old["environments"].append(old["environments"][0] | {"torch": "2.12.0"})
    new = Record.model_validate_json(upgraded(json.dumps(old).encode()))
    assert {cell.environment for cell in new.cells} == {None}


DAMAGES = {
    "a field too many": lambda d: d.update(surprise=1),
    "a field of a column too many": lambda d: d["readings"][0].update(surprise=1),
    "a number as text": lambda d: d["readings"][0]["values"].__setitem__(0, "1.0"),
    "columns that do not fit": lambda d: d["readings"][0]["seeds"].pop(),
    "a count of nothing": lambda d: d["readings"][0].update(n=0),
    "a measurement twice": lambda d: d["readings"].append(d["readings"][0]),
    "a measurement that is declined too": lambda d: d["declined"].append(
        {key: d["readings"][0][key] for key in ("arm", "knob", "name", "seeds")} | {"reason": "no", "cause": "model"}
    ),
    "a name with a dot": lambda d: d["readings"][0].update(name="../x"),
    "claims that are no list": lambda d: d.update(claims=3),
    "a claim that is no object": lambda d: d.update(claims=["x"]),
    "conditions that are no list": lambda d: d["claims"][0].update(conditions={}),
    "verdicts that are no list": lambda d: d.update(verdicts=3),
    "no cells": lambda d: d.pop("cells"),
    "cells that are no list": lambda d: d.update(cells={}),
    "no score": lambda d: d.pop("score"),
}


@pytest.mark.parametrize("what", DAMAGES)
def test_a_damaged_old_record_is_refused_in_one_line(tmp_path, what):
    old = json.loads(KEPT[0].read_text("utf-8"))
    DAMAGES[what](old)
    path = tmp_path / "record.json"
    path.write_text(json.dumps(old), "utf-8")
    with pytest.raises(BadRecord) as caught:
        read_record(path)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("text", ['{"schema_version": 1', '{"schema_version": 1}', '{"schema_version": 1, "x": NaN}'])
def test_half_a_file_of_schema_1_is_refused_in_one_line(tmp_path, text):
    path = tmp_path / "record.json"
    path.write_text(text, "utf-8")
    with pytest.raises(BadRecord) as caught:
        read_record(path)
    assert "\n" not in str(caught.value)
