"""Laws of figures: what they show is what was read, and drawing them is deterministic and legible."""

import html
import math
import re
import subprocess
import sys
import xml.etree.ElementTree as ET
from dataclasses import replace

import matplotlib
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.text import Text

from vaebench.claims import (
    Beyond,
    Claim,
    Exceeds,
    Measurement,
    Near,
    Trend,
    column,
    declined,
    t_interval,
)
from vaebench.report.figures.draw import board_style, draw, printed, svg
from vaebench.report.figures.draw_forest import AXIS, MARKS
from vaebench.report.figures.draw_grid import is_geometric
from vaebench.report.figures.prepare import task_pictures
from vaebench.report.figures.scales import kind_of
from vaebench.report.figures.spec import (
    CORRECTED,
    CurveFigure,
    ForestFigure,
    ForestPart,
    ForestPoint,
    ForestRow,
    OverviewFigure,
    TallyFigure,
    Trade,
    TradeFigure,
    TradePanel,
)
from vaebench.report.figures.stamp import inputs_hash, stamp
from vaebench.report.figures.style import (
    MARKERS,
    NETWORKS,
    SMALL,
    WIDTH,
    colour_and_marker,
    legend_columns,
    line_style,
)
from vaebench.report.received.sent import THIS_RUN, sent
from vaebench.report.rows.selection import select


def figures_of(made, records, place=0):
    suite = made.judging(records)
    return {one.path: one.figure for one in task_pictures(suite.tasks[place], select(suite, records, True))}


STEM = "figures/camuto2021_variance_frequency.digits"
FOREST = "figures/nakagawa2021_posterior_isometry"


def of_claim(figures, claim):
    """A claim's own figure over the knob."""
    return figures[f"{STEM}_{claim}.svg"]


@pytest.fixture(scope="module")
def four(made):
    return figures_of(made, [made.record(variant=v, arch=a) for v in ("vae", "beta_vae") for a in ("mlp", "conv")])


@pytest.fixture(scope="module")
def curves(four):
    return of_claim(four, "decoder_lipschitz")


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


def test_a_claim_has_a_figure_and_a_task_one_of_all_verdicts_and_one_of_all_measurements(made, records):
    claims = [claim.id for claim in made.claims[made.tasks[0].name]]
    of_task = STEM.removesuffix("digits")
    assert list(figures_of(made, records, 0)) == [
        f"{of_task}verdicts.svg",
        *(path for claim in claims for path in (f"{of_task}{claim}.svg", f"{STEM}_{claim}.svg")),
        *(f"{STEM}{part}.svg" for part in ("", "_beside")),
    ]
    claims = ("verdicts", "isometry", "orthogonality", "density", "importance")
    assert list(figures_of(made, records, 1)) == [f"{FOREST}.{claim}.svg" for claim in claims]


def test_presets_have_figures_of_their_own(made):
    paths = figures_of(made, [made.record(), made.record(preset="paper"), made.record(preset="quick")])
    ends = (".svg", ".paper.svg", ".quick.svg")
    plain = [path for path in paths if path.count(".") == 2]
    assert set(paths) == {path.removesuffix(".svg") + end for path in plain for end in ends}


def test_a_figures_name_cannot_leave_its_folder(made):
    claims = (Claim("../../x y", "It sums.", (Near("energy", 1.0, 0.1, 0.0),)),)
    record = made.record(made.tasks[1].name, dataset="three_sources", claims=claims)
    assert list(figures_of(made, [record], 1)) == [f"{FOREST}.verdicts.svg", f"{FOREST}.______x_y.svg"]


def test_nobody_elses_records_crowd_the_figures_but_a_previewed_runs(made):
    theirs = [sent(made.record(variant="new_vae", code="1" * 16), sender) for sender in ("alice", THIS_RUN)]

    def panels(*submissions, records=()):
        chosen = select(made.suite, list(records), False, submissions)
        figure = {one.path: one.figure for one in task_pictures(made.suite.tasks[0], chosen)}[f"{STEM}_robustness.svg"]
        return [panel.title for panel in figure.panels]

    assert panels(theirs[0], records=[made.record()]) == ["vae"]
    assert panels(theirs[1], records=[made.record()]) == [f"new_vae ({THIS_RUN})", "vae"]
    assert panels(theirs[0]) == ["new_vae (from alice)"]


def test_a_network_that_only_others_sent_is_drawn_where_a_task_has_no_other_record(made):
    elsewhere = made.record(made.tasks[1].name, dataset=made.tasks[1].datasets[0])
    theirs = sent(made.record(variant="new_vae", arch="conv", code="1" * 16), "alice")
    pictures = task_pictures(made.suite.tasks[0], select(made.suite, [elsewhere], False, [theirs]))
    assert pictures and all(svg(one.figure) for one in pictures)


def test_measurements_are_those_of_the_claims_and_what_is_reported_only_has_its_own_figure(four):
    judged, beside = (four[f"{STEM}{part}.svg"] for part in ("", "_beside"))
    assert isinstance(judged, OverviewFigure)
    named = ["decoder high frequency share", "decoder mean degree", "decoder lipschitz mean", "decoder lipschitz max"]
    assert [panel.title for panel in judged.panels] == [*named, "encoder mean degree", "attack damage"]
    assert [panel.title for panel in beside.panels] == ["encoder lipschitz mean", "reconstruction error"]
    assert {(len(panel.curves), len(panel.others)) for panel in (*judged.panels, *beside.panels)} == {(2, 2)}


def test_an_overview_has_the_plain_vae_in_colour_or_the_previewed_run_and_says_so(made, four):
    judged = four[f"{STEM}.svg"]
    assert judged.variant == "vae"
    canvas = drawn(judged)
    assert canvas.get_suptitle().startswith("digits: vae in colour")
    for ax, panel in zip(canvas.axes, judged.panels, strict=True):
        behind, *lines = ax.lines
        assert [y for y in behind.get_ydata() if not math.isnan(y)] == [y for c in panel.others for y in c.mean]
        assert [line.get_color() for line in lines] == list(NETWORKS[:2])
    theirs = sent(made.record(variant="new_vae", code="1" * 16), THIS_RUN)
    chosen = select(made.suite, [made.record()], False, [theirs])
    figure = {one.path: one.figure for one in task_pictures(made.suite.tasks[0], chosen)}[f"{STEM}.svg"]
    assert figure.variant == f"new_vae ({THIS_RUN})"


def test_a_curve_is_the_mean_over_seeds_with_its_interval(made, curves):
    record = made.record(variant="vae", arch="mlp")
    assert (curves.measurement, [panel.title for panel in curves.panels]) == (
        "decoder lipschitz mean",
        ["beta_vae", "vae"],
    )
    curve = next(c for c in curves.panels[1].curves if (c.network, c.arm) == ("mlp", "trained"))
    own = [c for c in record.measurements if (c.name, c.arm) == ("decoder_lipschitz_mean", "trained")]
    spread = [t_interval(c.values) for c in own]
    assert curve.x == tuple(c.knob for c in own)
    assert curve.mean == tuple(i.estimate for i in spread)
    assert (curve.low, curve.high) == (tuple(i.low for i in spread), tuple(i.high for i in spread))


def test_one_variant_is_in_colour_and_the_others_are_grey(four, curves):
    canvas = drawn(curves)
    for ax, panel in zip(canvas.axes, curves.panels, strict=True):
        assert ax._left_title.get_text() == panel.title
        behind, *lines = ax.lines
        (other,) = (p for p in curves.panels if p is not panel)
        expected = [value for c in other.curves if c.arm == "trained" for value in c.mean]
        assert [y for y in behind.get_ydata() if not math.isnan(y)] == expected
        assert behind.get_color() not in NETWORKS
        assert {line.get_color() for line in lines if line.get_linestyle() == "-"} == set(NETWORKS[:2])


def test_models_that_are_the_same_share_a_panel(made):
    one = made.record(variant="vae")
    same = [one.model_copy(update={"subject": made.record(variant=name).subject}) for name in ("a_vae", "z_vae")]
    figure = of_claim(figures_of(made, [one, *same, made.record(variant="beta_vae")]), "robustness")
    assert [panel.title for panel in figure.panels] == ["beta_vae", "vae = a_vae = z_vae"]
    tally = figures_of(made, [one, *same])["figures/camuto2021_variance_frequency.verdicts.svg"]
    assert isinstance(tally, TallyFigure)
    assert {sum(row.published) for row in tally.rows} == {1}


def test_a_control_that_is_the_same_for_all_networks_is_drawn_once_and_one_that_differs_for_each(made, curves):
    assert [c.network for c in curves.panels[0].curves if c.arm == "analytic"] == [""]
    records = [made.record(arch=a, claims=NOISY, measurements=noisy) for a in ("mlp", "conv")]
    (panel,) = of_claim(figures_of(made, records), "a").panels
    assert sorted(c.network for c in panel.curves if c.arm == "analytic") == ["conv", "mlp"]


def test_regions_are_those_of_the_claims(made):
    gap = of_claim(figures_of(made, [made.record(claims=NOISY, measurements=noisy)]), "b")
    assert (gap.low, gap.high) == (0.2, pytest.approx(0.6))
    assert "0.2" in gap.claimed and "0.4" in gap.claimed
    assert gap.measurement == "gap [nat]"
    limit = (Claim("b", "It is.", NOISY[1].conditions[1:]),)
    figure = of_claim(figures_of(made, [made.record(claims=limit, measurements=noisy)]), "b")
    assert (figure.low, figure.high) == (0.5, None)
    assert "0.5" in figure.claimed


def test_a_forest_has_a_row_a_record_the_controls_and_a_mark_a_statistic(made, forests):
    figure = forests[f"{FOREST}.density.svg"]
    assert isinstance(figure, ForestFigure)
    for part in figure.parts:
        assert [row.group for row in part.rows] == sorted(row.group for row in part.rows)
    assert len(figure.rows) == 3 and len(figure.measurements) == 5
    by_place = {(row.group, row.label): {p.arm for p in row.points} for row in figure.rows}
    assert by_place["linear_gaussian_sources", "vae · mlp"] == {"trained", "analytic"}
    assert by_place["three_sources", "vae · mlp"] == {"trained"}
    assert not any(row.label.startswith("linear") for row in figure.rows)  # to these the claim does not apply
    words = {row.group: row.words for row in figure.rows}
    record = made.record(made.tasks[1].name, "vae", "mlp", "bimodal_sources")
    verdict = next(v for v in record.verdicts if v.claim == "density")
    assert words["bimodal_sources"] == tuple(check.word for check in verdict.checks)
    texts = [text.get_text() for ax in drawn(figure).axes for text in ax.texts]
    assert texts.count("✗") == sum(word == "fails" for row in figure.rows for word in row.words) > 0


def test_a_forest_shows_of_each_model_the_statistic_that_decides_for_it(made, forests):
    figure = forests[f"{FOREST}.density.svg"]
    part = next(part for part in figure.parts if "bimodal_sources" in {row.group for row in part.rows})
    record = made.record(made.tasks[1].name, "vae", "mlp", "bimodal_sources")
    checks = next(v for v in record.verdicts if v.claim == "density").checks
    assert checks[part.column].word == "fails" and checks[0].word != "fails"
    assert (part.low, part.high) == (checks[part.column].low, checks[part.column].high)
    row = next(row for row in part.rows if row.group == "bimodal_sources")
    assert row.points[0].estimate == checks[part.column].interval.estimate


def test_no_drawn_estimate_contradicts_its_models_verdict(made):
    """Two models whose verdicts rest on different statistics: once both were drawn at the first one's."""

    def reading(first, second):
        def read(rng):
            return [
                column("trained", None, 0, Measurement("a", first + 0.01 * rng.normal(), 0.0, 1)),
                column("trained", None, 0, Measurement("b", second + 0.01 * rng.normal(), 0.0, 1)),
            ]

        return read

    claims, name = (Claim("ab", "Both are.", (Beyond("a", 0.0, 1.0, -1.0), Beyond("b", 0.0, 1.0, -1.0))),), FOREST[8:]
    records = [
        made.record(name, variant, dataset="three_sources", claims=claims, measurements=reading(*at))
        for variant, at in (("vae", (-0.5, 0.5)), ("beta_vae", (0.5, -0.5)), ("iwae", (0.4, -0.6)))
    ]
    figure = figures_of(made, records, 1)[f"{FOREST}.ab.svg"]
    by_part = [(part.column, [row.label for row in part.rows]) for part in figure.parts]
    assert by_part == [(0, ["vae · mlp"]), (1, ["beta_vae · mlp", "iwae · mlp"])]
    assert all(row.points[0].estimate < 0 for row in figure.rows)
    for ax, part in zip(drawn(figure).axes, figure.parts, strict=True):
        marks = [line for line in ax.lines if line.get_marker() == MARKS["fails"].marker]
        assert [line.get_color() for line in marks] == [MARKS["fails"].colour] * len(part.rows)


def test_models_that_are_the_same_are_one_row_of_a_forest(made):
    name = made.tasks[1].name
    one = made.record(name, "vae", "mlp", "three_sources")
    other = made.record(name, "a_longer_named_vae", "mlp", "three_sources")
    same = one.model_copy(update={"subject": other.subject})
    figure = figures_of(made, [one, same], 1)[f"{FOREST}.density.svg"]
    assert [row.label for row in figure.rows] == ["vae = a_longer_named_vae · mlp"]
    (label,) = (label.get_text() for label in drawn(figure).axes[0].get_yticklabels())
    assert " ".join(label.split()) == figure.rows[0].label and label.count("\n") == 1


def test_along_a_knob_a_forest_draws_the_value_that_is_worst_for_the_claim(made):
    def at_two(rng):
        return [
            column("trained", knob, 0, Measurement("gain", value + 0.001 * rng.normal(), 0.0, 1))
            for knob, value in ((0.1, 0.5), (0.4, -0.3))
        ]

    claims = (Claim("gain", "There is gain.", (Beyond("gain", 0.0, 1.0, -1.0),)),)
    figure = figures_of(made, [made.record(claims=claims, measurements=at_two)])[
        f"{STEM.removesuffix('digits')}gain.svg"
    ]
    ((row,),) = (part.rows for part in figure.parts)
    assert row.words == ("fails",)
    assert row.points[0].estimate == pytest.approx(-0.3, abs=0.01)


def test_an_overview_colours_a_variant_that_it_draws(made):
    """Bonheme's had the plain VAE's name above grey lines alone: it has no strengths."""

    def plain(rng):
        return [column("trained", None, 0, Measurement("encoder_lipschitz", 1.0, 0.0, 1))]

    def varied(rng):
        return noisy(rng, (0.1, 0.2, 0.4))

    records = [made.record(variant="vae", claims=NOISY, measurements=plain)]
    records += [made.record(variant="a_vae", claims=NOISY, measurements=varied)]
    records += [made.record(variant="b_vae", arch=arch, claims=NOISY, measurements=varied) for arch in ("mlp", "conv")]
    figure = figures_of(made, records)[f"{STEM}.svg"]
    assert figure.variant == "b_vae"  # of two networks
    assert all(panel.curves for panel in figure.panels)


def test_each_word_of_a_verdict_has_a_mark_of_its_own():
    looks = [(mark.colour, mark.marker, mark.filled) for mark in MARKS.values()]
    assert set(MARKS) == {"holds", "fails", "undecided"} and len(set(looks)) == 3


def test_an_interval_on_one_side_of_an_undecided_row_is_explained(made):
    """An interval outside, beside a question mark, would be a riddle."""
    point = ForestPoint("trained", -0.03, -0.04, -0.02)
    part = ForestPart(
        "gain",
        0,
        0.0,
        None,
        (ForestRow("digits", "vae · mlp", "undecided", ("undecided",), ("?",), (point,), CORRECTED),),
    )
    texts = [text.get_text() for text in drawn(ForestFigure(("gain",), (part,))).findobj(Text)]
    assert any(text.startswith(f"{CORRECTED}  on one side") for text in texts)
    assert f"vae · mlp, {CORRECTED}" in texts


def test_one_far_estimate_is_an_arrow_with_its_number_and_squeezes_nobody(made):
    def spread(rng):
        return [column("trained", None, 0, Measurement("gain", rng.normal(0, 0.01), 0.0, 1))]

    def far(rng):
        return [column("trained", None, 0, Measurement("gain", 40 + rng.normal(0, 0.01), 0.0, 1))]

    claims = (Claim("gain", "There is gain.", (Beyond("gain", 0.0, 1.0, -1.0),)),)
    names = [f"v{letter}" for letter in "abcdefghijkl"]
    records = [
        made.record(
            made.tasks[1].name,
            name,
            dataset="three_sources",
            claims=claims,
            measurements=far if name == "vc" else spread,
        )
        for name in names
    ]
    ax = drawn(figures_of(made, records, 1)[f"{FOREST}.gain.svg"]).axes[0]
    assert ax.get_xlim()[1] < 1.0
    (arrow,) = (text.get_text() for text in ax.texts if "▸" in text.get_text())
    assert float(arrow.split()[0]) == pytest.approx(40.0, abs=0.1)


def test_a_tolerance_is_seen_although_a_control_is_far():
    assert kind_of([0.004, 0.02, 1.75], None, 0.05) == "log"
    assert kind_of([-2.4, 0.02, 1.5], -0.1, 0.1) == "symlog"
    assert kind_of([0.98, 1.02, 1.2], 0.95, 1.05) == "linear"
    assert kind_of([], 0.0, 1.0) == "linear"


@pytest.mark.parametrize("values", [(0.004, 0.02, 1.75), (0.92, -9.0, 14.0)])
def test_the_claimed_region_takes_a_tenth_of_a_forests_axis(made, values):
    def reading(at):
        return lambda rng: [column("trained", None, 0, Measurement("r", at * (1 + 0.01 * rng.normal()), 0.0, 1))]

    condition = Beyond("r", 0.05, 0.0, 1.0) if min(values) > 0 else Near("r", 1.0, 0.1, 0.0)
    claims, name = (Claim("r", "It is near.", (condition,)),), made.tasks[1].name
    records = [
        made.record(name, variant, dataset="three_sources", claims=claims, measurements=reading(at))
        for variant, at in zip(("vae", "beta_vae", "iwae"), values, strict=True)
    ]
    figure = figures_of(made, records, 1)[f"{FOREST}.r.svg"]
    ax = drawn(figure).axes[0]
    corners = [(end, 0) for end in (figure.parts[0].low or 0.004, figure.parts[0].high)]
    ends = ax.transAxes.inverted().transform(ax.transData.transform(corners))
    assert ends[1, 0] - ends[0, 0] > 0.1
    assert ends[0, 0] >= 0 and ends[1, 0] <= 1


def test_a_forest_says_of_how_many_seeds_an_estimate_is(made):
    seeds = iter(range(5))

    def collapsed_once(rng):
        name, seed = "t2_deviation", next(seeds)
        gone = declined(name, "every latent unit has collapsed", "model")
        return [column("trained", None, 0, Measurement(name, 0.01 * seed, 0.0, 1) if seed else gone)]

    claims = (Claim("isometry", "T2 is 1.", (Near("t2_deviation", 0, 0.05, 1.0),)),)
    record = made.record(made.tasks[1].name, dataset="three_sources", claims=claims, measurements=collapsed_once)
    figure = figures_of(made, [record], 1)[f"{FOREST}.isometry.svg"]
    assert [row.note for row in figure.rows] == ["4 of 5"]
    (label,) = (label.get_text() for label in drawn(figure).axes[0].get_yticklabels())
    assert label.endswith(", 4\u00a0of\u00a05")


def test_a_task_whose_measurements_lack_the_knob_has_no_figure(made):
    def energy(rng):
        return [column("trained", None, 0, Measurement("energy", 1.0, 0.0, 1))]

    (path,) = figures_of(made, [made.record(measurements=energy)])
    assert path.endswith(".verdicts.svg")


def test_an_svg_is_sound_deterministic_and_says_what_it_was_drawn_from(forests):
    figure = forests[f"{FOREST}.isometry.svg"]
    text = svg(figure)
    assert ET.fromstring(text).tag.endswith("svg")
    assert svg(figure) == text
    assert stamp(text).inputs == inputs_hash(figure)
    assert "<dc:date>" not in text and "Matplotlib v" not in text


def test_the_users_own_style_touches_nothing_and_is_left_alone(forests):
    figure = forests[f"{FOREST}.isometry.svg"]
    text = svg(figure)
    with matplotlib.rc_context({"font.size": 30.0, "svg.hashsalt": "mine", "axes.facecolor": "red"}):
        assert svg(figure) == text
        assert matplotlib.rcParams["font.size"] == 30.0


def test_a_picture_is_what_savefig_prints(four, forests, saved):
    """It is laid out by our own hand, for ``savefig`` would draw it twice."""
    for figure in (of_claim(four, "robustness"), forests[f"{FOREST}.isometry.svg"]):
        with board_style():
            assert printed(draw(figure)) == saved(draw(figure))


def test_drawing_leaves_pyplot_alone():
    # In a process of its own: what else is tested here may import pyplot for itself.
    code = "import sys, vaebench.report.figures.draw; sys.exit('matplotlib.pyplot' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_letters_have_one_family_with_a_fallback_and_no_text_is_heavier_than_it_must_be(forests):
    """matplotlib 3.11 wrote the family on each text, which overrode the fallback, and a turn by nothing."""
    drawing = svg(forests[f"{FOREST}.isometry.svg"])
    assert drawing.count("font-family") == 1 and "Verdana" in drawing
    assert "rotate(-0" not in drawing
    assert "<text " in drawing and '<g id="text_' not in drawing


def test_an_edited_svg_loses_its_stamp(forests):
    text = svg(forests[f"{FOREST}.isometry.svg"])
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


def all_texts(canvas):
    texts = [*canvas.texts]
    texts += [t for legend in canvas.legends for t in legend.get_texts()]
    for ax in canvas.axes:
        texts += [*ax.texts]
        if ax.axison:
            texts += [*shown_labels(ax.xaxis), *shown_labels(ax.yaxis), ax.xaxis.label, ax.yaxis.label, ax._left_title]
    return [text for text in texts if text.get_text().strip() and text.get_visible()]


def some_figures(made, name):
    """One of each kind."""
    knob = figures_of(made, [made.record(variant=v, arch=a) for v in (name, "b") for a in ("mlp", "conv")])
    noise = figures_of(made, [made.record(variant=name, claims=NOISY, measurements=noisy)])
    crowd = figures_of(made, [made.record(variant=name, claims=NOISY[1:], measurements=crowded)])
    plain = figures_of(made, [made.record(made.tasks[1].name, name, "mlp", d) for d in made.tasks[1].datasets], 1)
    return {
        **knob,
        **{f"noise {k}": v for k, v in noise.items()},
        **{f"crowd {k}": v for k, v in crowd.items()},
        **plain,
    }


@pytest.mark.parametrize("long", [False, True])
def test_no_words_overlap_or_leave_the_picture_and_none_is_too_small_for_a_phone(made, long):
    name = "a_variant_whose_name_is_as_long_as_the_schema_lets_it_be_made_o" if long else "vae"
    for path, figure in some_figures(made, name).items():
        canvas = drawn(figure)
        texts = all_texts(canvas)
        assert overlapping(texts) == [], path
        width, height = canvas.get_size_inches() * canvas.dpi
        assert canvas.get_size_inches()[0] == WIDTH <= 3.75  # 360 pixels: a page of 390 has 358
        for text in texts:
            box = text.get_window_extent()
            assert box.x0 >= -1 and box.x1 <= width + 1 and box.y0 >= -1 and box.y1 <= height + 1, (path, text)
            assert text.get_fontsize() >= SMALL, text
    assert SMALL * 96 / 72 * 358 / (96 * WIDTH) > 9  # pixels on the phone


def test_a_figure_weighs_tens_of_kilobytes_and_its_text_is_text(made, records):
    figures = figures_of(made, records) | figures_of(made, records, 1)
    for path, figure in figures.items():
        text = svg(figure)
        assert len(text) < 100_000, path
        written = {re.sub(r"<[^>]+>", "", found) for found in re.findall(r"<text[^>]*>.*?</text>", text)}
        names = {word for one in written for word in html.unescape(one).split()}
        if isinstance(figure, CurveFigure):
            assert set(figure.measurement.split()) <= names
            assert {panel.title for panel in figure.panels} <= {html.unescape(one) for one in written}


@pytest.fixture(scope="module")
def canvas(curves):
    return drawn(curves)


def test_panels_of_small_multiples_share_their_scales(canvas):
    assert len({ax.get_ylim() for ax in canvas.axes}) == len({ax.get_xlim() for ax in canvas.axes}) == 1


def test_a_wide_band_of_two_seeds_does_not_flatten_the_curves(made):
    def swinging(rng):
        swing = math.exp(rng.normal(0, 1))
        return [
            replace(one, values=tuple(value * swing for value in one.values)) for one in noisy(rng, (0.1, 1.0, 3.0))
        ]

    figure = of_claim(figures_of(made, [made.record(claims=NOISY[:1], measurements=swinging, seeds=2)]), "a")
    assert max(end for panel in figure.panels for curve in panel.curves for end in curve.high) > 8
    (ax,) = drawn(figure).axes
    means = [value for panel in figure.panels for curve in panel.curves for value in curve.mean]
    low, high = ax.get_ylim()
    assert low < min(means) and max(means) < high
    assert high - low <= 2.01 * (max(means) - min(means))
    assert low > -0.06 * (max(means) - min(means))  # measurements that are never negative


def test_one_seed_is_drawn_without_a_band(made):
    single = figures_of(made, [made.record(claims=NOISY[1:], measurements=noisy, seeds=1)])
    single |= figures_of(made, [made.record(made.tasks[1].name, dataset="three_sources", seeds=1)], 1)
    for figure in single.values():
        assert not any(ax.collections for ax in drawn(figure).axes)


def test_rows_without_any_measurement_are_drawn_as_such(made):
    record = made.record(made.tasks[1].name, dataset="three_sources", lost=range(5))
    canvas = drawn(figures_of(made, [record], 1)[f"{FOREST}.isometry.svg"])
    texts = [t.get_text().strip() for t in canvas.axes[0].texts]
    assert {"no estimate", "three_sources", "?"} <= set(texts)


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
    noise = of_claim(figures_of(made, [made.record(claims=NOISY, measurements=noisy)]), "a")
    assert drawn(noise).axes[0].get_xscale() == "symlog"


def test_five_networks_look_different():
    assert len({colour_and_marker(place)[0] for place in range(5)}) == len({*MARKERS}) == 5
    assert len({line_style(arm) for arm in ("trained", "analytic", "noisy target")}) == 3


def test_a_legend_has_as_many_columns_as_fit():
    assert legend_columns(8.0, ["vae"]) == 4
    assert legend_columns(3.0, ["x" * 60]) == 1
    assert legend_columns(3.0, []) == 4


def trades(*of):
    """A trade-off with a panel for each (benefits, costs, compared, interval)."""
    panels = [
        TradePanel(f"v{place}", (Trade("mlp", benefits, costs, compared, *ends),))
        for place, (benefits, costs, compared, *ends) in enumerate(of)
    ]
    return TradeFigure("cost", "benefit", "course", "compared", ("mlp",), tuple(panels))


def test_a_wide_interval_of_few_seeds_does_not_stretch_a_trade_offs_axis():
    course = (1.0, 1.5, 2.0), (0.6, 0.7, 0.8)
    calm, wild = (draw_ends(trades((*course, (1.8, 0.65), 0.65 - half, 0.65 + half))) for half in (0.01, 5.0))
    assert calm == wild
    assert 0.6 * (calm[1] - calm[0]) < 0.8 - 0.6


def draw_ends(figure):
    return drawn(figure).axes[0].get_ylim()


def test_a_trade_off_that_is_far_from_all_others_squeezes_nobody_and_says_where_it_is():
    near = [((1.0, 1.5, 2.0), (0.6, 0.7, 0.8), (1.8, 0.65), 0.6, 0.7)] * 3
    far = ((7.0, 12.0, 19.0), (0.98, 0.99, 1.0), (18.0, 1.0), 0.99, 1.0)
    canvas = drawn(trades(*near, far))
    assert canvas.axes[0].get_xlim()[1] < 3 and canvas.axes[0].get_ylim()[1] < 0.9
    assert [[text.get_text() for text in ax.texts] for ax in canvas.axes] == [[], [], [], ["7 to 19 ▸"]]


def test_an_axis_has_room_however_many_measurements_a_claim_judges(made):
    """The columns of marks of six attacks, with two statistics each, had left 16 pixels."""
    names = [f"m{n}" for n in range(7)]
    claims = (Claim("many", "All are.", tuple(Beyond(name, 0.0, 1.0, -1.0) for name in names)),)

    def read(rng):
        return [column("trained", None, 0, Measurement(name, rng.normal(1, 0.01), 0.0, 1)) for name in names]

    records = [
        made.record(FOREST[8:], name, dataset="three_sources", claims=claims, measurements=read)
        for name in ("vae", "a_variant_with_a_name_of_many_letters")
    ]
    canvas = drawn(figures_of(made, records, 1)[f"{FOREST}.many.svg"])
    assert min(ax.get_position().width * canvas.get_figwidth() for ax in canvas.axes) >= AXIS - 1e-9


def test_statistics_of_one_measurement_share_a_column(made):
    figure = of_claim(figures_of(made, [made.record(claims=NOISY, measurements=noisy)]), "b")
    assert figure.where == "digits"
    forest = figures_of(made, [made.record()])[f"{STEM[:-7]}.robustness.svg"]
    statistics = [check.statistic for v in made.record().verdicts if v.claim == "robustness" for check in v.checks]
    assert len(forest.measurements) == len({one.partition(":")[0] for one in statistics}) < len(statistics)
    assert all(row.words[part.column] == row.word for part in forest.parts for row in part.rows)
