"""Laws of figures: what they show is what was read, and drawing them is deterministic and legible."""

import math
import subprocess
import sys
import xml.etree.ElementTree as ET
from dataclasses import replace

import matplotlib
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg

from vaebench.claims import Beyond, Claim, Exceeds, Measurement, Near, Trend, column, declined, t_interval
from vaebench.report.figures.draw import board_style, draw, svg
from vaebench.report.figures.draw_curves import is_geometric
from vaebench.report.figures.prepare import task_pictures
from vaebench.report.figures.stamp import inputs_hash, stamp
from vaebench.report.figures.style import colour_and_marker, legend_columns, line_style
from vaebench.report.selection import select


def figures_of(made, records, place=0):
    suite = made.judging(records)
    return {one.path: one.figure for one in task_pictures(suite.tasks[place], select(suite, records, True))}


def only(figures):
    """The one figure of what is judged; measurements that no claim judges have one of their own."""
    (figure,) = (figure for path, figure in figures.items() if "_beside." not in path)
    return figure


@pytest.fixture(scope="module")
def curves(made):
    return only(
        figures_of(made, [made.record(variant=v, arch=a) for v in ("vae", "beta_vae") for a in ("mlp", "conv")])
    )


@pytest.fixture(scope="module")
def forests(made):
    records = [
        made.record(made.tasks[1].name, v, "mlp", d) for v in ("vae", "linear_vae") for d in made.tasks[1].datasets
    ]
    return figures_of(made, records, 1)


def drawn(figure):
    """Draw on pixels, so that every text has its place."""
    with board_style():
        canvas = draw(figure)
        FigureCanvasAgg(canvas).draw()
    return canvas


def noisy(rng, knobs=(0.0, 0.05, 0.1, 0.2, 0.4, 0.8)):
    arms = {"trained": 0.01, "analytic": 0.001, "noisy_target": 0.01}
    return [
        column(arm, knob, 0, Measurement(name, base * math.exp(-knob) * (1 + spread * rng.normal()), 0.0, 1, unit))
        for arm, spread in arms.items()
        for knob in knobs
        for name, base, unit in (("encoder_lipschitz", 3.0, "1"), ("control_lipschitz", 1.0, "1"), ("gap", 0.5, "nat"))
    ]


def crowded(rng):
    return noisy(rng, tuple(1.3**power for power in range(20)))


NOISY = (
    Claim(
        "a", "It falls.", (Trend("encoder_lipschitz", "falls"), Exceeds("encoder_lipschitz", "control_lipschitz", 5.0))
    ),
    Claim("b", "It is small.", (Near("gap", 0.4, 0.2, 1.0), Beyond("control_lipschitz", 0.5, 1.0, 0.0))),
)


def test_a_task_with_a_knob_has_two_figures_a_data_set_and_one_without_a_figure_a_claim(made, records):
    stem = "figures/camuto2021_variance_frequency.digits"
    assert list(figures_of(made, records, 0)) == [f"{stem}.svg", f"{stem}_beside.svg"]
    claims = ("isometry", "orthogonality", "density", "importance")
    assert list(figures_of(made, records, 1)) == [f"figures/nakagawa2021_posterior_isometry.{c}.svg" for c in claims]


def test_presets_have_figures_of_their_own(made):
    paths = figures_of(made, [made.record(), made.record(preset="paper"), made.record(preset="quick")])
    stem = "figures/camuto2021_variance_frequency.digits"
    ends = (".svg", ".paper.svg", ".quick.svg")
    assert set(paths) == {f"{stem}{part}{end}" for part in ("", "_beside") for end in ends}


def test_a_figures_name_cannot_leave_its_folder(made):
    claims = (Claim("../../x y", "It sums.", (Near("energy", 1.0, 0.1, 0.0),)),)
    record = made.record(made.tasks[1].name, dataset="three_sources", claims=claims)
    assert list(figures_of(made, [record], 1)) == ["figures/nakagawa2021_posterior_isometry.______x_y.svg"]


def test_panels_are_the_measurements_of_the_claims_and_what_is_reported_only_has_its_own_figure(made, records, curves):
    others = figures_of(made, records, 0)["figures/camuto2021_variance_frequency.digits_beside.svg"]
    named, unjudged = (
        list(dict.fromkeys((panel.measurement, panel.claimed) for panel in figure.panels))
        for figure in (curves, others)
    )
    judged = ["decoder high frequency share", "decoder mean degree", "decoder lipschitz mean", "decoder lipschitz max"]
    judged += ["encoder mean degree", "attack damage"]
    assert [name for name, _ in named] == judged
    assert all("falls" in claimed for _, claimed in named)
    assert [name for name, _ in unjudged] == ["encoder lipschitz mean", "reconstruction error"]
    assert not any("falls" in claimed or "rises" in claimed for _, claimed in unjudged)
    assert [panel.arch for panel in curves.panels] == ["conv", "mlp"] * 6


def test_a_curve_is_the_mean_over_seeds_with_its_interval(made, curves):
    record = made.record(variant="vae", arch="mlp")
    panel = next(p for p in curves.panels if (p.measurement, p.arch) == ("decoder lipschitz mean", "mlp"))
    curve = next(c for c in panel.curves if (c.variant, c.arm) == ("vae", "trained"))
    own = [c for c in record.measurements if (c.name, c.arm) == ("decoder_lipschitz_mean", "trained")]
    spread = [t_interval(c.values) for c in own]
    assert curve.x == tuple(c.knob for c in own)
    assert curve.mean == tuple(i.estimate for i in spread)
    assert (curve.low, curve.high) == (tuple(i.low for i in spread), tuple(i.high for i in spread))


def test_a_control_that_is_the_same_for_all_is_drawn_once_and_one_that_differs_for_each(made, curves):
    assert [c.variant for c in curves.panels[0].curves if c.arm == "analytic"] == [""]
    records = [made.record(variant=v, claims=NOISY, measurements=noisy) for v in ("vae", "beta_vae")]
    panel = only(figures_of(made, records)).panels[0]
    assert sorted(c.variant for c in panel.curves if c.arm == "analytic") == ["beta vae", "vae"]


def test_regions_are_those_of_the_claims(made):
    panels = {p.measurement: p for p in only(figures_of(made, [made.record(claims=NOISY, measurements=noisy)])).panels}
    gap, limit = panels["gap"], panels["control lipschitz"]
    assert (gap.low, gap.high) == (0.2, pytest.approx(0.6))
    assert "0.2" in gap.claimed and "0.4" in gap.claimed
    assert (limit.low, limit.high) == (0.5, None)
    assert "0.5" in limit.claimed
    assert panels["gap"].unit == "nat"


def test_a_forest_has_a_row_a_record_a_panel_a_statistic_and_the_controls(made, forests):
    figure = forests["figures/nakagawa2021_posterior_isometry.density.svg"]
    assert [row.group for row in figure.rows] == sorted(row.group for row in figure.rows)
    assert len(figure.rows) == 3 and len(figure.panels) == 5
    arms = {row: {p.arm for p in points} for row, points in zip(figure.rows, figure.panels[0].points, strict=True)}
    by_place = {(row.group, row.label): found for row, found in arms.items()}
    assert by_place["linear gaussian sources", "vae · mlp"] == {"trained", "analytic"}
    assert by_place["three sources", "vae · mlp"] == {"trained"}
    assert not any(row.label.startswith("linear") for row in figure.rows)  # to these the claim does not apply
    assert (figure.panels[1].low, figure.panels[1].high) == (0.9, 1.1)


def test_a_forest_says_of_how_many_seeds_an_estimate_is(made):
    seeds = iter(range(5))

    def collapsed_once(rng):
        name, seed = "t2_deviation", next(seeds)
        gone = declined(name, "every latent unit has collapsed", "model")
        return [column("trained", None, 0, Measurement(name, 0.01 * seed, 0.0, 1) if seed else gone)]

    claims = (Claim("isometry", "T2 is 1.", (Near("t2_deviation", 0, 0.05, 1.0),)),)
    record = made.record(made.tasks[1].name, dataset="three_sources", claims=claims, measurements=collapsed_once)
    figure = only(figures_of(made, [record], 1))
    assert [point.of_seeds for point in figure.panels[0].points[0]] == ["4 of 5"]
    assert any(text.get_text().startswith("4 of 5") for text in drawn(figure).axes[0].texts)


def test_a_task_whose_measurements_lack_the_knob_has_no_figure(made):
    def energy(rng):
        return [column("trained", None, 0, Measurement("energy", 1.0, 0.0, 1))]

    assert figures_of(made, [made.record(measurements=energy)]) == {}


def test_an_svg_is_sound_deterministic_and_says_what_it_was_drawn_from(forests):
    figure = forests["figures/nakagawa2021_posterior_isometry.isometry.svg"]
    text = svg(figure)
    assert ET.fromstring(text).tag.endswith("svg")
    assert svg(figure) == text
    assert stamp(text).inputs == inputs_hash(figure)
    assert "<dc:date>" not in text and "Matplotlib v" not in text


def test_the_users_own_style_touches_nothing_and_is_left_alone(forests):
    figure = forests["figures/nakagawa2021_posterior_isometry.isometry.svg"]
    text = svg(figure)
    with matplotlib.rc_context({"font.size": 30.0, "svg.hashsalt": "mine", "axes.facecolor": "red"}):
        assert svg(figure) == text
        assert matplotlib.rcParams["font.size"] == 30.0


def test_drawing_leaves_pyplot_alone():
    # In a process of its own: what else is tested here may import pyplot for itself.
    code = "import sys, vaebench.report.figures.draw; sys.exit('matplotlib.pyplot' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_an_edited_svg_loses_its_stamp(forests):
    text = svg(forests["figures/nakagawa2021_posterior_isometry.isometry.svg"])
    assert stamp(text.replace("#0072b2", "#ff0000")) is None
    assert stamp(text + "\n") is None
    assert stamp("") is None


def test_the_hash_sees_a_change_of_data_and_no_rounding(curves):
    first, *rest = curves.panels
    curve, *others = first.curves

    def shifted(by):
        moved = replace(curve, mean=(curve.mean[0] * (1 + by), *curve.mean[1:]))
        return replace(curves, panels=(replace(first, curves=(moved, *others)), *rest))

    assert inputs_hash(shifted(0.001)) != inputs_hash(curves)
    assert inputs_hash(shifted(1e-14)) == inputs_hash(curves)
    assert inputs_hash(replace(curves, knob="other")) != inputs_hash(curves)


def test_the_hash_sees_a_new_version_of_the_drawing(curves, monkeypatch):
    before = inputs_hash(curves)
    monkeypatch.setattr("vaebench.report.figures.stamp.DRAWING_VERSION", 999)
    assert inputs_hash(curves) != before


def shown_labels(axis):
    """Labels of the ticks in view; those beyond are there and not drawn."""
    low, high = sorted(axis.get_view_interval())
    return [tick.label1 for tick in axis.get_major_ticks() if low <= tick.get_loc() <= high]


def overlapping(texts):
    boxes = [(t.get_text(), t.get_window_extent()) for t in texts if t.get_text().strip() and t.get_visible()]
    return [(a, b) for i, (a, x) in enumerate(boxes) for b, y in boxes[i + 1 :] if x.padded(-1).overlaps(y.padded(-1))]


@pytest.mark.parametrize("long", [False, True])
def test_no_words_overlap_or_leave_the_picture(made, long):
    name = "a_variant_whose_name_is_as_long_as_the_schema_lets_it_be_made_o" if long else "vae"
    figures = [
        only(figures_of(made, [made.record(variant=name), made.record(variant=name, arch="conv")])),
        only(figures_of(made, [made.record(variant=name, claims=NOISY, measurements=noisy)])),
        only(figures_of(made, [made.record(variant=name, claims=NOISY[1:], measurements=crowded)])),
        figures_of(made, [made.record(made.tasks[1].name, name, "mlp", d) for d in made.tasks[1].datasets], 1)[
            "figures/nakagawa2021_posterior_isometry.density.svg"
        ],
    ]
    beside = figures_of(made, [made.record(variant=name, arch=arch) for arch in ("mlp", "conv")])
    for figure in (*figures, beside["figures/camuto2021_variance_frequency.digits_beside.svg"]):
        canvas = drawn(figure)
        texts = [t for legend in canvas.legends for t in legend.get_texts()]
        for ax in canvas.axes:
            if ax.axison:
                texts += [*ax.texts, *shown_labels(ax.xaxis), *shown_labels(ax.yaxis)]
                texts += [ax.xaxis.label, ax.yaxis.label, ax._left_title]
        assert overlapping(texts) == []
        width, height = canvas.get_size_inches() * canvas.dpi
        for text in (t for t in texts if t.get_text().strip()):
            box = text.get_window_extent()
            assert box.x0 >= -1 and box.x1 <= width + 1 and box.y0 >= -1 and box.y1 <= height + 1, text.get_text()


@pytest.fixture(scope="module")
def canvas(curves):
    return drawn(curves)


def test_panels_of_one_measurement_share_their_scale(canvas):
    axes = canvas.axes
    for place in range(0, len(axes), 2):
        assert axes[place].get_ylim() == axes[place + 1].get_ylim()


def test_a_wide_band_of_two_seeds_does_not_flatten_the_curves(made):
    def swinging(rng):
        swing = math.exp(rng.normal(0, 1))
        return [
            replace(one, values=tuple(value * swing for value in one.values)) for one in noisy(rng, (0.1, 1.0, 3.0))
        ]

    figure = only(figures_of(made, [made.record(claims=NOISY[:1], measurements=swinging, seeds=2)]))
    assert max(end for panel in figure.panels for curve in panel.curves for end in curve.high) > 8
    for ax, panel in zip(drawn(figure).axes, figure.panels, strict=True):
        means = [value for curve in panel.curves for value in curve.mean]
        low, high = ax.get_ylim()
        assert low < min(means) and max(means) < high
        assert high - low <= 2.01 * (max(means) - min(means))
        assert low > -0.06 * (max(means) - min(means))  # measurements that are never negative


def test_one_seed_is_drawn_without_a_band(made, forests):
    drawn(only(figures_of(made, [made.record(claims=NOISY[1:], measurements=noisy, seeds=1)])))
    single = figures_of(made, [made.record(made.tasks[1].name, dataset="three_sources", seeds=1)], 1)
    drawn(single["figures/nakagawa2021_posterior_isometry.isometry.svg"])


def test_rows_without_any_measurement_are_drawn_as_not_applicable(made):
    record = made.record(made.tasks[1].name, dataset="three_sources", lost=range(5))
    canvas = drawn(figures_of(made, [record], 1)["figures/nakagawa2021_posterior_isometry.isometry.svg"])
    said, group = (t.get_text() for t in canvas.axes[0].texts)
    assert said and group == "three sources"


def test_an_architecture_without_the_measurement_keeps_an_empty_panel(made):
    def bare(rng):
        return [column("trained", None, 0, Measurement("energy", 1.0, 0.0, 1))]

    records = [made.record(claims=NOISY, measurements=noisy), made.record(arch="conv", claims=NOISY, measurements=bare)]
    figure = only(figures_of(made, records))
    assert {len(p.curves) > 0 for p in figure.panels if p.arch == "conv"} == {False}
    drawn(figure)


@pytest.mark.parametrize(
    ("knobs", "geometric"),
    [
        ((0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 1.0), True),
        ((0.0, 0.05, 0.1, 0.2, 0.4, 0.8), True),
        ((1.0, 2.0, 3.0, 4.0, 5.0), False),
        (tuple(range(5, 101, 5)), False),
        ((1.0, 2.0, 4.0), False),
        ((-1.0, 1.0, 10.0, 100.0), False),
        ((), False),
    ],
)
def test_knobs_spread_by_factors_are_drawn_so(knobs, geometric):
    assert is_geometric(knobs) == geometric


def test_the_axis_of_a_geometric_knob_is_logarithmic_and_takes_a_zero(made, canvas):
    assert canvas.axes[0].get_xscale() == "log"
    noise = only(figures_of(made, [made.record(claims=NOISY, measurements=noisy)]))
    assert drawn(noise).axes[0].get_xscale() == "symlog"


def test_forty_nine_variants_look_different():
    assert len({colour_and_marker(place) for place in range(98)}) == 98
    assert len({line_style(arm) for arm in ("trained", "analytic", "noisy target")}) == 3


def test_a_legend_has_as_many_columns_as_fit():
    assert legend_columns(8.0, ["vae"]) == 4
    assert legend_columns(3.0, ["x" * 60]) == 1
    assert legend_columns(3.0, []) == 4
