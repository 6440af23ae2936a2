"""Time zones as SQL: the offset of a second as a balanced tree of comparisons.

Per-row conversions by a database's calendar library are slow; a zone changes its offset a few hundred times in two
centuries, so nine comparisons find it. Built from Python's zoneinfo, tested against DuckDB's own conversion.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import lru_cache
from zoneinfo import ZoneInfo

FIRST_SECOND = int(datetime(1900, 1, 1, tzinfo=UTC).timestamp())
"""The first second that is read as an instant (1900-01-01T00:00Z)."""
END_SECOND = int(datetime(2101, 1, 1, tzinfo=UTC).timestamp())
"""The first second after the years that are read as instants (2101-01-01T00:00Z)."""
DAY = 86_400
_FAR = 100_000
"""Days added before a division and taken off after it, so that it rounds down before 1970 too."""


def offset_at(second: int, zone: ZoneInfo) -> int:
    """Seconds that `zone` is ahead of UTC at an instant (negative in the west)."""
    delta = datetime.fromtimestamp(second, UTC).astimezone(zone).utcoffset()
    assert delta is not None
    return round(delta.total_seconds())


@lru_cache(maxsize=32)
def offsets(zone: ZoneInfo) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """The seconds from which each offset of `zone` holds, from 1900 to 2100, and these offsets."""
    starts, values = [FIRST_SECOND], [offset_at(FIRST_SECOND, zone)]
    for day_start in range(FIRST_SECOND, END_SECOND + 2 * DAY, DAY):
        after = offset_at(day_start, zone)
        if after != values[-1]:
            low = day_start - DAY
            changes = range(low, day_start + 1)
            before = values[-1]
            starts.append(changes[bisect_left(changes, True, key=lambda s: offset_at(s, zone) != before)])
            values.append(after)
    return tuple(starts), tuple(values)


def step_sql(value: str, starts: Sequence[int], results: Sequence[int]) -> str:
    """SQL for the result of the last start that is not after `value`; below the first start, the first result."""
    if len(starts) == 1:
        return str(results[0])
    middle = len(starts) // 2
    left = step_sql(value, starts[:middle], results[:middle])
    right = step_sql(value, starts[middle:], results[middle:])
    return f"case when {value} < {starts[middle]} then {left} else {right} end"


def day_sql(second: str, zone: ZoneInfo, first: int = FIRST_SECOND, last: int = END_SECOND) -> str:
    """SQL for the day of `zone` that holds a second (NULL for NULL). All seconds lie from `first` to `last`."""
    starts, values = offsets(zone)
    low, high = max(bisect_right(starts, first) - 1, 0), bisect_right(starts, last)
    ahead = step_sql(second, starts[low:high], values[low:high])
    return f"cast(({second} + ({ahead}) + {_FAR * DAY}) // {DAY} - {_FAR} as integer)"


def utc_second_sql(local: str, zone: ZoneInfo) -> str:
    """SQL for the instant of a wall-clock second of `zone`, counted as if the wall clock were UTC.

    An hour that comes twice is taken the first time; one that is skipped by the offset before it, as zoneinfo does.
    """
    starts, values = offsets(zone)
    local_starts = [
        start + max(value, values[max(0, index - 1)])
        for index, (start, value) in enumerate(zip(starts, values, strict=True))
    ]
    return f"({local} - ({step_sql(local, local_starts, values)}))"


def floor_second_sql(micros: str) -> str:
    """SQL for microseconds from 1970 as whole seconds, rounded down."""
    far = 10**17
    return f"(({micros} + {far}) // 1000000 - {far // 10**6})"
