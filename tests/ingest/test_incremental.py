"""An ingest on top of an older one gives, table by table, what a fresh one gives, and reads only what has changed."""

from __future__ import annotations

import shutil
from pathlib import Path
from zoneinfo import ZoneInfo

import duckdb
import pytest
from incremental_world import DECLARED, FILES, REQUESTS, Change, T, World, checksums
from ingest_world import CONTRACTS

from audit_lib.errors import AuditError, InputRefused
from audit_lib.ingest import pipeline, read_sources

ALL = {name for name in FILES if name != "sources.toml"} | {"policy_notices.parquet", "sqlite/holds"}


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the exports and the warehouse made of them, `base.duckdb`."""
    folder = tmp_path_factory.mktemp("first")
    world = World(folder / "exports", folder)
    world.reset()
    _, done = world.ingest("base")
    assert set(done.files) == ALL
    assert done.unchanged == ()
    return folder


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path / "exports", tmp_path)


@pytest.fixture
def base(first: Path, world: World) -> Path:
    """The first warehouse, and the exports it was made of in the world's folder."""
    shutil.copytree(first, world.warehouses, dirs_exist_ok=True)
    return world.warehouses / "base.duckdb"


def nothing(world: World) -> None:
    """The same files again."""


def added(world: World) -> None:
    world.write("accounts/0.csv", f"account_id,opened_at\nnobody,{T}\nz,{T}\n")


def withdrawn(world: World) -> None:
    (world.folder / "accounts/1.csv").unlink()


def first_of_two_withdrawn(world: World) -> None:
    (world.folder / "requests/1.csv").unlink()
    (world.folder / "texts/1.csv").unlink()


def renamed(world: World) -> None:
    (world.folder / "accounts/1.csv").rename(world.folder / "accounts/9.csv")


def emptied(world: World) -> None:
    world.write("stored_records.csv", FILES["stored_records.csv"].splitlines()[0] + "\n")


def other_reason(world: World) -> None:
    world.replace("accounts/1.csv", "d,,,US,\n", f"d,{T}\nd,{T},,US,\nd,{T},,DE,\n")


def repeated_differently(world: World) -> None:
    world.replace("accounts/2.csv.gz", "a,2018-05-01T10:00:00Z,never,US", "a,2018-05-01T10:00:00Z,,DE")


def other_request(world: World) -> None:
    world.write("requests/1.csv", REQUESTS + f"q2,erasure,pending,{T},,b\n")


def other_json(world: World) -> None:
    world.replace("consent_events.jsonl", "perhaps", "withdrawn")


def other_database(world: World) -> None:
    world.holds(("h2", "a", "2018-01-02"))


def other_zone_of_a_table(world: World) -> None:
    world.write("sources.toml", DECLARED.replace("America/Los_Angeles", "Asia/Tokyo"))


def other_map(world: World) -> None:
    world.write("sources.toml", DECLARED.replace("[processing_events]", 'maps.outcome = { pending = "refused" }\n[processing_events]'))


def declared_of_the_whole(world: World) -> None:
    said = '[accounts]\nkind = "snapshot"\ncovers_from = "beginning"\nkeeps_deleted = true\nextracted_at = 2018-05-31T00:00:00Z\n'
    world.write("sources.toml", DECLARED.replace('kind = "changes"', 'kind = "snapshot"') + said)


def another_extraction(world: World) -> None:
    entry = '[[accounts]]\nfiles = ["accounts/{}.csv*"]\nextracted_at = 2018-06-{}T00:00:00Z\n'
    world.write("sources.toml", DECLARED + entry.format("1", "03") + entry.format("2", "02") + entry.format("3", "01"))


REQUEST_FILES = {"requests/1.csv", "requests/2.csv"}
CHANGES: list[tuple[Change, set[str]]] = [
    (nothing, set()),
    (added, set()),
    (withdrawn, {"accounts/1.csv"}),
    (first_of_two_withdrawn, {"requests/1.csv", "texts/1.csv"}),
    (renamed, {"accounts/1.csv"}),
    (emptied, {"stored_records.csv"}),
    (other_reason, {"accounts/1.csv"}),
    (repeated_differently, {"accounts/2.csv.gz"}),
    (other_request, {"requests/1.csv"}),
    (other_json, {"consent_events.jsonl"}),
    (other_database, {"sqlite/holds"}),
    (other_zone_of_a_table, {"processing_events.csv"}),
    (other_map, REQUEST_FILES),
    (declared_of_the_whole, set()),
    (another_extraction, set()),
]


@pytest.mark.parametrize(("change", "read"), CHANGES, ids=[change.__name__ for change, _ in CHANGES])
def test_on_top_of_an_older_one_as_fresh(base: Path, world: World, change: Change, read: set[str]) -> None:
    change(world)
    second, done = world.ingest("second", base)
    fresh, _ = world.ingest("fresh")
    assert set(done.unchanged) == ALL - read
    assert checksums(second) == checksums(fresh)
    if change is not nothing:
        assert checksums(second) != checksums(base)


def test_one_on_top_of_another(base: Path, world: World) -> None:
    last = base
    for step, (change, _) in enumerate(CHANGES, 1):
        world.reset()
        change(world)
        last, done = world.ingest(f"step{step}", last)
        assert done.unchanged
    fresh, _ = world.ingest("fresh")
    assert checksums(last) == checksums(fresh)


def test_days_of_another_time_zone_are_worked_out_anew(base: Path, world: World) -> None:
    tokyo = ZoneInfo("Pacific/Kiritimati")
    second, done = world.ingest("second", base, zone=tokyo)
    assert set(done.unchanged) == ALL
    fresh, _ = world.ingest("fresh", zone=tokyo)
    assert checksums(second) == checksums(fresh)
    assert checksums(second)["accounts"] != checksums(base)["accounts"]


def test_other_columns_are_read_anew(base: Path, world: World) -> None:
    columns = {"accounts": frozenset({"country"}), "stored_records": frozenset({"data_category"})}
    base, _ = world.ingest("few", base, columns=columns)
    base, _ = world.ingest("base", columns=columns)
    again, done = world.ingest("again", base, columns=columns)
    assert set(done.unchanged) == set(done.files)
    assert checksums(again) == checksums(base)
    more, done = world.ingest("more", base, columns=columns | {"accounts": frozenset({"country", "closed_at"})})
    assert done.unchanged == ("stored_records.csv",)
    assert checksums(more)["stored_records"] == checksums(base)["stored_records"]


def test_rows_that_repeat_a_key_are_compared_as_exported(base: Path, world: World) -> None:
    """With few columns kept, the old row has to be read again: here it differs in a column that is not kept."""
    columns = {"accounts": frozenset({"opened_at"})}
    base, _ = world.ingest("base", columns=columns)
    world.write("accounts/4.csv", f"account_id,opened_at,country\nf,{T},DE\ne,{T},FR\n")
    second, done = world.ingest("second", base, columns=columns)
    assert "accounts/2.csv.gz" in done.unchanged
    fresh, _ = world.ingest("fresh", columns=columns)
    assert checksums(second) == checksums(fresh)
    with duckdb.connect(second, read_only=True) as con:
        repeated = con.execute("select text from quarantine where kind = 'repeated_key' order by 1").fetchall()
        assert [("f",), ("f",)] == [row for row in repeated if row == ("f",)]


def test_texts_that_were_not_read_are_read_when_they_are_wanted(base: Path, world: World) -> None:
    base, _ = world.ingest("without", base, with_texts=False)
    base, _ = world.ingest("base", with_texts=False)
    second, done = world.ingest("second", base)
    assert set(done.files) - set(done.unchanged) == {"texts/1.csv", "texts/2.csv"}
    fresh, _ = world.ingest("fresh")
    assert checksums(second) == checksums(fresh)
    third, done = world.ingest("third", second, with_texts=False)
    assert set(done.unchanged) == ALL - {"texts/1.csv", "texts/2.csv"}
    assert checksums(third) == checksums(base)


def test_the_statement_of_a_text_whose_twin_is_withdrawn_stays(base: Path, world: World) -> None:
    (world.folder / "texts/1.csv").unlink()
    second, done = world.ingest("second", base)
    assert "texts/2.csv" in done.unchanged
    with duckdb.connect(second, read_only=True) as con:
        assert con.execute("select text_no from text_signal order by 1").fetchall() == [(1,), (2,)]


def test_an_extraction_with_overrides_is_read_as_a_whole(base: Path, world: World) -> None:
    world.write("sources.toml", DECLARED.replace("[processing_events]", 'overrides = "mended.csv"\n[processing_events]'))
    world.write("mended.csv", "request_id,outcome\nq1:erasure,refused\nq77,refused\n")
    base, _ = world.ingest("overridden", base)
    world.write("mended.csv", "request_id,outcome\nq1:rectification,refused\nq77,refused\n")
    second, done = world.ingest("second", base)
    assert set(done.files) - set(done.unchanged) == REQUEST_FILES
    fresh, _ = world.ingest("fresh")
    assert checksums(second) == checksums(fresh)
    assert checksums(second)["rights_requests"] != checksums(base)["rights_requests"]


def test_unchanged_files_are_not_opened(base: Path, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    base, _ = world.ingest("base", with_texts=False)
    base, _ = world.ingest("without", base, with_texts=False)
    monkeypatch.delattr(pipeline, "open_file")
    _, done = world.ingest("second", base, with_texts=False)
    assert done.unchanged == done.files


def test_many_rejected_and_left_out_rows(base: Path, world: World) -> None:
    """So many that records and numbers come from tables instead of comparisons."""
    lines = [f"r{i},a,profile,{T if i % 3 else 'no'},{'x' if i % 7 == 0 else ''}" + (",more" if i % 5 == 0 else "") for i in range(4000)]
    world.write("stored_records.csv", "\n".join(["record_id,account_id,data_category,collected_at,deleted_at", *lines]) + "\n")
    base, _ = world.ingest("many", base)
    world.write("accounts/0.csv", f"account_id,opened_at\nz,{T}\n")
    second, done = world.ingest("second", base)
    assert "stored_records.csv" in done.unchanged
    fresh, _ = world.ingest("fresh")
    assert checksums(second) == checksums(fresh)


@pytest.mark.parametrize("what", ["cut off", "empty", "of something else", "gone"])
def test_a_base_that_is_no_warehouse_is_not_used(base: Path, world: World, what: str) -> None:
    other = world.warehouses / "other.base"
    if what == "cut off":
        other.write_bytes(base.read_bytes()[:6000])
    elif what == "empty":
        other.touch()
    elif what == "of something else":
        duckdb.connect(other).close()
    second, done = world.ingest("second", other)
    assert done.unchanged == ()
    assert checksums(second) == checksums(base)


def test_a_base_whose_rows_somebody_took_out_is_refused(base: Path, world: World) -> None:
    with duckdb.connect(base) as con:
        con.execute("delete from rows_accounts where rowid = 1")
    with pytest.raises(AuditError, match=r"does not hold all rows of accounts/.\.csv.* any more: it has been changed\. Delete it and run again"):
        world.ingest("second", base)


def test_a_file_that_changes_while_it_is_read_is_refused(base: Path, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def write_and_load(*given: object) -> object:
        (world.folder / "recipients.csv").write_text("recipient_id,name\np1,One\n")
        return load_all(*given)

    load_all = pipeline._load_all
    monkeypatch.setattr(pipeline, "_load_all", write_and_load)
    with pytest.raises(InputRefused, match=r"recipients\.csv has been changed while it was read\. Run again when nothing writes to it"):
        world.ingest("base")


def test_a_file_that_vanishes_when_it_is_needed_again(base: Path, world: World) -> None:
    columns = {"accounts": frozenset({"opened_at"})}
    base, _ = world.ingest("base", columns=columns)
    world.write("accounts/4.csv", f"account_id,opened_at\nf,{T}\n")
    sources = read_sources(world.folder, CONTRACTS)
    sources.content_hash()
    world.write("accounts/2.csv.gz", "nothing of the kind")
    con = duckdb.connect()
    with pytest.raises(InputRefused, match=r"accounts/2\.csv\.gz"):
        pipeline.ingest(
            con, sources, CONTRACTS, columns=columns, zone=ZoneInfo("UTC"), with_texts=False, progress=print, base=base
        )
    assert con.execute("select table_name from duckdb_tables()").fetchall() == []


@pytest.mark.parametrize("is_loaded_now", [False, True])
def test_an_id_of_a_row_that_was_left_out_and_is_known_now(base: Path, world: World, is_loaded_now: bool) -> None:
    """The number that it has now, although no id that had a number got another one."""
    world.reset()
    events = "event_id,occurred_at,account_id\n"
    (world.folder / "processing_events.csv").unlink()
    world.write("processing_events/1.csv", f"{events}v1,{T},q\n")
    world.write("processing_events/2.csv", f"{events}v1,{T},q\nv2,{T},a\n")
    for name in ("stored_records.csv", "consent_events.jsonl", "requests/1.csv", "requests/2.csv", "texts/1.csv", "texts/2.csv"):
        (world.folder / name).unlink()
    world.write("sources.toml", "[processing_events]\nkind = 'log'\n[recipient_tools]\nfiles = ['tools_new.csv']\n")
    world.write("accounts/3.csv", f"account_id,opened_at\ng,{T}\n")  # so that q, the only unknown, gets the next number both times
    base, _ = world.ingest("left_out", base)
    world.write("accounts/4.csv", f"account_id,opened_at\nq,{T}\n")
    if is_loaded_now:
        (world.folder / "processing_events/1.csv").unlink()
    second, done = world.ingest("second", base)
    assert "processing_events/2.csv" in done.unchanged
    fresh, _ = world.ingest("fresh")
    assert checksums(second) == checksums(fresh)


def test_many_rows_come_back_in_their_order(base: Path, world: World) -> None:
    """More than the engine handles at once: a join alone would mix them."""
    rows = 400_000
    lines = "\n".join(f"v{n},{T},a,d{n % 1000}" for n in range(rows))
    world.write("processing_events.csv", f"event_id,occurred_at,account_id,device_id\n{lines}\n")
    base, _ = world.ingest("many", base)
    world.write("accounts/0.csv", f"account_id,opened_at\nz,{T}\n")
    second, done = world.ingest("second", base)
    assert "processing_events.csv" in done.unchanged
    with duckdb.connect(second, read_only=True) as con:
        con.execute(f"attach '{base}' as base (read_only)")
        same = "select count(*) from rows_processing_events n join base.rows_processing_events o on o.rowid = n.rowid and o.event_id = n.event_id"
        assert con.execute(same).fetchall() == [(rows,)]
