"""Usercentrics: the consent history of one visitor."""

from __future__ import annotations

import pytest
from consent_world import Decisions, Read

COOKIE, TAG = "twMyStLkn", "HkocEodjb7"
VISITOR = "f3a1c8d2e4"


@pytest.fixture
def history(read: Read) -> Decisions:
    return read("usercentrics_history", "usercentrics_history.csv", f'maps.purpose = {{ {COOKIE} = "advertising" }}')


def at(instant: str) -> str:
    return f"{VISITOR}:{instant}"


def test_usercentrics_every_record_is_accounted_for(history: Decisions) -> None:
    assert history.counts() == (14, 14, 9, 2, 3)
    assert history.left_out() == {"restored": 1, "essential_changed": 1, "no_choice": 1}


def test_usercentrics_one_row_per_service(history: Decisions) -> None:
    columns = ("purpose", "recipient_id", "status", "method", "policy_version")
    assert history.of(at("2024-02-02T07:30:00.000Z"), *columns) == [
        (TAG, TAG, "given", "banner", "Xy7kQ2:13.0.0"),
        ("advertising", COOKIE, "refused", "banner", "Xy7kQ2:13.0.0"),
    ]


def test_usercentrics_implicit_is_use(history: Decisions) -> None:
    implicit = ("2024-01-05T10:00:00.000Z", "2024-03-01T12:00:00.000Z", "2024-03-03T12:00:00.000Z")
    assert [history.of(at(instant), "status", "method") for instant in implicit] == [[("given", "use")]] * 3
    # Given without an act is use; not given without an act is silence, save where a refusal may stand behind it.
    assert history.of(at("2024-03-02T12:00:00.000Z"), "status") == [("refused",)]


def test_usercentrics_controller_is_a_device(history: Decisions) -> None:
    assert history.ask("select distinct account_id, device_id from decision") == [(None, VISITOR)]


def test_usercentrics_restored_sessions_are_left_out(history: Decisions) -> None:
    assert history.of(at("2024-01-20T18:12:44.000Z"), "status") == []
    assert history.left_out()["restored"] == 1


def test_usercentrics_unknown_action_is_quarantined(history: Decisions, read: Read) -> None:
    # The other one does not say whether consent was given.
    assert history.quarantined() == [(12, "not_in_list"), (14, "not_in_list")]
    declared = read("usercentrics_history", "usercentrics_history.csv", 'maps.action = { onNewThing = "settings" }')
    assert declared.of(at("2024-04-01T12:00:00.000Z"), "status", "method") == [("given", "settings")]


def test_usercentrics_milliseconds(history: Decisions) -> None:
    # 1712059200 seconds are 2024-04-02 12:00.
    assert history.of(at("1712059200000"), "recorded") == [("2024-04-02 12:00:00",)]


@pytest.mark.parametrize(("stamp", "recorded"), [("1712059200", [("2024-04-02 12:00:00",)]), ("171205920", [])])
def test_usercentrics_digits_are_not_guessed(read: Read, stamp: str, recorded: list[tuple[str]]) -> None:
    text = (
        "Controller ID,Timestamp,Consent Action,Data Processing Service ID,Consent Given\n"
        f"v,{stamp},onDenyAllServices,x,false\n"
    )
    decisions = read("usercentrics_history", {"log/a.csv": text.encode()})
    assert decisions.of("v", "recorded") == recorded
    assert decisions.quarantined() == ([] if recorded else [(1, "not_an_instant")])


def test_usercentrics_missing_visitor_is_quarantined(read: Read) -> None:
    text = (
        b"Controller ID,Timestamp,Consent Action,Data Processing Service ID,Consent Given\n"
        b",2024-01-01T00:00:00Z,onDenyAllServices,x,false\n"
    )
    assert read("usercentrics_history", {"log/a.csv": text}).quarantined() == [(1, "missing")]
