"""A checksum per table of a warehouse: two warehouses with the same ones hold the same rows."""

from __future__ import annotations

import duckdb

from audit_lib.ingest.values import name


def table_checksums(con: duckdb.DuckDBPyConnection) -> dict[str, str]:
    """Table → columns with their types, number of rows and the sum of the hashes of all rows, for every table of the
    database, the export tables (which are views) included.

    Neither the order of the rows nor how they are stored counts. Only for databases of one version of DuckDB: its hash
    may differ between versions.
    """
    found = {}
    tables = "select table_name from duckdb_tables() where not internal and not temporary"
    views = "select view_name from duckdb_views() where not internal and not temporary"
    for (table,) in con.execute(f"{tables} union all {views} order by 1").fetchall():
        columns = con.execute(
            "select column_name, data_type from duckdb_columns() where table_name = ? order by column_index", [table]
        ).fetchall()
        listed = ", ".join(name(column) for column, _ in columns)
        rows, total = con.execute(f"select count(*), sum(cast(hash({listed}) as hugeint)) from {name(table)}").fetchall()[0]
        found[table] = f"{', '.join(f'{column} {kind}' for column, kind in columns)}: {rows} rows, {total}"
    return found
