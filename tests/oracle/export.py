"""The exports of one example as typed rows, and what was known of them at as of."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from audit_lib.catalogue.parameters import Parameters
from audit_lib.run.examples import Example

from .dates import ONE_DAY, months_later

Row = dict[str, Any]
Item = dict[str, Any]

ANCHOR = {
    "accounts": ["opened_at"],
    "stored_records": ["collected_at"],
    "consent_events": ["recorded_at"],
    "processing_events": ["occurred_at"],
    "birth_date_declarations": ["declared_at"],
    "age_reviews": ["opened_at"],
    "transfers": ["occurred_at"],
    "security_incidents": ["detected_at"],
    "text_signal": ["written_at"],
    "rights_requests": [
        "received_at", "acknowledged_at", "identity_requested_at", "identity_verified_at",
        "clarification_requested_at", "clarification_received_at", "extended_at", "closed_at", "restriction_lifted_at",
    ],
}  # fmt: skip
"""The instants that place a row, the first that is present counts (datasets page, tables/*.toml `placed_by`)."""

BELONGS = {
    "rights_requests": {"outcome": "closed_at", "extension_reason": "extended_at"},
    "age_reviews": {"decision": "decided_at"},
}
"""What is known only once its instant is."""


class Export:
    """One example: its tables as typed rows, its period, zone and parameters."""

    def __init__(self, example: Example, base: Parameters) -> None:
        self.example = example
        self.zone = example.zone
        self.period = example.period
        self.scalars: dict[str, Any] = {**base.scalars, **example.parameters}
        self.lists: dict[str, Any] = {**base.lists, **example.lists}
        self.as_of_day = example.period.end
        self.last_day = self.as_of_day - ONE_DAY
        self.as_of = datetime.combine(self.as_of_day, time(), self.zone).astimezone(UTC)
        self._tables: dict[str, list[Row]] = {}

    def table(self, name: str) -> list[Row]:
        """The rows of a table that were known at as of, in the order written."""
        if name not in self._tables:
            typed = [_typed(row) for row in self.example.tables.get(name, [])]
            self._tables[name] = list(self._known(name, typed))
        return self._tables[name]

    def _known(self, table: str, rows: list[Row]) -> Iterator[Row]:
        for row in rows:
            anchors = [row[column] for column in ANCHOR.get(table, []) if row.get(column)]
            if anchors and anchors[0] >= self.as_of:
                continue
            if table == "legal_holds" and not self._hold_was_known(row):
                continue
            yield self._without_later(table, row)

    def _hold_was_known(self, hold: Row) -> bool:
        recorded = hold.get("recorded_at")
        return hold["starts_on"] < self.as_of_day and (recorded is None or recorded < self.as_of)

    def _without_later(self, table: str, row: Row) -> Row:
        known = dict(row)
        for word, instant in BELONGS.get(table, {}).items():
            if row.get(instant) and row[instant] >= self.as_of:
                known[word] = None
        for column, value in row.items():
            if column == "last_active_at" and value is not None and value >= self.as_of:
                known[column] = self.as_of - timedelta(seconds=1)  # overwritten by the system: it was active at as of
            elif column.endswith("_at") and value is not None and value >= self.as_of:
                known[column] = None
            if column == "ends_on" and value is not None and value >= self.as_of_day:
                known[column] = None
        return known

    def day(self, moment: datetime) -> date:
        """The day of the controller's zone in which an instant lies."""
        return moment.astimezone(self.zone).date()

    def account(self, account_id: str | None) -> Row | None:
        """The account with this id, None when there is none that was known."""
        return next((row for row in self.table("accounts") if row["account_id"] == account_id), None)

    def log_reaches(self, table: str, account: Row | None) -> bool:
        """Whether the log of a table reaches back to the opening of the account (no account: to the beginning)."""
        return self.covers(table, self.day(account["opened_at"]) if account else None)

    def covers(self, table: str, day: date | None) -> bool:
        """Whether the rows of a table are declared to be all there from a day on (None: from the beginning)."""
        start = self.example.declared.get(table, {}).get("covers_from", "beginning")
        if start == "beginning":
            return True
        return bool(start) and day is not None and date.fromisoformat(start) <= day

    def days_kept(self) -> tuple[date, date]:
        """First and last day of the items that the runner keeps."""
        kind = KINDS[self.example.measure]
        start = self.period.start.replace(day=1)
        back = date(start.year - 1, start.month, 1)
        year_before = months_later(date(self.as_of_day.year - 1, self.as_of_day.month, self.as_of_day.day), 0)
        return {"flow": back, "volume": back, "stock": self.last_day, "duration": year_before}[kind], self.last_day


KINDS = {
    "consent_demonstrable": "flow",
    "consent_record_fields": "volume",
    "consent_fresh": "stock",
    "declared_purpose": "flow",
    "opt_in": "volume",
    "opt_in_asked_again": "flow",
    "deletion_after_closure": "flow",
    "retention_overrun": "stock",
    "dormant_accounts": "stock",
    "deletion_delay": "duration",
    "erasure_executed": "flow",
    "restriction_respected": "flow",
    "objection_respected": "flow",
    "request_outcome": "volume",
    "request_on_time": "flow",
    "request_response_time": "duration",
    "extension_notified": "flow",
    "request_acknowledged": "flow",
    "identity_asked_promptly": "flow",
    "request_stage_time": "duration",
    "consent_coverage": "flow",
    "marketing_to_opted_out": "flow",
    "processing_after_withdrawal": "flow",
    "withdrawal_delay": "duration",
    "opt_out_honoured": "flow",
    "opt_out_delay": "duration",
    "under_13_accounts": "stock",
    "under_13_signals": "stock",
    "under_13_report_decided": "flow",
    "under_13_decision_time": "duration",
    "under_13_data_deleted": "flow",
    "collection_after_report": "flow",
    "age_gate_bypassed": "flow",
    "young_consent_authorised": "flow",
    "under_13_signals_noticed": "volume",
    "orphaned_records": "stock",
    "legal_hold_documented": "stock",
    "request_backlog": "stock",
    "refusal_reasoned": "flow",
    "request_log_complete": "flow",
    "breach_notified": "flow",
    "persons_told": "flow",
    "transfer_destination_declared": "flow",
    "transfer_tool_valid": "flow",
    "transfer_volume": "volume",
}


def _typed(row: dict[str, str | None]) -> Row:
    return {column: _value(column, text) for column, text in row.items()}


def _value(column: str, text: str | None) -> Any:
    if column in ("accepted", "is_test", "personal_data", "remedies_told"):
        return None if text is None else text == "true"
    if text is None:
        return None
    if column.endswith("_at"):
        moment = datetime.fromisoformat(text).astimezone(UTC)
        return moment - timedelta(microseconds=moment.microsecond)
    if column.endswith("_on") or column in ("birth_date", "valid_from", "valid_to", "under_13_until"):
        return date.fromisoformat(text)
    if column in ("persons", "records", "bytes"):
        return int(text)
    return text


def item(
    item_id: str,
    account_id: str | None,
    on_day: date,
    is_exception: bool | None,
    value: int | None,
    reason: str,
    **groups: Any,
) -> Item:
    """An item in the columns of `Bench.items`; `groups` carry their prefix `group_` or `sum_`."""
    return {
        "item_id": item_id,
        "account_id": account_id,
        "on_day": on_day,
        "is_exception": is_exception,
        "value": value,
        "reason": reason,
        **groups,
    }
