"""How each contract type is read from text: the value, when it is faulty, and which kind of fault it is.

Every function returns SQL over a column `t` of trimmed text in which "missing" is NULL. A value expression gives NULL
for what it cannot read, so that "text there, value not" is the fault; the kind is worked out for faulty rows only.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from audit_lib.catalogue.countries import COUNTRIES
from audit_lib.ingest.zones import END_SECOND, FIRST_SECOND, floor_second_sql, utc_second_sql
from audit_lib.vocabulary import FIRST_DAY, LAST_DAY, Column

_CLOCK = r"\d{4}-\d\d-\d\d[Tt ]([01]\d|2[0-3]):[0-5]\d(:[0-5]\d([.,]\d+)?)?"
_OFFSET = r"([Zz]|[+-]([01]\d|2[0-3])(:?[0-5]\d)?)"
LARGEST = 2**63 - 1


@dataclass(frozen=True, slots=True)
class InstantRule:
    """How instants of one file are read: the zone of naive ones, and whether a bare date is the start of its day."""

    zone: ZoneInfo | None = None
    dates_as_start: bool = False


def text_literal(text: str) -> str:
    """A SQL text literal."""
    return "'" + text.replace("'", "''") + "'"


def name(identifier: str) -> str:
    """A quoted SQL identifier."""
    return '"' + identifier.replace('"', '""') + '"'


def words_sql(words: tuple[str, ...]) -> str:
    """A bracketed list of SQL text literals."""
    return "(" + ", ".join(map(text_literal, words)) + ")"


def one_of_sql(t: str, words: tuple[str, ...]) -> str:
    """SQL that is true where a text is one of some words.

    Not by `in`: with five words or more that becomes a join, which loses the order of the rows and takes far longer.
    """
    return f"regexp_full_match({t}, {text_literal('|'.join(map(re.escape, words)))})"


def value_sql(column: Column, t: str) -> str:
    """SQL for the value of a column that is not an instant; NULL where missing or unreadable."""
    if column.type == "date":
        parsed = f"case when strlen({t}) = 10 then cast(try_strptime({t}, '%Y-%m-%d') as date) end"
        return f"cast({parsed} - date '1970-01-01' as integer)"
    if column.type == "country":
        return f"case when {one_of_sql(t, tuple(sorted(COUNTRIES)))} then {t} end"
    if column.type == "region":
        return f"case when strlen({t}) <= 3 and regexp_full_match({t}, '[A-Z0-9]+') then {t} end"
    if column.type == "integer":
        return f"case when regexp_full_match({t}, '[0-9]+') then try_cast({t} as bigint) end"
    if column.type == "boolean":
        low = f"lower({t})"
        return (
            f"case when {one_of_sql(low, ('true', '1', 'yes', 't'))} then true"
            f" when {one_of_sql(low, ('false', '0', 'no', 'f'))} then false end"
        )
    if column.closed:
        return f"case when {one_of_sql(t, column.closed)} then {t} end"
    return t


def wall_clock_sql(t: str, rule: InstantRule) -> str:
    """SQL for a text without offset as a wall-clock second of the declared zone; NULL for texts with one, or without a zone."""
    if rule.zone is None:
        return "cast(null as bigint)"
    form = f"replace(upper({t}), ',', '.')"
    local = floor_second_sql(f"epoch_us(try_cast({form} as timestamp))")
    clock = f"case when regexp_full_match({t}, {text_literal(_CLOCK)}) then {local} end"
    if not rule.dates_as_start:
        return clock
    midnight = f"epoch_us(try_strptime({t}, '%Y-%m-%d')) // 1000000"
    return f"case when strlen({t}) = 10 then {midnight} when strlen({t}) > 10 then {clock} end"


def instant_sql(t: str, rule: InstantRule, wall: str) -> str:
    """SQL for an instant as whole seconds from 1970-01-01T00:00Z, rounded down; out-of-range values included.

    `wall` names a column that holds `wall_clock_sql`: the search among a zone's offsets repeats it hundreds of times.
    """
    form = f"replace(upper({t}), ',', '.')"
    exact = f"(epoch_us(try_strptime({t}, '%Y-%m-%dT%H:%M:%SZ')) // 1000000)"
    offset = floor_second_sql(f"epoch_us(try_cast({form} as timestamptz))")
    branches = [f"when {t} like '____-__-__T__:__:__Z' then {exact}"]
    branches.append(f"when regexp_full_match({t}, {text_literal(_CLOCK + _OFFSET)}) then {offset}")
    if rule.zone is not None:
        branches.append(f"else {utc_second_sql(wall, rule.zone)}")
    return f"case {' '.join(branches)} end"


def typed_instant_sql(t: str, source_type: str, rule: InstantRule) -> str:
    """`instant_sql` for a Parquet column that is already a timestamp or a date."""
    if source_type == "TIMESTAMP WITH TIME ZONE":
        return f"case when isfinite({t}) then {floor_second_sql(f'epoch_us({t})')} end"
    if rule.zone is None or (source_type == "DATE" and not rule.dates_as_start):
        return "cast(null as bigint)"
    local = floor_second_sql(f"epoch_us(cast({t} as timestamp))")
    return f"case when isfinite({t}) then {utc_second_sql(f'({local})', rule.zone)} end"


def in_range_sql(second: str) -> str:
    """SQL for an instant of the years 1900 to 2100; NULL outside them."""
    return f"case when {second} >= {FIRST_SECOND} and {second} < {END_SECOND} then {second} end"


def day_in_range_sql(day: str) -> str:
    """SQL for a day of the years 0001 to 9999; NULL outside them."""
    return f"case when {day} between {FIRST_DAY} and {LAST_DAY} then {day} end"


def kind_sql(column: Column, t: str, rule: InstantRule) -> str:
    """SQL for the kind of fault of a text that `value_sql` or `instant_sql` could not read."""
    whole = {
        "instant": _instant_kind(t, rule),
        "date": f"when regexp_full_match({t}, '0000-\\d\\d-\\d\\d') then 'out_of_range' else 'not_a_date'",
        "country": "else 'not_a_country'",
        "region": "else 'not_a_region'",
        "integer": f"when regexp_full_match({t}, '-?[0-9]+') then 'out_of_range' else 'not_an_integer'",
        "boolean": "else 'not_a_boolean'",
    }.get(column.type, "else 'not_in_list'")
    return f"case when {t} is null then 'missing' {whole} end"


def _instant_kind(t: str, rule: InstantRule) -> str:
    form = f"replace(upper({t}), ',', '.')"
    bare = f"when strlen({t}) = 10 and try_strptime({t}, '%Y-%m-%d') is not null then "
    bare += "'out_of_range'" if rule.dates_as_start and rule.zone else "'date_only'"
    naive = "'out_of_range'" if rule.zone else "'no_offset'"
    return (
        f"{bare} when regexp_full_match({t}, {text_literal(_CLOCK)}) and try_cast({form} as timestamp) is not null"
        f" then {naive} when regexp_full_match({t}, {text_literal(_CLOCK + _OFFSET)})"
        f" and try_cast({form} as timestamptz) is not null then 'out_of_range' else 'not_an_instant'"
    )
