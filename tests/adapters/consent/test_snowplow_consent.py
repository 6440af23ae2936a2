"""Snowplow: consent events of both generations."""

from __future__ import annotations

import pytest
from consent_world import Decisions, Read


@pytest.fixture
def events(read: Read) -> Decisions:
    return read("snowplow_consent", "snowplow_consent.jsonl")


def test_snowplow_every_record_is_accounted_for(events: Decisions) -> None:
    # 17 events; five of them name two scopes or documents.
    assert events.counts() == (17, 21, 15, 3, 3)
    assert events.left_out() == {"other_basis": 1, "banner_shown": 1, "not_consent": 1}


def test_snowplow_scopes(events: Decisions) -> None:
    assert events.of("sp-01", "purpose", "status", "policy_version", "account_id") == [
        ("marketing", "given", "2.0", "acc1"),
        ("necessary", "given", "2.0", "acc1"),
    ]
    assert [s for (s,) in events.of("sp-03", "status")] == ["refused", "refused"]
    assert events.of("sp-04", "status", "device_id") == [("requested", "duid-4")]
    assert events.of("sp-06", "status") == [("withdrawn",)]
    assert events.of("sp-07", "status") == [("expired",)]


def test_snowplow_implicit_consent_is_use(events: Decisions) -> None:
    assert events.of("sp-05", "status", "method") == [("given", "use")]
    assert events.of("sp-01", "method") == [(None,), (None,)]


def test_snowplow_unselected_scopes_are_not_refused(events: Decisions) -> None:
    assert events.of("sp-02", "purpose", "status") == [("necessary", "given")]


def test_snowplow_other_basis_is_left_out(events: Decisions) -> None:
    assert events.of("sp-08", "status") == []
    assert events.left_out()["other_basis"] == 1


def test_snowplow_gdpr_applies_does_not_decide(events: Decisions) -> None:
    # null on the third event, false on the fourth.
    assert len(events.of("sp-03", "status")) == 2
    assert len(events.of("sp-04", "status")) == 1


def test_snowplow_older_events_by_document(events: Decisions) -> None:
    assert events.of("sp-11", "purpose", "status", "policy_version") == [
        ("newsletter", "given", "1"),
        ("terms", "given", "3"),
    ]
    assert events.of("sp-12", "purpose", "status") == [("newsletter", "withdrawn")]


def test_snowplow_withdrawn_all_ends_every_document(events: Decisions) -> None:
    assert events.of("sp-13", "purpose", "status") == [("newsletter", "withdrawn"), ("terms", "withdrawn")]
    # Nothing in the file says which documents this person had been granted.
    assert (14, "missing") in events.quarantined()


def test_snowplow_events_without_scope_or_of_unknown_type_are_quarantined(events: Decisions) -> None:
    assert events.quarantined() == [(14, "missing"), (15, "missing"), (16, "not_in_list")]


def test_snowplow_times_are_utc(events: Decisions) -> None:
    # The last event is BigQuery's: other names, times without an offset.
    assert events.of("sp-17", "status", "policy_version", "recorded", "acted") == [
        ("given", "2.0", "2024-05-17 12:00:03", "2024-05-17 12:00:01")
    ]
    assert events.of("sp-01", "recorded")[0] == ("2024-05-01 12:00:03",)


def test_snowplow_unreadable_body_is_quarantined(read: Read) -> None:
    line = (
        b'{"event_id": "e", "collector_tstamp": "2024-05-01T00:00:00Z",'
        b' "unstruct_event_com_snowplowanalytics_snowplow_consent_preferences_1": "allow"}\n'
    )
    assert read("snowplow_consent", {"log/a.jsonl": line}).quarantined() == [(1, "not_json")]
