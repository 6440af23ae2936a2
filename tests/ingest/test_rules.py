"""Cross-row rules: what contradicts itself or its declaration is reported, row by row, and never repaired."""

from __future__ import annotations

import pytest
from ingest_world import CONTRACTS, Load

from audit_lib.ingest.rules import ENDS

EARLY, LATE = "2018-01-01T00:00:00Z", "2018-02-01T00:00:00Z"
EARLY_DAY, LATE_DAY = "2018-01-01", "2018-02-01"
FILLERS = {"status": "given", "account_id": "a1", "purpose": "marketing", "transfer_tool": "scc", "decision": "cleared", "risk": "none"}
PAIRS = [(table, start, end) for table, pairs in ENDS.items() for start, end in pairs]


def value(table: str, column: str, early: bool) -> str:
    """An early or late value of a column, as its type is written."""
    if CONTRACTS[table].columns[column].type == "date":
        return EARLY_DAY if early else LATE_DAY
    return EARLY if early else LATE


def export(table: str, start: str, end: str) -> str:
    """Three rows: the end after the start, with it, and before it."""
    contract = CONTRACTS[table]
    others = [c for c in contract.columns.values() if c.name not in (start, end) and (c.required or c.name in contract.key)]
    lines = [",".join([start, end, *(c.name for c in others)])]
    for number, (first, last) in enumerate([(True, False), (True, True), (False, True)]):
        cells = [f"x{number}" if c.name in contract.key else _filler(c.name, c.type, number) for c in others]
        lines.append(",".join([value(table, start, first), value(table, end, last), *cells]))
    return "\n".join([*lines, ""])


def _filler(column: str, type_: str, number: int) -> str:
    if column in FILLERS:
        return FILLERS[column]
    return {"instant": EARLY, "date": EARLY_DAY}.get(type_, f"x{number}")


def test_every_pair_is_of_the_contract() -> None:
    for table, start, end in PAIRS:
        columns = CONTRACTS[table].columns
        assert {columns[start].type, columns[end].type} <= {"instant", "date"}


@pytest.mark.parametrize(("table", "start", "end"), PAIRS)
def test_an_end_before_its_start_is_reported(load: Load, table: str, start: str, end: str) -> None:
    loaded = load({f"{table}.csv": export(table, start, end)})
    number = CONTRACTS[table].number
    assert loaded.rows(f"select count(*) from {table}") == [(3,)]
    broken = loaded.rows(f"select rule, column_name, t.record from rule_break b join {table} t on t.{number} = b.number")
    assert broken == [("ends_before_start", end, 3)]


def test_a_date_and_an_instant_are_compared_by_days(load: Load) -> None:
    """Withdrawn at noon of the day on which it takes effect is no contradiction."""
    loaded = load(
        {
            "policy_versions.csv": "policy_version,effective_on,withdrawn_at\n"
            "one,2018-01-05,2018-01-05T12:00:00Z\ntwo,2018-01-05,2018-01-04T23:59:59Z\nthree,2018-01-05,\n"
        }
    )
    assert loaded.rows("select rule, column_name, number from rule_break") == [("ends_before_start", "withdrawn_at", 2)]


LOG = "transfer_id,occurred_at\nt1,2018-01-31T23:59:59Z\nt2,2018-02-01T00:00:00Z\nt3,2018-02-28T23:59:59Z\nt4,2018-03-01T00:00:00Z\n"


@pytest.mark.parametrize(
    ("declared", "outside"),
    [
        ('kind = "log"\ncovers_from = 2018-02-01\n', [1]),
        ('kind = "log"\ncovers_to = 2018-02-28\n', [4]),
        ('kind = "log"\ncovers_from = 2018-02-01\ncovers_to = 2018-02-28\n', [1, 4]),
        ('kind = "changes"\ncovers_from = 2018-02-01\n', [1]),
        ("covers_from = 2018-02-01\n", [1]),
        ('kind = "log"\ncovers_from = "beginning"\n', []),
        ('kind = "log"\n', []),
        ('kind = "snapshot"\ncovers_from = 2018-02-01\n', []),
    ],
)
def test_rows_outside_the_declared_days_are_reported(load: Load, declared: str, outside: list[int]) -> None:
    loaded = load({"sources.toml": f"[transfers]\n{declared}", "transfers.csv": LOG})
    assert loaded.rows("select count(*) from transfers") == [(4,)]
    found = loaded.rows("select rule, column_name, number from rule_break order by number")
    assert found == [("outside_coverage", "occurred_at", number) for number in outside]


def test_each_file_is_held_against_its_own_days(load: Load) -> None:
    """A day that the other extraction covers is still outside of this one."""
    header, *rows = LOG.splitlines()
    loaded = load(
        {
            "sources.toml": '[[transfers]]\nfiles = "one.csv"\nkind = "log"\ncovers_from = 2018-01-01\ncovers_to = 2018-01-31\n'
            "extracted_at = 2018-02-01T00:00:00Z\n"
            '[[transfers]]\nfiles = "two.csv"\nkind = "log"\ncovers_from = 2018-02-01\ncovers_to = 2018-03-31\n'
            "extracted_at = 2018-04-01T00:00:00Z\n",
            "one.csv": "\n".join([header, rows[0], rows[1], ""]),
            "two.csv": "\n".join([header, rows[2], rows[3], ""]),
        }
    )
    broken = loaded.rows("select t.transfer_id, rule from rule_break b join transfers t on t.transfer_no = b.number order by all")
    assert ("t2", "outside_coverage") in broken
    assert [found for found in broken if found[1] == "outside_coverage"] == [("t2", "outside_coverage")]


def test_a_request_is_placed_by_its_first_instant(load: Load) -> None:
    loaded = load(
        {
            "sources.toml": '[rights_requests]\nkind = "log"\ncovers_from = 2018-02-01\n',
            "rights_requests.csv": f"request_id,received_at,closed_at\nq1,{EARLY},{LATE}\nq2,,{LATE}\nq3,,{EARLY}\n",
        }
    )
    assert loaded.rows("select rule, column_name, number from rule_break order by all") == [
        ("outside_coverage", "received_at", 1),
        ("outside_coverage", "received_at", 3),
    ]
