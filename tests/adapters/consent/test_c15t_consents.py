"""c15t: records that list what was granted, and by that what was refused."""

from __future__ import annotations

import pytest
from consent_world import Decisions, Read

DECLARED = """
maps.purpose = { pur_mkt = "marketing", pur_nec = "service_delivery" }
maps.subject = { sub_a = "acc1" }
maps.policy_type = { pol_terms = "terms_and_conditions", pol_cookie = "cookie_banner" }
"""


@pytest.fixture
def current(read: Read) -> Decisions:
    return read("c15t_consents", "c15t_consent_2.csv", DECLARED)


@pytest.fixture
def first(read: Read) -> Decisions:
    return read("c15t_consents", "c15t_consent_1.csv", DECLARED)


def test_c15t_every_record_is_accounted_for(current: Decisions) -> None:
    # 8 records: 3 + 3 + 3 + 3 purposes, a document, two rows in quarantine, one purpose.
    assert current.counts() == (8, 16, 13, 2, 1)


def test_c15t_unlisted_purposes_are_refused(current: Decisions) -> None:
    columns = ("purpose", "status", "method", "account_id", "recorded")
    assert current.of("cns_02", *columns) == [
        ("pur_exp", "given", "settings", "acc1", "2024-06-01 09:00:00"),
        ("marketing", "refused", "settings", "acc1", "2024-06-01 09:00:00"),
        ("service_delivery", "given", "settings", "acc1", "2024-06-01 09:00:00"),
    ]
    assert current.of("cns_04", "purpose", "status", "device_id") == [
        ("pur_exp", "refused", "sub_c"),
        ("marketing", "refused", "sub_c"),
        ("service_delivery", "given", "sub_c"),
    ]


def test_c15t_accept_all_refuses_nothing(current: Decisions) -> None:
    assert current.of("cns_07", "purpose", "status") == [("service_delivery", "given")]


def test_c15t_empty_list(current: Decisions) -> None:
    assert [status for (status,) in current.of("cns_03", "status")] == ["refused"] * 3
    assert current.left_out() == {"document": 1}
    # No action, no part of the page, a policy of unknown type: nobody can say what it means.
    assert current.quarantined() == [(6, "missing"), (8, "not_json")]


def test_c15t_refusal_of_unknown_purposes_is_left_out(read: Read) -> None:
    text = b"id,subjectId,purposeIds,givenAt,consentAction\ncns_1,sub_a,[],2024-06-02 09:00:00+00,reject_all\n"
    assert read("c15t_consents", {"log/a.csv": text}).left_out() == {"nothing_to_refuse": 1}


def test_c15t_overwritten_rows_are_quarantined(first: Decisions) -> None:
    assert first.of("cns_12", "status") == first.of("cns_13", "status") == []
    assert set(first.quarantined()) == {(2, "missing"), (3, "missing")}


def test_c15t_both_schemas(first: Decisions, current: Decisions) -> None:
    assert first.of("cns_11", "purpose", "status", "method") == [
        ("marketing", "given", None),
        ("service_delivery", "given", None),
    ]
    assert first.of("cns_14", "purpose", "status") == [("marketing", "refused"), ("service_delivery", "given")]
    assert current.of("cns_01", "method", "language", "policy_version")[0] == ("banner", "fr", "pol_cookie")


@pytest.mark.parametrize("given", ["1717318800", "1717318800000", "2024-06-02 09:00:00+00"])
def test_c15t_instants_of_every_database(read: Read, given: str) -> None:
    text = f'id,subjectId,purposeIds,givenAt,consentAction\ncns_1,sub_a,"[""p""]",{given},accept_all\n'
    assert read("c15t_consents", {"log/a.csv": text.encode()}).of("cns_1", "recorded") == [("2024-06-02 09:00:00",)]


@pytest.mark.parametrize("wrapped", ['{"json": ["pur_mkt"]}', '"[\\"pur_mkt\\"]"'])
def test_c15t_wrapped_lists(read: Read, wrapped: str) -> None:
    cell = wrapped.replace('"', '""')
    text = f'id,subjectId,purposeIds,givenAt,consentAction\ncns_1,sub_a,"{cell}",2024-06-02 09:00:00+00,accept_all\n'
    assert read("c15t_consents", {"log/a.csv": text.encode()}).of("cns_1", "purpose", "status") == [
        ("pur_mkt", "given")
    ]
