"""Whenever an ingest is killed, its database is the old one or the new one; the next run gives what an undisturbed one gives."""

from __future__ import annotations

import random
import shutil
import time
from pathlib import Path

import duckdb
import pytest
from processes import Child, into, into_killed_at_the_end, into_without_room, opened, until

from audit_lib import open_run
from audit_lib.ingest import table_checksums
from audit_lib.run import whole
from audit_lib.run.into import ingest_into

KILLS = 10


def checksums(path: Path) -> dict[str, str]:
    with duckdb.connect(path, read_only=True) as con:
        return table_checksums(con)


def change(data: Path) -> None:
    """One account is closed, one request more is exported."""
    path = data / "accounts.csv"
    lines = path.read_text("utf-8").splitlines(keepends=True)
    path.write_text("".join(lines[:-1]), "utf-8")


@pytest.fixture
def data(samples: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(samples, tmp_path / "data"))


def undisturbed(data: Path, target: Path) -> tuple[dict[str, str], float]:
    """Checksums of what a run makes that nobody kills, and the seconds that it takes."""
    start = time.monotonic()
    assert Child(into, data, target).end()[-1].startswith("done")
    return checksums(target), time.monotonic() - start


def ended(paused: Child, tmp_path: Path) -> list[str]:
    """Let a paused run go on; all that it told."""
    (tmp_path / "go").touch()
    return paused.end()


@pytest.mark.parametrize("older", [False, True], ids=["first ingest", "on top of an older one"])
def test_killed_at_ten_moments(data: Path, tmp_path: Path, older: bool) -> None:
    target, old = tmp_path / "audit.duckdb", tmp_path / "old.duckdb"
    before: dict[str, str] | None = None
    if older:
        ingest_into(data, old, with_texts=True)
        before = checksums(old)
        change(data)
        shutil.copy(old, target)
    after, seconds = undisturbed(data, target)
    assert after != before
    moments = random.Random(7 + older)
    killed = 0
    for nth in range(KILLS):
        target.unlink()
        if older:
            shutil.copy(old, target)
        child = Child(into, data, target)
        until(time.monotonic() + (nth + moments.random()) / KILLS * seconds)
        killed += not child.kill()[-1:] or not child.told[-1].startswith("done")
        found = checksums(target) if target.exists() else None
        assert found in (before, after)
        ingest_into(data, target, with_texts=True)
        assert checksums(target) == after
        assert not list(tmp_path.glob(".*")), "what the killed run left is gone"
    assert killed > KILLS // 2


@pytest.mark.parametrize("when", ["before", "after"])
def test_killed_where_the_new_takes_the_place_of_the_old(data: Path, tmp_path: Path, when: str) -> None:
    target = tmp_path / "audit.duckdb"
    ingest_into(data, target, with_texts=True)
    before = checksums(target)
    change(data)
    told = Child(into_killed_at_the_end, data, target, when).end()
    assert told[-1] == "writing the export tables"
    assert (checksums(target) == before) is (when == "before")
    done = ingest_into(data, target, with_texts=True)
    assert done.files - done.unchanged == (1 if when == "before" else 0)
    assert not list(tmp_path.glob(".*"))


def test_of_two_at_once_the_second_waits_and_finds_the_work_done(data: Path, tmp_path: Path) -> None:
    target = tmp_path / "audit.duckdb"
    first = Child(into, data, target, tmp_path / "go")
    first.wait_for("writing")
    second = Child(into, data, target)
    second.wait_for("waiting")
    assert second.told == ["waiting for another run that is loading the same exports"]
    told = ended(first, tmp_path)
    assert told[-1].startswith("done 0 of ")
    files = told[-1].split()[-1]
    assert second.end()[1:] == [f"done {files} of {files}"]
    assert not list(tmp_path.glob(".*"))


def test_a_waiting_run_goes_on_when_the_first_is_killed(data: Path, tmp_path: Path) -> None:
    target = tmp_path / "audit.duckdb"
    first = Child(into, data, target, tmp_path / "go")
    first.wait_for("writing")
    second = Child(into, data, target)
    second.wait_for("waiting")
    assert not first.kill()[-1].startswith("done")
    assert second.end()[-1].startswith("done 0 of ")
    fresh = tmp_path / "fresh.duckdb"
    ingest_into(data, fresh, with_texts=True)
    assert checksums(target) == checksums(fresh)


def test_who_reads_the_old_database_goes_on_reading_it(data: Path, tmp_path: Path) -> None:
    target = tmp_path / "audit.duckdb"
    ingest_into(data, target)
    with duckdb.connect(target, read_only=True) as reader:
        rows = reader.execute("select count(*) from accounts").fetchall()
        change(data)
        assert Child(into, data, target).end()[-1].startswith("done")
        assert reader.execute("select count(*) from accounts").fetchall() == rows
        assert reader.execute("select max(account_id) from accounts").fetchall()
    with duckdb.connect(target, read_only=True) as reader:
        assert reader.execute("select count(*) + 1 from accounts").fetchall() == rows


def test_without_room_nothing_is_changed(data: Path, tmp_path: Path) -> None:
    target = tmp_path / "audit.duckdb"
    told = Child(into_without_room, data, target).end()
    assert told[-1] == (
        f"refused {tmp_path} has no room for the database. Nothing was changed. Make room or name another folder; then run again."
    )
    assert [path.name for path in tmp_path.iterdir()] == ["data"]
    ingest_into(data, target)
    before = checksums(target)
    change(data)
    assert Child(into_without_room, data, target).end()[-1].startswith("refused")
    assert checksums(target) == before


def test_of_two_audits_at_once_the_second_waits(data: Path, tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    cache.mkdir()
    first = Child(opened, data, "2018-Q3", tmp_path / "go", cache=cache)
    first.wait_for("writing")
    second = Child(opened, data, "2018-Q3", cache=cache)
    second.wait_for("waiting")
    name = ended(first, tmp_path)[-1]
    assert second.end() == ["waiting for another run that is loading the same exports", name]
    assert [f"done {path.name}" for path in cache.iterdir()] == [name]


def test_what_a_killed_audit_left_is_deleted_by_the_next(data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cache = tmp_path / "cache"
    cache.mkdir()
    first = Child(opened, data, "2018-Q3", tmp_path / "go", cache=cache)
    first.wait_for("writing")
    first.kill()
    left = sorted(path.name for path in cache.iterdir())
    assert any(name.endswith(".building") for name in left)
    assert any(name.endswith(".lock") for name in left)
    change(data)  # so that the next run makes another database
    monkeypatch.setenv("PRIVACY_AUDIT_CACHE", str(cache))
    with open_run(data, period="2018-Q3") as run:
        assert [path.name for path in cache.iterdir()] == [run.path.name]


def test_the_work_of_a_living_run_is_not_deleted_by_another(data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cache = tmp_path / "cache"
    cache.mkdir()
    first = Child(opened, data, "2018-Q3", tmp_path / "go", cache=cache)
    first.wait_for("writing")
    other = Path(shutil.copytree(data, tmp_path / "other"))
    change(other)
    assert Child(opened, other, "2018-08", cache=cache).end()[-1].startswith("done")
    assert ended(first, tmp_path)[-1].startswith("done")
    assert len(list(cache.iterdir())) == 2


def test_a_wait_that_is_too_long_ends_with_a_sentence(data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    target = tmp_path / "audit.duckdb"
    first = Child(into, data, target, tmp_path / "go")
    first.wait_for("writing")
    monkeypatch.setattr(whole, "WAIT_SECONDS", 0.1)
    with pytest.raises(whole.AuditError, match=r"Another run has been loading the same exports for .* minutes\. Wait for it to end, or end it; then run again"):
        ingest_into(data, target)
    assert ended(first, tmp_path)[-1].startswith("done")
