"""Every rule of the facts on deadlines that a machine can check is checked: by a row that measures join, or by a measure."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from audit_lib.catalogue import load_catalogue

FACTS = Path(__file__).parent / "data" / "deadlines.csv"
CATALOGUE = load_catalogue()
BY_MEASURE = {
    "EU-ART12-EXT-NOTICE": "extension_notified",
    "EU-ART12-EXT-RESPOND": "request_on_time",
    "EU-ART12-REFUSE": "request_on_time",
    "EU-ART21-DM-STOP": "objection_respected",
    "EU-ART7-WITHDRAW": "consent_coverage",
    "EU-ART33-BREACH": "breach_notified",
    "US-CA-REOPTIN": "opt_in_asked_again",
    "US-CANSPAM": "marketing_to_opted_out",
    "CA-CASL": "marketing_to_opted_out",
}
"""Rules that are no row of a table of deadlines → the measure that checks them."""
ELSEWHERE = {
    "EU-REG1182-WEEKS": "the facts call it a generic rule and no privacy deadline",
    "US-CA-RECORDS": "a log cannot show what it has lost: keys that have vanished since an earlier report are named",
}


def rules() -> list[dict[str, str]]:
    with FACTS.open(encoding="utf-8", newline="") as file:
        return [row for row in csv.DictReader(file) if row["machine_checkable"] == "yes"]


def joined() -> set[str]:
    tables = ("deadline", "acknowledgement")
    return {str(rule) for table in tables for rule in CATALOGUE.reference[table].rows["rule_id"]}


@pytest.mark.parametrize("rule", [row["rule_id"] for row in rules()])
def test_rule_is_checked(rule: str) -> None:
    measured = BY_MEASURE.get(rule)
    assert (rule in joined()) + (measured in CATALOGUE.measures) + (rule in ELSEWHERE) == 1
    if measured:
        assert measured in {criterion.measure for criterion in CATALOGUE.criteria}, "no criterion uses the measure"


def test_nothing_is_listed_that_is_no_rule() -> None:
    assert len(rules()) == 31
    assert set(BY_MEASURE) | set(ELSEWHERE) < {row["rule_id"] for row in rules()}
