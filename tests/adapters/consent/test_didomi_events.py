"""Didomi's batch export: partitions of compressed lines, each event a partial update."""

from __future__ import annotations

import gzip

import pytest
from consent_world import Decisions, Read, fixture

from audit_lib.catalogue.adapters import load_adapters


@pytest.fixture
def export(read: Read) -> Decisions:
    files = {
        f"data/export-id=a1b2/date={day}/events/part-{n:05d}.json.gz": gzip.compress(content, mtime=0)
        for n, (day, content) in enumerate(
            (day, fixture(f"didomi_{day}.jsonl")) for day in ("2024-06-07", "2024-06-09")
        )
    }
    return read("didomi_events", files, glob="data/export-id=*/date=*/events/*.json.gz")


def test_didomi_every_record_is_accounted_for(export: Decisions) -> None:
    # 7 + 4 records, three of which name two purposes: the repeated one counts on both days.
    assert export.counts() == (11, 14, 9, 1, 2)
    assert export.left_out() == {"no_purpose": 1, "not_set": 1}
    assert export.quarantined() == [(3, "missing")]


def test_didomi_partitions_and_repeats(export: Decisions) -> None:
    assert export.ask("select count(*) from input_file") == [(2,)]
    # evt-01 was exported on both days: two purposes, once each; the repeat is a duplicate.
    assert export.of("evt-01", "purpose", "status") == [("advertising_personalization", "given"), ("cookies", "given")]
    assert export.ask("select sum(duplicate)::int from input_file") == [(2,)]


def test_didomi_only_mentioned_purposes_change(export: Decisions) -> None:
    assert export.of("evt-02", "purpose", "status") == [("advertising_personalization", "refused")]
    # `enabled` null is neither yes nor no.
    assert export.of("evt-05", "purpose", "status") == [("newsletter-Xy12", "given")]


def test_didomi_guest_is_a_device(export: Decisions) -> None:
    assert export.of("evt-03", "account_id", "device_id") == [(None, "didomi-guest")]
    assert export.of("evt-02", "account_id", "device_id") == [("acc1", None)]
    told = " ".join(gap.what for gap in load_adapters()["didomi_events"].gaps)
    assert "Guests" in told and "known users" in told


def test_didomi_pending_event_is_no_grant(export: Decisions) -> None:
    columns = ("status", "recorded", "acted")
    assert export.of("evt-04", *columns) == [
        ("given", "2024-06-08 12:30:00", None),
        ("requested", "2024-06-04 08:00:00", None),
    ]


def test_didomi_refusal_counts_from_the_act(export: Decisions) -> None:
    assert export.of("evt-07", "status", "recorded", "acted") == [
        ("refused", "2024-06-09 10:00:00", "2024-06-07 08:00:00")
    ]


def test_didomi_label_gdpr_is_not_read(read: Read, export: Decisions) -> None:
    relabelled = fixture("didomi_2024-06-07.jsonl").replace(b'"regulation": "gdpr"', b'"regulation": "cpra"')
    assert relabelled != fixture("didomi_2024-06-07.jsonl")
    every = "select * from decision where event_id not in ('evt-04:newsletter-Xy12', 'evt-08:newsletter-Xy12') order by event_id"
    other = read("didomi_events", {"other/a.jsonl": relabelled}, glob="other/*.jsonl")
    assert other.ask(every) == export.ask(every)


def test_didomi_proofs_are_evidence(export: Decisions) -> None:
    assert export.of("evt-08", "evidence_ref") == [("evt-08",)]
    assert export.of("evt-02", "evidence_ref") == [(None,)]


def test_didomi_odd_answer_is_quarantined(read: Read) -> None:
    line = b'{"id": "e", "created_at": "2024-06-01T00:00:00Z", "user": {"id": "d"}, "consents": {"purposes": [{"id": "p", "enabled": "maybe"}]}}\n'
    assert read("didomi_events", {"log/a.jsonl": line}).quarantined() == [(1, "not_in_list")]
