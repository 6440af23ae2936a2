"""`Figure`: a chart with its answer, its caption and its figures as a table; knows how to be displayed offline."""

from __future__ import annotations

import html
import re
import textwrap
from dataclasses import dataclass, field
from typing import Any

import altair as alt
import pandas as pd
import vl_convert as vlc

VEGALITE_MIME = "application/vnd.vegalite.v6+json"
FIGURE_MIME = "application/vnd.privacy-audit.figure+json"
"""What the report needs beside the drawing: title, caption, description, the table."""
_PER_CENT = re.compile(r"[\d.,]+ %( to [\d.,]+ %)?")
VL_VERSION = "6.4"
"""Of Vega-Lite, for vl-convert; a test holds it against Altair's."""


Drawing = alt.LayerChart | alt.Chart | alt.FacetChart


@dataclass(frozen=True)
class Figure:
    """One figure of a notebook. `chart` is None where there is nothing to draw; then `caption` says why."""

    chart: Drawing | None
    data: pd.DataFrame = field(repr=False)
    """What is drawn, with headings in plain words: the table for those who cannot see the chart."""
    caption: str
    title: str
    """The answer in one sentence."""

    @property
    def description(self) -> str:
        """The figure in words for screen readers."""
        return f"{self.title} {self.caption}".strip()

    def spec(self) -> dict[str, Any]:
        """The Vega-Lite specification, its title left out: pages print it as text."""
        if self.chart is None:
            return {}
        spec: dict[str, Any] = self.chart.properties(description=self.description).to_dict()
        return spec

    def svg(self) -> str:
        """The still picture with its title, as JupyterLab shows it."""
        title = {"text": textwrap.wrap(self.title, 80), "subtitle": textwrap.wrap(self.caption, 100)}
        return still({**self.spec(), "title": title})

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, Any]:
        about = {
            "title": self.title,
            "caption": self.caption,
            "description": self.description,
            "table": chart_table(self.data) if len(self.data) else "",
        }
        bundle: dict[str, Any] = {FIGURE_MIME: about, "text/plain": self.description}
        if self.chart is None:
            words = f"<p><strong>{html.escape(self.title)}</strong></p><p>{html.escape(self.caption)}</p>"
            return {**bundle, "text/html": words}
        return {**bundle, VEGALITE_MIME: self.spec(), "image/svg+xml": self.svg()}


def still(spec: dict[str, Any]) -> str:
    """A specification drawn as SVG; data from addresses are refused."""
    return str(vlc.vegalite_to_svg(spec, vl_version=VL_VERSION, allowed_base_urls=[]))


def chart_table(chart_data: pd.DataFrame) -> str:
    """The figures of a chart as an HTML table, escaped. Shares are printed in per cent, missing values as nothing."""
    head = "".join(f'<th scope="col">{html.escape(str(name))}</th>' for name in chart_data.columns)
    rows = []
    for row in chart_data.itertuples(index=False, name=None):
        cells = (
            f"<td{_number_class(value)}>{html.escape(_cell(str(name), value))}</td>"
            for name, value in zip(chart_data.columns, row, strict=True)
        )
        rows.append(f"<tr>{''.join(cells)}</tr>")
    return f"<table><thead><tr>{head}</tr></thead><tbody>{''.join(rows)}</tbody></table>"


def _is_number(value: object) -> bool:
    return not isinstance(value, (str, bool)) and pd.api.types.is_number(value) and value == value


def _number_class(value: object) -> str:
    return ' class="n"' if _is_number(value) or (isinstance(value, str) and _PER_CENT.fullmatch(value)) else ""


def _cell(name: str, value: Any) -> str:
    if value is None or bool(pd.isna(value)):
        return ""
    if not _is_number(value):
        return str(value)
    if name.startswith("share"):
        return f"{value:.1%}".replace("%", " %")
    return f"{value:,.0f}" if float(value).is_integer() else f"{value:,.2f}"


def nothing(title: str, why: str) -> Figure:
    """A figure that says in words why there is no chart."""
    return Figure(None, pd.DataFrame(), why, title)
