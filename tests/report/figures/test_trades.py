"""Laws of trade-off figures: cost against benefit, setting by setting."""

from dataclasses import replace

import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg

from vaebench.claims import Claim, Measurement, Near, Tradeoff, column
from vaebench.report.figures.draw import board_style, draw
from vaebench.report.figures.prepare import task_pictures
from vaebench.report.pages.task_page import task_page
from vaebench.report.rows.selection import select

TRADEOFF = Tradeoff(("outliers", "misses"), "spread", ("at_half", "prior"), "weighted", "the prior", "by volume")
CLAIMS = (Claim("few", "There are few outliers.", (Near("outliers_prior", 0.2, 0.1, 1.0),)),)
SPREAD = {"at_half": 0.5, "prior": 1.0, "weighted": 0.8}
STEM = "figures/nakagawa2021_posterior_isometry.three_sources_weighted_spread"
PATHS = {what: f"{STEM}_{what}.svg" for what in TRADEOFF.measurements}


def paid(lacking=()):
    def measurements(rng):
        numbers = {f"spread_{way}": x for way, x in SPREAD.items()}
        numbers |= {f"{what}_{way}": x**2 for what in TRADEOFF.measurements for way, x in SPREAD.items()}
        return [
            column("trained", None, 0, Measurement(name, value + rng.normal(0, 1e-3), 0.0, 1))
            for name, value in numbers.items()
            if name not in lacking
        ]

    return measurements


def record_of(made, variant="vae", arch="mlp", lacking=()):
    name = made.tasks[1].name
    return made.record(name, variant, arch, "three_sources", claims=CLAIMS, measurements=paid(lacking))


def chosen(made, records):
    tasks = tuple(replace(task, tradeoffs=(TRADEOFF,)) for task in made.judging(records).tasks)
    return tasks[1], select(made.with_tasks(*tasks), records, True)


def figures(task, selection):
    return {picture.path: picture.figure for picture in task_pictures(task, selection)}


def test_every_variant_has_a_panel_with_what_it_pays_for_what_it_buys(made):
    records = [record_of(made, v, a) for v in ("vae", "beta_vae") for a in ("mlp", "conv")]
    found = figures(*chosen(made, records))
    for what, path in PATHS.items():
        figure = found[path]
        assert (figure.measurement, figure.against) == (what, "spread")
        assert [panel.title for panel in figure.panels] == ["beta_vae", "vae"]
        for panel in figure.panels:
            assert sorted(trade.network for trade in panel.trades) == ["conv", "mlp"]
            for trade in panel.trades:
                assert trade.against == pytest.approx((0.5, 1.0), abs=0.01)
                assert trade.paid == pytest.approx((0.25, 1.0), abs=0.01)
                assert trade.compared == pytest.approx((0.8, 0.64), abs=0.01)
                assert trade.low < trade.compared[1] < trade.high


def test_what_a_record_does_not_have_at_every_way_is_not_drawn(made):
    records = [record_of(made, lacking=("misses_at_half",)), record_of(made, "beta_vae", lacking=("spread_prior",))]
    found = figures(*chosen(made, records))
    assert [panel.title for panel in found[PATHS["outliers"]].panels] == ["vae"]
    assert PATHS["misses"] not in found
    assert not set(PATHS.values()) & set(figures(*chosen(made, records[1:])))


def test_the_picture_is_on_the_page_and_drawn_where_the_numbers_are(made):
    task, selection = chosen(made, [record_of(made)])
    page = task_page(task, selection, task_pictures(task, selection), False)
    below = page.partition("## Trade-offs\n\n")[2].partition("\n")[0]
    assert [path for path in PATHS.values() if f"]({path})" in below] == list(PATHS.values())
    with board_style():
        (ax,) = draw(figures(task, selection)[PATHS["outliers"]]).axes
    curve, _, marker = ax.lines[:3]
    assert list(curve.get_xdata()) == pytest.approx([0.5, 1.0], abs=0.01)
    assert [float(*marker.get_xdata()), float(*marker.get_ydata())] == pytest.approx([0.8, 0.64], abs=0.01)
    low, high = ax.get_ylim()
    paid = [*curve.get_ydata(), *marker.get_ydata()]
    assert 0 <= low < min(paid) and max(paid) < high


def test_two_compared_ways_have_a_picture_each(made):
    numbers = SPREAD | {"other": 0.6}

    def measurements(rng):
        what = {f"{m}_{way}": x for m in ("spread", *TRADEOFF.measurements) for way, x in numbers.items()}
        found = what.items()
        return [column("trained", None, 0, Measurement(n, x + rng.normal(0, 1e-3), 0.0, 1)) for n, x in found]

    name = made.tasks[1].name
    records = [made.record(name, "vae", "mlp", "three_sources", claims=CLAIMS, measurements=measurements)]
    both = (TRADEOFF, replace(TRADEOFF, compared="other"))
    tasks = tuple(replace(task, tradeoffs=both) for task in made.judging(records).tasks)
    pictures = task_pictures(tasks[1], select(made.with_tasks(*tasks), records, True))
    paths = [picture.path for picture in pictures if picture.kind == "tradeoff"]
    assert len(paths) == len(set(paths)) == 4


def test_all_panels_are_on_one_scale_and_the_others_are_behind(made):
    records = [record_of(made, v) for v in ("vae", "beta_vae", "iwae", "dip_vae_ii")]
    with board_style():
        canvas = draw(figures(*chosen(made, records))[PATHS["outliers"]])
        FigureCanvasAgg(canvas).draw()
    assert len({(ax.get_xlim(), ax.get_ylim()) for ax in canvas.axes}) == 1
    assert {len(ax.lines[0].get_xdata()) for ax in canvas.axes} == {9}  # three others of two settings, with gaps
