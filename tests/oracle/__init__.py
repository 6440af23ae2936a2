"""A second reading of the measures: what a person would find who read the definitions and went through the exports by hand.

Plain Python over the exports' own terms, day by day and decision by decision. It shares no text with `items.sql`
and is compared with it on random worlds (`tests/test_differential.py`).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from audit_lib.catalogue.parameters import Parameters
from audit_lib.run.examples import Example

from . import (
    age_cases,
    consent,
    consent_records,
    dormancy,
    erasure,
    holds,
    incidents,
    opt_in,
    request_outcome,
    request_register,
    request_steps,
    requests,
    restrictions,
    retention,
    transfers,
    under_13,
    withdrawals,
)
from .export import Export, Item

READINGS: dict[str, Callable[[Export], list[Item]]] = {
    "consent_demonstrable": consent_records.consent_demonstrable,
    "consent_record_fields": consent_records.consent_record_fields,
    "consent_fresh": consent_records.consent_fresh,
    "declared_purpose": consent_records.declared_purpose,
    "opt_in": consent_records.opt_in,
    "opt_in_asked_again": opt_in.opt_in_asked_again,
    "deletion_after_closure": retention.deletion_after_closure,
    "retention_overrun": retention.retention_overrun,
    "deletion_delay": retention.deletion_delay,
    "dormant_accounts": dormancy.dormant_accounts,
    "erasure_executed": erasure.erasure_executed,
    "restriction_respected": restrictions.restriction_respected,
    "objection_respected": restrictions.objection_respected,
    "request_outcome": request_outcome.request_outcome,
    "request_on_time": requests.request_on_time,
    "request_response_time": requests.request_response_time,
    "extension_notified": request_steps.extension_notified,
    "request_acknowledged": request_steps.request_acknowledged,
    "identity_asked_promptly": request_steps.identity_asked_promptly,
    "request_stage_time": request_steps.request_stage_time,
    "orphaned_records": holds.orphaned_records,
    "legal_hold_documented": holds.legal_hold_documented,
    "request_backlog": request_register.request_backlog,
    "refusal_reasoned": request_register.refusal_reasoned,
    "request_log_complete": request_register.request_log_complete,
    "breach_notified": incidents.breach_notified,
    "persons_told": incidents.persons_told,
    "consent_coverage": consent.consent_coverage,
    "marketing_to_opted_out": consent.marketing_to_opted_out,
    "processing_after_withdrawal": withdrawals.processing_after_withdrawal,
    "withdrawal_delay": withdrawals.withdrawal_delay,
    "opt_out_honoured": withdrawals.opt_out_honoured,
    "opt_out_delay": withdrawals.opt_out_delay,
    "under_13_accounts": under_13.under_13_accounts,
    "under_13_signals": under_13.under_13_signals,
    "under_13_report_decided": age_cases.under_13_report_decided,
    "under_13_decision_time": age_cases.under_13_decision_time,
    "under_13_data_deleted": age_cases.under_13_data_deleted,
    "collection_after_report": age_cases.collection_after_report,
    "age_gate_bypassed": age_cases.age_gate_bypassed,
    "young_consent_authorised": age_cases.young_consent_authorised,
    "under_13_signals_noticed": under_13.under_13_signals_noticed,
    "transfer_destination_declared": transfers.transfer_destination_declared,
    "transfer_tool_valid": transfers.transfer_tool_valid,
    "transfer_volume": transfers.transfer_volume,
}
"""Measure → its plain-Python reading."""


def items(example: Example, base: Parameters) -> list[dict[str, Any]]:
    """The items of the example's measure that the runner would keep, columns named as in `Bench.items`."""
    export = Export(example, base)
    first, last = export.days_kept()
    return [item for item in READINGS[example.measure](export) if first <= item["on_day"] <= last]
