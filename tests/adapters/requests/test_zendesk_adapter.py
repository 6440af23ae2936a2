"""Zendesk: tickets as JSON of the API and as the table of a loader."""

from __future__ import annotations

import pytest
from request_world import Adapt, Adapted

from audit_lib.catalogue.adapters import load_adapters
from audit_lib.errors import DefinitionError

API, TABLE = "zendesk_api.json", "zendesk_table.csv"
WORDS = 'maps.right = { privacy_access = "access", privacy_delete = "erasure" }\nmaps.outcome = { privacy_refused = "refused" }'
FIELD_WORDS = 'maps.right = { access = "access", delete = "erasure" }'


def api(adapt: Adapt) -> Adapted:
    return adapt("zendesk_tickets", API, WORDS)


def table(adapt: Adapt) -> Adapted:
    return adapt("zendesk_table", TABLE, FIELD_WORDS)


def test_zendesk_rows_add_up(adapt: Adapt) -> None:
    found = api(adapt)
    assert found.counts == [(11, 7, 0, 0, 0, 4)]
    assert found.left_out == {"deleted": 1, "merged": 1, "other_matter": 1, "sample": 1}
    assert found.requests["101"] == {
        "request_id": "101",
        "record": 1,
        "account": "9101",
        "right_requested": "access",
        "channel": "email",
        "received": "2024-04-01 08:00:00",
        "acknowledged": "2024-04-01 09:30:00",
        "closed": "2024-04-20 09:00:00",
    }


def test_zendesk_needs_a_map_of_rights(adapt: Adapt) -> None:
    with pytest.raises(DefinitionError, match=r"zendesk_tickets needs maps\.right: tag, or value of the field"):
        adapt("zendesk_tickets", API)


def test_zendesk_tags_and_fields_say_the_right(adapt: Adapt) -> None:
    requests = api(adapt).requests
    assert [key for key in sorted(requests) if key.startswith("105")] == ["105:access", "105:erasure"]
    assert requests["107"]["right_requested"] == "access"


def test_zendesk_an_unknown_value_of_the_field_is_shown(adapt: Adapt) -> None:
    assert table(adapt).unknown == [(5, "right_requested", "something else")]


def test_zendesk_merged_tickets_count_once(adapt: Adapt) -> None:
    found = table(adapt)
    assert found.left_out == {"merged": 1, "other_matter": 1}
    assert "203" not in found.requests and found.requests["202"]["closed"] == "2024-04-12 08:00:00"


def test_zendesk_first_reply_is_no_answer(adapt: Adapt) -> None:
    row = table(adapt).requests["201"]
    assert (row["acknowledged"], row["closed"]) == ("2024-04-03 08:00:00", "2024-04-11 08:00:00")


def test_zendesk_business_minutes_are_never_read(adapt: Adapt) -> None:
    names = [
        n
        for adapter in ("zendesk_tickets", "zendesk_table")
        for c in load_adapters()[adapter].columns.values()
        for n in c.found_as
    ]
    assert not [name for name in names if "business" in name]
    assert "acknowledged" not in api(adapt).requests["110"]


def test_zendesk_numbers_as_texts(adapt: Adapt) -> None:
    assert table(adapt).requests["202"]["acknowledged"] == "2024-04-02 08:30:00"


def test_zendesk_reopened_tickets_are_open(adapt: Adapt) -> None:
    assert not {"closed", "outcome"} & set(api(adapt).requests["102"])


def test_zendesk_solved_does_not_say_how(adapt: Adapt) -> None:
    requests = api(adapt).requests
    assert "outcome" not in requests["101"] and requests["106"]["outcome"] == "refused"


def test_zendesk_a_status_may_be_mapped(adapt: Adapt) -> None:
    more = FIELD_WORDS + '\nmaps.outcome = { solved = "fulfilled", delete_me = "fulfilled_in_part" }\ntime_zone = "UTC"'
    requests = adapt("zendesk_table", TABLE, more).requests
    assert {key: row.get("outcome") for key, row in requests.items()} == {
        "201": "fulfilled",
        "202": "fulfilled_in_part",
        "205": None,
        "206": None,
    }


def test_zendesk_a_creation_without_offset_gets_no_acknowledgement(adapt: Adapt) -> None:
    row = adapt("zendesk_table", TABLE, FIELD_WORDS + '\ntime_zone = "Europe/Paris"').requests["206"]
    assert row["received"] == "2024-04-06 06:00:00" and "acknowledged" not in row


def test_zendesk_table_and_objects_follow_one_rule() -> None:
    adapters = load_adapters()
    assert adapters["zendesk_table"].sql == adapters["zendesk_tickets"].sql
    assert adapters["zendesk_table"].maps == adapters["zendesk_tickets"].maps
