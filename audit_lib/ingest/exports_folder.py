"""What lies in the folder of the exports: files, and what looks like one but is not read."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import unquote

FORMATS = {
    ".csv": "csv",
    ".tsv": "tsv",
    ".parquet": "parquet",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".json": "json",
    ".xlsx": "xlsx",
}
"""What the end of a file's name says about its format; all but Parquet and .xlsx may be followed by .gz or .zst."""
COMPRESSIONS = {".gz": "gz", ".zst": "zst"}
COMPRESSED_INSIDE = ("parquet", "xlsx")
REMEDIES = {
    ".xls": "is a workbook of the old kind. Save it as .xlsx or .csv.",
    ".zip": "is an archive. Unpack it here.",
    ".db": "is a database. Declare `database` and `relation` in sources.toml.",
    ".sqlite": "is a database. Declare `database` and `relation` in sources.toml.",
}
"""Ends of names of exports that are not read as files, and what to do."""
_MISSING = "__HIVE_DEFAULT_PARTITION__"


@dataclass(slots=True)
class ExportsFolder:
    """Names under the folder of the exports, relative to it, with forward slashes; hidden ones are left out."""

    names: list[str] = field(default_factory=list)
    """Files, and everything that could be taken for one."""
    odd: dict[str, str] = field(default_factory=dict)
    """Names that cannot be read, and why: refused where a table claims them."""
    folders: dict[str, str] = field(default_factory=dict)
    """Folders that cannot be looked into, and why: refused unless `ignore` names them."""


def look(data: Path) -> ExportsFolder:
    """Walk the folder without following links to folders. Opens no file."""
    found = ExportsFolder()
    root = data.resolve()

    def closed(error: OSError) -> None:
        found.folders[os.path.relpath(error.filename, data)] = "cannot be opened. Make it readable for this user."

    for folder, inner, files in os.walk(data, onerror=closed):
        inner[:] = sorted(name for name in inner if not name.startswith("."))
        for name in inner:
            path = Path(folder, name)
            shown = path.relative_to(data).as_posix()
            if path.is_symlink() and not path.resolve().is_relative_to(root):
                found.folders[shown] = "is a link to a folder outside the folder of the exports. Copy it here."
            elif name_parts(name)[0] in FORMATS:
                found.odd[shown] = "is a folder, not a file. Name its files in sources.toml, or rename it."
        for name in files:
            path = Path(folder, name)
            shown = path.relative_to(data).as_posix()
            if not name.startswith("."):
                found.names.append(shown)
                if why := _why_odd(path, root, shown):
                    found.odd[shown] = why
    found.names.sort()
    return found


def _why_odd(path: Path, root: Path, shown: str) -> str | None:
    """Why a file cannot be read; None where it can."""
    if not shown.isprintable() and any("\udc80" <= character <= "\udcff" for character in shown):
        return "has a name that is not UTF-8. Rename it."
    try:
        target = path.resolve(strict=True)
        kind = target.stat().st_mode
    except (OSError, RuntimeError):
        return "is a link to nothing. Copy the file here."
    if path.is_symlink() and not target.is_relative_to(root):
        return "is a link to a file outside the folder of the exports. Copy the file here."
    if not stat.S_ISREG(kind):
        return "is no ordinary file (a pipe, a socket or a device). Write the export into a file."
    if not os.access(path, os.R_OK):
        return "may not be read by this user. Make it readable."
    return None


def name_parts(name: str) -> tuple[str, str]:
    """Suffix that tells the format, and the compression (`gz`, `zst` or empty)."""
    path = Path(name)
    compression = COMPRESSIONS.get(path.suffix.lower(), "")
    return (Path(path.stem) if compression else path).suffix.lower(), compression


def is_hive(folders: tuple[str, ...]) -> bool:
    """Whether all folders of a path are named `key=value`."""
    return all(re.match("[^=]+=", folder) for folder in folders)


def folder_columns(name: str) -> Mapping[str, str | None]:
    """Columns that the folders of a file give, `key=value` each; None: the value is missing.

    Raises ValueError where the same key comes twice or a name is not percent-encoded UTF-8.
    """
    columns: dict[str, str | None] = {}
    for folder in Path(name).parts[:-1]:
        key, equals, value = folder.partition("=")
        if not equals or not key:
            continue
        key = unquote(key, errors="strict")
        if key in columns:
            raise ValueError(key)
        columns[key] = None if value == _MISSING else unquote(value, errors="strict")
    return columns


def printable(name: str) -> str:
    """A name as it can be shown: bytes that are no UTF-8 as escapes."""
    return name.encode("utf-8", "backslashreplace").decode("utf-8")
