"""Segment: only one event is a decision; the others repeat its outcome."""

from __future__ import annotations

import pytest
from consent_world import Decisions, Read


@pytest.fixture
def events(read: Read) -> Decisions:
    return read("segment_events", "segment_events.jsonl")


def test_segment_every_record_is_accounted_for(events: Decisions) -> None:
    # 11 events; the decisions name 4 and 2 categories where others name one: 11 + 3 + 1 rows.
    assert events.counts() == (11, 15, 6, 2, 7)
    assert events.left_out() == {
        "state_at_event": 3,
        "other_event": 1,
        "no_consent_object": 1,
        "empty_preferences": 1,
        "category_without_answer": 1,
    }


def test_segment_one_row_per_category(events: Decisions) -> None:
    assert events.of("ajs-next-0001", "purpose", "status", "device_id") == [
        ("advertising", "given", "anon-1"),
        ("Analytics", "refused", "anon-1"),
        ("DataSharing", "refused", "anon-1"),
        ("Functional", "given", "anon-1"),
    ]
    assert events.of("ajs-next-0008", "account_id", "device_id", "recorded", "acted") == [
        ("acc7", None, "2024-02-08 10:00:02", "2024-02-08 10:00:00")
    ]


def test_segment_only_preference_updates_are_decisions(events: Decisions) -> None:
    # Two orders and pages with the state, and one event whose name is written otherwise.
    assert [events.of(f"ajs-next-{n:04d}", "status") for n in (2, 3, 4, 11)] == [[], [], [], []]


def test_segment_missing_is_not_false(events: Decisions) -> None:
    assert events.of("ajs-next-0005", "status") == []
    # A category without an answer says nothing, the other one still counts.
    assert events.of("ajs-next-0007", "purpose", "status") == [("Analytics", "given")]


def test_segment_empty_list_is_no_refusal(events: Decisions) -> None:
    assert events.of("ajs-next-0006", "status") == []
    assert events.left_out()["empty_preferences"] == 1


def test_segment_odd_answers_are_quarantined(events: Decisions) -> None:
    assert events.quarantined() == [(9, "not_in_list"), (10, "not_json")]
