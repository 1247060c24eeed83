"""Laws of distinct models: equal measurements make one model, whatever the names; nothing else does."""

import random
from dataclasses import replace

import pytest

from vaebench import catalog
from vaebench.report.received.sent import sent
from vaebench.report.rows.distinct import counted_models, distinct
from vaebench.report.rows.selection import select
from vaebench.report.rows.shown import show
from vaebench.results.references import REFERENCES, root
from vaebench.results.store import read_records


def renamed(record, name, factor=1.0, keep=lambda column: True):
    """The same numbers under another variant's name, each times a factor."""
    variant = record.subject.variant.model_copy(update={"name": name, "code_hash": f"{abs(hash(name)):016x}"[:16]})
    columns = tuple(
        replace(c, values=tuple(v * factor for v in c.values)) if c.arm == "trained" and keep(c) else c
        for c in record.measurements
    )
    subject = record.subject.model_copy(update={"variant": variant})
    return record.model_copy(update={"subject": subject, "measurements": columns})


def names(made, records, **how):
    return [[one.row.variant for one in model.records] for model in distinct(select(made.suite, records, **how).shown)]


def test_equal_records_are_one_model_led_by_the_shortest_name(made):
    record = made.record()
    others = [renamed(record, "complex_vae", 1 + 2e-4), renamed(record, "tied_vae")]
    (model,) = distinct(select(made.suite, [*others, record]).shown)
    assert [one.row.variant for one in model.records] == ["vae", "tied_vae", "complex_vae"]
    assert model.label == "vae = tied_vae = complex_vae · mlp"


@pytest.mark.parametrize("factor", [1.002, 0.5])
def test_one_measurement_that_differs_makes_two_models_and_one_number_does_not(made, factor):
    """A measurement at seven knob values is an eighth of the numbers; a share of few draws may differ by a draw."""
    record = made.record()
    other = renamed(record, "other", factor, keep=lambda c: c.name == "attack_damage")
    assert names(made, [record, other]) == [["other"], ["vae"]]
    other = renamed(record, "other", factor, keep=lambda c: c.name == "attack_damage" and c.knob == 0.2)
    assert names(made, [record, other]) == [["vae", "other"]]
    largest = max((c for c in record.measurements if c.arm == "trained"), key=lambda c: max(map(abs, c.values)))
    other = renamed(record, "other", factor, keep=lambda c: c is largest)
    assert names(made, [record, other]) == [["vae", "other"]]


def test_a_time_that_differs_does_not(made):
    def timed(record, seconds):
        columns = [
            replace(c, name="metric_time_ratio", values=(seconds,) * len(c.values)) if c.name == "energy" else c
            for c in record.measurements
        ]
        return record.model_copy(update={"measurements": tuple(columns)})

    first = made.record()
    (one,) = select(made.suite, [first]).shown
    shown = [replace(one, record=timed(first, 1.0)), replace(one, record=timed(renamed(first, "o"), 3.0))]
    assert [len(model.records) for model in distinct(shown)] == [2]


def test_another_network_or_data_set_is_another_model(made):
    record = made.record()
    conv = record.model_copy(update={"subject": record.subject.model_copy(update={"arch": "conv"})})
    data = record.subject.dataset.model_copy(update={"name": "digits16"})
    other = record.model_copy(update={"subject": record.subject.model_copy(update={"dataset": data})})
    assert len(names(made, [record, conv, other])) == 3


def test_a_copy_that_somebody_sent_is_the_suites_own_model(made):
    record = made.record()
    (model,) = distinct(select(made.suite, [record], submissions=[sent(renamed(record, "a"), "eve")]).shown)
    assert model.is_own and model.first.row.variant == "vae" and len(model.records) == 2


def test_the_order_of_records_does_not_matter(made):
    records = [renamed(made.record(), name) for name in ("a", "bb", "ccc")] + made.board(("vae", "iwae"), ("mlp",))
    mixed = records[:]
    random.Random(3).shuffle(mixed)
    assert names(made, mixed) == names(made, records)


def test_where_the_posterior_scale_is_held_a_complex_vae_is_a_vae():
    """On the committed records of the task that holds it, by network and data; two variants that differ stay two."""
    every, _ = read_records(root() / REFERENCES, as_store=True)
    task = catalog.task("camuto2021_variance_frequency")
    records = [one for one in every if (one.subject.task.name, one.subject.task.version) == (task.name, task.version)]
    models = distinct(show(records))
    of_name = {(one.row.variant, one.row.arch, one.dataset): model for model in models for one in model.records}
    both = [where for name, *where in of_name if name == "complex_vae" and ("vae", *where) in of_name]
    assert both
    for where in both:
        assert of_name["vae", *where] is of_name["complex_vae", *where]
        assert of_name["beta_vae", *where] is not of_name["vae", *where]
    assert len(models) < len(records)


def test_a_tail_of_few_draws_that_rounding_moved_makes_no_second_model():
    """On the committed records: real units tied in pairs are a complex VAE's, trained to 2e-7 and sampled to a draw."""
    every, _ = read_records(root() / REFERENCES, as_store=True)
    of_task = [one for one in every if one.subject.file_name.startswith("gracyk2025_kahler_sampling/")]
    records = [one for one in of_task if one.subject.dataset.name == "digits" and one.subject.arch == "mlp"]
    same = [{one.row.variant for one in model.records} for model in distinct(show(records)) if len(model.records) > 1]
    assert same == [{"complex_vae", "pair_tied_vae"}]


def test_counts_are_of_the_suites_own_models_of_the_standard_preset_where_there_are_any(made):
    task = made.suite.tasks[0]
    quick, standard = made.record(preset="quick"), made.record()
    theirs = sent(made.record(variant="new_vae", code="1" * 16), "alice")

    def presets(*records):
        shown = select(made.suite, records, True, [theirs]).shown
        return [one.first.row.preset for one in counted_models(task, distinct(shown))]

    assert presets(quick, standard) == ["standard"]
    assert presets(quick) == ["quick"]
    assert presets() == []
