"""Draw a forest plot: for each model the statistic of a claim that decided, with a mark for each other."""

import math
import string
from collections.abc import Sequence
from dataclasses import dataclass

from matplotlib.axes import Axes
from matplotlib.figure import Figure as Canvas
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from vaebench.claims import VerdictWord
from vaebench.report.figures.draw_grid import BOLD
from vaebench.report.figures.scales import ScaleKind, kind_of, scale
from vaebench.report.figures.spec import CORRECTED, OTHERWISE, ForestFigure, ForestPart, ForestPoint, ForestRow
from vaebench.report.figures.style import CONTROL, FAINT, NETWORKS, REGION, SMALL, WIDTH, WORDS, wrapped
from vaebench.report.words.format import rounded
from vaebench.report.words.markdown import SYMBOLS

HOLLOW = ("D", "s", "^", "v")
"""Markers of the controls."""

ROW = 0.165
"""Inches of a row."""

MARK = 0.16
"""Inches of a column of marks, where there is room."""

LETTERS = string.ascii_lowercase
"""What columns are called: the page numbers conditions, and a measurement may have several."""

NARROW = 0.13
"""Inches of one where there are many."""

AXIS = 1.05
"""Inches of an axis at the least."""

FAR = 0.4
"""An estimate is far if the axis without it is shorter than this share."""

NAME = 0.058
"""Inches of a letter of a row's name."""

MOST_NAME = 1.5
"""Inches of a row's name at most."""

NO_BREAK_OF = "\u00a0of\u00a0"

TWICE = 0.7
"""A name's second line takes so much of a row more."""

NOTES = {
    CORRECTED: "on one side, but not after the correction for several statistics",
    OTHERWISE: "undecided for another reason, which the table below gives",
    "(": "the measure does not find all that was planted, and decides nothing under controls",
}
"""What a note beside a row's name means, or the sign that a mark begins with."""

TICK = 0.42
"""Inches of an axis for each of its ticks."""

BELOW = 0.32
"""Inches below an axis, for its ticks and before what follows."""


@dataclass(frozen=True)
class Mark:
    """How an estimate is drawn.

    Attributes:
        colour: Of the palette.
        marker: matplotlib's.
        size: Points.
        filled: Whether it is.
    """

    colour: str
    marker: str
    size: float
    filled: bool


MARKS: dict[VerdictWord, Mark] = {
    "holds": Mark(NETWORKS[0], "o", 3.6, filled=True),
    "fails": Mark(NETWORKS[1], "X", 4.2, filled=True),
    "undecided": Mark(NETWORKS[0], "o", 3.6, filled=False),
}
"""How the estimate of a judged model is drawn, by what its statistic says."""


@dataclass(frozen=True)
class _Place:
    """A part with its title and its rows' names, in lines, its axis, and where it stands.

    `top` and `body` are inches from the picture's top and of the axis, `heights` units of `ROW` from the axis' top.
    """

    part: ForestPart
    said: str
    names: tuple[str, ...]
    kind: ScaleKind
    ends: tuple[float, float]
    top: float
    heights: tuple[float, ...]
    body: float


def draw_forest(figure: ForestFigure) -> Canvas:
    """Draw a forest plot: below one another an axis for each statistic that decides, with the models it decides for.

    Args:
        figure: At least one row.

    Returns:
        matplotlib's figure, in the style that is set.
    """
    hollow, rows = _hollow(figure), figure.rows
    columns = len(figure.measurements)
    wide = WIDTH - 0.16 - AXIS
    longest = NAME * max(len(name) for row in rows for name in (_name(row), row.group))
    room = min(MOST_NAME, longest, wide - NARROW * columns)
    mark = min(MARK, (wide - room) / columns)
    places = _places(figure, room)
    key = [wrapped(line, 1.05 * WIDTH, 2) for line in _key(figure)]
    handles = _legend(figure, places)
    foot = 0.1 + 0.13 * math.ceil(len(handles) / 2)
    lines = sum(one.count("\n") + 1 for one in key)
    height = places[-1].top + places[-1].body + BELOW + 0.125 * lines + foot
    canvas = Canvas(figsize=(WIDTH, height), layout=None)
    left, right = 0.08 + room, WIDTH - 0.08 - mark * columns
    for place in places:
        y = 1 - place.top / height
        canvas.text(0.01, y, place.said, ha="left", va="bottom", fontsize=8.0, weight="bold", linespacing=1.2)
        bottom = 1 - (place.top + place.body) / height
        ax = canvas.add_axes((left / WIDTH, bottom, (right - left) / WIDTH, place.body / height))
        ax.set_ylim(place.body / ROW - 0.4, -0.4)
        _draw_rows(ax, place, hollow, right - left)
        _name_rows(ax, place)
        _write_marks(ax, place, columns, mark / (right - left))
    canvas.text(0.01, foot / height, "\n".join(key), fontsize=SMALL, va="bottom", linespacing=1.25)
    canvas.legend(handles=handles, loc="lower left", ncols=2, fontsize=SMALL, borderaxespad=0.1)
    return canvas


def _places(figure: ForestFigure, room: float) -> list[_Place]:
    """Stack the parts, each below its title."""
    several = len(figure.measurements) > 1
    places: list[_Place] = []
    for part in figure.parts:
        said = wrapped(f"{LETTERS[part.column]}  {part.says}" if several else part.says, BOLD * WIDTH)
        before = places[-1].top + places[-1].body + BELOW if places else 0.05
        names = tuple(wrapped(_name(row), room * 1.07, 2) for row in part.rows)
        heights, end = _heights(part.rows, names)
        top = before + 0.15 * (said.count("\n") + 1)
        places.append(_Place(part, said, names, *_reach(part), top, tuple(heights), ROW * (end + 1.2)))
    return places


def _key(figure: ForestFigure) -> list[str]:
    """Say what the columns of marks are that no part is named after, and what a note means."""
    drawn = {part.column for part in figure.parts}
    lines = [f"{LETTERS[n]}  {what}" for n, what in enumerate(figure.measurements) if n not in drawn]
    there = {sign for row in figure.rows for sign in (row.note, *(mark[0] for mark in row.marks))}
    lines += ["colours and marks: under controls"] if figure.controlled else []
    return [*lines, *(f"{'(✗)' if sign == '(' else sign}  {says}" for sign, says in NOTES.items() if sign in there)]


def _draw_rows(ax: Axes, place: _Place, hollow: dict[str, str], inches: float) -> None:
    part, kind, (left, right) = place.part, place.kind, place.ends
    scale(ax.xaxis, kind, (left, right), part.low, part.high)
    ax.set_xlim(left, right)
    if kind == "linear":
        ax.locator_params(axis="x", nbins=max(2, int(inches / TICK)))
    ax.tick_params(axis="y", length=0)
    low, high = left if part.low is None else part.low, right if part.high is None else part.high
    ax.axvspan(low, high, color=REGION, zorder=0)
    for height, row in zip(place.heights, part.rows, strict=True):
        if not any(point.arm == "trained" for point in row.points):
            ax.text(
                0.02,
                height,
                "no estimate",
                transform=ax.get_yaxis_transform(),
                va="center",
                color=FAINT,
                fontsize=SMALL,
            )
        for point in row.points:
            _draw_point(ax, point, height, hollow.get(point.arm), (left, right), row.word)


def _draw_point(
    ax: Axes, point: ForestPoint, height: float, hollow: str | None, ends: tuple[float, float], word: VerdictWord
) -> None:
    """Draw an estimate on its row, or with a hollow marker a control's just below. Beyond the axis it is an arrow."""
    mark = MARKS[word] if hollow is None else Mark(CONTROL, hollow, 2.6, filled=False)
    y = height if hollow is None else height + 0.33
    left, right = ends
    if not left <= point.estimate <= right:
        _point_out(ax, point, y, ends, mark.colour)
        return
    if point.low is not None and point.high is not None:
        low, high = max(point.low, left), min(point.high, right)
        ax.plot([low, high], [y, y], color=mark.colour, linewidth=0.7 if hollow else 1.3, zorder=3)
    ax.plot(
        [point.estimate],
        [y],
        color=mark.colour,
        marker=mark.marker,
        markersize=mark.size,
        markerfacecolor=mark.colour if mark.filled else "white",
        markeredgewidth=0.8,
        zorder=4,
    )


def _point_out(ax: Axes, point: ForestPoint, y: float, ends: tuple[float, float], colour: str) -> None:
    """Say that an estimate lies beyond the axis, and what it is."""
    on_the_left = point.estimate < ends[0]
    number = rounded(point.estimate)[0] if point.arm == "trained" else ""
    text = f"◂ {number}" if on_the_left else f"{number} ▸"
    ax.text(
        0.01 if on_the_left else 0.99,
        y,
        text,
        transform=ax.get_yaxis_transform(),
        va="center",
        color=colour,
        ha="left" if on_the_left else "right",
        fontsize=SMALL,
    )


def _name(row: ForestRow) -> str:
    """A row's name with its note."""
    return f"{row.label}, {row.note.replace(' of ', NO_BREAK_OF)}" if row.note else row.label


def _lower(name: str) -> float:
    """By how much a name's middle lies lower than that of one line."""
    return 0.5 * name.count("\n") * TWICE


def _name_rows(ax: Axes, place: _Place) -> None:
    """Write rows' names to the left, and a heading above each group."""
    ax.set_yticks(place.heights, place.names, linespacing=1.0)
    ax.tick_params(axis="y", pad=1)
    group = None
    for height, name, row in zip(place.heights, place.names, place.part.rows, strict=True):
        if row.group != group:
            ax.text(
                0.0,
                height - 1 - _lower(name),
                f"{row.group} ",
                transform=ax.get_yaxis_transform(),
                ha="right",
                va="center",
                weight="bold",
                fontsize=SMALL,
            )
        group = row.group


def _write_marks(ax: Axes, where: _Place, columns: int, step: float) -> None:
    """Write to the right what each measurement says: a symbol, in the colour of its word; bold is what decides.

    Args:
        ax: The part's axis.
        where: The part.
        columns: How many measurements there are.
        step: From one column to the next, in widths of the axis.
    """
    margin, heights = ax.get_yaxis_transform(), where.heights
    for place in range(columns):
        x = 1 + step * (place + 0.6)
        weight = "bold" if place == where.part.column else "normal"
        if columns > 1:
            ax.text(
                x,
                heights[0] - 1,
                LETTERS[place],
                transform=margin,
                ha="center",
                va="center",
                weight=weight,
                fontsize=SMALL,
            )
        for height, row in zip(heights, where.part.rows, strict=True):
            word = row.words[place]
            ax.text(
                x,
                height,
                row.marks[place],
                transform=margin,
                ha="center",
                va="center",
                fontsize=SMALL,
                weight=weight,
                color=WORDS.get(word, FAINT) if word != "undecided" else FAINT,
            )


def _legend(figure: ForestFigure, places: Sequence[_Place]) -> list[Line2D | Patch]:
    handles: list[Line2D | Patch] = [
        _handle(mark, 1.3, f"{SYMBOLS[word]}, 95 % over seeds" if word == "holds" else SYMBOLS[word])
        for word, mark in MARKS.items()
    ]
    for arm, marker in _hollow(figure).items():
        handles.append(_handle(Mark(CONTROL, marker, 2.6, filled=False), 0.7, f"{arm} arm"))
    beyond = Line2D([], [], linewidth=0, marker=">", color=FAINT, markersize=3, label="beyond the axis")
    far = any(
        not place.ends[0] <= point.estimate <= place.ends[1]
        for place in places
        for row in place.part.rows
        for point in row.points
    )
    return [*handles, Patch(color=REGION, linewidth=0, label="claimed"), *([beyond] if far else [])]


def _handle(mark: Mark, width: float, label: str) -> Line2D:
    face = mark.colour if mark.filled else "white"
    look = {"color": mark.colour, "marker": mark.marker, "markersize": mark.size, "mfc": face}
    return Line2D([], [], linewidth=width, label=label, **look)  # type: ignore[arg-type]


def _hollow(figure: ForestFigure) -> dict[str, str]:
    """Choose a hollow marker for each control."""
    arms = {point.arm for row in figure.rows for point in row.points} - {"trained"}
    return {arm: HOLLOW[index % len(HOLLOW)] for index, arm in enumerate(sorted(arms))}


def _heights(rows: Sequence[ForestRow], names: Sequence[str]) -> tuple[list[float], float]:
    """Place rows downward, with room for a heading above each group and for names of two lines; and the last's end."""
    heights, below = [], -0.6
    for before, row, name in zip((None, *rows), rows, names, strict=False):
        heights.append(below + _lower(name) + (1.0 if before is not None and before.group == row.group else 2.0))
        below = heights[-1] + _lower(name)
    return heights, below


def _reach(part: ForestPart) -> tuple[ScaleKind, tuple[float, float]]:
    """The kind of axis and its limits, set by the trained estimates and the region; what lies beyond is an arrow."""
    trained = [point for row in part.rows for point in row.points if point.arm == "trained"]
    region = [end for end in (part.low, part.high) if end is not None]
    inner = _near([point.estimate for point in trained], region) + region
    kind = kind_of(inner, part.low, part.high)
    if not trained:
        inner = [*region, *(point.estimate for row in part.rows for point in row.points)] or [-1.0, 1.0]
    if kind == "log":
        return kind, (min(inner) / 1.6, max(inner) * 1.6)
    room = max(inner) - min(inner) or abs(inner[0]) or 1.0
    outer = inner + [end for point in trained for end in (point.low, point.high) if end is not None]
    low, high = max(min(outer), min(inner) - room), min(max(outer), max(inner) + room)
    margin = (0.25 if kind == "symlog" else 0.08) * (high - low) or room
    return kind, (low - margin, high + margin)


def _near(estimates: Sequence[float], region: Sequence[float]) -> list[float]:
    """Leave out an estimate or two that would squeeze all others into a third of the axis: they become arrows."""
    kept = sorted(estimates)
    for _ in range(len(kept) // 10):
        shorter = [one for one in (kept[1:], kept[:-1]) if _span(one, region) < FAR * _span(kept, region)]
        kept = min(shorter, key=lambda one: _span(one, region)) if shorter else kept
    return kept


def _span(values: Sequence[float], region: Sequence[float]) -> float:
    return max(*values, *region) - min(*values, *region)
