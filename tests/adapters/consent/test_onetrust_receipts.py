"""OneTrust consent receipts: one row per purpose, and what must never pass for a consent."""

from __future__ import annotations

import json

import pytest
from consent_world import Decisions, Read, fixture

NEWS = "6f0c1a52-0001-4c11-9a01-000000000001"
STATUS_OF_TYPE = {
    1: ("PENDING", "requested"),
    2: ("CONFIRMED", "given"),
    3: ("WITHDRAWN", "withdrawn"),
    4: ("EXPIRED", "expired"),
    5: ("NOTGIVEN", "refused"),
    6: ("OPT_OUT", "refused"),
    7: ("NO_CHOICE", "requested"),
    8: ("HARD_OPT_OUT", "refused"),
    9: ("EXTEND", "renewed"),
    13: ("OPT_IN", "given"),
    14: ("IMPLICIT", "given"),
}


@pytest.fixture
def receipts(read: Read) -> Decisions:
    return read("onetrust_receipts", "onetrust_receipts.json")


def test_onetrust_every_record_is_accounted_for(receipts: Decisions) -> None:
    # 22 receipts; one names three purposes, one of the tests two: 22 + 2 + 1 rows.
    assert receipts.counts() == (22, 25, 18, 2, 5)
    assert receipts.left_out() == {"test_receipt": 2, "preferences_only": 1, "no_opt_out": 1, "no_purpose": 1}


def test_onetrust_every_transaction_type(receipts: Decisions) -> None:
    raw = json.loads(fixture("onetrust_receipts.json"))["content"]
    for number, (kind, status) in STATUS_OF_TYPE.items():
        assert raw[number - 1]["purposes"][0]["transactionType"] == kind
        assert receipts.of(f"rcpt-{number:02d}", "status") == [(status,)], kind
    assert receipts.of("rcpt-10", "status") == receipts.of("rcpt-12", "status") == []
    # CANCEL is undocumented: shown as a word outside the list, never guessed.
    assert (11, "not_in_list") in receipts.quarantined()


def test_onetrust_implicit_consent_has_method_use(receipts: Decisions) -> None:
    assert receipts.of("rcpt-14", "method") == [("use",)]
    assert receipts.of("rcpt-13", "method") == [(None,)]


def test_onetrust_cancel_can_be_declared(read: Read) -> None:
    declared = 'maps.transaction = { CANCEL = "withdrawn" }'
    assert read("onetrust_receipts", "onetrust_receipts.json", declared).of("rcpt-11", "status") == [("withdrawn",)]


def test_onetrust_one_row_per_purpose(receipts: Decisions) -> None:
    assert receipts.of("rcpt-15", "purpose", "status", "account_id", "evidence_ref") == [
        ("Newsletter", "given", "ines.moreau@example.org", "rcpt-15"),
        ("Targeted advertising", "refused", "ines.moreau@example.org", "rcpt-15"),
        ("Push notifications", "given", "ines.moreau@example.org", "rcpt-15"),
    ]


def test_onetrust_purposes_are_mapped_by_id_or_name(read: Read) -> None:
    declared = f'maps.purpose = {{ "{NEWS}" = "marketing", "Targeted advertising" = "advertising" }}'
    decisions = read("onetrust_receipts", "onetrust_receipts.json", declared)
    assert [p for (p,) in decisions.of("rcpt-15", "purpose")] == ["marketing", "advertising", "Push notifications"]


def test_onetrust_import_is_method_import(receipts: Decisions) -> None:
    assert receipts.of("rcpt-16", "status", "method") == [("given", "import")]
    # A historic import: recorded now, acted on years ago.
    assert receipts.of("rcpt-17", "method", "recorded", "acted") == [
        ("import", "2024-03-17 09:30:05", "2019-05-14 01:34:33")
    ]


def test_onetrust_test_receipts_are_left_out(receipts: Decisions) -> None:
    assert receipts.of("rcpt-18", "status") == []
    assert receipts.left_out()["test_receipt"] == 2


def test_onetrust_anonymous_subject_is_a_device(receipts: Decisions) -> None:
    assert receipts.of("rcpt-19", "account_id", "device_id") == [(None, "4f7a0c3e-cookie")]


def test_onetrust_unsubscribe_all_without_purposes_is_quarantined(receipts: Decisions) -> None:
    assert receipts.of("rcpt-20", "status") == []
    assert (20, "missing") in receipts.quarantined()


def test_onetrust_one_click_withdrawal_keeps_its_method(receipts: Decisions) -> None:
    assert receipts.of("rcpt-21", "status", "method") == [("withdrawn", "unsubscribe_link")]


def test_onetrust_collection_point_says_the_method(read: Read) -> None:
    decisions = read("onetrust_receipts", "onetrust_receipts.json", 'maps.collection_point = { WEB_FORM = "sign_up" }')
    assert decisions.of("rcpt-02", "method") == [("sign_up",)]
    assert decisions.of("rcpt-16", "method") == [("import",)]


def test_onetrust_expiry_date_makes_no_row(receipts: Decisions) -> None:
    # Every purpose carries an expiryDate; only the EXPIRED transaction is a fact.
    assert receipts.ask("select event_id from decision where status = 'expired'") == [(f"rcpt-04:{NEWS}",)]


def test_onetrust_depth_is_not_assumed(read: Read) -> None:
    first = "select covers_from_day from coverage where table_name = 'consent_events'"
    assert read("onetrust_receipts", "onetrust_receipts.json").ask(first) == [(None,)]
    # 2024-03-01 is day 19783.
    declared = read("onetrust_receipts", "onetrust_receipts.json", "covers_from = 2024-03-01")
    assert declared.ask(first) == [(19783,)]


def test_onetrust_receipt_without_a_list_is_quarantined(read: Read) -> None:
    odd = b'{"id": "rcpt-1", "dataSubjectIdentifier": "a", "consentCreationDate": "2024-03-01T00:00:00Z", "purposes": {"id": "p"}}\n'
    decisions = read("onetrust_receipts", {"log/receipts.jsonl": odd})
    assert decisions.quarantined() == [(1, "not_json")]
