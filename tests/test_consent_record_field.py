"""The fields of a consent record (ISO/IEC TS 27560:2023): none is lost, and what carries or counts one exists."""

from collections import Counter

from audit_lib.catalogue import load_catalogue
from audit_lib.catalogue.reference import load_reference

CATALOGUE = load_catalogue()
ROWS = load_reference()["consent_record_field"].rows
MEASURE = CATALOGUE.measures["consent_record_fields"]
COLUMNS = CATALOGUE.contracts["consent_events"].columns
CARRIED = ROWS[ROWS["export_column"].notna()]


def test_the_standard_has_its_44_fields_of_which_25_are_mandatory():
    assert Counter(ROWS["section"]) == {"header": 4, "processing": 21, "personal data": 5, "party": 9, "event": 5}
    assert Counter(ROWS["requirement"]) == {"mandatory": 25, "optional": 19}


def test_every_column_that_carries_a_field_is_in_the_contract():
    assert set(CARRIED["export_column"]) <= set(COLUMNS)


def test_every_sum_that_counts_a_field_is_one_of_the_measure():
    assert set(CARRIED["sum_name"]) <= set(MEASURE.sums)


def test_a_field_is_counted_where_a_column_carries_it_and_nowhere_else():
    assert (ROWS["export_column"].notna() == ROWS["sum_name"].notna()).all()


def test_every_sum_but_that_of_the_proof_counts_a_field_of_the_standard():
    assert set(MEASURE.sums) - set(CARRIED["sum_name"]) == {"with_evidence_ref"}


def test_columns_of_one_sum_are_those_every_row_has_or_the_one_it_is_named_after():
    for row in CARRIED.to_dict("records"):
        column = row["export_column"]
        named = {"account_id": "with_subject", "recipient_id": "with_recipient"}.get(column, f"with_{column}")
        assert row["sum_name"] == ("grants" if COLUMNS[column].required else named)


def test_no_field_is_carried_twice_by_one_column():
    assert not CARRIED["export_column"].duplicated().any()


def test_it_stays_visible_that_the_text_of_the_standard_was_not_seen():
    assert ROWS["verified"].all()
    assert ROWS["note"].str.startswith("verified through the DPV guide (standard text itself not seen)").all()
    assert set(ROWS["source"]) == {"https://w3id.org/dpv/guides/consent-27560"}


def test_consent_itself_is_asked_for_by_the_gdpr_too():
    mandatory = ROWS[(ROWS["field"] == "event time")]
    assert mandatory["gdpr_reference"].tolist() == ["Art. 7(1)"]
    (validity,) = ROWS[ROWS["field"] == "validity duration"].to_dict("records")
    assert validity["gdpr_requirement"] == "guidance"
    assert validity["gdpr_reference"] != validity["gdpr_reference"] or validity["gdpr_reference"] is None
