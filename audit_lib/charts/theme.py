"""One look for all charts: quiet axes, a palette that colour-blind readers can tell apart, one size.

Colours follow Okabe and Ito ("Color Universal Design", 2008), darkened until each has a contrast of at least 3 to 1
against white paper and against the dark page. Colour is never the only cue: lines have dashes and shapes of their own,
bars their counts, and every figure stands as a table beside it.
"""

from __future__ import annotations

from typing import Any

import altair as alt

WIDTH = 640
"""Of the drawing in pixels; narrow screens draw it anew, paper scales it."""
BAR = 26
"""Height of one horizontal bar in pixels."""

BAD = "#c8500a"
GOOD = "#0b70b0"
UNKNOWN = "#767676"
PALETTE = ("#0b70b0", "#c8500a", "#12876a", "#a3478f", "#8a6f00", "#767676", "#5b6fd0", "#b0344d")
DASHES = ([1, 0], [6, 3], [2, 2], [8, 3, 2, 3], [4, 4], [10, 4], [1, 3], [6, 2, 2, 2])
SHAPES = ("circle", "square", "triangle-up", "diamond", "cross", "triangle-down", "triangle-right", "triangle-left")
DARKER = ("#c7742a", "#b04f18", "#8a3210", "#5c1e0c")
"""For bands in an order."""
STATUS_COLOURS = {
    "not satisfied": BAD,
    "could not be assessed": UNKNOWN,
    "satisfied": GOOD,
    "nothing to test": "#8a6f00",
}
INK = "#1d2126"
QUIET = "#5a6169"
GRID = "#d9dde1"
FONT = "Arial, Helvetica, sans-serif"


@alt.theme.register("audit", enable=False)
def _theme() -> alt.theme.ThemeConfig:
    label: Any = {
        "labelColor": QUIET,
        "titleColor": QUIET,
        "labelFontSize": 12,
        "titleFontSize": 12,
        "titleFontWeight": "normal",
    }
    axis: Any = {
        **label,
        "gridColor": GRID,
        "domainColor": GRID,
        "tickColor": GRID,
        "labelLimit": 320,
        "titlePadding": 8,
    }
    look: alt.theme.ThemeConfig = {
        "config": {
            "background": "transparent",
            "font": FONT,
            "view": {"stroke": None},
            "axis": axis,
            "axisX": {"grid": False},
            "axisY": {"grid": True},
            "legend": {
                **label,  # type: ignore[typeddict-item]
                "orient": "top",
                "title": None,
                "symbolStrokeWidth": 2,
                "columns": 3,
                "labelLimit": 600,
            },
            "title": {
                "anchor": "start",
                "fontSize": 15,
                "color": INK,
                "subtitleColor": QUIET,
                "subtitleFontSize": 12,
                "offset": 12,
            },
            "range": {"category": list(PALETTE)},
        }
    }
    return look


def enable() -> None:
    """Use the look for every chart of this process; figures bring their own way of being displayed."""
    alt.theme.enable("audit")


def colours(words: list[str]) -> alt.Scale:
    """The palette for words in a given order; from the ninth on it starts again (the dashes and shapes do too)."""
    return alt.Scale(domain=words, range=[PALETTE[i % len(PALETTE)] for i in range(len(words))])


def legend(words: list[str]) -> alt.Legend:
    """A legend whose words fit the width: three beside each other, or two, or one."""
    longest = max((len(word) for word in words), default=0)
    return alt.Legend(columns=3 if longest <= 26 else 2 if longest <= 44 else 1)


def dashes(words: list[str]) -> alt.Scale:
    """A dash pattern of its own for each word."""
    return alt.Scale(domain=words, range=[DASHES[i % len(DASHES)] for i in range(len(words))])


def shapes(words: list[str]) -> alt.Scale:
    """A point shape of its own for each word."""
    return alt.Scale(domain=words, range=[SHAPES[i % len(SHAPES)] for i in range(len(words))])
