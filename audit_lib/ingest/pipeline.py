"""The order of work: look at every file, load table by table, then write the warehouse in one transaction."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from zoneinfo import ZoneInfo

import duckdb
import pandas as pd

from audit_lib.errors import InputRefused, raise_problems
from audit_lib.ingest.faults import QUARANTINE, write_faults
from audit_lib.ingest.load import LoadedFile, TableLoad, columns_to_read, create_tables, exclude, load_file
from audit_lib.ingest.places import Places
from audit_lib.ingest.readers import REJECTED, OpenFile, open_file
from audit_lib.ingest.repeats import exclude_repeats
from audit_lib.ingest.rules import write_rule_breaks
from audit_lib.ingest.scan import UnreadableError
from audit_lib.ingest.sources import Sources
from audit_lib.ingest.texts import TextSignals
from audit_lib.ingest.warehouse import (
    create_schema,
    write_coverage,
    write_input_columns,
    write_input_files,
    write_keys,
    write_quarantine,
    write_table,
)
from audit_lib.vocabulary import Contract


def ingest(
    con: duckdb.DuckDBPyConnection,
    sources: Sources,
    contracts: Mapping[str, Contract],
    *,
    columns: Mapping[str, frozenset[str]] | None,
    zone: ZoneInfo,
    with_texts: bool,
    progress: Callable[[str], None],
) -> None:
    """Load the exports into `con`, a DuckDB connection without an open transaction.

    `columns` names per table the export columns to keep (None: all; a table it does not name is not loaded). Days are
    days of `zone`. Without `with_texts` the files of `texts` are not opened. `progress` gets one plain line per step.
    Raises InputRefused naming every file that cannot be read with certainty; then nothing has been written.
    """
    loads = _plan(sources, contracts, columns, with_texts)
    try:
        con.execute("set TimeZone = 'UTC'; set preserve_insertion_order = true")
        con.execute(f"create or replace temp table ingest_quarantine ({QUARANTINE})")
        _open_all(con, sources, loads, progress)
        places = _load_all(con, loads, progress)
        signals = TextSignals(con, loads, places) if with_texts else None
        progress("writing the export tables")
        _write_all(con, sources, contracts, loads, places, signals, zone)
    finally:
        _drop_temporary(con, loads)


def reconciliation(con: duckdb.DuckDBPyConnection) -> pd.DataFrame:
    """Per file where its rows went: rows = accepted + quarantined + duplicate + superseded + left out."""
    return con.execute(
        'select table_name as "table", file, format, rows, accepted, quarantined, duplicate, superseded,'
        ' left_out as "left out" from input_file order by file_no'
    ).df()


def _plan(
    sources: Sources, contracts: Mapping[str, Contract], columns: Mapping[str, frozenset[str]] | None, with_texts: bool
) -> list[TableLoad]:
    loads = []
    for table, contract in contracts.items():
        wanted = None if columns is None else columns.get(table)
        skipped = (columns is not None and wanted is None) or (table == "texts" and not with_texts)
        if table in sources.tables and not skipped:
            loads.append(TableLoad(contract, sources.tables[table], columns_to_read(contract, wanted)))
    return loads


def _open_all(
    con: duckdb.DuckDBPyConnection, sources: Sources, loads: list[TableLoad], progress: Callable[[str], None]
) -> None:
    """Look at every file before any is loaded, so that all refusals are told at once."""
    problems: list[str] = []
    file_no = 0
    for load in loads:
        for extraction_no, extraction in enumerate(load.source.extractions):
            for file in extraction.files:
                progress(f"checking {file.name}")
                file_no += 1
                try:
                    opened = open_file(con, file, extraction)
                    _require_columns(load, opened)
                except UnreadableError as unreadable:
                    problems.append(unreadable.sentence(file.name))
                else:
                    load.files.append(LoadedFile(file_no, opened, extraction_no))
    raise_problems(problems, "Exports refused", InputRefused)


def _require_columns(load: TableLoad, opened: OpenFile) -> None:
    """A file without a required column, or without any of a group of which one is needed, is refused."""
    if opened.file.format == "jsonl" and not opened.names:
        return
    missing = [column.name for column in load.kept if column.required and column.name not in opened.names]
    for _, group in load.groups():
        if not any(column.name in opened.names for column in group):
            missing.append(" or ".join(column.name for column in group))
    if missing:
        raise UnreadableError(
            f"the header lacks {', '.join(missing)}",
            f"Export {load.contract.table} with {'this column' if len(missing) == 1 else 'these columns'}; "
            "names must be exactly those of the contract.",
        )


def _load_all(
    con: duckdb.DuckDBPyConnection, loads: list[TableLoad], progress: Callable[[str], None]
) -> dict[str, Places]:
    problems: list[str] = []
    places: dict[str, Places] = {}
    for load in loads:
        create_tables(con, load)
        for file in load.files:
            progress(f"loading {file.opened.file.name}")
            try:
                load_file(con, load, file)
            except UnreadableError as unreadable:
                problems.append(unreadable.sentence(file.opened.file.name))
        if problems:
            continue
        exclude(con, load, f"mask & {load.quarantine_mask()} <> 0", "quarantined")
        exclude_repeats(con, load)
        places[load.contract.table] = Places(con, load)
        write_faults(con, load, places[load.contract.table])
    raise_problems(problems, "Exports refused", InputRefused)
    return places


def _write_all(
    con: duckdb.DuckDBPyConnection,
    sources: Sources,
    contracts: Mapping[str, Contract],
    loads: list[TableLoad],
    places: Mapping[str, Places],
    signals: TextSignals | None,
    zone: ZoneInfo,
) -> None:
    con.begin()
    try:
        create_schema(con)
        write_keys(con, loads, places)
        for load in loads:
            write_table(con, load, places[load.contract.table], zone)
        write_quarantine(con)
        write_input_files(con, loads, sources)
        write_input_columns(con, loads)
        write_coverage(con, contracts, sources, loads, zone)
        write_rule_breaks(con, loads)
        if signals is not None:
            signals.write(con)
        con.commit()
    except BaseException:
        con.rollback()
        raise


def _drop_temporary(con: duckdb.DuckDBPyConnection, loads: list[TableLoad]) -> None:
    """Drop every temporary table of the loading, also after a refusal."""
    tables = ["ingest_quarantine", "ingest_repeat_hash", "ingest_repeat", "ingest_content", "ingest_faulty"]
    tables = [f"temp.{table}" for table in [*tables, REJECTED, f"{REJECTED}_scan"]]
    for load in loads:
        tables += [load.rows_table, load.out_table, load.place_table, load.block_table]
    con.execute("; ".join(f"drop table if exists {table}" for table in tables))
