"""Draw small multiples over the knob: one measurement by variant, or many measurements side by side."""

from matplotlib.figure import Figure as Canvas
from matplotlib.patches import Patch

from vaebench.report.figures.draw_grid import (
    arm_handles,
    band_handle,
    behind_handle,
    draw_behind,
    draw_curve,
    grid,
    headed,
    legend,
    network_handles,
    scale_height,
    scale_knob,
    title,
)
from vaebench.report.figures.spec import CurveFigure, OverviewFigure
from vaebench.report.figures.style import REGION

HEIGHT = 0.98
"""Inches of a row of panels."""

SPARE = 1.12
"""The same where panels have axes of their own."""


def draw_curves(figure: CurveFigure) -> Canvas:
    """Draw one measurement, a panel a variant: in colour its networks, in grey the other variants.

    Args:
        figure: At least one panel.

    Returns:
        matplotlib's figure, in the style that is set.
    """
    canvas, axes = grid(len(figure.panels), HEIGHT, _said(figure), share=True)
    curves = [curve for panel in figure.panels for curve in panel.curves]
    ends = scale_height(axes[0], curves, figure.low, figure.high)
    for panel, ax in zip(figure.panels, axes, strict=True):
        others = (o for other in figure.panels if other is not panel for o in other.curves if o.arm == "trained")
        draw_behind(ax, [(curve.x, curve.mean) for curve in others])
        for curve in panel.curves:
            draw_curve(ax, curve, figure.networks)
        title(ax, panel.title)
        if figure.low is not None or figure.high is not None:
            low, high = (
                end if given is None else given for given, end in zip((figure.low, figure.high), ends, strict=True)
            )
            ax.axhspan(low, high, color=REGION, zorder=0)
    axes[0].set_ylim(*ends)
    scale_knob(axes[0], sorted({x for curve in curves for x in curve.x}))
    drawn = {curve.network for curve in curves if curve.arm == "trained"}
    handles = [*network_handles(figure.networks, drawn), *arm_handles({curve.arm for curve in curves})]
    handles += [behind_handle()] if len(figure.panels) > 1 else []
    handles.append(band_handle())
    if figure.low is not None or figure.high is not None:
        handles.append(Patch(color=REGION, linewidth=0, label="claimed"))
    legend(canvas, handles)
    return canvas


def draw_overview(figure: OverviewFigure) -> Canvas:
    """Draw many measurements, a panel each: in colour the networks of one variant, in grey the other variants.

    Args:
        figure: At least one panel.

    Returns:
        matplotlib's figure, in the style that is set.
    """
    said = headed(figure.where, f"{figure.variant} in colour, over the {figure.knob}")
    canvas, axes = grid(len(figure.panels), SPARE, said, share=False)
    for panel, ax in zip(figure.panels, axes, strict=True):
        every = (*panel.curves, *panel.others)
        draw_behind(ax, [(curve.x, curve.mean) for curve in panel.others])
        for curve in panel.curves:
            draw_curve(ax, curve, figure.networks, band=False)
        scale_height(ax, every, None, None)
        title(ax, panel.title)
        scale_knob(ax, sorted({x for curve in every for x in curve.x}))
    drawn = {curve.network for panel in figure.panels for curve in panel.curves}
    behind = [behind_handle()] if any(panel.others for panel in figure.panels) else []
    legend(canvas, [*network_handles(figure.networks, drawn), *behind])
    return canvas


def _said(figure: CurveFigure) -> str:
    return headed(figure.where, f"{figure.measurement} over the {figure.knob} ({figure.claimed})")
