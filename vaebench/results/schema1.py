"""Records of schema 1, written until 2026-11-28, turned into schema 2. Only names and shapes change, no number.

Schema 1 kept numbers and reasons apart. It had one count for all seeds of a measurement, and other names. It did not
say when a cell ran, by which code and commit, or on which bytes.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, ConfigDict, Field, JsonValue

from vaebench.claims import Absence, Column, table
from vaebench.results.record import MOST_CELLS, MOST_MEASUREMENTS, Count, Stored, whole

Seeds = Annotated[tuple[Count, ...], Field(max_length=MOST_CELLS)]


class _Read(Stored):
    """One measurement of one arm at one knob value, over the seeds that have it."""

    arm: str
    knob: float | None
    name: str
    unit: str
    better: Literal["higher", "lower", "neither"]
    n: Annotated[int, Field(ge=1, lt=2**63)]
    seeds: Seeds
    values: Annotated[tuple[float, ...], Field(min_length=1, max_length=MOST_CELLS)]
    stderrs: Annotated[tuple[float, ...], Field(max_length=MOST_CELLS)]


class _Declined(Stored):
    """One measurement that does not exist, for which seeds, and why."""

    arm: str
    knob: float | None
    name: str
    reason: str
    cause: Literal["setting", "model"]
    seeds: Seeds


class _Record(Stored):
    """What changes its shape; the rest is read as it stands, and checked as a part of schema 2."""

    model_config = ConfigDict(extra="allow")

    schema_version: Annotated[Literal[1], BeforeValidator(whole)]
    readings: Annotated[tuple[_Read, ...], Field(max_length=MOST_MEASUREMENTS)]
    declined: Annotated[tuple[_Declined, ...], Field(max_length=MOST_MEASUREMENTS)]
    score: JsonValue
    verdicts: tuple[JsonValue, ...]
    control_verdicts: tuple[JsonValue, ...]
    invariant_verdicts: tuple[JsonValue, ...]


def upgraded(text: bytes) -> str:
    """Turn a record of schema 1 into one of schema 2, without verdicts.

    Args:
        text: The record's file.

    Returns:
        JSON of schema 2, to be read as strictly as any other.
    """
    old = _Record.model_validate_json(text)
    rest: dict[str, Any] = dict(old.model_extra or {})
    read = (_column(one) for one in old.readings)
    declined = (_absence(one) for one in old.declined)
    # Its verdicts know one level and no role of a condition: whoever reads makes them anew.
    unjudged = dict.fromkeys(("verdicts", "control_verdicts", "invariant_verdicts"), ())
    new = (
        rest
        | unjudged
        | {
            "schema_version": 2,
            "agreement": None,
            "agreement_published": None,
            "measurements": [_said(one) for one in table((*read, *declined)).columns],
            "cells": _each(rest.get("cells"), lambda cell: _in_the_only_environment(cell, rest.get("environments"))),
        }
    )
    for field in ("claims", "invariants"):
        new[field] = _each(rest.get(field), _claim)
    return json.dumps(new)


def analytic(arm: str) -> str:
    """What an arm of schema 1 is called now."""
    return arm.replace("known", "analytic", 1) if arm == "known" or arm.startswith("known_") else arm


def _column(one: _Read) -> Column:
    counts = (one.n,) * len(one.seeds)
    place = one.name, analytic(one.arm), one.knob
    return Column(*place, one.unit, one.better, one.seeds, one.values, one.stderrs, counts)


def _absence(one: _Declined) -> Column:
    absent = (Absence(one.reason, one.cause, one.seeds),)
    return Column(one.name, analytic(one.arm), one.knob, "1", "neither", (), (), (), (), absent)


def _said(one: Column) -> dict[str, Any]:
    return asdict(one)


def _each(values: object, turned: Any) -> object:
    """Turn each object of a list; what is none is left for schema 2 to refuse."""
    return [turned(one) if isinstance(one, dict) else one for one in values] if isinstance(values, list) else values


def _renamed(value: Mapping[str, Any], names: Mapping[str, str]) -> dict[str, Any]:
    return {names.get(key, key): found for key, found in value.items()}


def _claim(claim: Mapping[str, Any]) -> dict[str, Any]:
    new = _renamed(claim, {"beside": "reported", "known": "analytic"})
    conditions = _each(claim.get("conditions"), lambda one: _renamed(one, {"reading": "measurement"}))
    return new | ({"conditions": conditions} if "conditions" in claim else {})


def _in_the_only_environment(cell: Mapping[str, Any], environments: object) -> dict[str, Any]:
    """Say in which environment a cell was made where there is only one: schema 1 does not."""
    return {**cell, "environment": 0 if isinstance(environments, list) and len(environments) == 1 else None}
