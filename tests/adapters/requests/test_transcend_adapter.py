"""Transcend: requests as the command line writes them."""

from __future__ import annotations

from request_world import Adapt, Adapted

ADAPTER, FILE = "transcend_requests", "transcend.csv"


def key(number: int) -> str:
    return f"00000000-0000-4000-8000-{number:012d}"


def outcomes(found: Adapted, *numbers: int) -> list[tuple[str | None, str | None]]:
    rows = [found.requests[key(number)] for number in numbers]
    return [(row.get("outcome"), row.get("closed")) for row in rows]


def test_transcend_rows_add_up(adapt: Adapt) -> None:
    found = adapt(ADAPTER, FILE)
    assert found.counts == [(14, 11, 0, 0, 0, 3)]
    assert found.requests[key(1)] == {
        "request_id": key(1),
        "record": 1,
        "account": "c1",
        "right_requested": "access",
        "country": "US",
        "region": "CA",
        "channel": "web_form",
        "received": "2024-05-01 08:00:00",
        "closed": "2024-05-20 10:00:00",
        "outcome": "fulfilled",
    }


def test_transcend_test_requests_are_left_out(adapt: Adapt) -> None:
    found = adapt(ADAPTER, FILE)
    assert found.left_out["test_request"] == 1
    assert key(13) not in found.requests


def test_transcend_revoked_is_a_duplicate(adapt: Adapt) -> None:
    assert outcomes(adapt(ADAPTER, FILE), 7) == [("duplicate", None)]


def test_transcend_denied_requests_have_no_closing(adapt: Adapt) -> None:
    found = adapt(ADAPTER, FILE)
    assert outcomes(found, 5, 6) == [("refused", None), ("refused", None)]
    assert found.requests[key(6)]["refusal_reason"] == "identity not verified"


def test_transcend_delayed_and_secondary_are_open(adapt: Adapt) -> None:
    found = adapt(ADAPTER, FILE)
    assert outcomes(found, 2, 3) == [(None, None), (None, None)]
    assert outcomes(found, 4) == [("fulfilled", "2024-05-22 10:00:00")]


def test_transcend_sensitive_opt_out_is_limit(adapt: Adapt) -> None:
    assert adapt(ADAPTER, FILE).requests[key(8)]["right_requested"] == "limit_sensitive"


def test_transcend_contact_opt_out_is_an_objection_to_marketing(adapt: Adapt) -> None:
    row = adapt(ADAPTER, FILE).requests[key(10)]
    assert (row["right_requested"], row["direct_marketing"], row["country"], row["region"]) == (
        "objection",
        True,
        "US",
        "NY",
    )


def test_transcend_holds_and_opt_ins_are_left_out(adapt: Adapt) -> None:
    assert adapt(ADAPTER, FILE).left_out == {"legal_hold": 1, "opt_in": 1, "test_request": 1}


def test_transcend_custom_types_need_a_word(adapt: Adapt) -> None:
    assert adapt(ADAPTER, FILE).unknown == [(14, "right_requested", "CUSTOM_OPT_OUT")]


def test_transcend_custom_types_with_a_word(adapt: Adapt) -> None:
    found = adapt(ADAPTER, FILE, 'maps.right = { CUSTOM_OPT_OUT = "objection" }')
    assert found.unknown == [] and found.requests[key(14)]["right_requested"] == "objection"


def test_transcend_override_dates_a_denial(adapt: Adapt) -> None:
    filled = f"request_id,closed_at,outcome\n{key(5)},2024-05-25T00:00:00Z,\n{key(1)},,fulfilled_in_part\n"
    found = adapt(ADAPTER, FILE, 'overrides = "by_hand.csv"', by_hand_csv=filled)
    assert outcomes(found, 5, 1) == [("refused", "2024-05-25 00:00:00"), ("fulfilled_in_part", "2024-05-20 10:00:00")]
