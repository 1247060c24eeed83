"""What the tests of results share: cells and records of any content that is legal."""

from collections.abc import Mapping
from typing import Any

from hypothesis import strategies as st

from vaebench.claims import Beyond, Claim, Column, Exceeds, Measurement, Near, Trend, column, declined
from vaebench.results.assemble import assemble
from vaebench.results.record import CellOutcome, DatasetInfo, Environment, Record, Subject, VariantInfo, Versioned

SUBJECT = Subject(
    task=Versioned(name="some_task", version=1, hash="a" * 16),
    dataset=DatasetInfo(name="digits", version=2, hash="b" * 16),
    variant=VariantInfo(name="vae", source="arXiv:1312.6114", code_hash="c" * 16, kl_weight=1.0),
    arch="mlp",
    preset="standard",
    device="cpu",
)
ENVIRONMENT = Environment(
    python="3.11.7",
    torch="2.11.0",
    cuda=None,
    processor="some processor",
    device="cpu",
    precision="float32",
    deterministic=True,
    threads=1,
)
CLAIMS = (
    Claim("falls", "The gain falls.", (Trend("gain", "falls"),), reported=("loss",)),
    Claim("near", "The loss is 1.", (Near("loss", 1.0, 0.1, null=0.0), Beyond("loss", 0.5, ideal=1.0, null=0.0))),
    Claim("exceeds", "The gain exceeds the loss.", (Exceeds("gain", "loss", ideal=9.0),)),
)
INVARIANTS = (Claim("lands", "The gap is nought.", (Near("gap", 0.0, 0.05, null=1.0),)),)


def cell(seed: int, measurements: tuple[Column, ...] = (), **changes: Any) -> CellOutcome:
    """Make one cell, its id said by its seed."""
    fields = {
        "id": f"{seed:016x}",
        "subject": SUBJECT,
        "seed": seed,
        "status": "ok",
        "measurements": measurements,
        "seconds": {"train": 1.5},
        "environment": ENVIRONMENT,
    }
    return CellOutcome(**fields | changes)


def observe(seed: int, values: Mapping[str, float | str], knob: float | None = None, arm: str = "trained") -> Any:
    """Turn measurements by name, or reasons to decline, into columns of one seed."""
    return tuple(
        column(arm, knob, seed, declined(name, value) if isinstance(value, str) else Measurement(name, value, 0.1, 7))
        for name, value in values.items()
    )


def measurements_of(seed: int, knob: float) -> dict[str, float | str]:
    """What `whole_record` has of one seed at one knob value."""
    return {"gain": 3.0 - knob + 0.01 * seed, "loss": 1.0 + 0.01 * seed, "gap": "not affine"}


def whole_record(seeds: int = 5) -> Record:
    """A record with all that a record may hold: two arms, a knob, declined measurements, a seed that did not finish."""
    cells = []
    for seed in range(seeds - 1):
        seen = [one for knob in (0.5, 1.0, 2.0) for one in observe(seed, measurements_of(seed, knob), knob)]
        cells.append(cell(seed, tuple(seen)))
    return assemble([*cells, cell(seeds - 1, status="diverged", reason="the loss was nan")], CLAIMS, INVARIANTS)


TEXT = st.text(st.characters(codec="utf-8"), max_size=40)
NAME = st.from_regex(r"[a-z][a-z0-9_]{0,20}", fullmatch=True).filter(lambda name: "__" not in name)
NUMBER = st.floats(allow_nan=False, allow_infinity=False)
MODEST = st.floats(-1e100, 1e100)
MEASURED = st.builds(
    Measurement,
    name=NAME,
    value=MODEST,
    stderr=st.floats(0, 1e100),
    n=st.integers(1, 10**9),
    unit=TEXT,
    better=st.sampled_from(["higher", "lower", "neither"]),
)


def columns_of(seed: int) -> st.SearchStrategy[tuple[Column, ...]]:
    """What a cell of one seed may have measured."""
    measured = MEASURED | st.builds(declined, NAME, TEXT)
    one = st.builds(column, arm=NAME, knob=st.none() | MODEST, seed=st.just(seed), measurement=measured)
    return st.lists(one, max_size=6, unique_by=lambda column: column.place).map(tuple)


def outcome_of(seed: int) -> st.SearchStrategy[CellOutcome]:
    """Any cell of one seed."""
    return st.builds(
        CellOutcome,
        id=st.from_regex(r"[0-9a-f]{16}", fullmatch=True),
        subject=st.just(SUBJECT),
        seed=st.just(seed),
        status=st.sampled_from(["ok", "diverged", "error", "timeout", "oom", "declined", "refused", "broken"]),
        reason=TEXT,
        parameters=st.integers(0, 2**40),
        measurements=columns_of(seed),
        seconds=st.dictionaries(TEXT, st.floats(0, 1e9), max_size=3),
        environment=st.just(ENVIRONMENT),
    )


OUTCOME = st.integers(0, 2**63 - 1).flatmap(outcome_of)
