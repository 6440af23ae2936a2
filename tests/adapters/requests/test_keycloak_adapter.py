"""Keycloak: user events as JSON of the admin API and as the table event_entity."""

from __future__ import annotations

import json

import pytest
from request_world import Adapt, Adapted, fixture

from audit_lib.catalogue.adapters import load_adapters

FILES = {"keycloak_accounts": "keycloak_events.json", "keycloak_table": "keycloak_event_entity.csv"}
ONE, TWO, THREE, FIVE = (f"60000000-0000-4000-8000-00000000000{number}" for number in (1, 2, 3, 5))


@pytest.fixture(params=sorted(FILES))
def found(request: pytest.FixtureRequest, adapt: Adapt) -> Adapted:
    """The same events in both forms."""
    return adapt(request.param, FILES[request.param])


def test_keycloak_one_row_per_account(found: Adapted) -> None:
    assert found.counts == [(13, 3, 1, 0, 0, 9)]
    assert found.left_out == {"failed": 3, "folded": 5, "other_event": 1}
    assert sorted(found.accounts) == [ONE, TWO, THREE]
    assert {name: value for name, value in found.accounts[THREE].items() if name != "record"} == {
        "account_id": THREE,
        "opened": "2023-11-14 22:46:40",
        "closed": "2023-11-15 00:35:00",
        "last_active": "2023-11-15 00:10:00",
        "sign_up_method": "email",
    }


def test_keycloak_time_is_milliseconds(found: Adapted) -> None:
    assert found.accounts[ONE]["opened"] == "2023-11-14 22:13:20"


def test_keycloak_errors_do_nothing(found: Adapted) -> None:
    assert "closed" not in found.accounts[TWO]
    assert found.accounts[ONE]["last_active"] == "2023-11-14 23:20:00"


def test_keycloak_client_grants_are_no_activity(found: Adapted) -> None:
    assert found.left_out["other_event"] == 1


def test_keycloak_expired_sign_up_is_quarantined(found: Adapted) -> None:
    assert [(column, kind) for _, column, kind in found.quarantined] == [("opened_at", "missing")]
    assert FIVE not in found.accounts


def test_keycloak_sign_up_by_a_provider(found: Adapted) -> None:
    assert found.accounts[TWO]["sign_up_method"] == "google"


def test_keycloak_admin_deletions_come_by_override(adapt: Adapt) -> None:
    by_hand = f"account_id,closed_at\n{TWO},2023-12-01T00:00:00Z\n"
    found = adapt("keycloak_accounts", "keycloak_events.json", 'overrides = "by_hand.csv"', by_hand_csv=by_hand)
    assert found.accounts[TWO]["closed"] == "2023-12-01 00:00:00"


def test_keycloak_events_in_several_files_are_quarantined(adapt: Adapt) -> None:
    events = json.loads(fixture("keycloak_events.json"))
    later = [event for event in events if event["type"].startswith("DELETE_ACCOUNT")]
    earlier = [event for event in events if event not in later]
    found = adapt("keycloak_accounts", {"1.json": json.dumps(earlier), "2.json": json.dumps(later)})
    assert found.counts == [(11, 3, 1, 0, 0, 7), (2, 0, 1, 0, 0, 1)]
    assert (2, "opened_at", "missing") in [
        (file, column, kind) for file, column, kind in found.rows("select file_no, column_name, kind from quarantine")
    ]


def test_keycloak_repeated_events_count_once(adapt: Adapt) -> None:
    events = json.loads(fixture("keycloak_events.json"))
    found = adapt("keycloak_accounts", {"e.json": json.dumps([*events, events[-1]])})
    assert found.left_out["repeated_event"] == 1 and sorted(found.accounts) == [ONE, TWO, THREE]


def test_keycloak_events_that_cannot_be_placed_are_quarantined(adapt: Adapt) -> None:
    events = [
        {"time": 1700000000000, "type": "LOGIN", "userId": None},
        {"time": "soon", "type": "DELETE_ACCOUNT", "userId": ONE},
        {"time": 1700000000000, "type": "LOGIN_ERROR", "userId": None},
    ]
    found = adapt("keycloak_accounts", {"e.json": json.dumps(events)})
    assert found.quarantined == [(1, None, "missing"), (2, None, "not_decodable")]
    assert found.left_out == {"failed": 1}


def test_keycloak_more_kinds_of_events_show_activity(adapt: Adapt) -> None:
    found = adapt("keycloak_accounts", "keycloak_events.json", 'maps.event = { GRANT_CONSENT = "active" }')
    assert "other_event" not in found.left_out


def test_keycloak_table_and_objects_follow_one_rule() -> None:
    adapters = load_adapters()
    assert adapters["keycloak_table"].sql == adapters["keycloak_accounts"].sql
    assert adapters["keycloak_table"].maps == adapters["keycloak_accounts"].maps
