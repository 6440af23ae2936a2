"""Charts: observations and findings in, figures out. Nothing here queries anything.

Every function returns a `Figure` whose title is the answer in words. What could not be assessed comes back as a figure
that says why, never as an empty chart.

>>> from audit_lib import charts, open_run
>>> run = open_run("data_samples", period="2018-Q3")  # doctest: +SKIP
>>> charts.overdue_by_category(run.observe("retention_overrun"))  # doctest: +SKIP
"""

from audit_lib.charts.consent import coverage_by_purpose, marketing_to_opted_out, uncovered_by_country
from audit_lib.charts.consent_ends import (
    freshness_by_country,
    messages_after_opt_out,
    opt_out_delay,
    record_fields,
    withdrawal_delay,
)
from audit_lib.charts.figure import FIGURE_MIME, VEGALITE_MIME, Figure, chart_table
from audit_lib.charts.opt_in import opt_in_by_country, opt_in_by_month
from audit_lib.charts.overview import findings_by_area
from audit_lib.charts.retention import deleted_on_time_by_month, deletion_delay, overdue_by_category, stored_by_reason
from audit_lib.charts.rights import (
    answered_on_time_by_month,
    backlog_by_age,
    reasons_by_regime,
    response_time_by_right,
    time_per_stage,
)
from audit_lib.charts.survival import Deadline
from audit_lib.charts.theme import enable
from audit_lib.charts.transfers import origin_to_destination, tools_by_destination, volume_by_month
from audit_lib.charts.under_13 import age_at_sign_up, decision_time, signals_by_kind, signals_by_month

enable()

__all__ = [
    "FIGURE_MIME",
    "VEGALITE_MIME",
    "Deadline",
    "Figure",
    "age_at_sign_up",
    "answered_on_time_by_month",
    "backlog_by_age",
    "chart_table",
    "coverage_by_purpose",
    "decision_time",
    "deleted_on_time_by_month",
    "deletion_delay",
    "findings_by_area",
    "freshness_by_country",
    "marketing_to_opted_out",
    "messages_after_opt_out",
    "opt_in_by_country",
    "opt_in_by_month",
    "opt_out_delay",
    "origin_to_destination",
    "overdue_by_category",
    "reasons_by_regime",
    "record_fields",
    "response_time_by_right",
    "signals_by_kind",
    "signals_by_month",
    "stored_by_reason",
    "time_per_stage",
    "tools_by_destination",
    "uncovered_by_country",
    "volume_by_month",
    "withdrawal_delay",
]
