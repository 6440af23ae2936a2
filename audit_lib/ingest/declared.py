"""What `sources.toml` says about adapters, held against the adapters there are."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from audit_lib.catalogue.adapters import Adapter
from audit_lib.ingest.declarations import Declaration, Declarations
from audit_lib.vocabulary import Contract


def adapter_problems(
    declarations: Declarations, adapters: Mapping[str, Adapter], contracts: Mapping[str, Contract]
) -> list[str]:
    """Sentences with their lines; empty when all is well."""
    return [
        f"{entry.at(key)}: {table}: {sentence}"
        for table, entries in declarations.tables.items()
        for entry in entries
        for key, sentence in _of_entry(table, entry, adapters, contracts)
    ]


def _of_entry(
    table: str, entry: Declaration, adapters: Mapping[str, Adapter], contracts: Mapping[str, Contract]
) -> Iterator[tuple[str, str]]:
    if entry.adapter is None:
        for key in ("maps", "overrides"):
            if getattr(entry, key):
                yield key, f"{key} needs an adapter. Name one, or leave it out."
        yield from _strange_columns(entry, contracts[table].columns, "the contract")
        return
    adapter = adapters.get(entry.adapter)
    if adapter is None:
        yield "adapter", f"there is no adapter {entry.adapter}. Known: {', '.join(adapters) or 'none'}."
        return
    if adapter.table != table:
        yield "adapter", f"{entry.adapter} makes rows of {adapter.table}. Declare it under [{adapter.table}]."
    yield from _strange_columns(entry, adapter.columns, f"adapter {adapter.id}")
    if strange := sorted(set(entry.maps) - set(adapter.maps)):
        yield "maps", f"{adapter.id} has no map {', '.join(strange)}. It has {', '.join(adapter.maps) or 'none'}."
    for word_map in adapter.maps.values():
        if word_map.required and word_map.name not in entry.maps:
            yield "adapter", f"{adapter.id} needs maps.{word_map.name}: {word_map.meaning}."


def _strange_columns(entry: Declaration, known: Mapping[str, object], whose: str) -> Iterator[tuple[str, str]]:
    if strange := sorted(set(entry.columns) - set(known)):
        yield "columns", f"{whose} has no column {', '.join(strange)}. It has {', '.join(known)}."
