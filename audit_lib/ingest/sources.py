"""Which files hold which table, and what the exporter declares about them (`sources.toml`)."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from zoneinfo import ZoneInfo

from audit_lib.errors import DefinitionError, InputRefused, raise_problems
from audit_lib.ingest.declarations import Declaration, Declarations, read_declarations
from audit_lib.vocabulary import Contract

DECLARED = "sources.toml"
FORMATS = {".csv": "csv", ".tsv": "tsv", ".parquet": "parquet", ".jsonl": "jsonl", ".ndjson": "jsonl"}
"""What the end of a file's name says about its format; all but Parquet may be followed by .gz."""
LATER = (".json", ".xlsx", ".xls", ".zst", ".sqlite", ".db", ".zip")
"""Ends of names of exports that cannot be read yet."""


@dataclass(frozen=True, slots=True)
class SourceFile:
    """One file of an export."""

    path: Path
    name: str
    """Path relative to the folder of the exports, with forward slashes."""
    format: str
    """`csv`, `tsv`, `parquet` or `jsonl`."""
    gzipped: bool = False

    @property
    def shown_format(self) -> str:
        """The format as `input_file` names it."""
        return f"{self.format}.gz" if self.gzipped else self.format


@dataclass(frozen=True, slots=True)
class Extraction:
    """Files of one table that were exported together, and how to read them."""

    files: tuple[SourceFile, ...]
    declared: Declaration

    def delimiter(self, file: SourceFile) -> str:
        """As declared, else a tab for .tsv and a comma for .csv."""
        return self.declared.delimiter or ("\t" if file.format == "tsv" else ",")

    @property
    def time_zone(self) -> ZoneInfo | None:
        """Zone of instants without offset; None when it was not declared."""
        return ZoneInfo(self.declared.time_zone) if self.declared.time_zone else None


@dataclass(frozen=True, slots=True)
class TableSource:
    """All extractions of one table, oldest first, and what is declared about the table as a whole."""

    table: str
    extractions: tuple[Extraction, ...]

    @property
    def files(self) -> tuple[SourceFile, ...]:
        """All files of the table in the order in which they are read."""
        return tuple(file for extraction in self.extractions for file in extraction.files)

    @property
    def kind(self) -> str | None:
        """`log`, `snapshot`, `changes`, or None: not declared."""
        return self.extractions[-1].declared.kind

    @property
    def extracted_second(self) -> int | None:
        """Instant of the newest extraction; None when it was not declared."""
        return self.extractions[-1].declared.extracted_second

    @property
    def covers_from_day(self) -> int | None:
        """First day covered by any extraction; None when one of them does not say."""
        days = [extraction.declared.covers_from_day for extraction in self.extractions]
        known = [day for day in days if day is not None]
        return min(known) if len(known) == len(days) else None

    @property
    def covers_to_day(self) -> int | None:
        """Last day covered without a gap from the first on; None when an extraction does not say."""
        declared = [extraction.declared for extraction in self.extractions]
        spans = sorted((d.covers_from_day, d.covers_to_day) for d in declared if d.covers_from_day is not None and d.covers_to_day is not None)
        if len(spans) < len(declared):
            known = [d.covers_to_day for d in declared if d.covers_to_day is not None]
            return max(known) if len(known) == len(declared) else None
        reached = spans[0][1]
        for first, last in spans[1:]:
            if first > reached + 1:
                break
            reached = max(reached, last)
        return reached

    @property
    def keeps_deleted(self) -> bool | None:
        """Whether deleted rows stay in the export: only if every extraction says so."""
        return _all_say([extraction.declared.keeps_deleted for extraction in self.extractions])

    @property
    def daily(self) -> bool | None:
        """Whether a day without rows is a fault: only if every extraction says so."""
        return _all_say([extraction.declared.daily for extraction in self.extractions])


def _all_say(answers: list[bool | None]) -> bool | None:
    if False in answers:
        return False
    return None if None in answers else True


@dataclass(frozen=True)
class Sources:
    """The exports of one audit: per table its files and declarations, and files that belong to no table."""

    data: Path
    tables: Mapping[str, TableSource]
    stray: tuple[str, ...] = ()
    """Names of files that no table claims and `ignore` does not name: shown, never read."""
    _hashes: dict[str, str] = field(default_factory=dict, compare=False, repr=False)

    def sha256(self, file: SourceFile) -> str:
        """SHA-256 of a file's bytes as they lie on disk; read once and remembered."""
        if file.name not in self._hashes:
            with file.path.open("rb") as opened:
                self._hashes[file.name] = hashlib.file_digest(opened, "sha256").hexdigest()
        return self._hashes[file.name]

    def content_hash(self, *, with_texts: bool = True) -> str:
        """SHA-256 over the sorted (name, SHA-256) pairs of all files and `sources.toml`: the cache key of an audit.

        With `with_texts=False` the files of `texts` count by name only and are not opened.
        """
        pairs = []
        for table, source in self.tables.items():
            opened = with_texts or table != "texts"
            pairs += [(file.name, self.sha256(file) if opened else "") for file in source.files]
        declared = self.data / DECLARED
        if declared.is_file():
            pairs.append((DECLARED, hashlib.sha256(declared.read_bytes()).hexdigest()))
        return hashlib.sha256("".join(f"{name}\0{digest}\n" for name, digest in sorted(pairs)).encode()).hexdigest()


def read_sources(data: Path, contracts: Mapping[str, Contract]) -> Sources:
    """Find the files of every table and read `sources.toml`.

    Raises DefinitionError naming every fault of `sources.toml` with its line, InputRefused when the folder is missing
    or files cannot be attributed or read in this version. Opens no export.
    """
    data = Path(data)
    if not data.is_dir():
        raise InputRefused(f"{data} is not a folder. Name the folder that holds the exports.")
    declarations = read_declarations(data / DECLARED, contracts)
    return _Finder(data, declarations, contracts).find()


class _Finder:
    """Attributes every file under the folder to a table, to `ignore`, or to nobody."""

    def __init__(self, data: Path, declarations: Declarations, contracts: Mapping[str, Contract]) -> None:
        self.data, self.declarations, self.contracts = data, declarations, contracts
        self.undeclared: list[str] = []
        self.refused: list[str] = []
        self.owner: dict[str, str] = {}
        self.names = sorted(
            path.relative_to(data).as_posix()
            for path in data.rglob("*")
            if path.is_file() and not any(part.startswith(".") for part in path.relative_to(data).parts)
        )
        self.ignored = set().union(*(self._matching(glob) for glob in declarations.ignore), {DECLARED})

    def find(self) -> Sources:
        tables = {}
        for table in self.contracts:
            extractions = [self._extraction(table, entry) for entry in self.declarations.entries(table)]
            extractions = [extraction for extraction in extractions if extraction.files]
            if extractions:
                extractions.sort(key=lambda extraction: extraction.declared.extracted_second or 0)
                tables[table] = TableSource(table, tuple(extractions))
        raise_problems(self.undeclared, DECLARED, DefinitionError)
        raise_problems(self.refused, "Exports refused", InputRefused)
        stray = tuple(name for name in self.names if name not in self.owner and name not in self.ignored)
        return Sources(self.data, tables, stray)

    def _extraction(self, table: str, entry: Declaration) -> Extraction:
        names = self._declared_names(table, entry) if entry.files else self._default_names(table)
        files = [self._file(table, name, entry) for name in names]
        return Extraction(tuple(file for file in files if file is not None), entry)

    def _declared_names(self, table: str, entry: Declaration) -> list[str]:
        names: set[str] = set()
        for glob in entry.files:
            matching = self._matching(glob)
            if not matching:
                self.undeclared.append(
                    f"{entry.at('files')}: {table}: no file matches {glob!r}. Correct the name or add the file."
                )
            names |= matching
        return sorted(names - self.ignored)

    def _default_names(self, table: str) -> list[str]:
        in_folder = [n for n in self.names if n.startswith(f"{table}/") and n.count("/") == 1 and n not in self.ignored]
        single = [n for n in self.names if "/" not in n and n.startswith(f"{table}.") and n not in self.ignored]
        if (in_folder and single) or len(single) > 1:
            shown = ", ".join([*single, *([f"{table}/"] if in_folder else [])])
            self.refused.append(f"{table}: {shown} all look like this table. Name its files in {DECLARED}.")
        return sorted([*single, *in_folder])

    def _matching(self, glob: str) -> set[str]:
        try:
            found = {path.relative_to(self.data).as_posix() for path in self.data.glob(glob) if path.is_file()}
        except (ValueError, NotImplementedError):
            return set()
        return found & set(self.names)

    def _file(self, table: str, name: str, entry: Declaration) -> SourceFile | None:
        if self.owner.setdefault(name, f"{table}{id(entry)}") != f"{table}{id(entry)}":
            self.undeclared.append(
                f"{entry.at('files')}: {table}: {name} is named more than once. Name each file in one entry."
            )
            return None
        bare, gzipped = (name[:-3], True) if name.endswith(".gz") else (name, False)
        suffix = Path(bare).suffix.lower()
        format_ = entry.format or FORMATS.get(suffix)
        if format_ is None:
            later = "cannot be read yet" if suffix in LATER else "is of no known format"
            self.refused.append(
                f"{name} {later}. Export {table} as .csv, .tsv, .parquet, .jsonl or .ndjson, "
                f"or declare `format` in {DECLARED}."
            )
            return None
        if gzipped and format_ == "parquet":
            self.refused.append(f"{name} is a compressed Parquet file. Unpack it: Parquet is compressed inside.")
            return None
        return SourceFile(self.data / name, name, format_, gzipped)
