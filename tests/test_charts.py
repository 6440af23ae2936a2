"""Every figure function on sample observations, on empty ones and on ones that could not be assessed."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import altair
import pandas as pd
import pytest

from audit_lib import Observed, Run, charts
from audit_lib.charts.cells import largest
from audit_lib.charts.figure import VL_VERSION, nothing, still
from audit_lib.vocabulary import Counts

FIGURES: list[tuple[Callable[..., charts.Figure], str]] = [
    (charts.overdue_by_category, "retention_overrun"),
    (charts.stored_by_reason, "retention_overrun"),
    (charts.deleted_on_time_by_month, "deletion_after_closure"),
    (charts.deletion_delay, "deletion_delay"),
    (charts.response_time_by_right, "request_response_time"),
    (charts.time_per_stage, "request_stage_time"),
    (charts.backlog_by_age, "request_backlog"),
    (charts.answered_on_time_by_month, "request_on_time"),
    (charts.reasons_by_regime, "request_on_time"),
    (charts.coverage_by_purpose, "consent_coverage"),
    (charts.uncovered_by_country, "consent_coverage"),
    (charts.marketing_to_opted_out, "marketing_to_opted_out"),
    (charts.messages_after_opt_out, "marketing_to_opted_out"),
    (charts.opt_in_by_country, "opt_in"),
    (charts.opt_in_by_month, "opt_in"),
    (charts.opt_out_delay, "opt_out_delay"),
    (charts.withdrawal_delay, "withdrawal_delay"),
    (charts.freshness_by_country, "consent_fresh"),
    (charts.record_fields, "consent_record_fields"),
    (charts.signals_by_month, "under_13_signals_noticed"),
    (charts.decision_time, "under_13_decision_time"),
    (charts.age_at_sign_up, "under_13_accounts"),
    (charts.signals_by_kind, "under_13_signals"),
    (charts.origin_to_destination, "transfer_volume"),
    (charts.tools_by_destination, "transfer_tool_valid"),
    (charts.volume_by_month, "transfer_volume"),
]
every_figure = pytest.mark.parametrize(("draw", "measure"), FIGURES, ids=[draw.__name__ for draw, _ in FIGURES])


def changed(observed: Observed, **what: Any) -> Observed:
    return replace(observed, observation=replace(observed.observation, **what))


def with_cells(observed: Observed, change: Callable[[pd.DataFrame], pd.DataFrame]) -> Observed:
    cells, values = observed.observation.cells, observed.observation.values
    assert cells is not None and values is not None
    return changed(observed, cells=change(cells), values=change(values))


def emptied(observed: Observed) -> Observed:
    return changed(with_cells(observed, lambda frame: frame.iloc[:0]), counts=Counts(), reasons={}, groups={}, by_month={})


def test_every_public_figure_function_is_tested() -> None:
    others = {"FIGURE_MIME", "VEGALITE_MIME", "Deadline", "Figure", "chart_table", "findings_by_area"}
    assert {draw.__name__ for draw, _ in FIGURES} | others == set(charts.__all__)


@every_figure
def test_figure_of_the_samples(draw: Callable[..., charts.Figure], measure: str, sample_run: Run) -> None:
    figure = draw(sample_run.observe(measure))
    assert figure.chart is not None
    assert figure.title.endswith(".") and any(character.isdigit() for character in figure.title)
    assert figure.caption.startswith("n = ")
    spec = figure.spec()
    assert spec["description"] == figure.description
    assert '"title"' in json.dumps(spec)  # axes carry their units
    assert len(figure.data)
    assert "<svg" in figure.svg()


@every_figure
def test_figure_of_an_empty_observation_says_so(draw: Callable[..., charts.Figure], measure: str, sample_run: Run) -> None:
    figure = draw(emptied(sample_run.observe(measure)))
    assert figure.chart is None
    assert "there were no" in figure.title
    assert "<strong>" in figure._repr_mimebundle_()["text/html"]


@every_figure
def test_figure_that_could_not_be_assessed_says_why(draw: Callable[..., charts.Figure], measure: str, sample_run: Run) -> None:
    observed = changed(emptied(sample_run.observe(measure)), status="not-assessed", why="the <log> is missing", cells=None, values=None)
    figure = draw(observed)
    bundle = figure._repr_mimebundle_()
    assert figure.chart is None
    assert "could not be assessed" in figure.title
    assert "the <log> is missing" in figure.caption
    assert "the &lt;log&gt; is missing" in bundle["text/html"] and "image/svg+xml" not in bundle


@every_figure
def test_figure_of_one_item(draw: Callable[..., charts.Figure], measure: str, sample_run: Run) -> None:
    def one(frame: pd.DataFrame) -> pd.DataFrame:
        return frame.tail(1).assign(items=1)

    observed = with_cells(sample_run.observe(measure), one)
    figure = draw(changed(observed, counts=Counts(1, 0, 0)))
    assert figure.title
    if figure.chart is not None:
        assert "<svg" in figure.svg()


@every_figure
def test_figure_where_nothing_could_be_tested(draw: Callable[..., charts.Figure], measure: str, sample_run: Run) -> None:
    observed = sample_run.observe(measure)
    untested = with_cells(observed, lambda frame: frame.assign(is_exception=pd.array([None] * len(frame), dtype="boolean")))
    figure = draw(changed(untested, counts=Counts(observed.counts.population, 0, observed.counts.population)))
    assert figure.title and figure.caption


def test_titles_give_the_figures_of_the_observation(sample_run: Run) -> None:
    overrun = sample_run.observe("retention_overrun")
    title = charts.overdue_by_category(overrun).title
    assert title.startswith(f"{overrun.counts.exceptions:,} of {overrun.counts.population:,} ")
    data = charts.overdue_by_category(overrun).data
    assert data["records"].sum() == overrun.counts.exceptions
    volume = charts.origin_to_destination(sample_run.observe("transfer_volume")).data
    assert volume["transfers"].sum() == sample_run.observe("transfer_volume").counts.population


def test_shares_by_month_are_those_of_the_observation(sample_run: Run) -> None:
    observed = sample_run.observe("request_on_time")
    drawn = charts.answered_on_time_by_month(observed).data.set_index("month")["share"]
    for month, counts in observed.observation.by_month.items():
        if counts.tested:
            assert drawn[month] == pytest.approx(1 - counts.exceptions / counts.tested)


def test_survival_curve_starts_at_all_and_never_rises(sample_run: Run) -> None:
    data = charts.response_time_by_right(sample_run.observe("request_response_time")).data
    for _, curve in data.groupby("right"):
        assert curve["share still waiting"].iloc[0] == 1
        assert curve["share still waiting"].is_monotonic_decreasing


def test_deadlines_are_drawn_with_their_names(sample_run: Run) -> None:
    deadlines = [charts.Deadline(30, "1 month: GDPR"), charts.Deadline(45, "45 days: CCPA")]
    figure = charts.response_time_by_right(sample_run.observe("request_response_time"), deadlines)
    assert ">1 month: GDPR<" in figure.svg() and ">45 days: CCPA<" in figure.svg()


def test_lines_differ_by_more_than_colour(sample_run: Run) -> None:
    spec = json.dumps(charts.coverage_by_purpose(sample_run.observe("consent_coverage")).spec())
    assert "strokeDash" in spec and '"shape"' in spec


def test_overview_counts_every_criterion_once(sample_run: Run) -> None:
    figure = charts.findings_by_area(sample_run.finding_list, {f.criterion.id: "one" for f in sample_run.finding_list})
    assert figure.data["criteria"].sum() == len(sample_run.finding_list)
    assert charts.findings_by_area([], {}).chart is None


def test_chart_table_escapes_and_formats() -> None:
    table = charts.chart_table(pd.DataFrame({"<b>": ["</script><script>"], "share": [0.125], "n": [1234], "none": [None], "rate": ["2.2 %"]}))
    assert "<script>" not in table and "&lt;b&gt;" in table
    assert ">12.5 %<" in table and ">1,234<" in table and "<td></td>" in table
    assert '<td class="n">2.2 %</td>' in table


def test_words_of_the_exports_are_text_in_the_drawing(sample_run: Run) -> None:
    observed = with_cells(
        sample_run.observe("consent_coverage"), lambda frame: frame.assign(group_purpose="</script><script>alert(1)</script>")
    )
    figure = charts.coverage_by_purpose(observed)
    assert "<script" not in figure.svg()


def test_display_carries_what_the_report_needs(sample_run: Run) -> None:
    bundle = charts.stored_by_reason(sample_run.observe("retention_overrun"))._repr_mimebundle_()
    assert set(bundle) == {charts.FIGURE_MIME, charts.VEGALITE_MIME, "image/svg+xml", "text/plain"}
    assert bundle[charts.FIGURE_MIME]["table"].startswith("<table>")
    assert "title" not in bundle[charts.VEGALITE_MIME]


def test_drawing_refuses_data_from_elsewhere() -> None:
    spec = {"data": {"url": "https://example.org/x.csv"}, "mark": "bar", "encoding": {"x": {"field": "a", "type": "nominal"}}}
    with pytest.raises(ValueError, match="not allowed"):
        still(spec)


def test_vega_lite_version_is_altairs() -> None:
    assert altair.VEGALITE_VERSION.startswith(VL_VERSION)


def test_few_words_are_not_put_together_as_other() -> None:
    cells = pd.DataFrame({"word": list("abcdefgh"), "items": range(8, 0, -1)})
    assert set(largest(cells.head(7), "word")["word"]) == set("abcdefg")
    assert "other" in set(largest(cells, "word")["word"])


def test_a_figure_without_chart_has_words() -> None:
    figure = nothing("Nothing.", "Because.")
    assert figure.spec() == {} and figure.description == "Nothing. Because."
