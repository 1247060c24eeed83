"""The paired score: it decides where seeds and arithmetic allow it, and says that it did."""

import pytest
from results.test_score import outcome, record, subject

from vaebench.claims import declined
from vaebench.results.assemble import assemble
from vaebench.results.score import score

PROBE = {"mm": "1" * 16, "exp": "2" * 16}
VALUES = [1.0, 1.1, 0.9, 1.2, 0.8]


def made(shift=0.0, seeds=range(5), probe=PROBE, names=("gain", "loss"), **environment):
    cells = []
    for seed in seeds:
        one = outcome(seed, dict.fromkeys(names, VALUES[seed] + shift), subject())
        where = one.environment.model_copy(update={"probe": probe, **environment})
        cells.append(one.model_copy(update={"environment": where}))
    return assemble(cells, (), ())


def scored(new, old):
    (one,) = score([new], [old])
    return one.status, one.decided_by


def test_the_same_bits_are_reproduced_and_a_change_below_the_spread_is_not():
    assert scored(made(), made()) == ("reproduced", "paired")
    assert scored(made(1e-4), made()) == ("drifted", "paired")
    # The population over seeds, whose spread is .16, cannot see it.
    assert scored(made(1e-4), made(probe={})) == ("reproduced", "population")


def test_one_seed_is_enough():
    one = made(seeds=[3])
    assert scored(one, made()) == ("reproduced", "paired")
    assert scored(made(1e-4, seeds=[3]), made()) == ("drifted", "paired")
    assert scored(made(seeds=[3], probe={}), made())[1] == "population"


@pytest.mark.parametrize(
    "other",
    [
        {"probe": {}},
        {"probe": PROBE | {"exp": "9" * 16}},
        {"deterministic": False},
        {"torch": "2.99.0"},
        {"processor": "another"},
    ],
)
def test_a_difference_on_another_arithmetic_is_left_to_the_population(other):
    assert scored(made(1e-4, **other), made()) == ("reproduced", "population")


def test_other_names_for_the_same_bits_do_not_matter_where_numbers_are_equal():
    assert scored(made(torch="2.99.0", processor="another"), made()) == ("reproduced", "paired")


def test_other_seeds_are_left_to_the_population():
    assert scored(made(seeds=[0, 1, 2, 4]), made(seeds=[0, 1, 2, 3]))[1] == "population"


def test_what_moved_is_named_with_both_numbers():
    (one,) = score([made(0.25)], [made()])
    assert {drift.measurement for drift in one.drifts} == {"gain", "loss"}
    assert "seed 0 gives 1.25 where it gave 1" in one.drifts[0].why
    assert one.compared == 2


@pytest.mark.parametrize("probe", [PROBE, {}], ids=["paired", "population"])
def test_a_number_lost_in_one_seed_is_a_drift_on_either_road(probe):
    """All units collapsed in a seed: the other seeds are the same, and the answer was `reproduced`."""
    whole = made(probe=probe)
    first = outcome(0, {"gain": VALUES[0], "loss": declined("loss", "all units collapsed", cause="model")}, subject())
    first = first.model_copy(update={"environment": whole.environments[0]})
    rest = made(seeds=range(1, 5), probe=probe)
    cells = [outcome(s, dict.fromkeys(("gain", "loss"), VALUES[s]), subject()) for s in range(1, 5)]
    cells = [one.model_copy(update={"environment": rest.environments[0]}) for one in cells]
    lost = assemble([first, *cells], (), ())
    road = "paired" if probe else "population"
    (one,) = score([lost], [whole])
    assert (one.status, one.decided_by) == ("drifted", road)
    assert one.reason == "1 measurements on one side only in some seeds"
    (drift,) = one.drifts
    assert (drift.measurement, drift.why) == (
        "loss",
        "the new run does not have it in seed 0: all units collapsed",
    )
    assert drift.mean == pytest.approx(sum(VALUES[1:]) / 4)
    (one,) = score([whole], [lost])
    assert [drift.why for drift in one.drifts] == ["the reference does not have it in seed 0: all units collapsed"]
    assert score([lost], [lost])[0].status == "reproduced"
    # Of seeds that one side did not run, nothing is lost.
    assert score([rest], [lost])[0].status == score([rest], [whole])[0].status == "reproduced"


def test_records_of_before_there_were_probes_are_scored_as_they_were():
    old = record([{"gain": value} for value in VALUES])
    assert scored(old, old) == ("reproduced", "population")
