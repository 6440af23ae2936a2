"""From one entry of `sources.toml` to the copy that it asks for."""

from __future__ import annotations

from collections.abc import Collection, MutableMapping
from dataclasses import dataclass
from pathlib import Path

from audit_lib.ingest.databases.address import Address, parse_address
from audit_lib.ingest.databases.copies import Copied, Copies, Wanted
from audit_lib.ingest.databases.relation import parse_relation
from audit_lib.ingest.declarations import Declaration
from audit_lib.vocabulary import Contract

COMPANIONS = ("", "-wal", "-shm", "-journal")
"""Ends of the names of the files that one SQLite database is made of."""


@dataclass(frozen=True, slots=True)
class Folder:
    """The files of the exports by their names, and which of them are spoken for."""

    names: Collection[str]
    owner: MutableMapping[str, str]


def plan_copy(copies: Copies, contract: Contract, entry: Declaration, folder: Folder) -> tuple[str, Path, Copied] | str:
    """Name, file and origin of the copy of a relation; a sentence where the declared SQLite file is not there.

    Only the contract's columns are copied, under the names that `columns` gives them; for an adapter the whole relation.
    """
    assert entry.database and entry.relation
    address = parse_address(entry.database)
    if address.kind == "sqlite" and not _claim(address, folder):
        return f"{entry.at('database')}: {contract.table}: no file matches {address.database!r}. Correct the name or add the file."
    renamed = {column: entry.columns.get(column, column) for column in contract.columns}
    wanted = Wanted(
        contract.table,
        address,
        parse_relation(entry.relation),
        f"sources.toml, {entry.at('database')}: {contract.table}",
        None if entry.adapter else tuple(renamed.values()),
        () if entry.adapter else tuple(renamed[column] for column in contract.key),
    )
    return copies.plan(wanted, folder.names)


def _claim(address: Address, folder: Folder) -> bool:
    """Take the files of an SQLite database out of those that nobody claims."""
    if address.database not in folder.names:
        return False
    for end in COMPANIONS:
        folder.owner[f"{address.database}{end}"] = address.text
    return True
