"""The delivered criteria documents: every clause is there, in our own words, and points at something that exists."""

import csv
import hashlib
import re
import tomllib
from collections import Counter
from datetime import date
from pathlib import Path

import pytest

from audit_lib.catalogue.contracts import load_contracts
from audit_lib.catalogue.reference import load_reference
from audit_lib.vocabulary import day_number

CRITERIA = Path(__file__).parent.parent / "audit_lib" / "criteria"
POLICY = "viki_privacy_policy_2018-05-10"
DOCUMENTS = {file.stem: tomllib.loads(file.read_text("utf-8")) for file in sorted(CRITERIA.glob("*.toml"))}
CLAUSES = {clause["id"]: clause for clause in DOCUMENTS[POLICY]["clause"]}
ALL = [(name, criterion) for name, document in DOCUMENTS.items() for criterion in document["criterion"]]
REFERENCE = load_reference()
CONTRACTS = load_contracts()

with (Path(__file__).parent / "data" / "clause_runs.csv").open(encoding="utf-8") as _file:
    FOREIGN_RUNS: dict[str, list[str]] = {}
    for _row in csv.DictReader(_file):
        FOREIGN_RUNS.setdefault(_row["run_sha256"], []).append(_row["clause"])

EEA = {
    "AT", "BE", "BG", "CY", "CZ", "DE", "DK", "EE", "ES", "FI", "FR", "GR", "HR", "HU", "IE",
    "IS", "IT", "LI", "LT", "LU", "LV", "MT", "NL", "NO", "PL", "PT", "RO", "SE", "SI", "SK",
}  # fmt: skip
TERRITORIES = {"AX", "GF", "GP", "MF", "MQ", "RE", "YT"}
CATEGORIES = set(CONTRACTS["stored_records"].columns["data_category"].known)
RIGHTS = set(CONTRACTS["rights_requests"].columns["right_requested"].known)
PURPOSES = {row["purpose"]: row for row in DOCUMENTS[POLICY]["parameters"]["purpose"]}
COUNTRIES = EEA | TERRITORIES | {"GB", "US", "CA"}
METHODS = set(CONTRACTS["consent_events"].columns["method"].known)
OF_REQUESTS = {
    "right_requested": RIGHTS,
    "regime": set(REFERENCE["regime"].rows["regime"]),
    "country": COUNTRIES,
    "channel": set(CONTRACTS["rights_requests"].columns["channel"].known),
}
GROUPS = {
    "deletion_after_closure": {"data_category": CATEGORIES, "country": COUNTRIES},
    "retention_overrun": {"data_category": CATEGORIES, "country": COUNTRIES},
    "orphaned_records": {"data_category": CATEGORIES},
    "erasure_executed": {"country": COUNTRIES},
    "legal_hold_documented": {"data_category": CATEGORIES},
    "dormant_accounts": {"country": COUNTRIES},
    "request_on_time": OF_REQUESTS,
    "request_backlog": OF_REQUESTS,
    "extension_notified": OF_REQUESTS,
    "request_acknowledged": OF_REQUESTS,
    "identity_asked_promptly": OF_REQUESTS,
    "refusal_reasoned": OF_REQUESTS,
    "request_log_complete": OF_REQUESTS,
    "opt_in_asked_again": {"country": COUNTRIES},
    "restriction_respected": {"purpose": set(PURPOSES)},
    "objection_respected": {"purpose": set(PURPOSES)},
    "breach_notified": {"risk": {"risk", "high_risk"}},
    "persons_told": {"risk": {"high_risk"}},
    "consent_coverage": {"purpose": set(PURPOSES), "country": COUNTRIES},
    "marketing_to_opted_out": {"purpose": set(PURPOSES), "country": COUNTRIES},
    "processing_after_withdrawal": {"purpose": set(PURPOSES), "country": COUNTRIES},
    "opt_out_honoured": {"country": COUNTRIES, "method": METHODS},
    "consent_demonstrable": {"purpose": set(PURPOSES), "method": METHODS},
    "consent_fresh": {"purpose": set(PURPOSES), "country": COUNTRIES},
    "declared_purpose": {"purpose": set(PURPOSES)},
    "under_13_report_decided": {"country": COUNTRIES},
    "under_13_data_deleted": {"country": COUNTRIES},
    "collection_after_report": {"country": COUNTRIES},
    "age_gate_bypassed": {},
    "young_consent_authorised": {"purpose": set(PURPOSES), "country": COUNTRIES},
    "under_13_accounts": {"holding": {"open", "record_still_stored"}, "country": COUNTRIES},
    "under_13_signals": {"cleared": {"yes", "no"}, "country": COUNTRIES},
    "transfer_destination_declared": {"recipient_type": set(CONTRACTS["recipients"].columns["recipient_type"].known)},
    "transfer_tool_valid": {"recipient_type": set(CONTRACTS["recipients"].columns["recipient_type"].known)},
}
"""Measures a criterion may be held against today, with the words their groups can take."""
NOT_PROMISED = {"request_acknowledged", "opt_in_asked_again"}
"""Measures of duties that only the law knows."""


def test_the_policy_has_all_its_clauses_in_order():
    assert len(CLAUSES) == len(DOCUMENTS[POLICY]["clause"]) == 82
    assert Counter(clause["evidence"] for clause in CLAUSES.values()) == {
        "logs": 56,
        "logs and attestation": 20,
        "attestation": 6,
    }
    numbers = [int(clause["section"].split()[0]) for clause in CLAUSES.values() if clause["section"][0].isdigit()]
    assert numbers == sorted(numbers)
    assert set(numbers) == set(range(1, 12))


def test_the_law_laid_over_the_policy_is_marked_as_such():
    overlay = {name for name, clause in CLAUSES.items() if clause["section"] == "Legal overlay (not in the policy)"}
    assert overlay == {"V1", "V2", "V3"}
    assert all(CLAUSES[name]["text"].startswith("Not in the policy: ") for name in overlay)
    criteria = [c for c in DOCUMENTS[POLICY]["criterion"] if overlay & set(c["clauses"])]
    assert {criterion["kind"] for criterion in criteria} == {"law"}


@pytest.mark.parametrize("clause", CLAUSES.values(), ids=CLAUSES)
def test_every_clause_is_served_by_a_criterion_and_says_what_logs_cannot_prove(clause):
    served = [c for c in DOCUMENTS[POLICY]["criterion"] if clause["id"] in c["clauses"]]
    assert served
    assert bool(clause.get("remains")) == (clause["evidence"] != "logs")
    assert clause["text"].endswith(".")
    assert clause["source"]


def test_criteria_name_clauses_that_exist():
    named = {clause for criterion in DOCUMENTS[POLICY]["criterion"] for clause in criterion["clauses"]}
    assert named == set(CLAUSES)
    assert not [name for name, criterion in ALL if name != POLICY and "clauses" in criterion]


def test_clauses_without_log_evidence_have_no_measure():
    for criterion in DOCUMENTS[POLICY]["criterion"]:
        if {CLAUSES[clause]["evidence"] for clause in criterion["clauses"]} == {"attestation"}:
            assert "measure" not in criterion, criterion["id"]


def test_ids_are_unique_over_all_documents():
    assert [id for id, times in Counter(criterion["id"] for _, criterion in ALL).items() if times > 1] == []


@pytest.mark.parametrize(("document", "criterion"), ALL, ids=[criterion["id"] for _, criterion in ALL])
def test_a_criterion_has_a_measure_or_says_what_a_person_attests(document, criterion):
    assert criterion["sentence"].endswith(".")
    assert criterion["source"]
    assert isinstance(criterion["verified"], bool)
    if "measure" not in criterion:
        assert "a person attests: " in criterion["attestation"].lower()
        assert "where" not in criterion
        return
    assert criterion["tolerable_rate"] == "0"
    groups = GROUPS[criterion["measure"]]
    for group, words in criterion.get("where", {}).items():
        assert set([words] if isinstance(words, str) else words) <= groups[group], f"{document}: {group}"


def test_every_measure_that_can_be_judged_is_held_against_the_policy_and_a_law():
    for kind in ("commitment", "law"):
        used = {c["measure"] for name, c in ALL if DOCUMENTS[name]["kind"] == kind and "measure" in c}
        assert used == set(GROUPS) - (NOT_PROMISED if kind == "commitment" else set())


@pytest.mark.parametrize("document", [name for name in DOCUMENTS if name != POLICY])
def test_law_rows_carry_their_law_and_the_day_it_began(document):
    assert DOCUMENTS[document]["kind"] == "law"
    for criterion in DOCUMENTS[document]["criterion"]:
        assert criterion["law"], criterion["id"]
        assert criterion["source"].startswith("http"), criterion["id"]
        assert date(2000, 1, 1) <= criterion["first_day"] <= date(2026, 12, 31), criterion["id"]
        assert criterion["id"].split("-")[0] in {"gdpr", "uk", "eprivacy", "ccpa", "coppa", "canspam", "casl"}


def test_the_policy_is_read_along_with_every_law_document():
    assert set(DOCUMENTS[POLICY]["with"]) == set(DOCUMENTS) - {POLICY}
    assert {name: document["id"] for name, document in DOCUMENTS.items()} == {name: name for name in DOCUMENTS}


def test_strict_readings_are_internal_and_named_so():
    changed = [criterion for _, criterion in ALL if criterion.get("parameters")]
    assert {c["id"] for c in changed} == {"gdpr-12-3-strict", "uk-12-3-strict", "ccpa-45-strict"}
    assert all(c["kind"] == "internal" and c["sentence"].startswith("Counted strictly") for c in changed)


def test_every_right_of_the_gdpr_has_a_criterion_of_its_own():
    rights = {
        c["where"]["right_requested"]
        for c in DOCUMENTS["gdpr"]["criterion"]
        if c["id"].startswith("gdpr-12-3-") and c.get("kind") != "internal" and c["measure"] == "request_on_time"
    }
    assert rights == set(REFERENCE["right_word"].rows.query("regime == 'GDPR'")["right_requested"])


def test_criteria_on_requests_find_deadlines_on_their_first_day():
    """A criterion must not name a right and regime for which no due day could ever be computed."""
    deadline = REFERENCE["deadline"].rows
    for _, criterion in ALL:
        where = criterion.get("where", {})
        if criterion.get("measure") != "request_on_time" or "right_requested" not in where:
            continue
        rights, regimes = (
            [v] if isinstance(v, str) else v for v in (where["right_requested"], where.get("regime", []))
        )
        for right in rights:
            for regime in regimes:
                found = deadline.query("regime == @regime and right_requested == @right")
                assert len(found) > 0, (criterion["id"], right, regime)


def test_purposes_that_rest_on_consent_and_marketing():
    assert {name for name, row in PURPOSES.items() if row["is_consent_based"]} == {
        "advertising", "cookies", "marketing", "promotions",
    }  # fmt: skip
    assert {name for name, row in PURPOSES.items() if row["is_marketing"]} == {"marketing", "promotions"}
    assert len(PURPOSES) == 10


def test_purposes_that_a_restriction_leaves_and_that_advertise():
    assert {name for name, row in PURPOSES.items() if row.get("allowed_when_restricted")} == {"service_messages", "security", "legal_duty"}
    assert {name for name, row in PURPOSES.items() if row.get("is_advertising")} == {"advertising"}


def test_data_that_need_an_account_are_known_categories():
    rows = DOCUMENTS[POLICY]["parameters"]["account_category"]
    named = {category for row in rows for category in row["data_category"]}
    assert named < CATEGORIES and "cookies" not in named


def test_destinations_are_those_the_policy_names():
    assert [row["country"] for row in DOCUMENTS[POLICY]["parameters"]["destination"]] == ["US", "JP", "SG", "KR"]


def test_assumed_duties_are_in_the_reference_tables():
    document = DOCUMENTS[POLICY]
    assert document["assumed"] == ["duty", "regime_calendar", "account_category"]
    duty, category = REFERENCE["retention_duty"].rows, REFERENCE["retention_duty_category"].rows
    bound = {row["duty_id"]: row for row in document["parameters"]["duty"]}
    assert set(bound) == {"RET-EU-OSS", "RET-KR-EC-PAYMENT"}
    for name, row in bound.items():
        assert set(row["country"]) <= set(duty[duty["duty_id"] == name]["country"])
        assert set(row["data_category"]) <= set(category[category["duty_id"] == name]["data_category"])
    assert set(bound["RET-EU-OSS"]["country"]) == EEA | TERRITORIES | {"GB"}


def test_every_regime_that_counts_working_days_has_a_holiday_calendar_that_exists():
    calendars = {row["regime"]: row["calendar"] for row in DOCUMENTS[POLICY]["parameters"]["regime_calendar"]}
    deadline = REFERENCE["deadline"].rows
    needs_one = set(deadline[deadline["rolls_over"] | (deadline["unit"] == "working_day")]["regime"])
    assert needs_one <= set(calendars)
    assert set(calendars) <= set(REFERENCE["regime"].rows["regime"])
    assert set(calendars.values()) <= set(REFERENCE["working_calendar"].rows["calendar"])
    assert (calendars["GDPR"], calendars["UK"], calendars["CCPA"]) == ("LU", "GB", "US-CA")


def test_marketing_in_the_economic_area_names_every_country_of_it():
    (criterion,) = [c for _, c in ALL if c["id"] == "gdpr-21-3-marketing"]
    area, day = REFERENCE["area"].rows, day_number(date(2024, 1, 1))
    members = area[(area["area"] == "EEA") & (area["first_day"] <= day) & (area["last_day"] >= day)]["country"]
    assert set(criterion["where"]["country"]) == set(members)


def _runs(text: str) -> set[str]:
    """Hashes of every run of six words (of the whole text if it is shorter), capitals and signs left out."""
    words = re.sub(r"[^a-z0-9 ]", "", text.lower()).split()
    runs = (" ".join(words[start : start + 6]) for start in range(max(1, len(words) - 5)))
    return {hashlib.sha256(run.encode()).hexdigest() for run in runs}


def _copied(text: str) -> set[str]:
    """Clauses of the list the documents were written from that share a run of six words with `text`.

    The list's sentences are not ours to repeat, so only the hashes of their runs are kept beside the tests.
    """
    return {clause for run in _runs(text) for clause in FOREIGN_RUNS.get(run, ())}


def test_a_copied_sentence_would_be_found():
    assert {clause for clauses in FOREIGN_RUNS.values() for clause in clauses} == set(CLAUSES)
    assert _copied("Deletion reaches every store.") == {"D4"}


def test_clauses_and_criteria_are_in_our_own_words():
    ours = [clause["text"] for clause in CLAUSES.values()] + [criterion["sentence"] for _, criterion in ALL]
    assert [(sentence, found) for sentence in ours if (found := _copied(sentence))] == []


def test_time_zone_and_controller():
    document = DOCUMENTS[POLICY]
    assert (document["time_zone"], document["controller"]) == ("America/Los_Angeles", "Viki, Inc.")
    assert (document["kind"], document["version"]) == ("commitment", "2018-05-10")
