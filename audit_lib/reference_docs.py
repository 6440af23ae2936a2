"""Reference pages of the docs, made from the definitions: `python -m audit_lib.reference_docs docs`, checked by a test."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

from audit_lib.catalogue import Catalogue, load_catalogue
from audit_lib.catalogue.adapters import load_adapters
from audit_lib.catalogue.parameters import list_parameters, scalars
from audit_lib.describe_adapter import describe_adapter
from audit_lib.vocabulary import Column, Contract, Measure

MADE = "<!-- Made by `make docs` from the definitions; edit those. -->\n"


def pages(catalogue: Catalogue) -> dict[str, str]:
    """File name → text of every page that is made from definitions."""
    return {
        "measures.md": "\n".join(_measures(catalogue)) + "\n",
        "tables.md": "\n".join(_tables(catalogue)) + "\n",
        "parameters.md": "\n".join(_parameters()) + "\n",
        "reference.md": "\n".join(_reference(catalogue)) + "\n",
        "adapters.md": _adapters(),
    }


def _adapters() -> str:
    known = load_adapters()
    head = f"{MADE}\n# Adapters: exports of other tools\n\n`privacy-audit adapters ID` prints one.\n\n| adapter | tool | makes rows of |\n|---|---|---|\n"
    rows = "".join(f"| [`{a.id}`](#{a.id}) | {a.title} | `{a.table}` |\n" for a in known.values())
    return head + rows + "".join("\n#" + describe_adapter(a).replace("\n## ", "\n### ") for a in known.values())


def _measures(catalogue: Catalogue) -> Iterator[str]:
    yield f"{MADE}\n# The measures\n"
    yield "`privacy-audit measures ID` prints one with its SQL, criteria and examples.\n"
    yield "| measure | area | kind | question |\n|---|---|---|---|"
    for measure in catalogue.measures.values():
        yield f"| [`{measure.id}`](#{measure.id}) | {measure.area} | {measure.kind} | {measure.question} |"
    for measure in catalogue.measures.values():
        yield from _measure(measure)


def _measure(measure: Measure) -> Iterator[str]:
    yield f"\n## {measure.id}\n\n{measure.title}. {measure.why_it_matters}\n"
    yield f"- **Item**: {measure.item}; placed on {measure.on_day}."
    yield f"- **Exception**: {measure.exception}."
    if measure.value:
        yield f"- **Value**: {measure.value} ({measure.value_unit})."
    yield f"- **Groups**: {', '.join(f'`{g}` ({m})' for g, m in measure.groups.items())}."
    reads = "; ".join(f"`{table}` ({', '.join(sorted(columns))})" for table, columns in sorted(measure.reads.items()))
    yield f"- **Reads**: {reads}."
    if measure.looks_back:
        yield f"- **Looks back** into {', '.join(f'`{t}`' for t in measure.looks_back)}: answers that hang on time before the log are untestable."
    if measure.needs_tombstones:
        yield f"- **Needs deleted rows kept** in {', '.join(f'`{t}`' for t in measure.needs_tombstones)}."
    yield from (f"- **Limit**: {caveat}" for caveat in measure.caveats)
    yield "\n| reason, the first that fits | meaning |\n|---|---|"
    yield from (f"| `{reason}` | {meaning} |" for reason, meaning in measure.reasons.items())


def _tables(catalogue: Catalogue) -> Iterator[str]:
    yield f"{MADE}\n# The export tables\n"
    yield "One file `<table>.csv`, `.tsv`, `.jsonl` or `.parquet` (text formats also `.gz`), or a folder `<table>/` of such files.\n"
    yield "`*` marks what a row cannot be placed without: a row that lacks it is quarantined. In any other column a faulty value alone is dropped and counted.\n"
    for contract in catalogue.contracts.values():
        yield from _table(contract)


def _table(contract: Contract) -> Iterator[str]:
    yield f"\n## `{contract.table}`\n\nOne row per {contract.one_row_per}."
    if contract.tombstones:
        yield "Deleted rows stay in the export, with their key and instants."
    yield "\n| column | type | meaning |\n|---|---|---|"
    for column in contract.columns.values():
        star = "*" if column.required else ""
        yield f"| `{column.name}`{star} | {column.type} | {column.meaning}{_words(column)} |"


def _words(column: Column) -> str:
    if column.closed:
        return f" [{', '.join(column.closed)}]"
    return f" ({', '.join(column.known)})" if column.known else ""


def _parameters() -> Iterator[str]:
    yield f"{MADE}\n# Parameters\n\nA criteria document sets them under `[parameters]`; a criterion may replace single ones.\n"
    yield "| parameter | type | default | meaning |\n|---|---|---|---|"
    for scalar in scalars().values():
        assumed = f" Assumed; strictest {_plain(scalar.strictest)}." if scalar.assumed else ""
        yield f"| `{scalar.name}` | {scalar.type} | {_plain(scalar.default)} | {scalar.meaning}.{assumed} |"
    yield "\n| list | columns | meaning |\n|---|---|---|"
    for parameter in list_parameters().values():
        yield f"| `{parameter.name}` | {', '.join(parameter.columns)} | {parameter.meaning} |"


def _plain(value: object) -> str:
    return {True: "yes", False: "no"}[value] if isinstance(value, bool) else str(value)


def _reference(catalogue: Catalogue) -> Iterator[str]:
    yield f"{MADE}\n# The reference tables\n\nThe law as data, in `audit_lib/reference/`; every row has its source and says whether it is verified.\n"
    yield "| table | rows | not verified | meaning |\n|---|--:|--:|---|"
    for table in catalogue.reference.values():
        unverified = int((~table.rows["verified"].astype(bool)).sum())
        yield f"| `{table.name}` | {len(table.rows)} | {unverified} | {table.meaning} |"


def main() -> None:
    """Write the pages into the folder named on the command line."""
    folder = Path(sys.argv[1])
    for name, text in pages(load_catalogue()).items():
        (folder / name).write_text(text, "utf-8")


if __name__ == "__main__":
    main()
