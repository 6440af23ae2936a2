"""Reads criteria documents: a policy, a law or an internal standard as testable sentences (`audit_lib/criteria/*.toml`)."""

from __future__ import annotations

import hashlib
import re
import tomllib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from audit_lib.catalogue import parameters
from audit_lib.catalogue.parameters import Known
from audit_lib.errors import DefinitionError, raise_problems
from audit_lib.vocabulary import Clause, Criterion, Document, Measure

FOLDER = Path(__file__).parent.parent / "criteria"
DEFAULT = "viki_privacy_policy_2018-05-10"
KINDS = ("commitment", "law", "internal")
EVIDENCE = ("logs", "logs and attestation", "attestation")
COUNTRY_GROUPS = ("country", "origin", "destination")
CLOSED_GROUPS = ("country", "regime", "right_requested")
NEEDED_LISTS = ("purpose", "destination")
"""List parameters without a row of which a policy says nothing that a measure reading them could test."""

_TEXT = "a text in quotes, not empty"
_NOTE = "a text in quotes"
_TEXTS = 'a list of texts, such as ["D1"]'
_FLAG = "true or false, without quotes"
_DAY = "a date such as 2018-05-25, without quotes"
_RATE = 'a decimal fraction between 0 and 1 in quotes, such as "0.05"'
_TABLE = "a table of names and values"
_FITS: dict[str, Callable[[Any], bool]] = {
    _TEXT: lambda value: isinstance(value, str) and value.strip() != "",
    _NOTE: lambda value: isinstance(value, str),
    _TEXTS: lambda value: isinstance(value, list) and all(isinstance(text, str) for text in value),
    _FLAG: lambda value: isinstance(value, bool),
    _DAY: lambda value: type(value) is date,
    _RATE: lambda value: _rate(value) is not None,
    _TABLE: lambda value: isinstance(value, dict),
}
"""What a key must be, in words → whether a value is that. `tables` stand apart: each of them is checked by itself."""
_RATES = ("tolerable_rate", "max_untestable", "max_faults")
_DOCUMENT_FORM = {
    **dict.fromkeys(("id", "title", "kind", "version"), _TEXT),
    **dict.fromkeys(("publisher", "controller", "time_zone", "source", "with_texts_basis", "note"), _NOTE),
    "with": _TEXTS, "assumed": _TEXTS, "parameters": _TABLE, "verified": _FLAG,
}  # fmt: skip
_CRITERION_FORM = {
    **dict.fromkeys(("id", "sentence", "kind", "measure"), _TEXT),
    **dict.fromkeys(("section", "law", "attestation", "source", "note"), _NOTE),
    **dict.fromkeys(_RATES, _RATE),
    "clauses": _TEXTS, "first_day": _DAY, "last_day": _DAY, "where": _TABLE, "parameters": _TABLE,
    "tolerable_assumed": _FLAG, "verified": _FLAG,
}  # fmt: skip
_CLAUSE_FORM = {
    **dict.fromkeys(("id", "section", "text", "evidence"), _TEXT),
    **dict.fromkeys(("remains", "law", "source", "note"), _NOTE),
    "verified": _FLAG,
}


@dataclass(frozen=True)
class _Read:
    """A file as it was read: its content without what is not of the right form, and what is wrong with it."""

    file: Path
    content: dict[str, Any]
    problems: list[str]

    @property
    def id(self) -> str:
        return str(self.content.get("id", self.file.stem))

    @property
    def given(self) -> dict[str, Any]:
        """Its `[parameters]`."""
        return self.content.get("parameters", {})  # type: ignore[no-any-return]


def load_documents(chosen: Iterable[Path | str], measures: Mapping[str, Measure], known: Known) -> tuple[Document, ...]:
    """The chosen documents and those they are read along `with`, each once.

    `chosen` holds files, folders of files, or ids of packaged documents; nothing chosen means the default policy.
    `known` holds the words of the reference tables that they may name. Raises DefinitionError naming every problem of
    every document, and of all of them together, at once.
    """
    problems: list[str] = []
    read = _read_all(chosen, measures, known, problems)
    problems += [f"{one.file.name}: {problem}" for one in read for problem in one.problems]
    problems += _problems_together(read, measures)
    raise_problems(problems, "Criteria documents")
    return tuple(_document(one.content, one.file) for one in read)


def _read_all(
    chosen: Iterable[Path | str], measures: Mapping[str, Measure], known: Known, problems: list[str]
) -> list[_Read]:
    read: dict[Path, _Read] = {}
    waiting = _files(chosen, problems)
    while waiting:
        file = waiting.pop(0)
        if file.resolve() in read or (content := _content(file, problems)) is None:
            continue
        found: list[str] = []
        form = _fitting(content, _DOCUMENT_FORM, found, tables=("clause", "criterion"))
        found += _document_problems(form, file, measures, known)
        read[file.resolve()] = _Read(file, form, found)
        waiting += _files(form.get("with", []), found, beside=file.parent)
    return list(read.values())


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


def _content(file: Path, problems: list[str]) -> dict[str, Any] | None:
    try:
        return tomllib.loads(file.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        problems.append(f"{file.name}: {error}")
        return None


def _fitting(
    entry: Mapping[str, Any], form: Mapping[str, str], problems: list[str], tables: Sequence[str] = ()
) -> dict[str, Any]:
    """What of `entry` has the form it must have; for everything else a problem is added."""
    fitting: dict[str, Any] = {}
    for key, value in entry.items():
        if key in tables:
            fitting[key] = _tables(key, value, problems)
        elif key not in form:
            problems.append(f"{key} is not known; known are {', '.join([*form, *tables])}")
        elif _FITS[form[key]](value):
            fitting[key] = value
        else:
            problems.append(f"{key} must be {form[key]}")
    return fitting


def _tables(key: str, value: object, problems: list[str]) -> list[dict[str, Any]]:
    if value == []:
        problems.append(f"holds no {key}: write at least one [[{key}]]")
    elif isinstance(value, list) and all(isinstance(entry, dict) for entry in value):
        return value
    else:
        problems.append(f"write every {key} as [[{key}]] with its keys below it")
    return []


def _document_problems(content: dict[str, Any], file: Path, measures: Mapping[str, Measure], known: Known) -> list[str]:
    """What is wrong with one document of the right form. Replaces its clauses and criteria by what fits of them."""
    found = [f"{key} is missing" for key in ("id", "title", "kind", "version", "criterion") if key not in content]
    if content.get("id") not in (None, file.stem):
        found.append(f"id is {content['id']!r}, but the file is named {file.stem!r}: make them the same")
    found += _kind_problems(content)
    found += _zone_problems(content)
    found += parameters.problems_of(content.get("parameters", {}), known)
    found += _assumed_problems(content)
    content["clause"] = [_checked_clause(clause, found) for clause in content.get("clause", [])]
    clauses = [clause["id"] for clause in content["clause"] if "id" in clause]
    found += [f"clause {name} stands there twice: give each an id of its own" for name in _twice(clauses)]
    content["criterion"] = [
        _checked_criterion(entry, clauses, measures, known, found) for entry in content.get("criterion", [])
    ]
    return found


def _kind_problems(entry: Mapping[str, Any]) -> list[str]:
    return [f"kind must be one of {', '.join(KINDS)}"] if entry.get("kind") not in (None, *KINDS) else []


def _zone_problems(content: Mapping[str, Any]) -> list[str]:
    try:
        ZoneInfo(content.get("time_zone", "UTC"))
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return ["time_zone is not an IANA name such as Europe/Luxembourg"]
    return []


def _assumed_problems(content: Mapping[str, Any]) -> list[str]:
    """`assumed` marks parameters that the document itself sets: anything else in it would be without effect."""
    idle = [name for name in content.get("assumed", []) if name not in content.get("parameters", {})]
    return [f"assumed names {name!r}, which [parameters] does not set: correct the name or set it" for name in idle]


def _twice(names: Iterable[str]) -> list[str]:
    listed = list(names)
    return sorted({name for name in listed if listed.count(name) > 1})


def _checked_clause(entry: dict[str, Any], problems: list[str]) -> dict[str, Any]:
    found = [f"{key} is missing" for key in ("id", "section", "text", "evidence") if key not in entry]
    clause = _fitting(entry, _CLAUSE_FORM, found)
    if clause.get("evidence") not in (None, *EVIDENCE):
        found.append(f"evidence must be one of: {'; '.join(EVIDENCE)}")
    problems += [f"clause {clause.get('id', 'without an id')}: {problem}" for problem in found]
    return clause


def _checked_criterion(
    entry: dict[str, Any], clauses: Sequence[str], measures: Mapping[str, Measure], known: Known, problems: list[str]
) -> dict[str, Any]:
    found = [f"{key} is missing" for key in ("id", "sentence") if key not in entry]
    criterion = _fitting(entry, _CRITERION_FORM, found)
    found += _kind_problems(criterion)
    if unknown := [name for name in criterion.get("clauses", []) if name not in clauses]:
        found.append(f"names clauses the document does not have: {', '.join(unknown)}")
    if criterion.get("first_day", date.min) > criterion.get("last_day", date.max):
        found.append("first_day lies after last_day: no day is left to test; put them in order")
    found += parameters.problems_of(criterion.get("parameters", {}), known)
    if lists := [name for name in criterion.get("parameters", {}) if name in parameters.list_parameters()]:
        found.append(f"may replace single parameters only, not the lists {', '.join(lists)}")
    if "measure" in criterion or "measure" not in entry:
        found += _measure_problems(criterion, measures, known)
    problems += [f"criterion {criterion.get('id', 'without an id')}: {problem}" for problem in found]
    return criterion


def _measure_problems(criterion: Mapping[str, Any], measures: Mapping[str, Measure], known: Known) -> list[str]:
    name = criterion.get("measure")
    if name is None:
        found = [] if criterion.get("attestation") else ["has neither a measure nor an attestation"]
        idle = [key for key in ("where", "parameters") if criterion.get(key)]
        return found + [f"{key} has no effect without a measure: name one or leave it out" for key in idle]
    if name not in measures:
        return [f"measure {name!r} does not exist; there are {', '.join(sorted(measures))}"]
    measure = measures[name]
    found = []
    if measure.kind not in ("flow", "stock"):
        found.append(f"measure {name} is a {measure.kind}: it is counted, not judged")
    found += _unread_problems(criterion.get("parameters", {}), measure)
    for group, words in criterion.get("where", {}).items():
        found += [f"where: {problem}" for problem in _where_problems(group, words, measure, known)]
    return found


def _unread_problems(given: Iterable[str], measure: Measure) -> list[str]:
    """Single parameters that the measure does not read, so that replacing them would change nothing."""
    single = parameters.scalars()
    read = ", ".join(name for name in measure.parameters if name in single) or "none"
    unread = [name for name in given if name in single and name not in measure.parameters]
    return [
        f"parameters: {measure.id} does not read {name}; leave it out (single parameters it reads: {read})"
        for name in unread
    ]


def _where_problems(group: str, words: object, measure: Measure, known: Known) -> list[str]:
    if group not in measure.groups:
        return [f"{measure.id} has no group {group!r}; it has {', '.join(measure.groups)}"]
    given = [words] if isinstance(words, str) else words
    if not isinstance(given, list) or not given or not all(isinstance(word, str) and word for word in given):
        return [f"give {group} a word or a list of at least one word, in quotes"]
    kind = "country" if group in COUNTRY_GROUPS else group
    # The words of all other groups are open: exports may bring their own.
    unknown = [word for word in given if word not in known.words[kind]] if kind in CLOSED_GROUPS else []
    return [f"{group}: {parameters.unknown_word(kind, word, known)}" for word in unknown]


def _problems_together(read: Sequence[_Read], measures: Mapping[str, Measure]) -> list[str]:
    """What is wrong between documents, and with what they set together."""
    problems = _same_ids(read) + _repeated(read)
    problems += parameters.conflicts([(one.id, one.given) for one in read])
    zones = sorted({one.content["time_zone"] for one in read if one.content.get("time_zone")})
    if len(zones) > 1:
        problems.append(_several_zones(zones))
    return problems + _empty_lists(read, measures) + _undeclared_purposes(read, measures)


def _same_ids(read: Sequence[_Read]) -> list[str]:
    files: dict[str, Path] = {}
    problems = []
    for one in read:
        first = files.setdefault(one.id, one.file)
        if first is not one.file:
            problems.append(
                f"{one.file} and {first} are two documents of one id, {one.id}: choose one of them, or rename one"
            )
    return problems


def _repeated(read: Sequence[_Read]) -> list[str]:
    seen: dict[str, str] = {}
    found = []
    for one in read:
        for name in (entry["id"] for entry in one.content["criterion"] if "id" in entry):
            if name in seen:
                found.append(f"{one.id}: criterion {name} stands in {seen[name]} as well: give each an id of its own")
            seen[name] = one.id
    return found


def _using(read: Sequence[_Read], measures: Mapping[str, Measure], name: str) -> list[tuple[_Read, dict[str, Any]]]:
    """The criteria whose measure reads the parameter `name`, each with its document."""
    return [
        (one, entry)
        for one in read
        for entry in one.content["criterion"]
        if (measure := measures.get(entry.get("measure", ""))) and name in measure.parameters
    ]


def _empty_lists(read: Sequence[_Read], measures: Mapping[str, Measure]) -> list[str]:
    """Lists that a measure reads and that no document fills, although a policy is held against the logs.

    Laws alone declare no purposes and no destinations: they may be read and printed without a policy.
    """
    policies = [one for one in read if one.content.get("kind") == "commitment"]
    problems = []
    for name in NEEDED_LISTS if policies else ():
        using = _using(read, measures, name)
        if using and not any(one.given.get(name) for one in read):
            one, entry = using[0]
            problems.append(
                f"{policies[0].id}: declares no {name}, which the measure {entry['measure']} of {one.id}, criterion "
                f"{entry.get('id', 'without an id')}, reads: write its rows as [[parameters.{name}]]"
            )
    return problems


def _undeclared_purposes(read: Sequence[_Read], measures: Mapping[str, Measure]) -> list[str]:
    """Criteria for a purpose that no document declares: nothing would ever be tested."""
    rows = [row for one in read for row in parameters.readable_rows(one.given.get("purpose"))]
    declared = {str(row["purpose"]) for row in rows if "purpose" in row}
    problems = []
    for one, entry in _using(read, measures, "purpose") if declared else ():
        words = entry.get("where", {}).get("purpose", [])
        for word in [words] if isinstance(words, str) else words if isinstance(words, list) else []:
            if isinstance(word, str) and word and word not in declared:
                problems.append(
                    f"{one.file.name}: criterion {entry.get('id', 'without an id')}: where: purpose {word!r} is not declared; "
                    f"take one of {', '.join(sorted(declared))}, or declare it under [[parameters.purpose]]"
                )
    return problems


def _rate(value: object) -> Fraction | None:
    """A rate as written; None for anything but a decimal fraction from 0 to 1 in quotes, so that it stays exact."""
    if not isinstance(value, str) or not re.fullmatch(r"[0-9]{1,3}(\.[0-9]{1,30})?", value):
        return None
    rate = Fraction(value)
    return rate if rate <= 1 else None


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


def profile(documents: Iterable[Document]) -> parameters.Parameters:
    """The parameters of all documents together, over the defaults."""
    return parameters.merged([(d.id, d.parameters, d.assumed) for d in documents])


def controller_zone(documents: Iterable[Document]) -> ZoneInfo:
    """The controller's time zone, UTC when no document names one. Two different ones are refused."""
    zones = sorted({d.time_zone for d in documents if d.time_zone})
    if len(zones) > 1:
        raise DefinitionError(_several_zones(zones))
    return ZoneInfo(zones[0] if zones else "UTC")


def _several_zones(zones: Sequence[str]) -> str:
    return f"The criteria documents name several time zones ({', '.join(zones)}). Audit them apart."
