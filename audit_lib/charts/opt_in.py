"""Figures on how many people say yes when asked for consent: over prompts and over answers, always beside each other."""

from __future__ import annotations

import altair as alt
import pandas as pd

from audit_lib.charts import draw, theme
from audit_lib.charts.cells import all_cells, label, largest, needs_items, period_cells, period_months, share_words
from audit_lib.charts.figure import Drawing, Figure, nothing
from audit_lib.run import Observed

OVER_PROMPTS = "of prompts, answered yes"
OVER_ANSWERS = "of answers, yes"
SUMS = {"sum_prompts": "prompts", "sum_prompts_given": "prompts answered yes", "sum_answers": "answers", "sum_answers_given": "answers yes"}
TWO = (
    "Two figures with one name: a prompt that is closed without an answer counts against the first and not in the second, and an answer given "
    "without a prompt (in the settings) counts in the second only."
)


@needs_items
def opt_in_by_country(observed: Observed) -> Figure:
    """Share that says yes, over prompts and over answers, by country of the person (`opt_in`)."""
    cells = period_cells(observed)
    if not int(cells["sum_answers"].sum()):
        return nothing(f"Nobody answered a question for consent in {observed.observation.period}.", "There is nothing to draw.")
    countries = _by(largest(cells.assign(items=cells["sum_answers"] + cells["sum_prompts"]), "group_country", 12), "group_country")
    frame = countries.rename(columns={"group_country": "country"})
    order = list(frame.sort_values(["answers", "country"], ascending=[False, True])["country"])
    return Figure(_dumbbells(frame, "country", order), _table(frame, "country"), _caption(observed, cells), _title(cells))


@needs_items
def opt_in_by_month(observed: Observed) -> Figure:
    """Share that says yes, over prompts and over answers, by month (`opt_in`)."""
    cells = all_cells(observed)
    months = _by(cells, "month")
    if months.empty or not int(cells["sum_answers"].sum()):
        return nothing("Nobody answered a question for consent in these months.", "There is nothing to draw.")
    inside = period_months(observed)
    parts = [
        months.assign(share=months["prompts answered yes"] / months["prompts"].where(months["prompts"] > 0), tested=months["prompts"], over=OVER_PROMPTS),
        months.assign(share=months["answers yes"] / months["answers"].where(months["answers"] > 0), tested=months["answers"], over=OVER_ANSWERS),
    ]
    frame = pd.concat(parts, ignore_index=True).dropna(subset=["share"])
    frame["in_period"] = [month in inside for month in frame["month"]]
    drawn = frame[["month", "over", "share", "tested", "in_period"]]
    chart = draw.share_by_month(drawn, axis="share that says yes", tested="counted over", by="over", order=[OVER_PROMPTS, OVER_ANSWERS])
    period = period_cells(observed)
    note = "Filled points: months of the period."
    return Figure(chart, _table(months, "month"), f"{_caption(observed, period)} {note}", _title(period))


def opt_in_counts(observed: Observed, group: str) -> pd.DataFrame:
    """Prompts and answers of the period by the words of a group, most answers first."""
    counts = _by(period_cells(observed), f"group_{group}").rename(columns={f"group_{group}": group})
    return counts.sort_values(["answers", "prompts", group], ascending=[False, False, True], ignore_index=True)


def _by(cells: pd.DataFrame, column: str) -> pd.DataFrame:
    sums = cells.groupby(column, as_index=False, sort=True)[list(SUMS)].sum()
    return sums.rename(columns=SUMS)


def _table(frame: pd.DataFrame, column: str) -> pd.DataFrame:
    shown = frame[[column, *SUMS.values()]]
    return shown.assign(
        **{
            "share of prompts": shown["prompts answered yes"] / shown["prompts"].where(shown["prompts"] > 0),
            "share of answers": shown["answers yes"] / shown["answers"].where(shown["answers"] > 0),
        }
    )


def _title(cells: pd.DataFrame) -> str:
    prompts, prompted = int(cells["sum_prompts"].sum()), int(cells["sum_prompts_given"].sum())
    answers, given = int(cells["sum_answers"].sum()), int(cells["sum_answers_given"].sum())
    return f"Yes came back for {share_words(prompted, prompts)} of the prompts, and was {share_words(given, answers)} of the answers."


def _caption(observed: Observed, cells: pd.DataFrame) -> str:
    prompts, answers = int(cells["sum_prompts"].sum()), int(cells["sum_answers"].sum())
    return f"n = {prompts:,} prompts and {answers:,} answers in {observed.observation.period}. {TWO}"


def _dumbbells(frame: pd.DataFrame, bar: str, order: list[str]) -> Drawing:
    names = [OVER_PROMPTS, OVER_ANSWERS]
    wide = _table(frame, bar).assign(**{bar: frame[bar].map(label)})
    points = pd.concat(
        [
            wide.assign(over=OVER_PROMPTS, share=wide["share of prompts"], counted=wide["prompts"]),
            wide.assign(over=OVER_ANSWERS, share=wide["share of answers"], counted=wide["answers"]),
        ]
    )[[bar, "over", "share", "counted"]].dropna(subset=["share"])
    axis = alt.Y(f"{bar}:N", sort=[label(word) for word in order], title=None, axis=alt.Axis(grid=False, domain=False, ticks=False, offset=8))
    x = alt.X("share:Q", title="share that says yes", axis=alt.Axis(format="%"), scale=alt.Scale(domain=[0, 1]))
    ends = points.groupby(bar)["share"].agg(["min", "max"]).reset_index()
    line = alt.Chart(ends, name="ink_line").mark_rule(strokeWidth=1.5, opacity=0.5).encode(y=axis, x=alt.X("min:Q", title="share that says yes"), x2="max:Q")
    dots = (
        alt.Chart(points)
        .mark_point(size=90, filled=True)
        .encode(
            y=axis,
            x=x,
            color=alt.Color("over:N", sort=names, scale=theme.colours(names), legend=theme.legend(names)),
            shape=alt.Shape("over:N", sort=names, scale=theme.shapes(names)),
            tooltip=[
                alt.Tooltip(f"{bar}:N"),
                alt.Tooltip("over:N", title="counted over"),
                alt.Tooltip("share:Q", format=".1%"),
                alt.Tooltip("counted:Q", format=",", title="prompts or answers"),
            ],
        )
    )
    return alt.layer(line, dots).properties(
        width=theme.WIDTH, height=theme.BAR * max(len(order), 2), autosize=alt.AutoSizeParams(type="fit-x", contains="padding")
    )
