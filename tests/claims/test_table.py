"""Laws of the table: each number stands in it once, any order of cells gives the same, and nothing is filled in."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vaebench.claims import (
    Column,
    Measurement,
    column,
    declined,
    is_plain,
    table,
)


def number(name="gain", value=1.0, stderr=0.1, n=7):
    return Measurement(name, value, stderr, n, "nats", "higher")


PLACES = st.tuples(
    st.sampled_from(["trained", "analytic"]), st.sampled_from([None, 0.5, 2.0]), st.sampled_from(["gain", "loss"])
)
CELLS = st.dictionaries(
    st.tuples(PLACES, st.integers(0, 4)),
    st.floats(-5, 5) | st.sampled_from(["no meaning", "collapsed"]),
    max_size=20,
)


def columns_of(cells):
    return [
        column(arm, knob, seed, declined(name, value, "model") if isinstance(value, str) else number(name, value))
        for ((arm, knob, name), seed), value in cells.items()
    ]


@given(CELLS, st.randoms(use_true_random=False))
def test_every_number_and_every_reason_is_in_the_table_once_whatever_the_order(cells, random):
    columns = columns_of(cells)
    random.shuffle(columns)
    made = table(columns)
    found = {}
    for one in made.columns:
        found |= {(one.place, seed): value for seed, value in zip(one.seeds, one.values, strict=True)}
        found |= {(one.place, seed): absence.reason for absence in one.absent for seed in absence.seeds}
    assert found == cells
    assert len({one.place for one in made.columns}) == len(made.columns)
    assert made.seeds == {seed for _, seed in cells}


@given(CELLS)
def test_a_sweep_has_the_seeds_with_a_number_at_every_knob_value(cells):
    made = table(columns_of(cells))
    for arm in ("trained", "analytic"):
        sweep = made.sweep("gain", arm)
        knobs = {knob for ((of, knob, name), _) in cells if (of, name) == (arm, "gain")}
        assert set(sweep.knobs) == knobs
        whole = {
            seed
            for seed in range(5)
            if knobs and all(isinstance(cells.get(((arm, knob, "gain"), seed)), float) for knob in knobs)
        }
        assert sweep.values.keys() == whole
        assert all(
            values == [cells[(arm, knob, "gain"), seed] for knob in sweep.knobs]
            for seed, values in sweep.values.items()
        )


def test_knob_values_rise_and_none_comes_first():
    made = table(column("trained", knob, 0, number()) for knob in (2.0, None, 0.5))
    assert made.sweep("gain", "trained").knobs == (None, 0.5, 2.0)
    assert [one.knobs for one in made.at_each_knob("gain", "trained")] == [(None,), (0.5,), (2.0,)]


def test_each_seed_keeps_its_own_count_and_error():
    made = table([column("trained", None, 1, number(stderr=0.2, n=8)), column("trained", None, 0, number())])
    (one,) = made.columns
    assert (one.seeds, one.counts, one.stderrs) == ((0, 1), (7, 8), (0.1, 0.2))


def test_a_unit_is_that_of_the_seeds_that_have_a_number():
    made = table([column("trained", None, 0, declined("gain", "no")), column("trained", None, 1, number())])
    (one,) = made.columns
    assert (one.unit, one.better, one.seeds, one.asked) == ("nats", "higher", (1,), (1, 0))


@pytest.mark.parametrize(
    "twice",
    [
        [number(), number()],
        [number(), declined("gain", "no")],
        [declined("gain", "no"), declined("gain", "nor this")],
    ],
    ids=["two numbers", "a number and a reason", "two reasons"],
)
def test_one_seed_has_one_measurement_in_one_place(twice):
    with pytest.raises(ValueError, match="gain"):
        table(column("trained", None, 0, one) for one in twice)


def test_only_what_the_model_denies_is_degenerate():
    made = table(
        [
            column("trained", None, 0, declined("gain", "no", "setting")),
            column("trained", None, 1, declined("gain", "collapsed", "model")),
            column("trained", None, 2, number()),
        ]
    )
    sweep = made.sweep("gain", "trained")
    assert (sweep.degenerate, sweep.reason) == ((1,), "collapsed")


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"values": (1e101, 1.0)}, "beyond"),
        ({"values": (float("nan"), 1.0)}, "beyond"),
        ({"knob": float("inf")}, "beyond"),
        ({"stderrs": (-0.1, 0.1)}, "below 0"),
        ({"counts": (-1, 1)}, "below 0"),
        ({"seeds": (1, 0)}, "do not rise"),
        ({"seeds": (0,)}, "2 values for 1 seeds"),
    ],
)
def test_a_column_that_cannot_be_is_refused(changed, says):
    fields = {"name": "gain", "arm": "trained", "knob": None, "unit": "1", "better": "neither"}
    fields |= {"seeds": (0, 1), "values": (1.0, 2.0), "stderrs": (0.1, 0.1), "counts": (7, 7)}
    assert Column(**fields)
    with pytest.raises(ValueError, match=says):
        Column(**fields | changed)


@pytest.mark.parametrize(
    ("fields", "says"), [({"value": None}, "has a cause"), ({"value": 1.0, "cause": "model"}, "has a cause")]
)
def test_a_measurement_is_a_number_or_a_reason_and_never_both(fields, says):
    with pytest.raises(ValueError, match=says):
        Measurement("gain", **fields)


def test_what_hangs_on_a_knob_or_on_a_control_or_in_a_map_is_not_plain():
    assert is_plain(column("trained", None, 0, number()))
    others = [column("trained", 0.5, 0, number()), column("analytic", None, 0, number())]
    assert not any(map(is_plain, [*others, column("trained", None, 0, number("gain__a__b"))]))


def test_looking_twice_gives_the_same_and_one_measurement_is_not_another():
    found = table(column("trained", knob, 0, number(name, value)) for knob, name, value in (
        (0.5, "gain", 1.0), (2.0, "gain", 3.0), (0.5, "loss", 5.0),
    ))  # fmt: skip
    assert found.sweep("gain", "trained") == found.sweep("gain", "trained")
    assert found.sweep("gain", "trained").values == {0: [1.0, 3.0]}
    assert [sweep.values for sweep in found.at_each_knob("gain", "trained")] == [{0: [1.0]}, {0: [3.0]}]
    assert found.sweep("loss", "trained").values == {0: [5.0]}
    assert found.sweep("gain", "analytic").values == {}
