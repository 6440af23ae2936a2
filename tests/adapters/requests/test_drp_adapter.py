"""Data Rights Protocol: status objects, one a line."""

from __future__ import annotations

from typing import Any

from request_world import Adapt, fixture

ADAPTER, FILE = "drp_status", "drp.jsonl"


def key(number: int) -> str:
    return f"30000000-0000-4000-8000-{number:012d}"


def outcome(row: dict[str, Any]) -> tuple[str | None, str | None]:
    return row.get("outcome"), row.get("refusal_reason")


def test_drp_rows_add_up(adapt: Adapt) -> None:
    found = adapt(ADAPTER, FILE)
    assert found.counts == [(14, 13, 0, 0, 0, 1)]
    assert found.left_out == {"opt_in": 1}
    assert found.requests[key(1)] == {
        "request_id": key(1),
        "record": 1,
        "right_requested": "access",
        "channel": "agent",
        "received": "2024-02-01 12:00:00",
        "outcome": "fulfilled",
    }


def test_drp_no_match_is_a_refusal(adapt: Adapt) -> None:
    requests = adapt(ADAPTER, FILE).requests
    assert outcome(requests[key(2)]) == ("refused", "no_match")
    assert outcome(requests[key(3)]) == ("refused", "insuf_verification")


def test_drp_revoked_is_withdrawn(adapt: Adapt) -> None:
    assert outcome(adapt(ADAPTER, FILE).requests[key(4)]) == ("withdrawn", None)


def test_drp_expired_is_judged_by_what_it_had(adapt: Adapt) -> None:
    found = adapt(ADAPTER, FILE)
    assert [found.requests[key(number)]["outcome"] for number in (5, 6, 7)] == ["fulfilled", "withdrawn", "expired"]
    assert found.unknown == [(7, "outcome", "expired")]


def test_drp_no_field_is_a_closing(adapt: Adapt) -> None:
    assert adapt(ADAPTER, FILE).rows("select count(closed_second) from rights_requests") == [(0,)]


def test_drp_a_field_of_ones_own_is_a_closing(adapt: Adapt) -> None:
    text = fixture(FILE).replace('"status": "fulfilled"', '"status": "fulfilled", "done": "2024-03-01T00:00:00Z"')
    found = adapt(ADAPTER, {FILE: text}, 'columns = { closed = "done" }')
    assert found.requests[key(1)]["closed"] == "2024-03-01 00:00:00" and "closed" not in found.requests[key(2)]


def test_drp_rights_in_every_spelling(adapt: Adapt) -> None:
    found = adapt(ADAPTER, FILE)
    assert found.requests[key(10)]["right_requested"] == "opt_out_of_sale"
    assert sorted(request for request in found.requests if request.startswith(key(9))) == [
        f"{key(9)}:access",
        f"{key(9)}:erasure",
        f"{key(9)}:opt_out_of_sale",
    ]


def test_drp_unproved_identity_is_open(adapt: Adapt) -> None:
    assert outcome(adapt(ADAPTER, FILE).requests[key(8)]) == (None, None)
