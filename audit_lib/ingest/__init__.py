"""Exports → export tables: finds the files, reads them by their contracts, quarantines what cannot be read.

`read_sources` finds the files and reads `sources.toml`; `ingest` writes the warehouse tables (docs, architecture page,
"Written by ingest"); `reconciliation` shows for every file where its rows went.
"""

from __future__ import annotations

from audit_lib.ingest.checksum import table_checksums
from audit_lib.ingest.pipeline import Ingested, ingest, reconciliation
from audit_lib.ingest.sources import Extraction, SourceFile, Sources, TableSource, read_sources
from audit_lib.ingest.warehouse import SCHEMA

TABLES = frozenset(SCHEMA)
"""Tables that stand in every warehouse, beside the export tables, keys and `kept_` tables."""

__all__ = [
    "TABLES",
    "Extraction",
    "Ingested",
    "SourceFile",
    "Sources",
    "TableSource",
    "ingest",
    "read_sources",
    "reconciliation",
    "table_checksums",
]
