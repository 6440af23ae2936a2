"""Tables and views of a database as exports: copied once, in one read-only transaction, then read like any file.

`address.py` and `relation.py` read what `sources.toml` says, `copies.py` decides what is copied and keeps it, and
`postgresql.py`, `mysql.py` and `sqlite.py` each hold a session with one kind of database
(docs/decisions/0007-databases-through-drivers.md).
"""

from __future__ import annotations

from audit_lib.ingest.databases.address import Address, BadAddressError, parse_address
from audit_lib.ingest.databases.copies import Copied, Copies, Wanted, shared_copies
from audit_lib.ingest.databases.relation import Relation, parse_relation

__all__ = [
    "Address",
    "BadAddressError",
    "Copied",
    "Copies",
    "Relation",
    "Wanted",
    "parse_address",
    "parse_relation",
    "shared_copies",
]
