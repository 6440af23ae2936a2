"""A measure in words: definition, SQL, the criteria that point at it, its examples. For the command line and the docs."""

from __future__ import annotations

from collections.abc import Iterator

from audit_lib.catalogue import Catalogue
from audit_lib.catalogue.parameters import list_parameters, scalars
from audit_lib.run.examples import Example, Row, load_examples
from audit_lib.vocabulary import Measure


def describe_measure(catalogue: Catalogue, name: str) -> str:
    """Everything there is to know of a measure, as Markdown that reads well in a terminal."""
    measure = catalogue.measures[name]
    parts = [*_definition(measure), *_parameters(catalogue, measure), *_criteria(catalogue, measure), *_texts(catalogue, measure)]
    for example in load_examples(name):
        parts += _example(example)
    return "\n".join(parts) + "\n"


def _definition(measure: Measure) -> Iterator[str]:
    yield f"# {measure.id}: {measure.title}\n"
    yield f"{measure.question}\n"
    lines = {
        "kind": str(measure.kind),
        "item": measure.item,
        "exception": measure.exception,
        "on_day": measure.on_day,
        "value": f"{measure.value} ({measure.value_unit})" if measure.value else "",
        "why it matters": measure.why_it_matters,
        "author": measure.author,
        "checked by": measure.checked_by,
        "next review": str(measure.next_review or ""),
    }
    yield from (f"- {name}: {text}" for name, text in lines.items() if text)
    yield from _list("Reasons, the first that fits", [f"`{word}` {meaning}" for word, meaning in measure.reasons.items()])
    yield from _list("Groups", [f"`{word}` {meaning}" for word, meaning in measure.groups.items()])
    yield from _list("Sums", [f"`{word}` {meaning}" for word, meaning in measure.sums.items()])
    yield from _list("Reads", [f"`{table}`: {', '.join(sorted(columns))}" for table, columns in sorted(measure.reads.items())])
    yield from _list("Limits", measure.caveats)


def _list(title: str, lines: list[str] | tuple[str, ...]) -> Iterator[str]:
    if lines:
        yield f"\n## {title}\n"
        yield from (f"- {line}" for line in lines)


def _parameters(catalogue: Catalogue, measure: Measure) -> Iterator[str]:
    profile = catalogue.parameters
    lines = []
    for name in measure.parameters:
        assumed = " (assumed)" if name in profile.assumed else ""
        if name in scalars():
            lines.append(f"`{name}` = {profile.scalars[name]}{assumed}: {scalars()[name].meaning}")
        else:
            rows = len(profile.lists.get(name, ()))
            lines.append(f"`{name}`, {rows} rows{assumed}: {list_parameters()[name].meaning}")
    return _list("Parameters", lines)


def _criteria(catalogue: Catalogue, measure: Measure) -> Iterator[str]:
    lines = []
    for criterion in catalogue.criteria:
        if criterion.measure == measure.id:
            where = "; ".join(f"{group}: {', '.join(words)}" for group, words in criterion.where.items())
            place = ", ".join(part for part in (criterion.section, criterion.law) if part)
            scope = f" [{where}]" if where else ""
            lines.append(f"`{criterion.id}` {criterion.sentence} ({place}){scope}")
    return _list("Criteria that point at it", lines)


def _texts(catalogue: Catalogue, measure: Measure) -> Iterator[str]:
    for step in measure.derived:
        derived = catalogue.derived[step]
        yield f"\n## Shared step {step}: {derived.meaning}\n\n```sql\n{derived.sql.rstrip()}\n```"
    yield f"\n## items.sql (SHA-256 {measure.sql_sha256})\n\n```sql\n{measure.sql.rstrip()}\n```"


def _example(example: Example) -> Iterator[str]:
    yield f"\n## Example: {example.name} ({example.shows})\n"
    said = {"period": str(example.period), "time zone": example.zone.key, **example.parameters}
    yield ", ".join(f"{name} {value}" for name, value in said.items()) + "\n"
    for table, rows in example.tables.items():
        yield from _grid(table, rows)
    yield from _grid("items expected", example.items)


def _grid(title: str, rows: list[Row]) -> Iterator[str]:
    yield f"{title}:"
    if not rows:
        yield "    (none)"
        return
    widths = {name: max(len(name), *(len(row[name] or "") for row in rows)) for name in rows[0]}
    yield "    " + " | ".join(name.ljust(width) for name, width in widths.items()).rstrip()
    for row in rows:
        yield "    " + " | ".join((row[name] or "").ljust(width) for name, width in widths.items()).rstrip()
