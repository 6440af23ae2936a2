"""Osano: subject rights requests as JSON of the API."""

from __future__ import annotations

from request_world import Adapt

ADAPTER, FILE = "osano_requests", "osano.json"


def test_osano_rows_add_up(adapt: Adapt) -> None:
    found = adapt(ADAPTER, FILE)
    assert found.counts == [(10, 10, 0, 0, 0, 0)]
    assert found.unknown == [(10, "right_requested", "CUSTOM_1")]
    assert found.requests["000002"] == {
        "request_id": "000002",
        "record": 2,
        "account": "s2@example.com",
        "right_requested": "erasure",
        "channel": "web_form",
        "received": "2024-07-02 11:00:00",
        "outcome": "refused",
        "refusal_reason": "IDENTITY_NOT_VERIFIED",
    }


def test_osano_last_updated_closes_nothing(adapt: Adapt) -> None:
    found = adapt(ADAPTER, FILE)
    assert found.requests["000001"]["outcome"] == "fulfilled"
    assert found.rows("select count(closed_second) from rights_requests") == [(0,)]


def test_osano_closing_by_override(adapt: Adapt) -> None:
    found = adapt(
        ADAPTER, FILE, 'overrides = "by_hand.csv"', by_hand_csv="request_id,closed_at\n000001,2024-07-19T00:00:00Z\n"
    )
    assert found.requests["000001"]["closed"] == "2024-07-19 00:00:00"


def test_osano_rejected_duplicates(adapt: Adapt) -> None:
    requests = adapt(ADAPTER, FILE).requests
    assert [requests[f"{number:06d}"]["outcome"] for number in (3, 4, 9)] == ["duplicate", "refused", "duplicate"]
    assert "refusal_reason" not in requests["000003"]


def test_osano_due_is_never_read(adapt: Adapt) -> None:
    requests = adapt(ADAPTER, FILE).requests
    assert not [row for row in requests.values() for value in row.values() if str(value).startswith("2024-09")]


def test_osano_summarize_is_access(adapt: Adapt) -> None:
    assert adapt(ADAPTER, FILE).requests["000001"]["right_requested"] == "access"


def test_osano_an_appeal_is_open(adapt: Adapt) -> None:
    assert not {"outcome", "closed", "refusal_reason"} & set(adapt(ADAPTER, FILE).requests["000008"])


def test_osano_another_field_names_the_person(adapt: Adapt) -> None:
    found = adapt(ADAPTER, FILE, 'columns = { account = "dsarDetails.given-name" }')
    assert found.requests["000001"]["account"] == "Bo"
