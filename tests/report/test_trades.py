"""Laws of trade-off figures: cost against benefit, setting by setting."""

from dataclasses import replace

import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg

from vaebench.claims import Claim, Measurement, Near, Tradeoff, column
from vaebench.report.figures.draw import board_style, draw
from vaebench.report.figures.prepare import task_pictures
from vaebench.report.selection import select
from vaebench.report.task_page import task_page

TRADEOFF = Tradeoff(("outliers", "misses"), "spread", ("at_half", "prior"), "weighted", "the prior", "by volume")
CLAIMS = (Claim("few", "There are few outliers.", (Near("outliers_prior", 0.2, 0.1, 1.0),)),)
SPREAD = {"at_half": 0.5, "prior": 1.0, "weighted": 0.8}
PATH = "figures/nakagawa2021_posterior_isometry.three_sources_spread.svg"


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


def test_every_record_has_a_panel_with_what_it_pays_for_what_it_buys(made):
    records = [record_of(made, v, a) for v in ("vae", "beta_vae") for a in ("mlp", "conv")]
    figure = figures(*chosen(made, records))[PATH]
    assert [panel.title for panel in figure.panels] == ["beta vae · conv", "vae · conv", "beta vae · mlp", "vae · mlp"]
    for panel in figure.panels:
        assert tuple(trade.measurement for trade in panel.trades) == TRADEOFF.measurements
        for trade in panel.trades:
            assert trade.against == pytest.approx((0.5, 1.0), abs=0.01)
            assert trade.paid == pytest.approx((0.25, 1.0), abs=0.01)
            assert trade.compared == pytest.approx((0.8, 0.64), abs=0.01)
            assert trade.low < trade.compared[1] < trade.high


def test_what_a_record_does_not_have_at_every_way_is_not_drawn(made):
    records = [record_of(made, lacking=("misses_at_half",)), record_of(made, "beta_vae", lacking=("spread_prior",))]
    figure = figures(*chosen(made, records))[PATH]
    assert [(panel.title, [t.measurement for t in panel.trades]) for panel in figure.panels] == [
        ("vae · mlp", ["outliers"])
    ]
    assert PATH not in figures(*chosen(made, records[1:]))


def test_the_picture_is_on_the_page_and_drawn_where_the_numbers_are(made):
    task, selection = chosen(made, [record_of(made)])
    page = task_page(task, selection, task_pictures(task, selection), False)
    below = page.partition("## Trade-offs\n\n")[2]
    assert below.startswith("![") and below.partition("](")[2].startswith(f"{PATH})")
    with board_style():
        (ax,) = draw(figures(task, selection)[PATH]).axes
    curve, _, marker = ax.lines[:3]
    assert list(curve.get_xdata()) == pytest.approx([0.5, 1.0], abs=0.01)
    assert [float(*marker.get_xdata()), float(*marker.get_ydata())] == pytest.approx([0.8, 0.64], abs=0.01)
    assert (ax.get_xlabel(), ax.get_ylim()[0]) == ("spread", 0)


@pytest.mark.parametrize("panels", [1, 8])
def test_the_name_of_what_is_paid_stays_in_the_picture(made, panels):
    archs = ("conv", "mlp")[: -(-panels // 4)]
    variants = ("vae", "beta_vae", "iwae", "dip_vae_ii")[:panels]
    figure = figures(*chosen(made, [record_of(made, v, a) for v in variants for a in archs]))[PATH]
    assert len(figure.panels) == panels
    longest = ("classifier outliers", "neighbour outliers")
    renamed = (
        tuple(replace(t, measurement=name) for t, name in zip(p.trades, longest, strict=True)) for p in figure.panels
    )
    panels_with_them = tuple(replace(p, trades=trades) for p, trades in zip(figure.panels, renamed, strict=True))
    with board_style():
        canvas = draw(replace(figure, panels=panels_with_them))
        FigureCanvasAgg(canvas).draw()
    (label,) = canvas.texts
    box, (width, height) = label.get_window_extent(), canvas.get_size_inches() * canvas.dpi
    assert label.get_text().replace("\n", " ").startswith("classifier outliers, neighbour outliers")
    assert box.x0 >= 0 and box.y0 >= 0 and box.x1 <= width and box.y1 <= height
    assert all(box.x1 <= ax.get_tightbbox().x0 for ax in canvas.axes)
