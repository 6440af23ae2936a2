"""Cross-row rules: reported, never repaired."""

from __future__ import annotations

from collections.abc import Sequence

import duckdb

from audit_lib.ingest.load import TableLoad
from audit_lib.ingest.values import name, text_literal

ENDS: dict[str, tuple[tuple[str, str], ...]] = {
    "accounts": (("opened_at", "closed_at"),),
    "stored_records": (("collected_at", "deleted_at"),),
    "legal_holds": (("starts_on", "ends_on"),),
    "rights_requests": (
        ("received_at", "closed_at"),
        ("received_at", "acknowledged_at"),
        ("received_at", "extended_at"),
        ("identity_requested_at", "identity_verified_at"),
        ("identity_requested_at", "closed_at"),
        ("clarification_requested_at", "clarification_received_at"),
        ("clarification_requested_at", "closed_at"),
        ("closed_at", "restriction_lifted_at"),
    ),
    "consent_events": (("acted_at", "recorded_at"),),
    "age_reviews": (("opened_at", "decided_at"), ("opened_at", "data_deleted_at")),
    "recipients": (("contract_from", "contract_to"),),
    "recipient_tools": (("valid_from", "valid_to"),),
    "policy_versions": (("published_at", "withdrawn_at"), ("effective_on", "withdrawn_at")),
    "security_incidents": (
        ("detected_at", "aware_at"),
        ("detected_at", "authority_notified_at"),
        ("detected_at", "persons_notified_at"),
    ),
}
"""Per table the pairs (start, end) of which the end must not be before the start."""


def write_rule_breaks(con: duckdb.DuckDBPyConnection, loads: Sequence[TableLoad]) -> None:
    """Write `rule_break`; `column_name` is the end, the late instant, what places a row, or `account_id`."""
    accounts_loaded = any(load.contract.table == "accounts" for load in loads)
    for load in loads:
        read = {column.name for column in load.kept}
        for start, end in ENDS.get(load.contract.table, ()):
            if start in read and end in read:
                first, last = _comparable(load, start, end)
                _insert(con, load, "ends_before_start", end, f"{last} < {first}")
        _after_extraction(con, load)
        _outside_coverage(con, load)
        account = load.contract.columns.get("account_id")
        if accounts_loaded and account in load.kept and load.contract.table != "accounts":
            unknown = "account_no in (select account_no from key_account where not is_known)"
            _insert(con, load, "unknown_account", "account_id", unknown)


def _comparable(load: TableLoad, start: str, end: str) -> tuple[str, str]:
    """The stored columns of a pair: seconds where both are instants, else days (a date has no second)."""
    stored = [load.contract.stored_names(load.contract.columns[column]) for column in (start, end)]
    place = 0 if len(stored[0]) == len(stored[1]) else -1
    return name(stored[0][place]), name(stored[1][place])


def _after_extraction(con: duckdb.DuckDBPyConnection, load: TableLoad) -> None:
    """Instants later than the declared extraction of their file."""
    files: dict[int, list[str]] = {}
    for file in load.files:
        if (second := file.opened.extraction.declared.extracted_second) is not None:
            files.setdefault(second, []).append(str(file.file_no))
    for second, numbers in files.items():
        for column in load.kept:
            if column.type == "instant":
                late = f"{name(column.stem + '_second')} > {second} and file_no in ({', '.join(numbers)})"
                _insert(con, load, "after_extraction", column.name, late)


def _outside_coverage(con: duckdb.DuckDBPyConnection, load: TableLoad) -> None:
    """Rows of a log placed on a day that their file is not declared to cover.

    A snapshot is the whole table as it stands, whatever the days of its rows. `column_name` is the first of the columns
    that place a row.
    """
    if not load.contract.placed_by:
        return
    placing = [load.contract.stored_names(load.contract.columns[column])[-1] for column in load.contract.placed_by]
    day = f"coalesce({', '.join(name(column) for column in placing)}, null)"
    for (first, last), numbers in _reaches(load).items():
        bounds = [f"{day} < {first}"] if first is not None else []
        bounds += [f"{day} > {last}"] if last is not None else []
        where = f"({' or '.join(bounds)}) and file_no in ({', '.join(numbers)})"
        _insert(con, load, "outside_coverage", load.contract.placed_by[0], where)


def _reaches(load: TableLoad) -> dict[tuple[int | None, int | None], list[str]]:
    """First and last day that files of a log are declared to cover → their numbers; files that declare neither left out."""
    found: dict[tuple[int | None, int | None], list[str]] = {}
    for file in load.files:
        declared = file.opened.extraction.declared
        reach = (declared.covers_from_day, declared.covers_to_day)
        if declared.kind != "snapshot" and reach != (None, None):
            found.setdefault(reach, []).append(str(file.file_no))
    return found


def _insert(con: duckdb.DuckDBPyConnection, load: TableLoad, rule: str, column: str, where: str) -> None:
    table, number = load.contract.table, name(load.contract.number)
    con.execute(
        f"insert into rule_break select {text_literal(table)}, {text_literal(rule)}, {text_literal(column)}, {number}"
        f" from {name(table)} where {where}"
    )
