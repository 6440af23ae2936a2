"""Which files hold which table, and what the exporter declares about them (`sources.toml`)."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from zoneinfo import ZoneInfo

from audit_lib.catalogue.adapters import load_adapters
from audit_lib.errors import DefinitionError, InputRefused, raise_problems
from audit_lib.ingest.databases import Copied, Copies
from audit_lib.ingest.databases.planning import Folder, plan_copy
from audit_lib.ingest.declarations import Declaration, Declarations, read_declarations
from audit_lib.ingest.declared import adapter_problems
from audit_lib.ingest.exports_folder import (
    COMPRESSED_INSIDE,
    FORMATS,
    REMEDIES,
    folder_columns,
    is_hive,
    look,
    name_parts,
    printable,
)
from audit_lib.vocabulary import Contract

DECLARED = "sources.toml"
KEYS_OF_FORMATS = {
    "delimiter": ("csv", "tsv"),
    "quote": ("csv", "tsv"),
    "names": ("csv", "tsv"),
    "encoding": ("csv", "tsv", "json", "jsonl"),
    "sheet": ("xlsx",),
}
"""Keys of `sources.toml` that say something of files of these formats only."""


@dataclass(frozen=True, slots=True)
class SourceFile:
    """One file of an export."""

    path: Path
    name: str
    """Path relative to the folder of the exports, with forward slashes."""
    format: str
    """`csv`, `tsv`, `json`, `jsonl`, `parquet` or `xlsx`."""
    compression: str = ""
    """`gz`, `zst` or empty."""
    copied: Copied | None = None
    """Where it came from, if it is the copy of a relation of a database."""
    folders: tuple[tuple[str, str | None], ...] = ()
    """Columns that stand in the names of its folders (`key=value`), and their value; None: missing."""

    @property
    def shown_format(self) -> str:
        """The format as `input_file` names it."""
        if self.copied:
            return self.copied.kind
        return f"{self.format}.{self.compression}" if self.compression else self.format

    @property
    def gzipped(self) -> bool:
        """Whether it is compressed by gzip."""
        return self.compression == "gz"


@dataclass(frozen=True, slots=True)
class Extraction:
    """Files of one table that were exported together, and how to read them."""

    files: tuple[SourceFile, ...]
    declared: Declaration
    overrides: SourceFile | None = None
    """File that fills in what the adapter's tool cannot say."""

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


Stamp = tuple[int, int, int] | None
"""Size, instant of the last change and number of a file on its disk; None: it is not there."""


def _stamp(path: Path) -> Stamp:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_size, found.st_mtime_ns, found.st_ino


@dataclass(frozen=True)
class Sources:
    """The exports of one audit: per table its files and declarations, and files that belong to no table."""

    data: Path
    tables: Mapping[str, TableSource]
    stray: tuple[str, ...] = ()
    """Names of files that no table claims and `ignore` does not name: shown, never read."""
    copies: Copies | None = field(default=None, compare=False, repr=False)
    """Copies of relations; they are deleted with this object."""
    _hashes: dict[str, str] = field(default_factory=dict, compare=False, repr=False)
    _hashed: dict[str, tuple[Path, Stamp]] = field(default_factory=dict, compare=False, repr=False)
    _hashing: threading.Lock = field(default_factory=threading.Lock, compare=False, repr=False)

    def fetch(self, *, with_texts: bool, progress: Callable[[str], None] = lambda step: None) -> None:
        """Copy the relations of databases, unless that was done: the state of a database is that of the first call.

        Raises InputRefused naming every database and relation that cannot be read.
        """
        if self.copies:
            self.copies.fetch(with_texts=with_texts, progress=progress)

    def sha256(self, file: SourceFile) -> str:
        """SHA-256 of a file's bytes as they lie on disk; read once and remembered."""
        with self._hashing:
            if file.name not in self._hashes:
                self._hashed.setdefault(file.name, (file.path, _stamp(file.path)))
                try:
                    with file.path.open("rb") as opened:
                        self._hashes[file.name] = hashlib.file_digest(opened, "sha256").hexdigest()
                except OSError:
                    raise InputRefused(
                        f"{file.name}: it cannot be opened. Check that it is there and that you may read it."
                    ) from None
            return self._hashes[file.name]

    def hash_ahead(self, files: Sequence[SourceFile]) -> None:
        """Hash files beside other work. What is written to them from now on counts as a change since they were hashed."""
        for file in files:
            if file.name not in self._hashes:
                self._hashed[file.name] = (file.path, _stamp(file.path))

        def hash_all() -> None:
            with suppress(InputRefused):  # raised again when the hash is asked for
                for file in files:
                    self.sha256(file)

        threading.Thread(target=hash_all, daemon=True).start()

    def changed(self) -> list[str]:
        """Names of the files that were written to, replaced or deleted after they were hashed."""
        return [name for name, (path, stamp) in self._hashed.items() if _stamp(path) != stamp]

    def content_hash(self, *, with_texts: bool = True) -> str:
        """SHA-256 over the sorted (name, SHA-256) pairs of all files and `sources.toml`: the cache key of an audit.

        With `with_texts=False` the files of `texts` count by name only and are not opened.
        """
        pairs = []
        self.fetch(with_texts=with_texts)
        for table, source in self.tables.items():
            opened = with_texts or table != "texts"
            read = [*source.files, *(e.overrides for e in source.extractions if e.overrides is not None)]
            pairs += [(file.name, self.sha256(file) if opened else "") for file in read]
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
    raise_problems(adapter_problems(declarations, load_adapters(), contracts), DECLARED, DefinitionError)
    return _Finder(data, declarations, contracts).find()


class _Finder:
    """Attributes every file under the folder to a table, to `ignore`, or to nobody."""

    def __init__(self, data: Path, declarations: Declarations, contracts: Mapping[str, Contract]) -> None:
        self.data, self.declarations, self.contracts = data, declarations, contracts
        self.undeclared: list[str] = []
        self.refused: list[str] = []
        self.owner: dict[str, str] = {}
        self.copies = Copies(data)
        self.found = look(data)
        self.names = self.found.names
        overrides = {e.overrides for entries in declarations.tables.values() for e in entries if e.overrides}
        self.ignored = set().union(*(self._matching(glob) for glob in declarations.ignore), {DECLARED}, overrides)

    def find(self) -> Sources:
        tables = {}
        for table in self.contracts:
            extractions = [self._extraction(table, entry) for entry in self.declarations.entries(table)]
            extractions = [extraction for extraction in extractions if extraction.files]
            if extractions:
                extractions.sort(key=lambda extraction: extraction.declared.extracted_second or 0)
                tables[table] = TableSource(table, tuple(extractions))
        self.refused += [
            f"{printable(folder)} {why}" for folder, why in self.found.folders.items() if not self._is_ignored(folder)
        ]
        raise_problems(self.undeclared, DECLARED, DefinitionError)
        raise_problems(self.refused, "Exports refused", InputRefused)
        stray = tuple(printable(name) for name in self.names if name not in self.owner and name not in self.ignored)
        return Sources(self.data, tables, stray, self.copies)

    def _extraction(self, table: str, entry: Declaration) -> Extraction:
        if entry.relation:
            planned = plan_copy(self.copies, self.contracts[table], entry, Folder(self.names, self.owner))
            if isinstance(planned, str):
                self.undeclared.append(planned)
                return Extraction((), entry)
            name, path, copied = planned
            return Extraction((SourceFile(path, name, "csv", copied=copied),), entry, self._overrides(table, entry))
        names = self._declared_names(table, entry) if entry.files else self._default_names(table)
        files = tuple(file for name in names if (file := self._file(table, name, entry)) is not None)
        self._check_keys(table, entry, {file.format for file in files})
        return Extraction(files, entry, self._overrides(table, entry))

    def _check_keys(self, table: str, entry: Declaration, formats: set[str]) -> None:
        """A key that says nothing of any file of its entry is a mistake."""
        for key, of in KEYS_OF_FORMATS.items() if entry is not self.declarations.defaults and formats else ():
            if key in entry.lines and not formats.intersection(of):
                self.undeclared.append(
                    f"{entry.at(key)}: {table}: {key} is for {', '.join(of)}, and no file of the entry is that. "
                    "Leave it out."
                )

    def _overrides(self, table: str, entry: Declaration) -> SourceFile | None:
        if entry.overrides is None:
            return None
        if entry.overrides not in self.names:
            self.undeclared.append(f"{entry.at('overrides')}: {table}: there is no file {entry.overrides}. Correct the name or add the file.")
            return None
        return SourceFile(self.data / entry.overrides, entry.overrides, "csv")

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
        """Files of the table's name, or in the folder of its name, there also in folders `key=value`."""
        free = [name for name in [*self.names, *self.found.odd] if name not in self.ignored]
        in_folder = {n for n in free if n.startswith(f"{table}/") and is_hive(Path(n).parts[1:-1])}
        in_folder -= set(self.found.odd) - set(self.names)
        single = {n for n in free if "/" not in n and n.startswith(f"{table}.")}
        if (in_folder and single) or len(single) > 1:
            shown = ", ".join([*sorted(single), *([f"{table}/"] if in_folder else [])])
            self.refused.append(f"{table}: {shown} all look like this table. Name its files in {DECLARED}.")
        return sorted(single | in_folder)

    def _matching(self, glob: str) -> set[str]:
        if glob in self.names:
            return {glob}
        try:
            found = {path.relative_to(self.data).as_posix() for path in self.data.glob(glob)}
        except (ValueError, NotImplementedError):
            return set()
        return found & set(self.names)

    def _is_ignored(self, folder: str) -> bool:
        return any(Path(folder).match(glob) or Path(folder, "x").match(glob) for glob in self.declarations.ignore)

    def _file(self, table: str, name: str, entry: Declaration) -> SourceFile | None:
        if self.owner.setdefault(name, f"{table}{id(entry)}") != f"{table}{id(entry)}":
            self.undeclared.append(
                f"{entry.at('files')}: {table}: {name} is named more than once. Name each file in one entry."
            )
            return None
        suffix, compression = name_parts(name)
        format_ = entry.format or FORMATS.get(suffix)
        if why := self._refusal(table, name, format_, suffix, compression):
            self.refused.append(f"{printable(name)} {why}")
            return None
        assert format_ is not None
        try:
            folders = tuple(folder_columns(name).items())
        except ValueError:
            self.refused.append(f"{name} stands in folders key=value that are not clear. Name each key once, in UTF-8.")
            return None
        return SourceFile(self.data / name, name, format_, compression, folders=folders)

    def _refusal(self, table: str, name: str, format_: str | None, suffix: str, compression: str) -> str | None:
        """Why a file that a table claims is not read; None where it is."""
        if name in self.found.odd:
            return self.found.odd[name]
        if format_ is None and suffix in REMEDIES:
            return REMEDIES[suffix]
        if format_ is None:
            return (
                f"is of no known format. Export {table} as {', '.join(FORMATS)}, or declare `format` in {DECLARED}."
            )
        if compression and format_ in COMPRESSED_INSIDE:
            return f"is a compressed .{format_} file. Unpack it: .{format_} is compressed inside."
        return None
