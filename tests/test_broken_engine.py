"""An error inside the engine takes its database with it: the audit is judged again, and says the same."""

from __future__ import annotations

import logging
from pathlib import Path

import duckdb
import pytest
from test_open_requests import write_export

from audit_lib import open_run
from audit_lib.engines.duckdb import PLAIN_PLANS, BrokenEngine, DuckDB


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return write_export(tmp_path / "data")


@pytest.fixture
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    monkeypatch.setenv("PRIVACY_AUDIT_CACHE", str(tmp_path / "cache"))
    return monkeypatch


class Breaking:
    """Stands for a connection whose database dies at a statement and refuses everything after it, as DuckDB does."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, at: str, ran: list[str]) -> None:
        self._connection, self._at, self._ran, self._is_dead = connection, at, ran, False

    def execute(self, sql: str, *rest: object) -> object:
        self._ran.append(sql)
        if self._is_dead:
            raise duckdb.FatalException("FATAL Error: database has been invalidated")
        if self._at in sql and PLAIN_PLANS not in self._ran:
            self._is_dead = True
            raise duckdb.InternalException("INTERNAL Error: dict-surviving join: narrowed column\nstack trace")
        return self._connection.execute(sql, *rest)  # type: ignore[arg-type]

    def __getattr__(self, name: str) -> object:
        return getattr(self._connection, name)


def breaking(patch: pytest.MonkeyPatch, at: str) -> list[str]:
    ran: list[str] = []
    opened = DuckDB.__init__

    def init(self: DuckDB, *arguments: object, **named: object) -> None:
        opened(self, *arguments, **named)  # type: ignore[arg-type]
        self.connection = Breaking(self.connection, at, ran)  # type: ignore[assignment]

    patch.setattr(DuckDB, "__init__", init)
    return ran


def test_the_second_attempt_finds_the_same(data: Path, own_cache: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    with open_run(data, period="2018-Q3", reveal=True) as run:
        expected = run.results()
    own_cache.setenv("PRIVACY_AUDIT_CACHE", str(data.parent / "other cache"))
    ran = breaking(own_cache, "create temporary table request_clock")
    steps: list[str] = []
    with caplog.at_level(logging.WARNING), open_run(data, period="2018-Q3", reveal=True, progress=steps.append) as run:
        assert run.results() == expected
    assert PLAIN_PLANS in ran
    assert "the engine failed: judging again with plainer plans" in steps
    assert "dict-surviving join" in caplog.text and "stack trace" not in caplog.text


def test_an_engine_that_goes_on_breaking_ends_the_run(data: Path, own_cache: pytest.MonkeyPatch) -> None:
    own_cache.setattr("audit_lib.run.open.PLAIN_PLANS", "set threads = 1")
    breaking(own_cache, "create temporary table request_clock")
    with pytest.raises(BrokenEngine, match="dict-surviving join"):
        open_run(data, period="2018-Q3")
    assert not list(Path(data.parent, "cache").glob("*.duckdb"))
