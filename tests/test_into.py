"""`ingest_into` replaces only what it made itself; `open_run` takes over what has not changed since it last looked."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import duckdb
import pytest

from audit_lib import open_run
from audit_lib.errors import AuditError, InputRefused
from audit_lib.ingest import table_checksums
from audit_lib.run import cache, whole
from audit_lib.run.into import ingest_into

T = "2018-05-01T10:00:00Z"


@pytest.fixture
def data(tmp_path: Path) -> Path:
    folder = tmp_path / "data"
    folder.mkdir()
    (folder / "accounts.csv").write_text(f"account_id,opened_at\na,{T}\n")
    (folder / "recipients.csv").write_text("recipient_id,name\np1,One\n")
    return folder


def checksums(path: Path) -> dict[str, str]:
    with duckdb.connect(path, read_only=True) as con:
        return table_checksums(con)


def test_brought_up_to_date(data: Path, tmp_path: Path) -> None:
    target = tmp_path / "audit.duckdb"
    assert ingest_into(data, target).unchanged == 0
    assert target.stat().st_mode & 0o777 == 0o600
    (data / "recipients.csv").write_text("recipient_id,name\np2,Two\n")
    steps: list[str] = []
    done = ingest_into(data, target, progress=steps.append)
    assert (done.unchanged, done.files) == (1, 2)
    assert steps[:2] == ["unchanged: accounts.csv", "checking recipients.csv"]
    assert [row["rows"] for row in done.inputs] == [1, 1]
    fresh = tmp_path / "fresh.duckdb"
    ingest_into(data, fresh)
    assert checksums(target) == checksums(fresh)
    steps.clear()
    before = target.stat().st_mtime_ns
    done = ingest_into(data, target, progress=steps.append)
    assert (done.unchanged, steps, target.stat().st_mtime_ns) == (2, [], before)


def test_a_file_that_cannot_be_read_leaves_the_database_as_it_was(data: Path, tmp_path: Path) -> None:
    target = tmp_path / "audit.duckdb"
    ingest_into(data, target)
    before = checksums(target)
    (data / "recipients.csv").write_text('recipient_id,name\n"p1,One\n')
    with pytest.raises(InputRefused, match=r"recipients\.csv: .*quote"):
        ingest_into(data, target)
    assert checksums(target) == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["audit.duckdb", "data"]


def test_a_link_stays_a_link(data: Path, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    link = tmp_path / "audit.duckdb"
    link.symlink_to(tmp_path / "elsewhere" / "real.duckdb")
    for _ in range(2):
        ingest_into(data, link)
        assert link.is_symlink()
        assert checksums(tmp_path / "elsewhere" / "real.duckdb")["accounts"].startswith("account_no")


def test_names_with_quotes_and_spaces(data: Path, tmp_path: Path) -> None:
    target = tmp_path / "an 'audit'; drop table x.duckdb"
    ingest_into(data, target)
    (data / "recipients.csv").write_text("recipient_id,name\np2,Two\n")
    assert ingest_into(data, target).unchanged == 1


def test_what_is_no_database_of_exports_is_not_replaced(data: Path, tmp_path: Path) -> None:
    target = tmp_path / "audit.duckdb"
    target.write_text("my notes\n")
    with pytest.raises(AuditError, match=r"audit\.duckdb exists and is no database that can be read\. Name another file, or delete it first"):
        ingest_into(data, target)
    assert target.read_text() == "my notes\n"
    target.unlink()
    with duckdb.connect(target) as con:
        con.execute("create table sales (day date)")
    with pytest.raises(AuditError, match=r"audit\.duckdb exists and holds no exports\. Name another file, or delete it first"):
        ingest_into(data, target)
    assert checksums(target).keys() == {"sales"}


def test_tables_of_the_owner_are_not_lost(data: Path, tmp_path: Path) -> None:
    target = tmp_path / "audit.duckdb"
    ingest_into(data, target)
    with duckdb.connect(target) as con:
        con.execute("create table notes (text varchar); create view my_accounts as select * from accounts")
    (data / "recipients.csv").write_text("recipient_id,name\np2,Two\n")
    with pytest.raises(AuditError, match=r"audit\.duckdb also holds my_accounts, notes, which no ingest made\. Move them elsewhere, or name another file"):
        ingest_into(data, target)
    assert "notes" in checksums(target)


def test_a_database_that_is_open_for_writing(data: Path, tmp_path: Path) -> None:
    target = tmp_path / "audit.duckdb"
    ingest_into(data, target)
    wal = tmp_path / "audit.duckdb.wal"
    wal.touch()
    with pytest.raises(AuditError, match=r"audit\.duckdb was open for writing and has not been closed \(audit\.duckdb\.wal\)\. Open and close it"):
        ingest_into(data, target)


def test_a_folder_that_is_not_there(data: Path, tmp_path: Path) -> None:
    with pytest.raises(AuditError, match=r"nowhere is not a folder\. Make it, or name another file"):
        ingest_into(data, tmp_path / "nowhere" / "audit.duckdb")


def test_a_folder_that_cannot_be_written_to(data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Denied(whole.FileLock):  # the superuser, who may run the tests, can write everywhere
        def _acquire(self) -> None:
            raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(whole, "FileLock", Denied)
    with pytest.raises(AuditError, match=r"cannot be written to \(Permission denied\)\. Name another folder"):
        ingest_into(data, tmp_path / "audit.duckdb")


def test_a_database_of_an_earlier_version_is_read_anew(data: Path, tmp_path: Path) -> None:
    target = tmp_path / "audit.duckdb"
    ingest_into(data, target)
    before = checksums(target)
    with duckdb.connect(target) as con:
        for table in [table for table in before if table.startswith("kept_")]:
            con.execute(f"drop table {table}")
    assert ingest_into(data, target).unchanged == 0
    assert checksums(target) == before


def test_open_run_takes_over_what_has_not_changed(samples: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data = Path(shutil.copytree(samples, tmp_path / "data"))
    monkeypatch.setenv(cache.CACHE, str(tmp_path / "cache"))
    open_run(data, period="2018-09").close()
    accounts = data / "accounts.csv"
    accounts.write_text("".join(accounts.read_text("utf-8").splitlines(keepends=True)[:-1]), "utf-8")
    steps: list[str] = []
    with open_run(data, period="2018-09", progress=steps.append) as run:
        found, path = run.results(), run.path
    assert [step for step in steps if step.startswith("loading")] == ["loading accounts.csv"]
    assert "unchanged: transfers.csv" in steps
    monkeypatch.setenv(cache.CACHE, str(tmp_path / "other"))
    with open_run(data, period="2018-09") as run:
        assert run.results() == found
        assert checksums(run.path) == checksums(path)


def test_the_base_is_the_newest_of_the_same_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(cache.CACHE, str(tmp_path))
    assert cache.same_origin("a" * 12) is None
    for number in range(3):
        cache.warehouse("a" * 12, f"{number}" * 24, "f" * 24).touch()
    newest, other = cache.warehouse("a" * 12, "1" * 24, "f" * 24), cache.warehouse("b" * 12, "1" * 24, "f" * 24)
    other.touch()
    for nth, file in enumerate([*tmp_path.glob("a*"), newest, other]):

        os.utime(file, (nth, nth))
    assert cache.same_origin("a" * 12) == newest
    assert cache.same_ingest("1" * 24) == other
