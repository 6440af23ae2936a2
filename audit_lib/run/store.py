"""Keeps observations and findings in the warehouse, so that notebooks read what the run computed instead of computing again."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

import pandas as pd

from audit_lib.catalogue import Catalogue
from audit_lib.engines.duckdb import DuckDB
from audit_lib.run.results import finding_dict, observation_dict
from audit_lib.vocabulary import Counts, Finding, Kind, Observation, Period, Reading, Status


def store(engine: DuckDB, observations: Iterable[Observation], findings: Iterable[Finding]) -> None:
    """Write the tables obs_observation, obs_finding and per observation obs_cells_<n>, obs_values_<n>."""
    rows = []
    for number, found in enumerate(observations):
        rows.append((number, json.dumps(observation_dict(found), sort_keys=True), json.dumps(list(found.cut_months))))
        for name, frame in (("cells", found.cells), ("values", found.values)):
            if frame is not None:
                engine.put(f"main.obs_{name}_{number}", _types(frame), frame)
    frame = pd.DataFrame(rows, columns=["number", "content", "cut_months"])
    engine.put("main.obs_observation", {"number": "integer", "content": "text", "cut_months": "text"}, frame)
    told = [(number, json.dumps(finding_dict(f), sort_keys=True)) for number, f in enumerate(findings)]
    engine.put(
        "main.obs_finding", {"number": "integer", "content": "text"}, pd.DataFrame(told, columns=["number", "content"])
    )


def _types(frame: pd.DataFrame) -> dict[str, str]:
    whole = {"on_day", "value", "items"}
    return {
        name: "boolean" if name == "is_exception" else "integer" if name in whole or name.startswith("sum_") else "text"
        for name in frame.columns
    }


def load_observations(engine: DuckDB, period: Period) -> list[Observation]:
    """The observations of a run as it kept them."""
    tables = {row[0] for row in engine.rows("select table_name from duckdb_tables()")}
    found = []
    for number, content, cut in engine.rows("select number, content, cut_months from obs_observation order by number"):
        frames = [
            _frame(engine, name) if name in tables else None for name in (f"obs_cells_{number}", f"obs_values_{number}")
        ]
        found.append(_observation(json.loads(content), json.loads(cut), period, *frames))
    return found


def _frame(engine: DuckDB, table: str) -> pd.DataFrame:
    frame = engine.frame(f"select * from {table} order by rowid")
    frame["is_exception"] = frame["is_exception"].astype("boolean")
    return frame


def _observation(
    content: dict[str, Any], cut: list[str], period: Period, cells: pd.DataFrame | None, values: pd.DataFrame | None
) -> Observation:
    return Observation(
        measure=content["measure"],
        kind=Kind(content["kind"]),
        period=period,
        parameters=content["parameters"],
        status=content["status"],
        why=content["why"],
        counts=_counts(content),
        accounts_with_exception=content["accounts_with_exception"],
        reasons=content["reasons"],
        groups={g: {word: _counts(c) for word, c in words.items()} for g, words in content["groups"].items()},
        by_month={month: _counts(counts) for month, counts in content["by_month"].items()},
        cut_months=tuple(cut),
        sums=content["sums"],
        notes=tuple(content["notes"]),
        crashed=content["crashed"],
        cells=cells,
        values=values,
    )


def _counts(content: dict[str, Any]) -> Counts:
    return Counts(content["population"], content["exceptions"], content["untestable"])


def load_findings(engine: DuckDB, catalogue: Catalogue) -> list[Finding]:
    """The findings of a run as it kept them."""
    criteria = {criterion.id: criterion for criterion in catalogue.criteria}
    rows = engine.rows("select content from obs_finding order by number")
    return [_finding(json.loads(row[0]), criteria) for row in rows]


def _reading(content: dict[str, Any]) -> Reading:
    said = {name: content[name] for name in ("parameter", "value", "meaning", "why")}
    return Reading(**said, counts=_counts(content), status=Status(content["status"]))


def _finding(content: dict[str, Any], criteria: dict[str, Any]) -> Finding:
    compared = content["compared"]
    return Finding(
        criterion=criteria[content["criterion"]],
        status=Status(content["status"]),
        measure=content["measure"],
        counts=_counts(content),
        accounts_with_exception=content["accounts_with_exception"],
        interval=tuple(content["interval"]) if content["interval"] else None,
        why=content["why"],
        sentence=content["sentence"],
        notes=tuple(content["notes"]),
        readings=tuple(_reading(reading) for reading in content["readings"]),
        compared=None if compared is None else _counts(compared),
        compared_status=None if content["compared_status"] is None else Status(content["compared_status"]),
    )
