"""Laws of the words beside a figure: they say what came out, in numbers that the figure has."""

import re

from vaebench.report.figures.alternative import of_verdicts
from vaebench.report.figures.prepare import task_pictures
from vaebench.report.rows.selection import select


def said_of(made, records, place=0):
    suite = made.judging(records)
    pictures = task_pictures(suite.tasks[place], select(suite, records, True))
    return {one.path.partition(".")[2].removesuffix(".svg"): (one.alternative, one.figure) for one in pictures}


def test_every_picture_says_what_came_out_in_numbers(made, records):
    for place in (0, 1):
        found = said_of(made, records, place)
        assert found
        for path, (words, _) in found.items():
            assert len(re.findall(r"\d", words)) >= 2, path


def test_verdicts_are_counted_and_the_same_model_once(made):
    record = made.record()
    same = record.model_copy(update={"subject": made.record(variant="a_vae").subject})
    claim = made.claims[made.tasks[0].name][1]
    shown = select(made.suite, [record, same, made.record(arch="conv")]).shown
    assert re.findall(r"\d", of_verdicts(claim, shown)) == ["2", "0", "0"]


def test_a_course_says_how_many_fall_and_by_how_much(made):
    words, figure = said_of(made, [made.record(variant=v) for v in ("vae", "beta_vae", "iwae")])["digits_robustness"]
    curves = [c for panel in figure.panels for c in panel.curves if c.arm == "trained"]
    falling = sum(c.mean[-1] < c.mean[0] for c in curves)
    change = sorted(c.mean[-1] / c.mean[0] - 1 for c in curves)[1]
    assert f"{falling} of 3" in words
    assert f"{100 * change:+.0f} %".replace("-", "−") in words


def test_a_forest_says_how_many_lie_where_the_claim_says_and_names_the_ends(made):
    records = [made.record(made.tasks[1].name, "vae", "mlp", data) for data in made.tasks[1].datasets]
    words, figure = said_of(made, records, 1)["density"]
    for part in figure.parts:
        assert f"{part.says}, claimed" in words
        assert f"decides for {len(part.rows)} of 3" in words
        inside = sum(row.word == "holds" for row in part.rows)
        assert len(part.rows) == 1 or f"{inside} of {len(part.rows)} lie there" in words
    assert "vae · mlp on bimodal_sources" in words
