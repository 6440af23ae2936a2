"""The tables a measure may read, with the types of their columns: what the linter checks texts against."""

from __future__ import annotations

from collections.abc import Mapping

from audit_lib.catalogue.parameters import list_parameters, scalars
from audit_lib.catalogue.reference import ReferenceTable
from audit_lib.portable_sql import SqlType
from audit_lib.vocabulary import Column, Contract

Schema = dict[str, SqlType]

_KIND = {"integer": "integer", "day": "integer", "boolean": "boolean"}

CALENDAR: dict[str, tuple[str, ...]] = {
    "ref_day": ("day", "month_no", "day_of_month", "weekday", "first_second"),
    "ref_month": ("month_no", "first_day", "last_day", "december_month_no"),
    "ref_age": ("months", "years"),
    "ref_number": ("number",),
}
SMALL_RUN_TABLES = {"period", "parameter", "coverage", "ref_number"}


def _sql_type(name: str, *, nullable: bool = False) -> SqlType:
    return SqlType(kind=_KIND.get(name, "text"), nullable=nullable)


def staged(contract: Contract) -> Schema:
    """Columns of `stg_<table>`."""
    columns = {contract.number: _sql_type("integer")}
    if contract.table == "rights_requests":
        columns |= {"first_second": _sql_type("integer"), "first_day": _sql_type("integer")}
    for column in contract.columns.values():
        if column.type == "id" and column.name in contract.key:
            continue
        for name in contract.stored_names(column):
            columns[name] = _stored_type(column)
    return columns


def _stored_type(column: Column) -> SqlType:
    if column.type in ("id", "instant", "date"):
        return _sql_type("integer", nullable=not column.required)
    return _sql_type(column.type, nullable=not column.required and column.when_missing is None)


def run_tables() -> dict[str, Schema]:
    """The tables that hold the constants of a run."""
    return {
        "period": {name: _sql_type("integer") for name in ("start_day", "end_day", "as_of_day", "as_of_second")},
        "parameter": {name: _sql_type(scalar.type) for name, scalar in scalars().items()},
        "coverage": {
            "table_name": _sql_type("text"),
            "is_present": _sql_type("boolean"),
            "rows": _sql_type("integer", nullable=True),
            "kind": _sql_type("text", nullable=True),
            "covers_from_day": _sql_type("integer", nullable=True),
            "covers_to_day": _sql_type("integer", nullable=True),
            "extracted_second": _sql_type("integer", nullable=True),
            "extracted_day": _sql_type("integer", nullable=True),
            "keeps_deleted": _sql_type("boolean", nullable=True),
            "is_daily": _sql_type("boolean", nullable=True),
        },
    }


def calendar_tables() -> dict[str, Schema]:
    """The calendar tables."""
    tables = {name: {column: _sql_type("integer") for column in columns} for name, columns in CALENDAR.items()}
    tables["ref_working_day"] = {
        "calendar": _sql_type("text"),
        "day": _sql_type("integer"),
        "is_working": _sql_type("boolean"),
        "next_working_day": _sql_type("integer"),
        "working_day_no": _sql_type("integer"),
    }
    return tables


def parameter_tables() -> dict[str, Schema]:
    """The list parameters; their rows are numbered, since numbers join faster than words."""
    return {
        f"param_{name}": {
            f"{name}_no": _sql_type("integer"),
            **{column: _sql_type(kind, nullable=column not in parameter.key) for column, kind in parameter.columns.items()},
        }
        for name, parameter in list_parameters().items()
    }


def reference_tables(reference: Mapping[str, ReferenceTable]) -> dict[str, Schema]:
    """`ref_<name>` for every reference table."""
    return {
        f"ref_{name}": {column: _sql_type(kind, nullable=True) for column, kind in table.columns.items()}
        for name, table in reference.items()
    }


EXTRA_STAGED: dict[str, Schema] = {
    "stg_text_signal": {
        "text_no": _sql_type("integer"),
        "account_no": _sql_type("integer", nullable=True),
        "written_second": _sql_type("integer"),
        "written_day": _sql_type("integer"),
        "language": _sql_type("text", nullable=True),
        "statement": _sql_type("text"),
        "under_13_until_day": _sql_type("integer"),
    },
    "stg_request_purpose": {"request_no": _sql_type("integer"), "purpose": _sql_type("text")},
    "stg_retention_duty": {
        "duty_id": _sql_type("text"),
        "country": _sql_type("text"),
        "amount_months": _sql_type("integer"),
        "starts": _sql_type("text"),
        "verified": _sql_type("boolean"),
    },
}
"""Staged tables that are not an export table of their own, and what they are staged from."""
STAGED_FROM = {"stg_text_signal": "texts", "stg_request_purpose": "rights_requests", "stg_retention_duty": ""}
STAGED_COLUMNS = {"stg_request_purpose": {"purpose": "purposes"}}
"""Their columns that are made of a stored column with another name."""


def all_tables(contracts: Mapping[str, Contract], reference: Mapping[str, ReferenceTable]) -> dict[str, Schema]:
    """Every table a derived text or a measure may read, the derived ones apart."""
    return {
        **{f"stg_{table}": staged(contract) for table, contract in contracts.items()},
        **EXTRA_STAGED,
        **run_tables(),
        **calendar_tables(),
        **parameter_tables(),
        **reference_tables(reference),
    }


def small_tables(reference: Mapping[str, ReferenceTable]) -> frozenset[str]:
    """Tables that may be joined without an equality: one row, or a handful."""
    return frozenset(SMALL_RUN_TABLES | {f"param_{name}" for name in list_parameters()} | {"ref_under_13_signal"})
