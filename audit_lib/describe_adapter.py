"""An adapter in words: what it expects, what it makes, what it cannot know. For the command line and the docs."""

from __future__ import annotations

from collections.abc import Iterator

from audit_lib.catalogue.adapters import Adapter, SourceColumn, WordMap

CHECKED = {
    "source": "read in the tool's source or specification",
    "documentation": "read in the vendor's documentation",
    "third party": "read in third-party code or mirrors: hold it against a file of yours",
    "unchecked": "general knowledge, unchecked: hold it against a file of yours",
}


def describe_adapter(adapter: Adapter) -> str:
    """Everything there is to know of an adapter, as Markdown that reads well in a terminal."""
    parts = [f"# {adapter.id}: {adapter.title}\n", f"{adapter.what}\n", *_declared(adapter), *_columns(adapter), *_maps(adapter)]
    parts += _section("Rows that are left out, by reason", [f"`{word}`: {meaning}" for word, meaning in adapter.reasons.items()])
    parts += _section("What the export cannot say", [_gap(gap.what, gap.columns) for gap in adapter.gaps])
    if any(gap.columns for gap in adapter.gaps):
        parts += _override(adapter)
    parts += _section("Traps, each with a test", [f"{trap.what} (`{trap.test}`)" for trap in adapter.traps])
    return "\n".join(parts) + "\n"


def _declared(adapter: Adapter) -> Iterator[str]:
    reads = "a file with named columns (CSV, TSV, .xlsx, Parquet)" if adapter.reads == "header" else "JSON: lines, a list"
    if adapter.lists:
        reads += f", or an object with the list under {' or '.join(f'`{key}`' for key in adapter.lists)}"
    yield f"- makes rows of: `{adapter.table}`"
    yield f"- reads: {reads}"
    yield f"- format: {CHECKED[adapter.checked]} ({adapter.source})"
    yield f'\nIn sources.toml:\n\n    [{adapter.table}]\n    files = ["…"]\n    adapter = "{adapter.id}"'
    yield from (f'    maps.{m.name} = {{ "…" = "…" }}' for m in adapter.maps.values() if m.required)
    yield "    extracted_at = …    # and the other declarations, as for any table"


def _columns(adapter: Adapter) -> Iterator[str]:
    yield "\n## What it looks for in the file\n"
    yield "`*`: a file without it is refused. Another name: `columns = { name = \"what the file calls it\" }`.\n"
    yield from (f"- `{column.name}`{'*' if column.required else ''}: {column.meaning} ({_names(column)})" for column in adapter.columns.values())


def _names(column: SourceColumn) -> str:
    return " or ".join(f"`{found}`" for found in column.found_as)


def _maps(adapter: Adapter) -> Iterator[str]:
    for word_map in adapter.maps.values():
        yield from _map(word_map)


def _map(word_map: WordMap) -> Iterator[str]:
    must = " You must give it: no export says it." if word_map.required else ""
    yield f"\n## Map `{word_map.name}`: {word_map.meaning}\n"
    yield f"Add or replace words with `maps.{word_map.name} = {{ … }}` in sources.toml.{must}\n"
    by_word: dict[str, list[str]] = {}
    for given, word in word_map.words.items():
        by_word.setdefault(word, []).append(given)
    yield from (f"- `{word}` from {', '.join(f'`{given}`' for given in given_words)}" for word, given_words in by_word.items())


def _gap(what: str, columns: tuple[str, ...]) -> str:
    return f"{what} An override file can fill in {', '.join(f'`{c}`' for c in columns)}." if columns else what


def _override(adapter: Adapter) -> Iterator[str]:
    columns = sorted({column for gap in adapter.gaps for column in gap.columns})
    yield f"\nAn override file is a CSV with the key of `{adapter.table}` and the columns to fill in; a filled cell replaces the adapter's value:\n"
    yield f'    overrides = "corrections.csv"    # in sources.toml; its header: the key, then any of {", ".join(columns)}'


def _section(title: str, lines: list[str]) -> Iterator[str]:
    if lines:
        yield f"\n## {title}\n"
        yield from (f"- {line}" for line in lines)
