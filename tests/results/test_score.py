"""Laws of scoring a run: false alarms over a night, power, and every way not to be compared."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import false_discovery_control

from vaebench.claims import Beyond, Claim, Column, Measurement, column, declined
from vaebench.mistakes import Mistake
from vaebench.results.assemble import assemble
from vaebench.results.record import CellOutcome, DatasetInfo, Environment, Record, Subject, VariantInfo, Versioned
from vaebench.results.score import score
from vaebench.results.shift import shift

CLAIM = Claim("large", "The gain is large.", (Beyond("gain", 0.0, 1.0, -1.0),))
HASHES = {"task": "a" * 16, "dataset": "b" * 16, "code": "c" * 16}


def subject(task="camuto2021_robustness", variant="vae", arch="mlp", preset="standard", device="cpu", changed=()):
    used = HASHES | dict.fromkeys(changed, "d" * 16)
    return Subject(
        task=Versioned(name=task, version=1, hash=used["task"]),
        dataset=DatasetInfo(name="digits", version=1, hash=used["dataset"]),
        variant=VariantInfo(name=variant, source="arXiv:1312.6114", code_hash=used["code"], kl_weight=1.0),
        arch=arch,
        preset=preset,
        device=device,
    )


def environment(torch="2.11.0"):
    return Environment(
        python="3.11",
        torch=torch,
        cuda=None,
        processor="x86",
        device="cpu",
        precision="float32",
        deterministic=True,
        threads=1,
    )


def outcome(seed, measurements, about=None, status="ok", reason="", torch="2.11.0"):
    """One cell; `measurements` maps a name, or an (arm, name), to a value, a reason to decline or a measurement."""
    columns = []
    for place, value in measurements.items():
        arm, name = place if isinstance(place, tuple) else ("trained", place)
        measurement = declined(name, value) if isinstance(value, str) else value
        measurement = Measurement(name, value, 0.0, 100) if isinstance(value, float) else measurement
        columns.append(column(arm, None, seed, measurement))
    return CellOutcome(
        id=f"{seed:016x}",
        subject=about or subject(),
        seed=seed,
        status=status,
        reason=reason,
        measurements=tuple(columns),
        environment=environment(torch),
    )


def record(rows, about=None, torch="2.11.0"):
    """A record with one seed a row of measurements."""
    cells = [row if isinstance(row, CellOutcome) else outcome(s, row, about, torch=torch) for s, row in enumerate(rows)]
    return assemble(cells, (CLAIM,), ())


def population(rng, names=("gain",), seeds=5, mean=1.0, spread=0.1):
    return [{name: float(rng.normal(mean, spread)) for name in names} for _ in range(seeds)]


def test_the_same_population_is_reproduced():
    rng = np.random.default_rng(0)
    (one,) = score([record(population(rng))], [record(population(rng))])
    assert (one.status, one.reason, one.drifts, one.compared) == ("reproduced", "", (), 1)
    assert one.file_name == "camuto2021_robustness/vae.mlp.digits.json"


def test_a_run_against_itself_is_reproduced():
    run = record(population(np.random.default_rng(0), names=("gain", "loss")))
    assert score([run], [run])[0].status == "reproduced"


def night(rng, records=6, measurements=200, seeds=5):
    """Records whose measurements share half their variance over seeds, built without validation for speed."""
    made = []
    for index in range(records):
        shared = rng.standard_normal(seeds)
        values = 5 + np.sqrt(0.5) * shared + np.sqrt(0.5) * rng.standard_normal((measurements, seeds))
        columns = tuple(
            Column(
                arm="trained",
                knob=None,
                name=f"measurement_{i}",
                unit="1",
                better="neither",
                seeds=tuple(range(seeds)),
                values=tuple(row),
                stderrs=(0.0,) * seeds,
                counts=(1,) * seeds,
            )
            for i, row in enumerate(values.tolist())
        )
        about = subject(variant=f"vae_{index}")
        made.append(Record.model_construct(subject=about, environments=(), cells=(), measurements=columns))
    return made


def moved(one, by, which=(0,)):
    """The same record with some measurements moved in every seed."""
    columns = list(one.measurements)
    for i in which:
        columns[i] = replace(columns[i], values=tuple(v + by for v in columns[i].values))
    return one.model_copy(update={"measurements": tuple(columns)})


def test_a_night_on_which_nothing_changed_rarely_raises_an_alarm():
    rng, nights = np.random.default_rng(4), 150
    alarms = sum(any(s.status == "drifted" for s in score(night(rng), night(rng))) for _ in range(nights))
    assert alarms / nights <= 0.05 + 3 * np.sqrt(0.05 * 0.95 / nights)


def test_alarms_beside_a_real_regression_are_mostly_real():
    rng, shares, hits = np.random.default_rng(5), [], []
    for _ in range(40):
        new, old = night(rng), night(rng)
        found = score([moved(new[0], 4.0, range(40)), *new[1:]], old)
        true = sum(int(d.measurement.removeprefix("measurement_")) < 40 for d in found[0].drifts)
        total = sum(len(s.drifts) for s in found)
        shares.append((total - true) / max(total, 1))
        hits.append(true / 40)
    assert np.mean(shares) <= 0.05 + 3 * np.std(shares) / np.sqrt(40)
    assert np.mean(hits) > 0.7


@pytest.mark.parametrize(("seeds", "measurements", "least"), [(5, 200, 0.1), (5, 10, 0.4), (10, 200, 0.9)])
def test_one_measurement_moved_by_four_deviations_is_seen_as_often_as_the_seeds_allow(seeds, measurements, least):
    rng, seen = np.random.default_rng(6), 0
    for _ in range(40):
        new, old = night(rng, 6, measurements, seeds), night(rng, 6, measurements, seeds)
        found = score([moved(new[0], 4.0), *new[1:]], old)[0]
        seen += any(drift.measurement == "measurement_0" for drift in found.drifts)
    assert seen / 40 >= least


def test_false_alarms_are_counted_over_the_whole_call_and_not_record_by_record():
    rng = np.random.default_rng(7)
    new, old = night(rng, records=1, measurements=1), night(rng, records=1, measurements=1)
    shifted = next(
        candidate
        for candidate in (moved(new[0], by) for by in np.arange(0, 10, 0.1))
        if score([candidate], old)[0].status == "drifted"
    )
    crowd_new, crowd_old = night(rng, records=6)[1:], night(rng, records=6)[1:]
    assert score([shifted, *crowd_new], [*old, *crowd_old])[0].status == "reproduced"


def test_alarms_are_those_of_benjamini_and_hochberg():
    rng = np.random.default_rng(8)
    new, old = night(rng), night(rng)
    new[2] = moved(new[2], 6.0, range(30))
    p = [
        shift(a, b).p
        for n, o in zip(new, old, strict=True)
        for a, b in zip(n.measurements, o.measurements, strict=True)
    ]
    assert sum(len(s.drifts) for s in score(new, old)) == (false_discovery_control(p) <= 0.05).sum() > 0


def test_a_drift_says_what_moved_and_how_surprising_it_is():
    rng = np.random.default_rng(9)
    rows = population(rng, ("gain", "loss"))
    far = [{"gain": row["gain"] + 2.0, "loss": row["loss"]} for row in rows]
    (one,) = score([record(far, torch="2.12.0")], [record(rows)])
    (drift,) = one.drifts
    assert one.status == "drifted"
    assert one.reason == "1 of 2 measurements moved; torch 2.12.0, reference 2.11.0"
    assert (drift.arm, drift.knob, drift.measurement, drift.unit) == ("trained", None, "gain", "1")
    assert drift.mean == pytest.approx(np.mean([row["gain"] for row in far]))
    assert drift.low < np.mean([row["gain"] for row in rows]) < drift.high < drift.mean
    assert drift.p < 1e-4


def test_the_largest_surprise_comes_first():
    rng = np.random.default_rng(10)
    rows, names = population(rng, ("a", "b")), ("a", "b")
    far = [{"a": row["a"] + 1.0, "b": row["b"] + 9.0} for row in population(rng, names)]
    assert [d.measurement for d in score([record(far)], [record(rows)])[0].drifts] == ["b", "a"]


def test_an_exact_arm_drifts_by_a_real_change_and_not_by_rounding():
    exact = record([{("analytic", "gain"): 0.7}] * 3)
    assert score([record([{("analytic", "gain"): 0.7 * (1 + 5e-6)}] * 3)], [exact])[0].status == "reproduced"
    (one,) = score([record([{("analytic", "gain"): 0.7 * (1 + 1e-3)}] * 3)], [exact])
    assert one.status == "drifted"
    assert one.drifts[0].arm == "analytic"


def test_a_measurement_that_vanished_is_a_drift_with_the_reason_it_was_declined():
    rng = np.random.default_rng(11)
    rows = population(rng, ("gain", "density"))
    gone = [{"gain": row["gain"], "density": "no decoder variance"} for row in rows]
    (one,) = score([record(gone)], [record(rows)])
    assert (one.status, one.compared, one.reason) == ("drifted", 1, "1 measurements on one side only")
    (drift,) = one.drifts
    assert drift.why == "the new run does not have it: no decoder variance"
    assert (drift.mean, drift.low, drift.high, drift.p) == (None, None, None, None)


def test_a_measurement_that_appeared_is_a_drift_with_its_mean():
    rows = population(np.random.default_rng(12), ("gain",))
    (one,) = score([record([row | {"extra": 2.0} for row in rows])], [record(rows)])
    assert one.status == "drifted"
    assert (one.drifts[0].mean, one.drifts[0].why) == (2.0, "the reference does not have it")


def test_a_measurement_of_another_unit_is_another_measurement():
    rows = population(np.random.default_rng(13))
    old = record(rows)
    bits = old.model_copy(update={"measurements": tuple(replace(c, unit="bit") for c in old.measurements)})
    (one,) = score([bits], [old])
    assert (one.status, one.compared, {d.unit for d in one.drifts}) == ("drifted", 0, {"1", "bit"})


def test_a_measurement_declined_on_both_sides_is_no_drift():
    rows = [{"gain": v, "density": "no density"} for v in (1.0, 1.1, 0.9)]
    (one,) = score([record(rows)], [record(rows)])
    assert (one.status, one.compared) == ("reproduced", 1)


@pytest.mark.parametrize("status", ["diverged", "error", "timeout", "oom", "declined", "refused", "broken"])
def test_a_seed_that_did_not_finish_this_time_is_a_drift(status):
    rows = population(np.random.default_rng(14), seeds=5)
    broken = [*rows[:4], outcome(4, {}, status=status, reason="loss is nan")]
    (one,) = score([record(broken)], [record(rows)])
    assert (one.status, one.drifts) == ("drifted", ())
    assert one.reason == f"seed 4: {status} (loss is nan), ok in the reference"


def test_a_seed_that_finished_on_neither_side_is_no_drift():
    rows = [*population(np.random.default_rng(15), seeds=4), outcome(4, {}, status="diverged", reason="loss is nan")]
    assert score([record(rows)], [record(rows)])[0].status == "reproduced"


@pytest.mark.parametrize(
    ("was", "now", "says"),
    [
        ("diverged", "ok", "seed 4: ok, diverged in the reference"),
        ("diverged", "declined", "seed 4: declined (why), diverged in the reference"),
        ("timeout", "ok", ""),
        ("oom", "diverged", ""),
        ("diverged", "error", ""),
    ],
)
def test_a_seed_that_ends_otherwise_is_a_drift_unless_a_machine_gave_up_on_it(was, now, says):
    rows = population(np.random.default_rng(18), seeds=5)
    ends = [rows[4] if how == "ok" else outcome(4, {}, status=how, reason="why") for how in (now, was)]
    new, old = (record([*rows[:4], end]) for end in ends)
    (one,) = score([new], [old])
    assert (one.status, one.reason) == ("drifted" if says else "reproduced", says)


def test_a_seed_lost_in_both_directions_is_two_drifts_of_one_measurement():
    rows = population(np.random.default_rng(19), ("gain", "loss"), seeds=5)
    new = [row | ({"loss": "nothing"} if seed in {1, 2} else {}) for seed, row in enumerate(rows)]
    old = [row | ({"loss": "nothing"} if seed == 3 else {}) for seed, row in enumerate(rows)]
    (one,) = score([record(new)], [record(old)])
    assert (one.status, one.reason) == ("drifted", "1 measurements on one side only in some seeds")
    assert {drift.why for drift in one.drifts} == {
        "the new run does not have it in seeds 1, 2: nothing",
        "the reference does not have it in seed 3: nothing",
    }


def test_what_the_reference_has_in_other_seeds_alone_is_not_lost():
    """One seed was run. The reference declined the measurement there too."""
    rows = population(np.random.default_rng(20), ("gain", "loss"), seeds=5)
    rows[0] = rows[0] | {"loss": "collapsed"}
    (one,) = score([record(rows[:1])], [record(rows)])
    assert (one.status, one.drifts) == ("reproduced", ())
    gone = [row | {"loss": "collapsed"} for row in rows]
    assert score([record(gone)], [record(rows)])[0].status == "drifted"
    only = [{"loss": "collapsed"}, *({"loss": 1.0 + seed} for seed in range(4))]
    (one,) = score([record(only[:1])], [record(only)])
    assert (one.status, one.reason) == ("missing", "no measurement is on both sides")


@pytest.mark.parametrize(("new", "old"), [("0" * 16, "1" * 16), ("0" * 16, None), (None, "1" * 16)])
def test_other_bytes_of_the_data_make_it_stale(new, old):
    def with_files(files):
        about = subject()
        return about.model_copy(update={"dataset": about.dataset.model_copy(update={"files": files})})

    (one,) = score([record(rows(), with_files(new))], [record(rows(), with_files(old))])
    assert (one.status, one.reason) == ("stale", f"data set's files {new or 'none'}, reference {old or 'none'}")
    assert score([record(rows(), with_files(new))], [record(rows(), with_files(new))])[0].status == "reproduced"


def rows():
    return population(np.random.default_rng(16))


def test_without_a_reference_it_is_missing():
    (one,) = score([record(rows())], [])
    assert (one.status, one.reason) == ("missing", "no reference for standard on cpu")


def test_a_reference_of_another_preset_or_device_is_named_and_not_used():
    others = [record(rows(), subject(preset="paper")), record(rows(), subject(device="cuda"))]
    (one,) = score([record(rows())], others)
    assert one.status == "missing"
    assert one.reason == "no reference for standard on cpu; there is paper on cpu, standard on cuda"


@pytest.mark.parametrize("field", ["task", "variant", "arch"])
def test_a_reference_of_another_subject_is_not_used(field):
    assert score([record(rows())], [record(rows(), subject(**{field: "other"}))])[0].status == "missing"


def test_quick_is_not_scored():
    quick = record(rows(), subject(preset="quick"))
    (one,) = score([quick], [quick])
    assert (one.status, one.reason, one.compared) == ("missing", "quick is not scored", 0)


@pytest.mark.parametrize(
    ("part", "says"),
    [("task", "task hash"), ("dataset", "data set hash"), ("code", "variant code hash")],
)
def test_another_definition_makes_it_stale_and_both_hashes_are_named(part, says):
    (one,) = score([record(rows(), subject(changed=(part,)))], [record(rows())])
    assert (one.status, one.drifts) == ("stale", ())
    assert one.reason == f"{says} {'d' * 16}, reference {HASHES[part]}"


def test_another_version_makes_it_stale():
    about = subject()
    newer = about.model_copy(update={"task": about.task.model_copy(update={"version": 2})})
    assert score([record(rows(), newer)], [record(rows())])[0].reason == "task version 2, reference 1"


def test_a_stale_record_takes_no_part_in_the_night():
    rng = np.random.default_rng(17)
    old, far = record(population(rng)), record(population(rng, mean=1.25))
    names = [f"r{i}" for i in range(500)]
    other = population(rng, names), subject(variant="beta_vae")
    assert score([far, record(*other)], [old, record(*other)])[1].status == "reproduced"  # one surprise among 501
    stale = record(other[0], subject(variant="beta_vae", changed=("code",)))
    assert [s.status for s in score([far, stale], [old, record(*other)])] == ["stale", "drifted"]


def test_single_seeds_on_both_sides_cannot_be_compared():
    (one,) = score([record(rows()[:1])], [record(rows()[:1])])
    assert (one.status, one.reason) == ("missing", "a single seed on either side has no spread to compare by")


def test_sides_without_a_measurement_cannot_be_compared():
    nothing = [{"gain": "not for this variant"}] * 3
    (one,) = score([record(nothing)], [record(nothing)])
    assert (one.status, one.reason) == ("missing", "neither side has a measurement")


def test_two_references_of_one_subject_are_refused():
    with pytest.raises(Mistake, match=r"two references for camuto2021_robustness/vae\.mlp\.digits\.json on cpu"):
        score([], [record(rows()), record(rows())])


def test_scores_come_in_order_of_file_names_whatever_the_order_of_records():
    runs = [record(rows(), subject(variant=v, arch=a)) for v in ("vae", "beta_vae") for a in ("mlp", "conv")]
    names = [one.file_name for one in score(runs, [])]
    assert names == sorted(names)
    assert score(runs[::-1], runs) == score(runs, runs[::-1])


def test_nothing_to_score_is_no_score():
    assert score([], []) == ()


@pytest.mark.parametrize("name", ["across_seeds__encoder_1__mean", "metric_log10_time_ratio"])
def test_entries_of_maps_and_ratios_of_durations_are_not_compared(name):
    one, other = (record([row | {name: value} for row in rows()]) for value in (0.1, 9.0))
    (found,) = score([one], [other])
    (plain,) = score([record(rows())], [other])
    assert (found.status, found.compared) == (plain.status, plain.compared) == ("reproduced", len(rows()[0]))


def of(variant="vae", arch="mlp", **changes):
    return record(population(np.random.default_rng(0)), about=subject(variant=variant, arch=arch, **changes))


def test_references_in_the_runs_scope_that_it_has_no_record_of_are_missing():
    """The run names two variants and two networks: what it has no record of among their combinations is gone."""
    references = [of(v, a) for v in ("vae", "beta_vae", "iwae") for a in ("mlp", "conv", "resnet")]
    references += [of("vae", "mlp", device="cuda"), of("vae", "mlp", preset="paper"), of("vae", task="bonheme2022_x")]
    run = [of("vae", "mlp"), of("beta_vae", "conv"), of("beta_vae", "mlp")]
    plain = score(run, references)
    assert {one.status for one in plain} == {"reproduced"}
    found = score(run, references, scope=True)
    gone = [one for one in found if one.status == "missing"]
    assert [(one.file_name, one.reason) for one in gone] == [
        ("camuto2021_robustness/vae.conv.digits.json", "the run has no record of it")
    ]
    assert sorted(found, key=lambda one: one.file_name) == list(found)
    assert [one for one in found if one.status != "missing"] == list(plain)


def test_another_data_set_of_the_task_is_in_scope():
    other = of()
    data = other.subject.dataset.model_copy(update={"name": "sprites"})
    other = other.model_copy(update={"subject": other.subject.model_copy(update={"dataset": data})})
    assert [one.status for one in score([of()], [of(), other], scope=True)] == ["reproduced", "missing"]


def test_seeds_that_were_not_run_are_named():
    seeds = population(np.random.default_rng(0), seeds=7)
    reference = record(seeds[:5])
    (one,) = score([record(seeds[:3])], [reference])
    assert (one.status, one.unrun, one.reason) == ("reproduced", (3, 4), "not run: seeds 3, 4")
    (one,) = score([record(seeds)], [reference])
    assert (one.status, one.unrun, one.reason) == ("reproduced", (), "")


def test_a_data_set_that_has_to_be_installed_is_in_scope_where_the_run_names_it():
    """Every run without MNIST would have been red since MNIST has a reference."""
    mnist = of()
    data = mnist.subject.dataset.model_copy(update={"name": "mnist", "files": "0" * 16})
    mnist = mnist.model_copy(update={"subject": mnist.subject.model_copy(update={"dataset": data})})
    other = mnist.subject.variant.model_copy(update={"name": "beta_vae"})
    beside = mnist.model_copy(update={"subject": mnist.subject.model_copy(update={"variant": other})})
    assert [one.status for one in score([of()], [of(), mnist], scope=True)] == ["reproduced"]
    run = [of(), of("beta_vae"), mnist]
    scored = score(run, [*run, beside], scope=True)
    assert [one.status for one in scored].count("missing") == 1
