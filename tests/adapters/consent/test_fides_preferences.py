"""Fides: preference history, served notices, legacy consent."""

from __future__ import annotations

import pytest
from consent_world import Decisions, Read

from audit_lib.errors import InputRefused


@pytest.fixture
def history(read: Read) -> Decisions:
    return read("fides_preferences", "fides_history.csv")


def test_fides_every_record_is_accounted_for(history: Decisions) -> None:
    # 11 records, of which the TCF one names two purposes.
    assert history.counts() == (11, 12, 6, 0, 6)
    assert history.left_out() == {"dismissed": 2, "not_by_the_person": 2, "acknowledged": 1, "tcf_without_purposes": 1}


def test_fides_choices(history: Decisions) -> None:
    columns = ("purpose", "status", "method", "recorded", "acted", "policy_version", "language", "evidence_ref")
    assert history.of("pri_01", *columns) == [
        ("advertising", "given", "banner", "2024-04-01 10:00:02", "2024-04-01 10:00:00", "not_1", "en", "ser_1")
    ]
    assert history.of("pri_02", "status") == [("refused",)]
    # Fides knows opt_out only: no withdrawal is made up.
    assert history.of("pri_11", "status", "method") == [("refused", "settings")]


def test_fides_dismissal_is_silence(history: Decisions) -> None:
    assert history.of("pri_03", "status") == history.of("pri_04", "status") == []
    assert history.left_out()["dismissed"] == 2


def test_fides_script_is_no_act(history: Decisions) -> None:
    assert history.of("pri_05", "status") == history.of("pri_06", "status") == []
    assert history.left_out()["not_by_the_person"] == 2


def test_fides_acknowledgement_is_no_consent(history: Decisions) -> None:
    assert history.of("pri_07", "status") == []
    assert history.left_out()["acknowledged"] == 1


def test_fides_gpc_is_a_signal(history: Decisions) -> None:
    assert history.of("pri_08", "status", "method") == [("refused", "signal")]


def test_fides_tcf_preferences_by_purpose(history: Decisions) -> None:
    assert history.of("pri_09", "purpose", "status") == [("tcf_1", "given"), ("tcf_4", "refused")]
    assert history.left_out()["tcf_without_purposes"] == 1


def test_fides_encrypted_identities_are_not_subjects(history: Decisions) -> None:
    # The encrypted columns differ on both rows; the hashes do not.
    assert history.of("pri_01", "account_id") == history.of("pri_11", "account_id") == [("h_ext1",)]
    assert history.of("pri_02", "account_id", "device_id") == [(None, "h_dev2")]


def test_fides_served_notices_are_prompts(read: Read) -> None:
    served = read("fides_preferences", "fides_served.csv")
    columns = ("purpose", "status", "method", "device_id")
    assert served.of("srv_01", *columns) == [("advertising", "requested", "banner", "h_dev1")]
    assert served.of("srv_03", *columns) == [
        ("tcf_1", "requested", "banner", "h_dev9"),
        ("tcf_4", "requested", "banner", "h_dev9"),
    ]


def test_fides_legacy_consent(read: Read) -> None:
    legacy = read("fides_preferences", "fides_legacy.csv", 'maps.purpose = { improve = "research" }')
    columns = ("purpose", "status", "recorded", "account_id", "device_id", "method")
    assert legacy.of("con_01", *columns) == [("advertising", "given", "2023-01-01 10:00:00", "acc1", None, None)]
    # Overwritten in June; the signal of the browser stood, but nothing says that it decided.
    assert legacy.of("con_02", *columns) == [("research", "refused", "2023-06-02 10:00:00", None, "dev-2", None)]
    assert legacy.of("con_03", "recorded", "account_id") == [("2023-07-03 10:00:00", "acc3")]


def test_fides_v3_dump_is_refused(read: Read) -> None:
    with pytest.raises(
        InputRefused, match=r"fides_v3.csv: adapter fides_preferences does not find preference or opt_in"
    ):
        read("fides_preferences", "fides_v3.csv")


def test_fides_api_pages(read: Read) -> None:
    report = read(
        "fides_preferences_json", "fides_report.json", 'maps.purpose = { "Targeted advertising" = "advertising" }'
    )
    columns = ("purpose", "status", "method", "account_id", "device_id", "recorded", "acted")
    assert report.of("pri_21", *columns) == [
        ("advertising", "refused", "settings", "acc21", None, "2024-08-01 10:00:01", "2024-08-01 10:00:00")
    ]
    assert report.of("pri_22", *columns[:5]) == [("tcf_1", "given", "banner", None, "dev-22")]
    assert report.of("con_23", *columns) == [
        ("advertising", "given", None, "lea@example.org", None, "2023-02-05 09:00:00", None)
    ]
    assert report.left_out() == {"dismissed": 1}
    assert report.counts() == (4, 4, 3, 0, 1)


def test_fides_unknown_preference_is_quarantined(read: Read) -> None:
    text = b"id,preference,created_at,notice_key\npri_1,maybe,2024-01-01T00:00:00Z,advertising\npri_2,opt_in,2024-01-01T00:00:00Z,\n"
    assert read("fides_preferences", {"log/a.csv": text}).quarantined() == [(1, "not_in_list"), (2, "missing")]
