"""Tables of a running PostgreSQL, MariaDB or SQLite as sources: the same rows as from files, and every refusal."""

from __future__ import annotations

import csv
import gzip
import io
import shutil
import sqlite3
import stat
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import duckdb
import psycopg
import pymysql
import pytest
import servers
from ingest_world import CONTRACTS, UTC, Loaded

from audit_lib import open_run
from audit_lib.errors import AuditError, DefinitionError, InputRefused
from audit_lib.ingest import Sources, databases, ingest, read_sources
from audit_lib.ingest.databases import copies, mysql, postgresql
from audit_lib.ingest.streams import UnreadableError

SAMPLES = Path(__file__).parents[2] / "data_samples"
TYPES = {
    "accounts": {"opened_at": "timestamptz", "closed_at": "timestamptz", "last_active_at": "timestamptz", "birth_date": "date", "password_salted": "boolean"},
    "stored_records": {"collected_at": "timestamptz", "deleted_at": "timestamptz"},
}
"""Columns of the samples that are no text in PostgreSQL."""
KEYS = {"accounts": "account_id", "stored_records": "record_id"}


@pytest.fixture(scope="module")
def pg() -> Iterator[servers.Server]:
    """PostgreSQL with the database `shop` and the user `auditor`, who may read schema `public`."""
    with servers.postgresql() as server:
        _pg(server, "postgres", "create database shop", f"create role auditor login password '{servers.PASSWORD}'")
        yield server


@pytest.fixture(scope="module")
def maria() -> Iterator[servers.Server]:
    """MariaDB with the database `shop` and the user `auditor`, who may read it."""
    with servers.mariadb() as server:
        made = ("create database shop", f"create user auditor@'127.0.0.1' identified by '{servers.PASSWORD}'")
        _maria(server, *made, "grant select on shop.* to auditor@'127.0.0.1'", database="mysql")
        yield server


@pytest.fixture(autouse=True)
def passwords(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PGPASSWORD", servers.PASSWORD)
    monkeypatch.setenv("PRIVACY_AUDIT_MYSQL_PASSWORD", servers.PASSWORD)


def _pg_connection(server: servers.Server, database: str) -> psycopg.Connection:
    end = time.monotonic() + servers.SECONDS
    while True:
        try:
            return psycopg.connect(host="127.0.0.1", port=server.port, user="postgres", dbname=database, password=servers.PASSWORD, autocommit=True)
        except psycopg.OperationalError:
            if time.monotonic() > end:
                raise
            time.sleep(0.1)


def _pg(server: servers.Server, database: str, *statements: str) -> None:
    with _pg_connection(server, database) as connection:
        for statement in statements:
            connection.execute(statement)


def _maria(server: servers.Server, *statements: str, database: str = "shop") -> None:
    connection = pymysql.connect(host="127.0.0.1", port=server.port, user="root", database=database, charset="utf8mb4", autocommit=True)
    with connection, connection.cursor() as cursor:
        cursor.execute("set sql_mode = ''")
        for statement in statements:
            cursor.execute(statement)


def _declare(folder: Path, database: str, relations: Mapping[str, str], more: str = "") -> Path:
    folder.mkdir(exist_ok=True)
    tables = "".join(f"[{table}]\nrelation = '{relation}'\n{more}\n" for table, relation in relations.items())
    (folder / "sources.toml").write_text(f'[defaults]\ndatabase = "{database}"\n{tables}')
    return folder


def _load(folder: Path, zone: ZoneInfo = UTC, with_texts: bool = False) -> Loaded:
    con = duckdb.connect()
    sources = read_sources(folder, CONTRACTS)
    ingest(con, sources, CONTRACTS, columns=None, zone=zone, with_texts=with_texts, progress=lambda step: None)
    return Loaded(con, sources)


def _refused(folder: Path, kind: type[AuditError] = InputRefused) -> str:
    with pytest.raises(kind) as caught:
        _load(folder)
    assert servers.PASSWORD not in str(caught.value)
    assert "auditor" not in str(caught.value)
    return str(caught.value)


def _pg_address(server: servers.Server, user: str = "auditor", database: str = "shop") -> str:
    return f"postgresql://{user}@127.0.0.1:{server.port}/{database}"


def _maria_address(server: servers.Server, user: str = "auditor", database: str = "shop") -> str:
    return f"mysql://{user}@127.0.0.1:{server.port}/{database}"


# the same findings as from files --------------------------------------------------------------------------------------


def _sample_rows(table: str) -> list[dict[str, str]]:
    """Rows of a sample that typed columns can hold: without the one planted text that is no instant."""
    path = next(SAMPLES.glob(f"{table}.csv*"))
    content = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    rows = list(csv.DictReader(io.StringIO(content.decode())))
    kept = [row for row in rows if "yesterday" not in row.values() and not any("-13-40" in value for value in row.values())]
    assert len(kept) == len(rows) - 1
    return kept


def _write_csv(path: Path, rows: list[dict[str, str]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as out:
        writer = csv.DictWriter(out, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def _put_into_postgresql(server: servers.Server, table: str, rows: list[dict[str, str]]) -> None:
    columns = list(rows[0])
    with _pg_connection(server, "shop") as connection:
        connection.execute("create schema if not exists live")
        connection.execute("grant usage on schema live to auditor")
        typed = ", ".join(f"{name} {TYPES[table].get(name, 'text')}" for name in columns)
        connection.execute(f"create table live.{table} ({typed})")
        with connection.cursor().copy(f"copy live.{table} from stdin") as copy:
            for row in rows:
                copy.write_row([value or None for value in row.values()])
        connection.execute(f"grant select on live.{table} to auditor")


def _without_hashes(entries: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The figures alone: what they rest on is another file."""
    assert all("evidence_sha256" in entry for entry in entries)
    return [{name: value for name, value in entry.items() if name != "evidence_sha256"} for entry in entries]


def test_postgresql_gives_the_same_findings_as_files(pg: servers.Server, tmp_path: Path) -> None:
    files, live = tmp_path / "files", tmp_path / "live"
    shutil.copytree(SAMPLES, files)
    (files / "stored_records.csv.gz").unlink()
    for table in KEYS:
        rows = _sample_rows(table)
        _write_csv(files / f"{table}.csv", rows)
        _put_into_postgresql(pg, table, rows)
    shutil.copytree(files, live)
    declared = (live / "sources.toml").read_text()
    for table in KEYS:
        (live / f"{table}.csv").unlink()
        said = f'[{table}]\ndatabase = "{_pg_address(pg)}"\nrelation = "live.{table}"\n'
        declared = declared.replace(f"[{table}]\n", said)
    (live / "sources.toml").write_text(declared)

    with open_run(files, period="2018-Q3", reveal=True) as run:
        of_files = run.results()
        readable = run.engine.rows("select accepted, duplicate from input_file where table_name = 'stored_records'")[0]
    with open_run(live, period="2018-Q3", reveal=True) as run:
        of_database = run.results()
        marks = run.engine.rows("select file, format, read_as from input_file where format = 'postgresql' order by file")
        rows = run.engine.rows("select format, rows, accepted, duplicate from input_file where table_name = 'stored_records'")
        written = "".join(str(row) for row in run.engine.rows("select * from input_file"))
    for part in ("findings", "observations"):
        assert _without_hashes(of_database[part]) == _without_hashes(of_files[part])
    assert sum(finding["status"] == "not-satisfied" for finding in of_files["findings"]) > 5
    assert rows == [("postgresql", sum(readable), *readable)], "a row that the file cannot hold whole never reached the database"
    assert readable[0] > 15_000 and readable[1] == 1
    assert marks == [
        (
            f"postgresql/live.{table}",
            "postgresql",
            f"PostgreSQL table live.{table}, copied by COPY in a read-only transaction",
        )
        for table in sorted(KEYS)
    ]
    assert "auditor" not in written and "127.0.0.1" not in written


# the same rows as from files ------------------------------------------------------------------------------------------

ROWS: dict[str, list[dict[str, str]]] = {
    "accounts": [
        {"account_id": "a1", "opened_at": "2018-01-01T00:00:00.5Z", "country": "FR", "birth_date": "2001-02-03", "password_salted": "true"},
        {"account_id": 'b"2,;', "opened_at": "2018-03-11T10:00:00Z", "country": "", "birth_date": "", "password_salted": "false"},
        {"account_id": "ü\n3", "opened_at": "2018-07-01T23:59:59Z", "country": "XX", "birth_date": "1999-12-31", "password_salted": ""},
    ],
    "stored_records": [
        {"record_id": "r1", "account_id": "a1", "collected_at": "2018-02-01T00:00:00Z", "system": "a\r\nb\\.\t'x'"},
        {"record_id": "r2", "account_id": "ü\n3", "collected_at": "2018-02-01T00:00:00Z", "system": "\\N"},
        {"record_id": "r3", "account_id": "", "collected_at": "2018-02-01T00:00:00Z", "system": ""},
    ],
}
"""Values that a careless copy would break, in the order of their keys."""
WAREHOUSE = ("accounts", "stored_records", "key_account", "fault", "quarantine", "rule_break", "input_column")


def _columns_sql(kinds: Mapping[str, str], key: str) -> dict[str, str]:
    return {
        table: ", ".join(f"{name} {kinds.get(name, kinds['text'])}" for name in rows[0]) + f", {key}" for table, rows in ROWS.items()
    }


def _same_as_files(loaded: Loaded, tmp_path: Path) -> None:
    files = tmp_path / "as files"
    files.mkdir()
    for table, rows in ROWS.items():
        _write_csv(files / f"{table}.csv", rows)
    expected = _load(files)
    for table in WAREHOUSE:
        missing = "where state <> 'missing'" if table == "input_column" else ""
        assert loaded.rows(f"from {table} {missing} order by all") == expected.rows(f"from {table} {missing} order by all"), table
    assert [row[:2] for row in loaded.counts()] == [(3, 3), (3, 3)]


def test_postgresql_rows_are_the_rows_of_files(pg: servers.Server, tmp_path: Path) -> None:
    kinds = {"text": "text", "opened_at": "timestamptz", "collected_at": "timestamptz", "birth_date": "date", "password_salted": "boolean"}
    with _pg_connection(pg, "shop") as connection:
        for table, columns in _columns_sql(kinds, "secret text").items():
            connection.execute(f"create table public.{table} ({columns})")
            for row in reversed(ROWS[table]):
                values = [value or None for value in row.values()]
                connection.execute(f"insert into public.{table} values ({', '.join(['%s'] * len(values))}, 'never copied')", values)
            connection.execute(f"grant select on public.{table} to auditor")
    folder = _declare(tmp_path / "e", _pg_address(pg), {"accounts": "accounts", "stored_records": "public.stored_records"})
    loaded = _load(folder)
    _same_as_files(loaded, tmp_path)
    assert [file.name for file in loaded.sources.tables["accounts"].files] == ["postgresql/accounts"]
    copy = loaded.sources.tables["accounts"].files[0].path
    assert b"never copied" not in copy.read_bytes()


def test_mariadb_rows_are_the_rows_of_files(maria: servers.Server, tmp_path: Path) -> None:
    kinds = {"text": "varchar(40)", "opened_at": "timestamp(3) null", "collected_at": "timestamp null", "birth_date": "date", "password_salted": "tinyint(1)"}
    connection = pymysql.connect(host="127.0.0.1", port=maria.port, user="root", database="shop", charset="utf8mb4", autocommit=True)
    with connection, connection.cursor() as cursor:
        # The server's own zone and another session's must not matter.
        cursor.execute("set global time_zone = '+05:30'")
        cursor.execute("set time_zone = '+00:00'")
        for table, columns in _columns_sql(kinds, "`never` text").items():
            cursor.execute(f"create table {table} ({columns}) character set utf8mb4")
            for row in reversed(ROWS[table]):
                values = [{"true": 1, "false": 0, "": None}.get(v, v.rstrip("Z").replace("T", " ") if v.endswith("Z") else v) for v in row.values()]
                cursor.execute(f"insert into {table} values ({', '.join(['%s'] * len(values))}, 'x')", values)
    folder = _declare(tmp_path / "e", _maria_address(maria), {"accounts": "accounts", "stored_records": "shop.stored_records"})
    loaded = _load(folder)
    _same_as_files(loaded, tmp_path)
    said = loaded.rows("select distinct format, read_as from input_file where table_name = 'accounts'")
    assert said == [("mysql", "MySQL table accounts, copied by a streamed select in a read-only transaction")]


def _sqlite(path: Path, *statements: str) -> None:
    path.parent.mkdir(exist_ok=True)
    connection = sqlite3.connect(path)
    for statement in statements:
        connection.execute(statement)
    connection.commit()
    connection.close()


def test_sqlite_rows_are_the_rows_of_files(tmp_path: Path) -> None:
    folder = _declare(tmp_path / "e", "sqlite:sub/my shop.db", {"accounts": "accounts", "stored_records": "main.stored_records"})
    (folder / "sub").mkdir()
    connection = sqlite3.connect(folder / "sub/my shop.db")
    for table, columns in _columns_sql({"text": "text", "password_salted": "boolean"}, "other").items():
        connection.execute(f"create table {table} ({columns})")
        for row in reversed(ROWS[table]):
            values = [{"true": 1, "false": 0.0, "": None}.get(value, value) for value in row.values()]
            connection.execute(f"insert into {table} values ({', '.join('?' * len(values))}, x'00ff')", values)
    connection.commit()
    connection.close()
    loaded = _load(folder)
    _same_as_files(loaded, tmp_path)
    assert loaded.sources.stray == ()
    assert sorted(path.name for path in (folder / "sub").iterdir()) == ["my shop.db"]
    said = loaded.rows("select file, read_as from input_file where table_name = 'stored_records'")
    assert said == [("sqlite/main.stored_records", "SQLite table main.stored_records, copied by a select in a read-only transaction")]


# types ----------------------------------------------------------------------------------------------------------------


def test_postgresql_types(pg: servers.Server, tmp_path: Path) -> None:
    _pg(
        pg,
        "shop",
        "create schema types",
        "create type types.method as enum ('email', 'other')",
        "create domain types.code as varchar(2)",
        'create table types."Quoted.table" (account_id uuid, opened_at timestamp, closed_at timestamptz, country types.code, sign_up_method types.method,'
        " password_salted boolean, birth_date date, region char(3))",
        """insert into types."Quoted.table" values
           ('00000000-0000-0000-0000-00000000000a', '2018-03-10 12:00:00.25', '2018-03-11 01:00:00+02', 'FR', 'email', true, '2001-02-03', 'CA'),
           ('00000000-0000-0000-0000-00000000000b', '2018-07-10 12:00:00', 'infinity', 'DE', 'other', false, '0044-03-15 BC', 'BE ')""",
        "grant usage on schema types to auditor",
        'grant select on types."Quoted.table" to auditor',
    )
    folder = _declare(tmp_path / "e", _pg_address(pg), {"accounts": 'types."Quoted.table"'}, 'time_zone = "America/Los_Angeles"')
    loaded = _load(folder)
    rows = loaded.rows("select account_id[-1], opened_second, closed_second, country, sign_up_method, password_salted, birth_day, region from accounts order by 1")
    assert rows == [
        ("a", 1520712000, 1520722800, "FR", "email", True, 11356, "CA"),
        ("b", 1531249200, None, "DE", "other", False, None, "BE"),
    ]
    assert loaded.faults() == [
        (2, "birth_date", "not_a_date", "dropped", "0044-03-15 BC"),
        (2, "closed_at", "not_an_instant", "dropped", "infinity"),
    ]
    copy = loaded.sources.tables["accounts"].files[0].path.read_text()
    assert "2018-03-10 12:00:00.25,2018-03-10 23:00:00+00" in copy


def test_mariadb_zero_dates_are_faults_with_their_text(maria: servers.Server, tmp_path: Path) -> None:
    _maria(
        maria,
        "create table zero (account_id int, opened_at datetime(6), closed_at timestamp null, birth_date date, password_salted bit(1))",
        "insert into zero values (1, '2018-03-10 12:00:00.25', '0000-00-00 00:00:00', '0000-00-00', b'1'), (2, '0000-00-00', null, null, b'0')",
    )
    loaded = _load(_declare(tmp_path / "e", _maria_address(maria), {"accounts": "zero"}, 'time_zone = "America/Los_Angeles"'))
    assert loaded.rows("select account_id, opened_second, closed_second, password_salted from accounts") == [("1", 1520712000, None, True)]
    assert loaded.faults() == [
        (1, "birth_date", "out_of_range", "dropped", "0000-00-00"),
        (1, "closed_at", "not_an_instant", "dropped", "0000-00-00 00:00:00+00:00"),
        (2, "opened_at", "not_an_instant", "quarantined", "0000-00-00 00:00:00.000000"),
    ]


def test_sqlite_values_as_their_own_types(tmp_path: Path) -> None:
    _sqlite(
        tmp_path / "e/s.db",
        "create table v (id, source, persons_affected)",
        "create table accounts (account_id, opened_at, password_salted, country)",
        "insert into accounts values (7, '2018-01-01T00:00:00Z', 1.0, 'FR'), (7.5, '2018-01-01T00:00:00Z', 0, null), ('x', 1514764800, 'yes', '')",
    )
    loaded = _load(_declare(tmp_path / "e", "sqlite:s.db", {"accounts": "accounts"}))
    assert loaded.rows("select account_id, password_salted from accounts order by 1") == [("7", True), ("7.5", False)]
    assert loaded.faults() == [(3, "opened_at", "not_an_instant", "quarantined", "1514764800")]


def test_a_single_column_keeps_its_empty_values(pg: servers.Server, tmp_path: Path) -> None:
    _pg(pg, "shop", "create table public.single (account_id text)", "insert into single values ('a'), (null), ('')", "grant select on single to auditor")
    sources = read_sources(_declare(tmp_path / "e", _pg_address(pg), {"accounts": "single"}), CONTRACTS)
    sources.fetch(with_texts=False)
    assert sources.tables["accounts"].files[0].path.read_text() == 'account_id\n""\n"a"\n""\n'


UNFIT = "Make a view that turns each into one, or leaves it out, and name the view as relation."


def test_postgresql_types_that_hold_no_single_value_are_refused(pg: servers.Server, tmp_path: Path) -> None:
    _pg(
        pg,
        "shop",
        "create table public.unfit (account_id bytea, opened_at timestamptz, country json, region text[], sign_up_method interval, other bytea)",
        "grant select on unfit to auditor",
    )
    assert _refused(_declare(tmp_path / "e", _pg_address(pg), {"accounts": "public.unfit"})) == (
        "Databases refused: 1 problem\n  - postgresql/public.unfit: columns that hold no single text, number, date or instant: "
        f"account_id (bytea), country (json), region (text[]), sign_up_method (interval). {UNFIT}"
    )


def test_mariadb_and_sqlite_binary_columns_are_refused(maria: servers.Server, tmp_path: Path) -> None:
    _maria(maria, "create table unfit (account_id binary(16), opened_at datetime, country blob, region point)")
    assert (
        "mysql/unfit: columns that hold no single text, number, date or instant: account_id (binary(16)), country (blob), region (point). "
        f"{UNFIT}"
    ) in _refused(_declare(tmp_path / "e", _maria_address(maria), {"accounts": "unfit"}))
    _sqlite(tmp_path / "s/s.db", "create table accounts (account_id text, opened_at text)", "insert into accounts values ('a', 'x'), (x'00', 'x')")
    assert f"sqlite/accounts: columns that hold no single text, number, date or instant: account_id (holds binary values). {UNFIT}" in _refused(
        _declare(tmp_path / "s", "sqlite:s.db", {"accounts": "accounts"})
    )


def test_an_adapter_gets_the_whole_relation_with_lists_as_json(pg: servers.Server, tmp_path: Path) -> None:
    _pg(
        pg,
        "shop",
        "create table public.whole (b int, a jsonb, l text[], image bytea)",
        """insert into whole values (2, '{"x": 1}', '{p,q}', '\\x00'), (1, null, null, null)""",
        "grant select on whole to auditor",
    )
    kept = databases.Copies(tmp_path)
    wanted = databases.Wanted("consent_events", databases.parse_address(_pg_address(pg)), databases.parse_relation("whole"), "line 1", None, ())
    name, path, copied = kept.plan(wanted, ())
    kept.fetch(with_texts=False, progress=lambda step: None)
    assert (name, copied.left_out) == ("postgresql/whole", ["image"])
    assert path.read_text() == 'b,a,l\n1,,\n2,"{""x"": 1}","[""p"",""q""]"\n'
    assert copied.read_as == "PostgreSQL table whole, copied by COPY in a read-only transaction; not copied, for they hold no text: image"


def test_an_adapter_reads_a_table_of_a_running_database(pg: servers.Server, tmp_path: Path) -> None:
    """c15t keeps its consents in a table: a JSON list of purposes, instants with a zone, an image that nobody reads."""
    _pg(
        pg,
        "shop",
        "create schema c15t; grant usage on schema c15t to auditor",
        'create table c15t.consent (id text, "subjectId" text, "purposeIds" jsonb, "givenAt" timestamptz, "consentAction" text, image bytea)',
        """insert into c15t.consent values ('c1', 's1', '["measurement", "marketing"]', '2018-03-01 00:00:00+00', 'custom', '\\x00'),
           ('c2', 's2', '["marketing"]', '2018-03-02 00:00:00+00', 'custom', null)""",
        "grant select on c15t.consent to auditor",
    )
    more = 'adapter = "c15t_consents"'
    live = _load(_declare(tmp_path / "live", _pg_address(pg), {"consent_events": "c15t.consent"}, more))
    files = tmp_path / "files"
    files.mkdir()
    (files / "sources.toml").write_text(f"[consent_events]\n{more}\n")
    (files / "consent_events.csv").write_text(
        "id,subjectId,purposeIds,givenAt,consentAction\n"
        'c1,s1,"[""measurement"", ""marketing""]",2018-03-01T00:00:00Z,custom\nc2,s2,"[""marketing""]",2018-03-02T00:00:00Z,custom\n'
    )
    expected = _load(files)
    for table in ("consent_events", "key_device", "fault", "quarantine"):
        assert live.rows(f"from {table} order by all") == expected.rows(f"from {table} order by all"), table
    assert live.rows("select count(*), count(distinct purpose) from consent_events") == [(4, 2)]
    assert live.rows("select file, format, adapter, read_as from input_file") == [
        (
            "postgresql/c15t.consent",
            "postgresql",
            "c15t_consents",
            "PostgreSQL table c15t.consent, copied by COPY in a read-only transaction; not copied, for they hold no text: image",
        )
    ]


# copies ---------------------------------------------------------------------------------------------------------------


def test_all_relations_of_a_database_are_of_one_state(pg: servers.Server, tmp_path: Path) -> None:
    _pg(
        pg,
        "shop",
        "create schema moving; grant usage on schema moving to auditor",
        "create table moving.accounts (account_id text, opened_at timestamptz)",
        "create table moving.stored_records (record_id text, collected_at timestamptz)",
        "insert into moving.stored_records values ('r1', '2018-01-01')",
        "grant select on all tables in schema moving to auditor",
    )
    folder = _declare(tmp_path / "e", _pg_address(pg), {"accounts": "moving.accounts", "stored_records": "moving.stored_records"})

    def write_meanwhile(step: str) -> None:
        if "stored_records" in step:
            _pg(pg, "shop", "insert into moving.stored_records values ('r2', '2018-01-01')")

    sources = read_sources(folder, CONTRACTS)
    sources.fetch(with_texts=False, progress=write_meanwhile)
    before = sources.content_hash()
    records = sources.tables["stored_records"].files[0]
    assert records.path.read_text() == "record_id,collected_at\nr1,2018-01-01 00:00:00+00\n"
    assert sources.content_hash() == before, "what was copied once stays"
    assert read_sources(folder, CONTRACTS).content_hash() != before, "another opening sees the database of its time"


def test_order_of_rows_does_not_change_the_hash(tmp_path: Path) -> None:
    hashes = set()
    for number, rows in enumerate(("('a', '1'), ('b', '2'), ('b', '1')", "('b', '1'), ('b', '2'), ('a', '1')")):
        folder = tmp_path / str(number)
        _sqlite(folder / "s.db", "create table accounts (account_id, opened_at)", f"insert into accounts values {rows}")
        hashes.add(read_sources(_declare(folder, "sqlite:s.db", {"accounts": "accounts"}), CONTRACTS).content_hash())
    assert len(hashes) == 1


def test_rows_are_ordered_by_bytes_whatever_the_servers_order(pg: servers.Server, maria: servers.Server, tmp_path: Path) -> None:
    _pg(
        pg,
        "shop",
        'create table public.ordered (account_id text collate "en-x-icu", country text)',
        "insert into ordered values ('a', 'FR'), ('B', 'FR'), ('a', 'DE')",
        "grant select on ordered to auditor",
    )
    _maria(maria, "create table ordered (account_id varchar(9), country varchar(9))", "insert into ordered values ('a', 'FR'), ('B', 'FR'), ('a', 'DE')")
    for name, address in (("p", _pg_address(pg)), ("m", _maria_address(maria))):
        sources = read_sources(_accounts(tmp_path / name, address, "ordered"), CONTRACTS)
        sources.fetch(with_texts=False)
        copy = sources.tables["accounts"].files[0].path.read_text().replace('"', "")
        assert copy == "account_id,country\nB,FR\na,DE\na,FR\n"


@pytest.fixture
def small(tmp_path: Path) -> Path:
    """An SQLite database with accounts and texts."""
    _sqlite(
        tmp_path / "small/s.db",
        "create table accounts (account_id, opened_at)",
        "insert into accounts values ('a', '2018-01-01T00:00:00Z')",
        "create table texts (text_id, account_id, written_at, body)",
        "insert into texts values ('t', 'a', '2018-01-01T00:00:00Z', 'private words')",
    )
    return _declare(tmp_path / "small", "sqlite:s.db", {"accounts": "accounts", "texts": "texts"})


def test_texts_are_not_copied_without_asking(small: Path) -> None:
    sources = read_sources(small, CONTRACTS)
    sources.content_hash(with_texts=False)
    folder = sources.tables["accounts"].files[0].path.parent
    assert not any(b"private words" in path.read_bytes() for path in folder.iterdir())
    sources.content_hash(with_texts=True)
    assert b"private words" in sources.tables["texts"].files[0].path.read_bytes()


def test_copies_are_private_and_end_with_their_sources(small: Path) -> None:
    sources = read_sources(small, CONTRACTS)
    sources.fetch(with_texts=True)
    folder = sources.tables["accounts"].files[0].path.parent
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert sorted(path.suffix for path in folder.iterdir()) == [".csv", ".csv", ".json", ".json"]
    del sources
    assert not folder.exists()


def test_processes_of_one_report_share_copies(small: Path) -> None:
    with databases.shared_copies() as folder:
        first = read_sources(small, CONTRACTS).content_hash()
        _sqlite(small / "s.db", "insert into accounts values ('b', '2018-01-01T00:00:00Z')")
        again = read_sources(small, CONTRACTS)
        assert again.content_hash() == first
        assert again.tables["accounts"].files[0].copied.read_as == "SQLite table accounts, copied by a select in a read-only transaction"  # type: ignore[union-attr]
        with databases.shared_copies() as inner:
            assert read_sources(small, CONTRACTS).content_hash() != first
            assert inner != folder
        assert read_sources(small, CONTRACTS).content_hash() == first
    assert not folder.exists()
    assert read_sources(small, CONTRACTS).content_hash() != first


def test_two_relations_of_one_name_are_two_files(tmp_path: Path) -> None:
    for name in ("old.db", "new.db"):
        _sqlite(tmp_path / "e" / name, "create table accounts (account_id, opened_at)", f"insert into accounts values ('{name}', '2018-01-01T00:00:00Z')")
    entries = "".join(
        f'[[accounts]]\ndatabase = "sqlite:{name}.db"\nrelation = "accounts"\nextracted_at = 201{year}-01-01T00:00:00Z\n'
        for name, year in (("old", 8), ("new", 9))
    )
    (tmp_path / "e/sources.toml").write_text(entries)
    loaded = _load(tmp_path / "e")
    assert loaded.rows("select file, accepted from input_file order by file_no") == [("sqlite/accounts", 1), ("sqlite/accounts (2)", 1)]


def test_columns_under_other_names(tmp_path: Path) -> None:
    _sqlite(
        tmp_path / "e/s.db", 'create table users ("User ID", "select", opened_at)', "insert into users values ('u', 'FR', '2018-01-01T00:00:00Z')"
    )
    more = 'columns = { account_id = "User ID", country = "select" }'
    sources = read_sources(_declare(tmp_path / "e", "sqlite:s.db", {"accounts": "users"}, more), CONTRACTS)
    sources.fetch(with_texts=False)
    assert sources.tables["accounts"].files[0].path.read_text() == '"User ID","select","opened_at"\n"u","FR","2018-01-01T00:00:00Z"\n'


def test_format_keys_of_the_defaults_do_not_reach_copies(tmp_path: Path) -> None:
    _sqlite(tmp_path / "e/s.db", "create table accounts (account_id, opened_at)", "insert into accounts values ('u', '2018-01-01T00:00:00Z')")
    (tmp_path / "e/sources.toml").write_text('[defaults]\ndelimiter = ";"\nquote = ""\n[accounts]\ndatabase = "sqlite:s.db"\nrelation = "accounts"\n')
    assert _load(tmp_path / "e").rows("select account_id from accounts") == [("u",)]


def test_rows_that_do_not_add_up_refuse_the_copy(small: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from audit_lib.ingest.databases.sqlite import SqliteSession

    monkeypatch.setattr(SqliteSession, "count", lambda self, relation: 1002)
    assert _refused(small) == (
        "Databases refused: 1 problem\n  - sqlite/accounts: 1 rows were copied, but the database counts 1,002 in the same transaction. "
        "Copy it when nothing writes to it: its storage may know no transactions."
    )


def test_no_room_for_the_copy(small: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(copies, "_building", lambda path: Path("/dev/full"))
    with pytest.raises(InputRefused, match=r"sqlite/accounts: the copy cannot be written \(No space left on device\)\. Make room where temporary files go, or name another place in TMPDIR\."):
        _copy_to_full_device(small, monkeypatch)


def _copy_to_full_device(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Path, "unlink", lambda self, missing_ok=False: None)
    read_sources(folder, CONTRACTS).fetch(with_texts=False)


# refusals: servers and rights -----------------------------------------------------------------------------------------

CREATE = "create table accounts (account_id varchar(9), opened_at varchar(30))"
POSTGRES_REFUSED = (
    "Databases refused: 1 problem\n  - sources.toml, line 3: accounts: the PostgreSQL server refused the connection. "
    "Check user, password (PGPASSWORD or ~/.pgpass), the name of the database, and whether it asks for encryption (sslmode)."
)
MYSQL_REFUSED = (
    "Databases refused: 1 problem\n  - sources.toml, line 3: accounts: the MySQL server refused the connection. Check user, the name "
    "of the database, and the password. Put it into the environment variable PRIVACY_AUDIT_MYSQL_PASSWORD."
)


def _accounts(folder: Path, database: str, relation: str = "accounts") -> Path:
    return _declare(folder, database, {"accounts": relation})


def test_servers_that_do_not_answer(tmp_path: Path) -> None:
    port = servers.free_port()
    assert _refused(_accounts(tmp_path / "p", f"postgresql://auditor@127.0.0.1:{port}/shop")) == (
        "Databases refused: 1 problem\n  - sources.toml, line 3: accounts: the PostgreSQL server did not answer within 10 seconds. "
        "Check host and port, and that it runs."
    )
    assert _refused(_accounts(tmp_path / "m", f"mysql://auditor@127.0.0.1:{port}/shop")) == (
        "Databases refused: 1 problem\n  - sources.toml, line 3: accounts: no connection to the MySQL server within 10 seconds. "
        "Check host and port, that it runs, and its certificate (options ca=… or tls=prefer)."
    )


def test_a_server_that_says_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import socket

    monkeypatch.setattr(postgresql, "CONNECT_SECONDS", 1)
    monkeypatch.setattr(mysql, "CONNECT_SECONDS", 1)
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        port = silent.getsockname()[1]
        assert "the PostgreSQL server did not answer within 1 seconds" in _refused(_accounts(tmp_path / "p", f"postgresql://auditor@127.0.0.1:{port}/shop"))
        assert "no connection to the MySQL server within 1 seconds" in _refused(_accounts(tmp_path / "m", f"mysql://auditor@127.0.0.1:{port}/shop"))


def test_postgresql_refuses_user_password_and_database(pg: servers.Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert _refused(_accounts(tmp_path / "u", _pg_address(pg, user="nobody-we-know"))) == POSTGRES_REFUSED
    assert _refused(_accounts(tmp_path / "d", _pg_address(pg, database="nothing"))) == POSTGRES_REFUSED
    monkeypatch.setenv("PGPASSWORD", "wrong")
    assert _refused(_accounts(tmp_path / "w", _pg_address(pg))) == POSTGRES_REFUSED
    monkeypatch.delenv("PGPASSWORD")
    monkeypatch.setenv("PGPASSFILE", str(tmp_path / "none"))
    assert _refused(_accounts(tmp_path / "n", _pg_address(pg))) == (
        "Databases refused: 1 problem\n  - sources.toml, line 3: accounts: the PostgreSQL server asks for a password. "
        "Put it into the environment variable PGPASSWORD or into ~/.pgpass."
    )


def test_mariadb_refuses_user_password_and_database(maria: servers.Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert _refused(_accounts(tmp_path / "u", _maria_address(maria, user="nobody-we-know"))) == MYSQL_REFUSED
    assert _refused(_accounts(tmp_path / "d", _maria_address(maria, database="nothing"))) == MYSQL_REFUSED
    monkeypatch.setenv("PRIVACY_AUDIT_MYSQL_PASSWORD", "wrong")
    assert _refused(_accounts(tmp_path / "w", _maria_address(maria))) == MYSQL_REFUSED


def test_mysql_on_another_machine_must_show_a_certificate(maria: servers.Server, tmp_path: Path) -> None:
    address = f"mysql://auditor@127.0.0.1:{maria.port}/shop"
    assert "its certificate (options ca=… or tls=prefer)" in _refused(_accounts(tmp_path / "v", f"{address}?tls=verify"))
    assert _refused(_accounts(tmp_path / "c", f"{address}?ca=nowhere.pem")) == (
        "Databases refused: 1 problem\n  - sources.toml, line 3: accounts: a certificate that the address names cannot be read. Correct ca, cert or key."
    )
    assert mysql._encryption("db.example", {}) is not None
    assert mysql._encryption("db.example", {"tls": "prefer"}) is None


def test_servers_that_are_too_old() -> None:
    postgresql.refuse_old(100000)
    mysql.refuse_old("5.5.5-10.11.6-MariaDB-1")
    mysql.refuse_old("8.4.0")
    with pytest.raises(UnreadableError, match="the PostgreSQL server is older than version 10"):
        postgresql.refuse_old(90624)
    with pytest.raises(UnreadableError, match=r"the MySQL server is older than version 5\.6"):
        mysql.refuse_old("5.5.62-log")
    for refuse, version in ((postgresql.refuse_old, 90624), (mysql.refuse_old, "5.1")):
        with pytest.raises(UnreadableError) as caught:
            refuse(version)  # type: ignore[operator]
        assert caught.value.remedy == "Export its tables to files."


def test_every_relation_that_postgresql_refuses_is_named_at_once(pg: servers.Server, tmp_path: Path) -> None:
    _pg(
        pg,
        "shop",
        "create schema closed",
        "create table closed.t (account_id text)",
        "create schema opened; grant usage on schema opened to auditor",
        "create table opened.hidden (account_id text)",
        "create table opened.other (something text); grant select on opened.other to auditor",
        "create view opened.view as select account_id from opened.hidden; grant select on opened.view to auditor",
    )
    relations = {
        "accounts": "closed.t",
        "stored_records": "opened.hidden",
        "transfers": "opened.other",
        "recipients": "nowhere.t",
        "legal_holds": "opened.Hidden",
        "texts": "opened.missing",
    }
    lines = _refused(_declare(tmp_path / "e", _pg_address(pg), relations)).splitlines()
    assert lines[0] == "Databases refused: 5 problems", "texts are not asked for"
    assert sorted(lines[1:]) == [
        "  - postgresql/closed.t: the user may not use schema closed. Grant it: grant usage on schema closed to …",
        "  - postgresql/nowhere.t: the database has no schema nowhere. Correct `relation`.",
        "  - postgresql/opened.Hidden: the database has no such table or view. Correct `relation`: upper and lower case count, and a schema stands before a dot.",
        "  - postgresql/opened.hidden: the user may not read it. Grant it: grant select on opened.hidden to …",
        "  - postgresql/opened.other: it has none of the columns of transfers. Make a view with the names of the contract, or give its names under `columns`.",
    ]


def test_postgresql_row_level_security_is_no_smaller_table(pg: servers.Server, tmp_path: Path) -> None:
    _pg(
        pg,
        "shop",
        "create schema rows; grant usage on schema rows to auditor",
        "create table rows.accounts (account_id text, opened_at timestamptz)",
        "insert into rows.accounts values ('seen', now()), ('hidden', now())",
        "alter table rows.accounts enable row level security",
        "create policy part on rows.accounts for select to auditor using (account_id = 'seen')",
        "grant select on rows.accounts to auditor",
    )
    assert _refused(_accounts(tmp_path / "e", _pg_address(pg), "rows.accounts")) == (
        "Databases refused: 1 problem\n  - postgresql/rows.accounts: row-level security hides rows of it from the user. "
        "Read it as a user who sees all rows (bypassrls)."
    )


def test_postgresql_views_that_fail(pg: servers.Server, tmp_path: Path) -> None:
    _pg(
        pg,
        "shop",
        "create schema views; grant usage on schema views to auditor",
        "create table views.base (account_id text)",
        "create function views.secret() returns text language sql as 'select account_id from views.base limit 1'",
        "create view views.denied as select views.secret() as account_id",
        "create view views.broken as select (1 / (x - x))::text as account_id from (values (1)) as v (x)",
        "grant select on views.denied, views.broken to auditor",
    )
    assert "postgresql/views.denied: the user may not read it, or something that it is made of. Grant select on it." in _refused(
        _accounts(tmp_path / "d", _pg_address(pg), "views.denied")
    )
    assert "postgresql/views.broken: PostgreSQL could not read it (SQLSTATE 22012). Select from it in the database to see why." in _refused(
        _accounts(tmp_path / "b", _pg_address(pg), "views.broken")
    )


def test_every_relation_that_mariadb_refuses_is_named(maria: servers.Server, tmp_path: Path) -> None:
    _maria(
        maria,
        "create database other",
        "create table other.accounts (account_id int, opened_at int)",
        "grant insert on other.accounts to auditor@'127.0.0.1'",
        "create table other.part (account_id int, opened_at int)",
        "create view broken as select account_id from other.part",
        "drop table other.part",
    )
    said = _refused(
        _declare(
            tmp_path / "e",
            _maria_address(maria),
            {"accounts": "nothing", "stored_records": "nowhere.t", "legal_holds": "other.accounts", "recipients": "shop.broken"},
        )
    )
    assert "mysql/nothing: the server shows this user no such table or view. Correct `relation` (upper and lower case may count), or grant select on nothing." in said
    assert "mysql/nowhere.t: the server shows this user no database nowhere. Correct `relation`, or grant select." in said
    assert "mysql/other.accounts: the user may not read it, or something that it is made of. Grant select on it." in said
    assert "mysql/shop.broken: the server shows this user no such table or view." in said


def test_mariadb_that_cannot_read(maria: servers.Server, tmp_path: Path) -> None:
    _maria(maria, "create table two (x int)", "insert into two values (1), (2)", "create view fails as select (select x from two) as account_id")
    assert "mysql/fails: MySQL could not read it (error 1242). Select from it in the database to see why." in _refused(
        _accounts(tmp_path / "e", _maria_address(maria), "fails")
    )


def _end_connections(server: servers.Server, kind: str) -> Callable[[str], None]:
    def end(step: str) -> None:
        if kind == "postgresql":
            _pg(server, "postgres", "select pg_terminate_backend(pid) from pg_stat_activity where usename = 'auditor'")
        else:
            connection = pymysql.connect(host="127.0.0.1", port=server.port, user="root")
            with connection, connection.cursor() as cursor:
                cursor.execute("kill user auditor@'127.0.0.1'")

    return end


def test_connections_that_end_midway(pg: servers.Server, maria: servers.Server, tmp_path: Path) -> None:
    _pg(pg, "shop", "create table public.ends (account_id text)", "grant select on ends to auditor")
    _maria(maria, "create table ends (account_id int)")
    cases: list[tuple[servers.Server, str, str, str]] = [
        (pg, "postgresql", "PostgreSQL", _pg_address(pg)),
        (maria, "mysql", "MySQL", _maria_address(maria)),
    ]
    for server, kind, title, address in cases:
        sources = read_sources(_accounts(tmp_path / kind, address, "ends"), CONTRACTS)
        with pytest.raises(InputRefused, match=rf"{kind}/ends: the connection to {title} ended while it was read\. Run the audit again\."):
            sources.fetch(with_texts=False, progress=_end_connections(server, kind))
        copy = sources.tables["accounts"].files[0].path
        assert not list(copy.parent.iterdir()), "no half of a copy stays"
        sources.fetch(with_texts=False)
        assert copy.exists()


# refusals: SQLite -----------------------------------------------------------------------------------------------------


def test_sqlite_with_a_write_ahead_log_is_read_with_it(tmp_path: Path) -> None:
    folder = _accounts(tmp_path / "e", "sqlite:s.db")
    writer = sqlite3.connect(folder / "s.db")
    writer.execute("pragma journal_mode = wal")
    writer.execute(CREATE)
    writer.execute("insert into accounts values ('in the log', '2018-01-01T00:00:00Z')")
    writer.commit()
    assert (folder / "s.db-wal").stat().st_size
    loaded = _load(folder)
    assert loaded.rows("select account_id from accounts") == [("in the log",)]
    assert loaded.sources.stray == ()
    writer.close()


def test_sqlite_left_in_the_middle_of_a_change(tmp_path: Path) -> None:
    made = tmp_path / "made.db"
    writer = sqlite3.connect(made)
    writer.execute(CREATE)
    writer.executemany("insert into accounts values (?, 'x')", ((n,) for n in range(20_000)))
    writer.commit()
    writer.execute("pragma cache_size = 1")
    writer.execute("pragma cache_spill = 1")
    writer.execute("update accounts set opened_at = 'half done'")
    folder = _accounts(tmp_path / "e", "sqlite:s.db")
    for end in ("", "-journal"):
        shutil.copyfile(f"{made}{end}", folder / f"s.db{end}")
    writer.rollback()
    writer.close()
    assert _refused(folder) == (
        "Databases refused: 1 problem\n  - sources.toml, line 3: accounts: the SQLite file cannot be opened without writing to it. "
        "Export a copy that is complete in itself (`.backup` of sqlite3)."
    )


def test_sqlite_that_another_program_writes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from audit_lib.ingest.databases import sqlite

    monkeypatch.setattr(sqlite, "WAIT_SECONDS", 0.1)
    folder = _accounts(tmp_path / "e", "sqlite:s.db")
    writer = sqlite3.connect(folder / "s.db", isolation_level=None)
    writer.execute(CREATE)
    writer.execute("begin exclusive")
    assert "another program is writing to the SQLite file. Close it, or export a copy (`.backup` of sqlite3)." in _refused(folder)
    writer.close()


def test_sqlite_files_and_relations_that_cannot_be_read(tmp_path: Path) -> None:
    folder = _accounts(tmp_path / "e", "sqlite:s.db")
    (folder / "s.db").write_bytes(b"account_id,opened_at\n" * 100)
    assert "it cannot be read as SQLite. Check the file (`pragma integrity_check`) and export it again." in _refused(folder)
    (folder / "s.db").unlink()
    _sqlite(folder / "s.db", "create table other (x)")
    assert "sqlite/accounts: the database has no such table or view. Correct `relation`." in _refused(folder)
    _accounts(folder, "sqlite:s.db", "extra.other")
    assert "sqlite/extra.other: the database has no schema extra. Name the table alone, or main.table." in _refused(folder)
    _accounts(folder, "sqlite:s.db", "other")
    assert "sqlite/other: it has none of the columns of accounts." in _refused(folder)


def test_sqlite_text_that_is_not_utf_8(tmp_path: Path) -> None:
    _sqlite(tmp_path / "e/s.db", CREATE, "insert into accounts values (cast(x'61ff' as text), 'x')")
    assert "sqlite/accounts: it holds text that is not UTF-8. Correct the text in the database." in _refused(_accounts(tmp_path / "e", "sqlite:s.db"))


def test_names_that_look_like_sql(pg: servers.Server, maria: servers.Server, tmp_path: Path) -> None:
    evil = '''x"; drop table y; -- `'%s'''
    rows = "values ('a', '2018-01-01 00:00:00+00:00')"
    relation = '"' + evil.replace('"', '""') + '"'
    _pg(pg, "shop", f"create table public.{relation} (account_id text, opened_at text)", f"insert into public.{relation} {rows}", f"grant select on public.{relation} to auditor")
    ticked = "`" + evil.replace("`", "``") + "`"
    _maria(maria, f"create table {ticked} (account_id text, opened_at text)", f"insert into {ticked} {rows}")
    _sqlite(tmp_path / "s/s.db", f"create table {relation} (account_id text, opened_at text)", f"insert into {relation} {rows}")
    for folder, address in (("p", _pg_address(pg)), ("m", _maria_address(maria)), ("s", "sqlite:s.db")):
        (tmp_path / folder).mkdir(exist_ok=True)
        (tmp_path / folder / "sources.toml").write_text(f'[accounts]\ndatabase = "{address}"\nrelation = """{relation} """\n'.replace('" """', '\\""""'))
        loaded = _load(tmp_path / folder)
        assert loaded.rows("select account_id from accounts") == [("a",)]


# sources.toml ---------------------------------------------------------------------------------------------------------

SERVER = "postgresql://u@h/d"


@pytest.mark.parametrize(
    ("declared", "sentence"),
    [
        ('[accounts]\ndatabase = "oracle://u@h/d"\nrelation = "a"', 'line 2: accounts: database must begin with postgresql://, mysql:// or sqlite:, such as postgresql://user@db.example/shop.'),
        ('[accounts]\ndatabase = "shop"\nrelation = "a"', "line 2: accounts: database must begin with"),
        ('[accounts]\ndatabase = "postgresql://u:only for tests@h/d"\nrelation = "a"', "line 2: accounts: database must not hold a password. Put it into the environment variable PGPASSWORD or into ~/.pgpass."),
        ('[accounts]\ndatabase = "postgresql://u@h/d?password=only for tests"\nrelation = "a"', "line 2: accounts: database must not hold a password."),
        ('[accounts]\ndatabase = "mysql://u:only for tests@h/d"\nrelation = "a"', "line 2: accounts: database must not hold a password. Put it into the environment variable PRIVACY_AUDIT_MYSQL_PASSWORD."),
        ('[accounts]\ndatabase = "mysql://u@h/d?local_infile=1"\nrelation = "a"', "line 2: accounts: database has options that are not known (1). Known: tls, ca, cert, key."),
        ('[accounts]\ndatabase = "mysql:///d"\nrelation = "a"', "line 2: accounts: database must be written as mysql://user@host:port/database."),
        ('[accounts]\ndatabase = "postgresql://u@h:port/d"\nrelation = "a"', "line 2: accounts: database must be written as postgresql://user@host:port/database."),
        ('[accounts]\ndatabase = "postgresql://u@h"\nrelation = "a"', "line 2: accounts: database must be written as postgresql://user@host:port/database."),
        ('[accounts]\ndatabase = "sqlite:../s.db"\nrelation = "a"', "line 2: accounts: database must name a file inside the folder of the exports, such as sqlite:shop.sqlite."),
        ('[accounts]\ndatabase = "sqlite:///s.db"\nrelation = "a"', "line 2: accounts: database must name a file inside the folder of the exports"),
        ('[accounts]\ndatabase = "sqlite:s.db"\nrelation = "a"', "line 2: accounts: no file matches 's.db'. Correct the name or add the file."),
        (f'[accounts]\ndatabase = "{SERVER}"\nrelation = "a.b.c"', 'line 3: accounts: relation must be the name of a table or view, such as public.accounts or "my.schema".accounts.'),
        (f'[accounts]\ndatabase = "{SERVER}"', "line 2: accounts: database needs relation: the name of a table or view."),
        ('[accounts]\nrelation = "a"', "line 2: accounts: relation needs database: the address that holds it."),
        (f'[defaults]\ndatabase = "{SERVER}"\nrelation = "a"', "line 3: defaults: relation belongs to a table. Give it there."),
        (f'[accounts]\ndatabase = "{SERVER}"\nrelation = "a"\nfiles = ["a.csv"]', "line 4: accounts: files is for files, not for a relation of a database. Leave one out."),
        (f'[accounts]\ndatabase = "{SERVER}"\nrelation = "a"\ndelimiter = ";"', "line 4: accounts: delimiter is for files, not for a relation of a database. Leave one out."),
    ],
)  # fmt: skip
def test_mistakes_in_the_declaration(tmp_path: Path, declared: str, sentence: str) -> None:
    (tmp_path / "sources.toml").write_text(declared)
    said = _refused(tmp_path, DefinitionError)
    assert sentence in said
    assert "u@h" not in said


def test_a_database_of_the_defaults_serves_only_tables_with_a_relation(tmp_path: Path) -> None:
    (tmp_path / "sources.toml").write_text(f'[defaults]\ndatabase = "{SERVER}"\n[accounts]\nfiles = "a.csv"\n')
    (tmp_path / "a.csv").write_text("account_id,opened_at\na,2018-01-01T00:00:00Z\n")
    (tmp_path / "recipients.csv").write_text("recipient_id\nr\n")
    found: Sources = read_sources(tmp_path, CONTRACTS)
    assert {table: [file.name for file in source.files] for table, source in found.tables.items()} == {"accounts": ["a.csv"], "recipients": ["recipients.csv"]}


def test_names_of_relations() -> None:
    parsed: dict[str, Any] = {text: databases.parse_relation(text) for text in ("a", "s.a", '"s.x"."a""b"', 's."a b"', "Größe.Tabelle")}
    assert [(r.schema, r.name) for r in parsed.values()] == [("", "a"), ("s", "a"), ("s.x", 'a"b'), ("s", "a b"), ("Größe", "Tabelle")]
    for bad in ("", ".", "a.", ".a", '"a', "a\nb", " a"):
        with pytest.raises(databases.BadAddressError):
            databases.parse_relation(bad)


def test_a_missing_server_names_its_package() -> None:
    with pytest.raises(AssertionError, match=r"no-such-server is missing: install the Debian package postgresql \(`make servers`\)"):
        servers.program("no-such-server", "postgresql")
