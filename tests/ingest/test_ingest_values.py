"""How single values are read: instants, days, and every kind of fault."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import duckdb
import pytest
from ingest_world import Load

from audit_lib.ingest.zones import END_SECOND, FIRST_SECOND, day_sql, step_sql, utc_second_sql
from audit_lib.vocabulary import day_number

T = "2018-01-01T00:00:00Z"


def second(text: str) -> int:
    return int(datetime.fromisoformat(text).timestamp() // 1)


INSTANTS = [
    ("2018-06-01T10:00:00Z", second("2018-06-01T10:00:00+00:00")),
    ("2018-06-01 10:00:00+00", second("2018-06-01T10:00:00+00:00")),
    ("2018-06-01t10:00z", second("2018-06-01T10:00:00+00:00")),
    ("2018-06-01T10:00:00+02:00", second("2018-06-01T08:00:00+00:00")),
    ("2018-06-01T10:00:00-0730", second("2018-06-01T17:30:00+00:00")),
    ("2018-06-01T10:00:00.999999999Z", second("2018-06-01T10:00:00+00:00")),
    ("2018-06-01T10:00:00,25+01:00", second("2018-06-01T09:00:00+00:00")),
    ("1969-12-31T23:59:59.5Z", -1),
    ("1969-12-31T23:59:59Z", -1),
    ("1900-01-01T00:00:00Z", FIRST_SECOND),
    ("2100-12-31T23:59:59Z", END_SECOND - 1),
]


@pytest.mark.parametrize(("text", "expected"), INSTANTS)
def test_instant_keeps_its_offset_and_rounds_down(load: Load, text: str, expected: int) -> None:
    loaded = load({"accounts.csv": f'account_id,opened_at\na1,"{text}"\n'})
    assert loaded.rows("select opened_second, opened_day from accounts") == [(expected, expected // 86400)]


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("infinity", "not_an_instant"),
        ("-infinity", "not_an_instant"),
        ("epoch", "not_an_instant"),
        ("now", "not_an_instant"),
        ("today", "not_an_instant"),
        ("1514764800", "not_an_instant"),
        ("2018-01-01 (BC) 00:00:00Z", "not_an_instant"),
        ("2018-02-30T00:00:00Z", "not_an_instant"),
        ("2018-01-01T24:00:00Z", "not_an_instant"),
        ("2018-01-01T23:59:60Z", "not_an_instant"),
        ("2018-01-01T03:04:0.Z", "not_an_instant"),
        ("2018-01-01T03: 4:05Z", "not_an_instant"),
        ("2018-01-01T 3:04:05Z", "not_an_instant"),
        ("2018-01-01T00:00:00 America/Los_Angeles", "not_an_instant"),
        ("01/02/2018", "not_an_instant"),
        ("1899-12-31T23:59:59Z", "out_of_range"),
        ("2101-01-01T00:00:00Z", "out_of_range"),
        ("0001-01-01T00:00:00Z", "out_of_range"),
        ("9999-12-31T23:59:59Z", "out_of_range"),
        ("2018-01-01T00:00:00", "no_offset"),
        ("2018-01-01 00:00", "no_offset"),
        ("2018-01-01", "date_only"),
    ],
)
def test_what_is_no_instant(load: Load, text: str, kind: str) -> None:
    loaded = load({"accounts.csv": f'account_id,opened_at,closed_at\na1,"{text}",\na2,{T},"{text}"\n'})
    assert loaded.faults() == [
        (1, "opened_at", kind, "quarantined", text),
        (2, "closed_at", kind, "dropped", text),
    ]
    assert loaded.rows("select account_id, closed_second, closed_day from accounts") == [("a2", None, None)]


def test_naive_instants_are_read_in_the_declared_zone(load: Load) -> None:
    loaded = load(
        {
            "sources.toml": '[accounts]\ntime_zone = "America/Los_Angeles"\n',
            "accounts.csv": "account_id,opened_at\n1,2018-07-01T00:00:00\n2,2018-01-01T00:00:00\n"
            "3,2018-11-04T01:30:00\n4,2018-03-11T02:30:00\n5,2018-07-01T00:00:00Z\n6,2018-07-01\n",
        }
    )
    assert loaded.rows("select opened_second from accounts order by account_id") == [
        (second("2018-07-01T07:00:00+00:00"),),
        (second("2018-01-01T08:00:00+00:00"),),
        (second("2018-11-04T08:30:00+00:00"),),  # comes twice: the first
        (second("2018-03-11T10:30:00+00:00"),),  # is skipped: by the offset before
        (second("2018-07-01T00:00:00+00:00"),),
    ]
    assert loaded.faults() == [(6, "opened_at", "date_only", "quarantined", "2018-07-01")]


def test_bare_date_is_the_start_of_the_day_where_declared(load: Load) -> None:
    loaded = load(
        {
            "sources.toml": '[accounts]\ntime_zone = "America/Los_Angeles"\ndates_as = "start_of_day"\n',
            "accounts.csv": "account_id,opened_at\n1,2018-07-01\n2,1850-01-01\n3,2018-13-01\n",
        },
        zone=ZoneInfo("America/Los_Angeles"),
    )
    assert loaded.rows("select opened_second, opened_day from accounts") == [
        (second("2018-07-01T07:00:00+00:00"), day_number(date(2018, 7, 1)))
    ]
    assert [fault[2] for fault in loaded.faults()] == ["out_of_range", "not_an_instant"]


def test_days_are_days_of_the_zone(load: Load) -> None:
    text = "account_id,opened_at\na1,2018-10-01T06:59:59Z\na2,2018-10-01T07:00:00Z\n"
    loaded = load({"accounts.csv": text}, zone=ZoneInfo("America/Los_Angeles"))
    assert loaded.rows("select opened_day from accounts order by 1") == [
        (day_number(date(2018, 9, 30)),),
        (day_number(date(2018, 10, 1)),),
    ]


@pytest.mark.parametrize(
    ("column", "text", "stored", "kind"),
    [
        ("birth_date", "2004-02-29", day_number(date(2004, 2, 29)), None),
        ("birth_date", "0001-01-01", day_number(date(1, 1, 1)), None),
        ("birth_date", "9999-12-31", day_number(date(9999, 12, 31)), None),
        ("birth_date", "0000-01-01", None, "out_of_range"),
        ("birth_date", "2003-02-29", None, "not_a_date"),
        ("birth_date", "2003-2-9", None, "not_a_date"),
        ("birth_date", "2003-02-09T00:00:00Z", None, "not_a_date"),
        ("birth_date", "infinity", None, "not_a_date"),
        ("country", "us", None, "not_a_country"),
        ("country", "U1", None, "not_a_country"),
        ("country", "USA", None, "not_a_country"),
        ("country", "É", None, "not_a_country"),
        ("region", "CA", "CA", None),
        ("region", "75C", "75C", None),
        ("region", "US-C", None, "not_a_region"),
        ("region", "ca", None, "not_a_region"),
        ("password_salted", "YES", True, None),
        ("password_salted", "f", False, None),
        ("password_salted", "0", False, None),
        ("password_salted", "on", None, "not_a_boolean"),
    ],
)
def test_other_types(load: Load, column: str, text: str, stored: object, kind: str | None) -> None:
    loaded = load({"accounts.csv": f"account_id,opened_at,{column}\na1,{T},{text}\n"})
    name = "birth_day" if column == "birth_date" else column
    assert loaded.rows(f"select {name} from accounts") == [(stored,)]
    assert [(fault[1], fault[2]) for fault in loaded.faults()] == ([(column, kind)] if kind else [])


@pytest.mark.parametrize(
    ("text", "stored", "kind"),
    [
        ("0", 0, None),
        ("007", 7, None),
        ("9223372036854775807", 2**63 - 1, None),
        ("-1", None, "out_of_range"),
        ("9223372036854775808", None, "out_of_range"),
        ("1.5", None, "not_an_integer"),
        ("1e3", None, "not_an_integer"),
        ("1_000", None, "not_an_integer"),
    ],
)
def test_integers(load: Load, text: str, stored: int | None, kind: str | None) -> None:
    loaded = load({"transfers.csv": f"transfer_id,occurred_at,persons\nt1,{T},{text}\n"})
    assert loaded.rows("select persons from transfers") == [(stored,)]
    assert [fault[2] for fault in loaded.faults()] == ([kind] if kind else [])


def test_closed_list_of_a_required_and_of_an_optional_column(load: Load) -> None:
    loaded = load(
        {
            "consent_events.csv": f"event_id,status,recorded_at\nc1,maybe,{T}\n",
            "age_reviews.csv": f"review_id,opened_at,decision\nr1,{T},unsure\n",
        }
    )
    assert loaded.rows("select table_name, column_name, kind, effect, rows from fault order by 1") == [
        ("age_reviews", "decision", "not_in_list", "dropped", 1),
        ("consent_events", "status", "not_in_list", "quarantined", 1),
    ]
    assert loaded.rows("select review_id, decision from age_reviews") == [("r1", None)]


def test_white_space_is_trimmed_and_empty_is_missing(load: Load) -> None:
    loaded = load(
        {
            "accounts.csv": f'account_id,opened_at,country,region\n " a1",{T},US,CA\n'.replace(' " a1"', '" \ta1 "')
            + f'a2 ,\t{T} ,  ,"\n"\n'
        }
    )
    assert loaded.rows("select account_id, country, region from accounts") == [("a1", "US", "CA"), ("a2", None, None)]
    assert loaded.faults() == []


@pytest.mark.parametrize(
    "zone", ["America/Los_Angeles", "Europe/London", "Asia/Kolkata", "Pacific/Apia", "Australia/Lord_Howe"]
)
def test_days_equal_those_of_the_databases_calendar(zone: str) -> None:
    con = duckdb.connect()
    con.execute("set TimeZone = 'UTC'")
    bounds = "select -63072000 + i * 13331 + i % 7 as s from range(150000) t(i)"  # 1968 to 2031
    calendar = f"cast(cast(timezone('{zone}', make_timestamptz(s * 1000000)) as date) - date '1970-01-01' as integer)"
    wrong = con.execute(
        f"select count(*) from ({bounds}) where {day_sql('s', ZoneInfo(zone))} <> {calendar}"
    ).fetchall()
    assert wrong == [(0,)]


@pytest.mark.parametrize("zone", ["America/Los_Angeles", "Europe/Amsterdam", "Pacific/Apia"])
def test_wall_clock_equals_python(zone: str) -> None:
    info = ZoneInfo(zone)
    naive = [datetime(1910, 1, 1, 0, 30) + timedelta(hours=7 * step) for step in range(0, 180_000, 3)]
    local = [int((n - datetime(1970, 1, 1)).total_seconds()) for n in naive]
    expected = [round(n.replace(tzinfo=info).astimezone(UTC).timestamp()) for n in naive]
    con = duckdb.connect()
    frame = con.execute("select unnest($1) as l, unnest($2) as e", [local, expected]).df()  # noqa: F841
    assert con.execute(f"select count(*) from frame where {utc_second_sql('l', info)} <> e").fetchall() == [(0,)]


def test_steps_hold_from_their_start_on() -> None:
    con = duckdb.connect()
    tree = step_sql("x", [0, 10, 20, 21], [1, 2, 3, 4])
    assert con.execute(f"select {tree} from (values (-5), (0), (9), (10), (19), (20), (21), (99)) t(x)").fetchall() == [
        (1,),
        (1,),
        (1,),
        (2,),
        (2,),
        (3,),
        (4,),
        (4,),
    ]


def test_parquet_types(load: Load, tmp_path: Path) -> None:
    path = tmp_path / "exports" / "transfers.parquet"
    path.parent.mkdir()
    duckdb.connect().execute(f"""copy (
        select * from (values
            (1::bigint, timestamptz '2018-06-01 10:00:00.9+02', 5.0::double, 7::tinyint, ['a'], date '2018-01-01'),
            (2, timestamptz '1969-12-31 23:59:59.5+00', 5.5, -1, null, null),
            (3, timestamptz 'infinity', 'nan'::double, null, null, null))
        t(transfer_id, occurred_at, persons, records, purpose, extra)) to '{path}' (format parquet)""").fetchall()
    loaded = load({})
    assert loaded.rows("select transfer_id, occurred_second, persons, records, purpose from transfers") == [
        ("1", second("2018-06-01T08:00:00+00:00"), 5, 7, None),
        ("2", -1, None, None, None),
    ]
    assert [fault[:4] for fault in loaded.faults()] == [
        (1, "purpose", "not_text", "dropped"),
        (2, "persons", "not_an_integer", "dropped"),
        (2, "records", "out_of_range", "dropped"),
        (3, "occurred_at", "not_an_instant", "quarantined"),
    ]


@pytest.mark.parametrize(
    ("declared", "outcome"),
    [
        ("", ["no_offset", "date_only"]),
        ('[accounts]\ntime_zone = "America/Los_Angeles"\n', ["date_only"]),
        ('[accounts]\ntime_zone = "America/Los_Angeles"\ndates_as = "start_of_day"\n', []),
    ],
)
def test_parquet_instants_without_offset(load: Load, tmp_path: Path, declared: str, outcome: list[str]) -> None:
    folder = tmp_path / "exports"
    folder.mkdir()
    duckdb.connect().execute(f"""
        copy (select 'a1' as account_id, timestamp '2018-07-01 00:00:00' as opened_at) to '{folder}/a.parquet';
        copy (select 'a2' as account_id,
                     date '2018-07-01' as opened_at, true as password_salted) to '{folder}/b.parquet'
    """).fetchall()
    files = 'files = ["*.parquet"]\n'
    loaded = load({"sources.toml": declared + files if declared else "[accounts]\n" + files})
    assert [
        fault[2] for fault in loaded.rows("select record, column_name, kind from quarantine order by file_no")
    ] == outcome
    expected = second("2018-07-01T07:00:00+00:00")
    assert loaded.rows("select opened_second from accounts") == [(expected,)] * (2 - len(outcome))


def test_json_lines(load: Load) -> None:
    loaded = load(
        {
            "transfers.jsonl": "\n".join(
                [
                    f'{{"transfer_id": 123456789012345678901234, "occurred_at": "{T}", "persons": 3, "purpose": null}}',
                    "",
                    "not json",
                    "[1]",
                    f'{{"transfer_id": "t3", "occurred_at": "{T}", "purpose": {{"a": 1}}, '
                    '"persons": 1.5, "more": true}',
                    f'{{"transfer_id": ["t4"], "occurred_at": "{T}"}}',
                    f'{{"transfer_id": "t4", "transfer_id": "t5", "occurred_at": "{T}"}}',
                    f'{{"transfer_id": "t5", "occurred_at": "{T}", "purpose": "line\\nbreak, \\"quoted\\""}}',
                ]
            )
        }
    )
    assert loaded.counts() == [(7, 3, 4, 0, 0, 0)]
    assert loaded.rows("select transfer_id, persons, purpose, record from transfers") == [
        ("123456789012345678901234", 3, None, 1),
        ("t3", None, None, 4),
        ("t5", None, 'line\nbreak, "quoted"', 7),
    ]
    assert [fault[:4] for fault in loaded.faults()] == [
        (2, None, "not_json", "quarantined"),
        (3, None, "not_json", "quarantined"),
        (4, "persons", "not_an_integer", "dropped"),
        (4, "purpose", "not_text", "dropped"),
        (5, "transfer_id", "not_text", "quarantined"),
        (6, None, "not_json", "quarantined"),
    ]
    assert ("more",) in loaded.rows("select column_name from input_column where state = 'extra'")
