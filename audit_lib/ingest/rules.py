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
        ("clarification_requested_at", "clarification_received_at"),
    ),
    "age_reviews": (("opened_at", "decided_at"), ("opened_at", "data_deleted_at")),
    "recipients": (("contract_from", "contract_to"),),
    "recipient_tools": (("valid_from", "valid_to"),),
    "policy_versions": (("published_at", "withdrawn_at"),),
    "security_incidents": (
        ("detected_at", "authority_notified_at"),
        ("detected_at", "persons_notified_at"),
    ),
}
"""Per table the pairs (start, end) of which the end must not be before the start."""


def write_rule_breaks(con: duckdb.DuckDBPyConnection, loads: Sequence[TableLoad]) -> None:
    """Write `rule_break`; `column_name` is the end, the late instant, or `account_id`."""
    accounts_loaded = any(load.contract.table == "accounts" for load in loads)
    for load in loads:
        read = {column.name for column in load.kept}
        for start, end in ENDS.get(load.contract.table, ()):
            if start in read and end in read:
                first, last = (_ordered(load, column) for column in (start, end))
                _insert(con, load, "ends_before_start", end, f"{last} < {first}")
        _after_extraction(con, load)
        account = load.contract.columns.get("account_id")
        if accounts_loaded and account in load.kept and load.contract.table != "accounts":
            unknown = "account_no in (select account_no from key_account where not is_known)"
            _insert(con, load, "unknown_account", "account_id", unknown)


def _ordered(load: TableLoad, column: str) -> str:
    stored = load.contract.stored_names(load.contract.columns[column])
    return name(stored[0])


def _after_extraction(con: duckdb.DuckDBPyConnection, load: TableLoad) -> None:
    """Instants later than the declared extraction of their file."""
    files: dict[int, list[str]] = {}
    for file in load.files:
        if (second := file.opened.extraction.declared.extracted_second) is not None:
            files.setdefault(second, []).append(str(file.file_no))
    for second, numbers in files.items():
        for column in load.kept:
            if column.type == "instant":
                late = f"{_ordered(load, column.name)} > {second} and file_no in ({', '.join(numbers)})"
                _insert(con, load, "after_extraction", column.name, late)


def _insert(con: duckdb.DuckDBPyConnection, load: TableLoad, rule: str, column: str, where: str) -> None:
    table, number = load.contract.table, name(load.contract.number)
    con.execute(
        f"insert into rule_break select {text_literal(table)}, {text_literal(rule)}, {text_literal(column)}, {number}"
        f" from {name(table)} where {where}"
    )
