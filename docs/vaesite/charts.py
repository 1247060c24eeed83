"""What all charts of the site share: the board's records, a chart with its name, and how charts look."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import altair

from vaebench.report.board import chosen, published
from vaebench.report.figures.style import OTHERS
from vaebench.report.rows.selection import Selection
from vaebench.report.suite import suite

LETTER = 12
"""Pixels of a label."""

NARROW = 500
"""A place for charts of fewer pixels is a telephone's. The page's program has the same number."""


@dataclass(frozen=True)
class Drawn:
    """A chart of the site.

    Attributes:
        spec: Vega-Lite.
        name: What a menu calls it; empty where it stands alone.
        says: What its marks are, in a sentence; empty where the page says it.
    """

    spec: dict[str, Any]
    name: str = ""
    says: str = ""


def chosen_records(checkout: Path) -> Selection:
    """Choose the records that the board of a checkout shows.

    Args:
        checkout: Where they are.

    Returns:
        The selection.
    """
    return chosen(checkout, suite(), published(checkout))


def as_wide_as_its_place(chart: Any, height: Any) -> Any:
    """Give a chart of one panel the width of its place.

    Args:
        chart: Of Altair.
        height: Pixels, or pixels a row.

    Returns:
        The chart.
    """
    fit = altair.AutoSizeParams(type="fit-x", contains="padding")
    return chart.properties(width="container", height=height, autosize=fit)


def vega_lite(chart: Any) -> dict[str, Any]:
    """Write a chart in the site's looks. A legend stands above it.

    Args:
        chart: Of Altair.

    Returns:
        Vega-Lite.
    """
    spec: dict[str, Any] = (
        chart.configure_axis(labelFontSize=LETTER, titleFontSize=LETTER, gridColor=OTHERS, gridOpacity=0.35)
        .configure_view(stroke=None)
        .configure_legend(labelFontSize=LETTER, titleFontSize=LETTER, symbolOpacity=1, orient="top", offset=8)
        .to_dict()
    )
    return spec
