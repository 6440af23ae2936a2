"""Our own look into the parts of an .xlsx workbook: which rows hold something, and what a reader of values would hide."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from posixpath import join, normpath
from typing import NoReturn
from xml.parsers import expat

from audit_lib.ingest import limits
from audit_lib.ingest.streams import UnreadableError

Attributes = Mapping[str, str]
_CLOCKS = {18, 19, 20, 21, 22, 45, 46, 47}
"""Built-in number formats that show a time of day."""
_TEXT_IN_FORMAT = re.compile(r'"[^"]*"|\\.|\[[^\]]*\]')


def damaged_workbook() -> UnreadableError:
    """The refusal of what is no workbook, or a damaged one."""
    return UnreadableError("not a readable .xlsx workbook", "Save it again as .xlsx without a password, or as .csv.")


@dataclass(slots=True)
class SheetFacts:
    """What the XML of a sheet says. Rows and columns count from 0."""

    filled: set[int] = field(default_factory=set)
    """Rows of which a cell holds something."""
    errors: dict[tuple[int, int], str] = field(default_factory=dict)
    """Texts of cells that hold an error, such as #N/A."""
    midnights: set[tuple[int, int]] = field(default_factory=set)
    """Cells that show a time of day, which is midnight."""
    last_row: int = -1
    last_column: int = -1


def open_workbook(archive: zipfile.ZipFile) -> None:
    """Refuse an archive that grows beyond reason or is damaged."""
    parts = archive.infolist()
    size = sum(part.file_size for part in parts)
    packed = sum(part.compress_size for part in parts)
    if size > limits.WORKBOOK or (size > limits.EXPANDED and size > limits.EXPANSION * packed):
        raise UnreadableError(f"the workbook unpacks to {size} bytes, more than is read", "Export the sheet as .csv.")
    if archive.testzip() is not None:
        raise damaged_workbook()


def sheet_parts(archive: zipfile.ZipFile) -> dict[str, str]:
    """Names of the worksheets, in their order, and the part of the archive that holds each."""
    targets = {
        attributes["Id"]: normpath(join("xl", attributes["Target"])).lstrip("/")
        for tag, attributes in _elements(archive, "xl/_rels/workbook.xml.rels")
        if tag == "Relationship" and attributes.get("Type", "").endswith("/worksheet")
    }
    sheets = [a for tag, a in _elements(archive, "xl/workbook.xml") if tag == "sheet"]
    return {sheet["name"]: targets[sheet["id"]] for sheet in sheets if sheet.get("id") in targets}


def sheet_facts(archive: zipfile.ZipFile, part: str) -> SheetFacts:
    """Read a sheet's XML once. Raises UnreadableError naming the row where a value would be lost."""
    reader = _SheetReader(_clock_styles(archive))
    _parse(archive, part, reader.start, reader.end, reader.text)
    return reader.facts


def _clock_styles(archive: zipfile.ZipFile) -> set[str]:
    """Numbers of the cell styles that show a time of day."""
    if "xl/styles.xml" not in archive.namelist():
        return set()
    clocks = {str(number) for number in _CLOCKS}
    styles: set[str] = set()
    number, within = 0, False
    for tag, attributes in _elements(archive, "xl/styles.xml"):
        if tag == "numFmt" and re.search("[hs]", _TEXT_IN_FORMAT.sub("", attributes.get("formatCode", "")).lower()):
            clocks.add(attributes.get("numFmtId", ""))
        if tag in ("cellXfs", "cellStyleXfs", "cellStyles"):
            within = tag == "cellXfs"
        elif tag == "xf" and within:
            styles |= {str(number)} if attributes.get("numFmtId") in clocks else set()
            number += 1
    return styles


class _SheetReader:
    def __init__(self, clocks: set[str]) -> None:
        self.clocks, self.facts = clocks, SheetFacts()
        self.row, self.column = -1, -1
        self.cell: Attributes = {}
        self.in_value = self.has_formula = self.has_text = False
        self.value = ""

    def start(self, tag: str, attributes: Attributes) -> None:
        if tag == "c":
            self._place(attributes)
            self.cell, self.value, self.has_formula, self.has_text = attributes, "", False, False
        elif tag == "v":
            self.in_value = True
        elif tag == "row":
            self._next_row(attributes)
        elif tag == "f":
            self.has_formula = True
        elif tag == "is":
            self.has_text = True
        elif tag == "mergeCell":
            first = re.search(r"\d+", attributes.get("ref", ""))
            raise UnreadableError(
                f"merged cells in row {first[0] if first else '?'} of the sheet",
                "Undo the merging, so that every cell holds its own value, and save the workbook again.",
            )

    def text(self, text: str) -> None:
        if self.in_value and len(self.value) < 100:
            self.value += text

    def end(self, tag: str) -> None:
        if tag == "v":
            self.in_value = False
        elif tag == "c":
            self._end_cell()

    def _next_row(self, attributes: Attributes) -> None:
        row = int(attributes["r"]) - 1 if "r" in attributes else self.row + 1
        if row <= self.row or row > 1 << 20:
            raise damaged_workbook()
        self.row, self.column = row, -1

    def _place(self, attributes: Attributes) -> None:
        column = self.column + 1
        if "r" in attributes:
            letters = attributes["r"].rstrip("0123456789")
            column = 0
            for letter in letters[:4].upper():
                column = column * 26 + ord(letter) - 64
            column -= 1
        if column <= self.column or column > 1 << 14 or self.row < 0:
            raise damaged_workbook()
        self.column = column

    def _end_cell(self) -> None:
        place, kind = (self.row, self.column), self.cell.get("t", "n")
        if self.has_formula and not self.value and kind != "str":
            raise UnreadableError(
                f"a formula without a calculated value in row {self.row + 1} of the sheet",
                "Open the workbook in a spreadsheet program, let it calculate, and save it again.",
            )
        if not self.value and not self.has_text:
            return
        facts = self.facts
        facts.filled.add(self.row)
        facts.last_row, facts.last_column = self.row, max(facts.last_column, self.column)
        if kind == "e":
            facts.errors[place] = self.value
        elif kind == "n" and self.cell.get("s") in self.clocks and self.value.removesuffix(".0").isdigit():
            facts.midnights.add(place)


def _elements(archive: zipfile.ZipFile, part: str) -> Iterator[tuple[str, Attributes]]:
    found: list[tuple[str, Attributes]] = []
    _parse(archive, part, lambda tag, attributes: found.append((tag, attributes)), lambda tag: None, lambda text: None)
    return iter(found)


def _parse(
    archive: zipfile.ZipFile,
    part: str,
    start: Callable[[str, Attributes], None],
    end: Callable[[str], None],
    text: Callable[[str], None],
) -> None:
    """Parse a part with names without their namespaces; a document type, which no workbook has, is refused."""
    parser = expat.ParserCreate(namespace_separator=" ")
    parser.buffer_text = True

    def local(name: str) -> str:
        return name.rpartition(" ")[2]

    def started(name: str, attributes: Attributes) -> None:
        start(local(name), {local(key): value for key, value in attributes.items()})

    parser.StartElementHandler = started
    parser.EndElementHandler = lambda name: end(local(name))
    parser.CharacterDataHandler = text
    parser.StartDoctypeDeclHandler = _no_document_type
    try:
        with archive.open(part) as file:
            parser.ParseFile(file)
    except (expat.ExpatError, KeyError, ValueError, TypeError):
        raise damaged_workbook() from None


def _no_document_type(*_: object) -> NoReturn:
    raise damaged_workbook()
