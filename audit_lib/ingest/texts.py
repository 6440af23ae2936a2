"""Age statements in texts: bodies pass through memory once, in small batches; only what was found is kept."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import duckdb
import pandas as pd

from audit_lib.ingest.kept import Signal
from audit_lib.ingest.load import LoadedFile, TableLoad
from audit_lib.ingest.reuse import Reuse, is_unchanged
from audit_lib.vocabulary import day_date, day_number

BATCH = 5_000


class TextSignals:
    """The statements of ages under 13 found in the bodies of the accepted texts."""

    def __init__(self, con: duckdb.DuckDBPyConnection, loads: Sequence[TableLoad], reuse: Reuse) -> None:
        load = next((load for load in loads if load.contract.table == "texts"), None)
        self.found: list[Signal] = []
        """Also those of texts that were not accepted."""
        if load is None:
            return
        for file in load.files:
            if is_unchanged(file):
                self.found += reuse.signals(file)
            elif "body" in file.opened.names:
                self.found += list(_statements(con, file))

    def write(self, con: duckdb.DuckDBPyConnection) -> None:
        """Write `text_signal` from the loaded texts and the statements found in them."""
        if not self.found:
            return
        frame = pd.DataFrame(self.found, columns=["file_no", "record", "statement", "age", "born"], dtype=object)
        frame = frame.astype({"file_no": "int64", "record": "int64", "statement": "str", "age": "Int64", "born": "Int64"})
        con.register("ingest_found", frame)
        rows = con.execute(
            "select t.text_no, t.account_no, t.written_second, t.written_day, t.language, f.statement, f.age, f.born"
            " from ingest_found f join texts t on t.file_no = f.file_no and t.record = f.record"
            " order by t.text_no, f.statement"
        ).fetchall()
        con.unregister("ingest_found")
        signals = {(*row[:6], last) for row in rows if (last := _last_day_under_13(*row[3:]))}
        if signals:
            con.executemany("insert into text_signal values (?, ?, ?, ?, ?, ?, ?)", sorted(signals, key=str))


def _last_day_under_13(written_day: int, _language: str | None, pattern: str, age: int | None, born: int | None) -> int | None:
    """The last day on which the writer of a text can still be under 13; None when a stated birth year makes the writer older."""
    from audit_lib.age_statements import Statement

    last = Statement(pattern, age, born).under_13_until(day_date(written_day))
    return None if last is None else day_number(last)


def _statements(con: duckdb.DuckDBPyConnection, file: LoadedFile) -> Iterator[Signal]:
    """File number, record, pattern, and age or birth year of every statement that can speak of somebody under 13."""
    from audit_lib.age_statements import find  # only where texts are read at all

    records = _records(file)
    for body, language in _bodies(con, file):
        record = next(records)
        for said in find(body, language) if body else ():
            yield file.file_no, record, f"{said.language}.{said.pattern}", said.age, said.born


def _records(file: LoadedFile) -> Iterator[int]:
    """Record numbers of the file without the rejected ones."""
    rejected = {reject.record for reject in file.opened.rejects}
    return (record for record in range(1, file.opened.records + 1) if record not in rejected)


def _bodies(con: duckdb.DuckDBPyConnection, file: LoadedFile) -> Iterator[tuple[str | None, str | None]]:
    """Body and language of every record, in order."""
    wanted: list[str] = [column for column in ("body", "language") if column in file.opened.names]
    relation, texts = file.opened.texts(wanted)
    language = texts.get("language", "null")
    cursor = con.cursor()
    try:
        cursor.execute(f"select {texts['body']}, {language} from {relation}")
        while batch := cursor.fetchmany(BATCH):
            yield from batch
    finally:
        cursor.close()
