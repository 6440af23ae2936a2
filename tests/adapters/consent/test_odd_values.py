"""Exports whose values are not what the tool documents: every record still leaves a row, and nothing falls over."""

from __future__ import annotations

import copy
import csv
import io
import json
import random
from typing import Any

import pytest
from consent_world import Read, fixture

ODD: tuple[Any, ...] = (
    None, "", " ", 0, -1, 1.5, 10**30, True, [], {}, [[]], [{}], [None], {"": ""}, {"a.b": {"c": "d"}}, "null", "[", '{"a": 1}',
    "x" * 5000, "'; drop table source; --", "\u202eabc", "a\u0000b", "9" * 13, "0000-00-00", "2024-02-30T00:00:00Z", "=1+1", ["a", 1],
)  # fmt: skip
OBJECTS = {
    "onetrust_receipts": "onetrust_receipts.json",
    "didomi_events": "didomi_2024-06-07.jsonl",
    "segment_events": "segment_events.jsonl",
    "snowplow_consent": "snowplow_consent.jsonl",
    "fides_preferences_json": "fides_report.json",
}
TABLES = {
    "fides_preferences": "fides_history.csv",
    "usercentrics_history": "usercentrics_history.csv",
    "c15t_consents": "c15t_consent_2.csv",
    "iab_tcf": "tcf_log.csv",
}


def records_of(name: str) -> list[dict[str, Any]]:
    """The objects of a fixture."""
    text = fixture(name).decode()
    if name.endswith(".jsonl"):
        return [json.loads(line) for line in text.splitlines()]
    page = json.loads(text)
    return list(page.get("content") or page["items"])


def disturb(value: Any, chance: random.Random) -> Any:
    """A copy with one value, anywhere in it, replaced by an odd one or taken out."""
    value = copy.deepcopy(value)
    place = value
    while True:
        keys = list(place) if isinstance(place, dict) else list(range(len(place)))
        key = chance.choice(keys)
        if isinstance(place[key], dict | list) and place[key] and chance.random() < 0.7:
            place = place[key]
        elif chance.random() < 0.1:
            del place[key]
            return value
        else:
            place[key] = chance.choice(ODD)
            return value


@pytest.mark.parametrize("adapter", sorted(OBJECTS))
def test_odd_json_values_leave_a_row(read: Read, adapter: str) -> None:
    chance = random.Random(adapter)
    records = [disturb(chance.choice(records_of(OBJECTS[adapter])), chance) for _ in range(400)]
    lines = "".join(json.dumps(record) + "\n" for record in [*records_of(OBJECTS[adapter]), *records])
    decisions = read(adapter, {"log/odd.jsonl": lines.encode()})
    assert decisions.counts()[0] == len(lines.splitlines())
    assert decisions.counts()[1] >= decisions.counts()[0]


@pytest.mark.parametrize("adapter", sorted(TABLES))
def test_odd_cells_leave_a_row(read: Read, adapter: str) -> None:
    chance = random.Random(adapter)
    header, *rows = list(csv.reader(io.StringIO(fixture(TABLES[adapter]).decode())))
    odd = [value if isinstance(value, str) else json.dumps(value) for value in ODD if value != "a\u0000b"]
    for _ in range(400):
        row = list(chance.choice(rows))
        row[chance.randrange(len(row))] = chance.choice(odd)
        rows.append(row)
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerows([header, *rows])
    decisions = read(adapter, {"log/odd.csv": out.getvalue().encode()})
    assert decisions.counts()[0] == len(rows)
    assert decisions.counts()[1] >= decisions.counts()[0]
