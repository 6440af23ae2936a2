"""What holds for every adapter of a consent tool."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
from consent_world import CONTRACTS

from audit_lib.catalogue.adapters import against_contracts, load_adapters

CONSENT = {name: adapter for name, adapter in load_adapters().items() if adapter.table == "consent_events"}
HERE = Path(__file__).parent


def test_adapters_fit_the_contract() -> None:
    assert len(CONSENT) >= 8
    assert against_contracts(CONSENT, CONTRACTS) == []


@pytest.mark.parametrize("name", sorted(CONSENT))
def test_every_trap_has_its_test(name: str) -> None:
    tests = {
        node.name
        for file in HERE.glob("test_*.py")
        for node in ast.parse(file.read_text("utf-8")).body
        if isinstance(node, ast.FunctionDef)
    }
    named = {trap.test for trap in CONSENT[name].traps}
    assert named and named <= tests


@pytest.mark.parametrize("name", sorted(CONSENT))
def test_purposes_can_be_mapped(name: str) -> None:
    assert "purpose" in CONSENT[name].maps


@pytest.mark.parametrize(
    ("one", "other"), [("fides_preferences", "fides_preferences_json"), ("iab_tcf", "iab_tcf_json")]
)
def test_twins_for_files_and_for_json_do_not_drift_apart(one: str, other: str) -> None:
    assert CONSENT[one].sql == CONSENT[other].sql
    assert CONSENT[one].maps == CONSENT[other].maps and CONSENT[one].reasons == CONSENT[other].reasons
    assert CONSENT[one].gaps == CONSENT[other].gaps and CONSENT[one].traps == CONSENT[other].traps
