"""The order of work: look at every file, load table by table, then write the warehouse in one transaction."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from zoneinfo import ZoneInfo

import duckdb
import pandas as pd

from audit_lib.catalogue.adapters import load_adapters
from audit_lib.errors import InputRefused, raise_problems
from audit_lib.ingest.adapt import AdaptedFile, adapt, needed
from audit_lib.ingest.faults import QUARANTINE, write_faults
from audit_lib.ingest.kept import write_kept
from audit_lib.ingest.keys import Keys, in_order
from audit_lib.ingest.load import (
    SPACES,
    LoadedFile,
    OrderLostError,
    TableLoad,
    columns_to_read,
    create_tables,
    drop_places,
    exclude,
    load_file,
    mark_out,
)
from audit_lib.ingest.overrides import Overrides, read_overrides
from audit_lib.ingest.places import Places
from audit_lib.ingest.readers import REJECTED, OpenFile, open_file
from audit_lib.ingest.repeats import exclude_repeats
from audit_lib.ingest.reuse import Reuse, is_unchanged, refuse_changed
from audit_lib.ingest.rules import write_rule_breaks
from audit_lib.ingest.scan import UnreadableError
from audit_lib.ingest.sources import Extraction, SourceFile, Sources
from audit_lib.ingest.texts import TextSignals
from audit_lib.ingest.warehouse import (
    create_schema,
    create_view,
    write_coverage,
    write_input_columns,
    write_input_files,
    write_quarantine,
)
from audit_lib.ingest.work import work_folder
from audit_lib.vocabulary import Contract


@dataclass(frozen=True, slots=True)
class Ingested:
    """What an ingest did with the files of the exports."""

    files: tuple[str, ...]
    """Names of all files that were loaded, override files not counted."""
    unchanged: tuple[str, ...]
    """Those of them whose rows were taken from the older warehouse; they were only hashed."""


def ingest(
    con: duckdb.DuckDBPyConnection,
    sources: Sources,
    contracts: Mapping[str, Contract],
    *,
    columns: Mapping[str, frozenset[str]] | None,
    zone: ZoneInfo,
    with_texts: bool,
    progress: Callable[[str], None],
    base: Path | None = None,
) -> Ingested:
    """Load the exports into `con`, a DuckDB connection without an open transaction.

    `columns` names per table the export columns to keep (None: all; a table it does not name is not loaded). Days are
    days of `zone`. Without `with_texts` the files of `texts` are not opened. `progress` gets one plain line per step.
    `base` is an older warehouse, another file than that of `con`: what it holds of files that have not changed is taken
    over (`reuse.py`). The result does not depend on it. It is only read.
    Raises InputRefused naming every file that cannot be read with certainty; then nothing has been written.
    """
    sources.fetch(with_texts=with_texts, progress=progress)
    loads = _plan(sources, contracts, columns, with_texts, zone)
    reuse = Reuse(con, sources, base)
    sources.hash_ahead([file for load in loads for extraction in load.source.extractions for file in extraction.files])
    with work_folder() as work:
        try:
            con.execute("set TimeZone = 'UTC'; set preserve_insertion_order = true")
            con.execute(f"create or replace temp table ingest_quarantine ({QUARANTINE})")
            _open_all(con, loads, work, reuse, progress)
            places = _load_all(con, loads, work, reuse, progress)
            signals = TextSignals(con, loads, reuse) if with_texts else None
            readings = reuse.readings()
            refuse_changed(sources)
            progress("writing the export tables")
            _write_all(con, sources, contracts, loads, places, signals, readings, zone)
        except BaseException as error:
            _drop_rows(con, loads)
            if isinstance(error, InputRefused):
                refuse_changed(sources)  # what was found wrong may be half of an old and half of a new file
            raise
        finally:
            _drop_temporary(con, loads)
            reuse.close()
    return Ingested(tuple(file.opened.file.name for load in loads for file in load.files), tuple(reuse.unchanged))


def reconciliation(con: duckdb.DuckDBPyConnection) -> pd.DataFrame:
    """Per file where its rows went (rows = accepted + quarantined + duplicate + superseded + left out), and how it is written."""
    return con.execute(
        'select table_name as "table", file, format, rows, accepted, quarantined, duplicate, superseded,'
        ' left_out as "left out", records, read_as as "read as", coalesce(adapter, \'\') as adapter from input_file order by file_no'
    ).df()


def _plan(
    sources: Sources,
    contracts: Mapping[str, Contract],
    columns: Mapping[str, frozenset[str]] | None,
    with_texts: bool,
    zone: ZoneInfo,
) -> list[TableLoad]:
    loads = []
    for table, contract in contracts.items():
        wanted = None if columns is None else columns.get(table)
        skipped = (columns is not None and wanted is None) or (table == "texts" and not with_texts)
        if table in sources.tables and not skipped:
            loads.append(TableLoad(contract, sources.tables[table], columns_to_read(contract, wanted), zone))
    return loads


def _open_all(
    con: duckdb.DuckDBPyConnection, loads: list[TableLoad], work: Path, reuse: Reuse, progress: Callable[[str], None]
) -> None:
    """Look at every file before any is loaded, so that all refusals are told at once."""
    problems: list[str] = []
    file_no = 0
    for load in loads:
        for extraction_no, extraction in enumerate(load.source.extractions):
            overrides = None
            if extraction.overrides is not None:
                file_no += 1
                overrides = _open_overrides(con, load, extraction, work, file_no, problems)
            for file in extraction.files:
                file_no += 1
                anew = partial(_open, con, load, extraction, file, work, overrides, file_no)
                opened = reuse.find(load, extraction, file, file_no, anew)
                progress(f"{'checking' if opened is None else 'unchanged:'} {file.name}")
                try:
                    if opened is None:
                        opened = anew()
                        _require_columns(load, opened)
                except UnreadableError as unreadable:
                    problems.append(unreadable.sentence(file.name))
                else:
                    load.files.append(LoadedFile(file_no, opened, extraction_no))
    raise_problems(problems, "Exports refused", InputRefused)


def _open_overrides(
    con: duckdb.DuckDBPyConnection, load: TableLoad, extraction: Extraction, work: Path, file_no: int, problems: list[str]
) -> Overrides | None:
    assert extraction.overrides is not None
    try:
        overrides = read_overrides(con, load.contract, extraction, work, file_no)
    except UnreadableError as unreadable:
        problems.append(unreadable.sentence(extraction.overrides.name))
        return None
    load.overrides += [overrides] if overrides else []
    return overrides


def _open(
    con: duckdb.DuckDBPyConnection,
    load: TableLoad,
    extraction: Extraction,
    file: SourceFile,
    work: Path,
    overrides: Overrides | None,
    file_no: int,
) -> OpenFile | AdaptedFile:
    """A file in the terms of its contract: as it is, or through the adapter that is declared for it."""
    declared = extraction.declared
    if declared.adapter is None:
        renamed = declared.columns
        required = [column.name for column in load.kept if column.required]
        groups = [*([name] for name in required), *([c.name for c in group] for _, group in load.groups())]
        known = tuple(tuple(renamed.get(name, name) for name in group) for group in groups)
        return open_file(con, file, extraction, work, needed=known)
    adapter = load_adapters()[declared.adapter]
    # The adapter's columns are renamed, not the contract's.
    bare = replace(extraction, declared=replace(declared, columns={}))
    opened = open_file(con, file, bare, work, needed=needed(adapter, declared.columns), lists=adapter.lists)
    opened.extraction = extraction
    return adapt(con, opened, adapter, load.contract, overrides, work / f"adapted-{file_no}.parquet")


def _require_columns(load: TableLoad, opened: OpenFile | AdaptedFile) -> None:
    """A file without a required column, or without any of a group of which one is needed, is refused."""
    if isinstance(opened, AdaptedFile):
        return
    if opened.is_json and not opened.records:
        return
    missing = [column.name for column in load.kept if column.required and column.name not in opened.names]
    for _, group in load.groups():
        if not any(column.name in opened.names for column in group):
            missing.append(" or ".join(column.name for column in group))
    if missing:
        raise UnreadableError(
            f"the header lacks {', '.join(missing)}{opened.tried_in_vain()}",
            f"Export {load.contract.table} with {'this column' if len(missing) == 1 else 'these columns'}; "
            "names must be exactly those of the contract.",
        )


def _load_all(
    con: duckdb.DuckDBPyConnection, loads: list[TableLoad], work: Path, reuse: Reuse, progress: Callable[[str], None]
) -> dict[str, Places]:
    problems: list[str] = []
    places: dict[str, Places] = {}
    keys = Keys(con, loads, reuse)
    for load in in_order(loads):
        keys.make_for(load)
        try:
            problems += _load_files(con, load, work, reuse, progress)
        except (OrderLostError, duckdb.OutOfMemoryException):
            if not load.listed:
                raise
            # The ids do not fit into memory: they get their numbers after the loading, which takes longer.
            load.listed = frozenset()
            con.execute(f"drop table {load.rows_table}")
            problems += _load_files(con, load, work, reuse, progress)
        if problems:
            continue
        drop_places(con, load)
        exclude(con, load, f"mask & {load.quarantine_mask()} <> 0", "quarantined")
        exclude_repeats(con, load)
        mark_out(con, load)
        places[load.contract.table] = Places(con, load)
        write_faults(con, load, places[load.contract.table])
    raise_problems(problems, "Exports refused", InputRefused)
    keys.make_own()
    keys.number_unknown()
    return places


def _load_files(
    con: duckdb.DuckDBPyConnection, load: TableLoad, work: Path, reuse: Reuse, progress: Callable[[str], None]
) -> list[str]:
    """Make the table of rows and fill it. Returns a sentence for every file that cannot be read with certainty."""
    create_tables(con, load)
    problems = []
    for file in load.files:
        if is_unchanged(file):
            reuse.restore(load, file)
            continue
        progress(f"loading {file.opened.file.name}")
        try:
            load_file(con, load, file, work)
        except UnreadableError as unreadable:
            problems.append(unreadable.sentence(file.opened.file.name))
    return problems


def _write_all(
    con: duckdb.DuckDBPyConnection,
    sources: Sources,
    contracts: Mapping[str, Contract],
    loads: list[TableLoad],
    places: Mapping[str, Places],
    signals: TextSignals | None,
    readings: Mapping[int, str],
    zone: ZoneInfo,
) -> None:
    con.begin()
    try:
        create_schema(con)
        for load in loads:
            create_view(con, load, places[load.contract.table])
        write_quarantine(con)
        write_input_files(con, loads, sources)
        write_input_columns(con, loads)
        write_coverage(con, contracts, sources, loads, zone)
        write_rule_breaks(con, loads)
        if signals is not None:
            signals.write(con)
        write_kept(con, loads, readings, signals.found if signals else ())
        con.commit()
    except BaseException:
        with suppress(duckdb.Error):  # a commit that failed has rolled back by itself
            con.rollback()
        raise


def _drop_rows(con: duckdb.DuckDBPyConnection, loads: list[TableLoad]) -> None:
    """Nothing stays of an ingest that did not come to its end."""
    tables = [*(load.rows_table for load in loads), *(f"key_{space}" for space in SPACES)]
    con.execute("; ".join(f"drop table if exists {table}" for table in tables))


def _drop_temporary(con: duckdb.DuckDBPyConnection, loads: list[TableLoad]) -> None:
    """Drop every temporary table of the loading, also after a refusal."""
    tables = ["ingest_quarantine", "ingest_named", "ingest_repeat_hash", "ingest_repeat", "ingest_content", "ingest_faulty"]
    tables = [f"temp.{table}" for table in [*tables, REJECTED, f"{REJECTED}_scan"]]
    for load in loads:
        tables += [overrides.table for overrides in load.overrides]
        tables.append(load.out_table)
    con.execute("; ".join(f"drop table if exists {table}" for table in tables))
