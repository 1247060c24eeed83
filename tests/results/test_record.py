"""Laws of what is stored: strict JSON, the same after a round trip, and nothing in it that was not asked for."""

import importlib.util
import json
import math
from dataclasses import replace
from typing import get_args

import pytest
from hypothesis import given
from pydantic import ValidationError
from results.stored import CLAIMS, ENVIRONMENT, MODEST, OUTCOME, SUBJECT, cell, measurements_of, observe, whole_record

from vaebench.claims import (
    Beyond,
    Claim,
    Column,
    Condition,
    Exceeds,
    Near,
    Outpaces,
    OutpacesArm,
    RoomyTrend,
    Trend,
    judge,
    table,
)
from vaebench.results.assemble import assemble
from vaebench.results.record import SCHEMA_VERSION, CellOutcome, Record, Subject, cell_id, schema_text, strict_json


def refuse_constant(name):
    raise AssertionError(f"{name} is not JSON")


def strictly(text):
    """Parse JSON as the standard has it: no NaN, no Infinity, no key twice."""

    def once(pairs):
        assert len({key for key, _ in pairs}) == len(pairs)
        assert [key for key, _ in pairs] == sorted(key for key, _ in pairs)
        return dict(pairs)

    return json.loads(text, parse_constant=refuse_constant, object_pairs_hook=once)


@given(OUTCOME)
def test_an_outcome_comes_back_from_a_line_of_json_as_it_was(outcome):
    line = outcome.model_dump_json()
    assert "\n" not in line
    json.loads(line, parse_constant=refuse_constant)
    assert CellOutcome.model_validate_json(line) == outcome


def test_a_table_is_of_the_records_own_measurements():
    """Those who ask one after another share a table. It was indexed three times for each record of the board."""
    one = whole_record()
    first, *rest = one.measurements
    other = one.model_copy(update={"measurements": (replace(first, unit="other"), *rest)})
    alike = one.model_copy(update={"measurements": (first, *rest)})
    indexed = one.table
    assert one.table is indexed
    for record in (other, alike, one):
        assert record.table.columns is record.measurements


@given(OUTCOME)
def test_a_record_comes_back_from_its_file_as_it_was(outcome):
    record = assemble([outcome], CLAIMS, ())
    text = strict_json(record)
    assert Record.model_validate_json(text) == record
    assert strictly(text) == record.model_dump(mode="json")
    assert text.endswith("}\n")


@given(MODEST)
def test_a_number_is_stored_to_the_last_bit(value):
    record = assemble([cell(0, observe(0, {"gain": value}))], CLAIMS, ())
    stored = json.loads(strict_json(record))["measurements"][0]["values"]
    assert stored == [value]
    assert math.copysign(1, stored[0]) == math.copysign(1, value)


def test_keys_are_sorted_and_lists_of_numbers_take_one_line():
    text = strict_json(whole_record())
    strictly(text)
    assert '"seeds": [0, 1, 2, 3]' in text
    assert '"values": [2.5, 2.51, 2.52' in text


def test_text_that_looks_like_a_list_of_numbers_is_left_alone():
    for reason in ("[\n1,\n2\n]", '"[', "[ 1,\n 2 ]", "]\n[", "\\n[\n", "\u2028[1]\u2029"):
        record = assemble([cell(0, status="error", reason=reason)], CLAIMS, ())
        assert json.loads(strict_json(record))["cells"][0]["reason"] == reason


def test_a_list_of_texts_is_left_alone_too():
    reported = ("a,b", "[1,2]", "c ]", "1,\n2")
    record = assemble([cell(0, observe(0, {"gain": 1.0}))], (replace(CLAIMS[0], reported=reported),), ())
    assert Record.model_validate_json(strict_json(record)).claims[0].reported == reported


def test_the_same_record_is_the_same_text():
    assert strict_json(whole_record()) == strict_json(whole_record())


def test_a_record_gives_its_measurements_back():
    seen = [
        o for seed in range(4) for knob in (0.5, 1.0, 2.0) for o in observe(seed, measurements_of(seed, knob), knob)
    ]
    assert whole_record().table == table(seen)


PARTS = [
    (),
    ("subject",),
    ("subject", "variant"),
    ("environments", 0),
    ("cells", 0),
    ("measurements", 0),
    ("measurements", 2, "absent", 0),
    ("measurements", 2),
    ("claims", 0),
    ("claims", 1, "conditions", 0),
    ("verdicts", 0),
    ("verdicts", 0, "checks", 0),
    ("agreement",),
]


def part_of(data, path):
    for step in path:
        data = data[step]
    return data


@pytest.mark.parametrize("path", PARTS, ids=str)
def test_a_field_that_is_not_known_is_refused_at_every_depth(path):
    data = json.loads(strict_json(whole_record()))
    assert Record.model_validate_json(json.dumps(data))
    part_of(data, path)["surprise"] = 1
    with pytest.raises(ValidationError, match="surprise"):
        Record.model_validate_json(json.dumps(data))


NUMBERS = [
    ("measurements", 0, "values", 0),
    ("measurements", 0, "stderrs", 0),
    ("measurements", 0, "knob"),
    ("claims", 1, "conditions", 0, "target"),
    ("claims", 1, "conditions", 1, "limit"),
    ("subject", "variant", "kl_weight"),
    ("verdicts", 0, "controlled", "agreement", 0),
    ("agreement", "estimate"),
    ("cells", 0, "seconds", "train"),
]


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
@pytest.mark.parametrize("path", NUMBERS, ids=str)
def test_a_number_that_is_none_is_refused_wherever_it_stands(path, value):
    data = json.loads(strict_json(whole_record()))
    part_of(data, path[:-1])[path[-1]] = value
    text = json.dumps(data)
    assert "NaN" in text or "Infinity" in text
    with pytest.raises(ValidationError):
        Record.model_validate_json(text)


@pytest.mark.parametrize("value", ["2.5", True, None, [2.5], {}])
def test_a_number_is_a_number_and_nothing_that_looks_like_one(value):
    data = json.loads(strict_json(whole_record()))
    data["measurements"][0]["values"][0] = value
    with pytest.raises(ValidationError, match=r"measurements\.0\.values\.0"):
        Record.model_validate_json(json.dumps(data))


@pytest.mark.parametrize(
    "path", [("..", "vae"), ("some_task", "../../etc"), ("some_task", "a/b"), ("a\n", "vae"), ("", "v")]
)
def test_a_name_cannot_leave_its_folder(path):
    task, variant = path
    data = SUBJECT.model_dump()
    data["task"]["name"], data["variant"]["name"] = task, variant
    with pytest.raises(ValidationError, match="String should match pattern"):
        Subject.model_validate(data)


def test_a_record_lies_under_its_names():
    assert SUBJECT.file_name == "some_task/vae.mlp.digits.json"


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"values": (1.0,)}, "1 values for 2 seeds"),
        ({"stderrs": ()}, "gain"),
        ({"seeds": (0, 0)}, "gain"),
    ],
)
def test_a_column_has_one_number_a_seed(changed, says):
    fields = {"arm": "trained", "knob": None, "name": "gain", "unit": "1", "better": "neither"}
    fields |= {"seeds": (0, 1), "values": (1.0, 2.0), "stderrs": (0.0, 0.0), "counts": (1, 1)}
    assert Column(**fields)
    with pytest.raises(ValueError, match=says):
        Column(**fields | changed)


def test_what_is_stored_cannot_be_changed():
    with pytest.raises(ValidationError, match="frozen"):
        whole_record().suite_version = "9"


def test_the_schema_describes_what_is_stored():
    schema = json.loads(schema_text())
    assert schema_text().endswith("}\n")
    assert schema["properties"]["schema_version"]["const"] == SCHEMA_VERSION
    assert schema["additionalProperties"] is False
    assert set(schema["required"]) | {"judged_by"} == set(Record.model_fields)
    assert schema_text() == schema_text()


CONDITIONS = (
    Trend("gain", "rises"),
    Outpaces("gain", "loss"),
    Near("loss", 1.0, 0.1, null=0.0),
    Beyond("loss", 0.5, ideal=1.0, null=0.0),
    Exceeds("gain", "loss", ideal=9.0),
    Exceeds("loss", "gain", ideal=0.0, side="below"),
    OutpacesArm("gain"),
    RoomyTrend("gain", "rises", beside="loss"),
)


@pytest.mark.parametrize("condition", CONDITIONS, ids=str)
def test_every_condition_comes_back_from_a_record_as_it_was_and_judges_alike(condition):
    claim = Claim("one", "It is.", (condition,))
    cells = [
        cell(seed, tuple(o for knob in (0.5, 1.0) for o in observe(seed, measurements_of(seed, knob), knob)))
        for seed in range(3)
    ]
    record = assemble(cells, (claim,), ())
    back = Record.model_validate_json(strict_json(record))
    assert back == record
    assert back.claims == (claim,)
    assert type(back.claims[0].conditions[0]) is type(condition)
    assert judge(back.claims[0], back.table) == judge(claim, record.table) == record.verdicts[0]


@pytest.mark.parametrize(("field", "value"), [("side", "beside"), ("kind", "outruns")])
def test_a_condition_of_no_known_kind_or_side_is_refused(field, value):
    data = json.loads(strict_json(whole_record()))
    data["claims"][2]["conditions"][0][field] = value
    with pytest.raises(ValidationError, match=field):
        Record.model_validate_json(json.dumps(data))


def test_the_schema_names_every_condition_by_its_kind_and_every_side():
    defined = json.loads(schema_text())["$defs"]
    named = {
        entry["$ref"].rpartition("/")[2] for entry in defined["Claim"]["properties"]["conditions"]["items"]["anyOf"]
    }
    assert named == {type(condition).__name__ for condition in CONDITIONS} == {c.__name__ for c in get_args(Condition)}
    for condition in CONDITIONS:
        assert defined[type(condition).__name__]["properties"]["kind"]["const"] == condition.kind
    assert defined["Exceeds"]["properties"]["side"]["enum"] == ["above", "below"]


@pytest.mark.skipif(importlib.util.find_spec("jsonschema") is None, reason="jsonschema is not installed")
def test_a_record_is_valid_by_the_printed_schema_and_a_changed_one_is_not():
    import jsonschema

    schema, data = json.loads(schema_text()), json.loads(strict_json(whole_record()))
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.validate(data, schema)
    data["subject"]["preset"] = "slow"
    with pytest.raises(jsonschema.ValidationError, match="slow"):
        jsonschema.validate(data, schema)


def test_what_keeps_a_row_apart_is_written_where_there_is_something_and_else_changes_nothing():
    apart = SUBJECT.model_copy(update={"variant": SUBJECT.variant.model_copy(update={"apart": "its own latent size"})})
    assert "apart" not in strict_json(SUBJECT) and "apart" not in SUBJECT.model_dump()["variant"]
    assert Subject.model_validate_json(strict_json(apart)) == apart != SUBJECT
    assert cell_id(SUBJECT, 0, ENVIRONMENT) != cell_id(apart, 0, ENVIRONMENT)
