"""Where every row of an export goes: loaded, quarantined, duplicate, superseded."""

from __future__ import annotations

import gzip
from pathlib import Path

import duckdb
import pytest
from ingest_world import CONTRACTS, UTC, Load

from audit_lib.errors import InputRefused
from audit_lib.ingest import ingest, pipeline, read_sources, reconciliation

T = "2018-01-01T00:00:00Z"
LATE = "2018-02-01T00:00:00Z"


def test_the_case_of_the_issue(load: Load) -> None:
    loaded = load(
        {
            "accounts.csv": "\n".join(
                [
                    "closed_at,sign_up_method,opened_at,account_id,country",
                    f",email,{T},a1,US",
                    ",email,2018-02-30T00:00:00Z,a2,US",  # a bad date
                    f",email,{T},,US",  # a missing required value
                    f",email,{T},a4,US",  # a repeated key …
                    f",google,{T},a4,US",  # … with other content
                    f",email,{T},a6,US,surplus",  # one column too many
                    f",carrier_pigeon,{T},a7,US",  # an unknown category
                    f",email,{T},a8,usa",  # a bad optional value
                ]
            )
        }
    )
    assert loaded.rows("select file, rows, accepted, quarantined from input_file") == [("accounts.csv", 8, 3, 5)]
    assert loaded.rows("select account_no, account_id, sign_up_method, country, record from accounts") == [
        (1, "a1", "email", "US", 1),
        (6, "a7", "carrier_pigeon", "US", 7),
        (7, "a8", "email", None, 8),
    ]
    assert loaded.faults() == [
        (2, "opened_at", "not_an_instant", "quarantined", "2018-02-30T00:00:00Z"),
        (3, "account_id", "missing", "quarantined", None),
        (4, "account_id", "repeated_key", "quarantined", "a4"),
        (5, "account_id", "repeated_key", "quarantined", "a4"),
        (6, None, "too_many_columns", "quarantined", f",email,{T},a6,US,surplus"),
        (7, "sign_up_method", "unknown_word", "unknown_word", "carrier_pigeon"),
        (8, "country", "not_a_country", "dropped", "usa"),
    ]
    assert loaded.rows("select column_name, kind, effect, rows from fault where kind = 'repeated_key'") == [
        ("account_id", "repeated_key", "quarantined", 2)
    ]


def test_exact_repeats_are_duplicates_of_the_file_read_second(load: Load) -> None:
    row = f"a1,{T}\n"
    loaded = load(
        {"accounts/b.csv": "account_id,opened_at\n" + row, "accounts/a.csv": "account_id,opened_at\n" + row + row}
    )
    assert loaded.rows("select file, accepted, duplicate from input_file order by file") == [
        ("accounts/a.csv", 1, 1),
        ("accounts/b.csv", 0, 1),
    ]


def test_repeat_is_judged_by_the_whole_row_even_where_a_column_is_not_kept(load: Load) -> None:
    text = f"account_id,opened_at,country\na1,{T},US\na1,{T},DE\na2,{T},US\na2,{T},US\n"
    loaded = load({"accounts.csv": text}, columns={"accounts": frozenset()})
    assert loaded.counts() == [(4, 1, 2, 1, 0, 0)]
    assert loaded.rows("select account_id, country from accounts") == [("a2", None)]


def test_column_order_does_not_make_rows_different(load: Load) -> None:
    loaded = load(
        {
            "accounts/1.csv": f"account_id,opened_at,country\na1,{T},US\n",
            "accounts/2.csv": f"country,opened_at,account_id\nUS,{T},a1\n",
        }
    )
    assert loaded.counts() == [(1, 1, 0, 0, 0, 0), (1, 0, 0, 1, 0, 0)]


SEVERAL = """
[[accounts]]
files = ["new.csv"]
extracted_at = 2018-07-01T00:00:00Z
[[accounts]]
files = ["old.csv"]
extracted_at = 2018-04-01T00:00:00Z
"""


def test_newest_extraction_counts(load: Load) -> None:
    loaded = load(
        {
            "sources.toml": SEVERAL,
            "old.csv": f"account_id,opened_at,closed_at\na1,{T},\na2,{T},\n",
            "new.csv": f"account_id,opened_at,closed_at\na1,{T},{LATE}\n",
        }
    )
    assert loaded.rows("select file, accepted, superseded from input_file order by file_no") == [
        ("old.csv", 1, 1),
        ("new.csv", 1, 0),
    ]
    assert loaded.rows("select account_id, closed_second is not null from accounts order by 1") == [
        ("a1", True),
        ("a2", False),
    ]


def test_keyless_table_is_replaced_by_the_newer_extraction(load: Load) -> None:
    declared = SEVERAL.replace("accounts", "recipient_tools")
    head = "recipient_id,transfer_tool,valid_from\n"
    loaded = load(
        {
            "sources.toml": declared,
            "old.csv": head + "r1,scc,2018-01-01\nr2,scc,2018-01-01\n",
            "new.csv": head + "r1,bcr,2018-01-01\nr1,bcr,2018-01-01\n",
        }
    )
    assert loaded.counts() == [(2, 0, 0, 0, 2, 0), (2, 1, 0, 1, 0, 0)]
    assert loaded.rows("select transfer_tool, valid_from_day from recipient_tools") == [("bcr", 17532)]


def test_changes_keep_the_last_row_of_a_key(load: Load) -> None:
    loaded = load(
        {
            "sources.toml": '[accounts]\nkind = "changes"\n',
            "accounts.csv": f"account_id,opened_at,country\na1,{T},US\na1,{T},US\na1,{T},DE\na1,{T},US\na2,{T},FR\n",
        }
    )
    assert loaded.rows("select account_id, country, record from accounts order by 1") == [
        ("a1", "US", 4),
        ("a2", "FR", 5),
    ]
    assert loaded.counts() == [(5, 2, 0, 1, 2, 0)]


def test_quarantined_row_does_not_claim_its_key(load: Load) -> None:
    loaded = load({"accounts.csv": f"account_id,opened_at\na1,never\na1,{T}\n"})
    assert loaded.rows("select account_id, record from accounts") == [("a1", 2)]


def test_one_of_several_columns_is_needed(load: Load) -> None:
    loaded = load(
        {
            "rights_requests.csv": f"request_id,received_at,closed_at\nq1,,{T}\nq2,,\nq3,nonsense,\n",
            "field_inventory.csv": "system,recipient_id,field_name\ncrm,,email\n,,email\n",
        }
    )
    assert loaded.rows("select request_id from rights_requests") == [("q1",)]
    assert loaded.rows("select table_name, record, column_name, kind, effect from quarantine order by all") == [
        ("field_inventory", 2, "system", "missing", "quarantined"),
        ("rights_requests", 2, "received_at", "missing", "quarantined"),
        ("rights_requests", 3, "received_at", "not_an_instant", "quarantined"),
    ]


def test_records_are_numbered_with_rejected_ones_counted(load: Load) -> None:
    lines = [f'a{n},{T},"x\ny"' for n in range(1, 9)]
    lines[1], lines[4] = "a2", f"a5,{T},u,v"
    loaded = load({"accounts.csv": "account_id,opened_at,sign_up_method\n" + "\n\n".join(lines)})
    assert loaded.rows("select record from accounts order by account_no") == [(1,), (3,), (4,), (6,), (7,), (8,)]
    assert [(f[0], f[2]) for f in loaded.faults() if f[1] is None] == [(2, "too_few_columns"), (5, "too_many_columns")]


def test_many_faults_take_the_other_way_to_the_same_numbers(load: Load) -> None:
    lines = []
    for n in range(3000):
        lines.append("short" if n % 3 == 0 else f"a{n},{'never' if n % 3 == 1 else T}")
    loaded = load({"accounts.csv": "account_id,opened_at\n" + "\n".join(lines)})
    assert loaded.counts() == [(3000, 1000, 2000, 0, 0, 0)]
    assert loaded.rows("select count(*) from accounts where account_id <> 'a' || (record - 1)") == [(0,)]
    assert loaded.rows("select min(account_no), max(account_no), count(distinct account_no) from accounts") == [
        (2, 2000, 1000)
    ]
    assert loaded.rows("select count(*) from quarantine where kind = 'not_an_instant' and record % 3 <> 2") == [(0,)]
    assert loaded.rows("select count(*) from quarantine where kind = 'too_few_columns' and record % 3 <> 1") == [(0,)]


def test_empty_table_is_present_with_no_rows(load: Load) -> None:
    loaded = load({"accounts.csv": "account_id,opened_at\n", "age_reviews.jsonl": ""})
    assert loaded.rows("select table_name, rows from coverage where is_present order by 1") == [
        ("accounts", 0),
        ("age_reviews", 0),
    ]
    assert loaded.rows("select is_present, rows from coverage where table_name = 'texts'") == [(False, None)]
    assert loaded.rows("select count(*) from accounts") == [(0,)]


def test_columns_missing_extra_and_not_kept(load: Load) -> None:
    loaded = load(
        {"accounts.csv": f"account_id,opened_at,country,mood\na1,{T},US,good\n"},
        columns={"accounts": frozenset({"region"})},
    )
    states = dict(loaded.rows("select column_name, state from input_column"))
    assert states["account_id"] == states["opened_at"] == "present"
    assert (states["country"], states["region"], states["mood"]) == ("not_kept", "missing", "extra")
    assert loaded.rows("select country, region from accounts") == [(None, None)]


def test_table_that_is_not_asked_for_is_listed_but_not_loaded(load: Load) -> None:
    loaded = load(
        {"accounts.csv": f"account_id,opened_at\na1,{T}\n", "age_reviews.csv": 'broken,"'},
        columns={"accounts": frozenset()},
    )
    assert loaded.rows("select is_present, rows from coverage where table_name = 'age_reviews'") == [(True, None)]
    assert ("age_reviews",) not in loaded.rows("select table_name from duckdb_tables()")


def test_keys_are_numbered_in_order_of_loading_then_unknown_ones(load: Load) -> None:
    loaded = load(
        {
            "accounts.csv": f"account_id,opened_at\nz,{T}\nb,{T}\n",
            "processing_events.csv": "event_id,occurred_at,account_id,device_id\n"
            f"e1,{T},b,d9\ne2,{T},c,\ne3,{T},a,d1\ne4,never,q,d0\n",
        }
    )
    assert loaded.rows("select * from key_account order by 1") == [
        (1, "z", True),
        (2, "b", True),
        (3, "a", False),
        (4, "c", False),
    ]
    assert loaded.rows("select * from key_device order by 1 desc") == [(-1, "d0", True), (-2, "d1", True), (-3, "d9", True)]
    assert loaded.rows("select event_no, account_no, device_no from processing_events order by 1") == [
        (1, 2, -3),
        (2, 4, None),
        (3, 3, -2),
    ]
    names = {
        row[0] for row in loaded.rows("select column_name from duckdb_columns() where table_name = 'processing_events'")
    }
    assert not names & {"account_id", "device_id"}
    tables = {row[0] for row in loaded.rows("select table_name from duckdb_tables()")}
    assert not tables & {"key_recipient", "key_consent_event"}


def test_consent_events_share_their_numbers_with_transfers(load: Load) -> None:
    loaded = load(
        {
            "consent_events.csv": f"event_id,status,recorded_at\nc1,given,{T}\nc2,nonsense,{T}\nc3,given,{T}\n",
            "transfers.csv": f"transfer_id,occurred_at,consent_event_id\nt1,{T},c3\nt2,{T},c2\n",
        }
    )
    assert loaded.rows("select consent_event_no from transfers order by transfer_no") == [(3,), (4,)]
    assert loaded.rows("select * from key_consent_event order by 1") == [
        (1, "c1", True),
        (3, "c3", True),
        (4, "c2", False),
    ]


def test_ids_without_a_table_of_their_own_are_numbered_before(load: Load) -> None:
    loaded = load({"processing_events.csv": f"event_id,occurred_at,account_id\ne1,{T},b\ne2,{T},a\ne3,{T},\ne4,{T},b\n"})
    assert loaded.rows("select * from key_account order by 1") == [(1, "a", False), (2, "b", False)]
    assert loaded.rows("select event_no, account_no from processing_events order by 1") == [(1, 2), (2, 1), (3, None), (4, 2)]


def test_a_large_key_table_does_not_change_the_order_of_a_small_file(load: Load) -> None:
    """The join that numbers ids must read the file from its first record to its last, whichever side is larger."""
    accounts = "\n".join(f"a{n},{T}" for n in range(20_000))
    events = "\n".join(f"e{n},{T},a{(n * 7919) % 20_000}" for n in range(3_000))
    loaded = load(
        {
            "accounts.csv": f"account_id,opened_at\n{accounts}\n",
            "processing_events.csv": f"event_id,occurred_at,account_id\n{events}\n",
        }
    )
    wrong = "event_id <> 'e' || (record - 1) or account_no <> ((record - 1) * 7919) % 20000 + 1"
    assert loaded.rows(f"select count(*), count(*) filter (where {wrong}) from processing_events") == [(3000, 0)]


def test_cross_row_rules(load: Load) -> None:
    loaded = load(
        {
            "sources.toml": '[defaults]\nextracted_at = "2018-03-01T00:00:00Z"\n',
            "accounts.csv": f"account_id,opened_at,closed_at\na1,{LATE},{T}\na2,{T},2018-03-01T00:00:01Z\na3,{T},{T}\n",
            "legal_holds.csv": "hold_id,account_id,starts_on,ends_on\n"
            "h1,a9,2018-02-01,2018-01-01\nh2,,2018-01-01,2018-01-01\n",
        }
    )
    assert loaded.rows("select * from rule_break order by all") == [
        ("accounts", "after_extraction", "closed_at", 2),
        ("accounts", "ends_before_start", "closed_at", 1),
        ("legal_holds", "ends_before_start", "ends_on", 1),
        ("legal_holds", "unknown_account", "account_id", 1),
    ]


def test_unknown_account_is_not_judged_without_accounts(load: Load) -> None:
    loaded = load({"legal_holds.csv": "hold_id,account_id,starts_on\nh1,a9,2018-02-01\n"})
    assert loaded.rows("select count(*) from rule_break") == [(0,)]
    assert loaded.rows("select account_no, is_known from key_account") == [(1, False)]


def test_refusal_leaves_nothing_behind(tmp_path: Path) -> None:
    (tmp_path / "accounts.csv").write_text(f"account_id,opened_at\na1,{T}\n")
    (tmp_path / "age_reviews.csv").write_text(f'review_id,opened_at\n"r1,{T}\n')
    con = duckdb.connect()
    with pytest.raises(InputRefused, match=r"age_reviews\.csv: .*quote.* record 1, byte 20"):
        ingest(
            con,
            read_sources(tmp_path, CONTRACTS),
            CONTRACTS,
            columns=None,
            zone=UTC,
            with_texts=False,
            progress=lambda step: None,
        )
    assert con.execute("select table_name from duckdb_tables()").fetchall() == []


def test_failure_while_writing_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*args: object) -> None:
        raise KeyboardInterrupt

    (tmp_path / "accounts.csv").write_text(f"account_id,opened_at\na1,{T}\n")
    monkeypatch.setattr(pipeline, "write_rule_breaks", fail)
    con = duckdb.connect()
    with pytest.raises(KeyboardInterrupt):
        ingest(
            con,
            read_sources(tmp_path, CONTRACTS),
            CONTRACTS,
            columns=None,
            zone=UTC,
            with_texts=False,
            progress=lambda step: None,
        )
    assert con.execute("select table_name from duckdb_tables()").fetchall() == []


def test_names_of_files_with_quotes_spaces_and_stars(load: Load) -> None:
    text = f"account_id,opened_at\na1,{T}\n"
    loaded = load(
        {"accounts/it's [1] a*b?.csv": text, "accounts/plain.csv.gz": gzip.compress(text.replace("a1", "a2").encode())}
    )
    assert loaded.rows("select file, format, accepted from input_file") == [
        ("accounts/it's [1] a*b?.csv", "csv", 1),
        ("accounts/plain.csv.gz", "csv.gz", 1),
    ]


def test_columns_with_quotes_in_their_names(load: Load) -> None:
    loaded = load({"accounts.csv": f'account_id,opened_at,"a ""b\' c"\na1,{T},x\n'})
    assert loaded.rows("select column_name from input_column where state = 'extra'") == [("a \"b' c",)]


def test_reconciliation_shows_every_file(load: Load) -> None:
    loaded = load({"accounts.csv": f"account_id,opened_at\na1,{T}\na1,{T}\n,\n"})
    frame = reconciliation(loaded.con)
    assert frame.iloc[0].to_dict() == {
        "table": "accounts",
        "file": "accounts.csv",
        "format": "csv",
        "rows": 3,
        "accepted": 1,
        "quarantined": 1,
        "duplicate": 1,
        "superseded": 0,
        "left out": 0,
        "records": 3,
        "read as": "CSV; UTF-8 (found); delimiter , (found); header (found)",
        "adapter": "",
    }


def test_structure_is_checked_also_where_few_columns_are_kept(load: Load) -> None:
    rows = f"a1,{T},US,CA\na2,{T},US\na3,{T}\na4,{T},US,CA,x\na5,{T},US,CA\n"
    loaded = load({"accounts.csv": "account_id,opened_at,country,region\n" + rows}, columns={"accounts": frozenset()})
    assert loaded.rows("select account_id, record from accounts") == [("a1", 1), ("a5", 5)]
    assert [fault[:3] for fault in loaded.faults()] == [
        (2, None, "too_few_columns"),
        (3, None, "too_few_columns"),
        (4, None, "too_many_columns"),
    ]
