"""Laws of heat maps: they show the means of what was read, in its order, and their entries are listed nowhere else."""

import re
import xml.etree.ElementTree as ET
from dataclasses import replace

import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg

from vaebench.claims import Beyond, Claim, Measurement, column, map_entry, map_entry_name
from vaebench.report.figures.draw import board_style, draw, printed, svg
from vaebench.report.figures.prepare import task_pictures
from vaebench.report.figures.prepare_maps import AXES
from vaebench.report.figures.spec import HeatFigure
from vaebench.report.figures.stamp import inputs_hash, stamp
from vaebench.report.pages.task_page import task_page
from vaebench.report.rows.selection import select

LAYERS = ("encoder_1", "mean", "decoder_1")
STEPS = ("0", "20", "100")
CLAIMS = (Claim("first", "It leads.", (Beyond("lead_raw", 0, 1, 0),)),)
STEM = "figures/camuto2021_variance_frequency.digits"


def mapped(rng):
    """A lead at three strengths, and at the middle one two maps, the second without its last entry."""
    seen = [column("trained", knob, 0, Measurement("lead_raw", rng.normal(), 0.0, 1)) for knob in (1.0, 4.0, 8.0)]
    entries = [("to_the_end", step, layer, rng.uniform()) for step in STEPS for layer in LAYERS]
    entries += [("own", row, column, -0.2) for row in LAYERS for column in LAYERS][:-1]
    seen += [column("trained", 4.0, 0, Measurement(map_entry_name(*place), value, 0.0, 1)) for *place, value in entries]
    return [*seen, column("redrawn", 4.0, 0, Measurement(map_entry_name("own", "other", "other"), 9.0, 0.0, 1))]


def records(made, variants=("vae",), archs=("conv",)):
    return [made.record(variant=v, arch=a, claims=CLAIMS, measurements=mapped) for v in variants for a in archs]


def pictures_of(made, found):
    suite = made.judging(found)
    return task_pictures(suite.tasks[0], select(suite, found, True))


def figures_of(made, found):
    return {picture.path: picture.figure for picture in pictures_of(made, found)}


def test_the_name_of_an_entry_holds_its_place_and_no_other_name_does():
    assert map_entry(map_entry_name("a_b", "c_1", "20")) == ("a_b", "c_1", "20")
    assert map_entry("decoder_mean_degree") is map_entry("a__b") is None
    for parts in (("a__b", "c", "d"), ("a", "", "c"), ("a", "b_", "c"), ("a", "b", "_c")):
        with pytest.raises(ValueError, match=re.escape(str(parts))):
            map_entry_name(*parts)


def test_each_map_is_a_figure_for_each_architecture_beside_the_curves(made):
    paths = set(figures_of(made, records(made, archs=("conv", "mlp"))))
    maps = {f"{STEM}_{arch}_{name}.svg" for arch in ("conv", "mlp") for name in ("own", "to_the_end")}
    others = {
        f"{STEM}.svg",
        f"{STEM}_first.svg",
        *(STEM.replace("digits", f"{of}.svg") for of in ("verdicts", "first")),
    }
    assert paths == others | maps


def test_a_map_is_the_mean_over_seeds_in_the_order_of_measurement(made):
    (record,) = records(made)
    figure = figures_of(made, [record])[f"{STEM}_conv_to_the_end.svg"]
    (panel,) = figure.panels
    assert (panel.rows, panel.columns) == (STEPS, ("encoder 1", "mean", "decoder 1"))
    assert (figure.rows, figure.columns) == ("step", "layer")
    assert panel.title == "vae · σ = 4"
    values = {c.name: c.values for c in record.measurements}["to_the_end__20__decoder_1"]
    assert len(values) == 5
    assert panel.values[1][2] == pytest.approx(sum(values) / 5)


def test_an_entry_that_was_not_read_is_left_empty(made):
    (panel,) = figures_of(made, records(made))[f"{STEM}_conv_own.svg"].panels
    assert panel.values[2][2] is None and panel.values[0][0] == pytest.approx(-0.2)
    assert "other" not in panel.rows  # an entry of another arm


def test_a_map_has_a_panel_a_record(made):
    figure = figures_of(made, records(made, ("vae", "iwae", "beta_vae", "dip_vae_ii")))[f"{STEM}_conv_own.svg"]
    assert [panel.title.partition(" ")[0] for panel in figure.panels] == ["beta_vae", "dip_vae_ii", "iwae", "vae"]


def drawn(figure):
    with board_style():
        canvas = draw(figure)
        FigureCanvasAgg(canvas).draw()
    return canvas


@pytest.mark.parametrize("long", [False, True])
@pytest.mark.parametrize("panels", [1, 4])
def test_no_words_overlap_or_leave_the_picture(made, panels, long):
    name = "a_variant_whose_name_is_as_long_as_the_schema_lets_it_be_made_o" if long else "vae"
    for figure in figures_of(made, records(made, (name, "b", "c", "d")[:panels])).values():
        if not isinstance(figure, HeatFigure):
            continue
        canvas = drawn(replace(figure, what=max((what for what, _, _ in AXES.values()), key=len)))
        width, height = canvas.get_size_inches() * canvas.dpi
        texts = [t for ax in canvas.axes for t in (ax._left_title, ax.xaxis.label, ax.yaxis.label)]
        texts += [t for ax in canvas.axes for t in (*ax.get_xticklabels(), *ax.get_yticklabels())]
        boxes = [t.get_window_extent() for t in texts if t.get_text()]
        assert not [1 for i, a in enumerate(boxes) for b in boxes[i + 1 :] if a.padded(-1).overlaps(b.padded(-1))]
        assert all(b.x0 >= -1 and b.y0 >= -1 and b.x1 <= width + 1 and b.y1 <= height + 1 for b in boxes)


def test_colours_are_on_one_scale_from_0_to_1_and_what_lies_beyond_is_cut_off(made):
    canvas = drawn(figures_of(made, records(made, ("vae", "iwae")))[f"{STEM}_conv_own.svg"])
    images = [ax.images[0] for ax in canvas.axes if ax.images]
    assert len(images) == 2
    assert {(image.norm.vmin, image.norm.vmax) for image in images} == {(0.0, 1.0)}
    below, floor, settled, nearly = (tuple(images[0].to_rgba([[value]])[0, 0]) for value in (-0.2, 0.0, 0.93, 0.89))
    assert below == floor and settled != nearly


def test_an_svg_of_a_map_is_sound_deterministic_and_stamped(made):
    figure = figures_of(made, records(made))[f"{STEM}_conv_to_the_end.svg"]
    text = svg(figure)
    assert ET.fromstring(text).tag.endswith("svg")
    assert svg(figure) == text
    assert stamp(text).inputs == inputs_hash(figure)


def test_a_map_is_what_savefig_prints_to_the_pixel(made, saved):
    """Pixels were counted by the text's units, 72 in an inch, and the committed maps were stale."""
    figure = figures_of(made, records(made))[f"{STEM}_conv_to_the_end.svg"]
    with board_style():
        assert printed(draw(figure)) == saved(draw(figure))


def test_the_page_shows_maps_and_does_not_list_their_entries(made):
    suite = made.judging(records(made))
    task, chosen = suite.tasks[0], select(suite, records(made), True)
    page = task_page(task, chosen, pictures_of(made, records(made)), False)
    assert "## Maps" in page
    (alternative,) = re.findall(rf"!\[([^]]*)\]\({STEM}_conv_to_the_end\.svg\)", page)
    assert all(part in alternative for part in ("digits", "conv", "to the end"))
    tables = "\n".join(line for line in page.splitlines() if line.startswith("|"))
    assert "lead raw" in page and "encoder 1" not in tables
    assert "## Maps" not in task_page(task, chosen, (), False)
