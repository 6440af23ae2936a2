"""Auth0: tenant logs as the Management API lists them, as a log stream sends them, and user events."""

from __future__ import annotations

import json

from request_world import Adapt, fixture

ADAPTER, LOGS = "auth0_accounts", "auth0_logs.json"


def test_auth0_one_row_per_account(adapt: Adapt) -> None:
    found = adapt(ADAPTER, LOGS)
    assert found.counts == [(16, 3, 4, 0, 0, 9)]
    assert found.left_out == {"failed": 1, "folded": 4, "other_event": 3, "repeated_event": 1}
    assert sorted(found.accounts) == ["auth0|1", "auth0|3", "google-oauth2|77"]


def test_auth0_failed_deletion_closes_nothing(adapt: Adapt) -> None:
    assert adapt(ADAPTER, LOGS).accounts["auth0|1"] == {
        "account_id": "auth0|1",
        "record": 1,
        "opened": "2024-08-01 10:00:00",
        "last_active": "2024-08-02 10:00:00",
        "sign_up_method": "email",
    }


def test_auth0_deletion_by_the_management_api(adapt: Adapt) -> None:
    found = adapt(ADAPTER, LOGS)
    assert found.accounts["google-oauth2|77"]["closed"] == "2024-08-04 11:00:00"
    assert "google-oauth2|1" not in found.accounts
    assert (12, None, "missing") in found.quarantined, "a deletion by address names no account"


def test_auth0_creation_by_the_management_api(adapt: Adapt) -> None:
    row = adapt(ADAPTER, LOGS).accounts["auth0|3"]
    assert row["opened"] == "2024-08-01 12:00:00" and "last_active" not in row


def test_auth0_deleting_a_factor_closes_nothing(adapt: Adapt) -> None:
    assert "closed" not in adapt(ADAPTER, LOGS).accounts["auth0|3"]


def test_auth0_repeated_events_count_once(adapt: Adapt) -> None:
    assert adapt(ADAPTER, LOGS).left_out["repeated_event"] == 1


def test_auth0_account_older_than_the_log_is_quarantined(adapt: Adapt) -> None:
    found = adapt(ADAPTER, LOGS)
    assert (9, "opened_at", "missing") in found.quarantined and "auth0|4" not in found.accounts


def test_auth0_an_account_made_again_is_quarantined(adapt: Adapt) -> None:
    found = adapt(ADAPTER, LOGS)
    assert [row for row in found.quarantined if row[2] == "repeated_key"] == [
        (13, "account_id", "repeated_key"),
        (15, "account_id", "repeated_key"),
    ]


def test_auth0_lines_of_a_log_stream(adapt: Adapt) -> None:
    found = adapt(ADAPTER, "auth0_stream.jsonl")
    assert found.counts == [(7, 3, 0, 0, 0, 4)]
    assert found.accounts["google-oauth2|77"]["closed"] == "2024-08-04 11:00:00"


def test_auth0_events_of_an_event_stream(adapt: Adapt) -> None:
    found = adapt(ADAPTER, "auth0_user_events.jsonl")
    assert found.counts == [(2, 1, 0, 0, 0, 1)]
    assert (found.accounts["auth0|9"]["opened"], found.accounts["auth0|9"]["closed"]) == (
        "2025-02-01 12:34:56",
        "2025-02-03 12:34:56",
    )


def test_auth0_hostile_paths_and_dates_are_quarantined(adapt: Adapt) -> None:
    call = {"request": {"method": "DELETE", "path": "/api/v2/users/%ff%fe"}, "response": {"statusCode": 204}}
    events = [
        {"log_id": "1", "date": "2024-08-01T10:00:00Z", "type": "sapi", "details": call},
        {"log_id": "2", "date": "2024-08-01T10:00:00", "type": "sdu", "user_id": "auth0|1"},
        {"log_id": "3", "date": "2024-13-01T10:00:00Z", "type": "sdu", "user_id": "auth0|2"},
    ]
    found = adapt(ADAPTER, {"e.json": json.dumps({"logs": events})})
    assert found.quarantined == [(1, None, "missing"), (2, None, "not_decodable"), (3, None, "not_decodable")]


def test_auth0_a_call_that_failed_closes_nothing(adapt: Adapt) -> None:
    text = fixture(LOGS).replace('"statusCode": 204', '"statusCode": 403')
    found = adapt(ADAPTER, {LOGS: text})
    assert found.accounts["google-oauth2|77"]["closed"] == "2024-08-04 11:00:01"
