"""Shared steps that are made as views, and items counted by bits."""

from __future__ import annotations

import shutil
from pathlib import Path

import pandas as pd
import pytest

from audit_lib import open_run
from audit_lib.catalogue import load_catalogue
from audit_lib.catalogue.measures import DERIVED, MEASURES, load_derived
from audit_lib.engines.duckdb import DuckDB
from audit_lib.errors import DefinitionError


@pytest.mark.parametrize(
    ("values", "kind", "expected"),
    [
        ([1, 2, 2, 3], "integer", 3),
        ([-5, 7, -5, 0], "integer", 3),
        ([4, None, 4], "integer", 1),
        ([], "integer", 0),
        ([1, 10**12, 1], "integer", 2),  # too far apart for bits
        (["1-a", "1-b", "1-a"], "text", 2),
    ],
)
def test_different_values_are_counted_exactly(values: list[object], kind: str, expected: int) -> None:
    engine = DuckDB()
    engine.put("main.items", {"item_id": kind}, pd.DataFrame({"item_id": pd.Series(values, dtype=object)}))
    assert engine.distinct("items", "item_id") == expected


def test_some_step_is_a_view_and_most_are_tables() -> None:
    made = {name: step.made_as for name, step in load_catalogue().derived.items()}
    assert made["event_needing_consent"] == "view"
    assert made["consent_spans"] == "table"


def test_a_step_is_made_as_a_table_or_a_view(tmp_path: Path) -> None:
    shutil.copytree(DERIVED / "default_birth_date", tmp_path / "default_birth_date")
    definition = tmp_path / "default_birth_date" / "derived.toml"
    definition.write_text('made_as = "wish"\n' + definition.read_text("utf-8"), "utf-8")
    with pytest.raises(DefinitionError, match="derived/default_birth_date: made_as must be table or view"):
        load_derived(load_catalogue().tables.base, tmp_path)


def test_a_measure_that_gives_an_item_twice_has_failed(tmp_path: Path, samples: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    own = tmp_path / "measures" / "own_holds"
    shutil.copytree(MEASURES / "legal_hold_documented", own)
    sql = (own / "items.sql").read_text("utf-8")
    body = "\n".join(line for line in sql.splitlines() if not line.startswith("--"))
    (own / "items.sql").write_text(f"select * from ({body}) as a union all select * from ({body}) as b\n", "utf-8")
    monkeypatch.setenv("PRIVACY_AUDIT_MEASURES", str(tmp_path / "measures"))
    with open_run(samples, period="2018-Q3") as run:
        found = run.observe("own_holds").observation
        assert found.crashed and "the measure failed" in found.why
        assert run.observe("legal_hold_documented").observation.measured
