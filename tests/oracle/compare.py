"""Two readings of one example side by side."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

Item = Mapping[str, Any]


def compare(expected: Sequence[Item], found: Sequence[Item]) -> list[str]:
    """Where what the texts found differs from the plain-Python reading, one sentence each, in every column."""
    wanted = {str(item["item_id"]): item for item in expected}
    got = {str(item["item_id"]): item for item in found}
    told = [f"{key} is missing: expected {_shown(wanted[key])}" for key in sorted(wanted.keys() - got.keys())]
    told += [f"{key} was not expected: {_shown(got[key])}" for key in sorted(got.keys() - wanted.keys())]
    if len(got) != len(found) or len(wanted) != len(expected):
        told.append("an item_id comes more than once")
    for key in sorted(wanted.keys() & got.keys()):
        columns = wanted[key].keys() | got[key].keys()
        told += [
            f"{key}: {column} is {_plain(got[key].get(column))!r}, expected {_plain(wanted[key].get(column))!r}"
            for column in sorted(columns)
            if _plain(got[key].get(column)) != _plain(wanted[key].get(column))
        ]
    return told


def _plain(value: Any) -> Any:
    """Whole numbers and words as they are, every kind of missing value as None, truth as truth."""
    if value is None or value != value:
        return None
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _shown(item: Item) -> str:
    return ", ".join(f"{column}={_plain(value)}" for column, value in item.items())
