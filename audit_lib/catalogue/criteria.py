"""Reads criteria documents: a policy, a law or an internal standard as testable sentences (`audit_lib/criteria/*.toml`)."""

from __future__ import annotations

import dataclasses
import hashlib
import tomllib
from collections.abc import Iterable, Mapping
from datetime import date
from fractions import Fraction
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from audit_lib.catalogue import parameters
from audit_lib.errors import DefinitionError, raise_problems
from audit_lib.vocabulary import Clause, Criterion, Document, Measure

FOLDER = Path(__file__).parent.parent / "criteria"
DEFAULT = "viki_privacy_policy_2018-05-10"
KINDS = ("commitment", "law", "internal")
EVIDENCE = ("logs", "logs and attestation", "attestation")
_DOCUMENT_KEYS = {
    "id", "title", "kind", "version", "publisher", "controller", "time_zone", "with", "parameters", "assumed", "clause", "criterion",
    "source", "verified", "with_texts_basis", "note",
}  # fmt: skip
_CRITERION_KEYS = {f.name for f in dataclasses.fields(Criterion)} - {"document", "kind"} | {"kind", "note"}
_CLAUSE_KEYS = {f.name for f in dataclasses.fields(Clause)} | {"note"}


def load_documents(chosen: Iterable[Path | str], measures: Mapping[str, Measure]) -> tuple[Document, ...]:
    """The chosen documents and those they are read along `with`, each once.

    `chosen` holds files, folders of files, or ids of packaged documents; nothing chosen means the default policy.
    Raises DefinitionError naming every problem of every document at once.
    """
    problems: list[str] = []
    found: dict[str, Document] = {}
    waiting = list(_files(chosen, problems))
    while waiting:
        file = waiting.pop(0)
        content = _read(file, problems)
        if content is None or content.get("id") in found:
            continue
        problems += [f"{file.name}: {p}" for p in _document_problems(content, file, measures)]
        try:
            document = _document(content, file)
        except (KeyError, TypeError, ValueError, AttributeError):
            continue  # its problems are on the list already
        found[document.id] = document
        waiting += _files(content.get("with", []), problems, beside=file.parent)
    problems += _repeated(found.values())
    raise_problems(problems, "Criteria documents")
    return tuple(found.values())


def _files(chosen: Iterable[Path | str], problems: list[str], beside: Path = FOLDER) -> list[Path]:
    files = []
    for name in chosen:
        path = Path(name)
        packaged = [folder / f"{name}.toml" for folder in (beside, FOLDER)]
        if path.is_dir():
            files += sorted(path.glob("*.toml")) or [path / "(no .toml file)"]
        elif path.is_file():
            files.append(path)
        elif known := [file for file in packaged if file.is_file()]:
            files.append(known[0])
        else:
            ids = ", ".join(sorted(file.stem for file in FOLDER.glob("*.toml")))
            problems.append(f"{name} is neither a file nor a packaged document; packaged are {ids}")
    return files


def _read(file: Path, problems: list[str]) -> dict[str, Any] | None:
    try:
        return tomllib.loads(file.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        problems.append(f"{file.name}: {error}")
        return None


def _document_problems(content: dict[str, Any], file: Path, measures: Mapping[str, Measure]) -> list[str]:
    found = [f"{key} is missing" for key in ("id", "title", "kind", "version", "criterion") if key not in content]
    found += [f"{key} is not known" for key in content if key not in _DOCUMENT_KEYS]
    if content.get("id") not in (None, file.stem):
        found.append(f"id is {content['id']!r}, but the file is named {file.stem!r}: make them the same")
    if content.get("kind") not in (None, *KINDS):
        found.append(f"kind must be one of {', '.join(KINDS)}")
    try:
        ZoneInfo(content.get("time_zone", "UTC"))
    except (ZoneInfoNotFoundError, ValueError, TypeError):
        found.append("time_zone is not an IANA name such as Europe/Luxembourg")
    found += parameters.problems_of(content.get("parameters", {}))
    clauses = {clause.get("id") for clause in content.get("clause", [])}
    for clause in content.get("clause", []):
        found += [f"clause {clause.get('id', '?')}: {p}" for p in _clause_problems(clause)]
    for criterion in content.get("criterion", []):
        name = criterion.get("id", "without an id")
        found += [f"criterion {name}: {p}" for p in _criterion_problems(criterion, clauses, measures)]
    return found


def _clause_problems(clause: dict[str, Any]) -> list[str]:
    found = [f"{key} is missing" for key in ("id", "section", "text", "evidence") if not clause.get(key)]
    found += [f"{key} is not known" for key in clause if key not in _CLAUSE_KEYS]
    if clause.get("evidence") not in (None, *EVIDENCE):
        found.append(f"evidence must be one of: {'; '.join(EVIDENCE)}")
    return found


def _criterion_problems(
    criterion: dict[str, Any], clauses: set[str | None], measures: Mapping[str, Measure]
) -> list[str]:
    found = [f"{key} is missing" for key in ("id", "sentence") if not criterion.get(key)]
    found += [f"{key} is not known" for key in criterion if key not in _CRITERION_KEYS]
    if clauses and (unknown := [c for c in criterion.get("clauses", []) if c not in clauses]):
        found.append(f"names clauses the document does not have: {', '.join(unknown)}")
    for key in ("tolerable_rate", "max_untestable", "max_faults"):
        if key in criterion and _rate(criterion[key]) is None:
            found.append(f'{key} must be a decimal fraction between 0 and 1 in quotes, such as "0.05"')
    for key in ("first_day", "last_day"):
        if key in criterion and type(criterion[key]) is not date:
            found.append(f"{key} must be a date such as 2018-05-25, without quotes")
    found += parameters.problems_of(criterion.get("parameters", {}))
    if lists := [name for name in criterion.get("parameters", {}) if name in parameters.list_parameters()]:
        found.append(f"may replace single parameters only, not the lists {', '.join(lists)}")
    return found + _measure_problems(criterion, measures)


def _measure_problems(criterion: dict[str, Any], measures: Mapping[str, Measure]) -> list[str]:
    name = criterion.get("measure")
    if name is None:
        return [] if criterion.get("attestation") else ["has neither a measure nor an attestation"]
    if name not in measures:
        return [f"measure {name!r} does not exist; there are {', '.join(sorted(measures))}"]
    measure = measures[name]
    found = []
    if measure.kind not in ("flow", "stock"):
        found.append(f"measure {name} is a {measure.kind}: it is counted, not judged")
    for group, words in criterion.get("where", {}).items():
        if group not in measure.groups:
            found.append(f"where: {name} has no group {group!r}; it has {', '.join(measure.groups)}")
        if not isinstance(words, str | list):
            found.append(f"where: give {group} a word or a list of words in quotes")
    return found


def _rate(value: object) -> Fraction | None:
    try:
        rate = Fraction(str(value))
    except (ValueError, ZeroDivisionError):
        return None
    return rate if 0 <= rate <= 1 else None


def _document(content: dict[str, Any], file: Path) -> Document:
    kind = content["kind"]
    return Document(
        id=content["id"],
        title=content["title"],
        kind=kind,
        version=str(content["version"]),
        publisher=content.get("publisher", ""),
        controller=content.get("controller", ""),
        time_zone=content.get("time_zone", ""),
        sha256=hashlib.sha256(file.read_bytes()).hexdigest(),
        parameters=content.get("parameters", {}),
        assumed=frozenset(content.get("assumed", [])),
        clauses=tuple(Clause(**{k: v for k, v in c.items() if k != "note"}) for c in content.get("clause", [])),
        criteria=tuple(_criterion(entry, content["id"], kind) for entry in content["criterion"]),
    )


def _criterion(entry: dict[str, Any], document: str, kind: str) -> Criterion:
    fields = {"kind": kind, **entry, "document": document}
    fields.pop("note", None)
    for key in ("tolerable_rate", "max_untestable", "max_faults"):
        if key in entry:
            fields[key] = _rate(entry[key])
    where = entry.get("where", {})
    fields["where"] = {group: (words,) if isinstance(words, str) else tuple(words) for group, words in where.items()}
    fields["clauses"] = tuple(entry.get("clauses", ()))
    return Criterion(**fields)


def _repeated(documents: Iterable[Document]) -> list[str]:
    seen: dict[str, str] = {}
    found = []
    for document in documents:
        for criterion in document.criteria:
            if criterion.id in seen:
                found.append(f"{document.id}: criterion {criterion.id} stands in {seen[criterion.id]} as well")
            seen[criterion.id] = document.id
    return found


def profile(documents: Iterable[Document]) -> parameters.Parameters:
    """The parameters of all documents together, over the defaults."""
    return parameters.merged([(d.id, d.parameters, d.assumed) for d in documents])


def controller_zone(documents: Iterable[Document]) -> ZoneInfo:
    """The controller's time zone, UTC when no document names one. Two different ones are refused."""
    zones = sorted({d.time_zone for d in documents if d.time_zone})
    if len(zones) > 1:
        raise DefinitionError(f"The criteria documents name several time zones ({', '.join(zones)}). Audit them apart.")
    return ZoneInfo(zones[0] if zones else "UTC")
